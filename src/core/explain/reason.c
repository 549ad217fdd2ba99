// SPDX-License-Identifier: Apache-2.0
#include "core/explain/reason.h"

#include "base/words.h"

WF_WORDS_OF(reason, enum wf_reason, WF_REASONS);

bool wf_request_is_valid(const struct wf_request *request)
{
    if (request->gpus == 0) {
        return request->gpu_milli == 0;
    }
    return request->gpu_milli == WF_GPU_MILLI ||
           (request->gpus == 1 && request->gpu_milli >= 1 && request->gpu_milli < WF_GPU_MILLI);
}

static uint32_t reasons_of_kind(const struct wf_pool *pool, const struct wf_node *node,
                                const struct wf_request *request)
{
    uint32_t set = 0;
    // Where a node has no GPU, its pool's model is not what stands in the way.
    if (request->gpus > 0 && node->spec.gpus > 0 &&
        (request->models & WF_MODEL_BIT(pool->spec.model)) == 0) {
        set |= WF_REASON_BIT(MODEL);
    }
    if (!wf_place_within(pool->spec.place, request->place)) {
        set |= WF_REASON_BIT(PLACE);
    }
    if ((node->spec.labels & request->labels) != request->labels) {
        set |= WF_REASON_BIT(LABELS);
    }
    if (node->closed) {
        set |= WF_REASON_BIT(CLOSED);
    }
    return set;
}

static uint32_t reason_of_gpus(const struct wf_node *node, const struct wf_state *state,
                               const struct wf_request *served)
{
    if (node->spec.gpus < served->gpus) {
        return WF_REASON_BIT(GPUS_SIZE);
    }
    if (wf_request_is_share(served)) {
        return state->share_free_milli < served->gpu_milli ? WF_REASON_BIT(SHARE_FREE) : 0;
    }
    return state->gpus_whole < served->gpus ? WF_REASON_BIT(GPUS_FREE) : 0;
}

uint32_t wf_reasons_of(const struct wf_pool *pool, const struct wf_node *node,
                       const struct wf_state *state, const struct wf_request *request)
{
    uint32_t set = reasons_of_kind(pool, node, request);
    if (node->spec.cpu_milli < request->cpu_milli) {
        set |= WF_REASON_BIT(CPU_SIZE);
    } else if (state->cpu_free_milli < request->cpu_milli) {
        set |= WF_REASON_BIT(CPU_FREE);
    }
    if (node->spec.memory_mib < request->memory_mib) {
        set |= WF_REASON_BIT(MEMORY_SIZE);
    } else if (state->memory_free_mib < request->memory_mib) {
        set |= WF_REASON_BIT(MEMORY_FREE);
    }
    struct wf_request served = wf_pool_request(pool, request);
    return set | reason_of_gpus(node, state, &served);
}

uint32_t wf_reason_shortage(enum wf_reason reason, const struct wf_pool *pool,
                            const struct wf_node *node, const struct wf_state *state,
                            const struct wf_request *request)
{
    switch (reason) {
    case WF_REASON_CPU_SIZE:
        return request->cpu_milli - node->spec.cpu_milli;
    case WF_REASON_CPU_FREE:
        return request->cpu_milli - state->cpu_free_milli;
    case WF_REASON_MEMORY_SIZE:
        return request->memory_mib - node->spec.memory_mib;
    case WF_REASON_MEMORY_FREE:
        return request->memory_mib - state->memory_free_mib;
    case WF_REASON_GPUS_SIZE:
        return (uint32_t)(request->gpus - node->spec.gpus);
    case WF_REASON_GPUS_FREE:
        return (uint32_t)(request->gpus - state->gpus_whole);
    case WF_REASON_SHARE_FREE:
        return (uint32_t)(wf_pool_request(pool, request).gpu_milli - state->share_free_milli);
    case WF_REASON_MODEL:
    case WF_REASON_PLACE:
    case WF_REASON_LABELS:
    case WF_REASON_CLOSED:
        return 0;
    }
    return 0;
}
