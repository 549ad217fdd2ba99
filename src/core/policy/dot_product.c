// SPDX-License-Identifier: Apache-2.0
// Alignment of what a node has free with what a task asks for (Tetris, SIGCOMM 2014), as the
// published comparison scores it: 100 * (1 - (c rc / C^2 + g rg / G^2) / 2) with c, g free CPU and
// GPU before placing, rc, rg the request, C, G the largest node. Cut to an integer.
#include "core/policy/policy.h"

static int32_t score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *request,
                     uint32_t *gpu_out)
{
    (void)pool;
    // Both quotients over the one denominator C^2 G^2, in 128 bits: exact.
    wf_int128 cpu_max = outlook->cluster->cpu_milli_max;
    wf_int128 gpu_max = (wf_int128)outlook->cluster->gpus_max * WF_GPU_MILLI;
    cpu_max = cpu_max > 0 ? cpu_max : 1;
    gpu_max = gpu_max > 0 ? gpu_max : 1;
    wf_int128 cpu = (wf_int128)state->cpu_free_milli * request->cpu_milli;
    wf_int128 gpu = (wf_int128)wf_state_gpu_total_milli(state) * request->gpus * request->gpu_milli;
    wf_int128 denominator = cpu_max * cpu_max * gpu_max * gpu_max;
    wf_int128 numerator =
        100 * denominator - 50 * (cpu * gpu_max * gpu_max + gpu * cpu_max * cpu_max);
    *gpu_out = wf_state_tightest_gpu(state, request->gpu_milli);
    return (int32_t)(numerator / denominator);
}

const struct wf_policy wf_policy_dot_product = {
    .name = "dot-product",
    .summary = "the node whose free CPU and GPU align least with the task",
    .score = score,
};
