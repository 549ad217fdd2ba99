// SPDX-License-Identifier: Apache-2.0
// What the policies have in common.
#pragma once

#include "core/spot/spot.h"

static inline struct wf_spot_action wf_spot_idle(void)
{
    return (struct wf_spot_action){.mode = WF_SPOT_IDLE};
}

static inline struct wf_spot_action wf_spot_on_demand(void)
{
    return (struct wf_spot_action){.mode = WF_SPOT_ON_DEMAND};
}

// Spot in the best zone, or nothing where there is none.
static inline struct wf_spot_action wf_spot_if_any(const struct wf_spot_view *view)
{
    uint32_t zone = wf_spot_best_zone(view);
    if (zone == UINT32_MAX) {
        return wf_spot_idle();
    }
    return (struct wf_spot_action){.mode = WF_SPOT_HELD, .zone = zone};
}
