// SPDX-License-Identifier: Apache-2.0
#include "core/place/capacity.h"

static uint32_t at_most(uint32_t value, uint32_t ceiling)
{
    return value < ceiling ? value : ceiling;
}

static uint32_t shares_that_fit(const struct wf_state *state, uint32_t gpu_milli)
{
    uint32_t count = 0;
    for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
        count += state->gpu_free_milli[gpu] / gpu_milli;
    }
    return count;
}

uint32_t wf_state_capacity(const struct wf_state *state, const struct wf_request *served)
{
    if (!wf_state_fits(state, served)) {
        return 0;
    }
    uint32_t count = WF_JOB_TASKS_MAX;
    if (served->cpu_milli > 0) {
        count = at_most(count, state->cpu_free_milli / served->cpu_milli);
    }
    if (served->memory_mib > 0) {
        count = at_most(count, state->memory_free_mib / served->memory_mib);
    }
    if (wf_request_is_share(served)) {
        count = at_most(count, shares_that_fit(state, served->gpu_milli));
    } else if (served->gpus > 0) {
        count = at_most(count, (uint32_t)state->gpus_whole / served->gpus);
    }
    return served->apart ? at_most(count, 1) : count;
}
