// SPDX-License-Identifier: Apache-2.0
// What small change would let a waiting job start now: found by trying. A run that stands still
// (sim/rerun/rerun.h) is copied whole, by a child process that shares nothing with it, the change
// is made there, and only if the job then starts is it told. So it holds for every discipline, and
// for what other jobs do meanwhile.
#pragma once

#include "core/explain/change.h"
#include "core/schedule/wait_explain.h"
#include "sim/rerun/rerun.h"

// A queue whose limit or budgets must be larger.
struct wf_wait_remedy_queue {
    wf_queue_id id;
    struct wf_queue_spec before, after;
};

struct wf_wait_remedy {
    bool found;              // false: nothing that was tried lets it start
    bool is_needed;          // false: it starts as it is with what comes next
    uint32_t kinds;          // set of enum wf_wait_change_kind
    struct wf_change change; // of its request
    uint64_t size_ppm;       // of all of it (docs/reasons.md)
    struct wf_job_spec before, after;
    bool changes_job;
    struct wf_wait_remedy_queue queues[WF_QUEUE_DEPTH_MAX];
    uint32_t queue_count;
    uint32_t trials; // that were made
};

// Finds the smallest change, in the order of docs/reasons.md, among those that are tried: less of
// one kind, or of all kinds at once, a shorter limit, a higher priority, another queue, and what
// limits, budgets, holds and arrays ask for. explanation is of that job, of the run as it stands.
// Errors: WF_NOMEM, WF_IO (the run cannot be copied).
enum wf_status wf_wait_remedy_find(struct wf_rerun_stepper *stepper,
                                   const struct wf_wait_explanation *explanation,
                                   const struct wf_discipline *discipline,
                                   struct wf_wait_remedy *out, struct wf_error *err) WF_MUST_USE;

// Makes the change in a copy of a run that stands at now_ms, and tells whether the job then starts:
// at once, or with the discipline's next cycle. The run stays as it is. Errors: likewise.
enum wf_status wf_wait_remedy_try(struct wf_rerun_stepper *stepper,
                                  const struct wf_wait_remedy *remedy, int64_t now_ms,
                                  const struct wf_discipline *discipline, bool *starts_out,
                                  struct wf_error *err) WF_MUST_USE;
