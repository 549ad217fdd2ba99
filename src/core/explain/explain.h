// SPDX-License-Identifier: Apache-2.0
// Why a job starts where it does, or why it does not start: read off the core as it is now, for a
// job as it would be submitted now. Changes nothing, takes no memory, prints nothing.
#pragma once

#include "base/error.h"
#include "core/explain/reason.h"
#include "core/place/term.h"

struct wf_core;

#define WF_CANDIDATES_MAX 8

enum wf_verdict {
    WF_VERDICT_STARTS, // all tasks start
    WF_VERDICT_PART,   // not a gang: some of its tasks start, the others are refused
    WF_VERDICT_WAITS,  // nothing starts now; it would if the nodes were empty and open
    WF_VERDICT_NEVER,  // nothing starts, not even with every node empty and open
};

// A node on which one task can start, as the policy sees it. It stands for the nodes of its pool
// that are in the same state, of which it has the lowest id.
struct wf_candidate {
    wf_node_id node;
    wf_pool_id pool;
    uint32_t alike; // nodes it stands for, itself included
    int64_t score;  // higher is better; 0 where the policy places at random
    struct wf_terms terms;
};

// What one reason does over all nodes. "Alone" is a node that nothing else blocks: a near miss.
struct wf_blocker {
    uint32_t nodes;
    uint32_t nodes_alone;
    uint64_t gpus_free_alone;      // completely free GPUs on those
    uint64_t gpu_free_milli_alone; // all free shares on those
    uint32_t short_min, short_max; // of those, how much is too little: milli-CPU, MiB, GPUs or
                                   // milli-GPU, after the reason
    uint64_t set_alone;            // MODEL: the models of those; LABELS: the labels they lack
};

struct wf_explanation {
    enum wf_verdict verdict;
    uint32_t nodes;         // that are up, closed ones included
    uint32_t nodes_fitting; // with room for at least one task now
    uint32_t tasks_now;     // tasks that can start now, at most those asked for
    uint32_t tasks_empty;   // the same with every node empty and open
    bool at_random;         // the policy draws one of nodes_fitting nodes: no order
    // Best first: [0] is the node that the core chooses for the first task (not if at_random).
    // At most one for each pool and state.
    struct wf_candidate candidates[WF_CANDIDATES_MAX];
    uint32_t candidate_count;
    // The best node of another pool than candidates[0], which the list may have no room for.
    struct wf_candidate rival;
    bool has_rival;
    struct wf_blocker blockers[WF_REASON_COUNT]; // by reason, over the nodes that do not fit
    // The reasons that block any node: most nodes blocked alone first, then most nodes, then code.
    enum wf_reason ranked[WF_REASON_COUNT];
    uint32_t ranked_count;
};

// Explains. Returns WF_INVALID for a job that the core would not take; *out is then empty.
enum wf_status wf_explain(const struct wf_core *core, const struct wf_job_spec *job,
                          struct wf_explanation *out, struct wf_error *err) WF_MUST_USE;

// Returns WF_INVALID and a sentence for a job that no core takes: a request that is not valid, no
// tasks or more than WF_JOB_TASKS_MAX.
enum wf_status wf_explain_check(const struct wf_job_spec *job, struct wf_error *err) WF_MUST_USE;
