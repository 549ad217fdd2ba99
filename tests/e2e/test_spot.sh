#!/bin/sh
# simulate spot and forecast score: tables, JSON, decisions, and every bad input.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3
traces=$toy/traces
mkdir "$traces"
# Six hours with spot, two without, for ten days; the other zone the other way round.
awk 'BEGIN { for (zone = 0; zone < 2; zone++) {
    file = ARGV[1] "/zone" zone ".json"
    printf "{\"metadata\": {\"gap_seconds\": 600}, \"data\": [" > file
    for (i = 0; i < 1440; i++) printf "%s%d", i ? ", " : "", (i % 48 < 36) != zone > file
    print "]}" > file } exit }' "$traces"

job() { # ARGUMENT...
    echo simulate spot --traces "$traces" --work 24h --deadline 36h --starts 5 "$@"
}
# shellcheck disable=SC2046 # the arguments of a job are words without blanks
{
    prints 'the table has our own policy' 'foresight ' $(job --policy all)
    prints 'and the optimum' 'optimum ' $(job --policy all)
    "$program" $(job --zones all --policy foresight,optimum --json --each --decisions) \
        "$toy/decisions" >"$toy/spot.json"
}
accepts 'costs are told by start, and nothing is cheaper than the optimum' python3 -c "
import json
answer = json.load(open('$toy/spot.json'))
ours, best = answer['policies']
assert ours['missed'] == 0 and ours['starts'] == 5
assert len(ours['zones'][0]['costs_usd']) == 5
assert best['mean_usd'] <= ours['mean_usd'] < answer['on_demand_usd']"
accepts 'every decision is written' python3 -c "
import csv
rows = list(csv.DictReader(open('$toy/decisions')))
assert {row['action'] for row in rows} <= {'idle', 'spot', 'on-demand'}
assert len(rows) >= 5 * 144"
# On-demand is sold out for four hours near the end: who did not keep them free may be late.
# shellcheck disable=SC2046
{
    "$program" $(job --policy uniform-progress,foresight --sold-out 28-32 --json) >"$toy/late.json"
    "$program" $(job --policy uniform-progress,foresight --sold-out 28-32 --reserve 4 --json) \
        >"$toy/kept.json"
}
accepts 'a stock-out makes jobs late, and a reserve of its length does not' python3 -c "
import json
late, kept = (json.load(open('$toy/' + name))['policies'] for name in ('late.json', 'kept.json'))
assert sum(policy['missed'] for policy in late) > 0
assert sum(policy['missed'] for policy in kept) == 0
assert all(b['mean_usd'] > a['mean_usd'] for a, b in zip(late, kept)) # it is not for nothing"
prints 'a service has a table' 'hedge ' simulate spot --traces "$traces" --service 1 --policy all
prints 'forecasts are scored' ' there ' forecast score --traces "$traces" --within 1

# shellcheck disable=SC2046
{
    echo '{"metadata": {"gap_seconds": 195}, "data": [1, 0]}' >"$traces/zone2.json"
    says 'ticks of one length' 'metadata.gap_seconds is 195' $(job --policy greedy)
    echo '{"metadata": {"gap_seconds": 600}, "data": [1, "no"]}' >"$traces/zone2.json"
    says 'text for a count' "line 1: data[1] is text ('no')" $(job --policy greedy)
    rm "$traces/zone2.json"
    says 'a policy that is not there' "did you mean 'greedy'?" $(job --policy gready)
    says 'a price of nothing' 'a price of nothing is never used' $(job --policy greedy --spot 0)
    says 'a stock-out without an end' "like 10-16" $(job --policy greedy --sold-out 5)
    says 'one that ends before it begins' "like 10-16" $(job --policy greedy --sold-out 9-5)
    says 'too long a history' 'too few for a history' $(job --policy greedy --history 300h)
    says 'neither each nor all' 'it must be each or all' $(job --policy greedy --zones some)
}
says 'too short a deadline' '--deadline leaves' simulate spot --traces "$traces" --work 24h \
    --deadline 24h --policy greedy
says 'no traces' '--traces PATH is missing' simulate spot --policy greedy
says 'nothing to score' 'it must be score' forecast
finish
