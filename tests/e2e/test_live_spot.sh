#!/bin/sh
# shellcheck disable=SC2016,SC1010,SC2119
# A machine that is to be taken: a notice from a metadata server that plays AWS's, a job that saves its
# work and says so, what is told of it, and the job going on when the notice is withdrawn.
# shellcheck source=live.sh
# shellcheck disable=SC2016,SC2119 # jobs expand what is in single quotes
. "$(dirname "$0")/live.sh"
cd "$toy/work" || exit 1

mkfifo "$toy/steps"
"$program" chaos spot --live <"$toy/steps" >"$toy/chaos.log" 2>&1 &
chaos=$!
exec 3>"$toy/steps"
wait_for 100 grep -q "serve --spot" "$toy/chaos.log"
source=$(sed -n 's/.*--spot //p' "$toy/chaos.log")
start_daemon --spot "$source" --core-hour 3600

cat >job.yaml <<'END'
name: train
cpus: 1
checkpoint: {signal: USR1, time: 60s}
script: |
  #!/bin/bash
  trap 'echo saved; touch "$WHALEFLUX_CHECKPOINT_DONE"' USR1
  echo "begun $WHALEFLUX_ATTEMPT"; cat "$WHALEFLUX_CHECKPOINT_FILE"
  [ "$WHALEFLUX_ATTEMPT" = 1 ] || exit 0
  while :; do sleep 0.1; done
END
ends "a job that saves" 0 "1" submit job.yaml
ends "what it may come to is told before, with how good that forecast is" 0 "not yet scored" \
    submit --dry-run job.yaml
tells "and by the nodes" "(d['nodes'][0]['spot_risk']['taken_permille'] > 0 and
not d['nodes'][0]['spot_risk']['forecast']['scored'])" nodes --json
ends "in words, too" 0 "This machine may be taken away" nodes
state_is() { "$program" ps --all 2>/dev/null | grep train | grep -q "$1"; }
wait_for 100 state_is running
report $? "it runs"
ends "its explanation tells the risk" 0 "Its machine may be taken away" explain train
echo "0s soon, it goes" >&3
echo "0s notice 120s" >&3
wait_for 200 state_is waiting
report $? "on a notice it waits"
"$program" explain train >"$toy/output" 2>&1
"$program" ps --json >>"$toy/output" 2>&1
grep -q "machine-goes" "$toy/output" && grep -q "said 'terminate'" "$toy/output"
report $? "and is told why"
ends "the node says so" 0 "leaving" nodes
echo "0s withdraw" >&3
wait_for 300 state_is done
report $? "when the notice is withdrawn it goes on, and comes to its end"
tells "what was lost is told with what was spent" "(d['losses']['total']['runs'] == 1 and
d['losses']['rows'][0]['why'] == 'notice' and 0 < d['losses']['total']['lost_ms'] < 20000)" cost --json
ends "in words, too" 0 "LOST BY" cost
grep -q "it stays\|stays" "$toy/daemon.log"
report $? "the daemon's log says so"
# Counts what it is told and runs on; as it never says that it saved, each signal is due after the last.
cat >counting.yaml <<'END'
name: counting
cpus: 0.5
replaceable: true
checkpoint: {signal: USR1, every: 2s, prompt: true}
script: |
  #!/bin/bash
  count=0
  trap 'count=$((count + 1)); echo "$SECONDS told $count" >>counted; [ $count -lt 3 ] || exit 0' USR1
  while :; do sleep 0.1; done
END
ends "a job that is told when to save" 0 "counting" submit counting.yaml
counted() {
    [ -e counted ] && [ "$(grep -c told counted)" -ge 3 ]
}
wait_for 300 counted
report $? "it is told three times"
# Two seconds between them, of which a slow machine may take one to tell.
awk 'NR > 1 && $1 < last + 1 { exit 1 } { last = $1 }' counted
report $? "never before it was due"
accepts "the core knows that a gang is replaceable" python3 -c "
import sqlite3
lines = sqlite3.connect('$HOME/.whaleflux/whaleflux.db').execute('SELECT line FROM journal')
assert any(line.startswith('submit ') and 'replaceable=yes' in line for line, in lines)"
ends "the later attempt has a log" 0 "begun " logs train
grep -q "interval_seconds=" "$toy/output"
report $? "the job was advised how often to save"
ends "and the loss is told to who watches" 0 "work-lost" events --job train
kill "$chaos" && wait "$chaos"
grep -q "tokens given out" "$toy/chaos.log"
report $? "chaos says how often it was asked"
grep -q "step 1 of the script, '0s soon', is none" "$toy/chaos.log"
report $? "and complains of steps that are none"
ends "no such source" 2 "none of aws, gcp, azure" serve --data-dir "$toy/other" --spot moon
ends "chaos of what" 2 "chaos spot" chaos
ends "no such step" 2 "step 1" chaos spot --play nonsense
finish
