#!/bin/sh
# shellcheck disable=SC2016,SC1010,SC2119
# Over the network: tokens, roles, and which certificates are trusted.
# shellcheck source=live.sh
# shellcheck disable=SC2016,SC2119 # jobs expand what is in single quotes
. "$(dirname "$0")/live.sh"
cd "$toy/work" || exit 1
start_daemon
url=$(sed -n 's/^URL: *//p' "$toy/daemon.log")
secret=$(sed -n 's/^Token: *//p' "$toy/daemon.log")
fingerprint=$(grep -o '\([0-9A-F]\{2\}:\)\{31\}[0-9A-F]\{2\}' "$toy/daemon.log")
certificate=$HOME/.whaleflux/tls/cert.pem
[ -n "$url" ] && [ -n "$secret" ] && [ -n "$fingerprint" ] || echo "Bail out! no URL, token or fingerprint"
cp "$certificate" "$toy/copy.pem"

export WHALEFLUX_URL="$url"
ends "no token" 4 "" ps
export WHALEFLUX_TOKEN="wf_wrong"
ends "a wrong token" 4 "" ps
export WHALEFLUX_TOKEN="$secret"
ends "the right one, with the daemon's own certificate" 0 "No job waits or runs" ps
unset WHALEFLUX_URL
ends "a URL on the command line" 0 "No job waits or runs" ps --url "$url"
ends "run over TLS" 6 "hello" run --url "$url" -- sh -c 'echo hello; exit 6'

# As from elsewhere: nothing of the daemon's folder is at hand.
export WHALEFLUX_URL="$url"
real_home=$HOME
export HOME="$toy/elsewhere"
mkdir -p "$HOME"
ends "a certificate of its own is not trusted" 5 "is not trusted" ps
WHALEFLUX_CA=$toy/copy.pem ends "with its file it is" 0 "No job" ps
WHALEFLUX_CA=$toy/nothing.pem ends "a file that is not there" 5 "" ps
WHALEFLUX_FINGERPRINT=$fingerprint ends "or by its fingerprint" 0 "No job" ps
WHALEFLUX_FINGERPRINT=$(echo "$fingerprint" | tr -d : | tr A-F a-f) \
    ends "however that is written" 0 "No job" ps
other=$(echo "$fingerprint" | tr 0123456789ABCDEF 123456789ABCDEF0)
WHALEFLUX_FINGERPRINT=$other ends "another one is refused" 5 "another fingerprint" ps
WHALEFLUX_FINGERPRINT=AB:CD ends "half of one is none" 2 "is no fingerprint" ps
ends "nobody is there" 5 "no daemon answers" ps --url https://127.0.0.1:1
export WHALEFLUX_CA="$toy/copy.pem"

# Roles.
viewer=$("$program" token create screen --role viewer 2>"$toy/output")
echo "$viewer" | grep -q '^wf_[A-Za-z0-9_-]\{43\}$'
report $? "a new token is alone on stdout"
tells "tokens are listed without their secrets" \
    "[t['name'] for t in d['tokens']] == ['first', 'screen'] and 'token' not in d['tokens'][1]" \
    token list --json
ends "as a table" 0 "screen" token list
export WHALEFLUX_TOKEN="$viewer"
ends "a viewer looks" 0 "No job" ps
ends "and does no more" 4 "" run -- true
ends "makes no tokens" 4 "" token create more
ends "drains no nodes" 4 "" drain anything
export WHALEFLUX_TOKEN="$secret"
ends "a role that is none" 2 "none of viewer" token create x --role king
ends "days that are none" 2 "--days" token create x --days 0
ends "it is revoked" 0 "is revoked" token revoke 2
ends "nobody's token" 3 "there is no token" token revoke 99
WHALEFLUX_TOKEN=$viewer ends "and good for nothing" 4 "" ps
unset WHALEFLUX_CA

# SIGHUP: the certificate in the folder is shown from then on, to whoever connects anew.
mv "$real_home/.whaleflux/tls" "$toy/tls.before"
kill -HUP "$daemon"
wait_for 100 grep -q "another certificate is shown now" "$toy/daemon.log"
report $? "a new certificate is taken up"
anew=$(sed -n 's/.*another certificate is shown now: //p' "$toy/daemon.log")
WHALEFLUX_FINGERPRINT=$anew ends "and shown" 0 "No job" ps
WHALEFLUX_FINGERPRINT=$fingerprint ends "the one before is not" 5 "another fingerprint" ps
echo "no certificate" >"$real_home/.whaleflux/tls/cert.pem"
kill -HUP "$daemon"
wait_for 100 grep -q "cert.pem" "$toy/daemon.log"
WHALEFLUX_FINGERPRINT=$anew ends "a damaged one is not taken" 0 "No job" ps
unset WHALEFLUX_URL WHALEFLUX_TOKEN
export HOME="$real_home"
finish
