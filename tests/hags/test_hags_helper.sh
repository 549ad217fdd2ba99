#!/bin/sh
# The Windows helper: small, needs only what each Windows has, and comes out the same anywhere.
#   test_hags_helper.sh HELPER COMPILER FLAG...
# shellcheck source=../tools/tap.sh
. "$(dirname "$0")/../tools/tap.sh"
helper=$1
compiler=$2
shift 2
size=$(wc -c <"$helper")
echo "$size bytes" >"$toy/output"
[ "$size" -lt 100000 ]
report $? "under 100 kB"

cp -r "$project/windows" "$toy/elsewhere"
flags=
for flag; do
    case $flag in -ffile-prefix-map=*) flag=-ffile-prefix-map=$toy/elsewhere=windows ;; esac
    flags="$flags $flag"
done
# shellcheck disable=SC2086 # one word for one flag
(cd "$toy/elsewhere" && "$compiler" $flags -o "$toy/again.exe" "$toy"/elsewhere/*.c) >"$toy/output" 2>&1 &&
    cmp "$helper" "$toy/again.exe" >>"$toy/output" 2>&1
report $? "the same sources in another folder give the same bytes"

"${compiler%gcc}objdump" -p "$helper" | sed -n 's/.*DLL Name: //p' | sort >"$toy/output"
! grep -viE '^(kernel32|advapi32|msvcrt|api-ms-win-crt-.*|ucrtbase)\.dll$' "$toy/output"
report $? "it needs libraries of each Windows only"
finish
