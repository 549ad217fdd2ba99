// SPDX-License-Identifier: Apache-2.0
#include "core/future/room.h"

#include "base/assert.h"

struct wf_room wf_room_of(const struct wf_state *state, const struct wf_room *aside)
{
    struct wf_room room = *aside;
    room.cpu_milli += state->cpu_free_milli;
    room.memory_mib += state->memory_free_mib;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        room.gpu_milli[i] = (int16_t)(room.gpu_milli[i] + state->gpu_free_milli[i]);
    }
    return room;
}

void wf_room_write(const struct wf_room *room, struct wf_state *state)
{
    uint16_t gpu_free_milli[WF_NODE_GPUS_MAX];
    WF_ASSERT(room->cpu_milli >= 0 && room->memory_mib >= 0);
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        WF_ASSERT(room->gpu_milli[i] >= 0);
        gpu_free_milli[i] = (uint16_t)room->gpu_milli[i];
    }
    wf_state_set_free(state, (uint32_t)room->cpu_milli, (uint32_t)room->memory_mib, gpu_free_milli);
}

struct wf_room wf_room_less(const struct wf_room *a, const struct wf_room *b)
{
    struct wf_room rest = {
        .cpu_milli = a->cpu_milli - b->cpu_milli,
        .memory_mib = a->memory_mib - b->memory_mib,
    };
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        rest.gpu_milli[i] = (int16_t)(a->gpu_milli[i] - b->gpu_milli[i]);
    }
    return rest;
}

bool wf_room_is_overdrawn(const struct wf_room *room)
{
    bool overdrawn = room->cpu_milli < 0 || room->memory_mib < 0;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        overdrawn |= room->gpu_milli[i] < 0;
    }
    return overdrawn;
}

bool wf_room_lacks(const struct wf_room *room, const struct wf_use *use)
{
    bool lacks = (room->cpu_milli < 0 && use->cpu_milli > 0) ||
                 (room->memory_mib < 0 && use->memory_mib > 0);
    for (uint32_t rest = use->gpu_set; rest && !lacks; rest &= rest - 1) {
        lacks = room->gpu_milli[__builtin_ctz(rest)] < 0;
    }
    return lacks;
}

bool wf_room_is_equal(const struct wf_room *a, const struct wf_room *b)
{
    bool equal = a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        equal &= a->gpu_milli[i] == b->gpu_milli[i];
    }
    return equal;
}

static int64_t gpu_capacity(const struct wf_room *room, const struct wf_request *served)
{
    int64_t count = 0;
    if (wf_request_is_share(served)) {
        for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
            if (room->gpu_milli[i] >= served->gpu_milli) {
                count += room->gpu_milli[i] / served->gpu_milli;
            }
        }
        return count;
    }
    // In the width of the amounts, so that compilers compare them side by side.
    int16_t whole = 0;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        whole = (int16_t)(whole + (room->gpu_milli[i] == WF_GPU_MILLI));
    }
    return whole < served->gpus ? 0 : whole / served->gpus;
}

static int64_t at_most(int64_t value, int64_t ceiling)
{
    return value < ceiling ? value : ceiling;
}

uint32_t wf_room_capacity(const struct wf_room *room, const struct wf_request *served)
{
    // Where more is planned than there is, only work that takes none of it still fits.
    if ((served->cpu_milli > 0 && room->cpu_milli < served->cpu_milli) ||
        (served->memory_mib > 0 && room->memory_mib < served->memory_mib)) {
        return 0;
    }
    int64_t count = WF_JOB_TASKS_MAX;
    if (served->gpus > 0) {
        count = at_most(count, gpu_capacity(room, served));
    }
    if (count > 1 && served->cpu_milli > 0) {
        count = at_most(count, room->cpu_milli / served->cpu_milli);
    }
    if (count > 1 && served->memory_mib > 0) {
        count = at_most(count, room->memory_mib / served->memory_mib);
    }
    return served->apart ? (uint32_t)at_most(count, 1) : (uint32_t)count;
}

static uint16_t share_set(const struct wf_room *room, const struct wf_request *served)
{
    uint32_t best = WF_NODE_GPUS_MAX;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        if (room->gpu_milli[i] >= served->gpu_milli &&
            (best == WF_NODE_GPUS_MAX || room->gpu_milli[i] < room->gpu_milli[best])) {
            best = i;
        }
    }
    WF_ASSERT(best < WF_NODE_GPUS_MAX);
    return (uint16_t)(UINT32_C(1) << best);
}

static uint16_t whole_set(const struct wf_room *room, const struct wf_room *now,
                          const struct wf_request *served)
{
    uint32_t set = 0;
    uint32_t missing = served->gpus;
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < WF_NODE_GPUS_MAX && missing > 0; i++) {
            bool is_free_now = now && now->gpu_milli[i] == WF_GPU_MILLI;
            if (room->gpu_milli[i] == WF_GPU_MILLI && is_free_now == (round == 1)) {
                set |= UINT32_C(1) << i;
                missing--;
            }
        }
    }
    WF_ASSERT(missing == 0);
    return (uint16_t)set;
}

struct wf_use wf_room_use(const struct wf_room *room, const struct wf_room *now,
                          const struct wf_request *served)
{
    return (struct wf_use){
        .cpu_milli = served->cpu_milli,
        .memory_mib = served->memory_mib,
        .gpu_set =
            wf_request_is_share(served) ? share_set(room, served) : whole_set(room, now, served),
        .gpu_milli = served->gpu_milli,
    };
}
