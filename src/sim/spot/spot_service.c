// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_service.h"

#include <string.h>

#include "forecast/survival.h"

struct run {
    const struct wf_spot_set *set;
    const struct wf_service_wish *wish;
    const struct wf_service_policy *policy;
    struct wf_survival_model *model;
    struct wf_service_zone zones[WF_SPOT_ZONES_MAX];
    uint32_t held[WF_SPOT_ZONES_MAX];
    uint32_t on_demand;
    struct wf_service_memory memory;
    struct wf_service_outcome outcome;
};

// Takes what the trace has not any more, and tells the policy what it may know: nothing of a zone's
// room but what it holds, what it lost and what it was refused.
static uint32_t look(struct run *run, uint32_t tick)
{
    uint32_t ready = run->on_demand;
    for (uint32_t i = 0; i < run->set->count; i++) {
        struct wf_service_zone *zone = &run->zones[i];
        uint32_t room = run->set->traces[i].counts[tick];
        zone->lost = run->held[i] > room;
        run->outcome.losses += zone->lost ? run->held[i] - room : 0;
        run->held[i] = zone->lost ? room : run->held[i];
        zone->ready = run->held[i];
        zone->refused = zone->refused || zone->lost;
        zone->spot_nanousd_per_hour = run->wish->spot_nanousd_per_hour;
        zone->whole_permille = wf_survival_all_lost_permille(run->model, i);
        // The model knows when all are lost; some are lost more often.
        uint64_t whole_q24 = wf_survival_change_q24(
            run->model, i, true, wf_survival_age_s(run->model, i), run->set->traces[i].tick_s);
        uint64_t any_q24 = whole_q24 * 1000 / (zone->whole_permille ? zone->whole_permille : 1);
        zone->loss_q24 = any_q24 < 1 << 24 ? (uint32_t)any_q24 : 1 << 24;
        ready += zone->ready;
    }
    return ready;
}

static void launch(struct run *run, uint32_t tick, const struct wf_service_plan *plan)
{
    uint32_t tick_s = run->set->traces[0].tick_s;
    uint32_t counts[WF_SPOT_ZONES_MAX];
    for (uint32_t i = 0; i < run->set->count; i++) {
        uint32_t room = run->set->traces[i].counts[tick];
        uint32_t got = plan->spot[i] < room ? plan->spot[i] : room;
        run->zones[i].refused = got < plan->spot[i];
        run->outcome.launches += got > run->held[i] ? got - run->held[i] : 0;
        run->held[i] = got;
        run->outcome.cost_nanousd += got * (run->wish->spot_nanousd_per_hour * tick_s / 3600);
        // As a probe in every tick would see it, and only once this tick's plan is made.
        counts[i] = room;
    }
    run->outcome.launches +=
        plan->on_demand > run->on_demand ? plan->on_demand - run->on_demand : 0;
    run->on_demand = plan->on_demand;
    run->outcome.cost_nanousd +=
        plan->on_demand * (run->wish->on_demand_nanousd_per_hour * tick_s / 3600);
    run->outcome.on_demand_nanousd +=
        run->wish->replicas * (run->wish->on_demand_nanousd_per_hour * tick_s / 3600);
    wf_survival_observe(run->model, counts, (int64_t)tick * tick_s);
}

enum wf_status wf_service_run(const struct wf_spot_set *set, const struct wf_service_wish *wish,
                              const struct wf_service_policy *policy,
                              struct wf_service_outcome *outcome_out, struct wf_error *err)
{
    if (set->count > WF_SERVICE_ZONES_MAX) {
        return wf_fail(err, WF_LIMIT, "a service is spread over %d zones at most, not %u",
                       WF_SERVICE_ZONES_MAX, set->count);
    }
    struct run run = {.set = set, .wish = wish, .policy = policy};
    enum wf_status status = wf_survival_create(set->count, &run.model, err);
    if (status != WF_OK) {
        return status;
    }
    for (uint32_t tick = 0; tick < set->ticks; tick++) {
        uint32_t ready = look(&run, tick);
        bool is_short = ready < wish->replicas;
        const struct wf_service_view view = {
            .replicas = wish->replicas,
            .extra = wish->extra,
            .target_permille = wish->target_permille,
            .zones = run.zones,
            .zone_count = set->count,
            .on_demand_ready = run.on_demand,
            .on_demand_nanousd_per_hour = wish->on_demand_nanousd_per_hour,
            .short_now = is_short,
            .memory = &run.memory,
        };
        run.outcome.ticks++;
        run.outcome.short_ticks += is_short;
        run.outcome.missing += is_short ? wish->replicas - ready : 0;
        struct wf_service_plan plan;
        policy->plan(&view, &plan);
        launch(&run, tick, &plan);
    }
    wf_survival_destroy(run.model);
    *outcome_out = run.outcome;
    return WF_OK;
}
