#!/bin/sh
# doctor on machines that are trees of files, and on this one.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3
stub=$2

machine() { # KIND
    rm -rf "$toy/machine"
    "$project/tests/stubs/fake-machine" "$1" "$toy/machine"
}

doctor() { # ARGUMENT...
    "$program" doctor --sysroot "$toy/machine" --data-dir /data --user 65534 "$@"
}

# Exit status STATUS, and TEXT on stdout.
finds() { # WHAT STATUS TEXT ARGUMENT...
    what=$1
    expected=$2
    text=$3
    shift 3
    doctor "$@" >"$toy/output" 2>&1
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
    [ "$status" -eq "$expected" ] && grep -qF -- "$text" "$toy/output"
    report $? "$what"
}

# What python makes of the JSON that doctor prints.
tells() { # WHAT EXPRESSION ARGUMENT...
    what=$1
    expression=$2
    shift 2
    doctor --json "$@" >"$toy/json" 2>"$toy/output"
    python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
m, g, f = d['machine'], d['gpus'], d['findings']
assert $expression, json.dumps(d, indent=1)" "$toy/json" >>"$toy/output" 2>&1
    report $? "$what"
}

machine plain
finds "a machine without a GPU is fine" 0 "no GPU is here"
finds "each finding has its code" 0 "[cgroup-delegation]"
tells "the machine in JSON" "m['hostname'] == 'node-7' and m['cores'] == 192 and d['fit']"
chmod 755 "$toy/machine/data"
finds "what stops work is the exit status" 1 "1 that stop work"
finds "and comes with what to do" 1 "-> change its owner"
tells "also in JSON" "not d['fit'] and [x for x in f if x['severity'] == 'stops'][0]['code'] == 'disk'"

machine mi300x-cpx
finds "partitions" 0 "cut into 8 slices"
tells "with their files" "g[1]['slices'][3]['files'][0]['path'] == '/dev/dri/renderD139'"
tells "and readings" "g[0]['reading']['power_mw'] == 139000 and g[0]['reading']['throttle'] == 'none'"
chmod 660 "$toy/machine/dev/kfd"
finds "a closed /dev/kfd" 1 "may not open /dev/kfd"

machine mixed
export WHALEFLUX_STUB_NVML=gpus=8,processes=2
finds "GPUs of both vendors" 0 "AMD GPU 1 (MI300X at 0000:c2:00.0): 192 GiB" --nvml "$stub"
tells "in one list" "len(g) == 10 and g[0]['uuid'].startswith('GPU-') and g[0]['reading']['process_total'] == 2" \
    --nvml "$stub"
export WHALEFLUX_STUB_NVML=gpus=8,handle=3:15
finds "a lost GPU" 0 "the GPU is lost" --nvml "$stub"
export WHALEFLUX_STUB_NVML=gpus=8,handle=3:15,held=5
finds "a silent one" 0 "does not answer within 1000 milliseconds" --nvml "$stub" --timeout 1
# The others need time to answer where the machine has much else to do.
tells "which hide no other" "sum(x['usable'] for x in g) == 8 and not g[5]['usable']" \
    --nvml "$stub" --timeout 5
unset WHALEFLUX_STUB_NVML
finds "a library that is not there" 0 "NVIDIA's library cannot be loaded" --nvml "$toy/none.so"

machine no-driver
finds "a GPU without a driver" 1 "no driver is loaded for it"

"$program" doctor >"$toy/output" 2>&1
[ $? -le 1 ] && grep -q "^ *ok .*\[machine\]" "$toy/output"
report $? "this machine, whatever it is"
says "a user who is not there" "there is no user 'no-such-user'" doctor --user no-such-user
says "a root that is not there" "there is no folder /no/such" doctor --sysroot /no/such
says "a word too many" "'more' is one word too many" doctor more
says "no time at all" "--timeout is '0'" doctor --timeout 0
finish
