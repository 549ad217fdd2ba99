// SPDX-License-Identifier: Apache-2.0
// What would have happened: the jobs of a history, run again by the core on a site's machines under
// another policy. The core is the one that runs live; only its clock is a virtual one, and jobs
// take as long as they really did.
#pragma once

#include "core/core.h"
#include "explain/wait_remedy.h"
#include "sim/rerun/outages.h"
#include "sim/rerun/rerun_jobs.h"
#include "sim/rerun/rerun_journal.h"

struct wf_rerun_config {
    const struct wf_rerun_jobs *jobs;
    const struct wf_site *site;
    const struct wf_discipline *discipline;
    const struct wf_policy *placement;
    const char *name;                 // of the run, borrowed
    const struct wf_outages *outages; // nodes come and go as they did; NULL: all are always there
    bool preemptible;                 // jobs may be stopped and run again from the beginning
    int64_t preempt_after_ms;
    bool moves;             // with preemptible: they are also moved together for others
    int64_t start_delay_ms; // from a decision to the run: the nodes are taken, the job still waits
    uint64_t seed;
    bool plain;
    uint32_t guest_tasks; // room for one job more, of so many tasks, that is none of the list's
    struct wf_rerun_journal *journal; // keeps the run (sim/rerun/rerun_journal.h); may be NULL
    // Told now and then how far the run is; may be NULL.
    void (*progress)(void *context, uint32_t jobs, uint32_t jobs_max);
    // Told of every event that the core took, with its decisions; may be NULL.
    void (*watch)(void *context, const struct wf_core *core, const struct wf_event *event,
                  const struct wf_decisions *decisions);
    void *context;
};

// Runs all jobs to their end. The caller frees run_out->jobs. Errors: WF_NOMEM, and whatever the
// core refuses.
enum wf_status wf_rerun(const struct wf_rerun_config *config, struct wf_outcome_run *run_out,
                        struct wf_error *err) WF_MUST_USE;

// The same run in steps, for those who want to stop it, look at it and ask what would be. The
// caller closes *stepper_out; config and what it points to must stay. Errors: as above.
struct wf_rerun_stepper;
enum wf_status wf_rerun_open(const struct wf_rerun_config *config,
                             struct wf_rerun_stepper **stepper_out,
                             struct wf_error *err) WF_MUST_USE;
void wf_rerun_close(struct wf_rerun_stepper *stepper);

// Takes all events up to that time, those of it included.
enum wf_status wf_rerun_to(struct wf_rerun_stepper *stepper, int64_t time_ms,
                           struct wf_error *err) WF_MUST_USE;
// Takes an event from outside, then all that is due by its time; the run goes on with it.
enum wf_status wf_rerun_change(struct wf_rerun_stepper *stepper, const struct wf_event *event,
                               struct wf_error *err) WF_MUST_USE;

// The core itself, for a caller who submits a guest to it: one job, numbered as many as there are
// in the list. After that the run goes no further.
struct wf_core *wf_rerun_lend_core(struct wf_rerun_stepper *stepper);

// What is known of it so far: borrowed, changed by each step.
const struct wf_core *wf_rerun_core(const struct wf_rerun_stepper *stepper);
const struct wf_outcome *wf_rerun_outcomes(const struct wf_rerun_stepper *stepper);
bool wf_rerun_is_over(const struct wf_rerun_stepper *stepper); // no job waits, runs or is to come
int64_t wf_rerun_next_ms(const struct wf_rerun_stepper *stepper); // INT64_MAX: nothing is due

// For the search of changes that help: driven by copies of it.
struct wf_wait_driver wf_rerun_driver(struct wf_rerun_stepper *stepper);

// What really happened to the same jobs. The caller frees run_out->jobs. Errors: WF_NOMEM.
enum wf_status wf_rerun_happened(const struct wf_rerun_jobs *jobs, const struct wf_site *site,
                                 struct wf_outcome_run *run_out, struct wf_error *err) WF_MUST_USE;

// Returns what the machines of the site cost an hour in dollars that are paid for whether they work
// or not; *capacity_milli_out gets the GPUs of all machines.
double wf_rerun_usd_per_hour(const struct wf_site *site, int64_t *capacity_milli_out);
