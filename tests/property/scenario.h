// SPDX-License-Identifier: Apache-2.0
// Random facts for the core, from a seed: pools, nodes that come, go and are drained, jobs of every
// shape that are submitted and end, forecasts that change. The same seed gives the same events, so
// a failure is repeated by its seed.
#pragma once

#include "base/random.h"
#include "core/core.h"

enum {
    SCENARIO_MODELS = 5,
    SCENARIO_POOLS = 8,
    SCENARIO_NODES = 80,
    SCENARIO_JOBS_MAX = 4096,
    SCENARIO_USUAL = 8,
};

struct scenario {
    struct wf_random random;
    uint32_t pools_known;
    struct wf_pool_spec pools[SCENARIO_POOLS]; // as last told, refused ones included
    uint64_t jobs;                             // job ids given out so far
    bool node_up[SCENARIO_NODES];
    struct wf_mix_class classes[24];
    struct wf_job_spec
        usual[SCENARIO_USUAL]; // asked for again and again, so that kept scores serve
    bool moves; // set after init: some jobs are movable, and there are allowances for moves
};

struct wf_limits scenario_limits(void);

// Every pool is made first, then anything may happen.
void scenario_init(struct scenario *scenario, uint64_t seed);

// Fills the next event. What it points to is valid until the next call.
void scenario_next(struct scenario *scenario, struct wf_event *event);

// One random job, without an id.
struct wf_job_spec scenario_job(struct wf_random *random);
