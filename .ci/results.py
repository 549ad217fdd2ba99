#!/usr/bin/env python3
"""Prints one line per test program of a meson test log: passed, failed or skipped, with its reason.

usage: results.py NAME EXIT_STATUS TESTLOG_JSON
"""
import json
import re
import sys


def reason(test):
    """The reason a skipped test gave: after "# SKIP" in TAP, else its last line."""
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    tap = re.search(r"#\s*SKIP\s*(.*)", output, re.IGNORECASE)
    if tap and tap.group(1).strip():
        return tap.group(1).strip()
    lines = output.strip().splitlines()
    return lines[-1] if lines else "no reason given"


def failures(test):
    """What a failed test said of itself: its first TAP lines that are not ok, each with the first
    comment after it, or else the last before it; without any, how it ended."""
    told, comment, after = [], "", False
    for line in (test.get("stdout") or "").splitlines():
        result = re.match(r"(not )?ok \d+ ?-? ?(.*)$", line)
        if result:
            if result.group(1):
                told.append([result.group(2), comment])
            comment, after = "", bool(result.group(1))
        elif line.startswith("# "):
            comment = line[2:].strip()
            if after:
                told[-1][1], after = comment, False
    return "; ".join(f"{what} ({why})" if why else what for what, why in told[:3]) or test["result"]


def main():
    suite, status, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    try:
        with open(path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except OSError as error:
        print(f"failed {suite}: no test ran ({error.strerror})")
        return
    failed = 0
    for test in tests:
        name = f"{suite}: {test['name']}"
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            print(f"passed {name}")
        elif test["result"] == "SKIP":
            print(f"skipped {name}: {reason(test)}")
        else:
            failed += 1
            print(f"failed {name}: {failures(test)}")
    if not tests:
        print(f"failed {suite}: no test ran")
    elif status != 0 and failed == 0:
        print(f"failed {suite}: exit status {status} though no test failed")


main()
