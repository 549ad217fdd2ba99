// SPDX-License-Identifier: Apache-2.0
// The demand forecast that the core makes by itself: what was asked for is what will be asked for.
// Counts arrivals per distinct (CPU, GPUs, share, models), refused ones included, with a long
// memory: each count is halved every WF_DEMAND_HALF_LIFE arrivals, so that what nobody asks for any
// more fades. When more distinct requests come than are kept, a new one takes the place of the
// rarest and its count (the space-saving sketch of Metwally et al., ICDT 2005). Internal to the
// core.
#pragma once

#include "core/place/mix.h"

#define WF_DEMAND_CLASSES_MAX 1024 // distinct requests counted
#define WF_DEMAND_HALF_LIFE 20000  // arrivals
#define WF_DEMAND_UNIT 16          // what one arrival counts, so that halving leaves something
#define WF_DEMAND_FIRST 32         // arrivals before the first forecast
#define WF_DEMAND_GAP_MAX 2048     // arrivals between two forecasts, at most

struct wf_demand {
    struct wf_mix_class classes[WF_DEMAND_CLASSES_MAX]; // most frequent first, as of the last
    uint32_t count;                                     // forecast
    uint16_t table[WF_DEMAND_CLASSES_MAX * 2];          // hash of a class to its place + 1
    int64_t total;                                      // of all counts
    uint64_t arrivals;                                  // ever
    uint64_t refresh_at; // arrivals at which the next forecast is due
};

void wf_demand_init(struct wf_demand *demand);

// Counts one task of the request. Returns whether the next forecast is due: after
// WF_DEMAND_FIRST arrivals, then whenever there were half as many again.
bool wf_demand_count(struct wf_demand *demand, const struct wf_request *request);

// Makes the forecast: the most frequent classes that together are 95 % of what was counted, as in
// the published protocol, and at most WF_MIX_CLASSES_MAX of them.
void wf_demand_forecast(struct wf_demand *demand, struct wf_mix *mix);

// Returns how many arrivals the counts stand for, faded ones less.
int64_t wf_demand_arrivals(const struct wf_demand *demand);
