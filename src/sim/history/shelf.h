// SPDX-License-Identifier: Apache-2.0
// Where the jobs of a history are until they are handed out. Either as a list: all are added, may
// be changed where they stand, and are put in order once. Or as a heap: the earliest of those that
// are there can be taken at any time.
#pragma once

#include <stdbool.h>

#include "sim/history/history.h"

struct wf_shelf {
    struct wf_history_job *jobs;
    uint32_t count, capacity;
    struct wf_shelf_place *order; // of a list that was put in order
    uint32_t order_count, taken;
};

// Adds a job at the end of a list, at index count - 1. Errors: WF_LIMIT past jobs_max, WF_NOMEM.
enum wf_status wf_shelf_add(struct wf_shelf *shelf, const struct wf_history_job *job,
                            uint32_t jobs_max, struct wf_error *err) WF_MUST_USE;

// Puts a list in order by submission, lowest line first among equals; jobs without tasks are left
// out. Errors: WF_NOMEM.
enum wf_status wf_shelf_arrange(struct wf_shelf *shelf, struct wf_error *err) WF_MUST_USE;

// Gives the next job of an arranged list; NULL when there is none.
const struct wf_history_job *wf_shelf_next(struct wf_shelf *shelf);

// Adds a job to a heap. Errors: WF_NOMEM.
enum wf_status wf_shelf_push(struct wf_shelf *shelf, const struct wf_history_job *job,
                             struct wf_error *err) WF_MUST_USE;

// Takes the earliest job out of a heap that is not empty.
void wf_shelf_pop(struct wf_shelf *shelf, struct wf_history_job *job_out);

void wf_shelf_finish(struct wf_shelf *shelf);
