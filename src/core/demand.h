// SPDX-License-Identifier: Apache-2.0
// The demand forecast that the core makes by itself: what has been asked for so far, is what will
// be asked for. Counts arrivals per distinct (CPU, GPUs, share, models), refused ones included,
// with a long memory: when the counts reach WF_DEMAND_MEMORY in all, each is halved, so that what
// nobody asks for any more fades. When more distinct requests come than are kept, a new one takes
// the place of the rarest (the space-saving sketch of Metwally et al., ICDT 2005). Internal to the
// core.
#pragma once

#include "core/mix.h"

#define WF_DEMAND_CLASSES_MAX 1024 // distinct requests counted
#define WF_DEMAND_MEMORY 262144    // arrivals remembered
#define WF_DEMAND_FIRST 32         // arrivals before the first forecast

struct wf_demand {
    struct wf_mix_class classes[WF_DEMAND_CLASSES_MAX]; // most frequent first, as of the last
    uint32_t count;                                     // forecast
    uint16_t table[WF_DEMAND_CLASSES_MAX * 2];          // hash of a class to its place + 1
    uint64_t arrivals;                                  // remembered, that is after halving
    uint64_t refresh_at; // arrivals at which the next forecast is made
};

void wf_demand_init(struct wf_demand *demand);

// Counts one task of the request. Returns whether it is time for a new forecast: when the
// remembered arrivals have grown by a quarter since the last one.
bool wf_demand_count(struct wf_demand *demand, const struct wf_request *request);

// Makes the forecast: the most frequent classes that together are 95 % of all arrivals, as in the
// published protocol, and at most WF_MIX_CLASSES_MAX of them.
void wf_demand_forecast(struct wf_demand *demand, struct wf_mix *mix);
