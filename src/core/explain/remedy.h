// SPDX-License-Identifier: Apache-2.0
// The smallest change of a job that would let all its tasks start now, in the order of
// core/explain/change.h. Read off the core as it is; the answer holds until the next step.
#pragma once

#include "base/error.h"
#include "core/explain/change.h"

struct wf_core;
struct wf_remedy_scratch;

struct wf_remedy {
    bool found;     // false: no change of the kinds offered lets it start
    bool exact;     // false: the search for many tasks reached WF_REMEDY_LOOKS_MAX, the
                    // change lets the job start but a smaller one may exist
    uint32_t kinds; // set of enum wf_change_kind; 0: it starts as it is
    uint64_t size_ppm;
    struct wf_change change;
    struct wf_job_spec job; // the changed job, to be submitted
};

// What the search for a job of several tasks may cost: looks at a group of nodes that are alike.
// About a quarter of a second. A job of one task never comes near it.
#define WF_REMEDY_LOOKS_MAX 50000000

// Takes the memory that the search needs, for a cluster of at most that many nodes.
enum wf_status wf_remedy_scratch_create(uint32_t nodes, struct wf_remedy_scratch **scratch_out,
                                        struct wf_error *err) WF_MUST_USE;
void wf_remedy_scratch_destroy(struct wf_remedy_scratch *scratch);

// Finds the smallest change of the kinds offered (a set; WF_CHANGE_ALL). Changes nothing but
// scratch and *out. Errors: WF_INVALID for a job the core would not take, WF_LIMIT for a scratch
// that is too small for the cluster.
enum wf_status wf_remedy_find(const struct wf_core *core, const struct wf_job_spec *job,
                              uint32_t kinds_offered, struct wf_remedy_scratch *scratch,
                              struct wf_remedy *out, struct wf_error *err) WF_MUST_USE;

// The same by the search that jobs of several tasks need, whatever the number of tasks: the
// measure of the shorter way that one task allows. For tests.
enum wf_status wf_remedy_find_by_search(const struct wf_core *core, const struct wf_job_spec *job,
                                        uint32_t kinds_offered, struct wf_remedy_scratch *scratch,
                                        struct wf_remedy *out, struct wf_error *err) WF_MUST_USE;
