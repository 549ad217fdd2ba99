// SPDX-License-Identifier: Apache-2.0
// What small change would let a waiting job start now: found by trying. A core that stands still is
// copied whole, by a child process that shares nothing with it, the change is made there, and only
// if the job then starts is it told. So it holds for every discipline, and
// for what other jobs do meanwhile.
#pragma once

#include "core/core.h"
#include "core/discipline/discipline.h"
#include "core/explain/change.h"
#include "core/schedule/wait_explain.h"

// Whose core it is, and how it is driven there: called in copies only.
struct wf_wait_driver {
    const struct wf_core *core;
    // Takes an event from outside, then all that is due by its time.
    enum wf_status (*change)(void *context, const struct wf_event *event, struct wf_error *err);
    // Takes all that is due up to that time.
    enum wf_status (*advance)(void *context, int64_t time_ms, struct wf_error *err);
    // Whether the job started at that time or after it.
    bool (*has_started)(void *context, wf_job_id job, int64_t since_ms);
    void *context;
};

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
// limits, budgets, holds and arrays ask for. explanation is of that job, of the core as it stands.
// Errors: WF_NOMEM, WF_IO (the core cannot be copied).
enum wf_status wf_wait_remedy_find(const struct wf_wait_driver *driver,
                                   const struct wf_wait_explanation *explanation,
                                   const struct wf_discipline *discipline,
                                   struct wf_wait_remedy *out, struct wf_error *err) WF_MUST_USE;

// Makes the change in a copy of a core that stands at now_ms, and tells whether the job then
// starts: at once, or with the discipline's next cycle. The core stays as it is. Errors: likewise.
enum wf_status wf_wait_remedy_try(const struct wf_wait_driver *driver,
                                  const struct wf_wait_remedy *remedy, int64_t now_ms,
                                  const struct wf_discipline *discipline, bool *starts_out,
                                  struct wf_error *err) WF_MUST_USE;
