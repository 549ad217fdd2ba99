// SPDX-License-Identifier: Apache-2.0
// What a replay came to: the runs with their measures, ready to be told as a table, as JSON and as
// a page. Which run is what really happened and which is the baseline is said once, here.
#pragma once

#include "base/error.h"
#include "base/names.h"
#include "base/number.h"
#include "sim/history/history.h"
#include "sim/outcome/comparison.h"
#include "sim/outcome/savings.h"
#include "site/site.h"

#define WF_REPORT_RUNS_MAX 32

// Everything is borrowed for as long as the report lives.
struct wf_report_config {
    const char *history; // in one line for people: "sacct.txt, Slurm accounting"
    const char *cluster; // in one line for people: "48 nodes with 384 GPUs, from site.yaml"
    const struct wf_names *names;
    const struct wf_history_summary *summary; // may be NULL
    const struct wf_site *site;               // whose prices count; may be NULL
    const char *const *assumptions;           // what the history did not tell and was made up: each
                                              // a sentence with its full stop
    uint32_t assumption_count;
    bool relative_times; // the history's times count from its beginning, not from 1970
    const struct wf_outcome_job *jobs;
    uint32_t job_count;
    const struct wf_outcome_run *runs; // in the order in which they are shown
    uint32_t run_count;
    uint32_t happened; // place of what really happened, or WF_NONE
    uint32_t baseline; // place of the history's own policy replayed, or WF_NONE
};

struct wf_report {
    struct wf_report_config config;
    struct wf_measures *measures;      // by run
    struct wf_comparison *comparisons; // by run, against the baseline; the baseline's own against
                                       // what happened; of nothing where there is nothing to
                                       // compare with
};

// Makes the measures. Errors: WF_NOMEM; WF_LIMIT past WF_REPORT_RUNS_MAX runs.
enum wf_status wf_report_init(struct wf_report *report, const struct wf_report_config *config,
                              struct wf_error *err) WF_MUST_USE;
void wf_report_finish(struct wf_report *report);

// A policy that was asked for: neither what happened nor the baseline.
bool wf_report_is_policy(const struct wf_report *report, uint32_t run);

// Such a policy, where there is a baseline and a job to compare by.
bool wf_report_compared(const struct wf_report *report, uint32_t run);

// The policy with the lowest mean wait, the first among equals; WF_NONE when none was asked for.
uint32_t wf_report_best(const struct wf_report *report);

// The run whose dollars were really paid, as far as is known: what happened, or the baseline, or
// the first; WF_NONE without runs.
uint32_t wf_report_paid(const struct wf_report *report);

// What the run changes against the baseline, which there must be.
struct wf_saving wf_report_saving(const struct wf_report *report, uint32_t run,
                                  enum wf_saving_kind kind);

// The jobs of a size, from the first run that has any.
uint64_t wf_report_size_jobs(const struct wf_report *report, enum wf_size_class size);

// How many GPUs a pool of the site has.
uint32_t wf_report_pool_gpus(const struct wf_site *site, uint32_t pool);

// "2026-09-15 08:00 UTC", or with relative times "day 3, 08:00". text takes WF_NUMBER_BYTES.
const char *wf_report_time(const struct wf_report *report, char *text, int64_t time_ms);
