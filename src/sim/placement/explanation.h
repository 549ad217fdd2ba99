// SPDX-License-Identifier: Apache-2.0
// Why a task of a replay starts where it does, or why it does not and what small change would let
// it: what the core explains (core/explain/explain.h, core/explain/remedy.h) with the names that
// only the trace knows.
#pragma once

#include <stdio.h>

#include "core/explain/explain.h"
#include "core/explain/remedy.h"
#include "sim/placement/replay.h"

// Everything that is known about one arrival.
struct wf_explained {
    const struct wf_replay *replay; // just after the arrival
    uint32_t position;
    int64_t arrived_gpu_milli; // asked for by the tasks before it
    struct wf_job_spec job;
    struct wf_explanation explanation;
    struct wf_remedy remedy; // looked for unless the whole job starts
    bool has_remedy;
    struct wf_decision decision;
    struct wf_decision move; // of another task, to make room; of another kind: there was none
};

// Finds the arrival that name speaks of: a task of the trace, its first arrival, or with "#2"
// behind it its second. Errors: WF_NOTFOUND, WF_INVALID.
enum wf_status wf_explanation_find(const struct wf_trace *trace, const struct wf_workload *workload,
                                   const char *name, uint32_t *position_out,
                                   struct wf_error *err) WF_MUST_USE;

// Offers every task before that position, then explains the one there and offers it too. The
// replay must be new; *explained_out borrows it.
enum wf_status wf_explanation_make(struct wf_replay *replay, uint32_t position,
                                   struct wf_explained *explained_out,
                                   struct wf_error *err) WF_MUST_USE;

// Prints it in sentences for people. run says which run it is ("fgd, seed 42").
void wf_explanation_print(const struct wf_explained *explained, const char *run, FILE *out);

// Returns the name of the task that arrived.
const char *wf_explanation_task(const struct wf_explained *explained);

// Returns the name of the task that was moved to make room, or NULL.
const char *wf_explanation_mover(const struct wf_explained *explained);

// The kind of a pool's nodes, "8 x G2, 96 cores", into text, which it returns; cut to size.
const char *wf_explanation_kind(const struct wf_replay *replay, uint32_t pool, char *text,
                                uint32_t size);
