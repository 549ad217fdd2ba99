// SPDX-License-Identifier: Apache-2.0
// When something is due for a job: at most one time for each, the earliest first, ties by slot.
// Internal to the core.
#pragma once

#include "base/region.h"
#include "core/types.h"

struct wf_timers {
    int64_t *at_ms;  // by job slot
    uint32_t *heap;  // slots, earliest first
    uint32_t *place; // by job slot: one past its place in the heap; 0: it has no time
    uint32_t count;
};

// Errors: WF_NOMEM.
enum wf_status wf_timers_init(struct wf_timers *timers, struct wf_region *region, uint32_t jobs,
                              struct wf_error *err) WF_MUST_USE;

// Sets the job's time, in place of the one it had; INT64_MAX: none.
void wf_timers_set(struct wf_timers *timers, uint32_t job, int64_t at_ms);

// Returns the earliest time, or INT64_MAX; *job_out gets whose it is.
int64_t wf_timers_first(const struct wf_timers *timers, uint32_t *job_out);
