// SPDX-License-Identifier: Apache-2.0
// Room that is held for reservations and that work with a known end may use until then. Internal to
// the core.
#pragma once

#include "core/future/timeline.h"

// One task that starts now.
struct wf_gap_wish {
    struct wf_request request;
    int64_t end_ms; // WF_NEVER: not known
    enum wf_within within;
    uint32_t near;  // the node must be in the same zone, pool or group as this one; WF_NONE: any
    uint32_t after; // only nodes that come after this one in the order of choice; WF_NONE: all
};

struct wf_gap {
    uint32_t node;
    uint32_t gpu_set;
};

// Chooses, among the nodes that have bookings, one where the task can run from now to its end
// without delaying any: that where the least GPU share is left free now, then the least CPU, then
// that with the lowest id. Of its GPUs, for a share it is the one with the least room until the
// end, else those with the lowest numbers. Returns whether there is one.
bool wf_gap_choose(const struct wf_timeline *timeline, const struct wf_gap_wish *wish,
                   struct wf_gap *gap_out);
