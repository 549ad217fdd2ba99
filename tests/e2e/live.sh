# Sourced by the end-to-end tests of the verbs that ask a daemon: one of our own, in a folder that is
# gone in the end, with all it started. Not run by itself.
# shellcheck shell=sh
# shellcheck source=cli.sh
. "$(dirname "$0")/../e2e/cli.sh"
needs python3
program=$(realpath "$program") # the tests go elsewhere
daemon=
mkdir -p "$HOME" "$toy/work"
export NO_COLOR=1
export LC_ALL=C.UTF-8

# Ends what the daemon started, then the daemon, then the folder.
end_live() {
    if [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; then
        for job in $("$program" ps --json 2>/dev/null | grep -o '"id": [0-9]*' | grep -o '[0-9]*'); do
            "$program" cancel "$job" >/dev/null 2>&1
        done
        wait_for 100 nothing_lives
        stop_daemon
    fi
    rm -rf "$toy"
}
trap end_live EXIT

nothing_lives() {
    "$program" ps 2>/dev/null | grep -q "No job waits or runs"
}

# Tries until it holds, COUNT times a tenth of a second.
wait_for() { # COUNT COMMAND...
    tries=$1
    shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

daemon_answers() {
    "$program" ps >/dev/null 2>&1
}

# Starts it with its data where the verbs look for it if nothing is said.
start_daemon() { # OPTION...
    "$program" serve --listen 127.0.0.1:0 "$@" >>"$toy/daemon.log" 2>&1 &
    daemon=$!
    wait_for 200 daemon_answers && return
    sed 's/^/# daemon: /' "$toy/daemon.log"
    echo "Bail out! the daemon does not come up"
    exit 1
}

stop_daemon() {
    kill -TERM "$daemon" && wait "$daemon" 2>/dev/null
    daemon=
}

# Exit status STATUS and TEXT somewhere in what is printed.
ends() { # WHAT STATUS TEXT ARGUMENT...
    what=$1
    expected=$2
    text=$3
    shift 3
    "$program" "$@" >"$toy/output" 2>&1 </dev/null
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
    [ "$status" -eq "$expected" ] && grep -qF -- "$text" "$toy/output"
    report $? "$what"
}

# What python makes of the JSON that is printed, as d.
tells() { # WHAT EXPRESSION ARGUMENT...
    what=$1
    expression=$2
    shift 2
    "$program" "$@" >"$toy/json" 2>"$toy/output" </dev/null
    python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
assert $expression, json.dumps(d, indent=1)" "$toy/json" >>"$toy/output" 2>&1
    report $? "$what"
}

# Submits a command as a job and prints its number.
submit() { # COMMAND...
    "$program" run --detach -- "$@"
}

state_is() { # JOB STATE
    "$program" ps --all --json | python3 -c "
import json, sys
job = [j for j in json.load(sys.stdin)['jobs'] if str(j['id']) == sys.argv[1]][0]
sys.exit(job['state'] != sys.argv[2])" "$1" "$2"
}
