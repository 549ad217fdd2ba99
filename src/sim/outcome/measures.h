// SPDX-License-Identifier: Apache-2.0
// What a run comes to in figures: waiting, slowdown, use, dollars, fairness.
//
// Waits are of the jobs that started; what never started is counted beside them, so that nobody
// looks better for it. Percentiles are exact, by nearest rank: of n values the one at place
// ceil(p n), no value in between. A measure of nothing is 0.
#pragma once

#include "base/error.h"
#include "sim/outcome/outcome.h"
#include "sim/outcome/size_class.h"

// A job's slowdown is from when it could have started until it ended, over what it really ran,
// which counts as ten seconds at least (otherwise jobs of a second drown all others); never below
// 1.
#define WF_SLOWDOWN_FLOOR_MS 10000

// A job has starved that waited more than ten times its run and a day.
#define WF_STARVED_RUNS 10
#define WF_STARVED_FLOOR_MS (INT64_C(24) * 3600 * 1000)

struct wf_waits {
    uint64_t jobs;
    double mean_ms;
    int64_t p50_ms, p95_ms, max_ms;
};

// How many jobs waited no longer than each of these times, which go up four to each doubling:
// from one second to more than a year.
#define WF_WAIT_POINTS 101
int64_t wf_wait_point_ms(uint32_t point);

struct wf_measures {
    uint64_t jobs, started, ended;
    uint64_t never_started; // without those that could never run here
    uint64_t rejected;      // could never run here
    uint64_t starved;       // those that never started by how long they waited until they were
                            // cancelled, or until the end
    uint64_t deadlines, deadlines_missed;
    uint64_t preemptions;
    double lost_gpu_hours; // work done for nothing: preempted, or on nodes that were lost

    struct wf_waits waits;                  // of all jobs
    struct wf_waits sizes[WF_SIZE_CLASSES]; // by size; jobs 0: there were none
    uint64_t wait_curve[WF_WAIT_POINTS];
    double slowdown_mean, slowdown_p95;

    double makespan_ms; // from the first submission to the last end
    double jobs_per_hour;
    double used_pct;         // of the GPU-hours there were
    double useful_gpu_hours; // held by jobs, less what was lost
    double idle_gpu_hours;   // free while nothing waited
    double stranded_gpu_hours;
    double refused_gpu_hours; // free while all jobs that waited asked for more than was free
    double usd, used_usd, unused_usd;
    double usd_per_useful_gpu_hour;

    uint32_t users;      // with jobs that ended
    double fairness;     // Jain's index over the users' mean slowdowns: 1 all alike, 1/n one
                         // bears it all
    uint32_t worst_user; // the one with the highest mean slowdown; the lowest number among equals
    double worst_user_slowdown, worst_user_wait_ms; // means over their jobs
};

// Makes the measures of a run over the jobs. Errors: WF_NOMEM.
enum wf_status wf_measures_make(const struct wf_outcome_job *jobs, uint32_t job_count,
                                const struct wf_outcome_run *run, struct wf_measures *measures_out,
                                struct wf_error *err) WF_MUST_USE;

// The wait of a job in a run, or -1 of one that never started.
int64_t wf_measures_wait_ms(const struct wf_outcome *outcome);
