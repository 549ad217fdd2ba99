// SPDX-License-Identifier: Apache-2.0
#include "core/spot/wish.h"

static struct wf_spot_action choose(const struct wf_spot_view *view)
{
    (void)view;
    return wf_spot_on_demand();
}

const struct wf_spot_policy wf_spot_policy_on_demand = {
    .name = "on-demand",
    .summary = "on-demand from start to end",
    .choose = choose,
};
