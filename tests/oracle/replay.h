// SPDX-License-Identifier: Apache-2.0
// One recorded run made again: the arrival sequence from the seed, and every arrival offered to a
// policy.
#pragma once

#include "go_random.h"
#include "oracle_record.h"
#include "trace.h"

struct replay_order {
    uint32_t *pods; // numbers of pods, in order of arrival
    uint32_t pod_count;
    uint32_t *nodes; // node of each tie-break rank
    uint32_t node_count;
    uint32_t seed;
};

// Draws the arrivals of a variant, inflated to 1.3 times the capacity of the nodes, and the ranks
// of the nodes, as the run of that seed did. The caller frees them with replay_order_finish.
void replay_order_init(struct replay_order *order, const struct go_random_table *table,
                       uint32_t seed, const struct trace_nodes *nodes,
                       const struct trace_pods *pods);
void replay_order_finish(struct replay_order *order);

// A fresh cluster with the run's node ranks; the caller destroys it. mix and cached: see
// struct oracle_setup.
struct oracle_cluster *replay_cluster(const struct replay_order *order,
                                      const struct trace_nodes *nodes, const struct oracle_mix *mix,
                                      bool cached);

// Offers every arrival to the policy. Returns the figures, which the caller destroys; the cluster
// needs a mix.
struct oracle_record *replay_run(struct oracle_cluster *cluster, enum oracle_policy policy,
                                 const struct replay_order *order, const struct trace_pods *pods);
