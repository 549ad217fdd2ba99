// SPDX-License-Identifier: Apache-2.0
// A cluster of a few nodes and its future, for tests that go by hand. Pools 0 to 3 are each in a
// zone of their own; the GPUs of pool 3 are cut into 7 slices. Time starts at 0.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/future/future.h"
#include "unit/core/small_region.h"

struct small_future {
    struct wf_cluster cluster;
    struct wf_future *future;
    uint32_t nodes;
    uint64_t job;
};

static inline void small_begin(struct small_future *small)
{
    struct wf_limits limits = {
        .models = 4,
        .pools = 4,
        .nodes = 16,
        .jobs = 256,
        .placements = 256,
        .classes = 4,
        .reservations = 8,
    };
    *small = (struct small_future){0};
    assert_int_equal(wf_cluster_init(&small->cluster, small_region(), &limits, NULL), WF_OK);
    for (uint16_t pool = 0; pool < 4; pool++) {
        struct wf_pool_spec spec = {
            .place = {0, 0, pool},
            .model = (uint8_t)pool,
            .slices = pool == 3 ? 7 : 0,
        };
        assert_int_equal(wf_cluster_set_pool(&small->cluster, (wf_pool_id){pool}, &spec, NULL),
                         WF_OK);
    }
    assert_int_equal(wf_future_create(small_region(), &small->cluster, NULL, &small->future, NULL),
                     WF_OK);
    wf_future_advance(small->future, 0);
}

// Whatever a test did, what is planned must hold.
static inline void small_finish(struct small_future *small)
{
    struct wf_error err = {.text = ""};
    if (wf_future_check(small->future, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

// A node with 8,000 milli-CPU and 1,000 MiB, the next in the order of ids.
static inline uint32_t small_up(struct small_future *small, uint32_t pool, uint8_t gpus,
                                uint16_t group)
{
    struct wf_node_spec spec = {
        .pool = {pool},
        .cpu_milli = 8000,
        .memory_mib = 1000,
        .gpus = gpus,
        .group = group,
    };
    assert_int_equal(wf_cluster_add_node(&small->cluster, (wf_node_id){small->nodes}, &spec, NULL),
                     WF_OK);
    return small->nodes++;
}

static inline struct wf_request small_request(uint32_t cpu_milli, uint8_t gpus, uint16_t gpu_milli)
{
    return (struct wf_request){
        .cpu_milli = cpu_milli,
        .memory_mib = 10,
        .gpus = gpus,
        .gpu_milli = gpu_milli,
        .models = WF_ANY_MODEL,
        .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE},
    };
}

// Starts a task on GPUs named as a set. Returns its placement.
static inline uint32_t small_run(struct small_future *small, uint32_t node, uint32_t cpu_milli,
                                 uint32_t gpu_set, uint16_t gpu_milli, int64_t end_ms)
{
    struct wf_request request =
        small_request(cpu_milli, (uint8_t)__builtin_popcount(gpu_set), gpu_milli);
    uint32_t job;
    wf_future_lift(small->future, node);
    assert_int_equal(wf_cluster_add_job(&small->cluster, (wf_job_id){++small->job}, &job, NULL),
                     WF_OK);
    uint32_t placement = wf_cluster_place(&small->cluster, job, 0, node, &request, gpu_set);
    assert_int_not_equal(placement, WF_NONE);
    wf_future_add(small->future, placement, end_ms);
    return placement;
}

static inline void small_stop(struct small_future *small, uint32_t placement)
{
    wf_future_remove(small->future, placement);
    wf_cluster_unplace(&small->cluster, placement);
    wf_future_settle(small->future);
}

static inline struct wf_future_wish small_wish(uint32_t tasks, struct wf_request request,
                                               int64_t length_ms)
{
    return (struct wf_future_wish){
        .job = 77,
        .request = request,
        .tasks = tasks,
        .length_ms = length_ms,
    };
}

static inline uint32_t small_reserve(struct small_future *small, const struct wf_future_wish *wish)
{
    uint32_t reservation;
    assert_true(wf_future_reserve(small->future, wish, &reservation));
    return reservation;
}

static inline void small_close(struct small_future *small, uint32_t node, bool closed)
{
    wf_future_lift(small->future, node);
    wf_cluster_close_node(&small->cluster, (wf_node_id){node}, closed);
    wf_future_settle(small->future);
}

// Where the tasks of a reservation are, one digit for each, in the order of the list.
static inline uint32_t small_nodes(const struct small_future *small, uint32_t reservation)
{
    uint32_t digits = 0;
    for (uint32_t t = wf_future_first_task(small->future, reservation); t != WF_NONE;
         t = wf_future_task(small->future, t).next) {
        digits = 10 * digits + wf_future_task(small->future, t).node;
    }
    return digits;
}
