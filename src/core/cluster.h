// SPDX-License-Identifier: Apache-2.0
// Which machines there are and what runs on them: pools, nodes, jobs and their placed tasks. All
// memory is taken when the cluster is made. Internal to the core.
#pragma once

#include "base/region.h"
#include "core/state.h"

#define WF_TASK_KINDS (WF_NODE_GPUS_MAX + 1)

struct wf_pool {
    struct wf_pool_spec spec;
    bool known;
    uint32_t nodes;  // nodes that are up
    int64_t shun_ms; // takes no new work until then; 0: it does
    int64_t gpu_capacity_milli;
    int64_t gpu_free_milli;
    int64_t gpu_open_milli; // free on nodes that take new work
    int64_t cpu_open_milli;
    uint32_t node_gpus_max; // of its largest node so far
    uint32_t node_cpu_milli_max;
};

struct wf_node {
    wf_pool_id pool;
    bool up;
    bool closed;     // takes no new work, for one of the three reasons below
    bool drained;    // an operator said so
    int64_t gone_ms; // it is to go at that time; 0: nobody says so
    int64_t
        shun_ms; // until then its pool takes no new work, also when the node is gone; 0: it does
    struct wf_node_spec spec;
    uint32_t first_placement; // list of the tasks that run here, or WF_NONE
    uint16_t kind_tasks[WF_TASK_KINDS];
    uint32_t movable_tasks;
};

// One task on one node.
struct wf_placement {
    uint32_t job; // slot
    uint32_t task;
    uint32_t node;
    uint32_t gpu_set;
    uint32_t cpu_milli; // what it took, its GPU share as rounded for the pool's slices
    uint32_t memory_mib;
    uint16_t gpu_milli;
    uint8_t gpus;
    bool movable;
    uint32_t next_of_job; // list of the job's tasks; of the free placements when free
    uint32_t next_on_node, previous_on_node;
};

struct wf_job {
    wf_job_id id;
    uint32_t first_placement; // WF_NONE when the slot is free
    uint32_t next;            // in its hash bucket, or in the list of free slots
};

// What it takes to move a task of a job.
struct wf_mobility {
    struct wf_request request; // as submitted, so that it can be served by another pool
    int64_t cost_nanousd;
};

struct wf_cluster {
    struct wf_limits limits;
    struct wf_pool *pools;
    struct wf_node *nodes;
    struct wf_state *states; // parallel to nodes: the hot part
    struct wf_placement *placements;
    struct wf_job *jobs;
    struct wf_mobility *mobility; // by job slot, for jobs with movable tasks; NULL: none are
    uint32_t *job_buckets;        // power of two of them
    uint32_t job_bucket_mask;
    uint32_t free_placement, free_job;
    uint32_t nodes_end;     // one past the highest node that was ever up
    uint32_t cpu_milli_max; // of the largest node so far
    uint32_t gpus_max;
};

enum wf_status wf_cluster_init(struct wf_cluster *cluster, struct wf_region *region,
                               const struct wf_limits *limits, struct wf_error *err) WF_MUST_USE;

// Each checks its input against what is there and returns WF_INVALID, WF_EXISTS, WF_NOTFOUND or
// WF_LIMIT with a sentence and nothing changed.
enum wf_status wf_cluster_set_pool(struct wf_cluster *cluster, wf_pool_id id,
                                   const struct wf_pool_spec *spec,
                                   struct wf_error *err) WF_MUST_USE;
enum wf_status wf_cluster_add_node(struct wf_cluster *cluster, wf_node_id id,
                                   const struct wf_node_spec *spec,
                                   struct wf_error *err) WF_MUST_USE;
// Whether the node is up and as this says, but for its labels, which are others.
bool wf_cluster_is_relabelled(const struct wf_cluster *cluster, wf_node_id id,
                              const struct wf_node_spec *spec);
enum wf_status wf_cluster_find_node(const struct wf_cluster *cluster, wf_node_id id,
                                    struct wf_error *err) WF_MUST_USE;
// The node must be up.
void wf_cluster_close_node(struct wf_cluster *cluster, wf_node_id id, bool closed);
// Returns whether a node that is up must take no new work.
bool wf_cluster_is_shut(const struct wf_cluster *cluster, wf_node_id id);
// The node must be up and nothing may run on it any more.
void wf_cluster_remove_node(struct wf_cluster *cluster, wf_node_id id);

// Returns the slot of a placed job, or WF_NONE.
uint32_t wf_cluster_find_job(const struct wf_cluster *cluster, wf_job_id id);
enum wf_status wf_cluster_add_job(struct wf_cluster *cluster, wf_job_id id, uint32_t *job_out,
                                  struct wf_error *err) WF_MUST_USE;
// The job must have no placed tasks left.
void wf_cluster_remove_job(struct wf_cluster *cluster, uint32_t job);

// Puts a task that fits on a node. Returns the placement, or WF_NONE when the limit is reached.
uint32_t wf_cluster_place(struct wf_cluster *cluster, uint32_t job, uint32_t task, uint32_t node,
                          const struct wf_request *request, uint32_t gpu_set);
// Tells that a placed task may be moved. The cluster must have been made with limits.moves.
void wf_cluster_allow_move(struct wf_cluster *cluster, uint32_t placement);
// Returns what a placed task takes of its node.
struct wf_request wf_placement_taken(const struct wf_placement *placement);
// Takes a task off its node and out of its job, and frees the placement.
void wf_cluster_unplace(struct wf_cluster *cluster, uint32_t placement);

// Returns whether tasks of this request may ever run in the pool: model and place.
static inline bool wf_pool_admits(const struct wf_pool *pool, const struct wf_request *request)
{
    return (request->gpus == 0 || (request->models & WF_MODEL_BIT(pool->spec.model)) != 0) &&
           wf_place_within(pool->spec.place, request->place);
}

// Returns how fast the pool's GPUs are; never 0.
static inline uint32_t wf_pool_speed_permille(const struct wf_pool *pool)
{
    return pool->spec.speed_permille > 0 ? pool->spec.speed_permille : 1000;
}

// Returns the request as this pool serves it: a share rounded up to the pool's slices.
struct wf_request wf_pool_request(const struct wf_pool *pool, const struct wf_request *request);

// Returns whether one task of the request, as its pool serves it, can start on the node now.
static inline bool wf_node_fits(const struct wf_node *node, const struct wf_state *state,
                                const struct wf_request *request)
{
    return node->up && !node->closed && (node->spec.labels & request->labels) == request->labels &&
           wf_state_fits(state, request);
}
