// SPDX-License-Identifier: Apache-2.0
// How long a job will run, learned from how long jobs like it ran: not one number, which asked
// limits show to be a poor one, but points of a distribution.
//
// Jobs are alike in several ways, from broad to narrow: all jobs, by the share of their limit that
// they used; those with the same limit; queue and limit; shape (what they ask for) and limit; user
// and limit; user and job name. Each kind keeps its last runs (forecast/run_samples.h), newer ones
// weigh more. With runs of a total weight n it says n parts in n + m of what is expected, and what
// the broader kinds expect makes up the other m; the pseudo-count m stands for each way of being
// alike in the table `levels` of run_time.c. A kind has its say as far as it is trusted, and trust
// is learned by Bayes' rule: a name that tells nothing (all jobs are called "train") does not drown
// what the limit tells. Before anything is learned, a job with a limit is taken to run from a
// twentieth of it to all of it, one without from a minute to a week, every factor equally likely.
//
// A run that was cut would have gone on: its weight goes to longer times, as the broader kinds
// spread them. Of a run longer than a job's limit nothing is learned for that job.
//
// The same sequence of calls gives the same points on every machine: times lie on a grid of whole
// milliseconds (forecast/log_grid.h), and only sums, products and quotients are taken.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_RUN_TIME_KINDS_MAX 10000000 // about 120 bytes each

// What is known of a job, as numbers that mean something to the caller only. 0: not known.
struct wf_run_time_key {
    uint32_t user, name, queue;
    uint64_t shape; // hash of what it asks for
};

// What 10, 30, 50, 70 and 90 % of such jobs stay within, ascending and at least 1; and their mean.
struct wf_run_time_points {
    int64_t ms[5];
    int64_t mean_ms;
};

struct wf_run_time_model;

// Takes all its memory; past kinds_max (1 to WF_RUN_TIME_KINDS_MAX) the kind of job that has gone
// longest without a new run is forgotten. The caller owns *model_out. Errors: WF_INVALID, WF_NOMEM.
enum wf_status wf_run_time_create(uint32_t kinds_max, struct wf_run_time_model **model_out,
                                  struct wf_error *err) WF_MUST_USE;
void wf_run_time_destroy(struct wf_run_time_model *model);

// A job like this ran for run_ms. cut: it was stopped then (by its limit, or by a lost node) and
// would have gone on. limit_ms is what it asked for; 0: nothing.
void wf_run_time_learn(struct wf_run_time_model *model, const struct wf_run_time_key *key,
                       int64_t limit_ms, int64_t run_ms, bool cut);

// How long a job will run from its start, never past limit_ms (0: none).
void wf_run_time_predict(const struct wf_run_time_model *model, const struct wf_run_time_key *key,
                         int64_t limit_ms, struct wf_run_time_points *points_out);

// How much longer a job will run that has run for ran_ms already; never past what is left of its
// limit. One at its limit, or past it, has 1 ms left.
void wf_run_time_predict_rest(const struct wf_run_time_model *model,
                              const struct wf_run_time_key *key, int64_t limit_ms, int64_t ran_ms,
                              struct wf_run_time_points *points_out);
