#!/bin/sh
# shellcheck disable=SC2119
# A live run with kills in it: its database, which is its journal, is verified and replayed, and both
# come to the hash of the decisions that were carried out.
# shellcheck source=live.sh
. "$(dirname "$0")/live.sh"
cd "$toy/work" || exit 1
jobs=40
start_daemon
database=$HOME/.whaleflux/whaleflux.db

# One of the supervisors of our folder, of those that there are.
kill_supervisor() {
    for entry in /proc/[0-9]*; do
        if grep -qsa supervise "$entry/cmdline" && grep -qsa "$HOME" "$entry/cmdline"; then
            kill -KILL "${entry#/proc/}" 2>/dev/null
            return
        fi
    done
}

kill_daemon() {
    kill -KILL "$daemon"
    wait "$daemon" 2>/dev/null
    start_daemon
}

number=0
while [ "$number" -lt "$jobs" ]; do
    number=$((number + 1))
    "$program" run --detach -y --limit 1m -- sh -c "sleep 0.$((number % 5)); exit $((number % 3))" \
        >>"$toy/accepted" 2>>"$toy/output"
    case $number in
    7 | 23) kill_supervisor ;;
    13 | 31) kill_daemon ;;
    19)
        kill_supervisor
        kill_daemon
        ;;
    esac
done
[ "$(sort -u "$toy/accepted" | wc -l)" -eq "$jobs" ]
report $? "each job is accepted once, whatever dies"
wait_for 600 nothing_lives
report $? "all of them end"
"$program" ps --all --json >"$toy/json" 2>"$toy/output"
python3 -c "
import json, sys
jobs = json.load(open(sys.argv[1]))['jobs']
accepted = sorted(int(line) for line in open(sys.argv[2]))
assert sorted(j['id'] for j in jobs) == accepted, jobs
for job in jobs:
    wanted = job['id'] % 3
    assert job['state'] == ('failed' if wanted else 'done'), job
    assert job['exit']['code'] == wanted, job" "$toy/json" "$toy/accepted" >>"$toy/output" 2>&1
report $? "with their own exit statuses"

# While the daemon is up, and after it was killed once more.
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
daemon=
prints "the database of a run with kills in it is a journal, each hash of it right" \
    "each is right" journal verify "$database"
hash=$("$program" journal verify "$database" | sed -n 's/^  hash *//p')
"$program" replay "$database" --policy fifo --json >"$toy/replay.json" 2>"$toy/output"
report $? "it is a history to replay"
python3 -c "
import json, sys
runs = json.load(open(sys.argv[1]))['runs']
happened = [r for r in runs if r['role'] == 'happened'][0]
assert happened['hash'] == sys.argv[2], (happened['hash'], sys.argv[2])" \
    "$toy/replay.json" "$hash" >>"$toy/output" 2>&1
report $? "and the replay of what happened comes to the same decisions"

# One event that is another one, and nothing is right any more.
python3 -c "
import sqlite3, sys
db = sqlite3.connect(sys.argv[2])
sqlite3.connect(sys.argv[1]).backup(db)
numbers = [row[0] for row in db.execute('SELECT number FROM journal ORDER BY number')]
db.execute('DELETE FROM journal WHERE number = ?', (numbers[len(numbers) // 2],))
db.commit()" "$database" "$toy/other.db" >"$toy/output" 2>&1
report $? "(an event is taken out)"
! "$program" journal verify "$toy/other.db" >"$toy/output" 2>&1
report $? "a journal with an event taken out is not right"
start_daemon
finish
