// SPDX-License-Identifier: Apache-2.0
// Gathers GPU tasks of a kind (a share, one GPU, two GPUs, ...) on the same nodes (Gandiva, OSDI
// 2018), as the published comparison scores it: 75 for a node that runs this kind only, 50 for this
// and others, 25 for none, 0 for others only; plus up to 25 for what is used already. CPU-only
// tasks score 0 everywhere.
#include "core/policy/policy.h"

static int32_t score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *request,
                     uint32_t *gpu_out)
{
    (void)pool;
    *gpu_out = wf_state_tightest_gpu(state, request->gpu_milli);
    if (request->gpus == 0) {
        return 0;
    }
    uint32_t kind = UINT32_C(1) << wf_task_kind(request);
    int32_t base = 0;
    if (state->task_kinds == kind) {
        base = 75;
    } else if (state->task_kinds & kind) {
        base = 50;
    } else if (state->task_kinds == 0) {
        base = 25;
    }
    int32_t gpu_max = (int32_t)(outlook->cluster->gpus_max * WF_GPU_MILLI);
    int32_t used_milli = gpu_max - (int32_t)wf_state_gpu_total_milli(state);
    return base + 25 * used_milli / gpu_max;
}

const struct wf_policy wf_policy_gpu_clustering = {
    .name = "gpu-clustering",
    .summary = "tasks of a kind on the same nodes",
    .score = score,
};
