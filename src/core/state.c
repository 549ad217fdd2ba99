// SPDX-License-Identifier: Apache-2.0
#include "core/state.h"

#include <string.h>

#include "base/assert.h"

static void summarise_gpus(struct wf_state *state)
{
    uint16_t largest = 0;
    uint8_t whole = 0;
    for (uint32_t i = 0; i < state->gpus; i++) {
        uint16_t free_milli = state->gpu_free_milli[i];
        largest = free_milli > largest ? free_milli : largest;
        whole = (uint8_t)(whole + (free_milli == WF_GPU_MILLI));
    }
    state->share_free_milli = largest;
    state->gpus_whole = whole;
}

void wf_state_init(struct wf_state *state, const struct wf_node_spec *spec)
{
    *state = (struct wf_state){
        .cpu_free_milli = spec->cpu_milli,
        .memory_free_mib = spec->memory_mib,
        .gpus = spec->gpus,
    };
    for (uint32_t i = 0; i < spec->gpus; i++) {
        state->gpu_free_milli[i] = WF_GPU_MILLI;
    }
    summarise_gpus(state);
}

uint32_t wf_state_gpu_set(const struct wf_state *state, const struct wf_request *request,
                          uint32_t gpu)
{
    if (wf_request_is_share(request)) {
        WF_ASSERT(gpu < state->gpus && state->gpu_free_milli[gpu] >= request->gpu_milli);
        return UINT32_C(1) << gpu;
    }
    uint32_t set = 0;
    uint32_t missing = request->gpus;
    for (uint32_t i = 0; i < state->gpus && missing > 0; i++) {
        if (state->gpu_free_milli[i] == WF_GPU_MILLI) {
            set |= UINT32_C(1) << i;
            missing--;
        }
    }
    WF_ASSERT(missing == 0);
    return set;
}

void wf_state_take(struct wf_state *state, const struct wf_request *request, uint32_t gpu_set)
{
    WF_ASSERT(state->cpu_free_milli >= request->cpu_milli);
    WF_ASSERT(state->memory_free_mib >= request->memory_mib);
    state->cpu_free_milli -= request->cpu_milli;
    state->memory_free_mib -= request->memory_mib;
    for (uint32_t rest = gpu_set; rest; rest &= rest - 1) {
        uint16_t *free_milli = &state->gpu_free_milli[__builtin_ctz(rest)];
        WF_ASSERT(*free_milli >= request->gpu_milli);
        *free_milli = (uint16_t)(*free_milli - request->gpu_milli);
    }
    summarise_gpus(state);
}

void wf_state_give(struct wf_state *state, const struct wf_request *request, uint32_t gpu_set)
{
    state->cpu_free_milli += request->cpu_milli;
    state->memory_free_mib += request->memory_mib;
    for (uint32_t rest = gpu_set; rest; rest &= rest - 1) {
        uint32_t gpu = (uint32_t)__builtin_ctz(rest);
        WF_ASSERT(gpu < state->gpus);
        WF_ASSERT(state->gpu_free_milli[gpu] + request->gpu_milli <= WF_GPU_MILLI);
        state->gpu_free_milli[gpu] = (uint16_t)(state->gpu_free_milli[gpu] + request->gpu_milli);
    }
    summarise_gpus(state);
}

void wf_state_set_free(struct wf_state *state, uint32_t cpu_free_milli, uint32_t memory_free_mib,
                       const uint16_t gpu_free_milli[WF_NODE_GPUS_MAX])
{
    state->cpu_free_milli = cpu_free_milli;
    state->memory_free_mib = memory_free_mib;
    memcpy(state->gpu_free_milli, gpu_free_milli, sizeof state->gpu_free_milli);
    summarise_gpus(state);
}

uint32_t wf_state_gpu_total_milli(const struct wf_state *state)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < state->gpus; i++) {
        total += state->gpu_free_milli[i];
    }
    return total;
}

uint32_t wf_state_tightest_gpu(const struct wf_state *state, uint32_t gpu_milli)
{
    uint32_t best = 0;
    uint32_t best_milli = UINT32_MAX;
    for (uint32_t i = 0; i < state->gpus; i++) {
        uint32_t free_milli = state->gpu_free_milli[i];
        if (free_milli >= gpu_milli && free_milli < best_milli) {
            best = i;
            best_milli = free_milli;
        }
    }
    return best;
}
