// SPDX-License-Identifier: Apache-2.0
// What a placement policy is: a score for putting one task on one node, and no more. A policy adds
// one file, one line in policies.c, one test and one line in the docs.
//
// The score of a candidate is score(node) + pool_score(pool). The first part may look at the
// node's state, the request and the demand forecast, which change seldom for most nodes, so the
// core keeps it; the second may look at everything that moves with time (prices, what is free in
// all) and is asked anew for each decision. The highest sum wins, the lowest node id among equals.
#pragma once

#include "core/cluster.h"
#include "core/place/mix.h"
#include "core/place/scarcity.h"
#include "core/place/term.h"

// What a policy may look at besides the node.
struct wf_outlook {
    const struct wf_cluster *cluster;
    const struct wf_mix *mix;
    const struct wf_scarcity *scarcity;
    const struct wf_weights *weights; // of the policy that is run; NULL if it has none
    int64_t fleet_price_nanousd;      // of a GPU-hour: the mean over all GPUs, never 0
    uint32_t speed_permille_max;      // of the fastest pool
};

// A strategy: how much each term of the money policies counts, in thousandths.
struct wf_weights {
    int32_t rent, stranded, leftover, scarcity, time;
};

struct wf_policy {
    const char *name;
    const char *summary; // one line for lists and help

    // Returns how good it is to put one task on a node in this state. The request is as the pool
    // serves it and fits; its models and place must not matter, nor the pool's place: they shut out
    // pools, and requests that differ in nothing else share their scores. *gpu_out (never NULL)
    // gets the GPU that a share is taken from; it is not looked at for other requests. Higher is
    // better.
    int32_t (*score)(const struct wf_outlook *outlook, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *request,
                     uint32_t *gpu_out);

    // The same by its definition, without tables: what --plain runs and tests hold score against.
    // NULL: score is its own definition.
    int32_t (*score_plain)(const struct wf_outlook *outlook, const struct wf_pool *pool,
                           const struct wf_state *state, const struct wf_request *request,
                           uint32_t *gpu_out);

    // Returns what every node of a pool adds to its score for this request now; the request is as
    // the pool serves it, base what request_base returned. NULL: nothing.
    int64_t (*pool_score)(const struct wf_outlook *outlook, const struct wf_pool *pool,
                          const struct wf_request *request, int64_t base);

    // Returns what pool_score needs to know of the request once, over all pools. NULL: 0.
    int64_t (*request_base)(const struct wf_outlook *outlook, const struct wf_request *request);

    // Splits score + pool_score of one candidate into named terms; the request is as the pool
    // serves it and fits. Fills terms_out whole. NULL: the sum is the one term SCORE.
    void (*terms)(const struct wf_outlook *outlook, const struct wf_pool *pool,
                  const struct wf_state *state, const struct wf_request *request, int64_t base,
                  struct wf_terms *terms_out);

    const struct wf_weights *weights; // NULL: the policy does not count in money
    bool uses_mix;                    // scores change when the demand forecast does
    bool at_random;                   // score is NULL: any node that fits, each as likely
};

// The list, in the order in which tables show it; it ends with NULL.
extern const struct wf_policy *const wf_policies[];

static inline int64_t wf_policy_request_base(const struct wf_policy *policy,
                                             const struct wf_outlook *outlook,
                                             const struct wf_request *request)
{
    return policy->request_base ? policy->request_base(outlook, request) : 0;
}

static inline int64_t wf_policy_pool_score(const struct wf_policy *policy,
                                           const struct wf_outlook *outlook,
                                           const struct wf_pool *pool,
                                           const struct wf_request *request, int64_t base)
{
    return policy->pool_score ? policy->pool_score(outlook, pool, request, base) : 0;
}

// Returns the policy of that name, or NULL.
const struct wf_policy *wf_policy_find(const char *name);

extern const struct wf_policy wf_policy_random;
extern const struct wf_policy wf_policy_dot_product;
extern const struct wf_policy wf_policy_gpu_clustering;
extern const struct wf_policy wf_policy_gpu_packing;
extern const struct wf_policy wf_policy_best_fit;
extern const struct wf_policy wf_policy_fgd;
extern const struct wf_policy wf_policy_cost_first;
extern const struct wf_policy wf_policy_speed_first;
extern const struct wf_policy wf_policy_balanced;
