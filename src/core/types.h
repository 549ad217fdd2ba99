// SPDX-License-Identifier: Apache-2.0
// The nouns of the core as plain values. Names (of nodes, models, labels) become small numbers at
// the door, before the core sees them; quantities are integers with their unit in the name.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"
#include "core/queue_spec.h"

#define WF_ANY_MODEL UINT64_MAX // a job that runs on every GPU model
#define WF_MODEL_BIT(model) (UINT64_C(1) << (model))
#define WF_ANYWHERE UINT16_MAX // a job that names no site, region or zone

enum wf_vendor {
    WF_VENDOR_NVIDIA,
    WF_VENDOR_AMD,
};

// Where machines stand: numbers given out at the door, coarse to fine.
struct wf_place {
    uint16_t site; // an organisation's hall or one account with a cloud
    uint16_t region;
    uint16_t zone;
};

// A pool: machines of one kind and one price.
struct wf_pool_spec {
    struct wf_place place;
    uint8_t model;           // 0 to WF_MODELS_MAX - 1
    uint8_t vendor;          // enum wf_vendor
    uint8_t slices;          // 0: a GPU may be shared in any proportion; n: it is cut into n equal
                             // slices (MIG, partitions) and a share takes whole slices
    bool rent_by_use;        // true: rent is only paid while work runs; false: it is paid anyway
    uint16_t speed_permille; // of its GPUs against any yardstick common to all pools; 0: not known,
                             // taken as 1000
    int64_t price_nanousd_per_gpu_hour;
};

struct wf_node_spec {
    wf_pool_id pool;
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint8_t gpus;    // 0 to WF_NODE_GPUS_MAX
    uint16_t group;  // rack, switch or other node group, a number given out at the door
    uint64_t labels; // set of label numbers
};

// What one task asks for, and where it may run.
struct wf_request {
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint8_t gpus;       // 0: CPU only
    uint16_t gpu_milli; // share of each GPU: 1 to 1000; below 1000 only when gpus is 1; 0 when
                        // gpus is 0
    uint64_t models;    // acceptable GPU models of either vendor, as a set; ignored when gpus is 0
    uint64_t labels;    // labels the node must carry, all of them
    struct wf_place place;
    bool apart; // no two tasks of its job on one node
};

static inline bool wf_request_same(const struct wf_request *a, const struct wf_request *b)
{
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->gpu_milli == b->gpu_milli && a->models == b->models && a->labels == b->labels &&
           a->place.site == b->place.site && a->place.region == b->place.region &&
           a->place.zone == b->place.zone && a->apart == b->apart;
}

struct wf_job_spec {
    wf_job_id id;
    uint32_t tasks;       // 1 to WF_JOB_TASKS_MAX, all alike
    bool gang;            // true: all tasks at once or none
    uint32_t run_minutes; // expected run; 0: not known, one hour is assumed for its dollars
    bool movable;         // a running task may be moved, when the core has an allowance for moves;
                          // with queues: whoever is preemptible
    int64_t move_cost_nanousd; // what moving one task costs: checkpoint, restart, egress
    struct wf_request request;
    struct wf_wait_spec wait; // for a core with queues
};

// One request class of the demand forecast and how often it is met.
struct wf_mix_class {
    uint32_t cpu_milli;
    uint8_t gpus;
    uint16_t gpu_milli;
    uint64_t models;
    uint32_t count;
};

static inline bool wf_place_within(struct wf_place node, struct wf_place wanted)
{
    return (wanted.site == WF_ANYWHERE || wanted.site == node.site) &&
           (wanted.region == WF_ANYWHERE || wanted.region == node.region) &&
           (wanted.zone == WF_ANYWHERE || wanted.zone == node.zone);
}
