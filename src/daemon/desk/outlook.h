// SPDX-License-Identifier: Apache-2.0
// How likely this machine is to be taken, with how good such forecasts were so far: neither is told
// without the other.
#pragma once

#include "forecast/lifetimes.h"

struct wf_desk;

#define WF_DESK_OUTLOOK_BYTES 160

struct wf_desk_outlook {
    int64_t age_ms;         // of the machine
    double chance;          // that it is taken within the time asked about, 0 to 1
    double hazard_per_hour; // over the next hour
    struct wf_lifetimes_score score;
    char words[WF_DESK_OUTLOOK_BYTES]; // the score, or why there is none
};

// Of nodes of that pool, for so long from now. False: this machine is not one that is taken, and
// nothing is told.
bool wf_desk_outlook(const struct wf_desk *desk, uint32_t pool, int64_t within_ms,
                     struct wf_desk_outlook *out);
