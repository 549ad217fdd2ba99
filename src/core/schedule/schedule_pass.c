// SPDX-License-Identifier: Apache-2.0
// The pass over the backlog: who starts now, and for whom a start time is kept.
#include "base/assert.h"
#include "core/schedule/schedule_parts.h"

enum {
    LOOK_MS = 1000,   // a kept start time is looked at again no sooner than this,
    LOOK_PARTS = 100, // or this part of the time that is left until then;
    FEW_NODES = 64,   // among so few nodes a look costs nothing
};

static struct wf_ticket *ticket_of(struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

// Whether the node may now have room for one task of the request (what is kept for others on it
// was given back for the moment, since short work may use it).
bool wf_schedule_may_take(const struct wf_schedule *schedule, uint32_t node,
                          const struct wf_request *request)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    const struct wf_node *freed = &cluster->nodes[node];
    if (!freed->up || !wf_pool_admits(&cluster->pools[freed->pool.index], request)) {
        return false;
    }
    struct wf_request served = wf_pool_request(&cluster->pools[freed->pool.index], request);
    return wf_node_fits(freed, &cluster->states[node], &served);
}

static void open_lanes_of(struct wf_schedule *schedule, uint32_t ask)
{
    struct wf_backlog *backlog = &schedule->backlog;
    for (uint32_t lane = backlog->asks[ask].first_lane; lane != WF_NONE;
         lane = backlog->lanes[lane].next_of_ask) {
        if (backlog->lanes[lane].block == WF_BLOCK_ROOM &&
            backlog->lanes[lane].first_unreserved != WF_NONE) {
            wf_backlog_block(backlog, lane, WF_BLOCK_NONE, backlog->lanes[lane].queue);
        }
    }
}

// Lanes that had no room are tried again when one of their tasks fits on a node where room came
// free.
static void open_lanes(struct wf_schedule *schedule)
{
    struct wf_backlog *backlog = &schedule->backlog;
    for (uint32_t freed = 0; freed < schedule->freed_count; freed++) {
        wf_future_lift(schedule->future, schedule->freed[freed]);
    }
    for (uint32_t i = 0; i < backlog->used_asks_count; i++) {
        uint32_t ask = backlog->used_asks[i];
        for (uint32_t freed = 0; freed < schedule->freed_count; freed++) {
            if (wf_schedule_may_take(schedule, schedule->freed[freed],
                                     &backlog->asks[ask].request)) {
                open_lanes_of(schedule, ask);
                break;
            }
        }
    }
    for (uint32_t freed = 0; freed < schedule->freed_count; freed++) {
        schedule->is_freed[schedule->freed[freed]] = 0;
    }
    schedule->freed_count = 0;
    wf_future_settle(schedule->future);
}

// Returns where the queue stands among others: how far up it would borrow from for one GPU more,
// past all of that when its budget is spent. Worked out again when something started or stopped.
static uint32_t standing_of(const struct wf_schedule *schedule, wf_queue_id queue)
{
    struct wf_queue_standing *standing = &schedule->standings[queue.index];
    if (standing->moment != schedule->moment) {
        bool lowered =
            wf_queues_may_start(schedule->queues, queue, (struct wf_queue_bid){0}).answer ==
            WF_QUEUE_OVER_BUDGET_LOWER;
        uint32_t level =
            schedule->discipline->shares ? wf_queues_borrow_level(schedule->queues, queue, 1) : 0;
        *standing = (struct wf_queue_standing){
            .moment = schedule->moment,
            .level = level + (lowered ? WF_QUEUE_DEPTH_MAX : 0),
        };
    }
    return standing->level;
}

struct wf_turn wf_schedule_turn(const struct wf_schedule *schedule, uint32_t lane,
                                int64_t (*rank)(const struct wf_standing *))
{
    const struct wf_lane *at = &schedule->backlog.lanes[lane];
    const struct wf_ticket *ticket = &schedule->backlog.tickets[at->first_unreserved];
    struct wf_standing standing = wf_standing_of(ticket, schedule->now_ms);
    return (struct wf_turn){
        .lane = lane,
        .queue_level = standing_of(schedule, at->queue),
        .priority = at->priority,
        .rank = rank ? rank(&standing) : 0,
        .urgent = wf_discipline_urges(schedule->discipline, &standing),
        .sequence = ticket->sequence,
    };
}

bool wf_schedule_goes_before(const struct wf_schedule *schedule, const struct wf_turn *a,
                             const struct wf_turn *b)
{
    if (a->queue_level != b->queue_level) {
        return a->queue_level < b->queue_level;
    }
    if (a->priority != b->priority) {
        return a->priority > b->priority;
    }
    wf_queue_id of_a = schedule->backlog.lanes[a->lane].queue;
    wf_queue_id of_b = schedule->backlog.lanes[b->lane].queue;
    if (schedule->discipline->shares && of_a.index != of_b.index) {
        return wf_queues_compare(schedule->queues, of_a, of_b) < 0;
    }
    if (a->rank != b->rank) {
        return a->rank < b->rank;
    }
    return a->sequence < b->sequence;
}

static void push(struct wf_schedule *schedule, struct wf_turn candidate)
{
    uint32_t at = schedule->heap_count++;
    for (; at > 0 && wf_schedule_goes_before(schedule, &candidate, &schedule->heap[(at - 1) / 2]);
         at = (at - 1) / 2) {
        schedule->heap[at] = schedule->heap[(at - 1) / 2];
    }
    schedule->heap[at] = candidate;
}

static struct wf_turn pop(struct wf_schedule *schedule)
{
    struct wf_turn first = schedule->heap[0];
    struct wf_turn last = schedule->heap[--schedule->heap_count];
    uint32_t at = 0;
    for (uint32_t child = 1; child < schedule->heap_count; child = 2 * at + 1) {
        if (child + 1 < schedule->heap_count &&
            wf_schedule_goes_before(schedule, &schedule->heap[child + 1], &schedule->heap[child])) {
            child++;
        }
        if (!wf_schedule_goes_before(schedule, &schedule->heap[child], &last)) {
            break;
        }
        schedule->heap[at] = schedule->heap[child];
        at = child;
    }
    schedule->heap[at] = last;
    return first;
}

// Whether a kept start time is looked at only now and then: among many nodes a search takes long,
// and something changes all the time. Among few, whoever waits for long work that ended early would
// leave them idle.
static bool is_steadfast(const struct wf_schedule *schedule)
{
    return schedule->discipline->steadfast && schedule->placer->cluster.nodes_end > FEW_NODES;
}

static void note_look(const struct wf_schedule *schedule, struct wf_ticket *ticket)
{
    int64_t lead_ms = wf_future_start_ms(schedule->future, ticket->reservation) - schedule->now_ms;
    ticket->look_ms =
        schedule->now_ms + (lead_ms / LOOK_PARTS > LOOK_MS ? lead_ms / LOOK_PARTS : LOOK_MS);
    ticket->look_ms = is_steadfast(schedule) ? ticket->look_ms : schedule->now_ms;
    ticket->changes_seen = schedule->changes;
}

// Starts the job where a start time was found for it that has come already: in room that is kept
// for others later, which a choice by what is free passes over. The reservation is gone then.
static bool start_there(struct wf_schedule *schedule, uint32_t job, uint32_t reservation)
{
    if (!wf_schedule_place_kept(schedule, job, reservation)) {
        return false;
    }
    wf_schedule_book(schedule, job);
    return true;
}

// Keeps the earliest start time for a waiting job, or starts it if that is now.
static enum wf_keep keep_start(struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    struct wf_future_wish wish = {
        .job = job,
        .request = ticket->spec.request,
        .tasks = ticket->spec.tasks,
        .within = wait->within,
        .length_ms = wait->limit_ms > 0 ? wait->limit_ms : WF_NEVER,
        .whole_nodes = schedule->discipline->whole_nodes,
    };
    uint32_t reservation;
    wf_queue_id at;
    if (!wf_future_reserve(schedule->future, &wish, &reservation)) {
        return WF_KEEP_NONE;
    }
    if (!schedule->watches &&
        wf_future_start_ms(schedule->future, reservation) <= schedule->now_ms &&
        wf_schedule_may_start(schedule, job, &at) == WF_BLOCK_NONE) {
        if (start_there(schedule, job, reservation)) {
            return WF_KEEP_STARTED;
        }
        if (!wf_future_reserve(schedule->future, &wish, &reservation)) {
            return WF_KEEP_NONE;
        }
    }
    wf_backlog_reserved(&schedule->backlog, job, reservation);
    note_look(schedule, ticket_of(schedule, job));
    return WF_KEEP_KEPT;
}

enum wf_keep wf_schedule_keep(struct wf_schedule *schedule, uint32_t job)
{
    enum wf_keep kept = keep_start(schedule, job);
    if (kept == WF_KEEP_KEPT) {
        schedule->reserved[schedule->reserved_count++] = job;
        wf_schedule_room_changed(schedule, ticket_of(schedule, job)->spec.wait.queue);
    }
    return kept;
}

// What a start time was kept on, in the order of its tasks. Returns how many nodes.
static uint32_t list_kept(struct wf_schedule *schedule, uint32_t reservation)
{
    uint32_t count = 0;
    for (uint32_t at = wf_future_first_task(schedule->future, reservation); at != WF_NONE;) {
        struct wf_future_task task = wf_future_task(schedule->future, at);
        schedule->kept[count++] = task.node;
        at = task.next;
    }
    return count;
}

// Room that was kept there may serve others.
static void free_kept(struct wf_schedule *schedule, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        wf_schedule_freed(schedule, schedule->kept[i]);
    }
}

void wf_schedule_give_up(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    if (ticket->reservation == WF_NONE) {
        return;
    }
    free_kept(schedule, list_kept(schedule, ticket->reservation));
    wf_future_cancel(schedule->future, ticket->reservation);
    wf_backlog_unreserved(&schedule->backlog, job);
    uint32_t at = 0;
    while (schedule->reserved[at] != job) {
        at++;
    }
    schedule->reserved_count--;
    for (; at < schedule->reserved_count; at++) {
        schedule->reserved[at] = schedule->reserved[at + 1];
    }
    wf_schedule_goes(schedule, job);
    schedule->changes++;
}

// Whether the start time is kept on the nodes that are listed, and no others.
static bool is_kept_there(const struct wf_schedule *schedule, uint32_t reservation)
{
    uint32_t i = 0;
    uint32_t at = wf_future_first_task(schedule->future, reservation);
    while (at != WF_NONE) {
        struct wf_future_task task = wf_future_task(schedule->future, at);
        if (task.node != schedule->kept[i++]) {
            return false;
        }
        at = task.next;
    }
    return true;
}

// Starts the job if it can start already, or else keeps a start time that is no later than before.
// Returns whether it started. Where a limit, a budget or an array stands against it, nothing is
// kept: nobody knows until when.
static bool start_kept(struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    int64_t before_ms = wf_future_start_ms(schedule->future, ticket->reservation);
    uint32_t count = list_kept(schedule, ticket->reservation);
    wf_future_cancel(schedule->future, ticket->reservation);
    wf_backlog_unreserved(&schedule->backlog, job);
    wf_queue_id at;
    wf_schedule_room_changed(schedule, ticket->spec.wait.queue);
    enum wf_block block = wf_schedule_start(schedule, job, &at);
    if (block == WF_BLOCK_NONE) {
        free_kept(schedule, count);
        return true;
    }
    wf_backlog_block(&schedule->backlog, ticket->lane, block, at);
    enum wf_keep kept = block == WF_BLOCK_ROOM ? keep_start(schedule, job) : WF_KEEP_NONE;
    if (kept != WF_KEEP_KEPT ||
        wf_future_start_ms(schedule->future, ticket->reservation) != before_ms ||
        !is_kept_there(schedule, ticket->reservation)) {
        free_kept(schedule, count);
    }
    return kept == WF_KEEP_STARTED;
}

// Whether a kept start time is to be looked at again: it has come, or room came free since it was
// looked at last, though not too soon after that.
static bool is_time_to_look(const struct wf_schedule *schedule, const struct wf_ticket *ticket)
{
    if (wf_future_start_ms(schedule->future, ticket->reservation) <= schedule->now_ms) {
        return true;
    }
    return schedule->changes != ticket->changes_seen &&
           (!is_steadfast(schedule) || schedule->now_ms >= ticket->look_ms);
}

// Whether the start time that is kept for the job is as early as can be: a search for earlier ones
// only passes over most nodes. Disciplines that are not steadfast want the best nodes anew, too.
static bool stays(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    if (!schedule->discipline->steadfast ||
        wf_future_start_ms(schedule->future, ticket->reservation) <= schedule->now_ms) {
        return false;
    }
    uint32_t count = list_kept(schedule, ticket->reservation);
    if (wf_future_improve(schedule->future, ticket->reservation) != WF_FUTURE_SAME) {
        free_kept(schedule, count);
        return false;
    }
    note_look(schedule, ticket);
    return true;
}

// Tries those who have a start time kept, in the order in which they got it.
static void start_those_kept(struct wf_schedule *schedule)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < schedule->reserved_count; i++) {
        uint32_t job = schedule->reserved[i];
        const struct wf_ticket *ticket = ticket_of(schedule, job);
        bool look = is_time_to_look(schedule, ticket) && !stays(schedule, job);
        bool gone = look && (start_kept(schedule, job) || ticket->reservation == WF_NONE);
        if (!gone) {
            schedule->reserved[kept++] = job;
        }
    }
    schedule->reserved_count = kept;
}

// Whether the machines would hold one of the lane's jobs if nothing else ran.
static bool has_machines(struct wf_schedule *schedule, struct wf_lane *lane)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    struct wf_ask *ask = &schedule->backlog.asks[lane->ask];
    if (ask->counted_at != schedule->machines) {
        ask->slots = 0;
        ask->counted_at = schedule->machines;
    }
    if (ask->slots < lane->tasks) {
        ask->slots =
            wf_scopes_most(&schedule->scopes, cluster, WF_WITHIN_ANY, &ask->request, lane->tasks);
    }
    if (lane->within == WF_WITHIN_ANY || ask->slots < lane->tasks) {
        return ask->slots >= lane->tasks;
    }
    if (lane->counted_at != schedule->machines) {
        lane->slots =
            wf_scopes_most(&schedule->scopes, cluster, lane->within, &lane->request, lane->tasks);
        lane->counted_at = schedule->machines;
    }
    return lane->slots >= lane->tasks;
}

// Whether one of the lane's jobs is more than a queue's limit allows by itself.
static bool is_too_much(const struct wf_schedule *schedule, const struct wf_lane *lane)
{
    int64_t gpu_milli = wf_job_gpu_milli(&schedule->backlog.tickets[lane->first].spec);
    wf_queue_id queue = lane->queue;
    while (schedule->has_limits && gpu_milli > 0 && queue.index != WF_NONE) {
        int64_t limit = wf_queues_limit_gpu_milli(schedule->queues, queue);
        if (limit > 0 && gpu_milli > limit) {
            return true;
        }
        queue = wf_queues_parent(schedule->queues, queue);
    }
    return false;
}

static void set_lane_aside(struct wf_schedule *schedule, uint32_t lane, bool too_much)
{
    for (uint32_t left = schedule->backlog.lanes[lane].count; left > 0; left--) {
        uint32_t job = schedule->backlog.lanes[lane].first;
        struct wf_ticket *ticket = ticket_of(schedule, job);
        wf_schedule_give_up(schedule, job);
        wf_backlog_remove(&schedule->backlog, job);
        wf_schedule_goes(schedule, job);
        ticket->phase = WF_PHASE_LATER;
        wf_backlog_set_aside(&schedule->backlog, job);
        ticket->is_too_much = too_much;
    }
}

// Those of the lanes.
static void sort_out(struct wf_schedule *schedule, const uint32_t *lanes, const uint32_t *count)
{
    for (uint32_t i = 0; i < *count;) {
        uint32_t lane = lanes[i];
        bool too_much = is_too_much(schedule, &schedule->backlog.lanes[lane]);
        if (too_much || !has_machines(schedule, &schedule->backlog.lanes[lane])) {
            set_lane_aside(schedule, lane, too_much); // another takes its place in the list
        } else {
            i++;
        }
    }
}

void wf_schedule_sort_out(struct wf_schedule *schedule)
{
    struct wf_backlog *backlog = &schedule->backlog;
    if (schedule->sorted_at != schedule->machines) {
        schedule->sorted_at = schedule->machines;
        if (schedule->tree_is_old) {
            wf_schedule_read_tree(schedule);
            schedule->tree_is_old = false;
        }
        wf_backlog_take_back(backlog);
        sort_out(schedule, backlog->used, &backlog->used_count);
    }
    do {
        sort_out(schedule, backlog->open, &backlog->open_count);
    } while (wf_backlog_take_in(backlog));
}

// Whether the lane's first job without a start time lacks nothing but room.
static bool is_eligible(struct wf_schedule *schedule, struct wf_lane *lane)
{
    return lane->first_unreserved != WF_NONE && lane->hopeless_at != schedule->changes &&
           (lane->block == WF_BLOCK_NONE || lane->block == WF_BLOCK_ROOM) &&
           has_machines(schedule, lane);
}

// Puts all lanes that lack nothing but room into the heap, the foremost first; or only those whose
// deadline moves them forward.
static void line_up(struct wf_schedule *schedule, bool only_urgent)
{
    schedule->heap_count = 0;
    for (uint32_t i = 0; i < schedule->backlog.used_count; i++) {
        uint32_t lane = schedule->backlog.used[i];
        const struct wf_lane *at = &schedule->backlog.lanes[lane];
        if ((!only_urgent || at->deadline_ms > 0) &&
            is_eligible(schedule, &schedule->backlog.lanes[lane])) {
            struct wf_turn turn = wf_schedule_turn(schedule, lane, schedule->discipline->rank);
            if (!only_urgent || turn.urgent) {
                push(schedule, turn);
            }
        }
    }
}

// Tries the lane's first job. Returns whether it started; else the lane is blocked.
static bool try_lane(struct wf_schedule *schedule, uint32_t lane)
{
    wf_queue_id at;
    uint32_t job = schedule->backlog.lanes[lane].first_unreserved;
    enum wf_block block = wf_schedule_may_start(schedule, job, &at);
    if (block == WF_BLOCK_NONE && wf_schedule_yields(schedule, lane, true, &at) != WF_NONE) {
        block = WF_BLOCK_SHARE;
    }
    block = block == WF_BLOCK_NONE ? wf_schedule_start(schedule, job, &at) : block;
    if (block == WF_BLOCK_NONE) {
        return true;
    }
    wf_backlog_block(&schedule->backlog, lane, block, at);
    if (block == WF_BLOCK_BUDGET || block == WF_BLOCK_ARRAY) {
        wf_schedule_goes(schedule, job); // nobody knows until when it waits
    }
    struct wf_lane *tried = &schedule->backlog.lanes[lane];
    if (is_too_much(schedule, tried) || !has_machines(schedule, tried)) {
        schedule->sorted_at = 0; // it came in the midst of a pass
    }
    return false;
}

// Puts the lane back into the heap, if it has another job to be served.
static void line_up_again(struct wf_schedule *schedule, uint32_t lane)
{
    if (schedule->backlog.lanes[lane].first_unreserved != WF_NONE) {
        push(schedule, wf_schedule_turn(schedule, lane, schedule->discipline->rank));
    }
}

// Keeps a start time for the lane's first job without one.
static void keep_start_of(struct wf_schedule *schedule, uint32_t lane)
{
    struct wf_lane *at = &schedule->backlog.lanes[lane];
    uint32_t count = at->count;
    wf_queue_id full;
    if (wf_schedule_yields(schedule, lane, false, &full) != WF_NONE) {
        return; // for when the limit's room is another's it is not known
    }
    enum wf_keep kept = wf_schedule_keep(schedule, at->first_unreserved);
    if (kept == WF_KEEP_NONE) {
        at->hopeless_at = schedule->changes;
    } else if (kept == WF_KEEP_KEPT || count > 1) {
        line_up_again(schedule, lane);
    }
}

// Starts the foremost, or keeps a start time for them, until as many have one as the discipline
// wants; then only for those whose deadline is near, until these are enough, too.
static void serve_foremost(struct wf_schedule *schedule)
{
    uint32_t most = schedule->backlog.deadline_lanes > 0 ? schedule->reserved_max_urgent
                                                         : schedule->reserved_max;
    if (schedule->reserved_count >= most) {
        return;
    }
    line_up(schedule, schedule->reserved_count >= schedule->reserved_max);
    while (schedule->heap_count > 0 && schedule->reserved_count < most) {
        struct wf_turn turn = pop(schedule);
        uint32_t lane = turn.lane;
        if (!turn.urgent && schedule->reserved_count >= schedule->reserved_max) {
            continue;
        }
        const struct wf_lane *at = &schedule->backlog.lanes[lane];
        uint32_t count = at->count;
        if (at->block == WF_BLOCK_NONE && try_lane(schedule, lane)) {
            if (count > 1) {
                line_up_again(schedule, lane);
            }
        } else if (at->block == WF_BLOCK_ROOM) {
            keep_start_of(schedule, lane);
        }
    }
}

// Starts strictly in order: nobody goes past one that cannot start. Returns whether all could be
// served, and some started: these may have let others in.
static bool serve_in_order(struct wf_schedule *schedule)
{
    bool started = false;
    line_up(schedule, false);
    while (schedule->heap_count > 0) {
        uint32_t lane = pop(schedule).lane;
        const struct wf_lane *at = &schedule->backlog.lanes[lane];
        uint32_t count = at->count;
        if (at->block == WF_BLOCK_NONE && try_lane(schedule, lane)) {
            started = true;
            if (count > 1) {
                line_up_again(schedule, lane);
            }
        } else if (at->block == WF_BLOCK_ROOM) {
            return false;
        }
    }
    return started;
}

// Puts all lanes that are to be tried into the heap. Returns whether there are any.
static bool collect(struct wf_schedule *schedule)
{
    const struct wf_backlog *backlog = &schedule->backlog;
    schedule->heap_count = 0;
    for (uint32_t i = 0; i < backlog->open_count; i++) {
        if (backlog->lanes[backlog->open[i]].first_unreserved != WF_NONE) {
            push(schedule,
                 wf_schedule_turn(schedule, backlog->open[i], schedule->discipline->fill_rank));
        }
    }
    return schedule->heap_count > 0;
}

// Starts whoever fits, the discipline's favourites first; then those that these let in.
static void fill(struct wf_schedule *schedule)
{
    struct wf_backlog *backlog = &schedule->backlog;
    while (collect(schedule)) {
        while (schedule->heap_count > 0) {
            uint32_t lane = pop(schedule).lane;
            uint32_t left = backlog->lanes[lane].count;
            if (try_lane(schedule, lane) && left > 1 &&
                backlog->lanes[lane].first_unreserved != WF_NONE) {
                push(schedule, wf_schedule_turn(schedule, lane, schedule->discipline->fill_rank));
            }
        }
    }
}

// Tries the first job of each queue once.
static void take_turns(struct wf_schedule *schedule)
{
    struct wf_backlog *backlog = &schedule->backlog;
    for (uint32_t i = 0; i < backlog->open_count; i++) {
        struct wf_turn candidate = wf_schedule_turn(schedule, backlog->open[i], NULL);
        uint32_t *turn = &schedule->turns[backlog->lanes[candidate.lane].queue.index];
        if (*turn == 0 ||
            wf_schedule_goes_before(schedule, &candidate, &schedule->heap[*turn - 1])) {
            if (*turn == 0) {
                *turn = ++schedule->heap_count;
            }
            schedule->heap[*turn - 1] = candidate;
        }
    }
    uint32_t count = schedule->heap_count;
    for (uint32_t i = 0; i < count; i++) {
        schedule->turns[backlog->lanes[schedule->heap[i].lane].queue.index] = 0;
    }
    schedule->heap_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        push(schedule, schedule->heap[i]); // never past the one that is read
    }
    while (schedule->heap_count > 0) {
        (void)try_lane(schedule, pop(schedule).lane);
    }
}

void wf_schedule_pass(struct wf_schedule *schedule)
{
    const struct wf_discipline *discipline = schedule->discipline;
    if (discipline->cycle_ms > 0 && schedule->now_ms < schedule->next_cycle_ms) {
        return;
    }
    while (discipline->forgets && schedule->reserved_count > 0) {
        wf_schedule_give_up(schedule, schedule->reserved[schedule->reserved_count - 1]);
    }
    open_lanes(schedule);
    if (discipline->cycle_ms > 0) {
        take_turns(schedule);
        schedule->next_cycle_ms = schedule->now_ms + discipline->cycle_ms;
        return;
    }
    start_those_kept(schedule);
    if (schedule->freed_count > 0) {
        open_lanes(schedule);
    }
    if (discipline->reservations > 0) {
        serve_foremost(schedule);
    }
    if (discipline->jumps) {
        fill(schedule);
    } else {
        while (serve_in_order(schedule)) {
        }
    }
    if (schedule->preempt && !schedule->watches) {
        wf_schedule_reclaim(schedule);
        wf_schedule_move(schedule);
    }
}
