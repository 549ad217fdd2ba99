// SPDX-License-Identifier: Apache-2.0
// Uniform Progress (Wu and others, NSDI 2024), spot first: work is to grow as evenly as time runs.
// Behind that line and without spot it buys on-demand, and keeps it until it is ahead by two
// changeovers; spot is taken whenever there is some, and kept.
#include "core/spot/wish.h"

static bool has_done(const struct wf_spot_view *view, int64_t at_s)
{
    return (int64_t)view->done_s * view->job->deadline_s >= (int64_t)view->job->work_s * at_s;
}

static struct wf_spot_action choose(const struct wf_spot_view *view)
{
    const struct wf_spot_job *job = view->job;
    int64_t now_s = (int64_t)view->tick * job->tick_s;
    struct wf_spot_action spot = wf_spot_if_any(view);
    if (spot.mode == WF_SPOT_HELD) {
        return spot;
    }
    int64_t ahead_s = view->mode == WF_SPOT_ON_DEMAND ? 2 * (int64_t)job->changeover_s : 0;
    return has_done(view, now_s + ahead_s) ? wf_spot_idle() : wf_spot_on_demand();
}

const struct wf_spot_policy wf_spot_policy_uniform_progress = {
    .name = "uniform-progress",
    .summary = "keeps work in step with time (NSDI 2024), spot first",
    .choose = choose,
};
