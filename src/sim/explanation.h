// SPDX-License-Identifier: Apache-2.0
// Says in words why a task of a replay starts where it does, or why it does not and what small
// change would let it: what the core explains (core/explain.h, core/remedy.h) with the names that
// only the trace knows.
#pragma once

#include <stdio.h>

#include "sim/replay.h"

// Finds the arrival that name speaks of: a task of the trace, its first arrival, or with "#2"
// behind it its second. Errors: WF_NOTFOUND, WF_INVALID.
enum wf_status wf_explanation_find(const struct wf_trace *trace, const struct wf_workload *workload,
                                   const char *name, uint32_t *position_out,
                                   struct wf_error *err) WF_MUST_USE;

// Offers every task before that position, then explains the one there and offers it too. run says
// which run it is ("fgd, seed 42"). Nothing is printed on an error. The replay must be new.
enum wf_status wf_explanation_print(struct wf_replay *replay, uint32_t position, const char *run,
                                    FILE *out, struct wf_error *err) WF_MUST_USE;
