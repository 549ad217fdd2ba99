#!/bin/sh
# The verb replay: what the README shows, every format of histories and clusters, the page, the
# JSON, and what is wrong with what it is given.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3
examples=$project/docs/examples
history=$examples/history.txt
small=$examples/cluster-small.yaml

# The README's command word for word prints the README's table.
mkdir -p "$toy/clone/build"
ln -s "$project/docs" "$toy/clone/docs"
ln -s "$(realpath "$program")" "$toy/clone/build/whaleflux"
sed -n 's/^    \$ \(build\/whaleflux replay docs\/.*\)/\1/p' "$project/README.md" >"$toy/commands"
accepts "the README has one command of a replay" [ "$(wc -l <"$toy/commands")" -eq 1 ]
accepts "which works" sh -c "cd '$toy/clone' && sh '$toy/commands' >'$toy/printed'"
awk '/^    \$ build\/whaleflux replay docs/ { inside = 1; next }
    inside && /^[^ ]/ { exit }
    inside && !/^ *\.\.\.$/ && NF { sub(/^    /, ""); print }' "$project/README.md" >"$toy/shown"
accepts "the README shows what it printed" [ "$(wc -l <"$toy/shown")" -gt 10 ]
# shellcheck disable=SC2016 # awk's own $
accepts "and each of its lines is printed" awk 'NR == FNR { printed[$0] = 1; next }
    !($0 in printed) { print "not printed: " $0; bad = 1 }
    END { exit bad }' "$toy/printed" "$toy/shown"

replay() { # FILE ARGUMENT...
    to=$1
    shift
    "$program" replay --json "$@" >"$toy/$to"
}
check() { # WHAT PYTHON
    accepts "$1" python3 -c "
import json
a = json.load(open('$toy/a.json'))
runs = {run['role']: run for run in a['runs']}
$2"
}
replay a.json "$history" --cluster "$small" --policy easy,foresight
check "what happened, the history's own policy and the one asked for" "
assert [run['role'] for run in a['runs']] == ['happened', 'baseline', 'policy']
assert a['baseline'] == 'easy' and runs['policy']['name'] == 'foresight'
assert all(run['jobs']['ended'] == 200 for run in a['runs'])"
check "another scheduler's history is replayed within 5 %" "
assert all(abs(a['error'][key]) <= 0.05 for key in ('wait_mean_ms', 'makespan_ms', 'used_pct'))"
replay a.json "$history" --cluster "$small" --policy foresight,easy,fgd
check "the history's own policy runs once, first" "
assert [run['name'] for run in a['runs']] == ['what happened', 'easy', 'foresight', 'fgd']"
replay a.json "$history" --cluster "$small" --policy all --own none
check "without an own policy there is nothing to hold against" "
assert a['happened'] is None and a['baseline'] is None and len(a['runs']) == 7"
replay a.json "$history" --cluster "$small" --policy fgd --from 2026-01-06 --to 2026-01-07T12:00:00
check "a date alone is its midnight" "
assert a['history']['jobs'] == $(awk -F'|' '$7 >= "2026-01-06" && $7 < "2026-01-07T12:00:00"' \
    "$history" | grep -vc JobID)
assert any('left out' in text for text in a['assumptions'])"

printf 'pools:\n  - gpu: H100\n    nodes: 1\n    gpus_per_node: 8\n' >"$toy/one.yaml"
replay a.json "$history" --cluster "$toy/one.yaml" --policy foresight
check "what happened on more machines than these is left out" "
assert a['happened'] is None and a['error'] is None
assert any('GPUs at once' in text for text in a['assumptions'])"
check "jobs that are too large are refused" "
assert runs['baseline']['jobs']['rejected'] > 0"

# A job of 8 GPUs for two hours, rented by use: 8 x 2 x 3 dollars, and nothing for free GPUs.
cat >"$toy/rented.yaml" <<'YAML'
pools:
  - {gpu: H100, nodes: 5, gpus_per_node: 8, usd_per_gpu_hour: 3, rent_by_use: true}
YAML
cat >"$toy/short.txt" <<'SACCT'
JobID|Submit|Start|End|Timelimit|AllocTRES
1|2026-05-01T00:00:00|2026-05-01T01:00:00|2026-05-01T03:00:00|04:00:00|gres/gpu=8,node=1
2|2026-05-02T00:00:00|2026-05-02T00:00:00|2026-05-02T00:00:00|04:00:00|gres/gpu=8,node=1
SACCT
replay a.json "$toy/short.txt" --cluster "$toy/rented.yaml" --policy foresight
check "what is rented by use costs while it is used" "
for run in a['runs']:
    assert abs(run['money']['usd'] - 48) < 1e-6, run['money']
    assert run['money']['unused_usd'] < 1e-6"
sed 's/, rent_by_use: true//' "$toy/rented.yaml" >"$toy/kept.yaml"
replay a.json "$toy/short.txt" --cluster "$toy/kept.yaml" --policy foresight
check "and what is not, at all hours" "
assert abs(runs['baseline']['money']['usd'] - 40 * 3 * 24) < 1e-6"

cat >"$toy/log.swf" <<'SWF'
; UnixStartTime: 1777593600
1 0 10 3600 8 -1 -1 8 7200 -1 1 3 1 2 1 1 -1 -1
2 60 5 600 4 -1 -1 4 -1 -1 1 4 1 2 1 1 -1 -1
SWF
replay a.json "$toy/log.swf" --cluster "$small" --policy foresight
check "logs in SWF were made with EASY, as far as is known" "assert a['baseline'] == 'easy'"
check "jobs without a limit are told of" "
assert any(text.startswith('1 jobs asked for no time limit') for text in a['assumptions'])"
printf 'submit_s,job,run_s,cpu_milli,memory_mib,num_gpu,gpu_milli,observed_wait_s\n0,a,60,1000,1024,1,500,9\n' \
    >"$toy/openb.csv"
replay a.json "$toy/openb.csv" --cluster "$small" --policy foresight
check "a sample's waits are not held against" "
assert a['happened'] is None and a['baseline'] == 'kubernetes-like'"

prints "a page is written beside the table" "foresight against easy" replay "$history" \
    --cluster "$small" --policy foresight --html "$toy/page.html"
accepts "which is whole" grep -q "</html>" "$toy/page.html"
accepts "and loads nothing" sh -c "! grep -E 'src=|href=|url\\(h' '$toy/page.html'"
rm "$toy/page.html"

says "no cluster" "--cluster FILE is missing" replay "$history" --policy easy
says "no policy" "--policy NAME is missing" replay "$history" --cluster "$small"
says "moves, and nobody may be stopped" "--moves needs --preempt" \
    replay "$history" --cluster "$small" --policy easy --moves
says "no history" "the file with the history is missing" replay --cluster "$small" --policy easy
says "an unknown policy" "there is no policy 'forsight', did you mean 'foresight'?" \
    replay "$history" --cluster "$small" --policy forsight
says "an unknown placement" "there is no placement policy 'fdg'" \
    replay "$history" --cluster "$small" --policy easy/fdg
says "a policy named twice" "'cost-first' are the same policy" \
    replay "$history" --cluster "$small" --policy foresight,cost-first
says "half a date" "--from '2026-05' is no time" \
    replay "$history" --cluster "$small" --policy easy --from 2026-05
says "a time without jobs" "has no job to replay" \
    replay "$history" --cluster "$small" --policy easy --from 2030-01-01
says "a page where none can be" "where.html" \
    replay "$history" --cluster "$small" --policy easy --html "$toy/no/where.html"
sed '5s/2026-/soon-/' "$history" >"$toy/damaged.txt"
says "a damaged line, strictly" "damaged.txt, line 5" \
    replay "$toy/damaged.txt" --cluster "$small" --policy easy --strict
finish
