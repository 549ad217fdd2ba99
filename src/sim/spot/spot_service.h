// SPDX-License-Identifier: Apache-2.0
// A service over zones of a set of traces of counts: what it costs, and how often enough replicas
// are ready. A replica is ready one tick after its launch.
#pragma once

#include "core/spot/service.h"
#include "sim/spot/spot_trace.h"

struct wf_service_wish {
    uint32_t replicas, extra, target_permille;
    int64_t on_demand_nanousd_per_hour, spot_nanousd_per_hour;
};

struct wf_service_outcome {
    uint64_t ticks, short_ticks, missing;    // missing: replicas, summed over ticks
    int64_t cost_nanousd, on_demand_nanousd; // the latter of all replicas, all the time
    uint64_t launches, losses;
};

// Errors: WF_NOMEM, WF_LIMIT (more than WF_SERVICE_ZONES_MAX zones).
enum wf_status wf_service_run(const struct wf_spot_set *set, const struct wf_service_wish *wish,
                              const struct wf_service_policy *policy,
                              struct wf_service_outcome *outcome_out,
                              struct wf_error *err) WF_MUST_USE;
