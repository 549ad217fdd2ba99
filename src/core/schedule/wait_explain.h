// SPDX-License-Identifier: Apache-2.0
// Why a job that waits in a core with queues waits, and who stands before it: read off the core as
// it is now. Takes no memory, prints nothing, and leaves the core as it was.
#pragma once

#include "core/explain/explain.h"
#include "core/queue/queues.h"
#include "core/schedule/backlog.h"
#include "core/schedule/wait_reason.h"

#define WF_WAIT_SHOWN 3 // jobs that are named of those ahead, or that room is kept for

// A queue, from the job's own upwards, that may not use so much more.
struct wf_wait_limit {
    wf_queue_id queue;
    int64_t used_gpu_milli, limit_gpu_milli;
};

// A budget that would be passed.
struct wf_wait_budget {
    wf_queue_id queue;
    enum wf_budget_window window;
    enum wf_budget_action action; // HOLD or LOWER
    int64_t limit_nanousd;
    int64_t gone_nanousd; // spent, and committed to running jobs
    int64_t cost_nanousd; // of the job, in so long a time as the window lasts
    int64_t ends_ms;      // the window
};

struct wf_wait_other {
    wf_job_id job;
    int64_t gpu_milli;
    int64_t start_ms; // that is kept for it, or WF_NEVER
    enum wf_ahead_rule rule;
};

// Those before it that wait for room, or at the same queue's limit or budget as it does. Who waits
// for anything else is in nobody's way.
struct wf_wait_ahead {
    uint32_t jobs[WF_AHEAD_RULE_COUNT];
    int64_t gpu_milli[WF_AHEAD_RULE_COUNT];
    uint32_t jobs_all;
    int64_t gpu_milli_all;
    wf_int128 work_gpu_milli_ms; // as long as they are believed to run
    struct wf_wait_other first[WF_WAIT_SHOWN];
    uint32_t shown;
};

// Start times that are kept for others.
struct wf_wait_kept {
    uint32_t jobs;
    int64_t gpu_milli;
    struct wf_wait_other first[WF_WAIT_SHOWN]; // by start
    uint32_t shown;
};

struct wf_wait_explanation {
    const struct wf_ticket *ticket; // borrowed until the next step
    int64_t now_ms;
    int64_t gpu_milli; // of all its tasks
    uint32_t blockers; // set of enum wf_wait_reason; 0: it starts with the next event
    uint32_t array_running;
    int64_t kept_start_ms;         // for this job, or WF_NEVER
    int64_t forward_ms, latest_ms; // from when its deadline moves it forward until when it must
                                   // start for that; WF_NEVER: no deadline does
    struct wf_queue_bid bid;       // what counts against limits and budgets
    struct wf_wait_limit limits[WF_QUEUE_DEPTH_MAX];
    uint32_t limit_count;
    struct wf_wait_other limit_kept; // LIMIT_KEPT: for whom,
    wf_queue_id limit_kept_at;       // and in which queue
    struct wf_wait_budget budgets[WF_QUEUE_DEPTH_MAX * WF_WINDOWS];
    uint32_t budget_count;
    uint32_t tasks_slots;  // that the machines hold when nothing else runs
    uint32_t tasks_unkept; // that would have room now if none were kept
    struct wf_wait_kept kept;
    struct wf_wait_ahead ahead;
    // Over the nodes as they are now, without the room that is kept; what is kept for this very job
    // counts as free.
    struct wf_explanation nodes;
};

// Explains. Errors: WF_NOTFOUND: no such job; WF_INVALID: it runs, or the core has no queues.
enum wf_status wf_wait_explain(const struct wf_core *core, wf_job_id job,
                               struct wf_wait_explanation *out, struct wf_error *err) WF_MUST_USE;

// The part of it that tells who stands before a waiting job.
void wf_wait_ahead(const struct wf_core *core, uint32_t job, struct wf_wait_ahead *out);

// Returns the reason that counts most for a waiting job, from what the last pass noted: cheap
// enough to be asked after every event.
enum wf_wait_reason wf_wait_reason_now(const struct wf_core *core, uint32_t job);
