// SPDX-License-Identifier: Apache-2.0
// SpotHedge (Mao and others, SkyServe, 2024): some more spot replicas than are needed, over zones
// that did not just fail, and on-demand for those that are not ready. And the same without
// on-demand, as a measure.
#include <string.h>

#include "core/spot/service.h"

static uint32_t open_zones(const struct wf_service_view *view)
{
    struct wf_service_memory *memory = view->memory;
    uint32_t open = 0;
    for (uint32_t i = 0; i < view->zone_count; i++) {
        memory->shunned[i] = memory->shunned[i] || view->zones[i].lost || view->zones[i].refused;
        open += !memory->shunned[i];
    }
    if (open < 2) {
        memset(memory->shunned, 0, sizeof memory->shunned);
        open = view->zone_count;
    }
    return open;
}

static uint32_t emptiest(const struct wf_service_view *view, const struct wf_service_plan *plan)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < view->zone_count; i++) {
        if (view->memory->shunned[i]) {
            continue;
        }
        const struct wf_service_zone *zone = &view->zones[i];
        bool better = best == UINT32_MAX || plan->spot[i] < plan->spot[best] ||
                      (plan->spot[i] == plan->spot[best] &&
                       zone->spot_nanousd_per_hour < view->zones[best].spot_nanousd_per_hour);
        best = better ? i : best;
    }
    return best;
}

static uint32_t fill_with_spot(const struct wf_service_view *view, uint32_t wanted,
                               struct wf_service_plan *plan)
{
    uint32_t ready = 0;
    memset(plan, 0, sizeof *plan);
    for (uint32_t i = 0; i < view->zone_count; i++) {
        plan->spot[i] = view->zones[i].ready;
        ready += view->zones[i].ready;
    }
    if (view->zone_count > 0 && open_zones(view) > 0) {
        for (uint32_t held = ready; held < wanted; held++) {
            plan->spot[emptiest(view, plan)]++;
        }
    }
    return ready;
}

static void plan_hedged(const struct wf_service_view *view, struct wf_service_plan *plan_out)
{
    uint32_t wanted = view->replicas + view->extra;
    uint32_t ready = fill_with_spot(view, wanted, plan_out);
    uint32_t missing = wanted > ready ? wanted - ready : 0;
    plan_out->on_demand = missing < view->replicas ? missing : view->replicas;
}

static void plan_bare(const struct wf_service_view *view, struct wf_service_plan *plan_out)
{
    (void)fill_with_spot(view, view->replicas + view->extra, plan_out);
}

const struct wf_service_policy wf_service_policy_spot_hedge = {
    .name = "spothedge",
    .summary = "extra spot replicas over zones, on-demand for those not ready (SkyServe)",
    .plan = plan_hedged,
};

const struct wf_service_policy wf_service_policy_round_robin = {
    .name = "round-robin",
    .summary = "spot replicas over zones, never on-demand",
    .plan = plan_bare,
};
