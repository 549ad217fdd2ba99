// SPDX-License-Identifier: Apache-2.0
// The ruler: a cluster under one of the published placement policies, pod by pod. What a policy
// thinks of a node is in oracle_score.h. Nothing here fails: running out of memory, like a choice
// that does not fit, stops the test program.
#pragma once

#include "oracle_score.h"

struct oracle_choice {
    int32_t node; // -1: refused
    uint8_t gpus; // bit i: GPU i of the node
    int32_t score;
};

struct oracle_totals {
    uint64_t capacity_gpu_milli;
    uint64_t arrived_gpu_milli;
    uint64_t used_gpu_milli;
    uint64_t used_cpu_milli;
    uint32_t arrived_pods;
    uint32_t failed_pods;
};

struct oracle_setup {
    const struct oracle_node *nodes; // borrowed during the call
    uint32_t node_count;
    const uint32_t *order;        // node of each tie-break rank, lowest rank wins; borrowed;
                                  // NULL: the order of the nodes
    const struct oracle_mix *mix; // borrowed until the cluster is destroyed; NULL: no fragment
                                  // is measured and FGD must not be asked
    uint64_t random_seed;         // for ORACLE_RANDOM only
    bool cached;                  // remember scores per request class and node version; false:
                                  // every score anew, the reference
};

struct oracle_cluster;

struct oracle_cluster *oracle_create(const struct oracle_setup *setup);
void oracle_destroy(struct oracle_cluster *cluster);

// What the policy would do with the pod now. Changes nothing but, for ORACLE_RANDOM, the stream.
struct oracle_choice oracle_choose(struct oracle_cluster *cluster, enum oracle_policy policy,
                                   const struct oracle_pod *pod);

// Counts the pod as arrived and places it as chosen, by whomever; the choice must fit.
void oracle_apply(struct oracle_cluster *cluster, const struct oracle_pod *pod,
                  struct oracle_choice choice);

// oracle_choose and oracle_apply in one.
struct oracle_choice oracle_offer(struct oracle_cluster *cluster, enum oracle_policy policy,
                                  const struct oracle_pod *pod);

// State; pointers are borrowed until the next change.
const struct oracle_node *oracle_node_at(const struct oracle_cluster *cluster, uint32_t node);
const struct oracle_totals *oracle_totals(const struct oracle_cluster *cluster);

// The fragments of all nodes, added cause by cause in node order.
struct oracle_fragment oracle_fragment_sum(const struct oracle_cluster *cluster);
