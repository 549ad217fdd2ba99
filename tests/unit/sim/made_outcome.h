// SPDX-License-Identifier: Apache-2.0
// Made histories and what simple queues would have made of them: outcomes to measure and to look
// at. Nothing of the core is in it.
#pragma once

#include <stdbool.h>

#include "sim/outcome/outcome.h"

struct made_history {
    struct wf_outcome_job *jobs;
    uint32_t count, users, gpus;
    int64_t begin_ms;
    uint64_t seed;
};

enum made_policy {
    MADE_FIFO,      // nobody overtakes
    MADE_FIRST_FIT, // whoever fits starts
    MADE_SHORTEST,  // the same, shortest job first
};

// Users are numbered from 1; the id of job i is users + 1 + i. load is what the jobs ask for, of
// the GPUs over the month.
void made_history_init(struct made_history *history, uint64_t seed, uint32_t count, uint32_t gpus,
                       double load);
void made_history_finish(struct made_history *history);

// Runs the jobs on the GPUs as one pool. noise_ms lets each job take up to so much longer than it
// should: a made reality. The caller finishes *run_out.
void made_run_init(struct wf_outcome_run *run_out, const struct made_history *history,
                   enum made_policy policy, const char *name, int64_t noise_ms);
void made_run_finish(struct wf_outcome_run *run);
