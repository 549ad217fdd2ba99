# Sourced by the tests of tools/: TAP lines, and a toy tree to break. Not run by itself.
# shellcheck shell=sh
set -u
project=$(cd "$(dirname "$0")/../.." && pwd)
toy=$(mktemp -d)
trap 'rm -rf "$toy"' EXIT
tests=0

skip_all() { # REASON
    echo "1..0 # SKIP $1"
    exit 0
}

needs() { # COMMAND...
    for needed; do
        command -v "$needed" >/dev/null 2>&1 || skip_all "$needed is not installed"
    done
}

# Starts an empty tree with the project's own rules and one sound header.
new_tree() {
    rm -rf "$toy"
    mkdir -p "$toy/src/base" "$toy/src/core" "$toy/tools"
    cp "$project/tools/layers.txt" "$project/tools/core-symbols.txt" "$toy/tools/"
    cp "$project/src/base/banned.h" "$toy/src/base/"
}

# write FILE: standard input becomes the file, inside the toy tree.
write() {
    mkdir -p "$toy/$(dirname "$1")"
    cat >"$toy/$1"
}

report() { # STATUS WHAT
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests - $2"
    else
        echo "not ok $tests - $2"
        sed 's/^/# /' "$toy/output"
    fi
}

accepts() { # WHAT COMMAND...
    what=$1
    shift
    "$@" >"$toy/output" 2>&1
    report $? "$what"
}

# The command must fail, and its output must contain TEXT: a check that fails for another reason
# does not count.
refuses() { # WHAT TEXT COMMAND...
    what=$1
    text=$2
    shift 2
    if "$@" >"$toy/output" 2>&1; then
        report 1 "$what"
    else
        grep -qF -- "$text" "$toy/output"
        report $? "$what"
    fi
}

finish() {
    echo "1..$tests"
}
