#!/bin/sh
# shellcheck disable=SC2016,SC2119 # jobs expand what is in single quotes
# Jobs on GPUs of a machine that is made of files, and of a stub of NVIDIA's library: what a job gets,
# what it does not inherit, how well its share is kept, and GPUs that go while work runs.
# shellcheck source=live.sh
. "$(dirname "$0")/live.sh"
stub=$(realpath "$2")
cd "$toy/work" || exit 1
"$project/tests/stubs/fake-machine" nvidia "$toy/machine"
export WHALEFLUX_STUB_NVML=gpus=4

serve() {
    start_daemon --sysroot "$toy/machine" --nvml "$stub"
}

# Runs `env` as a job and leaves what it has in $toy/job.
runs_env() { # OPTION...
    "$program" run --quiet -y --env WHALEFLUX_STUB_NVML "$@" -- sh -c 'env | sort' >"$toy/job" 2>"$toy/output"
}

has() { # WHAT LINE: in what the job has
    grep -qxE -- "$2" "$toy/job" || sed 's/^/# /' "$toy/job"
    grep -qxE -- "$2" "$toy/job"
    report $? "$1"
}

lacks() { # WHAT LINE
    ! grep -qE -- "$2" "$toy/job"
    report $? "$1"
}

serve
ends "GPUs are found" 0 "H100" nodes
ends "and whether a share is kept, before anybody packs" 0 "not kept" nodes
runs_env --gpus H100:1
report $? "a job with a GPU runs"
has "it has that one, by its own name" "CUDA_VISIBLE_DEVICES=GPU-[0-9a-f-]+"
has "counted as nvidia-smi does" "CUDA_DEVICE_ORDER=PCI_BUS_ID"
runs_env --gpus H100:2
has "one with two has two" "CUDA_VISIBLE_DEVICES=GPU-[0-9a-f-]+,GPU-[0-9a-f-]+"
runs_env
has "one without has none" "CUDA_VISIBLE_DEVICES="
runs_env --gpus H100:1 --env CUDA_VISIBLE_DEVICES=7 --env HIP_VISIBLE_DEVICES=0 \
    --env CUDA_MPS_PIPE_DIRECTORY=/tmp/x --env GPU_DEVICE_ORDINAL=3
has "what a shell had set does not count" "CUDA_VISIBLE_DEVICES=GPU-[0-9a-f-]+"
lacks "and what chooses a second time is gone" "HIP_VISIBLE_DEVICES|GPU_DEVICE_ORDINAL|CUDA_MPS_PIPE"

# A share: how well it is kept stands with the job, while it waits and while it runs.
holder=$("$program" run --detach --hold --env WHALEFLUX_STUB_NVML --gpus H100:0.5 -- sleep 100)
tells "what waits for a share is told" "d['jobs'][0]['sharing'] == {'level': 'none', 'by': 'nothing'}" \
    ps --json
"$program" release "$holder" >"$toy/output" 2>&1
wait_for 100 state_is "$holder" running
ends "and what has one" 0 "not kept" ps -o wide
tells "with a warning" "any('nothing keeps it to its share' in w for w in d['jobs'][0]['warnings'])" ps --json

# GPU 0 stays GPU 0 of the next daemon, however the driver counts.
before=$(sed -n 's/.*"\(GPU-[^"]*\)".*/\1/p' "$HOME/.whaleflux/gpus.json" | head -n 1)
stop_daemon
serve
after=$(sed -n 's/.*"\(GPU-[^"]*\)".*/\1/p' "$HOME/.whaleflux/gpus.json" | head -n 1)
[ -n "$before" ] && [ "$before" = "$after" ]
report $? "numbers outlive the daemon"
state_is "$holder" running
report $? "and so does what runs"
stop_daemon

# One goes while work runs: no new work on that node, and what runs runs on.
export WHALEFLUX_STUB_NVML=gpus=3
serve
ends "a node that misses a GPU is closed" 0 "is closed: its GPU 3 (GPU-" nodes
ends "and says until when" 0 "no new work until what runs here has ended" nodes
state_is "$holder" running
report $? "what runs there runs on"
late=$("$program" run --detach --env WHALEFLUX_STUB_NVML --gpus H100:1 -- true)
"$program" cancel "$holder" >"$toy/output" 2>&1
wait_for 300 state_is "$late" "done"
report $? "when it has ended the GPUs that are left are used"
tells "and counted" "d['nodes'][0]['gpus'] == 3 and d['nodes'][0]['state'] == 'up' and d['nodes'][0]['closed_why'] is None" \
    nodes --json
stop_daemon

# What tests/gpu/run does on a machine with a real GPU, on this one of files.
WHALEFLUX_STUB_NVML=gpus=4 "$project/tests/gpu/live" "$program" --sysroot "$toy/machine" --nvml "$stub" \
    >"$toy/output" 2>&1
[ "$(grep -c '^0 ' "$toy/output")" -ge 10 ] && ! grep -q '^1 ' "$toy/output"
report $? "the checks for real GPUs hold on this one"
finish
