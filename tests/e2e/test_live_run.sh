#!/bin/sh
# shellcheck disable=SC2016,SC1010,SC2119
# run gives the command's own exit status and output; logs follows over rotations; both go on when the
# daemon was away; a terminal is asked.
# shellcheck source=live.sh
# shellcheck disable=SC2016,SC2119 # jobs expand what is in single quotes
. "$(dirname "$0")/live.sh"
cd "$toy/work" || exit 1
terminal=$project/tests/e2e/terminal.py
start_daemon --core-hour 0.04

# Exit status STATUS, and exactly OUT on stdout.
gives() { # WHAT STATUS OUT ARGUMENT...
    what=$1
    expected=$2
    printf %b "$3" >"$toy/expected"
    shift 3
    "$program" run "$@" >"$toy/stdout" 2>"$toy/output" </dev/null
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
    [ "$status" -eq "$expected" ] && cmp -s "$toy/expected" "$toy/stdout"
    report $? "$what"
}

gives "a command that does well" 0 "hello\n" -- echo hello
gives "nothing else is said if so wished" 0 "hello\n" --quiet -- echo hello
[ ! -s "$toy/output" ]
report $? "not even on stderr"
gives "its exit status" 3 "" -- sh -c 'exit 3'
gives "the highest" 255 "" -- sh -c 'exit 255'
gives "a signal" 143 "" -- sh -c 'kill -TERM $$'
gives "another one" 137 "" -- sh -c 'kill -KILL $$'
gives "a crash" 134 "" -- sh -c 'kill -ABRT $$'
gives "a command that is not there" 1 "" -- /no/such/command
gives "words stay words" 0 "a b|c\n" -- printf '%s|%s\n' "a b" c
gives "options behind -- are the command's" 0 "-n --json\n" -- echo "-n --json"
gives "it runs where it was submitted" 0 "$toy/work\n" -- pwd
gives "variables that are named" 0 "red-\n" --env COLOUR=red -- sh -c 'echo $COLOUR-$SECRET_OF_SHELL'
export SECRET_OF_SHELL=x
gives "others stay here" 0 "-\n" -- sh -c 'echo $COLOUR-$SECRET_OF_SHELL'
gives "unless they are" 0 "x\n" --env SECRET_OF_SHELL -- sh -c 'echo $SECRET_OF_SHELL'
gives "its own variables" 0 "mine 1\n" --name mine -- sh -c 'echo $WHALEFLUX_JOB_NAME $WHALEFLUX_ATTEMPT'
gives "a limit" 143 "begun\n" --limit 2s -- sh -c 'echo begun; exec sleep 60'
grep -q "time limit" "$toy/output"
report $? "is named"
ends "a command behind --" 2 "behind --" run echo hello
ends "nothing else before it" 2 "one word too many" run stray -- echo hello
ends "no command" 2 "run what?" run --name x --

# What is waited for must not stand there from before.
forget() {
    : >"$toy/stdout"
}

# Stopped by a signal, without a terminal: the job is cancelled.
forget
"$program" run --name stopped -- sh -c 'trap "" INT; echo begun; exec sleep 60' \
    >"$toy/stdout" 2>"$toy/output" </dev/null &
runner=$!
wait_for 100 grep -q begun "$toy/stdout"
kill -TERM "$runner"
wait "$runner"
status=$?
[ "$status" -eq 143 ] && grep -q "is cancelled" "$toy/output"
report $? "SIGTERM cancels the job"

# Rotation: every line once, in order, though no file of the log holds them all.
cat >rotating.json <<'JSON'
{"name": "rotating", "logs": {"size": "4KiB", "files": 20},
 "command": ["sh", "-c", "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); [ $((i % 300)) -ne 0 ] || sleep 0.1; done"]}
JSON
rotating=$("$program" submit rotating.json --parsable)
"$program" logs -f rotating >"$toy/stdout" 2>"$toy/output"
seq 0 2999 | sed 's/^/line /' >"$toy/expected"
cmp "$toy/expected" "$toy/stdout" >>"$toy/output" 2>&1
report $? "logs -f over rotations"
"$program" logs "$rotating" 2>"$toy/output" | cmp "$toy/expected" - >>"$toy/output" 2>&1
report $? "and afterwards"

# The daemon goes away in the middle, and comes back.
forget
"$program" run --name survivor -- sh -c 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done; exit 9' \
    >"$toy/stdout" 2>"$toy/output" </dev/null &
runner=$!
wait_for 100 grep -qx 2 "$toy/stdout"
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
start_daemon --core-hour 0.04
wait "$runner"
status=$?
seq 8 | cmp -s - "$toy/stdout" && [ "$status" -eq 9 ]
report $? "run goes on when the daemon was killed"
forget
"$program" events -f --json >"$toy/stdout" 2>"$toy/output" &
follower=$!
something_is_heard() {
    submit true >/dev/null
    sleep 0.2
    grep -q '"ended"' "$toy/stdout"
}
wait_for 100 something_is_heard
stop_daemon
start_daemon --core-hour 0.04
heard=$(grep -c '"ended"' "$toy/stdout")
more_ended() {
    [ "$(grep -c '"ended"' "$toy/stdout")" -gt "$heard" ]
}
submit true >/dev/null
wait_for 200 more_ended
report $? "so does events -f"
kill "$follower"

# A terminal is shown what it costs, and asked.
asks() { # WHAT STATUS TEXT STEP... -- ARGUMENT...
    what=$1
    expected=$2
    text=$3
    shift 3
    "$terminal" "$@" >"$toy/output" 2>&1
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
    [ "$status" -eq "$expected" ] && grep -qF -- "$text" "$toy/output"
    report $? "$what"
}
asks "no is no" 1 "Nothing was started" "see Start it?" 'type n\n' -- \
    "$program" run --limit 1h -- echo never
grep -q '✓  cpu' "$toy/output"
report $? "the chosen row is ticked"
asks "nothing is no" 1 "Nothing was started" "see Start it?" 'type \n' -- \
    "$program" run --limit 1h -- echo never
asks "yes is yes" 5 "printed" "see Start it?" 'type y\n' -- \
    "$program" run --limit 1h -- sh -c 'echo print"ed"; exit 5'
asks "-y asks nothing" 0 "printed" -- "$program" run -y --limit 1h -- sh -c 'echo print"ed"'
asks "Ctrl-C asks, and lets it run" 130 "It goes on" "see printed" 'type \x03' "see Cancel it?" \
    'type n\n' -- "$program" run -y --name kept -- sh -c 'echo print"ed"; exec sleep 60'
ends "it runs on" 0 "running" ps --name kept
asks "Ctrl-C asks, and cancels it" 143 "is cancelled" "see printed" 'type \x03' "see Cancel it?" \
    'type y\n' -- "$program" run -y -- sh -c 'echo print"ed"; exec sleep 60'
asks "Ctrl-C twice cancels it" 143 "is cancelled" "see printed" 'type \x03' "see Cancel it?" \
    'type \x03' -- "$program" run -y -- sh -c 'echo print"ed"; exec sleep 60'
asks "the screen opens and quits" 0 "today (UTC)" "see q quits" 'type q' -- "$program" top
asks "a screen nobody knows" 2 "does not know this terminal" -- env TERM=nonsense "$program" top
finish
