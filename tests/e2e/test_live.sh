#!/bin/sh
# shellcheck disable=SC2016,SC1010,SC2119
# The verbs that ask a daemon, against one that runs jobs on this machine.
# shellcheck source=live.sh
# shellcheck disable=SC2016,SC2119 # jobs expand what is in single quotes
. "$(dirname "$0")/live.sh"
cd "$toy/work" || exit 1

ends "without a daemon" 5 "start one with \`whaleflux serve\`" ps
ends "explain of nothing" 2 "" explain 1
ends "no mode of Slurm" 2 "is none of observe, advise, decide" serve --slurm maybe
ends "Slurm's options without it" 2 "options about Slurm need --slurm=MODE" serve --slurm-silence 60s
ends "a silence that is too short" 2 "is no time from 5s to 1h" serve --slurm observe --slurm-silence 1s
ends "no partitions" 2 "is no list of up to" serve --slurm observe --slurm-partitions a,,b
ends "this machine and Slurm" 2 "on which nothing runs with --slurm" serve --slurm observe --spot aws
start_daemon --core-hour 0.04

# A life.
ends "no job yet" 0 "No job waits or runs" ps
long=$(submit sh -c 'echo begun; echo trouble >&2; sleep 100')
wait_for 100 state_is "$long" running
ends "it runs" 0 "running" ps
ends "it has a name" 0 "sh" ps --state running --name sh
wait_for 50 sh -c "'$program' logs $long | grep -q trouble"
ends "what it wrote" 0 "begun" logs "$long"
ends "also on stderr" 0 "trouble" logs sh
ends "why it runs" 0 "runs on" explain "$long"
ends "and why there" 0 "What there is to choose from now" explain "$long"
tells "with the nodes it could have" "d['candidates'][0]['runs_here'] and d['history'][-1]['what'] == 'placed'" \
    explain "$long" --json
ends "what it costs" 0 "a core and hour" cost --by job
ends "it is cancelled" 0 "Job $long is cancelled" cancel sh
wait_for 100 state_is "$long" cancelled
ends "and then it is over" 0 "No job waits or runs" ps
ends "and not lost" 0 "cancelled" ps --all
ends "twice is refused" 4 "is over" cancel "$long"
ends "what happened" 0 "job $long (sh) ended" events --job "$long"
ends "all of it" 0 "node-up" events
ends "after a number" 0 "started" events --after 2
ends "explained when it is over" 0 "It is over since" explain "$long"

# JSON.
tells "jobs" "d['jobs'][0]['id'] == $long and d['jobs'][0]['state'] == 'cancelled' and not d['more']" \
    ps --all --json
tells "nodes" "len(d['nodes']) >= 1 and d['nodes'][0]['cpu_milli'] > 0" nodes --json
tells "queues" "d['queues'][0]['leaf']" queues --json
tells "cost" "d['currency'] == 'USD' and d['total']['cost_nanousd'] > 0" cost --json --by job
tells "a limit" "len(d['jobs']) == 1" ps --all --limit 1 --json
tells "explanations" "d['text'] and d['state'] == 'cancelled'" explain "$long" --json
"$program" events --json >"$toy/events"
python3 -c "
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert [r['seq'] for r in rows] == list(range(1, len(rows) + 1)), rows" "$toy/events" >"$toy/output" 2>&1
report $? "events, one a line"

# Held and released.
held=$("$program" run --detach --hold --name later -- true)
ends "a held job" 0 "held" ps
ends "is explained" 0 "held" explain later
ends "a hold twice is one" 0 "it is held" hold later
ends "could be released" 0 "could be released" release later --dry-run
ends "is held still" 0 "held" ps
ends "is released" 0 "is released" release later
wait_for 100 state_is "$held" "done"
report $? "and runs"

# Names: the newest that is not over.
first=$("$program" run --detach --name twin --hold -- true)
second=$("$program" run --detach --name twin --hold -- true)
"$program" cancel "$second" >/dev/null
ends "a name means one that is not over" 0 "Job $first" cancel twin
tells "several at once" "len(d) == 2" cancel --json \
    "$("$program" run --detach --hold -- true)" "$("$program" run --detach --hold -- true)"
another=$("$program" run --detach --hold -- true)
ends "one that fails stops no other" 3 "is cancelled" cancel 9999 "$another"

# One that waits for room: as many cores as there are, twice.
cores=$("$program" nodes --json | python3 -c "
import json, sys
print(max(n['cpu_milli'] for n in json.load(sys.stdin)['nodes']) // 1000)")
full=$("$program" run --detach --cpus "$cores" -- sleep 100)
wait_for 100 state_is "$full" running
waiting=$("$program" run --detach --cpus "$cores" --limit 1m --name queued -- true)
ends "a job that waits is explained" 0 "Job $waiting" explain queued
ends "with what is missing" 0 "cores, and nothing else" explain queued
ends "and when it may start" 0 "8 of 10 such jobs start between" explain queued
tells "as a range" "d['expected_start_ms']['p10'] <= d['expected_start_ms']['p50'] <= d['expected_start_ms']['p90']" \
    explain queued --json
tells "with its blockers" "d['state'] == 'waiting' and d['blockers']" explain queued --json
ends "a dry run tells the price" 0 "\$ AN HOUR" run --dry-run --limit 2h -- true
tells "and that it would wait" "d['start']['when'] == 'kept' and d['start']['at_ms'] > 0" \
    run --dry-run --json --cpus "$cores" -- true
tells "as JSON" "d['offers'][0]['chosen'] and d['nanousd_per_hour'] == 40000000 and d['id'] is None" \
    run --dry-run --json --cpus 1 --limit 1h -- true
"$program" cancel "$full" "$waiting" >/dev/null

# Nodes.
node=$("$program" nodes --json | python3 -c "import json, sys; print(json.load(sys.stdin)['nodes'][0]['name'])")
ends "a node is drained" 0 "takes no new work" drain "$node"
ends "and shown so" 0 "drained" nodes
ends "and back" 0 "takes work again" undrain "$node"
slow=$("$program" run --detach --cpus 1 -- sleep 100)
wait_for 100 state_is "$slow" running
ends "a drain that waits says what is left" 1 "1 job still runs on node $node, job $slow" drain "$node" --wait 1
short=$("$program" run --detach --cpus 1 -- true)
"$program" cancel "$slow" >/dev/null
ends "and that nothing is" 0 "nothing runs there" drain "$node" --wait 30
state_is "$short" waiting
report $? "what came meanwhile has not started"
ends "undrain waits for nothing" 2 "wait" undrain "$node" --wait 3
"$program" undrain "$node" >/dev/null
wait_for 100 state_is "$short" "done"
report $? "and starts once the node is back"
ends "no such node" 3 "there is no node" drain nowhere

# Bad input.
ends "no such job" 3 "there is no job 9999" explain 9999 --data-dir "$HOME/.whaleflux"
ends "no such name" 3 "there is no job 'ghost'" cancel ghost
ends "no such log" 3 "there is no job" logs ghost
ends "no such attempt" 3 "has had" logs "$long" --attempt 7
ends "no such state" 2 "did you mean 'running'" ps --state runninq
ends "no such sum" 2 "is none of user, queue, job, pool" cost --by colour
ends "no such time" 2 "it must be a time" cost --since yesterday
ends "no such option" 2 "did you mean '--limit'" run --limt 1h -- true
ends "no such form" 2 "wide or json" ps -o long
ends "no job named" 2 "whaleflux help cancel" cancel
ends "a limit that is none" 2 "limit" run --limit soon -- true
ends "GPUs that are none" 2 "gpus" run --gpus many -- true
ends "more than there is" 2 "cpus" run --cpus 100000 -- true
ends "a variable that is not set" 2 "is not set here" run --env NOT_SET_AT_ALL -- true
ends "a token that is none" 2 "create, list or revoke" token show
ends "an empty name" 2 "a number or a name" cancel ""
ends "path tricks" 2 "a part of the path" logs ../../etc/passwd
ends "a URL that is none" 2 "is no URL" ps --url nonsense
ends "a token in the open" 2 "use https" ps --url http://example.org:7171
ends "explain of two kinds" 2 "leave those out" explain 1 --policy fgd --data-dir "$HOME/.whaleflux"
ends "a screen without a terminal" 2 "top needs a terminal" top
for verb in submit run ps logs cancel hold release top nodes drain undrain queues cost events token explain; do
    "$program" help "$verb" >"$toy/output" && grep -q "^Example: whaleflux" "$toy/output"
    report $? "help of $verb has an example"
done
finish
