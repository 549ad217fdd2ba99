// SPDX-License-Identifier: Apache-2.0
// What a core does with a job: by submitting it.
#include "core/core.h"
#include "core/quote/quote.h"
#include "core/schedule/schedule.h"
#include "core/schedule/wait_explain.h"

static void count_task(const struct wf_cluster *cluster, uint32_t node,
                       struct wf_quote_trial *trial)
{
    trial->tasks[cluster->nodes[node].pool.index]++;
}

// Returns how many tasks of the job were placed.
static uint32_t follow(const struct wf_core *core, const struct wf_decisions *decisions,
                       wf_job_id job, struct wf_quote_trial *trial)
{
    uint32_t placed = 0;
    for (uint32_t i = 0; i < decisions->count; i++) {
        const struct wf_decision *decision = &decisions->list[i];
        if (decision->kind == WF_DECISION_PLACE && decision->job.number == job.number) {
            count_task(wf_core_cluster(core), decision->node.index, trial);
            placed++;
        }
        trial->stopped += decision->kind == WF_DECISION_PREEMPT;
    }
    return placed;
}

// The job waits: for what, and whether room is kept for it.
static enum wf_status see_why(const struct wf_core *core, wf_job_id job,
                              struct wf_quote_trial *trial, struct wf_error *err)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    struct wf_wait_explanation wait;
    enum wf_status status = wf_wait_explain(core, job, &wait, err);
    if (status != WF_OK) {
        return status;
    }
    trial->blockers = wait.blockers;
    trial->start = wait.blockers & WF_WAIT_BIT(NEVER) ? WF_QUOTE_NEVER : WF_QUOTE_WAITS;
    if (wait.kept_start_ms != WF_NEVER) {
        trial->start = WF_QUOTE_KEPT;
        trial->start_ms = wait.kept_start_ms;
        uint32_t at = wf_future_first_task(schedule->future, wait.ticket->reservation);
        while (at != WF_NONE) {
            struct wf_future_task task = wf_future_task(schedule->future, at);
            count_task(wf_core_cluster(core), task.node, trial);
            at = task.next;
        }
    }
    return WF_OK;
}

// A discipline that tries jobs in cycles tries this one with the next.
static enum wf_status await_cycle(struct wf_core *core, int64_t now_ms,
                                  struct wf_decisions *decisions, struct wf_error *err)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    if (!schedule || schedule->discipline->cycle_ms == 0 ||
        decisions->wake_ms > now_ms + schedule->discipline->cycle_ms) {
        return WF_OK;
    }
    const struct wf_event event = {.time_ms = decisions->wake_ms, .kind = WF_EVENT_TIME};
    return wf_core_step(core, &event, decisions, err);
}

enum wf_status wf_quote_try(struct wf_core *core, const struct wf_job_spec *job, int64_t now_ms,
                            struct wf_quote_trial *out, struct wf_error *err)
{
    static const struct wf_quote_trial nothing_known = {.start = WF_QUOTE_STARTS};
    *out = nothing_known; // a literal would take its 16 KiB on the stack
    const struct wf_event event = {
        .time_ms = now_ms, .kind = WF_EVENT_JOB_SUBMIT, .job_submit = *job};
    struct wf_decisions decisions;
    enum wf_status status = wf_core_step(core, &event, &decisions, err);
    uint32_t placed = status == WF_OK ? follow(core, &decisions, job->id, out) : 0;
    if (status == WF_OK && placed == 0) {
        status = await_cycle(core, now_ms, &decisions, err);
        placed = status == WF_OK ? follow(core, &decisions, job->id, out) : 0;
    }
    if (status != WF_OK || placed == job->tasks) {
        return status;
    }
    out->start = WF_QUOTE_WAITS; // or, without queues, is refused in part
    return wf_core_schedule(core) ? see_why(core, job->id, out, err) : WF_OK;
}
