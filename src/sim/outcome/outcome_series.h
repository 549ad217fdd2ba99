// SPDX-License-Identifier: Apache-2.0
// How full a cluster was over time, in few buckets however long it takes: when the buckets come to
// their end, every two become one of twice the width. So nobody needs to know the end beforehand,
// and the memory is the same for an hour and for a year.
#pragma once

#include <stdint.h>

#define WF_OUTCOME_BUCKETS 512
#define WF_OUTCOME_BUCKET_MS 1000 // the width at first

// GPU-hours within one bucket. The last bucket may be full only in part.
struct wf_outcome_bucket {
    double gpu_hours;         // there were
    double used_gpu_hours;    // held by jobs
    double blocked_gpu_hours; // free while jobs waited, whatever the reason
    double waiting_gpu_hours; // asked for by all jobs that waited
};

struct wf_outcome_series {
    int64_t begin_ms, width_ms;
    uint32_t count; // of buckets with anything in them, or before such ones
    struct wf_outcome_bucket buckets[WF_OUTCOME_BUCKETS];
};

// GPUs at one moment.
struct wf_outcome_moment {
    double gpus, used, blocked, waiting;
};

void wf_outcome_series_init(struct wf_outcome_series *series, int64_t begin_ms);

// Tells that it was so from from_ms (not before the beginning) until until_ms.
void wf_outcome_series_add(struct wf_outcome_series *series, int64_t from_ms, int64_t until_ms,
                           const struct wf_outcome_moment *moment);
