#!/bin/sh
# disable_hags over hundreds of hosts that answer after half a second, and what it does when it is
# killed: the programs ssh and scp are played.
#   test_hags_fleet.sh PROGRAM FAKE_SSH HELPER [small]     small: fewer hosts, no time limit
# shellcheck source=../e2e/cli.sh
. "$(dirname "$0")/../e2e/cli.sh"
fake=$2
helper=${3:-}
hosts=200 limit=20 rounds="1 2 3 4"
[ "${4:-}" != small ] || hosts=040 limit=100 rounds=1
needs python3 timeout sha256sum
[ -e "$helper" ] || { echo "no Windows program here" >"$toy/helper.exe"; helper=$toy/helper.exe; }
mkdir -p "$toy/bin" "$toy/hosts" "$toy/home"
cp "$fake" "$toy/bin/ssh"
cp "$fake" "$toy/bin/scp"
PATH=$toy/bin:$PATH
FAKE_HOSTS=$toy/hosts
FAKE_DIGEST=$(sha256sum <"$helper" | cut -d' ' -f1)
export PATH FAKE_HOSTS FAKE_DIGEST

# How many times slower this machine is now than one that has time, by a look at hosts that answer at
# once: 200 of them take some two seconds then. Time limits are for a machine that has time.
milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}
slow_factor() {
    start=$(milliseconds)
    FAKE_DELAY_MS=0 FAKE_DEAD_S=0 "$program" hags status --inventory "$toy/inventory" --state-dir "$toy/slow" \
        --helper "$helper" --retries 0 >/dev/null 2>&1
    echo $((1 + ($(milliseconds) - start) / 4000))
}

new_hosts() { # COUNT
    rm -rf "$toy/hosts" "$toy/records"
    mkdir -p "$toy/hosts"
    for number in $(seq -w "$1"); do echo "2 2 1000" >"$toy/hosts/ws-$number"; done
}

hags() { # STATUS ARGUMENT...
    expected=$1
    shift
    # shellcheck disable=SC2086 # $verb may be two words
    timeout $((110 * slow)) "$program" $verb --inventory "$toy/inventory" --state-dir "$toy/records" --helper "$helper" \
        --json -y --poll 1 --retries 0 "$@" >"$toy/json" 2>"$toy/output"
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
    [ "$status" -eq "$expected" ]
}

tells() { # WHAT EXPRESSION
    python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
h = {x['host']: x for x in d['hosts']}
s = d['states']
assert $2, json.dumps(s)" "$toy/json" >>"$toy/output" 2>&1
    report $? "$1"
}

printf '[prod]\nws-[001:%s] ansible_user=admin ansible_password=hunter2\n' "$hosts" >"$toy/inventory"
new_hosts $hosts
rm "$toy/hosts/ws-007"
verb=disable_hags
slow=$(slow_factor)
FAKE_DELAY_MS=500
export FAKE_DELAY_MS
start=$(date +%s)
hags 1 --cluster prod --os windows11
took=$(($(date +%s) - start))
tells "$hosts hosts half a second away, one of them dead" "s == {'pending-reboot': int('$hosts') - 1, 'unreachable': 1} and h['ws-007']['state'] == 'unreachable'"
after=$(slow_factor)
[ "$after" -lt "$slow" ] || slow=$after
echo "took $took s, on a machine $slow times slower than usual" >"$toy/output"
[ "$took" -lt $((limit * slow)) ]
report $? "are done in under $limit s"
"$program" disable_hags --inventory "$toy/inventory" --helper "$helper" --dry-run --hosts ws-001 --cluster prod --state-dir "$toy/other" >"$toy/output" 2>&1
! grep -rq hunter2 "$toy/records" "$toy/json" "$toy/output" && grep -q "passwords in the inventory were not read" "$toy/output"
report $? "a password in the inventory goes nowhere, and that is said"
tells "driver time-outs before are kept" "h['ws-001']['driver_timeouts_before'] == 9"

FAKE_DELAY_MS=20
hags 1 --cluster prod
tells "again: nothing is set twice" "s == {'pending-reboot': int('$hosts') - 1, 'unreachable': 1} and h['ws-001']['prior'] == '2'"

# Interrupted at any instant and run again: the same state. Signals come after random times.
printf '[prod]\nws-[01:12]\n' >"$toy/inventory"
FAKE_DELAY_MS=30
end=0
for round in $rounds; do
    new_hosts 12
    for delay in 0.05 0.1 0.2 0.3; do
        signal=KILL
        [ $((round % 2)) -eq 0 ] || signal=TERM
        timeout -s $signal "0.$round$(printf %s "$delay" | cut -c3-)" "$program" disable_hags --inventory "$toy/inventory" \
            --state-dir "$toy/records" --helper "$helper" --reboot now --wave 3 --poll 1 -y >/dev/null 2>&1
    done
    verb=disable_hags
    hags 0 --cluster prod --reboot now --wave 12 || end=1
    [ "$(cut -d' ' -f1,2 "$toy"/hosts/ws-* | sort -u)" = "1 1" ] || end=1
    verb="hags restore"
    hags 0 --cluster prod --reboot now --wave 12 || end=1
    [ "$(cut -d' ' -f1,2 "$toy"/hosts/ws-* | sort -u)" = "2 2" ] || end=1
    [ $end -eq 0 ] || break
done
report $end "killed at many instants, run again: off everywhere; restored: as before everywhere"

# Drained: the inventory's command moves the work away before, and lets it back after.
new_hosts 2
cat >"$toy/bin/drainer" <<'SCRIPT'
#!/bin/sh
echo "$@" >>"$FAKE_HOSTS/../drained"
[ "$2" != ws-2 ] || [ "$1" != away ] || exit 1
SCRIPT
chmod +x "$toy/bin/drainer"
cat >"$toy/inventory" <<INVENTORY
clusters:
  prod:
    drain: [drainer, away, "{host}"]
    undrain: [drainer, back, "{host}"]
    hosts: [ws-1, ws-2]
INVENTORY
verb=disable_hags
hags 1 --cluster prod --reboot drained
tells "who cannot be drained is not restarted" "h['ws-1']['state'] == 'off-verified' and h['ws-2']['state'] == 'pending-reboot' and 'moved away' in h['ws-2']['reason']"
sort "$toy/drained" >"$toy/output"
[ "$(tr '\n' ';' <"$toy/output")" = "away ws-1;away ws-2;back ws-1;back ws-2;" ]
report $? "drained before, given work again after, also where the work did not leave"

verb="hags status"
hags 1 --cluster prod --metrics "$toy/hags.prom"
cp "$toy/hags.prom" "$toy/output"
grep -qx 'whaleflux_hags_state{host="ws-1",state="off-verified"} 1' "$toy/hags.prom" &&
    grep -qx 'whaleflux_hags_driver_timeouts_before{host="ws-1"} 9' "$toy/hags.prom" &&
    grep -qx 'whaleflux_hags_driver_timeouts{host="ws-2"} 9' "$toy/hags.prom"
report $? "states and driver time-outs before and after as metrics"

# Two at once would undo each other.
FAKE_DELAY_MS=1500
new_hosts 2
"$program" disable_hags --inventory "$toy/inventory" --state-dir "$toy/records" --helper "$helper" -y >/dev/null 2>&1 &
other=$!
for _ in $(seq 300); do
    ! grep -qs set "$toy/records/hags.jsonl.lock" || break
    sleep 0.1
done
verb=disable_hags
hags 2 --cluster prod
grep -q "another run is at work" "$toy/output"
report $? "a second run at the same time is refused"
wait $other
FAKE_DELAY_MS=0

# What is asked, and what is refused.
says "who writes is asked" "-y agrees" disable_hags --inventory "$toy/inventory" --helper "$helper" \
    --state-dir "$toy/records" --cluster prod </dev/null
for kind in reg gpo intune powershell; do
    "$program" disable_hags --export=$kind --out "$toy" >>"$toy/output" || echo "failed $kind" >>"$toy/output"
done
grep -q 'dword:00000001' "$toy/hags-off.reg" && python3 -c "
import sys, xml.dom.minidom
tree = xml.dom.minidom.parse(sys.argv[1])
assert tree.getElementsByTagName('Properties')[0].getAttribute('value') == '00000001'" "$toy/hags-off-registry.xml" &&
    grep -q 'wanted = 1' "$toy/hags-off-detect.ps1" && grep -q 'wanted = 1' "$toy/hags-off-remediate.ps1" &&
    grep -q 'ShouldProcess' "$toy/hags-off.ps1"
report $? "four exports, in five files"
"$program" enable-hags --export=reg --out "$toy" >"$toy/output" && grep -q 'dword:00000002' "$toy/hags-on.reg"
report $? "and the other way round: 2 is on"
says "no such cluster" "did you mean 'prod'" disable_hags --inventory "$toy/inventory" --helper "$helper" --cluster prdo -y
says "a system that has none" "Linux has none" disable_hags --inventory "$toy/inventory" --cluster prod --os linux
finish
