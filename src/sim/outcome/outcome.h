// SPDX-License-Identifier: Apache-2.0
// What became of every job of a history, really or under a policy: what reports are made of.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/outcome/outcome_series.h"

// One job. Times are milliseconds as in the history; WF_TIME_UNKNOWN where there is none.
struct wf_outcome {
    int64_t start_ms; // the last start, of one that was preempted and ran again
    int64_t end_ms;
    int64_t wait_ms; // in all, from when it could have started until it did, requeued time included
    int64_t shift_ms;     // later than its eligible_ms it could have started, as what it waits for
                          // ended later; below 0: earlier
    int64_t cost_nanousd; // what its GPU time cost at the prices of the pools it ran in
    int64_t lost_gpu_ms;  // milli-GPU times milliseconds of work lost to preemption and lost nodes,
                          // divided by 1000
    uint16_t preemptions;
    bool rejected; // could never run on this cluster
};

// What is the same for a job in all outcomes.
struct wf_outcome_job {
    uint32_t id, user, queue; // names of the history
    uint32_t gpu_milli;       // of all its tasks
    int64_t submit_ms, eligible_ms;
    int64_t run_ms;      // as it really ran
    int64_t deadline_ms; // 0: none
};

// What the cluster did meanwhile, as integrals over the time from begin_ms to end_ms.
struct wf_outcome_cluster {
    int64_t begin_ms, end_ms;
    double gpu_hours;          // there were
    double used_gpu_hours;     // held by jobs
    double waiting_gpu_hours;  // asked for by jobs that waited, as far as there were free GPUs
    double idle_gpu_hours;     // free while nothing waited
    double stranded_gpu_hours; // free while jobs waited that asked for no more than is free
    double usd, used_usd;      // at the pools' prices: all that was paid, and for what jobs held
    int64_t peak_gpu_milli;    // the most that jobs held at the same time
    uint64_t hash;             // of all decisions
    double seconds;            // of this machine's time
    struct wf_outcome_series series; // how it went; none when its count is 0
};

// One way the history went or could have gone.
struct wf_outcome_run {
    const char *name;        // "what happened", "easy", ...
    struct wf_outcome *jobs; // by job, parallel to the list of wf_outcome_job
    struct wf_outcome_cluster cluster;
};
