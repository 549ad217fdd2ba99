// SPDX-License-Identifier: Apache-2.0
// What a job would cost on the machines of a site, and where it would run: a quote of the core
// (core/quote/quote.h), with run times learned from a history and, where a time is given, machines
// as busy as a replay of that history has them then.
#pragma once

#include "core/quote/quote.h"
#include "core/schedule/wait_reason.h"
#include "sim/rerun/rerun.h"

struct wf_offer_question {
    const struct wf_site *site;
    const struct wf_discipline *discipline;
    const struct wf_policy *placement;
    struct wf_job_spec job;           // but for its id and its expected run
    int64_t run_ms;                   // as long as the user says that it runs; 0: learned
    const struct wf_rerun_jobs *jobs; // of the history; NULL: there is none
    uint32_t user, name;              // names of the history, UINT32_MAX: it has no such name
    int64_t at_ms;    // the machines as they are then; WF_TIME_UNKNOWN: nothing runs on them
    int64_t now_ms;   // where nothing runs: what time it is
    bool preemptible; // those that run may be stopped for others
};

enum wf_offer_source {
    WF_OFFER_TOLD,    // the user says how long it runs
    WF_OFFER_LEARNED, // from the runs of a history
    WF_OFFER_LIMIT,   // nothing but its limit is known
    WF_OFFER_NOTHING,
};

struct wf_offer {
    struct wf_job_spec job; // as it was offered
    struct wf_quote quote;
    struct wf_quote_row *rows; // owned
    enum wf_offer_source source;
    uint64_t runs, runs_of_user, runs_of_name; // learned from; the last: of that user, too
    bool is_busy;                              // there is a time to look at
    int64_t now_ms;
    uint32_t jobs_running, jobs_waiting; // then
};

// The caller finishes *offer_out. Errors: WF_NOMEM, and what the core refuses.
enum wf_status wf_offer_make(const struct wf_offer_question *question, struct wf_offer *offer_out,
                             struct wf_error *err) WF_MUST_USE;
void wf_offer_finish(struct wf_offer *offer);
