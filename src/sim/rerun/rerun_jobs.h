// SPDX-License-Identifier: Apache-2.0
// The jobs of a history as a core on a given site may be asked to run them: names turned into
// numbers of the site, what the history does not tell made up, what cannot be run again left out.
#pragma once

#include "forecast/run_time.h"
#include "sim/history/history.h"
#include "sim/outcome/outcome.h"
#include "site/site.h"

#define WF_RERUN_JOBS_MAX 16777216

struct wf_rerun_job {
    struct wf_request request; // of one task
    uint32_t id, user, name;   // names of the history
    uint32_t queue;            // of the site
    uint32_t tasks;
    int32_t priority;
    int64_t submit_ms, eligible_ms, start_ms, end_ms; // as it really was
    int64_t limit_ms;                                 // asked or made up; 0: none
    int64_t arrival_ms;  // when a rerun submits it: when it became eligible or, where it waits for
                         // others, as early as that lets it wait for them
    int64_t deadline_ms; // 0: none
    int64_t lost_ms;     // part of its run that was lost: it was put back into the queue
    uint32_t nodes;      // name of the history: where it ran; 0: not told
    uint32_t array, array_max; // as in wf_wait_spec
    enum wf_within within;
    uint32_t after;                    // name of the history: what it waits for
    uint32_t after_first, after_count; // the same in the list `after` of all jobs
    bool failed;                       // it ended otherwise than well
    bool timed_out;                    // it was stopped at its limit
    bool impossible;                   // it asks for what the site does not have
};

struct wf_rerun_jobs {
    struct wf_rerun_job *list;
    struct wf_outcome_job *told; // what is the same in all outcomes, parallel to list
    uint32_t count;
    struct wf_dependency *after; // what jobs wait for, by their places in list
    uint32_t after_count;
    uint64_t after_dropped; // what is not in the list, or cannot be believed
    // Left out: they never started or ended, or came outside of the time asked for.
    uint64_t never_started, never_ended, outside;
    uint64_t limits_made_up;
    uint64_t without_queue; // their queue is none of the site's leaves: they share one more
    uint64_t impossible;
    char first_impossible[256]; // a sentence about the first of them
};

struct wf_rerun_jobs_config {
    int64_t from_ms, to_ms; // jobs submitted in [from, to); WF_TIME_UNKNOWN: no bound
    bool keep_places;    // the history is a journal that tells the site, too: places are the same
    bool make_up_limits; // for jobs that asked for none (sim/rerun/made_up_limit.h)
    uint64_t limit_seed;
};

// Reads the history to its end. The caller finishes *jobs_out. Errors: those of wf_history_next;
// WF_LIMIT past WF_RERUN_JOBS_MAX jobs; WF_NOMEM.
enum wf_status wf_rerun_jobs_read(struct wf_history *history, const struct wf_site *site,
                                  const struct wf_rerun_jobs_config *config,
                                  struct wf_rerun_jobs *jobs_out, struct wf_error *err) WF_MUST_USE;
void wf_rerun_jobs_finish(struct wf_rerun_jobs *jobs);

// By what its run time is learned and foretold.
struct wf_run_time_key wf_rerun_job_key(const struct wf_rerun_job *job);
