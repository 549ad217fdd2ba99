// SPDX-License-Identifier: Apache-2.0
// Queues for tests that go by hand, at a clock that starts at 0, with a half life of an hour.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/queue/queues.h"
#include "unit/core/small_region.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define USD INT64_C(1000000000) // in nano-dollars

enum { SMALL_QUEUES = 16, SMALL_STINTS = 8 };

static inline struct wf_queues *small_queues_at(int64_t now_ms)
{
    struct wf_limits limits = {.queues = SMALL_QUEUES, .jobs = SMALL_STINTS, .placements = 100};
    struct wf_queues *queues = NULL;
    assert_int_equal(wf_queues_create(small_region(), &limits, HOUR_MS, &queues, NULL), WF_OK);
    wf_queues_advance(queues, now_ms);
    return queues;
}

static inline struct wf_queues *small_queues(void)
{
    return small_queues_at(0);
}

static inline void small_queue(struct wf_queues *queues, uint32_t id, uint32_t parent,
                               struct wf_queue_spec spec)
{
    struct wf_error err = {.text = ""};
    spec.parent.index = parent;
    enum wf_status status = wf_queues_set(queues, (wf_queue_id){id}, &spec, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, WF_OK);
}

static inline uint32_t small_start(struct wf_queues *queues, uint32_t leaf, int64_t gpu_milli,
                                   int64_t nanousd_per_hour, int64_t cost_nanousd)
{
    assert_int_equal(wf_queues_enter(queues, (wf_queue_id){leaf}, NULL), WF_OK);
    struct wf_stint stint = {{leaf}, gpu_milli, nanousd_per_hour, cost_nanousd};
    uint32_t number = wf_queues_start(queues, &stint);
    assert_int_not_equal(number, WF_NONE);
    return number;
}

static inline struct wf_queue_view small_view(const struct wf_queues *queues, uint32_t id)
{
    struct wf_queue_view view;
    assert_true(wf_queues_view(queues, (wf_queue_id){id}, &view));
    return view;
}
