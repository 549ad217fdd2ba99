// SPDX-License-Identifier: Apache-2.0
// How good the forecasts of spot are: on the second half of a set of traces, each made from what
// had been seen by then. What is forecast is that a zone goes on, there or away, without a change.
#pragma once

#include "forecast/brier.h"
#include "sim/spot/spot_trace.h"

#define WF_SPOT_SCORE_BINS WF_BRIER_BINS

struct wf_spot_score {
    uint64_t samples;
    double happened; // the part that did go on
    double brier;
    double skill; // against always saying what was so on average in the first half; 1: perfect
    double calibration; // mean distance of what was said from what happened, over ten bins
    double said[WF_SPOT_SCORE_BINS], was[WF_SPOT_SCORE_BINS]; // by bin, means
    uint64_t count[WF_SPOT_SCORE_BINS];
};

struct wf_spot_score_config {
    const struct wf_spot_set *set;
    uint32_t within_s;
    uint32_t sample_s; // a forecast for each zone this often
};

// scores_out[0] is of spot that is away, [1] of spot that is there. Errors: WF_INVALID (too short),
// WF_NOMEM.
enum wf_status wf_spot_score_run(const struct wf_spot_score_config *config,
                                 struct wf_spot_score scores_out[2],
                                 struct wf_error *err) WF_MUST_USE;
