// SPDX-License-Identifier: Apache-2.0
#include "core/future/timeline.h"

#include "base/assert.h"

static const struct wf_moments nothing = {WF_NONE, WF_NONE};

enum wf_status wf_timeline_init(struct wf_timeline *timeline, struct wf_region *region,
                                struct wf_cluster *cluster, uint32_t bookings_max,
                                struct wf_error *err)
{
    const struct wf_limits *limits = &cluster->limits;
    *timeline = (struct wf_timeline){
        .cluster = cluster,
        .now_ms = INT64_MIN,
        .bookings_max = bookings_max,
        .first_agenda = WF_NONE,
    };
    timeline->agendas = wf_region_take(region, limits->nodes, sizeof *timeline->agendas);
    timeline->running = wf_region_take(region, limits->placements, sizeof *timeline->running);
    timeline->starts = wf_region_take(region, bookings_max, sizeof *timeline->starts);
    timeline->ends = wf_region_take(region, bookings_max, sizeof *timeline->ends);
    timeline->bookings = wf_region_take(region, bookings_max, sizeof *timeline->bookings);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for the future of %u nodes and %u tasks",
                       limits->nodes, limits->placements);
    }
    for (uint32_t i = 0; i < limits->nodes; i++) {
        timeline->agendas[i] =
            (struct wf_agenda){.running = nothing, .starts = nothing, .ends = nothing};
    }
    return WF_OK;
}

// Most moments are later than those there are: the search starts at the end of the list.
static void insert(struct wf_moment *all, struct wf_moments *list, uint32_t index)
{
    struct wf_moment *moment = &all[index];
    uint32_t before = list->last;
    while (before != WF_NONE && all[before].at_ms > moment->at_ms) {
        before = all[before].previous;
    }
    moment->previous = before;
    moment->next = before == WF_NONE ? list->first : all[before].next;
    *(before == WF_NONE ? &list->first : &all[before].next) = index;
    *(moment->next == WF_NONE ? &list->last : &all[moment->next].previous) = index;
    moment->listed = true;
}

static void withdraw(struct wf_moment *all, struct wf_moments *list, uint32_t index)
{
    struct wf_moment *moment = &all[index];
    *(moment->previous == WF_NONE ? &list->first : &all[moment->previous].next) = moment->next;
    *(moment->next == WF_NONE ? &list->last : &all[moment->next].previous) = moment->previous;
    moment->listed = false;
}

void wf_timeline_run(struct wf_timeline *timeline, uint32_t slot, int64_t end_ms)
{
    wf_timeline_forget(timeline, slot);
    if (end_ms == WF_NEVER) {
        return;
    }
    const struct wf_placement *placement = &timeline->cluster->placements[slot];
    timeline->running[slot] = (struct wf_moment){
        .at_ms = end_ms,
        .use =
            {
                .cpu_milli = placement->cpu_milli,
                .memory_mib = placement->memory_mib,
                .gpu_set = (uint16_t)placement->gpu_set,
                .gpu_milli = placement->gpu_milli,
            },
    };
    insert(timeline->running, &timeline->agendas[placement->node].running, slot);
}

void wf_timeline_forget(struct wf_timeline *timeline, uint32_t slot)
{
    if (timeline->running[slot].listed) {
        uint32_t node = timeline->cluster->placements[slot].node;
        withdraw(timeline->running, &timeline->agendas[node].running, slot);
    }
}

static void list_agenda(struct wf_timeline *timeline, uint32_t node)
{
    struct wf_agenda *agenda = &timeline->agendas[node];
    agenda->next = timeline->first_agenda;
    agenda->previous = WF_NONE;
    if (agenda->next != WF_NONE) {
        timeline->agendas[agenda->next].previous = node;
    }
    timeline->first_agenda = node;
}

static void unlist_agenda(struct wf_timeline *timeline, const struct wf_agenda *agenda)
{
    *(agenda->previous == WF_NONE ? &timeline->first_agenda
                                  : &timeline->agendas[agenda->previous].next) = agenda->next;
    if (agenda->next != WF_NONE) {
        timeline->agendas[agenda->next].previous = agenda->previous;
    }
}

void wf_timeline_book(struct wf_timeline *timeline, uint32_t index, uint32_t node,
                      const struct wf_use *use, int64_t start_ms, int64_t end_ms)
{
    struct wf_agenda *agenda = &timeline->agendas[node];
    if (!wf_agenda_has_bookings(agenda)) {
        list_agenda(timeline, node);
    }
    timeline->bookings[index].node = node;
    timeline->starts[index] = (struct wf_moment){.at_ms = start_ms, .use = *use};
    timeline->ends[index] = (struct wf_moment){.at_ms = end_ms, .use = *use};
    insert(timeline->starts, &agenda->starts, index);
    if (end_ms != WF_NEVER) {
        insert(timeline->ends, &agenda->ends, index);
    }
}

void wf_timeline_unbook(struct wf_timeline *timeline, uint32_t index)
{
    struct wf_agenda *agenda = &timeline->agendas[timeline->bookings[index].node];
    withdraw(timeline->starts, &agenda->starts, index);
    if (timeline->ends[index].listed) {
        withdraw(timeline->ends, &agenda->ends, index);
    }
    if (!wf_agenda_has_bookings(agenda)) {
        unlist_agenda(timeline, agenda);
    }
}

static struct wf_room held_of(const struct wf_timeline *timeline, uint32_t node)
{
    const struct wf_node *on = &timeline->cluster->nodes[node];
    struct wf_room held = {0};
    if (!on->up || on->closed || !wf_agenda_has_bookings(&timeline->agendas[node])) {
        return held;
    }
    struct wf_cursor cursor = wf_cursor_open(timeline, node);
    struct wf_room left = wf_cursor_lowest(&cursor, WF_NEVER);
    // Where more is planned than there is, all that is free is held, and no more than that.
    const struct wf_room none = {0};
    struct wf_room below = left;
    wf_room_lower(&below, &none);
    left = wf_room_less(&left, &below);
    struct wf_room free =
        wf_room_of(&timeline->cluster->states[node], &timeline->agendas[node].held);
    return wf_room_less(&free, &left);
}

void wf_timeline_lift(struct wf_timeline *timeline, uint32_t node)
{
    struct wf_agenda *agenda = &timeline->agendas[node];
    if (!agenda->lifted && timeline->cluster->nodes[node].up) {
        struct wf_state *state = &timeline->cluster->states[node];
        struct wf_room free = wf_room_of(state, &agenda->held);
        wf_room_write(&free, state);
    }
    agenda->held = (struct wf_room){0};
    agenda->holds = false;
    agenda->lifted = true;
}

bool wf_timeline_hold(struct wf_timeline *timeline, uint32_t node)
{
    struct wf_agenda *agenda = &timeline->agendas[node];
    struct wf_state *state = &timeline->cluster->states[node];
    struct wf_room held = held_of(timeline, node);
    bool changed = agenda->lifted || !wf_room_is_equal(&held, &agenda->held);
    if (timeline->cluster->nodes[node].up) {
        struct wf_room free = wf_room_of(state, &agenda->held);
        struct wf_room left = wf_room_less(&free, &held);
        wf_room_write(&left, state);
    }
    const struct wf_room none = {0};
    agenda->held = held;
    agenda->holds = !wf_room_is_equal(&held, &none);
    agenda->lifted = false;
    return changed;
}

struct wf_cursor wf_cursor_open(const struct wf_timeline *timeline, uint32_t node)
{
    const struct wf_agenda *agenda = &timeline->agendas[node];
    struct wf_cursor cursor = {
        .timeline = timeline,
        .room = wf_room_of(&timeline->cluster->states[node], &agenda->held),
        .running = agenda->running.first,
        .starting = agenda->starts.first,
        .ending = agenda->ends.first,
    };
    // Bookings that are over take nothing, whatever became of them.
    const struct wf_moment *starts = timeline->starts, *ends = timeline->ends;
    int64_t now_ms = timeline->now_ms;
    for (; cursor.starting != WF_NONE && starts[cursor.starting].at_ms <= now_ms;
         cursor.starting = starts[cursor.starting].next) {
        if (ends[cursor.starting].at_ms > now_ms) {
            wf_room_take(&cursor.room, &starts[cursor.starting].use);
        }
    }
    while (cursor.ending != WF_NONE && ends[cursor.ending].at_ms <= now_ms) {
        cursor.ending = ends[cursor.ending].next;
    }
    return cursor;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t wf_cursor_next_ms(const struct wf_cursor *cursor)
{
    const struct wf_timeline *timeline = cursor->timeline;
    int64_t next_ms = WF_NEVER;
    if (cursor->running != WF_NONE) {
        int64_t end_ms = timeline->running[cursor->running].at_ms;
        next_ms = end_ms > timeline->now_ms ? end_ms : timeline->now_ms + 1;
    }
    if (cursor->starting != WF_NONE) {
        next_ms = earlier(next_ms, timeline->starts[cursor->starting].at_ms);
    }
    if (cursor->ending != WF_NONE) {
        next_ms = earlier(next_ms, timeline->ends[cursor->ending].at_ms);
    }
    return next_ms;
}

void wf_cursor_step(struct wf_cursor *cursor)
{
    int64_t now_ms = wf_cursor_next_ms(cursor);
    const struct wf_moment *running = cursor->timeline->running;
    const struct wf_moment *starts = cursor->timeline->starts, *ends = cursor->timeline->ends;
    for (; cursor->running != WF_NONE && running[cursor->running].at_ms <= now_ms;
         cursor->running = running[cursor->running].next) {
        wf_room_give(&cursor->room, &running[cursor->running].use);
    }
    for (; cursor->ending != WF_NONE && ends[cursor->ending].at_ms <= now_ms;
         cursor->ending = ends[cursor->ending].next) {
        wf_room_give(&cursor->room, &ends[cursor->ending].use);
    }
    for (; cursor->starting != WF_NONE && starts[cursor->starting].at_ms <= now_ms;
         cursor->starting = starts[cursor->starting].next) {
        wf_room_take(&cursor->room, &starts[cursor->starting].use);
    }
}

struct wf_room wf_cursor_lowest(const struct wf_cursor *cursor, int64_t until_ms)
{
    struct wf_room lowest = cursor->room;
    struct wf_cursor ahead = *cursor;
    // Only a start takes room: after the last one nothing gets less.
    while (ahead.starting != WF_NONE && wf_cursor_next_ms(&ahead) < until_ms) {
        wf_cursor_step(&ahead);
        wf_room_lower(&lowest, &ahead.room);
    }
    return lowest;
}
