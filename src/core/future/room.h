// SPDX-License-Identifier: Apache-2.0
// Amounts of a node's CPU, memory and GPUs that are added, subtracted and compared. What is free in
// the future is such an amount; it is below zero where more is planned than there is, because a
// task ran longer than was thought. Internal to the core.
#pragma once

#include "core/state.h"

// What one task takes of its node.
struct wf_use {
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint16_t gpu_set; // bit i: GPU i
    uint16_t gpu_milli;
};
_Static_assert(WF_NODE_GPUS_MAX <= 16, "a GPU set has 16 bits");

// Sums stay inside these types: placed tasks together take no more than a node has, and so do
// reservations at any one time, so nothing is below minus, or above twice, what a node has.
struct wf_room {
    int64_t cpu_milli;
    int64_t memory_mib;
    int16_t gpu_milli[WF_NODE_GPUS_MAX]; // by GPU number
};

static inline void wf_room_give(struct wf_room *room, const struct wf_use *use)
{
    room->cpu_milli += use->cpu_milli;
    room->memory_mib += use->memory_mib;
    for (uint32_t rest = use->gpu_set; rest; rest &= rest - 1) {
        int16_t *gpu = &room->gpu_milli[__builtin_ctz(rest)];
        *gpu = (int16_t)(*gpu + use->gpu_milli);
    }
}

static inline void wf_room_take(struct wf_room *room, const struct wf_use *use)
{
    room->cpu_milli -= use->cpu_milli;
    room->memory_mib -= use->memory_mib;
    for (uint32_t rest = use->gpu_set; rest; rest &= rest - 1) {
        int16_t *gpu = &room->gpu_milli[__builtin_ctz(rest)];
        *gpu = (int16_t)(*gpu - use->gpu_milli);
    }
}

// Lowers each amount to that of the other, where that is less.
static inline void wf_room_lower(struct wf_room *room, const struct wf_room *other)
{
    room->cpu_milli = other->cpu_milli < room->cpu_milli ? other->cpu_milli : room->cpu_milli;
    room->memory_mib = other->memory_mib < room->memory_mib ? other->memory_mib : room->memory_mib;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        int16_t a = room->gpu_milli[i], b = other->gpu_milli[i];
        room->gpu_milli[i] = (int16_t)(b < a ? b : a);
    }
}

// Returns what is free in the state, and what has been set aside of it beside.
struct wf_room wf_room_of(const struct wf_state *state, const struct wf_room *aside);

// Makes the state have that much free; nothing of it may be below zero.
void wf_room_write(const struct wf_room *room, struct wf_state *state);

// Returns a less b.
struct wf_room wf_room_less(const struct wf_room *a, const struct wf_room *b);

// Returns whether more is planned than there is.
bool wf_room_is_overdrawn(const struct wf_room *room);
// Likewise, of something that this task takes.
bool wf_room_lacks(const struct wf_room *room, const struct wf_use *use);

bool wf_room_is_equal(const struct wf_room *a, const struct wf_room *b);

// Returns how many tasks of the request, as its pool serves it, the room takes; at most
// WF_JOB_TASKS_MAX. As core/place/capacity.h.
uint32_t wf_room_capacity(const struct wf_room *room, const struct wf_request *served);

// Returns what one task takes, which must fit: for a share it is the GPU with the least room for
// it, else the free GPUs with the lowest numbers; first those that are not free in now, if that is
// given, so that what is planned for later leaves to others what is free already.
struct wf_use wf_room_use(const struct wf_room *room, const struct wf_room *now,
                          const struct wf_request *served);
