// SPDX-License-Identifier: Apache-2.0
// The node with the least left after placing, CPU and GPU weighing the same, as the published
// comparison scores it: 100 * (1 - (c - rc) / 2C - (g - rg) / 2G), cut to an integer; names as in
// dot_product.c.
#include "core/policy/policy.h"

static int32_t score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *request,
                     uint32_t *gpu_out)
{
    (void)pool;
    int64_t cpu_max = outlook->cluster->cpu_milli_max;
    int64_t gpu_max = (int64_t)outlook->cluster->gpus_max * WF_GPU_MILLI;
    cpu_max = cpu_max > 0 ? cpu_max : 1;
    gpu_max = gpu_max > 0 ? gpu_max : 1;
    int64_t cpu_left = state->cpu_free_milli - request->cpu_milli;
    int64_t gpu_left =
        wf_state_gpu_total_milli(state) - (int64_t)request->gpus * request->gpu_milli;
    *gpu_out = wf_state_tightest_gpu(state, request->gpu_milli);
    return (int32_t)((100 * cpu_max * gpu_max - 50 * cpu_left * gpu_max - 50 * gpu_left * cpu_max) /
                     (cpu_max * gpu_max));
}

const struct wf_policy wf_policy_best_fit = {
    .name = "best-fit",
    .summary = "the node with the least left over",
    .score = score,
};
