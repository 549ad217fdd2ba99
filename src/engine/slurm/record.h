// SPDX-License-Identifier: Apache-2.0
// What Slurm is said to have: jobs, nodes and partitions as plain values, as whaleflux-slurm tells
// them (docs/slurm-protocol.md). Texts are never NULL and live as long as what they belong to;
// whoever wrote them on the cluster may have written anything, but for control characters.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/ids.h"

#define WF_SLURM_KEY_BYTES 32        // "4711", or "4700_3" for a task of an array
#define WF_SLURM_ARRAY_MAX 4000000   // highest index of an array's task
#define WF_SLURM_TASKS_MAX 1000000   // tasks of a job
#define WF_SLURM_JOB_ID_MAX 67108863 // what Slurm itself has as its highest

// X(NAME, text): how far a job is. The last ones are over.
#define WF_SLURM_STATES(X)                                                                         \
    X(PENDING, "pending")                                                                          \
    X(RUNNING, "running")                                                                          \
    X(SUSPENDED, "suspended")                                                                      \
    X(COMPLETING, "completing")                                                                    \
    X(COMPLETED, "completed")                                                                      \
    X(FAILED, "failed")                                                                            \
    X(CANCELLED, "cancelled")                                                                      \
    X(TIMEOUT, "timeout")                                                                          \
    X(NODE_FAIL, "node_fail")                                                                      \
    X(PREEMPTED, "preempted")                                                                      \
    X(OUT_OF_MEMORY, "out_of_memory")                                                              \
    X(DEADLINE, "deadline")                                                                        \
    X(BOOT_FAIL, "boot_fail")

enum wf_slurm_state {
#define WF_SLURM_STATE_ENUM(name, text) WF_SLURM_##name,
    WF_SLURM_STATES(WF_SLURM_STATE_ENUM)
#undef WF_SLURM_STATE_ENUM
};

enum wf_slurm_held { WF_SLURM_NOT_HELD, WF_SLURM_HELD_USER, WF_SLURM_HELD_ADMIN };

// Some GPUs of a kind; type "": of any.
struct wf_slurm_gpus {
    const char *type;
    uint32_t count;
};

// What a job has on one node.
struct wf_slurm_part {
    const char *node;
    const char *gpus; // numbers: "0-1,3"; "": none, or not known
    const char *gpu_type;
    uint32_t cpus, memory_mib, gpu_count, shards;
};

typedef const char *const *wf_slurm_texts;

struct wf_slurm_job {
    char key[WF_SLURM_KEY_BYTES];
    uint32_t id;
    uint32_t array, array_task; // array: number of its array, 0: in none; task: WF_NONE: not split
    uint32_t array_at_most;     // off yet, then array_tasks has those that wait: "5-9,12"
    const char *array_tasks;
    const char *name, *user, *account, *qos, *partition;
    uint32_t uid, het; // het: number of the whole that it is a part of; 0: of none
    enum wf_slurm_state state;
    enum wf_slurm_state base; // under completing: how it ended, or pending
    enum wf_slurm_held held;
    const char *reason; // why it waits, in Slurm's word
    uint32_t priority;
    bool configuring;        // it has its nodes, which are being made ready
    bool ours, edited;       // it carries our mark; somebody changed our pin since
    bool pinned;             // the required nodes are our own pin, also while it is requeued
    const char *unstartable; // why the adapter could not start it; "": it can
    const char *decision;    // of the mark: "j17-1"; "" while it is only held
    wf_slurm_texts nodes, required_nodes, excluded_nodes, wanted_nodes; // required: our pin, too
    uint32_t node_count, required_count, excluded_count;
    uint32_t wanted_count; // nodes that its submitter named, where we have pinned over them
    const struct wf_slurm_part *parts;
    uint32_t part_count;
    uint32_t nodes_min, nodes_max; // 0: not told
    uint32_t tasks, tasks_per_node, cpus_min, cpus_per_task, cpus_per_node_min;
    uint64_t memory_mib_per_node, memory_mib_per_cpu;              // both 0: all of the node
    struct wf_slurm_gpus gpus_per_node, gpus_per_task, gpus_total; // count 0: not asked for
    uint32_t shards_per_node;
    bool mixed_gpus; // asks for several types, by socket, or for shards otherwise than by node
    const char *gres_other, *features, *licenses, *reservation, *dependency;
    int64_t begin_ms, deadline_ms, limit_ms; // 0: none
    int64_t submit_ms, eligible_ms, start_ms, end_ms;
    bool requeue, batch, exclusive;
    uint32_t restarts;
    int32_t exit_code, exit_signal;
    const char *folder, *comment;
    const char *output; // where its script's output goes; "": not told
};

// X(NAME, text)
#define WF_SLURM_POWERS(X)                                                                         \
    X(UP, "up")                                                                                    \
    X(DOWN, "down")                                                                                \
    X(COMING, "coming")                                                                            \
    X(GOING, "going")

enum wf_slurm_power {
#define WF_SLURM_POWER_ENUM(name, text) WF_SLURM_POWER_##name,
    WF_SLURM_POWERS(WF_SLURM_POWER_ENUM)
#undef WF_SLURM_POWER_ENUM
};

struct wf_slurm_node {
    const char *name, *state, *reason;
    bool down, drain, cloud;
    enum wf_slurm_power power;
    uint32_t cpus;
    uint64_t memory_mib;
    wf_slurm_texts features, partitions;
    uint32_t feature_count, partition_count;
    const struct wf_slurm_gpus *gpus;
    uint32_t gpus_count; // kinds of GPU
    uint32_t shards, weight;
    int64_t boot_ms, reason_ms; // reason_ms: since when the reason stands
};

struct wf_slurm_partition {
    const char *name, *state;
    wf_slurm_texts nodes;
    uint32_t node_count;
    bool is_default;
    int64_t limit_ms; // 0: none
    uint32_t priority;
};

// An account as such, no user of it.
struct wf_slurm_account {
    uint32_t id;
    const char *name, *parent;
    uint32_t shares;   // among its siblings
    uint32_t gpus_max; // of all its jobs at a time; 0: no limit is told
};

struct wf_slurm_qos {
    uint32_t id;
    const char *name;
    uint32_t priority;
};

const char *wf_slurm_state_text(enum wf_slurm_state state);
static inline bool wf_slurm_is_over(enum wf_slurm_state state)
{
    return state > WF_SLURM_COMPLETING;
}
