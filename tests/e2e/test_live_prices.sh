#!/bin/sh
# shellcheck disable=SC2016,SC2119 # jobs expand what is in single quotes
# A daemon whose prices come from the store of prices: what holds today, a price that a job is charged,
# and stale prices, which are refused by name and never used.
# shellcheck source=live.sh
. "$(dirname "$0")/live.sh"
stub=$(realpath "$2")
cd "$toy/work" || exit 1
"$project/tests/stubs/fake-machine" nvidia "$toy/machine"
export WHALEFLUX_STUB_NVML=gpus=4
export WHALEFLUX_PRICES="$toy/prices.db"
day=86400
today=$(date +%s)

spot_price() { # USD DAYS AGO
    cat >"$toy/spot.json" <<END
{"SpotPriceHistory": [
  {"AvailabilityZone": "us-east-1a", "InstanceType": "p5.48xlarge", "ProductDescription": "Linux/UNIX",
   "SpotPrice": "$1", "Timestamp": "$(date -u -d "@$((today - $2 * day))" +%Y-%m-%dT%H:%M:%S+00:00)"}
]}
END
    "$program" prices import "$toy/spot.json"
}
cat >"$toy/site.yaml" <<END
prices_from: {store: $toy/prices.db}
pools:
  - {name: rented, gpu: H100, nodes: 1, gpus_per_node: 4, offer: {provider: aws, zone: us-east-1a, kind: spot}}
END
first_node() { # EXPRESSION of n
    "$program" nodes --json | python3 -c "
import json, sys
n = json.load(sys.stdin)['nodes'][0]
assert $1, n"
}

spot_price 24 2 >"$toy/output" 2>&1
start_daemon --sysroot "$toy/machine" --nvml "$stub" --site "$toy/site.yaml"
accepts "a node has the price that holds today" first_node "n['price_nanousd_per_gpu_hour'] == 3 * 10**9"
accepts "with whose it is, and of which day" \
    first_node "('prices.db, AWS spot price history, spot.json, as of 20' in n['price_source'] and
n['price_source'].endswith(', spot'))"
echo '{"command": ["true"], "gpus": "H100:2"}' >job.json
ends "an offer is reckoned with it" 0 '"price_nanousd_per_gpu_hour": 3000000000' \
    submit --dry-run --json job.json
accepts "a job is charged it" "$program" run --quiet -y --env WHALEFLUX_STUB_NVML --gpus H100:2 -- sleep 1
tells "to the nano-dollar" "(d['total']['gpu_ms'] >= 2000 and
abs(d['total']['cost_nanousd'] - d['total']['gpu_ms'] * 3 * 10**9 // 3600000) <= 1)" cost --json
spot_price 16 0 >"$toy/output" 2>&1
kill -HUP "$daemon"
wait_for 100 first_node "n['price_nanousd_per_gpu_hour'] == 2 * 10**9" 2>/dev/null
report $? "a newer price is taken up on SIGHUP"
stop_daemon

# Nothing but an old price: no daemon comes up with it, and none goes on with it silently.
rm -f "$toy/prices.db"
spot_price 24 20 >"$toy/output" 2>&1
ends "it is marked where it is shown" 0 "stale" offers --gpu H100:8
ends "a stale price is refused by name" 2 "the spot price of H100 of this offer in" \
    serve --listen 127.0.0.1:0 --sysroot "$toy/machine" --nvml "$stub" --site "$toy/site.yaml"
grep -q "is stale on $(date -u +%Y-%m-%d), and stale prices are not used" "$toy/output"
report $? "with what can be done"
cp "$toy/site.yaml" "$toy/stale.yaml"
sed -i 's/prices.db}/prices.db, max_age_days: 30}/' "$toy/site.yaml"
start_daemon --sysroot "$toy/machine" --nvml "$stub" --site "$toy/site.yaml"
accepts "who allows it gets it, dated" first_node "n['price_nanousd_per_gpu_hour'] == 3 * 10**9"
cp "$toy/stale.yaml" "$toy/site.yaml"
kill -HUP "$daemon"
wait_for 100 grep -q "stale prices are not used" "$toy/daemon.log"
report $? "a running daemon says so, too"
accepts "and keeps what it had" first_node "n['price_nanousd_per_gpu_hour'] == 3 * 10**9"
finish
