// SPDX-License-Identifier: Apache-2.0
// Opens as few nodes, and then as few GPUs, as it can (Weng et al., NSDI 2022), as the published
// comparison scores it: up to 33 for opening an idle node (smaller is better), 33 to 50 for opening
// whole GPUs, 50 to 100 for using GPUs in use already (fuller is better). CPU-only tasks score 0.
#include "core/policy/policy.h"

static int32_t at_least(int32_t value, int32_t floor)
{
    return value > floor ? value : floor;
}

static int32_t score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *request,
                     uint32_t *gpu_out)
{
    (void)outlook;
    (void)pool;
    *gpu_out = wf_state_tightest_gpu(state, request->gpu_milli);
    if (request->gpus == 0) {
        return 0;
    }
    if (state->gpus_whole == state->gpus) {
        return at_least(33 - state->gpus, state->gpus);
    }
    if (!wf_request_is_share(request)) {
        return at_least(50 - request->gpus, 33);
    }
    uint32_t free_milli = state->gpu_free_milli[*gpu_out];
    if (free_milli == WF_GPU_MILLI) {
        return at_least(50 - 1, 33);
    }
    return at_least(100 - (int32_t)(free_milli / 10) / 10, 50);
}

const struct wf_policy wf_policy_gpu_packing = {
    .name = "gpu-packing",
    .summary = "nodes in use first, then GPUs in use",
    .score = score,
};
