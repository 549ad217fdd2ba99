// SPDX-License-Identifier: Apache-2.0
// What the engine tells of runs: what a run came to, and what its job comes to by it. The engine is
// the truth about runs; whether the job is over or waits again, its document says.
#include <string.h>

#include "base/assert.h"
#include "daemon/desk/run_parts.h"
#include "daemon/desk/spot_parts.h"

enum outcome {
    NOTHING, // the job waits already
    AGAIN,   // and it does not count
    AGAIN_COUNTED,
    DONE,
    FAILED,
    LOST,
};

void wf_desk_run_started(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact)
{
    struct wf_book_job *job = run->job;
    if (run->started_ms > 0 || fact->started_ms <= 0) {
        return;
    }
    run->started_ms = fact->started_ms;
    if (job->started_ms == 0) {
        job->started_ms = fact->started_ms;
        desk->counts.first_starts++;
        if (fact->started_ms > job->submitted_ms) {
            desk->counts.start_wait_ms += (uint64_t)(fact->started_ms - job->submitted_ms);
        }
    }
    wf_book_touch(&desk->world.book, job);
    wf_desk_write_run(desk, run, fact);
    if (job->old != run) {
        wf_desk_tell_job(desk, job, "started", "");
    }
}

static bool ended_by_itself(const struct wf_run *fact)
{
    return fact->end == WF_RUN_END_EXIT || fact->end == WF_RUN_END_SIGNAL ||
           fact->end == WF_RUN_END_OUT_OF_MEMORY;
}

static enum outcome failed(const struct wf_book_job *job)
{
    bool again = job->requeue_failed && job->requeues < job->requeue_at_most;
    return again ? AGAIN_COUNTED : FAILED;
}

static enum outcome lost(const struct wf_book_job *job)
{
    return job->requeue_lost && job->requeues < job->requeue_at_most ? AGAIN_COUNTED : LOST;
}

static enum outcome outcome_of(const struct wf_book_job *job, const struct wf_run *fact)
{
    if (fact->end == WF_RUN_END_EXIT && fact->exit_code == 0) {
        return DONE;
    }
    if (ended_by_itself(fact)) {
        return failed(job);
    }
    switch (fact->end) {
    case WF_RUN_END_NOT_STARTED:
        return failed(job);
    case WF_RUN_END_TIME_LIMIT:
        return FAILED;
    case WF_RUN_END_PREEMPTED:
        return AGAIN;
    case WF_RUN_END_CANCELLED: // by nobody whom we know
    case WF_RUN_END_RESTARTED:
    case WF_RUN_END_UNKNOWN:
    case WF_RUN_END_NONE:
    case WF_RUN_END_EXIT:
    case WF_RUN_END_SIGNAL:
    case WF_RUN_END_OUT_OF_MEMORY:
        break;
    }
    return lost(job);
}

// A run that was told to give way, and whose job waits already or is placed anew: only what it did
// by itself before it heard of that counts.
static enum outcome outcome_of_old(const struct wf_book_job *job, const struct wf_run *fact)
{
    enum outcome outcome = ended_by_itself(fact) ? outcome_of(job, fact) : NOTHING;
    return outcome == AGAIN || outcome == AGAIN_COUNTED ? NOTHING : outcome;
}

const char *wf_desk_end_code(enum wf_run_end end)
{
    switch (end) {
    case WF_RUN_END_OUT_OF_MEMORY:
        return "out-of-memory";
    case WF_RUN_END_TIME_LIMIT:
        return "time-limit";
    case WF_RUN_END_NOT_STARTED:
        return "not-started";
    case WF_RUN_END_RESTARTED:
        return "machine-restarted";
    case WF_RUN_END_NONE:
    case WF_RUN_END_EXIT:
    case WF_RUN_END_SIGNAL:
    case WF_RUN_END_PREEMPTED:
    case WF_RUN_END_CANCELLED:
    case WF_RUN_END_UNKNOWN:
        break;
    }
    return wf_run_end_text(end);
}

static void say_why(const struct wf_run *fact, char *text, size_t size)
{
    if (fact->detail[0] != '\0') {
        snprintf(text, size, "%s", fact->detail);
    } else if (fact->end == WF_RUN_END_EXIT) {
        snprintf(text, size, "exit status %d", fact->exit_code);
    } else if (fact->end == WF_RUN_END_SIGNAL) {
        snprintf(text, size, "ended by signal %d", fact->signal);
    } else {
        snprintf(text, size, "%s", wf_run_end_text(fact->end));
    }
}

void wf_desk_end_in_core(struct wf_desk *desk, struct wf_book_job *job, bool is_failure)
{
    if (!job->in_core) {
        return;
    }
    struct wf_event event = {.kind = WF_EVENT_JOB_END,
                             .job_end = {.id = {job->id}, .failed = is_failure}};
    job->in_core = false;
    // The core knows every job that is in it.
    enum wf_status status = wf_desk_step(desk, &event, NULL);
    WF_ASSERT(status == WF_OK);
}

void wf_desk_finish_job(struct wf_desk *desk, struct wf_book_job *job, enum wf_job_state state,
                        const char *code, const char *reason)
{
    wf_book_set_state(&desk->world.book, job, state);
    wf_desk_write_job(desk, job, NULL, code, reason);
    wf_desk_tell_job(desk, job, "ended", reason);
    desk->counts.ended[state]++;
    wf_diary_close(desk->world.diary, job->id);
    wf_book_remove(&desk->world.book, job);
}

static void run_again(struct wf_desk *desk, struct wf_book_job *job, const char *why, bool counted)
{
    struct wf_event event = {.kind = WF_EVENT_JOB_END, .job_end = {.id = {job->id}, .again = true}};
    job->requeues += counted;
    desk->counts.requeues++;
    wf_desk_tell_job(desk, job, "requeued", why);
    enum wf_status status = wf_desk_step(desk, &event, NULL);
    WF_ASSERT(status == WF_OK);
}

static void end_job(struct wf_desk *desk, struct wf_book_job *job, enum outcome outcome,
                    const struct wf_run *fact, const char *why)
{
    static const enum wf_job_state states[] = {
        [DONE] = WF_JOB_STATE_DONE,
        [FAILED] = WF_JOB_STATE_FAILED,
        [LOST] = WF_JOB_STATE_LOST,
    };
    if (job->run) {
        wf_desk_drop_run(desk, job->run, WF_RUN_END_CANCELLED); // it was placed anew already
    }
    wf_desk_end_in_core(desk, job, outcome != DONE);
    wf_desk_finish_job(desk, job, states[outcome], wf_desk_end_code(fact->end), why);
}

static void decide(struct wf_desk *desk, struct wf_book_job *job, enum outcome outcome,
                   const struct wf_run *fact)
{
    char why[sizeof fact->detail];
    say_why(fact, why, sizeof why);
    switch (outcome) {
    case NOTHING:
        wf_book_touch(&desk->world.book, job);
        break;
    case AGAIN:
    case AGAIN_COUNTED:
        run_again(desk, job, why, outcome == AGAIN_COUNTED);
        break;
    case DONE:
    case FAILED:
    case LOST:
        end_job(desk, job, outcome, fact, why);
        break;
    }
}

// What it used goes to the job, the ledger, and what is expected of jobs like it.
static void account(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact)
{
    struct wf_book_job *job = run->job;
    struct wf_charge charge = wf_desk_charge(desk, run, fact->ended_ms);
    job->cost_nanousd += charge.cost_nanousd;
    job->gpu_ms += charge.gpu_ms;
    job->cpu_ms += fact->cpu_ms;
    if (fact->memory_peak_bytes > job->memory_peak_bytes) {
        job->memory_peak_bytes = fact->memory_peak_bytes;
    }
    desk->counts.gpu_ms += charge.gpu_ms;
    desk->counts.cost_nanousd += charge.cost_nanousd;
    desk->counts.runs_ended++;
    wf_desk_write_ledger(desk, run, fact->ended_ms, charge);
    bool cut = fact->end == WF_RUN_END_TIME_LIMIT;
    int64_t ran_ms = fact->ended_ms - run->started_ms;
    if (run->started_ms > 0 && ran_ms > 0 && (cut || ended_by_itself(fact))) {
        struct wf_run_time_key key = wf_desk_run_key(job);
        wf_run_time_learn(desk->world.run_times, &key, job->limit_ms, ran_ms, cut);
    }
}

void wf_desk_close_run(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact)
{
    wf_desk_run_started(desk, run, fact); // it may be the first that is heard of it
    account(desk, run, fact);
    wf_desk_write_run(desk, run, fact);
    wf_desk_count_loss(desk, run, fact);
    desk->has_room = true;
    wf_book_touch(&desk->world.book, run->job);
    wf_book_remove_run(&desk->world.book, run);
}

void wf_desk_run_ended(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact)
{
    struct wf_book_job *job = run->job;
    bool is_old = job->old == run;
    struct wf_deed *deed = wf_deeds_add(&desk->deeds, WF_DEED_KEEP);
    deed->run.job = job->id;
    deed->run.attempt = run->attempt;
    wf_desk_close_run(desk, run, fact);
    if (job->in_core) {
        decide(desk, job, is_old ? outcome_of_old(job, fact) : outcome_of(job, fact), fact);
    } else if (job->timed_out) {
        wf_desk_finish_job(desk, job, WF_JOB_STATE_FAILED, "time-limit", "time limit");
    } else {
        wf_desk_finish_job(desk, job, WF_JOB_STATE_CANCELLED, "cancelled", "cancelled");
    }
}
