// SPDX-License-Identifier: Apache-2.0
// Whom to stop so that a waiting job can start now, and lose the least work by it.
//
// Victims are whole jobs: all their tasks leave, on whatever nodes they are. The answer is always
// sufficient (with the victims gone, all tasks of the wish start at once, close enough together)
// and no victim in it is superfluous: without any one of them the wish would not start.
//
// For one task the answer is the cheapest there is, since a task starts on one node: the search
// goes through the sets of jobs of each node, by branch and bound. Two bounds keep that short. Of a
// node's jobs that could help it looks at the WF_PREEMPT_NODE_JOBS_MAX cheapest; and it makes
// WF_PREEMPT_NODE_LOOKS_MAX steps for one node and WF_PREEMPT_LOOKS_MAX for all of them, past which
// each further node still gets WF_PREEMPT_NODE_LOOKS_MIN: enough for the first answer, which a
// greedy choice would give.
//
// For a gang the search is greedy, in every zone, pool or group that is large enough: it takes the
// jobs whose leaving costs the least for each task that can start then, counting the room that a
// gang leaves on all its nodes, until there is room for all; then it drops, the most costly first,
// those whose room is not needed after all. Some jobs of one node that do alone, if they are
// cheaper, go instead. That may lose more than the least there is, and now and then, where
// guarantees or the limit bind, there is an answer that it does not find (the property test counts
// how often). The room that running gangs would leave is counted anew when a neighbour leaves,
// until that has looked at WF_PREEMPT_TASKS_MAX tasks; from then on only the room on the node in
// question counts. Past WF_PREEMPT_LOOKS_MAX, orders of nodes that later victims made wrong stay.
//
// Of equally cheap answers it takes one with the fewest victims it finds, then the one on the
// lowest node, then by the victims' ids: neither the slots of jobs nor the order in which they came
// matter. Internal to the core.
#pragma once

#include "core/cluster.h"

#define WF_PREEMPT_NODE_JOBS_MAX 64
#define WF_PREEMPT_NODE_LOOKS_MIN 128
#define WF_PREEMPT_NODE_LOOKS_MAX 4096
#define WF_PREEMPT_LOOKS_MAX 262144
#define WF_PREEMPT_TASKS_MAX 1048576

struct wf_preempt;

// For whom room is sought, and who may be stopped. The functions get the slots of placed jobs; they
// are asked in no particular order, and must give the same answers throughout one search.
struct wf_preempt_wish {
    const struct wf_request *request;
    uint32_t tasks; // 1 to WF_JOB_TASKS_MAX, which start together or not at all
    enum wf_within within;
    uint32_t job;             // slot of the job that waits, whose own tasks stay
    int64_t loss_max_nanousd; // what all victims lose together must stay below
    // What is lost when all of a job is stopped; negative: it must not be stopped.
    int64_t (*loss)(void *context, uint32_t job);
    // Whether the job may be stopped beside those taken and not given back; if so, books that. What
    // may be stopped together may also be stopped in part, and in any order.
    bool (*take)(void *context, uint32_t job);
    void (*give)(void *context, uint32_t job); // undoes a take
    void *context;
};

// The cluster is borrowed and must outlive the search; it is not changed. All memory is taken here:
// about 130 bytes for each node and 32 for each job of its limits. Errors: WF_NOMEM.
enum wf_status wf_preempt_create(struct wf_region *region, const struct wf_cluster *cluster,
                                 struct wf_preempt **search_out, struct wf_error *err) WF_MUST_USE;

// Finds whom to stop. Returns whether there is an answer; then the slots of the victims, the most
// costly first, stand in *victims_out until the next search, and exactly they are taken. There are
// none when the wish fits as it is. Without an answer nobody is taken.
bool wf_preempt_find(struct wf_preempt *search, const struct wf_preempt_wish *wish,
                     const uint32_t **victims_out, uint32_t *count_out);
