// SPDX-License-Identifier: Apache-2.0
// What a core without queues does with jobs: each starts when it is submitted, or is refused. Moves
// of running tasks (core/place/move.h) belong here. Internal to the core.
#pragma once

#include "core/event.h"
#include "core/place/move.h"
#include "core/place/placer.h"
#include "core/record.h"

struct wf_immediate {
    struct wf_placer *placer; // borrowed, like the record
    struct wf_record *record;
    struct wf_mover *mover; // NULL when nothing is ever moved
    uint32_t moves_left;
    int64_t move_cost_max_nanousd; // 0: whatever is worth it
    int64_t refused_value_nanousd; // of a GPU-hour of refused work; 0: the fleet's mean price
};

// Errors: WF_NOMEM.
enum wf_status wf_immediate_init(struct wf_immediate *immediate, struct wf_region *region,
                                 struct wf_placer *placer, struct wf_record *record,
                                 struct wf_error *err) WF_MUST_USE;

// The policy lies elsewhere than it did (wf_core_adopt).
void wf_immediate_adopt(struct wf_immediate *immediate, const struct wf_policy *policy);

// A job arrives: places its tasks or refuses them. Errors: WF_INVALID, WF_EXISTS, WF_LIMIT.
enum wf_status wf_immediate_submit(struct wf_immediate *immediate, const struct wf_job_spec *spec,
                                   struct wf_error *err) WF_MUST_USE;

// A job ended: its tasks leave. Errors: WF_NOTFOUND.
enum wf_status wf_immediate_end(struct wf_immediate *immediate, wf_job_id id,
                                struct wf_error *err) WF_MUST_USE;

// Takes a placed task off its node as a decision of that kind, and its job when it was the last.
void wf_immediate_end_placement(struct wf_immediate *immediate, uint32_t placement,
                                enum wf_decision_kind kind);

// WF_EVENT_MOVES. Errors: WF_INVALID; WF_LIMIT when the core was made without moves.
enum wf_status wf_immediate_allow_moves(struct wf_immediate *immediate,
                                        const struct wf_event *event,
                                        struct wf_error *err) WF_MUST_USE;
