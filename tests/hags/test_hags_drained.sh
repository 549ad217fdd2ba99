#!/bin/sh
# disable_hags --reboot=drained against a daemon of our own: its node is a stand-in for a Windows host
# (wine behind a real sshd), restarted when the work on it is over, and not before.
#   test_hags_drained.sh PROGRAM STAND_INS
# shellcheck source=../e2e/live.sh
. "$(dirname "$0")/../e2e/live.sh"
stand_ins=$2
needs wine wineserver wineboot ssh scp ssh-keygen setsid timeout
[ -e "$stand_ins/shell.exe" ] || skip_all "no compiler for Windows was there to make the stand-ins"
[ -x /usr/lib/openssh/sftp-server ] || skip_all "openssh-sftp-server is not installed"
[ -x "$(command -v sshd || echo /usr/sbin/sshd)" ] || skip_all "openssh-server is not installed"
stand_ins=$(realpath "$stand_ins")
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"
cd "$toy/work" || exit 1

end_all() {
    [ -z "$daemon" ] || for job in $("$program" ps --json 2>/dev/null | grep -o '"id": [0-9]*' | grep -o '[0-9]*'); do
        "$program" cancel "$job" >/dev/null 2>&1
    done
    [ -z "$daemon" ] || { wait_for 100 nothing_lives; stop_daemon; }
    stop_bed
}
trap end_all EXIT
trap 'exit 1' INT TERM

mkdir -p "$toy/hosts"
make_base
[ -e "$toy/base/system.reg" ] || skip_all "wine makes no prefix here"
free_ports 2
# shellcheck disable=SC2086,SC2154 # one word for one port; from free_ports
set -- $ports
node_port=$1 other_port=$2
make_host "$node_port" gpu 22631 2 2
make_host "$other_port" gpu 22631 2 2
start_host "$node_port" &
first=$!
start_host "$other_port" &
wait $first $!
start_sshd "$node_port" "$other_port" || skip_all "sshd does not start here: $(tail -n 1 "$toy/sshd.log")"
play_restarts &
player=$!
# shellcheck disable=SC2119 # it has options of its own
start_daemon
node=$("$program" nodes --json | python3 -c "import json, sys; print(json.load(sys.stdin)['nodes'][0]['name'])")
cat >"$toy/hosts.yaml" <<INVENTORY
clusters:
  ours:
    user: $user
    key: "$toy/key file"
    known_hosts: $toy/known_hosts
    hosts:
      - {name: "$node", address: 127.0.0.1, port: $node_port}
      - {name: nobodys-node, address: 127.0.0.1, port: $other_port}
INVENTORY

hags() { # STATUS OPTION...: the command's exit status, and its JSON in $toy/json
    expected=$1
    shift
    timeout 600 "$program" disable_hags --inventory "$toy/hosts.yaml" --state-dir "$toy/records" --json -y \
        --cluster ours --connect-timeout 30 --poll 1 --reboot drained "$@" >"$toy/json" 2>"$toy/output"
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
}

hosts_tell() { # WHAT EXPRESSION: of h["NAME"] and of the exit status
    python3 -c "
import json, sys
h = {x['host']: x for x in json.load(open(sys.argv[1]))['hosts']}
assert $2, json.dumps([(x['host'], x['state'], x['reason']) for x in h.values()], indent=1)" \
        "$toy/json" >>"$toy/output" 2>&1 && [ "$status" -eq "$expected" ]
    report $? "$1"
}

node_is() { # STATE
    "$program" nodes --json | grep -q "\"state\": \"$1\""
}

# Work that does not leave in time.
stubborn=$("$program" run --detach --cpus 1 -- sleep 1000)
wait_for 200 state_is "$stubborn" running
hags 1 --drain-limit 3
hosts_tell "a node whose work does not leave in time is not restarted" \
    "h['$node']['state'] == 'pending-reboot' and 'job $stubborn' in h['$node']['reason'] and 'not restarted' in h['$node']['reason']"
hosts_tell "nor one that the daemon does not know" \
    "h['nobodys-node']['state'] == 'pending-reboot' and 'there is no node' in h['nobodys-node']['reason']"
! grep -q shutdown "$toy/commands"
report $? "nobody was told to restart"
node_is up
report $? "and the node takes work again"
state_is "$stubborn" running
report $? "the work runs on"

# Work that leaves while it is waited for, and work that comes meanwhile.
(
    wait_for 600 node_is drained
    late=$("$program" run --detach --cpus 1 -- true)
    echo "$late" >"$toy/late"
    sleep 2
    state_is "$late" waiting && touch "$toy/late-waits"
    [ -e "$toy/down-at-once" ] && touch "$toy/too-early"
    "$program" cancel "$stubborn" >/dev/null
) &
helper=$!
hags 0 --hosts "$node" --drain-limit 200 --wait-limit 300
hosts_tell "restarted when its work is over, and verified" "h['$node']['state'] == 'off-verified' and h['$node']['effective'] == 'off'"
wait $helper
[ -e "$toy/late-waits" ] && [ ! -e "$toy/too-early" ] && [ -e "$toy/down-at-once" ]
report $? "it was not restarted before, and got no new work"
wait_for 200 state_is "$(cat "$toy/late")" "done"
report $? "which starts when the node is back"
node_is up
report $? "the node takes work again after"

# A daemon that is not there: nothing is known of the work, so nothing is restarted.
stop_daemon
rm -f "$toy/commands"
hags 1 --hosts nobodys-node
hosts_tell "without a daemon nobody is restarted" \
    "h['nobodys-node']['state'] == 'pending-reboot' and 'not restarted' in h['nobodys-node']['reason']"
! grep -q shutdown "$toy/commands"
report $? "nor told to"
finish
