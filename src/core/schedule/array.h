// SPDX-License-Identifier: Apache-2.0
// How many jobs of each array run, for arrays that may not run all at once. Internal to the core.
#pragma once

#include "base/region.h"
#include "core/types.h"

struct wf_array_count {
    uint32_t array; // 0: free
    uint32_t running;
};

struct wf_arrays {
    struct wf_array_count *counts; // open addressing: a power of two of them, at most half used
    uint32_t mask;
};

// jobs: as many as may run at once.
enum wf_status wf_arrays_init(struct wf_arrays *arrays, struct wf_region *region, uint32_t jobs,
                              struct wf_error *err) WF_MUST_USE;

uint32_t wf_arrays_running(const struct wf_arrays *arrays, uint32_t array);
void wf_arrays_start(struct wf_arrays *arrays, uint32_t array);
void wf_arrays_stop(struct wf_arrays *arrays, uint32_t array);
