#!/bin/sh
# Whatever is wrong with what the command is given: one sentence with file, line and column, exit
# status 2, nothing on stdout and no file written.
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"

simulate() { # WHAT TEXT NODES PODS ARGUMENT...
    what=$1
    text=$2
    nodes=$3
    pods=$4
    shift 4
    says "$what" "$text" simulate placement --nodes "$nodes" --pods "$pods" --policy fgd \
        --picture "$toy/picture.svg" "$@"
}

bad_nodes() { # WHAT TEXT SED
    sed "$3" "$data/nodes.csv" >"$toy/nodes.csv"
    simulate "$1" "$toy/nodes.csv, $2" "$toy/nodes.csv" "$data/pods.csv"
}

bad_pods() { # WHAT TEXT SED
    sed "$3" "$data/pods.csv" >"$toy/pods.csv"
    simulate "$1" "$toy/pods.csv, $2" "$data/nodes.csv" "$toy/pods.csv"
}

bad_nodes "a missing column" "line 1, column 'model': the column is missing" 's/,model/,kind/'
bad_nodes "a negative number" "line 3, column 'cpu_milli': -32000 is negative" '3s/32000/-32000/'
bad_nodes "a duplicate node" "line 3, column 'sn': the name 'rack-1' is there already, in line 2" \
    '3s/rack-2/rack-1/'
bad_nodes "too many GPUs" "line 2, column 'gpu': 400 is more than 16" '2s/,4,/,400,/'
bad_nodes "too few fields" "line 4, column 5: the line has 4 fields, the header has 5" '4s/,A10//'
bad_pods "an unknown model" "line 3, column 'gpu_spec': no node has a GPU of the model 'T44' (did you mean 'T4'?)" \
    '3s/T4/T44/'
bad_pods "a duplicate task" "line 9, column 'name': the name 'serve-4' is there already, in line 8" \
    's/build-1/serve-4/'
bad_pods "no number" "line 2, column 'num_gpu': 'two' is not a whole number" '2s/,2,/,two,/'
bad_pods "an empty number" "line 2, column 'memory_mib': the number is missing" '2s/32768//'
bad_pods "half of several GPUs" "line 2, column 'gpu_milli': 1000 is a share of no GPU" '2s/,2,/,0,/'

: >"$toy/empty.csv"
simulate "an empty file" "empty.csv, line 1, column 1: the file is empty" "$toy/empty.csv" \
    "$data/pods.csv"
simulate "no file" "nothing.csv cannot be opened: No such file" "$toy/nothing.csv" "$data/pods.csv"

awk 'BEGIN { print "sn,cpu_milli,memory_mib,gpu,model"
             for (i = 0; i < 20000; i++) print "n" i * 7919 % 104729 ",8000,8000,1,T4" }' |
    gzip >"$toy/whole.csv.gz"
head -c 20000 "$toy/whole.csv.gz" >"$toy/truncated.csv.gz"
simulate "a truncated gzip file" "the gzip data stops before its end, the file is truncated" \
    "$toy/truncated.csv.gz" "$data/pods.csv"

# Ten gigabytes in one line: a hundred gzip members after each other are one gzip file.
head -c 104857600 /dev/zero | tr '\0' x | gzip -1 >"$toy/member.gz"
{
    printf 'sn,cpu_milli,memory_mib,gpu,model\n' | gzip
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        for _ in 1 2 3 4 5 6 7 8 9 10; do cat "$toy/member.gz"; done
    done
} >"$toy/long.csv.gz"
simulate "a line of 10 GB" "line 2, column 1: the line is longer than 65536 bytes" \
    "$toy/long.csv.gz" "$data/pods.csv"

printf 'variant,seed,kind,position,index\npods,1,pod,0,0\n' >"$toy/orders.csv"
simulate "an order for another seed" "orders.csv, line 2, column 'seed': there is no order for seed 7" \
    "$data/nodes.csv" "$data/pods.csv" --orders "$toy/orders.csv" --seeds 7

good="simulate placement --nodes $data/nodes.csv --pods $data/pods.csv"
# shellcheck disable=SC2086 # words
{
    says "an unknown verb" "there is no verb 'simulat' (did you mean 'simulate'?)" simulat
    says "an option before the verb" "a verb comes before the option '--json'" --json
    says "an unknown option" "there is no option '--polcy' (did you mean '--policy'?)" \
        $good --polcy fgd
    says "an option without its value" "the option '--policy' lacks" $good --policy
    says "an unknown policy" "there is no policy 'fdg' (did you mean 'fgd'?)" $good --policy fdg
    says "a policy named twice" "the policy 'fgd' is named twice" $good --policy fgd,fgd
    says "a policy that learns nothing" "the policy 'best-fit' uses no demand forecast" \
        $good --policy best-fit:learned
    says "no policy" "--policy NAME is missing" $good
    says "no nodes" "--nodes FILE is missing" simulate placement --policy fgd
    says "facts beside files" "--facts stands for --nodes and --pods" $good --facts default
    says "unknown facts" "gpuspec33" simulate placement --facts gpuspec3 --policy fgd
    says "seeds backwards" "--seeds is '5-3'" $good --policy fgd --seeds 5-3
    says "too many seeds" "at most 1000 seeds" $good --policy fgd --seeds 1-1001
    says "no load" "--load is '0'" $good --policy fgd --load 0
    says "too much load" "--load is '4.1'" $good --policy fgd --load 4.1
    says "a load in words" "--load is 'much'" $good --policy fgd --load much
    says "no copies" "--copies is '0'" $good --policy fgd --copies 0
    says "too many copies" "the limit WF_NODES_MAX" $good --policy fgd --copies 4000000
    says "a word too many" "'more' is one word too many" $good --policy fgd more
    says "nothing to simulate" "it must be placement" simulate
    says "a picture where none can be" "where.svg" $good --policy fgd --picture "$toy/no/where.svg"
    says "a picture of too many GPUs" "past the limit WF_PICTURE_GPUS_MAX" \
        $good --policy fgd --copies 20000 --picture "$toy/picture.svg"
    says "a picture of three policies" "--picture-of names 3 policies" $good --policy fgd \
        --picture "$toy/picture.svg" --picture-of fgd,random,best-fit
    says "a picture at no load" "--picture-load is '0'" $good --policy fgd --picture-load 0
    says "explain without a run" "there was no run yet" explain train-1
    says "explain without a task" "explain which task or job?" explain
}
finish
