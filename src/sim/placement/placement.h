// SPDX-License-Identifier: Apache-2.0
// The published placement benchmark (Weng et al., USENIX ATC 2023): tasks arrive one after the
// other and nobody leaves; what is recorded after each arrival, placed or refused, is averaged for
// each percent of arrived load.
//
// Arrived load: GPU demand of all tasks offered so far, in percent of the cluster's GPUs, rounded
// to the nearest whole percent. Fragmentation is always measured against the published forecast
// (sim/placement/published_mix.h), whatever the policy knows.
//
// Where tasks leave, the same run is measured over time instead: means over the window that the
// workload names (sim/placement/workload.h). A task that finds no place is dropped; its GPU share
// for as long as it would have run in the window is what was refused.
#pragma once

#include "sim/placement/published_mix.h"
#include "sim/placement/replay.h"

// Means over all arrivals at one percent of load.
struct wf_placement_point {
    uint64_t arrivals;            // 0: none, and the rest is nothing
    double arrived_pct;           // GPU demand so far, of the cluster's GPUs
    double allocated_pct;         // GPU share in use, of the cluster's
    double fragmented_pct;        // free GPU share that the expected tasks cannot use, likewise
    double stranded_usd_per_hour; // list price of the fragmented share
    double used_usd_per_hour;     // list price of the share in use
};

// Means over the window of a workload whose tasks leave.
struct wf_placement_window {
    double hours;         // 0: no task leaves
    double offered_pct;   // GPU share that would be in use if none were refused, of the cluster's
    double allocated_pct; // that was in use
    double fragmented_pct;
    double stranded_usd_per_hour, used_usd_per_hour;
    uint32_t arrivals, refused; // tasks that came in the window
};

#define WF_PLACEMENT_LOADS (WF_WORKLOAD_LOAD_MILLI_MAX / 10 + 102) // a last task may overshoot

struct wf_placement_result {
    struct wf_placement_point at[WF_PLACEMENT_LOADS]; // by percent of load
    struct wf_placement_window window;
    uint32_t arrivals;
    uint32_t refused;
    uint32_t refused_gpu; // of those, tasks that ask for GPUs
    uint32_t moves;       // running tasks that were moved, and in the window
    uint32_t moves_in_window;
    double moved_for_gpus; // GPUs of the tasks that started thanks to a move
    double moves_usd;      // what the moves cost
    uint32_t decisions;    // steps of the core: arrivals and ends
    int64_t arrived_gpu_milli;
    int64_t allocated_gpu_milli; // at the end
    double fragmented_gpu_milli; // at the end
    double seconds;              // spent in wf_core_step for the arrivals, and in nothing else:
                                 // neither measuring nor making the cluster is in it
    uint64_t hash;               // of all decisions
};

struct wf_placement_config {
    struct wf_replay_config replay;           // its mix NULL: the core learns
    const struct wf_published_mix *published; // what fragmentation is measured against
    // Told now and then how far the run is; may be NULL.
    void (*progress)(void *context, uint32_t arrivals, uint32_t arrivals_max);
    void *context;
};

// Runs a workload to its end. *replay_out (may be NULL) gets the replay as it stands then, for the
// caller to destroy. Errors: those of wf_replay_create.
enum wf_status wf_placement_run(const struct wf_placement_config *config,
                                struct wf_placement_result *result_out,
                                struct wf_replay **replay_out, struct wf_error *err) WF_MUST_USE;

// Returns what is reported for a load: the arrivals that round to it or, if there are none, those
// within a percent of it (as published) or else, on a cluster so small that one task is more than
// that, the last ones before it. arrivals is 0 where the run never came so far.
struct wf_placement_point wf_placement_at(const struct wf_placement_result *result, uint32_t load);

// Returns the share of the offered GPU-hours that was refused, in percent.
double wf_placement_refused_pct(const struct wf_placement_window *window);

// Returns the demand at that load that got no GPU, in percent of the cluster: the load, up to the
// whole cluster, less what is allocated; never below 0.
double wf_placement_unserved_pct(const struct wf_placement_point *point, uint32_t load);
