#!/bin/sh
# A replay that is kept in a journal: killed at any moment and resumed it comes to the same, and the
# journal is a history of its own.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"

# A history of 20,000 jobs on 24 GPUs, which keeps some of them waiting.
awk 'BEGIN {
    print "; Version: 2.2"
    for (job = 1; job <= 20000; job++) {
        random = (random * 1103515245 + 12345) % 2147483648
        run = 60 + int(random / 65536) % 3000
        gpus = int(random / 1048576) % 9 == 0 ? 8 : 1 + int(random / 131072) % 2
        submit += int(random / 4096) % 360
        printf "%d %d 0 %d %d -1 -1 %d %d -1 1 %d 1 -1 1 1 -1 -1\n", job, submit, run, gpus, gpus, \
            run * 2, 1 + job % 7
    }
}' </dev/null >"$toy/history.swf"
cat >"$toy/cluster.yaml" <<'YAML'
pools:
  - name: h100
    gpu: H100
    nodes: 3
    gpus_per_node: 8
    cpus_per_node: 128
    memory_gib_per_node: 1024
    usd_per_gpu_hour: 2.50
YAML

kept() { # JOURNAL POLICY ARGUMENT...
    journal=$1
    policy=$2
    shift 2
    "$program" replay "$toy/history.swf" --cluster "$toy/cluster.yaml" --policy "$policy" \
        --own none --journal "$journal" --json "$@"
}

same_report() { # NAME
    grep -v '"seconds"' "$toy/reference.json" >"$toy/a.json"
    grep -v '"seconds"' "$toy/$1.json" >"$toy/b.json"
    cmp "$toy/a.json" "$toy/b.json"
}

kept "$toy/reference" foresight >"$toy/reference.json" 2>"$toy/output"
report $? "a replay is kept in a journal"

prints "verify steps it again and finds the same hashes" "  checked     " \
    journal verify "$toy/reference"
last=$(tail -n 1 "$toy/reference" | cut -d ' ' -f 2)
grep -qF "hash        $last" "$toy/stdout"
report $? "the last line is the hash that verify comes to"

# Killed again and again, each time when the journal has grown; then left to end.
killed=0
: >"$toy/killed"
for moment in 1 2 3 4 5 6 7 8 9 10; do
    before=$(wc -c <"$toy/killed")
    "$program" replay "$toy/history.swf" --cluster "$toy/cluster.yaml" --policy foresight \
        --own none --journal "$toy/killed" --json >"$toy/killed.json" 2>/dev/null &
    pid=$!
    while [ "$(wc -c <"$toy/killed")" -le "$before" ] && kill -0 "$pid" 2>/dev/null; do
        sleep "0.00$moment"
    done
    kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
    wait "$pid" 2>/dev/null
done
echo "killed $killed times, the journal then had $(wc -c <"$toy/killed") bytes" >"$toy/output"
[ "$killed" -gt 0 ]
report $? "it was killed while it ran"
kept "$toy/killed" foresight >"$toy/killed.json" 2>"$toy/output" &&
    cmp "$toy/killed" "$toy/reference" >>"$toy/output" 2>&1 && same_report killed >>"$toy/output" 2>&1
report $? "killed and resumed it gives the same journal, hash and report"

# What a machine that lost its power leaves: any part of the file.
status=0
bytes=$(wc -c <"$toy/reference")
for part in 1 30 500 77777 400000 1000001 $((bytes - 1)) "$bytes"; do
    head -c "$part" "$toy/reference" >"$toy/cut"
    kept "$toy/cut" foresight >"$toy/cut.json" 2>"$toy/output" || status=1
    cmp "$toy/cut" "$toy/reference" >>"$toy/output" 2>&1 || status=1
    same_report cut >>"$toy/output" 2>&1 || status=1
done
[ "$status" -eq 0 ]
report $? "cut anywhere and resumed it gives the same journal, hash and report"

head -c 400000 "$toy/reference" >"$toy/cut"
kept "$toy/cut" foresight >/dev/null 2>"$toy/output"
grep -qE '^whaleflux: .*/cut: the last line was cut short, [0-9]+ bytes are left out$' "$toy/output" &&
    grep -qE '^whaleflux: .*/cut: resumed, [0-9,]+ of [0-9,]+ events were there$' "$toy/output"
report $? "it says what it found"

replay_of() { # WHAT TEXT JOURNAL ARGUMENT...
    what=$1
    text=$2
    journal=$3
    shift 3
    says "$what" "$text" replay "$toy/history.swf" --cluster "$toy/cluster.yaml" --own none \
        --journal "$journal" "$@"
}

replay_of "another policy is another run" \
    "is the journal of another run: it has policy=cost-first where this one has policy=best-fit" \
    "$toy/reference" --policy easy
replay_of "so are other options" "it has from=any where this one has from=0" "$toy/reference" \
    --policy foresight --from 0
replay_of "two policies do not fit into one journal" \
    "--journal keeps the run of one policy, and --policy names 2" "$toy/none" --policy fifo,easy
replay_of "another file is left alone" "is no journal" "$toy/cluster.yaml" --policy foresight
sed '100s/end/END/;100s/submit/SUBMIT/' "$toy/reference" >"$toy/damaged"
replay_of "damage is refused with its line" "damaged, line 100: the line is damaged" \
    "$toy/damaged" --policy foresight
says "verify refuses it as well" "damaged, line 100: the line is damaged" \
    journal verify "$toy/damaged"
says "and as a history" "damaged, line 101: the line before this one is damaged" \
    replay "$toy/damaged" --policy easy
says "verify wants a journal" "is no journal" journal verify "$toy/cluster.yaml"
says "and says what else it can do: nothing" "it must be verify" journal mend "$toy/reference"

# The journal as a history, on its own machines: its policy replayed is what happened, to the hash.
"$program" replay "$toy/reference" --policy easy --json >"$toy/again.json" 2>"$toy/output"
report $? "a journal is a history, and tells its machines"
kept "$toy/easy" easy >"$toy/easy.json" 2>"$toy/output"
"$program" replay "$toy/easy" --policy easy --own none --journal "$toy/easy2" >"$toy/output" 2>&1
[ "$(tail -n 1 "$toy/easy" | cut -d ' ' -f 2,3)" = "$(tail -n 1 "$toy/easy2" | cut -d ' ' -f 2,3)" ]
report $? "replayed under the policy that made it, it comes to the same hash"
head -c 400001 "$toy/easy" >"$toy/cut"
"$program" replay "$toy/cut" --policy easy >"$toy/output" 2>&1 &&
    grep -qE 'cut: line [0-9]+: the last line was cut short' "$toy/output"
report $? "a journal that was cut short is a shorter history"

finish
