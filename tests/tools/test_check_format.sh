#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
"$project/tools/find-clang-format" >/dev/null || skip_all "no clang-format of version 19 or later"
check="$project/tools/check-format"

new_tree
cp "$project/.clang-format" "$toy/"
printf 'int f(void)\n{\n    return 1;\n}\n' | write src/base/f.c
accepts "our layout" "$check" "$toy"

printf 'int f(void) {\n  return 1; }\n' | write src/base/f.c
refuses "another layout" "src/base/f.c:1:" "$check" "$toy"

finish
