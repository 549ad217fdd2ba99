// SPDX-License-Identifier: Apache-2.0
// What a pool's room is worth to those who can run nowhere else: the dual price of each pool.
//
// Every expected request can run in some set of pools (its GPU models, and nodes with enough GPUs
// and CPU). The demand that is tied to a set, divided by what is still free there, is pressure on
// each pool of the set; a pool's price is the sum over the sets that hold it. A task pays the
// difference to the cheapest pool it could use, so that work that can go anywhere keeps out of
// pools that others depend on. Where CPU runs out before GPUs do, the price is charged on the CPU
// a task takes instead of on its GPUs. Demand that can run almost anywhere presses on nobody; a
// small prior demand on the rare pools stands for requests that nobody has made yet.
// Integers in fixed point: q10 is 1/1024, q20 is 1/1048576. Internal to the core.
#pragma once

#include "base/region.h"
#include "core/cluster.h"

#define WF_SCARCITY_ONE_Q10 1024

struct wf_scarcity {
    uint32_t pools; // of the cluster's limits
    uint32_t words; // 64-bit words of one set of pools
    uint32_t sets_max;
    uint32_t sets;
    uint64_t *members;       // [set][word]: the pools of a set
    int64_t *demand_q20;     // [set]: share of all GPU demand that is tied to the set
    uint64_t *scratch;       // one set
    int64_t cpu_per_gpu_q10; // milli-CPU per milli-GPU in the demand

    int64_t *pressure_q10;    // [pool]
    int64_t *cpu_share_q10;   // [pool]: how much of the price is charged on CPU
    int64_t *gpu_per_cpu_q20; // [pool]: milli-GPU that a milli-CPU stands for
};

enum wf_status wf_scarcity_create(struct wf_region *region, const struct wf_limits *limits,
                                  struct wf_scarcity **scarcity_out,
                                  struct wf_error *err) WF_MUST_USE;

// Takes the expected requests, and how much the prior demand weighs against them.
void wf_scarcity_expect(struct wf_scarcity *scarcity, const struct wf_cluster *cluster,
                        const struct wf_mix_class *classes, uint32_t count,
                        int64_t prior_weight_q10);

// Looks at what is free now and makes the prices.
void wf_scarcity_look(struct wf_scarcity *scarcity, const struct wf_cluster *cluster);

// Returns how many decisions a look is good for: more where a look is dear.
uint32_t wf_scarcity_look_every(const struct wf_scarcity *scarcity);

// Returns the pressure on the cheapest pool that could hold the request.
int64_t wf_scarcity_cheapest_q10(const struct wf_scarcity *scarcity,
                                 const struct wf_cluster *cluster,
                                 const struct wf_request *request);

// Returns what a task takes from others in the pool, in milli-GPU; cheapest as returned above.
int64_t wf_scarcity_milli(const struct wf_scarcity *scarcity, uint32_t pool,
                          const struct wf_request *request, int64_t cheapest_q10);
