// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

#include "core/state.h"

#define CENT INT64_C(10000000)

struct wf_limits scenario_limits(void)
{
    return (struct wf_limits){
        .models = SCENARIO_MODELS,
        .pools = SCENARIO_POOLS,
        .nodes = SCENARIO_NODES,
        .jobs = SCENARIO_JOBS_MAX,
        .placements = 16384,
        .classes = 12, // fewer than there are, so that classes are taken over
    };
}

static uint32_t below(struct wf_random *random, uint32_t end)
{
    return (uint32_t)wf_random_below(random, end);
}

static bool one_in(struct wf_random *random, uint32_t chances)
{
    return below(random, chances) == 0;
}

static uint64_t some_models(struct wf_random *random)
{
    return one_in(random, 2) ? WF_ANY_MODEL : 1 + below(random, (1u << SCENARIO_MODELS) - 1);
}

static void random_size(struct wf_random *random, uint8_t *gpus, uint16_t *gpu_milli)
{
    static const uint8_t counts[] = {0, 1, 1, 1, 1, 2, 4, 8};
    *gpus = counts[below(random, sizeof counts)];
    *gpu_milli = *gpus == 0 ? 0 : WF_GPU_MILLI;
    if (*gpus == 1 && !one_in(random, 3)) {
        *gpu_milli = (uint16_t)(1 + below(random, WF_GPU_MILLI - 1) / 50 * 50);
    }
}

struct wf_job_spec scenario_job(struct wf_random *random)
{
    struct wf_job_spec job = {
        .tasks = one_in(random, 4) ? 1 + below(random, 12) : 1,
        .gang = one_in(random, 2),
        .request =
            {
                .cpu_milli = 500 * below(random, 24),
                .memory_mib = 1024 * below(random, 24),
                .models = some_models(random),
                .labels = one_in(random, 6) ? below(random, 4) : 0,
                .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE},
            },
    };
    random_size(random, &job.request.gpus, &job.request.gpu_milli);
    if (one_in(random, 8)) {
        job.request.place.zone = (uint16_t)below(random, 3);
    }
    return job;
}

void scenario_init(struct scenario *scenario, uint64_t seed)
{
    *scenario = (struct scenario){0};
    wf_random_init(&scenario->random, seed);
    for (uint32_t i = 0; i < SCENARIO_USUAL; i++) {
        scenario->usual[i] = scenario_job(&scenario->random);
    }
}

// A new pool, or a known one anew: at another price and place, and if it has no nodes (else the
// core has to refuse it) perhaps of another model.
static void next_pool(struct scenario *scenario, struct wf_event *event)
{
    static const uint8_t slices[] = {0, 0, 0, 4, 7};
    struct wf_random *random = &scenario->random;
    uint8_t model = (uint8_t)below(random, SCENARIO_MODELS);
    bool new = scenario->pools_known < SCENARIO_POOLS;
    event->kind = WF_EVENT_POOL;
    event->pool.id.index = new ? scenario->pools_known++ : below(random, SCENARIO_POOLS);
    event->pool.spec = (struct wf_pool_spec){
        .place = {0, 0, (uint16_t)below(random, 3)},
        .model = model,
        .vendor = model % 2,
        .slices = slices[below(random, sizeof slices)],
        .rent_by_use = one_in(random, 4),
        .price_nanousd_per_gpu_hour = INT64_C(100000000) * (1 + below(random, 50)),
    };
    struct wf_pool_spec *known = &scenario->pools[event->pool.id.index];
    if (!new && !one_in(random, 4)) {
        event->pool.spec.model = known->model;
        event->pool.spec.slices = known->slices;
    }
    *known = event->pool.spec;
}

static void next_node(struct scenario *scenario, struct wf_event *event)
{
    struct wf_random *random = &scenario->random;
    uint32_t node = below(random, SCENARIO_NODES);
    if (!scenario->node_up[node]) {
        static const uint8_t gpus[] = {0, 1, 2, 4, 8, 8, 16};
        event->kind = WF_EVENT_NODE_UP;
        event->node_up.id.index = node;
        event->node_up.spec = (struct wf_node_spec){
            .pool = {below(random, SCENARIO_POOLS)},
            // Now and then a node that is larger than all before.
            .cpu_milli = one_in(random, 40) ? 96000 + 1000 * (uint32_t)scenario->jobs
                                            : 8000 * (1 + below(random, 12)),
            .memory_mib = 16384 * (1 + below(random, 12)),
            .gpus = gpus[below(random, sizeof gpus)],
            .labels = below(random, 8),
        };
        scenario->node_up[node] = true;
    } else if (one_in(random, 2)) {
        event->kind = WF_EVENT_NODE_DRAIN;
        event->node_drain.id.index = node;
        event->node_drain.closed = one_in(random, 3);
    } else if (one_in(random, 4)) {
        event->kind = WF_EVENT_NODE_DOWN;
        event->node_down.id.index = node;
        scenario->node_up[node] = false;
    } else {
        next_node(scenario, event);
    }
}

static void next_mix(struct scenario *scenario, struct wf_event *event)
{
    struct wf_random *random = &scenario->random;
    uint32_t count = below(random, WF_COUNT_OF(scenario->classes) + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct wf_mix_class *class = &scenario->classes[i];
        *class = (struct wf_mix_class){
            .cpu_milli = 500 * below(random, 24),
            .models = some_models(random),
            .count = below(random, 400),
        };
        random_size(random, &class->gpus, &class->gpu_milli);
    }
    event->kind = WF_EVENT_MIX;
    event->mix.classes = scenario->classes;
    event->mix.count = count;
}

static void next_moves(struct scenario *scenario, struct wf_event *event)
{
    struct wf_random *random = &scenario->random;
    event->kind = WF_EVENT_MOVES;
    event->moves.allowed = below(random, 12);
    event->moves.cost_max_nanousd = one_in(random, 2) ? 0 : CENT * below(random, 200);
    event->moves.value_nanousd_per_gpu_hour = one_in(random, 2) ? 0 : CENT * below(random, 500);
}

static void make_movable(struct wf_random *random, struct wf_job_spec *job)
{
    job->run_minutes = one_in(random, 2) ? 0 : below(random, 600);
    job->movable = !one_in(random, 4);
    job->move_cost_nanousd = CENT * below(random, 20);
}

void scenario_next(struct scenario *scenario, struct wf_event *event)
{
    struct wf_random *random = &scenario->random;
    *event = (struct wf_event){0};
    bool moves = scenario->moves && one_in(random, 20);
    uint32_t dice = below(random, 100);
    if (scenario->pools_known < SCENARIO_POOLS) {
        next_pool(scenario, event);
    } else if (moves) {
        next_moves(scenario, event);
    } else if (dice < 12) {
        next_node(scenario, event);
    } else if (dice < 14) {
        next_mix(scenario, event);
    } else if (dice == 14) {
        next_pool(scenario, event);
    } else if (dice < 40 && scenario->jobs > 0) {
        // Often a job that was refused or has ended already: then the core has to say so.
        event->kind = WF_EVENT_JOB_END;
        event->job_end.id.number = 1 + wf_random_below(random, scenario->jobs);
    } else {
        event->kind = WF_EVENT_JOB_SUBMIT;
        event->job_submit = one_in(random, 3) ? scenario_job(random)
                                              : scenario->usual[below(random, SCENARIO_USUAL)];
        event->job_submit.id.number = ++scenario->jobs;
        if (scenario->moves) {
            make_movable(random, &event->job_submit);
        }
    }
}
