// SPDX-License-Identifier: Apache-2.0
// Spot while there is some, else nothing; once waiting would endanger the deadline, on-demand to
// the end, or the spot machine that is held until it is taken.
#include "core/spot/wish.h"

static struct wf_spot_action choose(const struct wf_spot_view *view)
{
    if (view->mode == WF_SPOT_ON_DEMAND) {
        return wf_spot_on_demand();
    }
    if (view->mode == WF_SPOT_HELD) {
        return wf_spot_if_any(view);
    }
    return wf_spot_is_safe(view, wf_spot_idle()) ? wf_spot_if_any(view) : wf_spot_on_demand();
}

const struct wf_spot_policy wf_spot_policy_greedy = {
    .name = "greedy",
    .summary = "spot whenever there is some; on-demand when the deadline asks for it",
    .choose = choose,
};
