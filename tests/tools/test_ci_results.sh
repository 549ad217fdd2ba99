#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs python3

results() { # EXIT_STATUS EXPECTED: what .ci/results.py prints for log.json must be EXPECTED
    python3 "$project/.ci/results.py" gcc "$1" "$toy/log.json" >"$toy/output" 2>&1
    [ "$(cat "$toy/output")" = "$2" ]
}

write log.json <<'JSON'
{"name": "a", "result": "OK", "stdout": "ok 1 - a"}
{"name": "b", "result": "SKIP", "stdout": "1..0 # SKIP no GPU here"}
{"name": "c", "result": "TIMEOUT", "stdout": ""}
{"name": "d", "result": "FAIL", "stdout": "not ok 1 - keys\n# lost\n# all\nok 2 - doors\n# late\nnot ok 3 - it asks\n"}
JSON
report_as() { # WHAT EXIT_STATUS EXPECTED
    results "$2" "$3"
    report $? "$1"
}
report_as "each result by its kind, with what is wrong or missing" 1 "passed gcc: a
skipped gcc: b: no GPU here
failed gcc: c: TIMEOUT
failed gcc: d: keys (lost); it asks (late)"

echo '{"name": "a", "result": "OK"}' | write log.json
report_as "a failed run in which no test failed" 1 "passed gcc: a
failed gcc: exit status 1 though no test failed"

: | write log.json
report_as "a run without tests is a failure" 0 "failed gcc: no test ran"

rm "$toy/log.json"
report_as "a run without a log is a failure" 0 "failed gcc: no test ran (No such file or directory)"

finish
