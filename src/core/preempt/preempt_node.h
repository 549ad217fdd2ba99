// SPDX-License-Identifier: Apache-2.0
// Which of the jobs on one node to stop so that so many tasks fit there: the cheapest set of them.
// Internal to core/preempt/preempt.h.
#pragma once

#include "core/preempt/preempt.h"

// What a node lacks to take so many tasks of a request.
struct wf_lack {
    struct wf_request served; // as the node's pool serves it
    int64_t cpu_milli;        // missing when above 0
    int64_t memory_mib;       // likewise
    uint32_t gpus_whole;      // that must become completely free
    bool share;               // some GPU must get room for one more share
};

// A job that may leave a node, and what it leaves there.
struct wf_leaver {
    uint32_t job; // slot
    uint64_t id;
    int64_t loss_nanousd;
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint32_t gpu_set;
    uint16_t gpu_milli[WF_NODE_GPUS_MAX];
};

struct wf_leavers {
    uint32_t count;
    struct wf_leaver list[WF_PREEMPT_NODE_JOBS_MAX]; // once sorted: cheapest first, then by id
};

// Some of the leavers of a node.
struct wf_leaving {
    uint64_t set;
    int64_t loss_nanousd;
    uint32_t count;
};

// What the node in this state lacks to take so many tasks, one more than it takes as it is.
struct wf_lack wf_lack_of(const struct wf_state *state, const struct wf_request *served,
                          uint32_t tasks);

// Adds a task, of a job that may leave, if its going can help. When there are too many jobs, the
// cheapest stay in the list.
void wf_leavers_add(struct wf_leavers *leavers, const struct wf_lack *lack,
                    const struct wf_placement *task, uint64_t id, int64_t loss_nanousd);
void wf_leavers_sort(struct wf_leavers *leavers);

// Books all of a set, or nothing if one of them may not be stopped as well.
bool wf_leavers_take(const struct wf_leavers *leavers, uint64_t set,
                     const struct wf_preempt_wish *wish);
void wf_leavers_give(const struct wf_leavers *leavers, uint64_t set,
                     const struct wf_preempt_wish *wish);

// Gives back to the state what a set of leavers takes of it.
void wf_leavers_free(const struct wf_leavers *leavers, uint64_t set, struct wf_state *state);

// Finds the cheapest set that mends the lack, of equally cheap ones a smallest, and puts it into
// *best if it is better than what stands there. Nothing stays booked. Takes off *looks_left what
// the search took; it stops where there are none left, with the best so far. Returns whether it
// found one.
bool wf_leavers_search(const struct wf_leavers *leavers, const struct wf_lack *lack,
                       const struct wf_state *state, const struct wf_preempt_wish *wish,
                       uint32_t *looks_left, struct wf_leaving *best);
