// SPDX-License-Identifier: Apache-2.0
// How full a cluster is over time, from who starts, waits and ends: makes the integrals of
// sim/outcome/outcome.h.
#pragma once

#include "sim/outcome/outcome.h"

#define WF_METER_SIZES 48

struct wf_meter {
    struct wf_outcome_cluster *cluster; // borrowed: what is filled
    int64_t now_ms;
    int64_t capacity_milli, used_milli, waiting_milli;
    double usd_per_hour;              // of the machines that are paid for anyway
    uint32_t waiting[WF_METER_SIZES]; // jobs by the size of what they ask for, in powers of two
};

// Begins at begin_ms with an empty cluster.
void wf_meter_init(struct wf_meter *meter, struct wf_outcome_cluster *cluster, int64_t begin_ms,
                   int64_t capacity_milli, double usd_per_hour);

// It was as it was last told until now_ms; not before the last.
void wf_meter_pass(struct wf_meter *meter, int64_t now_ms);

// A job of so many milli-GPU begins to wait (sign 1) or no longer waits (-1); runs, or no longer.
void wf_meter_wait(struct wf_meter *meter, int64_t gpu_milli, int sign);
void wf_meter_run(struct wf_meter *meter, int64_t gpu_milli, int sign);
