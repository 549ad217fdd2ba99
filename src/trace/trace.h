// SPDX-License-Identifier: Apache-2.0
// A cluster and the tasks that are offered to it, as a trace holds them: read from files
// (trace/trace_file.h) or generated from the in-tree table of facts
// (sim/placement/facts.h).
#pragma once

#include "base/error.h"
#include "core/types.h"

struct wf_trace_node {
    char *name;
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint8_t gpus;
    uint8_t model; // index into wf_trace.models
};

struct wf_trace_task {
    char *name;
    uint64_t models;  // set of acceptable models; WF_ANY_MODEL when the trace names none
    int64_t submit_s; // seconds from the start of the trace; -1: not in the trace
    int64_t start_s;
    int64_t end_s;
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint16_t gpu_milli;  // of each GPU; 0 when gpus is 0
    uint16_t model_list; // index into wf_trace.model_lists; 0: no list, or none kept
    uint8_t gpus;
};

// Everything is owned by the trace; names are NUL-terminated.
struct wf_trace {
    struct wf_trace_node *nodes;
    struct wf_trace_task *tasks;
    uint32_t node_count, task_count;
    char *models[WF_MODELS_MAX]; // sorted by name
    uint32_t model_count;
    char **model_lists;        // the distinct lists of models as the tasks name them; the first is
    uint32_t model_list_count; // "". They may name a model twice, which makes them differ where
                               // their sets do not
    char *origin;              // one line for people: the files, or which facts it was made from
};

#define WF_TRACE_TASKS_MAX 16777216 // tasks of a trace, and arrivals of a workload made from it

void wf_trace_finish(struct wf_trace *trace);
