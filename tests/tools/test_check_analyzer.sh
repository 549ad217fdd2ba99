#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs gcc
check="$project/tools/check-analyzer"

new_tree
printf 'int f(int x);\nint f(int x)\n{\n    return x;\n}\n' | write src/base/f.c
accepts "a sound function" "$check" "$toy"

printf 'void f(char *p);\nvoid f(char *p)\n{\n    free(p);\n    free(p);\n}\n' | write src/core/f.c
refuses "memory given back twice" "src/core/f.c:5" "$check" "$toy"

finish
