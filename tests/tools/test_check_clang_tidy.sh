#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs clang-tidy-19
check="$project/tools/check-clang-tidy"

new_tree
cp "$project/.clang-tidy" "$toy/"
write build/compile_commands.json <<JSON
[{"directory": "$toy", "command": "cc -c src/base/f.c", "file": "src/base/f.c"}]
JSON
printf 'int f(int x);\nint f(int x)\n{\n    return x;\n}\n' | write src/base/f.c
accepts "a sound function" "$check" build "$toy"

printf 'int f(int *p);\nint f(int *p)\n{\n    return p ? 0 : *p;\n}\n' | write src/base/f.c
refuses "a read through a null pointer" "f.c:4" "$check" build "$toy"

printf 'int f(int x);\nint f(int x)\n{\n    return x;\n}\n' | write src/base/f.c
echo 'int g;' | write src/base/forgotten.c
refuses "a source that no meson.build names" "src/base/forgotten.c: no meson.build names it" "$check" build "$toy"

finish
