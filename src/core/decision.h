// SPDX-License-Identifier: Apache-2.0
// What the core decided: to be carried out by an engine, or only counted by the simulator.
#pragma once

#include "core/types.h"

enum wf_decision_kind {
    WF_DECISION_PLACE,  // task starts on node, on the GPUs named
    WF_DECISION_REFUSE, // a task (of a gang: the whole job, with task 0) finds no node
    WF_DECISION_END,    // task has left node
    WF_DECISION_LOST,   // task ran on a node that went
    WF_DECISION_MOVE,   // a running task leaves its GPUs for others, so that the task of the next
                        // decision, a PLACE, has room; the node may stay the same
    // In a core with queues; of a job that waits, with task 0 and no node:
    WF_DECISION_WAIT,    // a job was taken in and waits, or waits again after LOST, PREEMPT or END
    WF_DECISION_REJECT,  // a job will never start: what it waited for ended the wrong way
    WF_DECISION_PREEMPT, // a running task is stopped for others or before its node goes; its job
                         // waits again. Where the next decision after PREEMPT or LOST is a PLACE of
                         // the same task, only that task is started anew and its gang runs on
    WF_DECISION_TIMEOUT, // a running task is stopped at its job's time limit; the job is over
};

struct wf_decision {
    enum wf_decision_kind kind;
    wf_job_id job;
    uint32_t task;
    wf_node_id node;    // index WF_NONE for REFUSE
    uint32_t gpus;      // set of GPU numbers on that node; 0 for CPU-only work
    uint16_t gpu_milli; // share of each of them
    wf_node_id from;    // MOVE: where it ran until now; index WF_NONE for all others
    uint32_t from_gpus;
};

struct wf_decisions {
    const struct wf_decision *list; // borrowed until the next step
    uint32_t count;
    uint64_t hash;   // of all decisions since the core was created
    int64_t wake_ms; // an event of this time is wanted, WF_EVENT_TIME if there is no other;
                     // INT64_MAX: none is
};
