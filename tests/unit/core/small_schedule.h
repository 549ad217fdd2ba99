// SPDX-License-Identifier: Apache-2.0
// A core with queues for tests that go by hand: pool 0 costs a dollar an hour for each GPU, pool 1
// two dollars, in zones 0 and 1. What a step decided is told as a line of text: "w1 p1@0" is "job 1
// waits, then a task of it starts on node 0"; r: rejected, e: ended, l: lost, x: preempted, t:
// timed out.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/core.h"
#include "core/discipline/discipline.h"
#include "core/schedule/schedule.h"

#define USD INT64_C(1000000000) // in nano-dollars
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)

enum { SMALL_JOBS = 64, SMALL_LANES = 32, SMALL_RESERVATIONS = 8, SMALL_QUEUES = 8 };

struct wf_core_config small_config(const char *discipline);
struct wf_decisions small_step(struct wf_core *core, const struct wf_event *event);
// The event must be refused so, without a trace.
void small_refused(struct wf_core *core, const struct wf_event *event, enum wf_status status);
void small_pool(struct wf_core *core, uint32_t pool);
struct wf_decisions small_queue(struct wf_core *core, int64_t at_ms, uint32_t id, uint32_t parent,
                                struct wf_queue_spec spec);
// Queue 0, a root without limits, and two pools; no nodes.
struct wf_core *small_core(const struct wf_core_config *config);
struct wf_decisions small_node(struct wf_core *core, int64_t at_ms, uint32_t id, uint32_t pool,
                               uint8_t gpus);
struct wf_decisions small_node_down(struct wf_core *core, int64_t at_ms, uint32_t id);
struct wf_decisions small_drain(struct wf_core *core, int64_t at_ms, uint32_t id, bool closed);
// One pool of so many nodes with 4 GPUs each.
struct wf_core *small_site(const char *discipline, uint32_t nodes);
// A gang that any node may take; limit_ms 0: without a limit.
struct wf_job_spec small_job(uint64_t id, uint32_t tasks, uint8_t gpus, int64_t limit_ms);
struct wf_event small_submission(int64_t at_ms, struct wf_job_spec job);
struct wf_decisions small_submit(struct wf_core *core, int64_t at_ms, struct wf_job_spec job);
struct wf_event small_ending(int64_t at_ms, uint64_t id, bool failed);
struct wf_decisions small_end(struct wf_core *core, int64_t at_ms, uint64_t id);
struct wf_decisions small_fail(struct wf_core *core, int64_t at_ms, uint64_t id);
struct wf_decisions small_hold(struct wf_core *core, int64_t at_ms, uint64_t id, bool held);
struct wf_decisions small_tick(struct wf_core *core, int64_t at_ms);
// Everything there is to say about a step, without a space at the end.
const char *small_text(struct wf_decisions decisions);
#define SAID(decisions, wanted) assert_string_equal(small_text(decisions), wanted)
struct wf_queue_view small_view(const struct wf_core *core, uint32_t queue);
