#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs curl gzip sha256sum
data=${WHALEFLUX_DATA:-$project/../shared/data}/frag
[ -e "$data/openb_pod_list_default.csv.gz" ] ||
    skip_all "no traces in $data: WHALEFLUX_DATA names their folder"
fetch="$project/tools/fetch-traces"

mkdir "$toy/mirror"
for file in "$data"/openb_*.csv.gz; do
    gzip -dc "$file" >"$toy/mirror/$(basename "$file" .gz)"
done
export WHALEFLUX_TRACES_URL="file://$toy/mirror"
unset WHALEFLUX_DATA

same_as_published() {
    for file in "$data"/openb_*.csv.gz; do
        gzip -dc "$toy/got/frag/$(basename "$file")" |
            cmp - "$toy/mirror/$(basename "$file" .gz)" || return 1
    done
}

nothing_left_over() { # FOLDER
    [ -z "$(find "$1" -name 'fetching.*')" ]
}

accepts "the traces are fetched" "$fetch" "$toy/got"
accepts "they are the published ones" same_as_published
accepts "no temporary file stays" nothing_left_over "$toy/got"

rm -rf "$toy/mirror"
accepts "what is there is not fetched again" "$fetch" "$toy/got"
rm "$toy/got/frag/openb_pod_list_cpu050.csv.gz"
refuses "a file that cannot be had" "cannot fetch file://" "$fetch" "$toy/got"

mkdir "$toy/mirror"
echo 'name,cpu_milli' >"$toy/mirror/openb_pod_list_cpu050.csv"
refuses "a file with another content" "openb_pod_list_cpu050.csv is not the published file" \
    "$fetch" "$toy/got"
accepts "of which nothing is kept" test ! -e "$toy/got/frag/openb_pod_list_cpu050.csv.gz"
accepts "not even a temporary file" nothing_left_over "$toy/got"

echo 'not a trace' | gzip >"$toy/got/frag/openb_pod_list_cpu050.csv.gz"
refuses "to overwrite what somebody put there" "move it away" "$fetch" "$toy/got"
refuses "an option it does not know" "usage" "$fetch" --help

finish
