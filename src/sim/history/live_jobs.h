// SPDX-License-Identifier: Apache-2.0
// The jobs of a journal that are not over yet, by their numbers.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct wf_live_job {
    uint64_t number;
    uint32_t index; // on the history's shelf
    bool used;      // false: no job is here
    bool running;
};

// All zero at the beginning.
struct wf_live_jobs {
    struct wf_live_job *table;
    uint32_t capacity, count;
};

// Returns NULL when there is none. Gone with the next addition or removal.
struct wf_live_job *wf_live_jobs_find(const struct wf_live_jobs *jobs, uint64_t number);

// Adds a job that is not there. Errors: WF_NOMEM.
enum wf_status wf_live_jobs_add(struct wf_live_jobs *jobs, uint64_t number, uint32_t index,
                                struct wf_error *err) WF_MUST_USE;

void wf_live_jobs_remove(struct wf_live_jobs *jobs, const struct wf_live_job *job);

void wf_live_jobs_finish(struct wf_live_jobs *jobs);
