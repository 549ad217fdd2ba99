#!/bin/sh
# Replays held against an independent scheduler (tests/reference), and histories that are damaged,
# empty, doubled, cut short or impossible: each is told, counted, and leaves a sane result.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3 gzip
cluster=$toy/cluster.yaml

reference() { # FILE ARGUMENT...
    to=$1
    shift
    "$project/tests/reference/simulate" --jobs 600 --nodes 6 --history "$toy/$to" \
        --cluster "$cluster" "$@" >/dev/null
}
replay() { # FILE ARGUMENT...
    to=$1
    shift
    "$program" replay --json "$@" >"$toy/$to" 2>"$toy/stderr"
}
check() { # WHAT PYTHON
    accepts "$1" python3 -c "
import json
a, b = json.load(open('$toy/a.json')), json.load(open('$toy/b.json'))
run = a['runs'][-1]
told = open('$toy/stderr').read()
$2"
}
echo '{}' >"$toy/b.json"

# Both schedule by the same rules, but share no code.
for policy in fifo easy; do
    for seed in 1 2 3; do
        reference history.txt --policy $policy --seed $seed --load 0.9
        replay a.json "$toy/history.txt" --cluster "$cluster" --own $policy --policy foresight
        check "$policy, seed $seed: within 5 % of what really happened" "
for kind in 'wait_mean_ms', 'wait_p95_ms', 'used_pct', 'makespan_ms', 'usd':
    assert abs(a['error'][kind]) <= 0.05, (kind, a['error'])
assert a['error']['wait_difference_mean_ms'] <= 0.05 * a['runs'][0]['wait']['mean_ms']"
    done
done
replay b.json "$toy/history.txt" --cluster "$cluster" --own fifo --policy foresight
check "with another policy as the history's own it is not" "
assert abs(b['error']['wait_mean_ms']) > 0.2, b['error']"

policies=easy,conservative,kubernetes-like,kueue-like,foresight
replay a.json "$toy/history.txt" --cluster "$cluster" --own none --policy $policies
replay b.json "$toy/history.txt" --cluster "$cluster" --own none --policy $policies
check "the same again has the same hashes" "
hashes = [entry['hash'] for entry in a['runs']]
assert len(set(hashes)) == 5 and hashes == [entry['hash'] for entry in b['runs']]"
replay b.json "$toy/history.txt" --cluster "$cluster" --own none --policy $policies --plain
check "and without the caches" "
assert [entry['hash'] for entry in a['runs']] == [entry['hash'] for entry in b['runs']]"
replay b.json "$toy/history.txt" --cluster "$cluster" --own none --policy foresight,easy
check "neither order nor company changes a run" "
assert b['runs'][0]['hash'] == a['runs'][4]['hash'] and b['runs'][1]['hash'] == a['runs'][0]['hash']"
gzip -k "$toy/history.txt"
replay b.json "$toy/history.txt.gz" --cluster "$cluster" --own none --policy easy
check "nor does gzip" "assert b['runs'][0]['hash'] == a['runs'][0]['hash']"
(head -n 1 "$toy/history.txt" && tail -n +2 "$toy/history.txt" | tac) >"$toy/backwards.txt"
replay b.json "$toy/backwards.txt" --cluster "$cluster" --own none --policy easy
check "lines may be in any order" "
assert b['runs'][0]['jobs']['ended'] == 600 and b['history']['damaged'] == 0
assert abs(b['runs'][0]['use']['used_gpu_hours'] - a['runs'][0]['use']['used_gpu_hours']) < 1e-3"

sed -e '5s/2026-/soon-/' -e '9s/|.*//' "$toy/history.txt" >"$toy/damaged.txt"
replay a.json "$toy/damaged.txt" --cluster "$cluster" --policy easy
check "damaged lines are counted and named" "
assert a['history']['damaged'] == 2 and run['jobs']['ended'] == 598
assert 'line 5' in told and 'line 9' in told and len(a['history']['complaints']) == 2"
says "and with --strict the first one is refused" "damaged.txt, line 5" \
    replay "$toy/damaged.txt" --cluster "$cluster" --policy easy --strict --html "$toy/page.html"

(cat "$toy/history.txt" && sed -n '3,4p' "$toy/history.txt") >"$toy/twice.txt"
replay a.json "$toy/twice.txt" --cluster "$cluster" --policy easy
check "jobs that are there twice count once" "
assert a['history']['repeated'] == 2 and run['jobs']['all'] == 600"

awk -F'|' -v OFS='|' 'NR == 4 { swap = $9; $9 = $10; $10 = swap } { print }' "$toy/history.txt" \
    >"$toy/jump.txt"
replay a.json "$toy/jump.txt" --cluster "$cluster" --policy easy
check "an end before its start is a clock that jumped" "
assert a['history']['clock_jumps'] == 1 and run['jobs']['ended'] == 600"

awk -F'|' -v OFS='|' 'NR > 1 { $10 = "Unknown"; $12 = "RUNNING" } { print }' "$toy/history.txt" \
    >"$toy/endless.txt"
says "a history without any end" "endless.txt" replay "$toy/endless.txt" --cluster "$cluster" \
    --policy easy
head -n 1 "$toy/history.txt" >"$toy/empty.txt"
says "a history without jobs" "empty.txt" replay "$toy/empty.txt" --cluster "$cluster" \
    --policy easy
: >"$toy/nothing.txt"
says "an empty file" "nothing.txt" replay "$toy/nothing.txt" --cluster "$cluster" --policy easy
head -c 5000 "$toy/history.txt.gz" >"$toy/cut.txt.gz"
says "a gzip file that was cut" "cut.txt.gz" replay "$toy/cut.txt.gz" --cluster "$cluster" \
    --policy easy --html "$toy/page.html"
says "no such cluster" "missing.yaml" replay "$toy/history.txt" --cluster "$toy/missing.yaml" \
    --policy easy

awk -F'|' -v OFS='|' 'NR == 7 { $14 = $15 = "cpu=512,gres/gpu=64,node=8"; $16 = 8 } { print }' \
    "$toy/history.txt" >"$toy/huge.txt"
replay a.json "$toy/huge.txt" --cluster "$cluster" --own none --policy easy,foresight
check "a job larger than the cluster never starts, and all others do" "
for run in a['runs']:
    assert run['jobs']['rejected'] == 1 and run['jobs']['ended'] == 599, run['jobs']
    assert run['jobs']['never_started'] == 0"
finish
