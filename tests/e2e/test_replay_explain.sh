#!/bin/sh
# Explanations of jobs of a replay: one node, five jobs, every answer can be checked by hand.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3
history=$data/explain_history.txt
cluster=$data/explain_cluster.yaml

says "nothing to explain yet" "there was no run yet" explain 3
prints "a replay" "easy" replay "$history" --cluster "$cluster" --policy fifo,easy
prints "who waits for kept room" "It finds room that is kept for jobs which have a start time (kept)" \
    explain 3 --at 2026-01-05T00:30:00
prints "for whom it is kept" "8 GPUs are kept for 1 job: job 2 (8 GPUs, to start at 2026-01-05 02:00:00)" \
    explain 3 --at 2026-01-05T00:30:00
prints "what would help" \
    "The smallest change found that starts it now: a time limit of 1 h 30 min instead of 3 h." \
    explain 3 --at 2026-01-05T00:30:00
prints "a time after the first submission" "Job 3, 2026-01-05 00:30:00, under easy: it waits, for 10 min" \
    explain 3 --at 30m
prints "another policy" "It stands behind jobs that cannot start yet, and nobody overtakes (ahead)." \
    explain 3 --at 30m --policy fifo
prints "which asks for another change" "starts it now: the priority 2 instead of 1." \
    explain 3 --at 30m --policy fifo
prints "the queue's limit" "Queue small uses 2 GPUs of at most 2 GPUs, and the job asks for 1 GPU." \
    explain 5
prints "and another queue" "starts it now: queue large instead of small." explain 5
prints "a job that runs" "it runs since 2026-01-05 00:00:00, after a wait of 0 s." explain 1 --at 1h
prints "until when" "Its time limit ends it at 2026-01-05 02:00:00." explain 1 --at 1h
prints "a job to come" "it is to come at 2026-01-05 04:10:00." explain 5 --at 0s
prints "a job that is over" "it is over since" explain 1 --at 1d
prints "when nobody says when" "This is how it stood when the job was submitted" explain 2
says "an unknown job" "there is no job '77' in the replay (the first is 1, the last 5)" explain 77
says "no time" "--at 'soon' is neither a time" explain 3 --at soon
says "a seed" "--seed is for a simulation" explain 3 --seed 4
says "an unknown policy" "there is no policy 'esay', did you mean 'easy'?" explain 3 --policy esay

"$program" explain 3 --at 30m --json >"$toy/explained.json"
check() { # WHAT PYTHON
    accepts "$1" python3 -c "
import json
a = json.load(open('$toy/explained.json'))
$2"
}
check "the JSON has the same" "
assert a['state'] == 'waits' and a['policy'] == 'easy' and a['job'] == '3'
assert [b['reason'] for b in a['blockers']] == ['kept']
assert a['blockers'][0]['first'][0]['job'] == '2'
assert a['ahead']['jobs'] == 1 and a['ahead']['rules'][0]['rule'] == 'kept'
assert a['start']['from'] <= a['start']['expected'] <= a['start']['to']
assert a['remedy']['changes'] == [{'kind': 'time-limit', 'text': 'asks for a shorter time limit',
                                   'from': 10800.0, 'to': 5400.0}]
assert [s['event'] for s in a['steps']] == ['waits']"

cp "$history" "$toy/history.txt"
prints "a replay of a copy" "easy" replay "$toy/history.txt" --cluster "$cluster" --policy easy
echo "damage" >>"$toy/history.txt"
says "a file that changed" "has changed since the last run" explain 3
prints "a simulation is explained again" "best-fit" simulate placement --nodes "$data/nodes.csv" \
    --pods "$data/pods.csv" --policy best-fit
says "which has no times" "--at is for a replay" explain pod-1 --at 3h
finish
