// SPDX-License-Identifier: Apache-2.0
// A cluster under one of the published policies: which node, and what it does to the totals.
#include "oracle.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/random.h"

#define ROWS_MAX 1024 // request classes of one run; the richest variant has 330

// What a request class scored on each node, good while the node's version is the same.
struct score_row {
    enum oracle_policy policy;
    struct oracle_pod pod; // memory left out
    uint32_t *version;     // 0: never scored
    int16_t *score;
    uint8_t *gpus;
};

struct oracle_cluster {
    uint32_t node_count;
    struct oracle_node *nodes;
    uint32_t *order;
    uint32_t *version;
    struct oracle_fragment *fragments;
    const struct oracle_mix *mix;
    struct oracle_totals totals;
    struct wf_random random;
    bool cached;
    uint32_t row_count;
    struct score_row rows[ROWS_MAX];
};

static void *allocate(uint32_t count, size_t size)
{
    void *memory = calloc(count, size);
    WF_ASSERT(memory != NULL);
    return memory;
}

struct oracle_cluster *oracle_create(const struct oracle_setup *setup)
{
    uint32_t count = setup->node_count;
    struct oracle_cluster *cluster = allocate(1, sizeof(*cluster));
    cluster->node_count = count;
    cluster->nodes = allocate(count, sizeof(*cluster->nodes));
    cluster->order = allocate(count, sizeof(*cluster->order));
    cluster->version = allocate(count, sizeof(*cluster->version));
    cluster->fragments = allocate(count, sizeof(*cluster->fragments));
    cluster->mix = setup->mix;
    cluster->cached = setup->cached;
    wf_random_init(&cluster->random, setup->random_seed);
    for (uint32_t n = 0; n < count; n++) {
        cluster->nodes[n] = setup->nodes[n];
        cluster->order[n] = setup->order == NULL ? n : setup->order[n];
        cluster->version[n] = 1;
        if (setup->mix != NULL) {
            cluster->fragments[n] = oracle_fragment(setup->mix, &setup->nodes[n]);
        }
        cluster->totals.capacity_gpu_milli += setup->nodes[n].gpus * UINT64_C(1000);
    }
    return cluster;
}

void oracle_destroy(struct oracle_cluster *cluster)
{
    if (cluster == NULL) {
        return;
    }
    for (uint32_t i = 0; i < cluster->row_count; i++) {
        free(cluster->rows[i].version);
        free(cluster->rows[i].score);
        free(cluster->rows[i].gpus);
    }
    free(cluster->nodes);
    free(cluster->order);
    free(cluster->version);
    free(cluster->fragments);
    free(cluster);
}

static bool same_class(const struct oracle_pod *a, const struct oracle_pod *b)
{
    return a->cpu_milli == b->cpu_milli && a->gpu_milli == b->gpu_milli && a->gpus == b->gpus &&
           a->models == b->models;
}

static struct score_row *row_of(struct oracle_cluster *cluster, enum oracle_policy policy,
                                const struct oracle_pod *pod)
{
    for (uint32_t i = 0; i < cluster->row_count; i++) {
        struct score_row *row = &cluster->rows[i];
        if (row->policy == policy && same_class(&row->pod, pod)) {
            return row;
        }
    }
    WF_ASSERT(cluster->row_count < ROWS_MAX);
    struct score_row *row = &cluster->rows[cluster->row_count++];
    row->policy = policy;
    row->pod = *pod;
    row->pod.memory_mib = 0;
    row->version = allocate(cluster->node_count, sizeof(*row->version));
    row->score = allocate(cluster->node_count, sizeof(*row->score));
    row->gpus = allocate(cluster->node_count, sizeof(*row->gpus));
    return row;
}

static int32_t cached_score(const struct oracle_cluster *cluster, struct score_row *row,
                            uint32_t node, uint8_t *gpus)
{
    if (row->version[node] != cluster->version[node]) {
        row->version[node] = cluster->version[node];
        row->score[node] = (int16_t)oracle_score(cluster->mix, row->policy, &cluster->nodes[node],
                                                 &row->pod, &row->gpus[node]);
    }
    *gpus = row->gpus[node];
    return row->score[node];
}

// One fitting node uniformly; for a fractional pod one fitting GPU uniformly.
static struct oracle_choice choose_random(struct oracle_cluster *cluster,
                                          const struct oracle_pod *pod)
{
    struct oracle_choice choice = {.node = -1, .score = -1};
    for (uint32_t n = 0, seen = 0; n < cluster->node_count; n++) {
        // The k-th fitting node replaces the choice with probability 1/k: uniform in one pass.
        if (oracle_fits(&cluster->nodes[n], pod) &&
            wf_random_below(&cluster->random, ++seen) == 0) {
            choice.node = (int32_t)n;
        }
    }
    if (choice.node < 0) {
        return choice;
    }

    const struct oracle_node *node = &cluster->nodes[choice.node];
    bool whole = pod->gpu_milli == ORACLE_GPU_MILLI;
    for (uint32_t i = 0, seen = 0, left = pod->gpus; i < node->gpus && left > 0; i++) {
        if (node->gpu_milli[i] < pod->gpu_milli) {
            continue;
        }
        if (whole) {
            choice.gpus |= (uint8_t)(1 << i);
            left--;
        } else if (wf_random_below(&cluster->random, ++seen) == 0) {
            choice.gpus = (uint8_t)(1 << i);
        }
    }
    return choice;
}

struct oracle_choice oracle_choose(struct oracle_cluster *cluster, enum oracle_policy policy,
                                   const struct oracle_pod *pod)
{
    WF_ASSERT(policy != ORACLE_FGD || cluster->mix != NULL);
    if (policy == ORACLE_RANDOM) {
        return choose_random(cluster, pod);
    }

    struct oracle_choice choice = {.node = -1, .score = -1};
    struct score_row *row = cluster->cached ? row_of(cluster, policy, pod) : NULL;
    for (uint32_t rank = 0; rank < cluster->node_count; rank++) {
        uint32_t n = cluster->order[rank];
        const struct oracle_node *node = &cluster->nodes[n];
        if (node->memory_mib < pod->memory_mib) {
            continue;
        }
        uint8_t gpus = 0;
        int32_t score = row != NULL ? cached_score(cluster, row, n, &gpus)
                                    : oracle_score(cluster->mix, policy, node, pod, &gpus);
        if (score > choice.score) {
            choice = (struct oracle_choice){.node = (int32_t)n, .gpus = gpus, .score = score};
        }
    }
    return choice;
}

void oracle_apply(struct oracle_cluster *cluster, const struct oracle_pod *pod,
                  struct oracle_choice choice)
{
    uint32_t gpu_milli = (uint32_t)pod->gpus * pod->gpu_milli;
    cluster->totals.arrived_pods++;
    cluster->totals.arrived_gpu_milli += gpu_milli;
    if (choice.node < 0) {
        cluster->totals.failed_pods++;
        return;
    }
    uint32_t n = (uint32_t)choice.node;
    WF_ASSERT(n < cluster->node_count);
    oracle_node_take(&cluster->nodes[n], pod, choice.gpus);
    cluster->version[n]++;
    cluster->totals.used_gpu_milli += gpu_milli;
    cluster->totals.used_cpu_milli += pod->cpu_milli;
    if (cluster->mix != NULL) {
        cluster->fragments[n] = oracle_fragment(cluster->mix, &cluster->nodes[n]);
    }
}

struct oracle_choice oracle_offer(struct oracle_cluster *cluster, enum oracle_policy policy,
                                  const struct oracle_pod *pod)
{
    struct oracle_choice choice = oracle_choose(cluster, policy, pod);
    oracle_apply(cluster, pod, choice);
    return choice;
}

const struct oracle_node *oracle_node_at(const struct oracle_cluster *cluster, uint32_t node)
{
    WF_ASSERT(node < cluster->node_count);
    return &cluster->nodes[node];
}

const struct oracle_totals *oracle_totals(const struct oracle_cluster *cluster)
{
    return &cluster->totals;
}

struct oracle_fragment oracle_fragment_sum(const struct oracle_cluster *cluster)
{
    struct oracle_fragment sum = {{0}};
    for (uint32_t n = 0; n < cluster->node_count; n++) {
// Keeps the sums in registers: a quarter of test_golden's time with gcc, and the same bits.
#pragma GCC unroll 7
        for (int cause = 0; cause < ORACLE_CAUSES; cause++) {
            sum.milli[cause] += cluster->fragments[n].milli[cause];
        }
    }
    return sum;
}
