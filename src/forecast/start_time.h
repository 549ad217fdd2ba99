// SPDX-License-Identifier: Apache-2.0
// When a waiting job will start, as a range: a plain estimate is corrected by how far such
// estimates were off for other jobs before.
//
// What is learned is the logarithm of (real wait + 1 minute) / (estimated wait + 1 minute), both
// from the moment of asking. Jobs that still wait count, too, as at least that long (Kaplan and
// Meier's product limit), since leaving them out would learn from short waits alone;
// where hardly any that are alike have started, the range is as wide as that little allows. Newer
// samples weigh more, and so do those alike: by estimate, by how long they had waited by then, by
// size, and by whether a start time was kept. The two ends of the range are moved until so many of
// the ranges stated before held the real start as should have (Gibbs and Candes, NeurIPS 2021).
//
// The same sequence of calls gives the same points on the same machine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_START_TIME_NONE UINT64_MAX

// What is known of a waiting job at some moment.
struct wf_start_time_question {
    int64_t estimate_ms; // of how much longer it waits
    int64_t waited_ms;   // so far
    int64_t gpu_milli;   // of all its tasks
    bool is_kept;        // a start time is kept for it
};

// How much longer it waits. 10 % of jobs less than low, 50 % less than middle, 90 % less than high.
struct wf_start_time_points {
    int64_t low_ms, middle_ms, high_ms;
    double samples; // whose say it is, by weight
};

struct wf_start_time_model;

// The newest samples_max samples (1 to 1,000,000) are kept. The caller owns *model_out. Errors:
// WF_INVALID, WF_NOMEM.
enum wf_status wf_start_time_create(uint32_t samples_max, struct wf_start_time_model **model_out,
                                    struct wf_error *err) WF_MUST_USE;
void wf_start_time_destroy(struct wf_start_time_model *model);

// A job waits at now_ms, which never goes back. Returns the sample's number, for below.
uint64_t wf_start_time_ask(struct wf_start_time_model *model,
                           const struct wf_start_time_question *question, int64_t now_ms);
// The job of that sample started. A sample that was pushed out by newer ones is passed over.
void wf_start_time_started(struct wf_start_time_model *model, uint64_t sample, int64_t now_ms);
// The job will not start any more: from then on nobody knows how long it would have waited.
void wf_start_time_left(struct wf_start_time_model *model, uint64_t sample, int64_t now_ms);

void wf_start_time_predict(const struct wf_start_time_model *model,
                           const struct wf_start_time_question *question, int64_t now_ms,
                           struct wf_start_time_points *points_out);
