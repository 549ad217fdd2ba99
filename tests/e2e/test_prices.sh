#!/bin/sh
# Prices into the store and out again: formats, times, contracts, staleness, and every bad input.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"
needs python3
export WHALEFLUX_PRICES="$toy/store/prices.db"

mkdir -p "$toy/aws"
cat >"$toy/aws/vms.csv" <<'END'
InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice
p5.48xlarge,192.0,2048.0,H100,8.0,,us-east-1,us-east-1a,98.32,20.25
p5.48xlarge,192.0,2048.0,H100,8.0,,us-east-1,us-east-1b,98.32,0
p3.2xlarge,8.0,61.0,V100,1.0,,us-east-1,us-east-1a,3.06,0.9731
END
cat >"$toy/own.yaml" <<'END'
contracts:
  - {provider: aws, gpu: H100, usd_per_gpu_hour: 4.5, from: 2026-06-01, until: 2026-07-01}
END
cat >"$toy/spot.json" <<'END'
{"SpotPriceHistory": [
  {"AvailabilityZone": "us-east-1a", "InstanceType": "p5.48xlarge", "ProductDescription": "Linux/UNIX",
   "SpotPrice": "24.000000", "Timestamp": "2026-05-25T00:00:00+00:00"}
]}
END
offers() { # ARGUMENT...
    "$program" offers --json "$@" >"$toy/offers.json" 2>"$toy/stderr"
}
check() { # WHAT PYTHON
    accepts "$1" python3 -c "
import json
a = json.load(open('$toy/offers.json'))
row = {o['zone'] or o['region'] or o['provider']: o for o in a['offers']}
$2"
}

says "no store" "there is no store of prices" offers --gpu H100:8
says "a catalogue without a date" "--as-of 2026-05-20" prices import "$toy/aws/vms.csv"
"$program" prices import "$toy/aws/vms.csv" --as-of 2026-05-20 >"$toy/stdout" 2>"$toy/stderr"
accepts "a catalogue is read" grep -q "(SkyPilot catalogue): 5 prices added, 1 left out" "$toy/stdout"
accepts "a price of nothing is told with file, line and field" \
    grep -q "vms.csv, line 3, SpotPrice: the price is 0 dollars" "$toy/stderr"
prints "what was added last is told" "(AWS spot price history): 1 prices added" \
    prices import "$toy/spot.json"
prints "the same again adds nothing" "0 prices added, 1 known already" \
    prices import "$toy/spot.json"
prints "one's own are added" "(own prices): 1 prices added" prices import "$toy/own.yaml"

offers --gpu H100:8 --at 2026-05-21
check "what held on a day" "
assert len(row) == 2 and row['us-east-1a']['spot']['nanousd_per_hour'] == 20250000000
assert row['us-east-1a']['on_demand']['nanousd_per_gpu_hour'] == 12290000000
assert row['us-east-1b']['spot'] is None and row['us-east-1a']['spot_risk'] is None
assert row['us-east-1a']['spot']['age_s'] == 86400 and not row['us-east-1a']['spot']['stale']"
offers --gpu H100:8 --at 2026-05-26
check "what held five days later" "
assert row['us-east-1a']['spot']['nanousd_per_hour'] == 24000000000
assert row['us-east-1a']['spot']['source'] == 'AWS spot price history, spot.json'"
offers --gpu H100:8 --at 2026-06-15
check "a contract wins while it lasts, and old spot prices are stale" "
assert row['us-east-1b']['on_demand']['nanousd_per_hour'] == 36000000000
assert row['us-east-1b']['on_demand']['own'] and row['us-east-1a']['spot']['stale']"
offers --gpu H100:8 --at 2026-07-01
check "and no longer" "assert row['us-east-1b']['on_demand']['nanousd_per_hour'] == 98320000000"
offers --gpu V100 --any-of H100 --at 2026-05-21 --rows 1
check "the cheapest comes first" "assert a['count'] == 3 and row['us-east-1a']['gpu'] == 'V100-16GB'"
offers --gpu H100:8 --region 'eu-*'
check "a region without offers" "assert a['count'] == 0"

prints "a table with ages" "1 d 0 h" offers --gpu H100:8 --at 2026-05-21
prints "risk that nobody published is not invented" "unknown" offers --gpu V100:1 --at 2026-05-21
prints "stale prices are said to be" "are stale" offers --gpu H100:8 --at 2026-11-01
prints "nothing for sale" "Nothing of the kind" offers --gpu MI300X:8
prints "sources" "SkyPilot catalogue, vms.csv" prices list
prints "rows" "AWS spot price history, spot.json" prices show --gpu H100 --provider aws
prints "rows of another cloud" "There is no such price" prices show --provider gcp

cat >"$toy/cluster.yaml" <<END
prices_from: {store: $WHALEFLUX_PRICES, at: 2026-05-21}
pools:
  - {name: rented, gpu: H100, nodes: 1, gpus_per_node: 8, offer: {provider: aws, kind: spot}}
END
"$program" offers --gpu 8 --hours 2 --cluster "$toy/cluster.yaml" --json >"$toy/offers.json"
accepts "a cluster is priced by the store" python3 -c "
import json
assert json.load(open('$toy/offers.json'))['whole_job']['usd_p50'] == 40.5"

bad() { # WHAT TEXT CONTENT
    printf '%b' "$3" >"$toy/bad"
    says "$1" "$2" prices import "$toy/bad"
}
bad "no list of prices" "this is no list of prices" "hello\n"
bad "an empty file" "is empty" ""
bad "broken JSON" "line 2" '{"PriceList": [\n}'
bad "a contract for nothing" "line 2: 'usd_per_gpu_hour' is 0: a price of nothing is never used" \
    "contracts:\n  - {provider: a, gpu: H100, usd_per_gpu_hour: 0, from: 2026-05-20}\n"
bad "a contract with a wrong key" "did you mean 'until'?" \
    "contracts:\n  - {provider: a, gpu: H100, usd_per_gpu_hour: 1, from: 2026-05-20, untl: x}\n"
says "no file" "cannot be read" prices import "$toy/nowhere"
says "import of nothing" "import needs a file" prices import
says "no such use" "prices does one of" prices sell
says "a time to come" "time to come" prices import "$toy/aws/vms.csv" --as-of 2999-01-01
says "no time" "--as-of 'soon'" prices import "$toy/aws/vms.csv" --as-of soon
says "no time for offers" "--at 'soon'" offers --gpu H100 --at soon
says "no age" "--max-age 'old'" offers --gpu H100 --max-age old
says "no model" "is no name of a GPU model" offers --gpu '+:8'
says "an option for a cluster" "--queue is about one's own machines" offers --gpu H100 --queue q
says "an option for a sale" "--region is about what is for sale" \
    offers --gpu H100 --region r --cluster "$toy/cluster.yaml"

finish
