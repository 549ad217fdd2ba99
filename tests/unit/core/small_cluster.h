// SPDX-License-Identifier: Apache-2.0
// A cluster of a few nodes for tests that go by hand: pools 0 to 3 of models 0 to 3, each pool in a
// zone of its own; pool 3 cuts its GPUs into 7 slices. Best-fit, so choices can be foretold.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cluster.h"
#include "core/core.h"
#include "core/explain/explain.h"
#include "core/explain/remedy.h"
#include "core/policy/policy.h"

#define ANYWHERE ((struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE})

static inline struct wf_decisions small_step(struct wf_core *core, const struct wf_event *event)
{
    struct wf_decisions decisions;
    assert_int_equal(wf_core_step(core, event, &decisions, NULL), WF_OK);
    return decisions;
}

static inline struct wf_core *small_cluster(void)
{
    struct wf_core_config config = {
        .limits =
            {.models = 4, .pools = 4, .nodes = 16, .jobs = 256, .placements = 8192, .classes = 4},
        .policy = wf_policy_find("best-fit"),
    };
    struct wf_core *core;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    for (uint16_t pool = 0; pool < 4; pool++) {
        struct wf_pool_spec spec = {
            .place = {pool / 2, pool / 2, pool},
            .model = (uint8_t)pool,
            .slices = pool == 3 ? 7 : 0,
        };
        small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{pool}, spec}});
    }
    return core;
}

static inline void small_node(struct wf_core *core, uint32_t node, uint32_t pool,
                              uint32_t cpu_milli, uint8_t gpus, uint64_t labels)
{
    struct wf_node_spec spec = {
        .pool = {pool},
        .cpu_milli = cpu_milli,
        .memory_mib = 1000,
        .gpus = gpus,
        .labels = labels,
    };
    small_step(core, &(struct wf_event){.kind = WF_EVENT_NODE_UP, .node_up = {{node}, spec}});
}

static inline void small_drain(struct wf_core *core, uint32_t node)
{
    small_step(core, &(struct wf_event){.kind = WF_EVENT_NODE_DRAIN, .node_drain = {{node}, true}});
}

// A gang that any node may take.
static inline struct wf_job_spec small_job(uint32_t tasks, uint32_t cpu_milli, uint8_t gpus,
                                           uint16_t gpu_milli)
{
    return (struct wf_job_spec){
        .id = {1000},
        .tasks = tasks,
        .gang = true,
        .request = {.cpu_milli = cpu_milli,
                    .gpus = gpus,
                    .gpu_milli = gpu_milli,
                    .models = WF_ANY_MODEL,
                    .place = ANYWHERE},
    };
}

// Submits the job and returns how many of its tasks start.
static inline uint32_t small_submit(struct wf_core *core, const struct wf_job_spec *job)
{
    struct wf_decisions decisions =
        small_step(core, &(struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = *job});
    uint32_t placed = 0;
    for (uint32_t i = 0; i < decisions.count; i++) {
        placed += decisions.list[i].kind == WF_DECISION_PLACE;
    }
    return placed;
}

// Takes that much of one GPU of the only node of a pool.
static inline void small_take(struct wf_core *core, uint64_t id, uint32_t pool, uint32_t cpu_milli,
                              uint16_t gpu_milli)
{
    struct wf_job_spec job = small_job(1, cpu_milli, gpu_milli > 0, gpu_milli);
    job.id.number = id;
    job.request.place.zone = (uint16_t)pool;
    assert_int_equal(small_submit(core, &job), 1);
}
