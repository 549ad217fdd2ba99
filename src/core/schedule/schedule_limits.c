// SPDX-License-Identifier: Apache-2.0
// Under a queue's limit, too, nobody who comes later puts off the first: what nodes are for a kept
// start time, the room under its limit is for the foremost job below a queue. Those behind it start
// only if they are sure to be gone when it can start, or leave room enough beside it. Otherwise a
// large job would wait for as long as small ones keep coming to fill what others leave.
//
// Two jobs count at each queue: the first of those that have a start time kept, and the foremost of
// the others.
#include "base/assert.h"
#include "core/schedule/schedule_parts.h"

enum { ENDS = 64 }; // of running work, looked at together

struct end {
    int64_t at_ms;
    uint32_t job;
};

static const struct wf_ticket *ticket_of(const struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

static int64_t gpu_milli_of(const struct wf_schedule *schedule, uint32_t job)
{
    return wf_job_gpu_milli(&ticket_of(schedule, job)->spec);
}

static bool is_below(const struct wf_schedule *schedule, wf_queue_id queue, wf_queue_id above)
{
    while (queue.index != WF_NONE && queue.index != above.index) {
        queue = wf_queues_parent(schedule->queues, queue);
    }
    return queue.index == above.index;
}

// Through a queue and all below it, each before those below it; WF_NONE at the end.
static uint32_t next_below(const struct wf_schedule *schedule, uint32_t queue, uint32_t top)
{
    const struct wf_queue_room *rooms = schedule->rooms;
    if (rooms[queue].first_child != WF_NONE) {
        return rooms[queue].first_child;
    }
    while (queue != top && rooms[queue].next_child == WF_NONE) {
        queue = wf_queues_parent(schedule->queues, (wf_queue_id){queue}).index;
    }
    return queue != top ? rooms[queue].next_child : WF_NONE;
}

void wf_schedule_read_tree(struct wf_schedule *schedule)
{
    uint32_t count = schedule->placer->config.limits.queues;
    struct wf_queue_room *rooms = schedule->rooms;
    for (uint32_t i = 0; i < count; i++) {
        rooms[i].first_child = WF_NONE;
        rooms[i].next_child = WF_NONE;
    }
    for (uint32_t i = count; i-- > 0;) {
        wf_queue_id parent = {WF_NONE};
        if (wf_queues_is_known(schedule->queues, (wf_queue_id){i})) {
            parent = wf_queues_parent(schedule->queues, (wf_queue_id){i});
        }
        if (parent.index != WF_NONE) {
            rooms[i].next_child = rooms[parent.index].first_child;
            rooms[parent.index].first_child = i;
        }
    }
}

// Running work, by leaf, in the order in which it started.

void wf_schedule_runs(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    struct wf_queue_room *leaf = &schedule->rooms[ticket->spec.wait.queue.index];
    uint32_t after = leaf->last_running; // whoever was found may have started long ago
    while (after != WF_NONE && ticket_of(schedule, after)->start_ms > ticket->start_ms) {
        after = ticket_of(schedule, after)->previous;
    }
    uint32_t *link =
        after == WF_NONE ? &leaf->first_running : &schedule->backlog.tickets[after].next;
    ticket->previous = after;
    ticket->next = *link;
    *(ticket->next == WF_NONE ? &leaf->last_running
                              : &schedule->backlog.tickets[ticket->next].previous) = job;
    *link = job;
    wf_schedule_room_changed(schedule, ticket->spec.wait.queue);
}

void wf_schedule_runs_no_more(struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    struct wf_queue_room *leaf = &schedule->rooms[ticket->spec.wait.queue.index];
    *(ticket->previous == WF_NONE ? &leaf->first_running
                                  : &schedule->backlog.tickets[ticket->previous].next) =
        ticket->next;
    *(ticket->next == WF_NONE ? &leaf->last_running
                              : &schedule->backlog.tickets[ticket->next].previous) =
        ticket->previous;
    wf_schedule_room_changed(schedule, ticket->spec.wait.queue);
}

// Who counts.

void wf_schedule_room_changed(struct wf_schedule *schedule, wf_queue_id queue)
{
    for (; queue.index != WF_NONE; queue = wf_queues_parent(schedule->queues, queue)) {
        schedule->rooms[queue.index].known_at = 0;
    }
}

// Those that yielded are tried again; not those that a budget or an array's number holds back: one
// of these may be the very claim that goes, and would claim again, without end.
static void reopen_yielding(struct wf_schedule *schedule, wf_queue_id queue)
{
    struct wf_backlog *backlog = &schedule->backlog;
    uint32_t lane = backlog->blocked[queue.index];
    while (lane != WF_NONE) {
        uint32_t next = backlog->lanes[lane].next_blocked;
        if (backlog->lanes[lane].block == WF_BLOCK_SHARE) {
            wf_backlog_block(backlog, lane, WF_BLOCK_NONE, queue);
        }
        lane = next;
    }
}

void wf_schedule_goes(struct wf_schedule *schedule, uint32_t job)
{
    wf_queue_id queue = ticket_of(schedule, job)->spec.wait.queue;
    for (; queue.index != WF_NONE; queue = wf_queues_parent(schedule->queues, queue)) {
        struct wf_queue_room *room = &schedule->rooms[queue.index];
        room->known_at = 0;
        if (room->kept.job == job || room->waiting.job == job) {
            room->kept.job = room->kept.job == job ? WF_NONE : room->kept.job;
            room->waiting.job = room->waiting.job == job ? WF_NONE : room->waiting.job;
            reopen_yielding(schedule, queue);
        }
    }
}

static bool may_be_foremost(const struct wf_lane *lane)
{
    return lane->first_unreserved != WF_NONE && lane->request.gpus > 0 &&
           lane->block != WF_BLOCK_BUDGET && lane->block != WF_BLOCK_ARRAY;
}

static struct wf_claim find_foremost(const struct wf_schedule *schedule, wf_queue_id queue)
{
    const struct wf_backlog *backlog = &schedule->backlog;
    struct wf_claim foremost = {.job = WF_NONE};
    for (uint32_t at = queue.index; at != WF_NONE; at = next_below(schedule, at, queue.index)) {
        for (uint32_t lane = backlog->first_of_queue[at]; lane != WF_NONE;
             lane = backlog->lanes[lane].next_of_queue) {
            if (!may_be_foremost(&backlog->lanes[lane])) {
                continue;
            }
            struct wf_turn turn = wf_schedule_turn(schedule, lane, schedule->discipline->rank);
            if (foremost.job == WF_NONE ||
                wf_schedule_goes_before(schedule, &turn, &foremost.turn)) {
                foremost.job = backlog->lanes[lane].first_unreserved;
                foremost.turn = turn;
            }
        }
    }
    return foremost;
}

static struct wf_queue_room *find_claims(const struct wf_schedule *schedule, wf_queue_id queue)
{
    struct wf_queue_room *room = &schedule->rooms[queue.index];
    if (room->known_at == schedule->times) {
        return room;
    }
    room->known_at = schedule->times;
    room->kept = (struct wf_claim){.job = WF_NONE};
    room->kept_gpu_milli = 0;
    for (uint32_t i = 0; i < schedule->reserved_count; i++) {
        uint32_t job = schedule->reserved[i];
        if (ticket_of(schedule, job)->reservation != WF_NONE &&
            is_below(schedule, ticket_of(schedule, job)->spec.wait.queue, queue)) {
            room->kept.job = room->kept.job == WF_NONE ? job : room->kept.job;
            room->kept_gpu_milli += gpu_milli_of(schedule, job);
        }
    }
    room->waiting = find_foremost(schedule, queue);
    return room;
}

// What they leave.

static bool is_before(const struct end *a, const struct end *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->job < b->job;
}

// Adds an end to the first ones, in their order. Returns how many these are now.
static uint32_t insert_end(struct end list[ENDS], uint32_t count, struct end end)
{
    uint32_t at = count < ENDS ? count : ENDS - 1;
    if (count == ENDS && !is_before(&end, &list[at])) {
        return count;
    }
    for (; at > 0 && is_before(&end, &list[at - 1]); at--) {
        list[at] = list[at - 1];
    }
    list[at] = end;
    return count < ENDS ? count + 1 : ENDS;
}

// Lists the first believed ends of what runs below the queue, of those after the one given.
static uint32_t list_ends(const struct wf_schedule *schedule, wf_queue_id queue, struct end after,
                          struct end list[ENDS])
{
    uint32_t count = 0;
    for (uint32_t at = queue.index; at != WF_NONE; at = next_below(schedule, at, queue.index)) {
        for (uint32_t job = schedule->rooms[at].first_running; job != WF_NONE;
             job = ticket_of(schedule, job)->next) {
            struct end end = {ticket_of(schedule, job)->end_ms, job};
            if (is_before(&after, &end) && ticket_of(schedule, job)->spec.request.gpus > 0) {
                count = insert_end(list, count, end);
            }
        }
    }
    return count;
}

// Finds out when what runs will have left enough for the job that claims it, as is believed, and
// what is left beside it then. lacks is what is missing now; not above 0: nothing.
static void reckon(const struct wf_schedule *schedule, wf_queue_id queue, int64_t lacks,
                   struct wf_claim *claim)
{
    struct end list[ENDS];
    struct end last = {INT64_MIN, 0};
    uint32_t count;
    claim->until_ms = schedule->now_ms;
    claim->spare_gpu_milli = -lacks;
    while (claim->spare_gpu_milli < 0 && (count = list_ends(schedule, queue, last, list)) > 0) {
        for (uint32_t i = 0; i < count && claim->spare_gpu_milli < 0; i++) {
            claim->until_ms = list[i].at_ms;
            claim->spare_gpu_milli += gpu_milli_of(schedule, list[i].job);
        }
        last = list[count - 1];
    }
    claim->is_reckoned = true;
}

// The same for one whose start is kept: what is left beside all of these when it starts.
static void reckon_kept(const struct wf_schedule *schedule, wf_queue_id queue, int64_t left,
                        struct wf_claim *claim)
{
    struct end list[ENDS];
    struct end last = {INT64_MIN, 0};
    uint32_t count;
    uint32_t reservation = ticket_of(schedule, claim->job)->reservation;
    claim->until_ms = wf_future_start_ms(schedule->future, reservation);
    claim->spare_gpu_milli = left;
    while (last.at_ms <= claim->until_ms && (count = list_ends(schedule, queue, last, list)) > 0) {
        for (uint32_t i = 0; i < count && list[i].at_ms <= claim->until_ms; i++) {
            claim->spare_gpu_milli += gpu_milli_of(schedule, list[i].job);
        }
        last = list[count - 1];
    }
    claim->is_reckoned = true;
}

static bool leaves_room(const struct wf_claim *claim, int64_t gpu_milli, int64_t end_ms)
{
    return (end_ms <= claim->until_ms && end_ms != WF_NEVER) || gpu_milli <= claim->spare_gpu_milli;
}

// Returns the job, or WF_NONE, that one with so many GPUs must not pass below the queue, where it
// is over at end_ms at the latest.
static uint32_t find_blocker(const struct wf_schedule *schedule, wf_queue_id queue,
                             const struct wf_turn *turn, int64_t end_ms)
{
    uint32_t job = schedule->backlog.lanes[turn->lane].first_unreserved;
    int64_t gpu_milli = gpu_milli_of(schedule, job);
    int64_t left = wf_queues_left_gpu_milli(schedule->queues, queue);
    if (left == INT64_MAX) {
        return WF_NONE;
    }
    struct wf_queue_room *room = find_claims(schedule, queue);
    left -= room->kept_gpu_milli;
    if (room->kept.job != WF_NONE) {
        if (!room->kept.is_reckoned) {
            reckon_kept(schedule, queue, left, &room->kept);
        }
        if (!leaves_room(&room->kept, gpu_milli, end_ms)) {
            return room->kept.job;
        }
    }
    if (room->waiting.job == WF_NONE || room->waiting.job == job ||
        !wf_schedule_goes_before(schedule, &room->waiting.turn, turn)) {
        return WF_NONE;
    }
    if (!room->waiting.is_reckoned) {
        reckon(schedule, queue, gpu_milli_of(schedule, room->waiting.job) - left, &room->waiting);
    }
    return leaves_room(&room->waiting, gpu_milli, end_ms) ? WF_NONE : room->waiting.job;
}

uint32_t wf_schedule_yields(const struct wf_schedule *schedule, uint32_t lane, bool at_once,
                            wf_queue_id *at_out)
{
    const struct wf_lane *own = &schedule->backlog.lanes[lane];
    if (!schedule->has_limits || !schedule->discipline->keeps_limits || own->request.gpus == 0) {
        return WF_NONE;
    }
    const struct wf_wait_spec *wait = &ticket_of(schedule, own->first_unreserved)->spec.wait;
    int64_t end_ms = at_once && wait->limit_ms > 0 ? schedule->now_ms + wait->limit_ms : WF_NEVER;
    struct wf_turn turn = wf_schedule_turn(schedule, lane, schedule->discipline->rank);
    wf_queue_id queue = own->queue;
    for (; queue.index != WF_NONE; queue = wf_queues_parent(schedule->queues, queue)) {
        uint32_t blocker = find_blocker(schedule, queue, &turn, end_ms);
        if (blocker != WF_NONE) {
            *at_out = queue;
            return blocker;
        }
    }
    return WF_NONE;
}
