#!/bin/sh
# Every call that src/base/banned.h names must stop the compiler, also when the file includes the
# header that declares it.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs cc

compile() { # CALL
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n' >"$toy/f.c"
    printf 'int f(char *a, char *b, void *c);\nint f(char *a, char *b, void *c)\n{\n' >>"$toy/f.c"
    printf '    return a && b && c && %s;\n}\n' "$1" >>"$toy/f.c"
    cc -std=gnu17 -I"$project/src" -include base/banned.h -fsyntax-only "$toy/f.c"
}

accepts "strlen" compile 'strlen(a) > 0'
while read -r name call; do
    refuses "$name" "${name}_is_banned" compile "$call"
done <<'CALLS'
strcpy strcpy(a, b)
strncpy strncpy(a, b, 2)
strcat strcat(a, b)
strncat strncat(a, b, 2)
sprintf sprintf(a, "%s", b)
vsprintf vsprintf(a, b, c)
gets gets(a)
alloca alloca(4)
atoi atoi(a)
atol atol(a)
strtok strtok(a, b)
localtime localtime(c)
gmtime gmtime(c)
rand rand()
CALLS
named=$(grep -c '^#define' "$project/src/base/banned.h")
accepts "the header has no call that this test does not try" test "$named" -eq "$((tests - 1))"

finish
