// SPDX-License-Identifier: Apache-2.0
// Offers a workload to the core, task after task: the simulator's way to drive wf_core_step. The
// events are made on the fly; a task is a job of its own, whose id is its position. Where tasks
// leave, one that was placed ends when its run time is over; one that was refused never comes back.
#pragma once

#include "core/core.h"
#include "sim/placement/contender.h"
#include "sim/placement/workload.h"

struct wf_replay;

struct wf_replay_config {
    const struct wf_trace *trace; // borrowed while the replay lives, as the next two
    const struct wf_workload *workload;
    const struct wf_mix_class *mix; // forecast that the core is given; NULL: it is given none
    uint32_t mix_count;             // and lives from what it learns
    const struct wf_policy *policy;
    uint64_t seed;               // for a policy that places at random
    bool plain;                  // see wf_core_config
    uint32_t moves_per_thousand; // moves of running tasks that the core may make in each thousand
                                 // arrivals; what is not used lapses
    int64_t move_cost_nanousd;   // of any one move; every task is movable
};

// Makes a core and tells it the pools (distinct kinds of nodes, at the list price of their GPU
// model), the nodes (a node's id is its rank, so that ties go as the workload says) and the
// forecast. Errors: WF_LIMIT (more than WF_POOLS_MAX kinds of nodes), WF_NOMEM, the core's own.
enum wf_status wf_replay_create(const struct wf_replay_config *config,
                                struct wf_replay **replay_out, struct wf_error *err) WF_MUST_USE;
void wf_replay_destroy(struct wf_replay *replay);

// Takes the next step: the end of a task that is over by the time the next one arrives, or else the
// offer of that one. *decisions_out is borrowed until the next call. There must be a next step.
enum wf_status wf_replay_step(struct wf_replay *replay, struct wf_decisions *decisions_out,
                              struct wf_error *err) WF_MUST_USE;

// How many tasks were offered so far: the position of the next one.
uint32_t wf_replay_position(const struct wf_replay *replay);

// Whether the next step is the offer of a task.
bool wf_replay_offers_next(const struct wf_replay *replay);

// The time of the next step, or INT64_MAX when there is none.
int64_t wf_replay_next_ms(const struct wf_replay *replay);

// The job at a position, as it is submitted.
struct wf_job_spec wf_replay_job(const struct wf_replay *replay, uint32_t position);

// The core as it stands, borrowed.
const struct wf_core *wf_replay_core(const struct wf_replay *replay);

// The trace's node behind a node id.
const struct wf_trace_node *wf_replay_node(const struct wf_replay *replay, wf_node_id id);

// The name of a node for people, into text, which it returns; cut to size. In a cluster of several
// copies "rack-1/3" is the third of rack-1.
const char *wf_replay_node_name(const struct wf_replay *replay, wf_node_id id, char *text,
                                uint32_t size);

// How many pools the cluster has, and the first node of the trace that is of that kind.
uint32_t wf_replay_pool_count(const struct wf_replay *replay);
const struct wf_trace_node *wf_replay_pool_node(const struct wf_replay *replay, uint32_t pool);

// What is replayed, borrowed.
const struct wf_trace *wf_replay_trace(const struct wf_replay *replay);
const struct wf_workload *wf_replay_workload(const struct wf_replay *replay);
