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

# A pmccabe that is not what it should be, in front of the real one.
broken() { # LINE...
    mkdir -p "$toy/bin"
    { echo '#!/bin/sh'; for line; do echo "$line"; done; } >"$toy/bin/pmccabe"
    chmod +x "$toy/bin/pmccabe"
}

new_tree
real=$(command -v pmccabe)
for name in f g; do
    { echo "int $name(int x)"; echo '{'; echo '    return x;'; echo '}'; } | write "src/base/$name.c"
done
echo 'int f(int x);' | write src/base/f.h
broken "exec $real \"\$@\""
accepts "functions that pmccabe measured" env PATH="$toy/bin:$PATH" "$check" "$toy"

# shellcheck disable=SC2016 # for the broken one to expand
broken "$real \"\$@\"" 'kill -s KILL $$'
refuses "a pmccabe that crashed after its last word" "pmccabe failed with status 137" \
    env PATH="$toy/bin:$PATH" "$check" "$toy"

broken 'exit 0'
refuses "a pmccabe without a word" "src/base/f.c: pmccabe measured 0 of 1 functions" \
    env PATH="$toy/bin:$PATH" "$check" "$toy"

broken "$real \"\$@\" | head -n 1"
refuses "a pmccabe that left out a file" "src/base/g.c: pmccabe measured 0 of 1 functions" \
    env PATH="$toy/bin:$PATH" "$check" "$toy"

broken "$real \"\$@\"" 'echo "cannot read that" >&2'
refuses "a pmccabe that complained" "check-size: pmccabe: cannot read that" \
    env PATH="$toy/bin:$PATH" "$check" "$toy"

finish
