#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs cppcheck
check="$project/tools/check-cppcheck"

new_tree
printf 'int f(int x);\nint f(int x)\n{\n    return x;\n}\n' | write src/base/f.c
accepts "a sound function" "$check" "$toy"

printf 'int f(void);\nint f(void)\n{\n    int a[2] = {1, 2};\n    return a[2];\n}\n' | write src/base/f.c
refuses "a read past the end of an array" "src/base/f.c:5" "$check" "$toy"

finish
