// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/scope.h"

#include <string.h>

#include "core/place/capacity.h"

enum { GROUPS_MAX = UINT16_MAX + 1 };

enum wf_status wf_scopes_init(struct wf_scopes *scopes, struct wf_region *region,
                              const struct wf_limits *limits, struct wf_error *err)
{
    scopes->max = limits->pools > GROUPS_MAX ? limits->pools : GROUPS_MAX;
    scopes->slots = wf_region_take(region, scopes->max, sizeof *scopes->slots);
    return scopes->slots ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for %u scopes", scopes->max);
}

static bool same_place(struct wf_place a, struct wf_place b)
{
    return a.site == b.site && a.region == b.region && a.zone == b.zone;
}

uint32_t wf_scope_of(const struct wf_cluster *cluster, enum wf_within within, uint32_t node)
{
    uint32_t pool = cluster->nodes[node].pool.index;
    switch (within) {
    case WF_WITHIN_ANY:
        return 0;
    case WF_WITHIN_POOL:
        return pool;
    case WF_WITHIN_GROUP:
        return cluster->nodes[node].spec.group;
    case WF_WITHIN_ZONE:
        break;
    }
    uint32_t first = 0;
    while (!cluster->pools[first].known ||
           !same_place(cluster->pools[first].spec.place, cluster->pools[pool].spec.place)) {
        first++;
    }
    return first;
}

// Returns the request as the node serves it; false when the node does not take it now.
static bool node_serves(const struct wf_cluster *cluster, uint32_t node,
                        const struct wf_request *request, struct wf_request *served)
{
    const struct wf_node *candidate = &cluster->nodes[node];
    if (!candidate->up || !wf_pool_admits(&cluster->pools[candidate->pool.index], request)) {
        return false;
    }
    *served = wf_pool_request(&cluster->pools[candidate->pool.index], request);
    return wf_node_fits(candidate, &cluster->states[node], served);
}

uint32_t wf_scopes_tightest(struct wf_scopes *scopes, const struct wf_cluster *cluster,
                            enum wf_within within, const struct wf_request *request, uint32_t tasks)
{
    memset(scopes->slots, 0, scopes->max * sizeof *scopes->slots);
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        struct wf_request served;
        if (node_serves(cluster, node, request, &served)) {
            scopes->slots[wf_scope_of(cluster, within, node)] +=
                wf_state_capacity(&cluster->states[node], &served);
        }
    }
    uint32_t best = WF_NONE;
    for (uint32_t scope = 0; scope < scopes->max; scope++) {
        if (scopes->slots[scope] >= tasks &&
            (best == WF_NONE || scopes->slots[scope] < scopes->slots[best])) {
            best = scope;
        }
    }
    return best;
}

uint32_t wf_scopes_most(struct wf_scopes *scopes, const struct wf_cluster *cluster,
                        enum wf_within within, const struct wf_request *request, uint32_t enough)
{
    memset(scopes->slots, 0, scopes->max * sizeof *scopes->slots);
    uint32_t most = 0;
    for (uint32_t node = 0; node < cluster->nodes_end && most < enough; node++) {
        const struct wf_node *machine = &cluster->nodes[node];
        const struct wf_pool *pool = &cluster->pools[machine->pool.index];
        if (!machine->up || machine->closed || !wf_pool_admits(pool, request) ||
            (machine->spec.labels & request->labels) != request->labels) {
            continue;
        }
        struct wf_state empty;
        wf_state_init(&empty, &machine->spec);
        struct wf_request served = wf_pool_request(pool, request);
        uint32_t *slots = &scopes->slots[wf_scope_of(cluster, within, node)];
        *slots += wf_state_capacity(&empty, &served);
        most = *slots > most ? *slots : most;
    }
    return most;
}

struct wf_choice wf_scope_choose(const struct wf_outlook *outlook, const struct wf_policy *policy,
                                 enum wf_within within, uint32_t scope,
                                 const struct wf_request *request)
{
    const struct wf_cluster *cluster = outlook->cluster;
    int64_t base = wf_policy_request_base(policy, outlook, request);
    struct wf_choice choice = {.node = WF_NONE, .score = INT64_MIN};
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        struct wf_request served;
        if (!node_serves(cluster, node, request, &served) ||
            wf_scope_of(cluster, within, node) != scope) {
            continue;
        }
        const struct wf_pool *pool = &cluster->pools[cluster->nodes[node].pool.index];
        uint32_t gpu = 0;
        int64_t score = policy->score(outlook, pool, &cluster->states[node], &served, &gpu) +
                        wf_policy_pool_score(policy, outlook, pool, &served, base);
        if (score > choice.score) {
            choice = (struct wf_choice){.node = node, .score = score};
        }
    }
    return choice;
}
