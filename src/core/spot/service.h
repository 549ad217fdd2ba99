// SPDX-License-Identifier: Apache-2.0
// A service on spot: how many replicas to hold in each zone and on-demand, so that enough are ready
// although whole zones are taken at once. Asking for more spot than a zone has costs nothing: what
// is not there is not paid.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/spot/spot.h"

#define WF_SERVICE_REPLICAS_MAX 64
#define WF_SERVICE_ZONES_MAX 8 // over which one service is spread

struct wf_service_zone {
    uint32_t ready;          // spot replicas that serve now
    bool lost;               // some were taken since the last tick
    bool refused;            // the last launch got less than was asked for
    uint32_t loss_q24;       // chance that the zone takes some within a tick
    uint32_t whole_permille; // that it then takes all
    int64_t spot_nanousd_per_hour;
};

// What a policy remembers from tick to tick; all 0 at first.
struct wf_service_memory {
    bool shunned[WF_SPOT_ZONES_MAX];
    int64_t short_nanousd; // what a tick without enough replicas is taken to cost
};

struct wf_service_view {
    uint32_t replicas;        // that are to be ready
    uint32_t extra;           // held beside them by policies that hold a fixed number
    uint32_t target_permille; // of the time
    const struct wf_service_zone *zones;
    uint32_t zone_count;
    uint32_t on_demand_ready;
    int64_t on_demand_nanousd_per_hour;
    bool short_now; // fewer than replicas are ready
    struct wf_service_memory *memory;
};

struct wf_service_plan {
    uint32_t spot[WF_SPOT_ZONES_MAX];
    uint32_t on_demand;
};

struct wf_service_policy {
    const char *name;
    const char *summary;
    void (*plan)(const struct wf_service_view *view, struct wf_service_plan *plan_out);
};

// The list; it ends with NULL.
extern const struct wf_service_policy *const wf_service_policies[];
const struct wf_service_policy *wf_service_policy_find(const char *name);

extern const struct wf_service_policy wf_service_policy_round_robin;
extern const struct wf_service_policy wf_service_policy_spot_hedge;
extern const struct wf_service_policy wf_service_policy_hedge;

// Returns the chance, in 2^24ths, that fewer than view->replicas are left after a tick: zones lose
// machines independently of each other, within a zone all of them or half.
uint32_t wf_service_short_q24(const struct wf_service_view *view,
                              const struct wf_service_plan *plan);
