#!/bin/sh
# What `make run` shows of the live scheduler ends well and leaves nothing behind.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
build=$(dirname "$(realpath "$program")")
mkdir -p "$HOME"
"$project/tools/run-live" "$build" >"$toy/output" 2>&1
report $? "it runs to its end"
shows() { # WHAT TEXT
    grep -qF -- "$2" "$toy/output"
    report $? "$1"
}
shows "where it listens" "It listens at https://127.0.0.1:"
shows "a job that runs" "running"
shows "why another one waits" "finds too few nodes with room"
shows "and what would help" "The smallest change found that starts it now"
shows "what a job wrote" "step 4"
shows "what they cost" "all "
[ "$(grep -c ' done ' "$toy/output")" -eq 3 ]
report $? "all three are done"
[ ! -e "$build/live-demonstration" ]
report $? "its data is gone"
if pgrep -f "serve --data-dir $build/live-demonstration" >>"$toy/output"; then
    report 1 "the daemon is gone"
else
    report 0 "the daemon is gone"
fi
finish
