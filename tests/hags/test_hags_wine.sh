#!/bin/sh
# disable_hags and its kin against stand-ins for Windows: wine behind a real sshd.
#   test_hags_wine.sh PROGRAM STAND_INS     STAND_INS: the folder with the stand-in programs
# What this shows and what it cannot is told in docs/hags.md.
# shellcheck source=../e2e/cli.sh
. "$(dirname "$0")/../e2e/cli.sh"
stand_ins=$2
needs wine wineserver wineboot ssh scp ssh-keygen python3 setsid timeout
[ -e "$stand_ins/shell.exe" ] || skip_all "no compiler for Windows was there to make the stand-ins"
[ -x /usr/lib/openssh/sftp-server ] || skip_all "openssh-sftp-server is not installed"
[ -x "$(command -v sshd || echo /usr/sbin/sshd)" ] || skip_all "openssh-server is not installed"
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"
trap stop_bed EXIT
trap 'exit 1' INT TERM

mkdir -p "$toy/home" "$toy/hosts" "$toy/runtime"
make_base
[ -e "$toy/base/system.reg" ] || skip_all "wine makes no prefix here"

free_ports 15
# shellcheck disable=SC2086,SC2154 # one word for one port; from free_ports
set -- $ports
on=$1 bare=$2 off=$3 always=$4 tcc=$5 old=$6 nothing=$7 dies=$8 full=$9
shift 9
corrupt=$1 liar=$2 ten=$3 linux=$4 stranger=$5 dead=$6

make_host "$on" gpu 22631 2 2
make_host "$bare" wddm-2.7 22631 absent 2
make_host "$off" gpu 22631 1 1
make_host "$always" always-on 22631 2 2
make_host "$tcc" tcc 22631 absent 2
make_host "$old" old 22631 absent 2
make_host "$nothing" gpu 22631 2 2
make_host "$dies" gpu 26100 2 2
make_host "$full" gpu 22631 2 2
make_host "$corrupt" gpu 22631 2 2
make_host "$liar" gpu 22631 2 2
make_host "$ten" gpu 19045 2 2
mkdir -p "$toy/hosts/$linux" "$toy/hosts/$stranger"
for fault in nothing dies full corrupt liar linux; do
    eval "echo $fault >\"\$toy/hosts/\$$fault/fault\""
done
for port in $on $bare $off $always $tcc $old $nothing $dies $full $corrupt $liar $ten; do
    start_host "$port" &
done
start_sshd "$on" "$bare" "$off" "$always" "$tcc" "$old" "$nothing" "$dies" "$full" "$corrupt" "$liar" \
    "$ten" "$linux" "$stranger" || skip_all "sshd does not start here: $(tail -n 1 "$toy/sshd.log")"
# One host has another key than the one known.
sed -i "s|^\(\[127.0.0.1\]:$stranger ssh-ed25519\) .*|\1 $(cut -d' ' -f2 "$toy/other_key.pub")|" "$toy/known_hosts"
wait
play_restarts &
player=$!

cat >"$toy/hosts.yaml" <<INVENTORY
clusters:
  prod:
    user: $user
    key: "$toy/key file"
    known_hosts: $toy/known_hosts
    hosts:
      - {name: on, address: 127.0.0.1, port: $on, tags: [render]}
      - {name: "bare host; 'quoted' & \$(touch pwned)", address: 127.0.0.1, port: $bare}
      - {name: off, address: 127.0.0.1, port: $off, os: windows11}
      - {name: always, address: 127.0.0.1, port: $always}
      - {name: tcc, address: 127.0.0.1, port: $tcc}
      - {name: old, address: 127.0.0.1, port: $old}
      - {name: nothing, address: 127.0.0.1, port: $nothing}
      - {name: dies, address: 127.0.0.1, port: $dies}
      - {name: full, address: 127.0.0.1, port: $full}
      - {name: corrupt, address: 127.0.0.1, port: $corrupt}
      - {name: liar, address: 127.0.0.1, port: $liar}
      - {name: ten, address: 127.0.0.1, port: $ten, os: windows11}
      - {name: wrong-key, address: 127.0.0.1, port: $on, key: $toy/other_key}
      - {name: stranger, address: 127.0.0.1, port: $stranger}
      - {name: dead, address: 127.0.0.1, port: $dead}
  linux:
    user: $user
    key: "$toy/key file"
    known_hosts: $toy/known_hosts
    hosts: [{name: box, address: 127.0.0.1, port: $linux}]
groups:
  good: [on, "bare host; 'quoted' & \$(touch pwned)", off, dies]
  pair: [on, dies]
INVENTORY

# STATUS ARGUMENT...: the command's exit status, and its JSON in $toy/json.
hags() {
    expected=$1
    shift
    # shellcheck disable=SC2086 # $verb may be two words
    timeout 600 "$program" $verb --inventory "$toy/hosts.yaml" --state-dir "$toy/records" --json \
        --connect-timeout 30 --retries 1 --poll 1 -y "$@" >"$toy/json" 2>"$toy/output"
    status=$?
    [ "$status" -eq "$expected" ] || echo "exit status $status, not $expected" >>"$toy/output"
    [ "$status" -eq "$expected" ]
}

# What python makes of the JSON: h["NAME"] is a host.
tells() { # WHAT EXPRESSION
    python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
h = {x['host']: x for x in d['hosts']}
bare = [x for x in d['hosts'] if x['host'].startswith('bare')]
bare = bare[0] if bare else None
assert $2, json.dumps([(x['host'], x['state'], x['reason']) for x in d['hosts']], indent=1)" \
        "$toy/json" >>"$toy/output" 2>&1
    report $? "$1"
}

nothing_left() { # WHAT
    find "$toy"/hosts/*/prefix/drive_c/users -name 'whaleflux-*' | grep -v "/$full/\|/$corrupt/" >"$toy/output"
    [ ! -s "$toy/output" ]
    report $? "$1"
}

verb="hags status"
hags 0 --cluster prod --hosts on,off,always,tcc,old
tells "what is before anything is set" "[h[n]['state'] for n in ('on', 'off', 'always', 'tcc', 'old')] == ['already-on', 'already-off', 'already-on', 'not-applicable', 'unsupported']" 
tells "names and caps come from the kernel" "h['on']['adapters'][0]['name'] == 'Stand-in \"GPU\" é\\\\1' and h['on']['adapters'][0]['driver'] == 'stable' and h['tcc']['nvidia'][0]['model'] == 'tcc' and h['off']['build'] == 22631"
nothing_left "the helper is gone after a look"

verb=disable_hags
hags 1 --cluster prod --os windows11 --dry-run
tells "a dry run sets nothing" "h['on']['state'] == 'would-change' and h['on']['configured'] == '2' and h['ten']['state'] == 'other-os' and h['always']['state'] == 'refused'"

hags 1 --cluster prod --os windows11
report $? "where not every host is as wanted, the exit status says so"
tells "on: set, and works after the restart" "h['on']['state'] == 'pending-reboot' and h['on']['configured'] == '1' and h['on']['effective'] == 'on' and h['on']['prior'] == '2'"
tells "no value is another thing than off: it is written" "bare['state'] == 'pending-reboot' and bare['prior'] == 'absent'"
tells "off already" "h['off']['state'] == 'already-off' and h['off']['prior'] is None"
tells "a driver that is always on is refused, not pretended" "h['always']['state'] == 'refused' and h['always']['configured'] == '2'"
tells "compute cards: not applicable" "h['tcc']['state'] == 'not-applicable'"
tells "a driver without it: unsupported" "h['old']['state'] == 'unsupported'"
tells "answers rc 0 and did nothing: failed" "h['nothing']['state'] == 'failed'"
tells "says that it is done and is not: failed" "h['liar']['state'] == 'failed' and 'has not' in h['liar']['reason']"
tells "dies in the middle of the write: looked at again" "h['dies']['state'] == 'pending-reboot' and h['dies']['prior'] == '2'"
tells "a full disk: failed, with a reason" "h['full']['state'] == 'failed' and 'cannot be copied' in h['full']['reason']"
tells "a helper that was changed on its way is never run" "h['corrupt']['state'] == 'failed' and 'not what was sent' in h['corrupt']['reason']"
tells "the build counts, not the inventory's word" "h['ten']['state'] == 'other-os' and '19045' in h['ten']['reason']"
tells "a wrong key" "h['wrong-key']['state'] == 'unreachable' and 'refuses the key' in h['wrong-key']['reason']"
tells "a host key that changed" "h['stranger']['state'] == 'unreachable' and 'host key' in h['stranger']['reason']"
tells "a host that is not there" "h['dead']['state'] == 'unreachable' and 'refuses the connection' in h['dead']['reason']"
nothing_left "the helper is gone from all hosts that could be reached"
grep -c "pwned" "$toy/commands" >"$toy/output"
[ "$(cat "$toy/output")" -eq 0 ] && [ ! -e pwned ]
report $? "no name of a host reaches a shell"

verb="hags status"
hags 1 --cluster good
tells "status says the same later" "h['on']['state'] == 'pending-reboot' and h['off']['state'] == 'already-off'"

verb=disable-hags
hags 0 --cluster good --reboot now --wave 1 --wait-limit 120
report $? "restarted and verified, every host is where it should be"
tells "the drivers say that it is off" "h['on']['state'] == 'off-verified' and h['dies']['state'] == 'off-verified' and bare['state'] == 'off-verified' and h['on']['effective'] == 'off'"
sort -n "$toy/down-at-once" | tail -n 1 >"$toy/output"
[ "$(cat "$toy/output")" -eq 1 ]
report $? "a wave of one restarts one at once"

# Somebody turns it on again behind our back.
WINEPREFIX=$toy/hosts/$on/prefix timeout 60 wine reg add 'HKLM\System\CurrentControlSet\Control\GraphicsDrivers' \
    /v HwSchMode /t REG_DWORD /d 2 /f </dev/null >/dev/null 2>&1
verb="hags status"
hags 1 --cluster good
tells "drift is seen" "h['on']['state'] == 'drifted' and h['dies']['state'] == 'off-verified'"

# Interrupted at any instant and run again: the same end.
verb=disable_hags
for delay in 0.3 1 2 3; do
    timeout -s KILL "$delay" "$program" disable_hags --inventory "$toy/hosts.yaml" --state-dir "$toy/records" \
        --cluster pair -y >/dev/null 2>&1
done
hags 1 --cluster pair
tells "killed four times, then run to its end" "h['on']['state'] in ('pending-reboot', 'off-verified') and h['on']['configured'] == '1' and h['on']['prior'] == '2'"
nothing_left "and no helper is left behind"

verb="hags restore"
hags 1 --cluster good
tells "restore puts back what was there" "h['on']['configured'] == '2' and bare['configured'] == 'absent' and h['off']['state'] == 'untouched' and h['dies']['state'] == 'pending-reboot'"
verb="hags restore"
hags 0 --cluster good --reboot now --wave 4 --wait-limit 120
tells "and sees it at work after the restart" "h['dies']['state'] == 'restored' and bare['state'] == 'restored' and h['dies']['effective'] == 'on'"

verb=disable_hags
touch "$toy/hosts/$on/stays-down"
hags 1 --cluster pair --hosts on --reboot now --wait-limit 8
tells "a host that does not come back is said to be gone" "h['on']['state'] == 'unreachable' and 'come back' in h['on']['reason']"

hags 1 --cluster linux
tells "Linux has no such setting" "h['box']['state'] == 'no-such-setting' and 'Linux' in h['box']['reason']"
finish
