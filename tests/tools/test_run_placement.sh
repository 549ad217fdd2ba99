#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# A tree with the script and a program that prints what it was asked.
mkdir -p "$toy/tools" "$toy/build" "$toy/data/frag"
cp "$project/tools/run-placement" "$toy/tools/"
run="$toy/tools/run-placement"
unset WHALEFLUX_SEEDS
export WHALEFLUX_DATA="$toy/data"

prints() { # TEXT COMMAND...
    text=$1
    shift
    "$@" >"$toy/printed" 2>&1 || return 1
    cat "$toy/printed"
    grep -qF -- "$text" "$toy/printed"
}

refuses "to run what was not built" "no build/whaleflux to run" "$run"

write build/whaleflux <<'TEXT'
#!/bin/sh
echo "asked: $*"
TEXT
chmod +x "$toy/build/whaleflux"
accepts "without traces the facts are taken" prints \
    "asked: simulate placement --facts gpuspec33 --policy all,cost-first:learned --seeds 42-51 --picture build/placement-gpuspec33.svg --picture-of fgd,cost-first" "$run"
accepts "a task of those is named" prints "explain facts-task-0116 --policy fgd" "$run"
accepts "and it says so" prints "The traces are not here" "$run"
accepts "the last line shows how to replay a history" prints \
    "replay docs/examples/history.txt --cluster docs/examples/cluster-small.yaml" "$run"

for name in node_list_gpu_node pod_list_default; do
    : >"$toy/data/frag/openb_$name.csv.gz"
done
accepts "half of the traces is none" prints "--facts default" "$run"
: >"$toy/data/frag/openb_pod_list_gpuspec33.csv.gz"
accepts "the traces are taken where they are" prints \
    "--pods $toy/data/frag/openb_pod_list_default.csv.gz --policy all," "$run"

mkdir "$toy/data-traces"
mv "$toy/data/frag" "$toy/data-traces/"
accepts "those that fetch-traces fetched are found" prints "--nodes data-traces/frag/openb_node" "$run"

export WHALEFLUX_SEEDS=7
accepts "the seeds may be chosen" prints "--seeds 7 " "$run"

write build/whaleflux <<'TEXT'
#!/bin/sh
echo "it broke"
exit 2
TEXT
refuses "a run that fails" "it broke" "$run"

finish
