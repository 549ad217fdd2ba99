// SPDX-License-Identifier: Apache-2.0
// One run against another, job by job: who gains and who loses. A job gains when it ends at least a
// minute sooner (where an end is not known: starts), and loses when a minute later.
#pragma once

#include "base/error.h"
#include "sim/outcome/outcome.h"
#include "sim/outcome/size_class.h"

#define WF_COMPARISON_LIST 10
#define WF_COMPARISON_NOTABLE_MS 60000

struct wf_job_change {
    uint32_t job; // its place in the list of jobs
    int64_t sooner_ms;
};

// The jobs of one user or one class together.
struct wf_group_change {
    uint64_t jobs, gaining, losing;
    double sooner_hours; // of all of them, below 0: later
};

struct wf_user_change {
    uint32_t user;
    struct wf_group_change change;
};

struct wf_comparison {
    uint64_t compared; // jobs that started in both
    uint64_t gaining, losing;
    double gained_hours, lost_hours; // of those that gain, and of those that lose
    double mean_difference_ms;       // of the waits of one job, whichever way
    uint64_t only_here;              // started in this run and not in the other
    uint64_t only_there;

    // The largest first; the first in the list of jobs, or the lowest number, among equals.
    struct wf_job_change gains[WF_COMPARISON_LIST], losses[WF_COMPARISON_LIST];
    uint32_t gain_count, loss_count;
    struct wf_user_change user_gains[WF_COMPARISON_LIST], user_losses[WF_COMPARISON_LIST];
    uint32_t user_gain_count, user_loss_count;
    uint32_t users_gaining, users_losing; // all together
    struct wf_group_change sizes[WF_SIZE_CLASSES];
};

// Compares run with against over the same jobs. Errors: WF_NOMEM.
enum wf_status wf_comparison_make(const struct wf_outcome_job *jobs, uint32_t job_count,
                                  const struct wf_outcome_run *run,
                                  const struct wf_outcome_run *against,
                                  struct wf_comparison *comparison_out,
                                  struct wf_error *err) WF_MUST_USE;
