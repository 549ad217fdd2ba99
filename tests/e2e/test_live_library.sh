#!/bin/sh
# shellcheck disable=SC2016,SC1010,SC2119
# libwhaleflux as a program outside of the project uses it: its header, its shared library, the
# example of the documents.
# shellcheck source=live.sh
. "$(dirname "$0")/live.sh"
library=$(realpath "$3")
needs cc
cd "$toy/work" || exit 1
header=$project/include

# The header is C99 and C++, by itself.
echo '#include <whaleflux.h>' >header.c
cc -std=c99 -pedantic -Wall -Wextra -Werror -I "$header" -fsyntax-only header.c >"$toy/output" 2>&1
report $? "the header is C99"
if command -v c++ >/dev/null 2>&1; then
    cp header.c header.cc
    c++ -std=c++11 -pedantic -Wall -Wextra -Werror -I "$header" -fsyntax-only header.cc \
        >"$toy/output" 2>&1
    report $? "and C++"
fi

# The library offers what the header declares and nothing else.
nm -D --defined-only "$library" | awk '$2 == "T" { print $3 }' | sort >offered
grep -v '^typedef' "$header/whaleflux.h" | grep -o 'whaleflux_[a-z_]*(' | tr -d '(' | sort -u >declared
diff declared offered >"$toy/output" 2>&1
report $? "the library offers what the header declares"

# A program that uses a sanitized library is sanitized, too.
sanitizer=
if nm -D "$library" | grep -q __asan_init; then
    sanitizer=-fsanitize=address
fi
# shellcheck disable=SC2086 # one word or none
cc -std=c11 -Wall -Wextra -Werror $sanitizer -I "$header" "$project/docs/examples/submit.c" -o example \
    "$library" -Wl,-rpath,"$(dirname "$library")" >"$toy/output" 2>&1
report $? "the example compiles"
./example true >"$toy/stdout" 2>"$toy/output"
status=$?
[ "$status" -eq 1 ] && grep -q "no daemon answers" "$toy/output"
report $? "the example says when nobody is there"
start_daemon --core-hour 0.04
./example sh -c 'echo one; sleep 0.3; echo two; exit 4' >"$toy/stdout" 2>"$toy/output"
status=$?
[ "$status" -eq 4 ] && [ "$(cat "$toy/stdout")" = "one
two" ] && grep -q "is failed and cost 0.0000" "$toy/output"
report $? "the example runs a command as a job"
finish
