#!/bin/sh
# What a job would cost and where it would go: figures that can be checked by hand, the choice that
# the core then makes, and every bad input.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3
cat >"$toy/cluster.yaml" <<'END'
pools:
  - {name: ours, gpu: H100, nodes: 1, gpus_per_node: 8, usd_per_gpu_hour: 2}
  - {name: cloud, gpu: H200, nodes: 4, gpus_per_node: 8, usd_per_gpu_hour: 3, rent_by_use: true}
  - {name: small, gpu: A10, nodes: 1, gpus_per_node: 4, usd_per_gpu_hour: 1}
queues:
  - {name: free}
  - {name: held, budgets: [{window: day, usd: 400, action: hold}]}
  - {name: lowered, budgets: [{window: day, usd: 100, action: lower}]}
  - {name: few, limit_gpus: 12}
END
# Three runs of ann's train: one, two and three hours; one by bob holds 8 H100 from 10:00 to 20:00.
cat >"$toy/history.txt" <<'END'
JobID|User|Account|JobName|Submit|Eligible|Start|End|Timelimit|State|ReqTRES
1|ann|held|train-1|2026-01-05T00:00:00|2026-01-05T00:00:00|2026-01-05T00:00:00|2026-01-05T01:00:00|12:00:00|COMPLETED|gres/gpu:h100=8
2|ann|held|train-2|2026-01-05T01:00:00|2026-01-05T01:00:00|2026-01-05T01:00:00|2026-01-05T03:00:00|12:00:00|COMPLETED|gres/gpu:h100=8
3|ann|held|train-3|2026-01-05T03:00:00|2026-01-05T03:00:00|2026-01-05T03:00:00|2026-01-05T06:00:00|12:00:00|COMPLETED|gres/gpu:h100=8
4|bob|free|eval|2026-01-05T10:00:00|2026-01-05T10:00:00|2026-01-05T10:00:00|2026-01-05T20:00:00|12:00:00|COMPLETED|gres/gpu:h100=8
END
offers() { # ARGUMENT...
    "$program" offers --cluster "$toy/cluster.yaml" --json "$@" >"$toy/offers.json" 2>"$toy/stderr"
}
check() { # WHAT PYTHON
    accepts "$1" python3 -c "
import json
a = json.load(open('$toy/offers.json'))
row = {o['pool']: o for o in a['offers']}
chosen = [o['pool'] for o in a['offers'] if o['chosen']]
whole = a['whole_job']
$2"
}

offers --gpu 8 --hours 3 --queue free
check "the price of the whole job, and why not elsewhere" "
assert chosen == ['ours'] and whole['usd_per_hour'] == 16 and whole['usd_p50'] == 48
assert row['cloud']['why'] == 'dearer' and row['cloud']['whole_job']['usd_p50'] == 72
assert row['cloud']['text'] == 'dearer by \$24.0 for the whole job'
assert row['small']['why'] == 'cannot' and row['small']['reason'] == 'gpus-size'
assert row['small']['text'] == 'a node lacks 4 GPUs even when empty'
assert a['run']['source'] == 'told' and a['start']['when'] == 'now' and a['answer'] == 'admitted'
assert row['ours']['tasks_empty'] == 1 and row['cloud']['tasks_empty'] == 4
assert row['ours']['tasks_now'] is None and not row['ours']['rent_by_use']
assert 'cluster.yaml' in row['ours']['price_source']"

offers --gpu H200:8 --gpu A10:8 --tasks 3 --limit 2h
check "models that are named, and a limit that is all that is known" "
assert chosen == ['cloud'] and row['ours']['reason'] == 'model'
assert row['ours']['text'] == 'has GPUs of a model that the job does not accept'
assert a['run']['source'] == 'limit' and whole['usd_p10'] == whole['usd_p90'] == 3 * 8 * 3 * 2
assert 'at most \$144' in a['text']"

offers --gpu 8 --tasks 5 --limit 1h
check "tasks in two pools" "
assert chosen == ['ours', 'cloud'] and row['ours']['tasks_chosen'] == 1
assert row['ours']['text'] == 'takes 1 of 5 tasks' and whole['usd_p50'] == 16 + 4 * 24
assert row['small']['tasks_empty'] == 0"

offers --gpu 8 --tasks 6
check "a job that no machines can run, and no run time" "
assert a['start']['when'] == 'never' and chosen == [] and whole['usd_per_hour'] is None
assert row['cloud']['text'] == 'holds 4 of 6 tasks even when empty'
assert a['run']['source'] == 'unknown'"

offers --gpu A10:0.5 --hours 1
check "a share of a GPU" "
assert chosen == ['small'] and whole['usd_p50'] == 0.5 and row['small']['tasks_empty'] == 8"

# Of $400 a day $96 are gone by then; the mean GPU of this fleet costs $2.64 an hour.
for answer in admitted:3 held:30; do
    offers --gpu H100:8 --hours "${answer#*:}" --queue held --history "$toy/history.txt" \
        --at 2026-01-05T12:00:00
    check "busy machines, room kept, and a budget: ${answer%:*}" "
noon = 1767614400
assert a['start']['blockers'][-1] == 'room' and chosen == ['ours']
if '${answer%:*}' == 'admitted':
    assert a['start']['when'] == 'kept' and noon < a['start']['at_s'] <= noon + 10 * 3600
else:
    assert a['start']['when'] == 'waits' and a['start']['blockers'][0] == 'budget'
assert row['ours']['tasks_now'] == 0 and row['ours']['tasks_empty'] == 1
assert row['cloud']['tasks_now'] == 0 and row['cloud']['reason'] == 'model'
assert abs(a['budgets'][0]['left_usd'] - (400 - 16 * 6)) < 1e-6
assert a['answer'] == '${answer%:*}' and a['budgets'][0]['passed'] == (a['answer'] == 'held')"
done

offers --gpu H100:8 --user ann --name train-77 --history "$toy/history.txt"
check "run times are learned by user and name" "
assert a['run']['source'] == 'learned' and a['run']['runs'] == 4
assert a['run']['runs_of_user'] == 3 and a['run']['runs_of_name'] == 3
assert whole['usd_p10'] < whole['usd_p50'] < whole['usd_p90']
train = a['run']['p50_s']
open('$toy/train', 'w').write(str(train))"
offers --gpu H100:8 --user bob --name eval --history "$toy/history.txt"
check "another user's are others" "
assert a['run']['runs_of_name'] == 1 and a['run']['p50_s'] > float(open('$toy/train').read())"
offers --gpu H100:8 --user ann --name train --limit 2h --history "$toy/history.txt"
check "a limit bounds them" "assert a['run']['p90_s'] <= 7200"
offers --gpu H100:8 --user ann --history "$toy/history.txt" --at 2026-01-05T00:30:00
check "nothing is learned from what was not over by then" "
assert a['run']['runs'] == 0 and a['run']['source'] == 'unknown'"

offers --gpu 8 --hours 3 --queue few --tasks 2
check "a queue's limit is told, and where the job would go without it" "
assert a['answer'] == 'over-limit' and 'queue-limit' in a['start']['blockers']
assert a['start']['when'] == 'waits' and chosen == ['ours', 'cloud']"
offers --gpu 8 --tasks 2 --hours 3 --queue lowered
check "a budget that no window could hold lets the first job in" "
assert a['answer'] == 'admitted' and a['budgets'][0]['job_usd'] > 100"

prints "a table with the chosen row ticked" "✓ ours" \
    offers --gpu 8 --hours 3 --cluster "$toy/cluster.yaml"
"$program" replay "$toy/history.txt" --cluster "$toy/cluster.yaml" --policy easy --own none \
    --journal "$toy/journal" >"$toy/replayed" 2>&1
prints "a journal tells machines, too" "learned from the 4" \
    offers --gpu H100:8 --history "$toy/journal"
prints "a deadline that is met" "that is enough" \
    offers --gpu 8 --hours 3 --deadline 4h --cluster "$toy/cluster.yaml"
prints "and one that is not" "that is too little" \
    offers --gpu 8 --hours 3 --deadline 2h --cluster "$toy/cluster.yaml"
prints "the help" "what a job would cost" offers --help

# The README's command word for word prints what the README shows.
sed -n '/^    \$ build\/whaleflux offers/,/^$/s/^    //p' "$project/README.md" |
    sed -n '/^[$]/,/[^\\]$/p' | sed 's/^[$] build.whaleflux //; s/\\$//' | tr -d '\n' >"$toy/command"
sed -n '/^    \$ build\/whaleflux offers/,/^[^ ]/s/^    //p' "$project/README.md" |
    sed '/^[$]/,/[^\\]$/d; /^\.\.\.$/d; /^$/d' >"$toy/shown"
# shellcheck disable=SC2046 # words
(program=$(realpath "$program") && cd "$project" && "$program" $(cat "$toy/command")) >"$toy/printed"
accepts "the README shows an offer" [ "$(wc -l <"$toy/shown")" -gt 6 ]
accepts "which is what is printed" sh -c "grep -vxFf '$toy/printed' '$toy/shown' | wc -l | grep -qx 0"

bad() { # WHAT TEXT ARGUMENT...
    what=$1
    text=$2
    shift 2
    says "$what" "$text" offers --cluster "$toy/cluster.yaml" "$@"
}
export WHALEFLUX_PRICES="$toy/prices.db"
says "no cluster and no store" "there is no store of prices" offers --gpu 8
says "a limit without a cluster" "--cluster FILE is missing" offers --gpu 8 --limit 2h
bad "no job" "what does the job need?"
bad "a word" "'H100' is no option" H100
bad "no count" "--gpu is '9x'" --gpu H100:9x
bad "too many GPUs for a task" "--gpu is '17'" --gpu H100:17
bad "a part of two GPUs" "a task has whole GPUs" --gpu H100:1.5
bad "unlike counts" "every --gpu must name as many GPUs" --gpu H100:8 --gpu H200:4
bad "models without a count" "no --gpu says how many" --any-of H100
bad "an unknown model" "no node has a GPU of the model 'H10' (did you mean 'H100'?)" --gpu H10
bad "an unknown label" "no node carries" --gpu 1 --labels nvlink
bad "an unknown queue" "there is no queue 'fre' (did you mean 'free'?)" --gpu 1 --queue fre
bad "an unknown policy" "there is no policy 'esay'" --gpu 1 --policy esay
bad "a limit without a unit" "--limit '12' is no time" --gpu 1 --limit 12
bad "no hours" "--hours is '0'" --gpu 1 --hours 0
bad "too many tasks" "--tasks is '5000'" --gpu 1 --tasks 5000
bad "a time without a history" "--history FILE is missing" --gpu 1 --at 3h
bad "no time" "--at 'soon'" --gpu 1 --at soon --history "$toy/history.txt"
bad "a deadline that has passed" "has passed already" --gpu 1 --deadline 2020-01-01
bad "no deadline" "--deadline 'soon'" --gpu 1 --deadline soon
bad "no such history" "cannot be opened" --gpu 1 --history "$toy/nowhere"

finish
