#!/bin/sh
# self-test, by which a job's command is started: it becomes the command, or says why not.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
stub=$2
one=GPU-01000100-0000-0000-0000-000000000001
export WHALEFLUX_STUB_NVML=gpus=4
"$project/tests/stubs/fake-machine" nvidia "$toy/machine"

# Exit status STATUS and TEXT in what is printed, with CUDA_VISIBLE_DEVICES=LIST.
starts() { # WHAT STATUS TEXT LIST ARGUMENT...
    what=$1
    expected=$2
    text=$3
    list=$4
    shift 4
    CUDA_VISIBLE_DEVICES=$list "$program" self-test --sysroot "$toy/machine" --nvml "$stub" "$@" \
        >"$toy/output" 2>&1
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
    [ "$status" -eq "$expected" ] && grep -qF -- "$text" "$toy/output"
    report $? "$what"
}

starts "a command that sees its GPUs starts, with its own options" 7 "got --expect --json" $one \
    --expect $one -- sh -c 'echo got "$@"; exit 7' sh --expect --json
starts "one that would see others does not" 125 "and was granted $one" 0 --expect $one -- echo started
starts "nothing of it runs then" 125 "it would see" 0 --expect none -- touch "$toy/ran"
[ ! -e "$toy/ran" ]
report $? "really nothing"
starts "a filter that does not hold" 125 "the device filter does not hold" $one \
    --expect $one --filtered -- echo started
export WHALEFLUX_STUB_NVML=gpus=4,held=init
starts "a driver that is silent" 125 "does not answer within 1000 milliseconds" $one \
    --expect $one --timeout 1 -- echo started
export WHALEFLUX_STUB_NVML=gpus=4
starts "a command that is not there" 127 "'/no/such' cannot be executed" $one --expect $one -- /no/such
starts "a command that is no program" 126 "cannot be executed" $one --expect $one -- "$toy"
CUDA_VISIBLE_DEVICES=$one "$program" self-test --sysroot "$toy/machine" --nvml "$stub" --expect $one \
    >"$toy/output" 2>&1 && [ ! -s "$toy/output" ]
report $? "alone it only tests"
starts "alone it fails like others" 1 "and was granted none" $one --expect none
says "it wants to know what was granted" "--expect is missing" self-test -- true
"$program" help >"$toy/output" && ! grep -q self-test "$toy/output"
report $? "it is in no list"
finish
