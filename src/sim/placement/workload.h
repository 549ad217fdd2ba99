// SPDX-License-Identifier: Apache-2.0
// What is offered to the cluster, and in which order: the published inflation of a task list to a
// given load, with our own seeded random numbers, or an exact order from a file.
//
// The inflation: the tasks, sorted by name, are shuffled. While their GPU demand is below load
// times the cluster's GPUs, tasks drawn from the list are appended, until the first draw whose
// share per GPU (not times its GPUs, as published) would pass that target; a longer list loses
// drawn tasks until it is within the target. A random order of the nodes is the order of preference
// among equal ones for the whole run.
//
// Tasks that leave again need times, and a trace that is a sample of what a cluster met has too few
// tasks at once to fill that cluster. So copies of the trace, each shifted in time at random, are
// laid over one another, as many as together ask on average for the wanted share of the GPUs; of
// the last copy only as many tasks as are missing, drawn at random. A copy goes around: what is
// shifted past its end comes at its beginning, so that demand neither rises nor falls. A task runs
// as long as it did in the trace, from when it is placed. The run begins with the tasks that are
// running by then (they arrive at time 0, in the order in which they came, and run as long as they
// still have to), and what it tells begins after a warm-up.
#pragma once

#include "base/random.h"
#include "trace/trace.h"

#define WF_WORKLOAD_LOAD_MILLI_MAX 4000 // demand of a workload, in thousandths of the cluster

#define WF_WORKLOAD_WARM_UP_MS (INT64_C(168) * 3600 * 1000)
#define WF_WORKLOAD_WINDOW_MS (INT64_C(168) * 3600 * 1000) // after the warm-up: what is measured

struct wf_workload {
    uint32_t *arrivals; // by position: index of the task in the trace
    uint32_t arrival_count;
    uint32_t *nodes;     // by rank: number of the node, from 0 to node_count - 1. Its kind is
    uint32_t node_count; // that of the trace's node (number % the trace's node_count)
    int64_t capacity_gpu_milli;
    int64_t offered_gpu_milli; // by all arrivals; where they leave, on average over the window
    int64_t *arrive_ms;        // by position, where tasks leave; else NULL
    int64_t *run_ms;           // likewise: how long the task runs once it is placed
};

struct wf_workload_config {
    uint64_t seed;
    uint32_t load_milli; // 1300: 130 % of the cluster's GPUs
    uint32_t copies;     // of the cluster and of the task list, for runs at scale; 1: as it is
};

// The caller finishes *workload_out. Errors: WF_INVALID (no node has a GPU, or no task wants one),
// WF_LIMIT (WF_NODES_MAX, WF_TRACE_TASKS_MAX), WF_NOMEM.
enum wf_status wf_workload_make(const struct wf_trace *trace,
                                const struct wf_workload_config *config,
                                struct wf_workload *workload_out, struct wf_error *err) WF_MUST_USE;

// The same for tasks that leave: load_milli is the mean demand at any time. Tasks of the trace
// without all three times are left out. Errors: WF_INVALID also where no task has times.
enum wf_status wf_workload_make_timed(const struct wf_trace *trace,
                                      const struct wf_workload_config *config,
                                      struct wf_workload *workload_out,
                                      struct wf_error *err) WF_MUST_USE;

// What the makers share: checks the limits, takes the memory for the nodes and adds up their GPUs;
// puts the nodes in a random order.
enum wf_status wf_workload_start(const struct wf_trace *trace, uint32_t copies,
                                 struct wf_workload *workload, struct wf_error *err) WF_MUST_USE;
void wf_workload_shuffle_nodes(struct wf_random *random, struct wf_workload *workload);

// Reads the order of one seed from a table with the columns variant, seed, kind (pod or node),
// position and index: at a position (of a node: its rank) stands the pod (node) that is at this
// index in the trace's list. Rows count whose variant ends the name of the file of pods, less .csv
// and .gz, or is empty. Every position must be there once, and every node.
enum wf_status wf_workload_read(const struct wf_trace *trace, const char *orders_path,
                                const char *pods_path, uint64_t seed,
                                struct wf_workload *workload_out, struct wf_error *err) WF_MUST_USE;

void wf_workload_finish(struct wf_workload *workload);
