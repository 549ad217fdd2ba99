# Sourced by the end-to-end tests of the command: TAP lines, and what every refusal has in common.
# Usage of a test: test_x.sh PROGRAM. Not run by itself.
# shellcheck shell=sh
# shellcheck source=../tools/tap.sh
. "$(dirname "$0")/../tools/tap.sh"
program=$1
data=$project/tests/data
export XDG_STATE_HOME="$toy/state"
export HOME="$toy/home" # no daemon is there
unset WHALEFLUX_URL WHALEFLUX_TOKEN WHALEFLUX_CA WHALEFLUX_FINGERPRINT
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=1"

# Exit status 2, nothing on stdout, one line on stderr that contains TEXT, and no file written.
says() { # WHAT TEXT ARGUMENT...
    what=$1
    text=$2
    shift 2
    before=$(find "$toy" -type f ! -name stdout ! -name stderr ! -name output | sort)
    "$program" "$@" >"$toy/stdout" 2>"$toy/stderr"
    status=$?
    after=$(find "$toy" -type f ! -name stdout ! -name stderr ! -name output | sort)
    cat "$toy/stdout" "$toy/stderr" >"$toy/output"
    [ "$status" -eq 2 ] || echo "exit status $status, not 2" >>"$toy/output"
    [ "$status" -eq 2 ] && [ ! -s "$toy/stdout" ] && [ "$before" = "$after" ] &&
        [ "$(wc -l <"$toy/stderr")" -eq 1 ] && grep -qF -- "whaleflux: " "$toy/stderr" &&
        grep -qF -- "$text" "$toy/stderr"
    report $? "$what"
}

# Exit status 0, nothing on stderr, and TEXT somewhere on stdout.
prints() { # WHAT TEXT ARGUMENT...
    what=$1
    text=$2
    shift 2
    "$program" "$@" >"$toy/stdout" 2>"$toy/stderr"
    status=$?
    cat "$toy/stdout" "$toy/stderr" >"$toy/output"
    [ "$status" -eq 0 ] && [ ! -s "$toy/stderr" ] && grep -qF -- "$text" "$toy/stdout"
    report $? "$what"
}
