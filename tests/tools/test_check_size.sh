#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs pmccabe
check="$project/tools/check-size"

repeat() { # COUNT LINE
    i=0
    while [ "$i" -lt "$1" ]; do
        echo "$2"
        i=$((i + 1))
    done
}

new_tree
{ echo 'int f(int x)'; echo '{'; repeat 66 '    x++;'; echo '    return x;'; echo '}'; } | write src/base/f.c
accepts "a function of 70 lines" "$check" "$toy"

{ echo 'int f(int x)'; echo '{'; repeat 68 '    x++;'; echo '    return x;'; echo '}'; } | write src/base/f.c
refuses "a function of 72 lines" "f has 72 lines (70 at most)" "$check" "$toy"

{ echo 'int f(int x)'; echo '{'; repeat 15 '    if (x) x++;'; echo '    return x;'; echo '}'; } | write src/base/f.c
refuses "a function with 16 ways through it" "f has 16 ways" "$check" "$toy"

new_tree
repeat 1001 '// a line' | write src/base/f.c
refuses "a file of 1,001 lines" "src/base/f.c: 1001 lines (1000 at most)" "$check" "$toy"

new_tree
repeat 151 '// a line' | write src/base/f.h
refuses "a header of 151 lines" "src/base/f.h: 151 lines (150 at most)" "$check" "$toy"

finish
