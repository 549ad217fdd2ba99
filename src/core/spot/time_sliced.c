// SPDX-License-Identifier: Apache-2.0
// The time until the deadline cut into slices, each with its even part of the work; greedy within
// each slice. Work done ahead counts for the slices that follow.
#include "core/spot/wish.h"

enum { SLICE_S = 8 * 3600 };

static struct wf_spot_action choose(const struct wf_spot_view *view)
{
    const struct wf_spot_job *job = view->job;
    int64_t now_s = (int64_t)view->tick * job->tick_s;
    int64_t slices = (job->deadline_s + SLICE_S - 1) / SLICE_S;
    int64_t slice = now_s / SLICE_S;
    slice = slice < slices ? slice : slices - 1;
    int64_t end_s = (slice + 1) * job->deadline_s / slices;
    int64_t target_s = (int64_t)job->work_s * (slice + 1) / slices;
    int64_t left_s = target_s - view->done_s;
    int64_t ticks = (end_s - now_s) / job->tick_s - 1;
    bool may_wait = left_s <= 0 || ticks * job->tick_s >= left_s + job->changeover_s;
    if (view->mode == WF_SPOT_HELD) {
        return wf_spot_if_any(view);
    }
    if (!may_wait || (view->mode == WF_SPOT_ON_DEMAND && left_s > 0)) {
        return wf_spot_on_demand();
    }
    return wf_spot_if_any(view);
}

const struct wf_spot_policy wf_spot_policy_time_sliced = {
    .name = "time-sliced",
    .summary = "greedy within slices of eight hours, each with its part of the work",
    .choose = choose,
};
