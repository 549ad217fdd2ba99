// SPDX-License-Identifier: Apache-2.0
#include "core/spot/spot.h"

#include "base/assert.h"

#define SECONDS_PER_HOUR 3600

bool wf_spot_starts(const struct wf_spot_view *view, struct wf_spot_action action)
{
    return action.mode != WF_SPOT_IDLE &&
           (action.mode != view->mode ||
            (action.mode == WF_SPOT_HELD && action.zone != view->zone));
}

uint32_t wf_spot_tick_work(const struct wf_spot_view *view, struct wf_spot_action action,
                           uint32_t *residual_out)
{
    uint32_t tick_s = view->job->tick_s;
    uint32_t residual_s = view->residual_s;
    if (action.mode == WF_SPOT_IDLE) {
        *residual_out = 0;
        return 0;
    }
    if (wf_spot_starts(view, action)) {
        residual_s = view->job->changeover_s;
    }
    *residual_out = residual_s > tick_s ? residual_s - tick_s : 0;
    return residual_s < tick_s ? tick_s - residual_s : 0;
}

bool wf_spot_is_safe(const struct wf_spot_view *view, struct wf_spot_action action)
{
    const struct wf_spot_job *job = view->job;
    uint32_t residual_s = 0;
    int64_t left_s = (int64_t)job->work_s - view->done_s;
    left_s -= wf_spot_tick_work(view, action, &residual_s);
    if (action.mode == WF_SPOT_ON_DEMAND || (action.mode == WF_SPOT_HELD && left_s <= 0)) {
        return true;
    }
    // On-demand from the next tick on, in whole ticks.
    int64_t ticks = ((int64_t)job->ticks - view->tick - 1);
    return ticks * job->tick_s >= left_s + job->changeover_s + job->reserve_s;
}

// Where on-demand is sold out, time is the only thing left to win: any spot machine is better than
// none, and an on-demand machine that is held is not given back.
static struct wf_spot_action without_on_demand(const struct wf_spot_view *view)
{
    uint32_t zone = wf_spot_best_zone(view);
    if (view->mode == WF_SPOT_ON_DEMAND) {
        return (struct wf_spot_action){.mode = WF_SPOT_ON_DEMAND};
    }
    if (zone == UINT32_MAX) {
        return (struct wf_spot_action){.mode = WF_SPOT_IDLE};
    }
    return (struct wf_spot_action){.mode = WF_SPOT_HELD, .zone = zone};
}

struct wf_spot_action wf_spot_decide(const struct wf_spot_policy *policy,
                                     const struct wf_spot_view *view)
{
    struct wf_spot_action wish = policy->choose(view);
    WF_ASSERT(wish.mode != WF_SPOT_HELD ||
              (wish.zone < view->zone_count && view->zones[wish.zone].available));
    if (wf_spot_is_safe(view, wish) && wish.mode != WF_SPOT_ON_DEMAND) {
        // Given back, it may not be had again.
        bool gives_back = view->sold_out && view->mode == WF_SPOT_ON_DEMAND;
        return gives_back ? without_on_demand(view) : wish;
    }
    if (view->sold_out) {
        return without_on_demand(view);
    }
    return (struct wf_spot_action){.mode = WF_SPOT_ON_DEMAND};
}

// Of a machine that is expected to live for life_s: what an hour of work costs there when its
// changeover, restart and egress are spread over that life.
static int64_t useful_hour_nanousd(const struct wf_spot_view *view, uint32_t zone)
{
    const struct wf_spot_job *job = view->job;
    const struct wf_spot_zone *at = &view->zones[zone];
    uint32_t life_s = at->life_s ? at->life_s : at->age_s;
    int64_t left_s = (int64_t)job->work_s - view->done_s;
    life_s = life_s > left_s ? (uint32_t)(left_s > 0 ? left_s : 1) : life_s;
    life_s = life_s > 0 ? life_s : 1;
    if (view->mode == WF_SPOT_HELD && zone == view->zone) {
        return at->spot_nanousd_per_hour;
    }
    int64_t start_nanousd = at->spot_nanousd_per_hour * job->changeover_s / SECONDS_PER_HOUR;
    start_nanousd += job->restart_nanousd;
    start_nanousd += view->placed && zone != view->zone ? job->move_nanousd : 0;
    return at->spot_nanousd_per_hour + start_nanousd * SECONDS_PER_HOUR / life_s;
}

uint32_t wf_spot_best_zone(const struct wf_spot_view *view)
{
    uint32_t best = UINT32_MAX;
    int64_t best_nanousd = 0;
    for (uint32_t i = 0; i < view->zone_count; i++) {
        if (!view->zones[i].available) {
            continue;
        }
        int64_t nanousd = useful_hour_nanousd(view, i);
        bool older = best != UINT32_MAX && nanousd == best_nanousd &&
                     view->zones[i].age_s > view->zones[best].age_s &&
                     !(view->mode == WF_SPOT_HELD && best == view->zone);
        if (best == UINT32_MAX || nanousd < best_nanousd || older) {
            best = i;
            best_nanousd = nanousd;
        }
    }
    return best;
}
