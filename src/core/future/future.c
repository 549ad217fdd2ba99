// SPDX-License-Identifier: Apache-2.0
#include "core/future/future.h"

#include "base/assert.h"
#include "core/future/audit.h"

enum {
    TASKS_PER_RESERVATION = 4,
};

struct reservation {
    struct wf_future_wish wish;
    int64_t start_ms, end_ms;
    uint32_t first_task; // list of its bookings
    uint32_t broken_tasks;
    bool uprooted;           // a node of its went away; what comes back may be another
    uint32_t next, previous; // in the order of booking; next: of the free ones when free
};

struct wf_future {
    struct wf_cluster *cluster;
    struct wf_ranking *ranking;
    struct wf_timeline timeline;
    struct wf_opening_finder *finder;
    struct reservation *reservations;
    uint32_t first, last, count;
    uint32_t free_reservation;
    uint32_t free_booking, free_bookings;
    int64_t turn_ms; // when the next reservation starts or is over

    uint32_t *unsettled; // nodes
    uint32_t unsettled_count;
    bool *is_unsettled; // by node
};

static void link_free_lists(struct wf_future *future, uint32_t reservations)
{
    for (uint32_t i = 0; i < reservations; i++) {
        future->reservations[i].next = i + 1 < reservations ? i + 1 : WF_NONE;
    }
    uint32_t bookings = future->timeline.bookings_max;
    for (uint32_t i = 0; i < bookings; i++) {
        future->timeline.bookings[i].next_of_reservation = i + 1 < bookings ? i + 1 : WF_NONE;
    }
    future->free_reservation = reservations > 0 ? 0 : WF_NONE;
    future->free_booking = 0;
    future->free_bookings = bookings;
}

enum wf_status wf_future_create(struct wf_region *region, struct wf_cluster *cluster,
                                struct wf_ranking *ranking, struct wf_future **future_out,
                                struct wf_error *err)
{
    const struct wf_limits *limits = &cluster->limits;
    struct wf_future *future = wf_region_take(region, 1, sizeof *future);
    if (!future) {
        return wf_fail(err, WF_NOMEM, "no memory for reservations");
    }
    future->cluster = cluster;
    future->ranking = ranking;
    future->first = WF_NONE;
    future->last = WF_NONE;
    future->turn_ms = WF_NEVER;
    future->reservations =
        wf_region_take(region, (size_t)limits->reservations + 1, sizeof *future->reservations);
    future->unsettled = wf_region_take(region, limits->nodes, sizeof *future->unsettled);
    future->is_unsettled = wf_region_take(region, limits->nodes, sizeof *future->is_unsettled);
    enum wf_status status = WF_OK;
    if (!wf_region_is_whole(region)) {
        status = wf_fail(err, WF_NOMEM, "no memory for %u reservations", limits->reservations);
    }
    if (status == WF_OK) {
        uint32_t bookings_max = TASKS_PER_RESERVATION * limits->reservations + WF_JOB_TASKS_MAX;
        status = wf_timeline_init(&future->timeline, region, cluster, bookings_max, err);
    }
    if (status == WF_OK) {
        status = wf_opening_finder_create(region, &future->timeline, &future->finder, err);
    }
    if (status != WF_OK) {
        return status;
    }
    link_free_lists(future, limits->reservations);
    *future_out = future;
    return WF_OK;
}

static void touch(const struct wf_future *future, uint32_t node)
{
    if (future->ranking && future->cluster->nodes[node].up) {
        wf_ranking_touch(future->ranking, node);
    }
}

static void unsettle(struct wf_future *future, uint32_t node)
{
    if (!future->is_unsettled[node]) {
        future->is_unsettled[node] = true;
        future->unsettled[future->unsettled_count++] = node;
    }
}

static void set_broken(struct wf_future *future, uint32_t task, bool broken)
{
    struct wf_booking *booking = &future->timeline.bookings[task];
    if (booking->broken != broken) {
        booking->broken = broken;
        uint32_t *count = &future->reservations[booking->reservation].broken_tasks;
        *count = broken ? *count + 1 : *count - 1;
    }
}

// Marks the bookings of a node that are on when the room lacks something that they take.
static void break_lacking(struct wf_future *future, const struct wf_agenda *agenda,
                          const struct wf_room *room, int64_t now_ms)
{
    const struct wf_timeline *timeline = &future->timeline;
    for (uint32_t i = agenda->starts.first; i != WF_NONE && timeline->starts[i].at_ms <= now_ms;
         i = timeline->starts[i].next) {
        if (timeline->ends[i].at_ms > now_ms && wf_room_lacks(room, &timeline->starts[i].use)) {
            set_broken(future, i, true);
        }
    }
}

// Whether nothing starts on the node by this booking: it is gone, closed, or of other labels now.
static bool is_barred(const struct wf_future *future, const struct wf_node *on, uint32_t booking)
{
    uint32_t reservation = future->timeline.bookings[booking].reservation;
    uint64_t labels = future->reservations[reservation].wish.request.labels;
    return !on->up || on->closed || (on->spec.labels & labels) != labels;
}

static void find_broken(struct wf_future *future, uint32_t node)
{
    const struct wf_timeline *timeline = &future->timeline;
    const struct wf_agenda *agenda = &timeline->agendas[node];
    const struct wf_node *on = &future->cluster->nodes[node];
    for (uint32_t i = agenda->starts.first; i != WF_NONE; i = timeline->starts[i].next) {
        set_broken(future, i, is_barred(future, on, i));
        if (!on->up) {
            future->reservations[timeline->bookings[i].reservation].uprooted = true;
        }
    }
    if (!on->up || on->closed || !wf_agenda_has_bookings(agenda)) {
        return;
    }
    struct wf_cursor cursor = wf_cursor_open(timeline, node);
    for (int64_t at_ms = timeline->now_ms;;) {
        if (wf_room_is_overdrawn(&cursor.room)) {
            break_lacking(future, agenda, &cursor.room, at_ms);
        }
        at_ms = wf_cursor_next_ms(&cursor);
        if (cursor.starting == WF_NONE && at_ms == WF_NEVER) {
            return;
        }
        wf_cursor_step(&cursor);
    }
}

static void settle_node(struct wf_future *future, uint32_t node)
{
    if (wf_timeline_hold(&future->timeline, node)) {
        touch(future, node);
    }
    find_broken(future, node);
}

void wf_future_settle(struct wf_future *future)
{
    for (uint32_t i = 0; i < future->unsettled_count; i++) {
        uint32_t node = future->unsettled[i];
        future->is_unsettled[node] = false;
        settle_node(future, node);
    }
    future->unsettled_count = 0;
}

void wf_future_lift(struct wf_future *future, uint32_t node)
{
    const struct wf_agenda *agenda = &future->timeline.agendas[node];
    if (wf_agenda_has_bookings(agenda) && !agenda->lifted) {
        wf_timeline_lift(&future->timeline, node);
        touch(future, node);
        unsettle(future, node);
    }
}

static void note_turn(struct wf_future *future, const struct reservation *reservation)
{
    int64_t now_ms = future->timeline.now_ms;
    int64_t turn_ms = reservation->start_ms > now_ms ? reservation->start_ms : reservation->end_ms;
    if (turn_ms > now_ms && turn_ms < future->turn_ms) {
        future->turn_ms = turn_ms;
    }
}

static void unsettle_reservation(struct wf_future *future, const struct reservation *reservation)
{
    const struct wf_booking *bookings = future->timeline.bookings;
    for (uint32_t i = reservation->first_task; i != WF_NONE; i = bookings[i].next_of_reservation) {
        unsettle(future, bookings[i].node);
    }
}

void wf_future_advance(struct wf_future *future, int64_t now_ms)
{
    WF_ASSERT(now_ms < WF_NEVER);
    int64_t before_ms = future->timeline.now_ms;
    if (now_ms <= before_ms) {
        return;
    }
    future->timeline.now_ms = now_ms;
    if (now_ms < future->turn_ms) {
        return;
    }
    // What is held changes only when a reservation starts (a task that has not ended by then is in
    // its way) and when one is over.
    future->turn_ms = WF_NEVER;
    for (uint32_t i = future->first; i != WF_NONE; i = future->reservations[i].next) {
        const struct reservation *reservation = &future->reservations[i];
        bool starts = reservation->start_ms > before_ms && reservation->start_ms <= now_ms;
        bool ends = reservation->end_ms > before_ms && reservation->end_ms <= now_ms;
        if (starts || ends) {
            unsettle_reservation(future, reservation);
        }
        note_turn(future, reservation);
    }
    wf_future_settle(future);
}

void wf_future_add(struct wf_future *future, uint32_t placement, int64_t end_ms)
{
    uint32_t node = future->cluster->placements[placement].node;
    wf_timeline_run(&future->timeline, placement, end_ms);
    if (wf_agenda_has_bookings(&future->timeline.agendas[node])) {
        settle_node(future, node);
    }
}

void wf_future_set_end(struct wf_future *future, uint32_t placement, int64_t end_ms)
{
    wf_future_add(future, placement, end_ms);
}

void wf_future_remove(struct wf_future *future, uint32_t placement)
{
    wf_future_lift(future, future->cluster->placements[placement].node);
    wf_timeline_forget(&future->timeline, placement);
}

static void unbook_tasks(struct wf_future *future, struct reservation *reservation)
{
    struct wf_booking *bookings = future->timeline.bookings;
    while (reservation->first_task != WF_NONE) {
        uint32_t task = reservation->first_task;
        unsettle(future, bookings[task].node);
        set_broken(future, task, false);
        wf_timeline_unbook(&future->timeline, task);
        reservation->first_task = bookings[task].next_of_reservation;
        bookings[task].next_of_reservation = future->free_booking;
        future->free_booking = task;
        future->free_bookings++;
    }
}

static void book_tasks(struct wf_future *future, uint32_t index, const struct wf_opening *opening)
{
    struct wf_timeline *timeline = &future->timeline;
    struct reservation *reservation = &future->reservations[index];
    reservation->start_ms = opening->start_ms;
    reservation->end_ms = wf_time_after(opening->start_ms, reservation->wish.length_ms);
    reservation->uprooted = false;
    // Each goes to the head of the list: the last first, so that they are in order in the end.
    for (uint32_t i = reservation->wish.tasks; i > 0; i--) {
        const struct wf_opening_task *task = &opening->tasks[i - 1];
        uint32_t booking = future->free_booking;
        WF_ASSERT(booking != WF_NONE);
        future->free_booking = timeline->bookings[booking].next_of_reservation;
        future->free_bookings--;
        timeline->bookings[booking].reservation = index;
        timeline->bookings[booking].next_of_reservation = reservation->first_task;
        reservation->first_task = booking;
        wf_timeline_book(timeline, booking, task->node, &task->use, reservation->start_ms,
                         reservation->end_ms);
        unsettle(future, task->node);
    }
    note_turn(future, reservation);
}

// Takes for a task whatever else its node has free from its start to its end. GPUs of which a part
// is in use stay as they are.
static void widen_task(struct wf_future *future, const struct reservation *reservation,
                       uint32_t task)
{
    struct wf_timeline *timeline = &future->timeline;
    struct wf_use use = timeline->starts[task].use;
    uint32_t node = timeline->bookings[task].node;
    struct wf_cursor cursor = wf_cursor_open(timeline, node);
    while (wf_cursor_next_ms(&cursor) <= reservation->start_ms) {
        wf_cursor_step(&cursor);
    }
    struct wf_room rest = wf_cursor_lowest(&cursor, reservation->end_ms);
    use.cpu_milli += rest.cpu_milli > 0 ? (uint32_t)rest.cpu_milli : 0;
    use.memory_mib += rest.memory_mib > 0 ? (uint32_t)rest.memory_mib : 0;
    bool whole = use.gpu_set == 0 || use.gpu_milli == WF_GPU_MILLI;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX && whole; i++) {
        use.gpu_set |= (uint16_t)((rest.gpu_milli[i] == WF_GPU_MILLI) << i);
        use.gpu_milli = WF_GPU_MILLI;
    }
    wf_timeline_unbook(timeline, task);
    wf_timeline_book(timeline, task, node, &use, reservation->start_ms, reservation->end_ms);
}

// The first task of each node is widened, when all are booked.
static void widen_tasks(struct wf_future *future, const struct reservation *reservation)
{
    const struct wf_booking *bookings = future->timeline.bookings;
    uint32_t node = WF_NONE;
    for (uint32_t i = reservation->first_task; i != WF_NONE; i = bookings[i].next_of_reservation) {
        if (bookings[i].node != node) {
            node = bookings[i].node;
            widen_task(future, reservation, i);
        }
    }
}

static bool find_opening(struct wf_future *future, const struct wf_future_wish *wish,
                         int64_t before_ms, struct wf_opening *opening_out)
{
    const struct wf_opening_wish opening_wish = {
        .request = &wish->request,
        .tasks = wish->tasks,
        .within = wish->within,
        .length_ms = wish->length_ms > 0 ? wish->length_ms : 1,
        .before_ms = before_ms,
    };
    return wf_opening_find(future->finder, &opening_wish, opening_out);
}

bool wf_future_find(struct wf_future *future, const struct wf_future_wish *wish,
                    int64_t *start_ms_out)
{
    struct wf_opening opening;
    if (!find_opening(future, wish, WF_NEVER, &opening)) {
        return false;
    }
    *start_ms_out = opening.start_ms;
    return true;
}

bool wf_future_reserve(struct wf_future *future, const struct wf_future_wish *wish,
                       uint32_t *reservation_out)
{
    uint32_t index = future->free_reservation;
    struct wf_opening opening;
    if (index == WF_NONE || future->free_bookings < wish->tasks ||
        !find_opening(future, wish, WF_NEVER, &opening)) {
        return false;
    }
    struct reservation *reservation = &future->reservations[index];
    future->free_reservation = reservation->next;
    *reservation = (struct reservation){
        .wish = *wish,
        .first_task = WF_NONE,
        .next = WF_NONE,
        .previous = future->last,
    };
    reservation->wish.length_ms = wish->length_ms > 0 ? wish->length_ms : 1;
    *(future->last == WF_NONE ? &future->first : &future->reservations[future->last].next) = index;
    future->last = index;
    future->count++;
    book_tasks(future, index, &opening);
    if (wish->whole_nodes && opening.start_ms > future->timeline.now_ms) {
        widen_tasks(future, reservation);
    }
    wf_future_settle(future);
    *reservation_out = index;
    return true;
}

// Takes the tasks out of the plan, but not from the reservation; puts them back.
static void suspend_tasks(struct wf_future *future, const struct reservation *reservation)
{
    const struct wf_booking *bookings = future->timeline.bookings;
    for (uint32_t i = reservation->first_task; i != WF_NONE; i = bookings[i].next_of_reservation) {
        unsettle(future, bookings[i].node);
        wf_timeline_unbook(&future->timeline, i);
    }
}

static void resume_tasks(struct wf_future *future, const struct reservation *reservation)
{
    struct wf_timeline *timeline = &future->timeline;
    for (uint32_t i = reservation->first_task; i != WF_NONE;
         i = timeline->bookings[i].next_of_reservation) {
        wf_timeline_book(timeline, i, timeline->bookings[i].node, &timeline->starts[i].use,
                         reservation->start_ms, reservation->end_ms);
    }
}

enum wf_future_change wf_future_improve(struct wf_future *future, uint32_t index)
{
    struct reservation *reservation = &future->reservations[index];
    wf_future_settle(future);
    bool broken = wf_future_is_broken(future, index);
    int64_t old_ms = reservation->start_ms;
    if (!broken && old_ms == future->timeline.now_ms) {
        return WF_FUTURE_SAME;
    }
    suspend_tasks(future, reservation);
    struct wf_opening opening;
    bool found = find_opening(future, &reservation->wish, broken ? WF_NEVER : old_ms, &opening);
    resume_tasks(future, reservation);
    if (found) {
        unbook_tasks(future, reservation);
        book_tasks(future, index, &opening);
    }
    wf_future_settle(future);
    if (!found) {
        return broken ? WF_FUTURE_LOST : WF_FUTURE_SAME;
    }
    if (opening.start_ms == old_ms) {
        return WF_FUTURE_SAME;
    }
    return opening.start_ms < old_ms ? WF_FUTURE_EARLIER : WF_FUTURE_LATER;
}

void wf_future_cancel(struct wf_future *future, uint32_t index)
{
    struct reservation *reservation = &future->reservations[index];
    unbook_tasks(future, reservation);
    *(reservation->previous == WF_NONE ? &future->first
                                       : &future->reservations[reservation->previous].next) =
        reservation->next;
    *(reservation->next == WF_NONE ? &future->last
                                   : &future->reservations[reservation->next].previous) =
        reservation->previous;
    reservation->next = future->free_reservation;
    future->free_reservation = index;
    future->count--;
    wf_future_settle(future);
}

uint32_t wf_future_first(const struct wf_future *future)
{
    return future->first;
}

uint32_t wf_future_next(const struct wf_future *future, uint32_t reservation)
{
    return future->reservations[reservation].next;
}

uint32_t wf_future_count(const struct wf_future *future)
{
    return future->count;
}

uint32_t wf_future_job(const struct wf_future *future, uint32_t reservation)
{
    return future->reservations[reservation].wish.job;
}

int64_t wf_future_start_ms(const struct wf_future *future, uint32_t reservation)
{
    return future->reservations[reservation].start_ms;
}

int64_t wf_future_end_ms(const struct wf_future *future, uint32_t reservation)
{
    return future->reservations[reservation].end_ms;
}

bool wf_future_is_broken(const struct wf_future *future, uint32_t index)
{
    const struct reservation *reservation = &future->reservations[index];
    return reservation->broken_tasks > 0 || reservation->uprooted ||
           reservation->start_ms < future->timeline.now_ms;
}

uint32_t wf_future_first_task(const struct wf_future *future, uint32_t reservation)
{
    return future->reservations[reservation].first_task;
}

struct wf_future_task wf_future_task(const struct wf_future *future, uint32_t task)
{
    const struct wf_booking *booking = &future->timeline.bookings[task];
    return (struct wf_future_task){
        .node = booking->node,
        .gpu_set = future->timeline.starts[task].use.gpu_set,
        .next = booking->next_of_reservation,
    };
}

bool wf_future_choose(struct wf_future *future, const struct wf_gap_wish *wish,
                      struct wf_gap *gap_out)
{
    return wf_gap_choose(&future->timeline, wish, gap_out);
}

enum wf_status wf_future_check(const struct wf_future *future, struct wf_error *err)
{
    return wf_timeline_audit(&future->timeline, err);
}
