// SPDX-License-Identifier: Apache-2.0
#include "core/place/place.h"

#include "base/assert.h"

static bool node_serves(const struct wf_cluster *cluster, uint32_t node,
                        const struct wf_request *request, struct wf_request *served)
{
    const struct wf_node *candidate = &cluster->nodes[node];
    if (!candidate->up) {
        return false;
    }
    const struct wf_pool *pool = &cluster->pools[candidate->pool.index];
    if (!wf_pool_admits(pool, request)) {
        return false;
    }
    *served = wf_pool_request(pool, request);
    return wf_node_fits(candidate, &cluster->states[node], served);
}

struct wf_choice wf_place_plain(const struct wf_outlook *outlook, const struct wf_policy *policy,
                                const struct wf_request *request)
{
    const struct wf_cluster *cluster = outlook->cluster;
    int64_t base = wf_policy_request_base(policy, outlook, request);
    struct wf_choice choice = {.node = WF_NONE, .score = INT64_MIN};
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        struct wf_request served;
        if (!node_serves(cluster, node, request, &served)) {
            continue;
        }
        const struct wf_pool *pool = &cluster->pools[cluster->nodes[node].pool.index];
        uint32_t gpu = 0;
        int64_t score = (policy->score_plain ? policy->score_plain : policy->score)(
            outlook, pool, &cluster->states[node], &served, &gpu);
        score += wf_policy_pool_score(policy, outlook, pool, &served, base);
        if (score > choice.score) {
            choice = (struct wf_choice){.node = node, .score = score};
        }
    }
    return choice;
}

struct wf_choice wf_place_at_random(const struct wf_cluster *cluster, struct wf_random *random,
                                    const struct wf_request *request)
{
    struct wf_choice choice = {.node = WF_NONE, .score = 0};
    uint64_t fitting = 0;
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        struct wf_request served;
        if (node_serves(cluster, node, request, &served)) {
            // Each node takes the place of the one chosen so far with probability 1 / fitting:
            // in the end every node had the same chance.
            fitting++;
            if (wf_random_below(random, fitting) == 0) {
                choice.node = node;
            }
        }
    }
    return choice;
}

static uint32_t random_gpu(const struct wf_state *state, struct wf_random *random,
                           uint32_t gpu_milli)
{
    uint32_t chosen = 0;
    uint64_t fitting = 0;
    for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
        if (state->gpu_free_milli[gpu] >= gpu_milli) {
            fitting++;
            chosen = wf_random_below(random, fitting) == 0 ? gpu : chosen;
        }
    }
    WF_ASSERT(fitting > 0);
    return chosen;
}

uint32_t wf_place_gpu_set(const struct wf_outlook *outlook, const struct wf_policy *policy,
                          struct wf_random *random, uint32_t node, const struct wf_request *served)
{
    const struct wf_cluster *cluster = outlook->cluster;
    const struct wf_state *state = &cluster->states[node];
    uint32_t gpu = 0;
    if (wf_request_is_share(served)) {
        if (policy->at_random) {
            gpu = random_gpu(state, random, served->gpu_milli);
        } else {
            const struct wf_pool *pool = &cluster->pools[cluster->nodes[node].pool.index];
            policy->score(outlook, pool, state, served, &gpu);
        }
    }
    return wf_state_gpu_set(state, served, gpu);
}
