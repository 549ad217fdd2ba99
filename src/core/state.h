// SPDX-License-Identifier: Apache-2.0
// What is free on one node, and nothing else: two nodes of a pool in the same state are
// interchangeable. Every placement score is a function of a state, so this struct is the hot part
// of a node; who runs there is kept in core/cluster.h.
#pragma once

#include "core/types.h"

struct wf_state {
    uint32_t cpu_free_milli;
    uint32_t memory_free_mib;
    uint16_t gpu_free_milli[WF_NODE_GPUS_MAX]; // by GPU number; 0 past the node's last GPU
    uint32_t task_kinds;                       // set of wf_task_kind of the GPU tasks that run here
    uint16_t share_free_milli;                 // the largest free share of any one GPU
    uint8_t gpus;
    uint8_t gpus_whole; // GPUs that are completely free
};

// GPU tasks by kind: 0 for a share of a GPU, else the number of whole GPUs. CPU-only tasks have
// none. Used by the policies that gather tasks of a kind.
static inline uint32_t wf_task_kind(const struct wf_request *request)
{
    return request->gpu_milli < WF_GPU_MILLI ? 0 : request->gpus;
}

static inline bool wf_request_is_share(const struct wf_request *request)
{
    return request->gpus == 1 && request->gpu_milli < WF_GPU_MILLI;
}

// Whether the node has the CPU, memory and GPUs that one task asks for.
static inline bool wf_state_fits(const struct wf_state *state, const struct wf_request *request)
{
    if (state->cpu_free_milli < request->cpu_milli ||
        state->memory_free_mib < request->memory_mib) {
        return false;
    }
    return wf_request_is_share(request) ? state->share_free_milli >= request->gpu_milli
                                        : state->gpus_whole >= request->gpus;
}

// Makes the state of an empty node.
void wf_state_init(struct wf_state *state, const struct wf_node_spec *spec);

// Returns the GPUs, as a set, that a task takes: for a share the GPU named, for whole GPUs the
// lowest-numbered free ones. The request must fit.
uint32_t wf_state_gpu_set(const struct wf_state *state, const struct wf_request *request,
                          uint32_t gpu);

// Takes (gives back) what one task uses: its CPU, memory, and gpu_milli of each GPU of the set.
void wf_state_take(struct wf_state *state, const struct wf_request *request, uint32_t gpu_set);
void wf_state_give(struct wf_state *state, const struct wf_request *request, uint32_t gpu_set);

// Makes that much free, whatever was; gpu_free_milli is by GPU number, 0 past the node's last GPU.
void wf_state_set_free(struct wf_state *state, uint32_t cpu_free_milli, uint32_t memory_free_mib,
                       const uint16_t gpu_free_milli[WF_NODE_GPUS_MAX]);

// Returns the GPU share that is free on the node, all its GPUs together.
uint32_t wf_state_gpu_total_milli(const struct wf_state *state);

// Returns the GPU with the least free share that still holds the request (lowest number first).
uint32_t wf_state_tightest_gpu(const struct wf_state *state, uint32_t gpu_milli);
