// SPDX-License-Identifier: Apache-2.0
// How good chances were that somebody forecast: each is held against what then was.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WF_BRIER_BINS 10 // of the chances said

struct wf_brier {
    uint64_t samples;
    double happened; // how many of them
    double squares;  // the sum of the squared errors
    struct {
        uint64_t count;
        double said, was; // sums
    } bins[WF_BRIER_BINS];
};

// said: 0 to 1.
void wf_brier_note(struct wf_brier *brier, double said, bool was);

// All three: 0 before there are any.
double wf_brier_score(const struct wf_brier *brier);
// 1 is perfect, 0 is as good as always saying base, below 0 is worse.
double wf_brier_skill(const struct wf_brier *brier, double base);
// By how much what was said and what was differ, on average over the bins.
double wf_brier_calibration(const struct wf_brier *brier);
