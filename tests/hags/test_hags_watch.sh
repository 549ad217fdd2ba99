#!/bin/sh
# serve --watch: Windows hosts looked at on a schedule, over ssh that a program plays; what is told of
# them, what is kept, and that nothing that goes wrong with them is the daemon's end.
#   test_hags_watch.sh PROGRAM FAKE_SSH HELPER
# shellcheck source=../e2e/live.sh
. "$(dirname "$0")/../e2e/live.sh"
[ -e "${3:-}" ] || skip_all "this whaleflux carries no Windows program"
needs sha256sum timeout
helper=$(realpath "$3")
mkdir -p "$toy/bin" "$toy/hosts"
cp "$2" "$toy/bin/ssh"
cp "$2" "$toy/bin/scp"
cd "$toy/work" || exit 1
plain_path=$PATH
PATH=$toy/bin:$PATH
FAKE_HOSTS=$toy/hosts
FAKE_DIGEST=$(sha256sum <"$helper" | cut -d' ' -f1)
FAKE_DEAD_S=0
export PATH FAKE_HOSTS FAKE_DIGEST FAKE_DEAD_S
log=$toy/daemon.log

watches() { # EVERY [LINE...]: of the file of watches
    {
        echo "watches:"
        echo "  prod: {inventory: inventory, cluster: prod, os: windows11, every: $1, state_dir: $toy/records}"
        shift
        for line; do echo "  $line"; done
    } >"$toy/watch.yaml"
}

# Files that are read meanwhile are there whole or not at all.
put() { # FILE TEXT
    printf "%b\n" "$2" >"$toy/put"
    mv "$toy/put" "$1"
}

hosts_are() { # EXPRESSION of h["NAME"], the hosts of the watch
    "$program" hags watched prod --json >"$toy/json" 2>&1
    python3 -c "
import json, sys
h = {x['host']: x for x in json.load(open(sys.argv[1]))['hosts']}
sys.exit(not ($1))" "$toy/json" 2>"$toy/output"
}

watch_is() { # EXPRESSION of w["NAME"], the watches, and d, the answer
    "$program" hags watched --json >"$toy/json" 2>&1
    python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
w = {x['name']: x for x in d['watches']}
sys.exit(not ($1))" "$toy/json" 2>"$toy/output"
}

logged() { # TEXT
    grep -qF -- "$1" "$log"
}

# Waits until it holds, and reports.
comes() { # WHAT COMMAND...
    what=$1
    shift
    wait_for 600 "$@"
    came=$?
    [ $came -eq 0 ] || { cat "$toy/json"; tail -n 5 "$log"; } >>"$toy/output"
    report $came "$what"
}

metrics_have() { # LINE
    python3 - "$HOME/.whaleflux/socket" >"$toy/metrics" <<'PYTHON'
import http.client, socket, sys
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])
connection = Connection("localhost")
connection.request("GET", "/metrics")
sys.stdout.write(connection.getresponse().read().decode())
PYTHON
    grep -qxF -- "$1" "$toy/metrics"
}

# Three hosts: one is set from here and has been off for long, one is set and waits for its restart.
printf '[prod]\nws-[1:3]\n' >"$toy/inventory"
for number in 1 2 3; do echo "2 2 1000" >"$toy/hosts/ws-$number"; done
"$program" disable_hags --inventory "$toy/inventory" --cluster prod --hosts ws-1,ws-2 -y --state-dir "$toy/records" \
    --helper "$helper" >"$toy/output" 2>&1
echo "1 1 1000 3" >"$toy/hosts/ws-1" # restarted long ago, with fewer time-outs since
watches 1s
start_daemon --watch "$toy/watch.yaml"
comes "hosts are looked at" hosts_are "[h[n]['state'] for n in sorted(h)] == ['off-verified', 'pending-reboot', 'already-on']"
hosts_are "h['ws-1']['driver_timeouts'] == {'before': 9, 'in_30_days': 5, 'since_boot': 1, 'comparable': True}"
report $? "driver time-outs before the change and after it, where those days are over"
hosts_are "h['ws-2']['driver_timeouts']['comparable'] is False and h['ws-2']['driver_timeouts']['before'] == 9"
report $? "and that they cannot be compared yet"
watch_is "w['prod']['driver_timeouts'] == {'hosts': 1, 'before': 9, 'after': 5} and w['prod']['hosts'] == 3"
report $? "the watch has the sums"
metrics_have 'whaleflux_hags_state{watch="prod",host="ws-1",state="off-verified"} 1' &&
    grep -qxF 'whaleflux_hags_driver_timeouts_before{watch="prod",host="ws-1"} 9' "$toy/metrics" &&
    grep -qxF 'whaleflux_hags_driver_timeouts{watch="prod",host="ws-1"} 5' "$toy/metrics" &&
    grep -qxF 'whaleflux_hags_driver_timeouts_comparable{watch="prod",host="ws-2"} 0' "$toy/metrics" &&
    grep -qxF 'whaleflux_hags_hosts{watch="prod",state="drifted"} 0' "$toy/metrics"
report $? "and the metrics have all of it"
ends "as a table" 0 "9, then 5 (1 host)" hags watched
ends "and its hosts" 0 "off-verified" hags watched prod
tells "hosts by state" "[x['host'] for x in d['hosts']] == ['ws-2', 'ws-3']" hags watched prod --json --state pending-reboot,already-on
ends "no such watch" 3 "there is no watch 'prodd'" hags watched prodd
ends "hosts of no watch" 2 "none is named" hags watched --state drifted
ends "no such state" 2 "is no state of a Windows host" hags watched prod --state drifting

# Somebody sets it back; one is switched off.
put "$toy/hosts/ws-1" "2 1 1000 3"
comes "drift is seen" hosts_are "h['ws-1']['state'] == 'drifted' and h['ws-1']['drifted'] and h['ws-1']['previous_state'] == 'off-verified'"
comes "and logged" logged "watch prod: host ws-1 is drifted: set to off from here, now on"
metrics_have 'whaleflux_hags_hosts{watch="prod",state="drifted"} 1'
report $? "and counted"
rm "$toy/hosts/ws-2"
comes "one that does not answer is told with what it said last" hosts_are "h['ws-2']['state'] == 'unreachable' and h['ws-2']['configured'] == '1' and h['ws-2']['reason'] and h['ws-2']['seen_ms'] < h['ws-1']['seen_ms']"
comes "in one line of the log" logged "watch prod: host ws-2 is unreachable: "

# The inventory breaks, and is mended.
put "$toy/inventory" "- this is none"
comes "a broken inventory is a sentence" watch_is "'inventory, line 1' in (w['prod']['message'] or '')"
logged "watch prod: $toy/inventory, line 1: "
report $? "and one in the log"
metrics_have 'whaleflux_hags_look_failed{watch="prod"} 1'
report $? "and a metric"
hosts_are "len(h) == 3 and h['ws-1']['state'] == 'drifted'"
report $? "what was known is still told"
put "$toy/inventory" "[prod]\nws-[1:3]"
comes "mended, it goes on" watch_is "w['prod']['message'] is None"
logged "its hosts can be looked at again"
report $? "and says so"
[ "$(grep -c 'is drifted' "$log")" -eq 1 ]
report $? "nothing is logged twice"

# The file of watches breaks, and gets another watch.
echo "watches: {prod: {inventory: inventory, every: never}}" >"$toy/watch.yaml"
kill -HUP "$daemon"
comes "a broken file of watches is a sentence" watch_is "'every' in (d['message'] or '') and 'prod' in w"
logged "the file of --watch is not taken: "
report $? "also in the log"
echo "ws-3" >"$toy/second"
watches 1h "second: {inventory: $toy/second, every: 1h, state_dir: $toy/records}"
kill -HUP "$daemon"
comes "another watch is taken up" watch_is "d['message'] is None and sorted(w) == ['prod', 'second'] and w['second']['hosts'] == 1"
watch_is "w['prod']['every_ms'] == 3600000 and w['prod']['next_ms'] > w['prod']['looked_ms'] + 3000000"
report $? "and the other's time"

# Over a restart everything is there, and nobody is asked before it is due.
hosts_are "True" && cp "$toy/json" "$toy/before"
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
echo "1 1 1000 3" >"$toy/hosts/ws-1"
start_daemon --watch "$toy/watch.yaml"
hosts_are "True" && cmp "$toy/json" "$toy/before" >"$toy/output" 2>&1
report $? "what was seen is there after kill -9"

# A look that takes long holds up nothing, and neither does it those who set hosts.
stop_daemon
FAKE_DELAY_MS=1500
export FAKE_DELAY_MS
watches 2s
start_daemon --watch "$toy/watch.yaml"
comes "a long look holds up no request" watch_is "w['prod']['started_ms']"
FAKE_DELAY_MS=0 timeout 300 "$program" disable_hags --inventory "$toy/inventory" --cluster prod --hosts ws-1 -y \
    --state-dir "$toy/records" --helper "$helper" >"$toy/output" 2>&1
report $? "nor those who set hosts meanwhile"
stop_daemon
FAKE_DELAY_MS=30000 # several times, in one look
start_daemon --watch "$toy/watch.yaml"
comes "a look of minutes" watch_is "w['prod']['started_ms']"
started=$(date +%s)
stop_daemon
[ $(($(date +%s) - started)) -le 40 ]
report $? "does not hold up the daemon's end"
no_look() {
    ! pgrep -f "hags status --json --inventory $toy/inventory" >"$toy/output"
}
comes "and ends with it" no_look

# No ssh.
FAKE_DELAY_MS=0
rm "$toy/bin/ssh" "$toy/bin/scp"
mkdir "$toy/tools"
for tool in sh sed grep; do ln -s "$(PATH=$plain_path command -v "$tool")" "$toy/tools/$tool"; done
started_path=$PATH
PATH=$toy/bin:$toy/tools
echo 'watches: {prod: {inventory: inventory, every: 1s, state_dir: '"$toy/records"'}}' >"$toy/watch.yaml"
"$program" serve --listen 127.0.0.1:0 --watch "$toy/watch.yaml" >>"$log" 2>&1 &
daemon=$!
PATH=$started_path
comes "without ssh it is one sentence" watch_is "'ssh cannot be started' in (w['prod']['message'] or '')"
logged "watch prod: ssh cannot be started"
report $? "also in the log"
stop_daemon

# No file at all: the daemon serves.
start_daemon --watch "$toy/nowhere.yaml"
watch_is "'nowhere.yaml' in d['message'] and not w"
report $? "without the file of watches it serves, and says so"
ends "to people, too" 0 "cannot take its file of watches" hags watched
stop_daemon
# A damaged record of what was seen.
echo "{" >"$HOME/.whaleflux/hags/prod.json"
watches 1h
start_daemon --watch "$toy/watch.yaml"
[ -e "$HOME/.whaleflux/hags/prod.damaged" ] && logged "is put aside as prod.damaged"
report $? "what cannot be read is put aside"
stop_daemon
# shellcheck disable=SC2119 # it has options of its own
start_daemon
ends "nothing is watched unless asked for" 0 "watches no Windows hosts" hags watched
stop_daemon
! grep -E "Sanitizer|runtime error" "$log" >"$toy/output"
report $? "and no daemon of all these had a fault"
finish
