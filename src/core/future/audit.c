// SPDX-License-Identifier: Apache-2.0
#include "core/future/audit.h"

// What a node has, less what is placed there and will not have ended, less what is booked then.
static struct wf_room free_at(const struct wf_timeline *timeline, uint32_t node, int64_t at_ms)
{
    const struct wf_cluster *cluster = timeline->cluster;
    const struct wf_node *on = &cluster->nodes[node];
    struct wf_room room = {.cpu_milli = on->spec.cpu_milli, .memory_mib = on->spec.memory_mib};
    for (uint32_t i = 0; i < on->spec.gpus; i++) {
        room.gpu_milli[i] = WF_GPU_MILLI;
    }
    for (uint32_t i = on->first_placement; i != WF_NONE; i = cluster->placements[i].next_on_node) {
        const struct wf_placement *placement = &cluster->placements[i];
        const struct wf_moment *end = &timeline->running[i];
        int64_t end_ms = end->listed ? end->at_ms : WF_NEVER;
        end_ms = end_ms > timeline->now_ms ? end_ms : timeline->now_ms + 1;
        if (end_ms > at_ms) {
            struct wf_use use = {
                .cpu_milli = placement->cpu_milli,
                .memory_mib = placement->memory_mib,
                .gpu_set = (uint16_t)placement->gpu_set,
                .gpu_milli = placement->gpu_milli,
            };
            wf_room_take(&room, &use);
        }
    }
    for (uint32_t i = timeline->agendas[node].starts.first; i != WF_NONE;
         i = timeline->starts[i].next) {
        if (timeline->starts[i].at_ms <= at_ms && at_ms < timeline->ends[i].at_ms) {
            wf_room_take(&room, &timeline->starts[i].use);
        }
    }
    return room;
}

static enum wf_status audit_bookings(const struct wf_timeline *timeline, uint32_t node,
                                     int64_t at_ms, const struct wf_room *room,
                                     struct wf_error *err)
{
    for (uint32_t i = timeline->agendas[node].starts.first; i != WF_NONE;
         i = timeline->starts[i].next) {
        if (timeline->starts[i].at_ms <= at_ms && at_ms < timeline->ends[i].at_ms &&
            !timeline->bookings[i].broken && wf_room_lacks(room, &timeline->starts[i].use)) {
            return wf_fail(err, WF_INVALID, "reservation %u lacks room on node %u at %lld ms",
                           timeline->bookings[i].reservation, node, (long long)at_ms);
        }
    }
    return WF_OK;
}

static int64_t at_least(int64_t value, int64_t floor)
{
    return value > floor ? value : floor;
}

// The amounts of a node that is open: what is free in its state must be the least that is free at
// any time, and what is held the rest.
static enum wf_status audit_holds(const struct wf_timeline *timeline, uint32_t node,
                                  const struct wf_room *least, struct wf_error *err)
{
    const struct wf_room none = {0};
    const struct wf_state *state = &timeline->cluster->states[node];
    struct wf_room visible = wf_room_of(state, &none);
    struct wf_room all = wf_room_of(state, &timeline->agendas[node].held);
    // Placements alone: bookings of now are taken from what is planned, not from what is free.
    struct wf_room free = free_at(timeline, node, timeline->now_ms);
    for (uint32_t i = timeline->agendas[node].starts.first; i != WF_NONE;
         i = timeline->starts[i].next) {
        if (timeline->starts[i].at_ms <= timeline->now_ms &&
            timeline->now_ms < timeline->ends[i].at_ms) {
            wf_room_give(&free, &timeline->starts[i].use);
        }
    }
    if (!wf_room_is_equal(&all, &free)) {
        return wf_fail(err, WF_INVALID, "node %u: free, held and placed is not what it has", node);
    }
    struct wf_room left = {
        .cpu_milli = at_least(least->cpu_milli, 0),
        .memory_mib = at_least(least->memory_mib, 0),
    };
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        left.gpu_milli[i] = (int16_t)at_least(least->gpu_milli[i], 0);
    }
    if (!wf_room_is_equal(&visible, &left)) {
        return wf_fail(err, WF_INVALID, "node %u holds other than what it must", node);
    }
    return WF_OK;
}

static enum wf_status audit_node(const struct wf_timeline *timeline, uint32_t node,
                                 struct wf_error *err)
{
    // What is free gets less only when a booking starts.
    struct wf_room least = free_at(timeline, node, timeline->now_ms);
    enum wf_status status = audit_bookings(timeline, node, timeline->now_ms, &least, err);
    for (uint32_t i = timeline->agendas[node].starts.first; i != WF_NONE && status == WF_OK;
         i = timeline->starts[i].next) {
        int64_t at_ms = timeline->starts[i].at_ms;
        if (at_ms > timeline->now_ms) {
            struct wf_room room = free_at(timeline, node, at_ms);
            wf_room_lower(&least, &room);
            status = audit_bookings(timeline, node, at_ms, &room, err);
        }
    }
    return status == WF_OK ? audit_holds(timeline, node, &least, err) : status;
}

enum wf_status wf_timeline_audit(const struct wf_timeline *timeline, struct wf_error *err)
{
    const struct wf_cluster *cluster = timeline->cluster;
    enum wf_status status = WF_OK;
    for (uint32_t node = 0; node < cluster->nodes_end && status == WF_OK; node++) {
        if (cluster->nodes[node].up && !cluster->nodes[node].closed) {
            status = audit_node(timeline, node, err);
        }
    }
    return status;
}
