// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define INFLATION 1.3
#define START_UP_DRAWS 10 // the framework draws these between the workload and the nodes

static uint64_t gpu_milli_of(const struct oracle_pod *pod)
{
    return (uint64_t)pod->gpus * pod->gpu_milli;
}

// Appends copies until the next one would go over the target. The published test looks at the share
// of one GPU of the copy, not of all its GPUs, so the last one may overshoot.
static void tune_up(struct replay_order *order, struct go_random *random,
                    const struct trace_pods *pods, uint64_t total, double target)
{
    for (;;) {
        uint32_t pod = (uint32_t)go_random_below(random, (int32_t)pods->count);
        if ((double)(total + pods->list[pod].gpu_milli) > target) {
            return;
        }
        total += gpu_milli_of(&pods->list[pod]);
        uint32_t *grown = realloc(order->pods, (order->pod_count + 1) * sizeof(*order->pods));
        WF_ASSERT(grown != NULL);
        order->pods = grown;
        order->pods[order->pod_count++] = pod;
    }
}

static void tune_down(struct replay_order *order, struct go_random *random,
                      const struct trace_pods *pods, uint64_t total, double target)
{
    while ((double)total > target) {
        uint32_t place = (uint32_t)go_random_below(random, (int32_t)order->pod_count);
        total -= gpu_milli_of(&pods->list[order->pods[place]]);
        order->pod_count--;
        memmove(&order->pods[place], &order->pods[place + 1],
                (order->pod_count - place) * sizeof(*order->pods));
    }
}

void replay_order_init(struct replay_order *order, const struct go_random_table *table,
                       uint32_t seed, const struct trace_nodes *nodes,
                       const struct trace_pods *pods)
{
    order->pod_count = pods->count;
    order->node_count = nodes->count;
    order->seed = seed;
    order->pods = calloc(pods->count, sizeof(*order->pods));
    order->nodes = calloc(nodes->count, sizeof(*order->nodes));
    uint32_t *ranks = calloc(nodes->count, sizeof(*ranks));
    WF_ASSERT(order->pods != NULL && order->nodes != NULL && ranks != NULL);
    uint64_t capacity = 0;
    for (uint32_t n = 0; n < nodes->count; n++) {
        capacity += nodes->list[n].gpus * (uint64_t)ORACLE_GPU_MILLI;
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < pods->count; i++) {
        order->pods[i] = i;
        total += gpu_milli_of(&pods->list[i]);
    }
    double target = INFLATION * (double)capacity;

    struct go_random random;
    go_random_init(&random, table, seed);
    go_random_int63(&random); // a log line prints one number
    go_random_shuffle(&random, order->pods, order->pod_count);
    if ((double)total < target) {
        tune_up(order, &random, pods, total, target);
    } else {
        tune_down(order, &random, pods, total, target);
    }
    for (int i = 0; i < START_UP_DRAWS; i++) {
        go_random_int63(&random);
    }
    go_random_permutation(&random, ranks, nodes->count);
    for (uint32_t n = 0; n < nodes->count; n++) {
        order->nodes[ranks[n]] = n;
    }
    free(ranks);
}

void replay_order_finish(struct replay_order *order)
{
    free(order->pods);
    free(order->nodes);
    order->pods = NULL;
    order->nodes = NULL;
}

struct oracle_cluster *replay_cluster(const struct replay_order *order,
                                      const struct trace_nodes *nodes, const struct oracle_mix *mix,
                                      bool cached)
{
    struct oracle_setup setup = {
        .nodes = nodes->list,
        .node_count = nodes->count,
        .order = order->nodes,
        .mix = mix,
        .random_seed = order->seed,
        .cached = cached,
    };
    return oracle_create(&setup);
}

static struct oracle_event event_of(const struct oracle_cluster *cluster)
{
    const struct oracle_totals *totals = oracle_totals(cluster);
    struct oracle_fragment sum = oracle_fragment_sum(cluster);
    return (struct oracle_event){
        .used_gpu_milli = totals->used_gpu_milli,
        .lost_gpu_milli = oracle_fragment_lost(&sum),
        .idle_gpu_milli = oracle_fragment_idle(&sum),
    };
}

struct oracle_record *replay_run(struct oracle_cluster *cluster, enum oracle_policy policy,
                                 const struct replay_order *order, const struct trace_pods *pods)
{
    const struct oracle_totals *totals = oracle_totals(cluster);
    struct oracle_record *record =
        oracle_record_create(totals->capacity_gpu_milli, order->pod_count);
    struct oracle_event event = event_of(cluster);
    for (uint32_t i = 0; i < order->pod_count; i++) {
        struct oracle_choice choice = oracle_offer(cluster, policy, &pods->list[order->pods[i]]);
        if (choice.node >= 0) {
            event = event_of(cluster);
        }
        event.arrived_gpu_milli = totals->arrived_gpu_milli;
        oracle_record_add(record, &event);
    }
    return record;
}
