#!/bin/sh
# The command on a cluster of four nodes: table, JSON, picture, and explain for the last run.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3
files="--nodes $data/nodes.csv --pods $data/pods.csv"

prints "a version" "whaleflux 0." --version
prints "the verbs" "simulate" help
prints "a verb's options" "--picture FILE" help simulate
prints "the same by --help" "--picture FILE" simulate --help
# shellcheck disable=SC2086 # words
{
    prints "a table" "best-fit" simulate placement $files --policy best-fit,fgd,fgd:learned \
        --seeds 1-3 --picture "$toy/picture.svg"
    prints "with its prices" "Prices: " simulate placement $files --policy best-fit
    prints "and what it is about" "4 nodes, 10 GPUs" simulate placement $files --policy random
    prints "without the caches" "fgd" simulate placement $files --policy fgd --plain
    prints "several copies" "40 nodes, 100 GPUs" simulate placement $files --policy fgd --copies 10
    prints "a trace made from facts" "1,213 nodes, 6,212 GPUs" \
        simulate placement --facts default --policy best-fit
}
accepts "a picture is there" grep -q "</svg>" "$toy/picture.svg"
accepts "which names the tasks" grep -q "Where the GPUs went: pods<" "$toy/picture.svg"
accepts "but no folder" sh -c "! grep -q '$data' '$toy/picture.svg'"
# shellcheck disable=SC2086 # words
{
    prints "the picture's policies and load are chosen" "cost-first" simulate placement $files \
        --policy all,cost-first:learned --picture "$toy/picture.svg" --picture-of fgd,cost-first \
        --picture-load 50
    prints "a verdict is given" "At 100 % load cost-first has " simulate placement $files \
        --policy all,cost-first:learned
}
accepts "the picture is of that load" grep -q "fgd<.*at [345][0-9] % load" "$toy/picture.svg"
accepts "and of those policies" grep -q "class=\"p\">cost-first<" "$toy/picture.svg"

# shellcheck disable=SC2086 # words
json() { # FILE ARGUMENT...
    to=$1
    shift
    "$program" simulate placement $files --json "$@" >"$toy/$to"
}
check() { # WHAT PYTHON
    accepts "$1" python3 -c "
import json
a, b = json.load(open('$toy/a.json')), json.load(open('$toy/b.json'))
first = a['policies'][0] if 'policies' in a else None
$2"
}
json a.json --policy fgd,best-fit --seeds 5-7
json b.json --policy fgd,best-fit --seeds 5-7 --plain
check "the JSON has the policies in order" \
    "assert [p['policy'] for p in a['policies']] == ['fgd', 'best-fit']"
check "and the seeds" "assert [s['seed'] for s in first['seeds']] == [5, 6, 7]"
check "loads are plain numbers" "
for seed in first['seeds']:
    for load in '90', '100':
        point = seed['loads'][load]
        assert set(point) >= {'allocated_pct', 'unserved_pct', 'fragmented_pct'}
        assert 0 <= point['unserved_pct'] <= 100 and 0 <= point['allocated_pct'] <= 100
    assert set(seed['loads']) == {'90', '100', '130'} and seed['decisions_per_s'] > 0"
check "the mean is that of the seeds" "
values = [s['loads']['100']['allocated_pct'] for s in first['seeds']]
assert abs(first['mean']['100']['allocated_pct'] - sum(values) / 3) < 1e-6"
check "the caches change no decision" "
for p, q in zip(a['policies'], b['policies']):
    assert [s['hash'] for s in p['seeds']] == [s['hash'] for s in q['seeds']]"
check "the best is told against the next" "
verdict, = a['verdict']
assert {verdict['policy'], verdict['against']} == {'fgd', 'best-fit'}
assert verdict['load_pct'] == 100 and verdict['more_gpus'] >= 0"
check "prices have a date and a source" "
assert {p['model'] for p in a['prices']} == {'A10', 'T4'}
assert all(p['date'] and p['source'] for p in a['prices'])"
json b.json --policy best-fit,fgd --seeds 7
check "neither order nor company changes a run" "
assert b['policies'][1]['seeds'][0]['hash'] == first['seeds'][2]['hash']"

json b.json --policy fgd,best-fit --seeds 5-7 --moves 0
check "no moves are none" "
assert [s['hash'] for s in b['policies'][0]['seeds']] == [s['hash'] for s in first['seeds']]"
json b.json --policy fgd,best-fit --seeds 5-7 --moves 100 --move-cost 0.01
check "moves are counted, with their dollars" "
assert b['moves_per_thousand'] == 100 and b['move_cost_usd'] == 0.01
for s in b['policies'][1]['seeds']:
    assert 0 <= s['moves'] <= 100 and abs(s['moves_usd'] - 0.01 * s['moves']) < 1e-9"
says "a cost of moves that is none" "--move-cost is 'free'" \
    simulate placement --facts default --policy fgd --moves 1 --move-cost free
says "a trace without times" "no task has the times creation_time" \
    simulate placement --facts default --policy fgd --departures

# Tasks with times: a pod every hour, which runs for a day.
awk -F, -v OFS=, 'NR == 1 { print $0, "creation_time", "scheduled_time", "deletion_time"; next }
    { print $0, NR * 3600, NR * 3600, NR * 3600 + 86400 }' "$data/pods.csv" >"$toy/timed.csv"
timed="--nodes $data/nodes.csv --pods $toy/timed.csv --departures"
# shellcheck disable=SC2086 # words
{
    prints "tasks that leave" "Offered: GPU-hours wanted" simulate placement $timed --policy fgd
    prints "and what was moved" "at most 50 per thousand arrivals at \$0.01 each: fgd " \
        simulate placement $timed --policy fgd --load 1.2 --moves 50 --move-cost 0.01
    prints "with what it comes to" "At 100 % load fgd has " \
        simulate placement $timed --policy fgd,best-fit --picture "$toy/picture.svg"
    accepts "and a picture" grep -q "fgd<.*at [0-9]* % load" "$toy/picture.svg"
    prints "explain knows of them" "tasks leave when they are over" explain train-3#2
    says "orders have no times" "cannot go with --departures" \
        simulate placement $timed --policy fgd --orders "$data/nodes.csv"
}
"$program" simulate placement --nodes "$data/nodes.csv" --pods "$toy/timed.csv" --departures \
    --policy fgd,best-fit --seeds 5-6 --json >"$toy/b.json"
check "shares of what was offered" "
for s in b['policies'][0]['seeds']:
    w = s['window']
    assert abs(w['hours'] - 168) < 1e-6 and w['allocated_pct'] <= w['offered_pct'] + 0.02
    assert abs(w['refused_pct'] * w['offered_pct'] - 100 * max(0, w['offered_pct'] - w['allocated_pct'])) < 1e-6"

# Exact orders: what arrives is known, and so is what must come out.
cat >"$toy/orders.csv" <<'TEXT'
variant,seed,kind,position,index
pods,1,node,0,2
pods,1,node,1,0
pods,1,node,2,1
pods,1,node,3,3
pods,1,pod,0,2
pods,1,pod,1,2
pods,1,pod,2,2
pods,1,pod,3,0
TEXT
json b.json --policy best-fit --orders "$toy/orders.csv" --seeds 1
check "exact orders are followed" "
seed = b['policies'][0]['seeds'][0]
assert seed['arrivals'] == 4 and seed['arrived_gpu_milli'] == 5000
assert seed['refused'] == 1 and seed['allocated_gpu_milli'] == 4000"
prints "explain tells where a task went" "it starts on rack-3, GPU " explain train-3
prints "and its second arrival" "it starts on rack-3, GPU " explain train-3#2
prints "and what stood in the way of the third" "cannot start now" explain train-3#3
prints "with every reason" "of a GPU model that it excludes: T4" explain train-3#3
prints "and what would help" "The smallest change that lets it start: " explain train-3#3
prints "under another policy" "fgd, seed 1" explain train-3 --policy fgd
"$program" explain train-3 --json >"$toy/a.json"
"$program" explain train-3#3 --json >"$toy/b.json"
check "explain has its JSON" "
assert a['task'] == 'train-3' and a['verdict'] == 'starts' and a['remedy'] is None
assert a['placement']['node'] == 'rack-3' == a['candidates'][0]['node'] and a['placement']['gpus']
assert a['candidates'][0]['cost_usd_per_hour'] is None"
check "with what blocks and what would help" "
assert b['verdict'] == 'waits' and b['placement'] is None and b['nodes_fitting'] == 0
assert {x['reason']: x.get('models') for x in b['blockers']}['model'] == ['T4']
assert b['remedy']['found'] and b['remedy']['changes']"
"$program" explain train-3 --policy cost-first --json >"$toy/a.json"
check "and the terms in dollars" "
best, *others = a['candidates']
assert abs(best['cost_usd_per_hour'] - sum(best['terms_usd_per_hour'].values())) < 1e-6
assert all(best['score'] >= other['score'] for other in others)"
says "a task that did not arrive" "'serve-1' arrives 0 times" explain serve-1
says "an arrival that was none" "'train-3' arrives 3 times" explain train-3#4
says "a task that is none" "there is no task 'train-9'" explain train-9
says "a seed without an order" "no order for seed 2" explain train-3 --seed 2

cp "$data/pods.csv" "$toy/own-pods.csv"
"$program" simulate placement --nodes "$data/nodes.csv" --pods "$toy/own-pods.csv" --policy fgd \
    >/dev/null
echo "late,1000,1024,0,0," >>"$toy/own-pods.csv"
says "files that changed since" "own-pods.csv has changed since the last run" explain train-1
echo "{" >"$toy/state/whaleflux/last-run.json"
says "a damaged record" "last-run.json, line 2" explain train-1
finish
