// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/backlog.h"

#include "base/assert.h"
#include "base/hash.h"

enum { HALF_HOUR_MS = 1800000 };

int64_t wf_job_gpu_milli(const struct wf_job_spec *spec)
{
    return (int64_t)spec->tasks * spec->request.gpus * spec->request.gpu_milli;
}

int64_t wf_ticket_run_ms(const struct wf_ticket *ticket)
{
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    int64_t median = wait->run.ms[WF_RUN_TIME_POINTS / 2];
    if (median > 0) {
        return median;
    }
    return wait->limit_ms > 0 ? wait->limit_ms : HALF_HOUR_MS;
}

// Two buckets for each doubling.
static uint8_t bucket_of(int64_t ms)
{
    if (ms <= 1) {
        return 0;
    }
    uint32_t bits = 63U - (uint32_t)__builtin_clzll((uint64_t)ms);
    uint32_t half = (uint32_t)((uint64_t)ms >> (bits - 1)) & 1U;
    return (uint8_t)(2 * bits + half);
}

static void empty_lists(struct wf_backlog *backlog, uint32_t queues)
{
    for (uint32_t i = 0; i < queues; i++) {
        backlog->blocked[i] = WF_NONE;
        backlog->first_of_queue[i] = WF_NONE;
    }
    for (uint32_t i = 0; i <= backlog->bucket_mask; i++) {
        backlog->lane_buckets[i] = WF_NONE;
        backlog->ask_buckets[i] = WF_NONE;
    }
}

enum wf_status wf_backlog_init(struct wf_backlog *backlog, struct wf_region *region,
                               const struct wf_limits *limits, struct wf_error *err)
{
    uint32_t buckets = 1;
    while (buckets < limits->lanes) {
        buckets *= 2;
    }
    *backlog = (struct wf_backlog){
        .bucket_mask = buckets - 1,
        .lanes_max = limits->lanes,
        .free_lane = WF_NONE,
        .free_ask = WF_NONE,
        .first_outside = WF_NONE,
        .last_outside = WF_NONE,
        .first_aside = WF_NONE,
        .last_aside = WF_NONE,
    };
    backlog->tickets = wf_region_take(region, limits->jobs, sizeof *backlog->tickets);
    backlog->lanes = wf_region_take(region, limits->lanes, sizeof *backlog->lanes);
    backlog->asks = wf_region_take(region, limits->lanes, sizeof *backlog->asks);
    backlog->lane_buckets = wf_region_take(region, buckets, sizeof *backlog->lane_buckets);
    backlog->ask_buckets = wf_region_take(region, buckets, sizeof *backlog->ask_buckets);
    backlog->used = wf_region_take(region, limits->lanes, sizeof *backlog->used);
    backlog->open = wf_region_take(region, limits->lanes, sizeof *backlog->open);
    backlog->used_asks = wf_region_take(region, limits->lanes, sizeof *backlog->used_asks);
    backlog->blocked = wf_region_take(region, limits->queues, sizeof *backlog->blocked);
    backlog->first_of_queue =
        wf_region_take(region, limits->queues, sizeof *backlog->first_of_queue);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for %u jobs in %u lanes", limits->jobs,
                       limits->lanes);
    }
    empty_lists(backlog, limits->queues);
    return WF_OK;
}

static uint64_t hash_request(const struct wf_request *request)
{
    uint64_t hash = wf_hash_add(0, (uint64_t)request->cpu_milli << 32 | request->memory_mib);
    hash = wf_hash_add(hash, (uint64_t)request->gpus << 32 | request->gpu_milli);
    hash = wf_hash_add(hash, request->models);
    hash = wf_hash_add(hash, request->labels);
    return wf_hash_add(hash, (uint64_t)request->apart << 48 | (uint64_t)request->place.site << 32 |
                                 (uint64_t)request->place.region << 16 | request->place.zone);
}

static struct wf_lane lane_of(const struct wf_ticket *ticket)
{
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    return (struct wf_lane){
        .request = ticket->spec.request,
        .tasks = ticket->spec.tasks,
        .within = wait->within,
        .queue = wait->queue,
        .priority = wait->priority,
        .preemptible = wait->preemptible,
        .array = wait->array_max > 0 ? wait->array : 0,
        .run_bucket = bucket_of(wf_ticket_run_ms(ticket)),
        .limit_bucket = bucket_of(wait->limit_ms),
        .deadline_ms = wait->deadline_ms,
        .first = WF_NONE,
        .last = WF_NONE,
        .first_unreserved = WF_NONE,
        .place_open = WF_NONE,
    };
}

static uint64_t hash_lane(const struct wf_lane *lane)
{
    uint64_t hash = wf_hash_add(hash_request(&lane->request),
                                (uint64_t)lane->tasks << 32 | (uint64_t)lane->within);
    hash = wf_hash_add(hash, (uint64_t)lane->queue.index << 32 | (uint32_t)lane->priority);
    hash = wf_hash_add(hash, (uint64_t)lane->array << 32 | lane->preemptible);
    hash = wf_hash_add(hash, (uint64_t)lane->deadline_ms);
    return wf_hash_add(hash, (uint64_t)lane->run_bucket << 8 | lane->limit_bucket);
}

static bool same_lane(const struct wf_lane *a, const struct wf_lane *b)
{
    return wf_request_same(&a->request, &b->request) && a->tasks == b->tasks &&
           a->within == b->within && a->queue.index == b->queue.index &&
           a->priority == b->priority && a->preemptible == b->preemptible && a->array == b->array &&
           a->run_bucket == b->run_bucket && a->limit_bucket == b->limit_bucket &&
           a->deadline_ms == b->deadline_ms;
}

static uint32_t take_ask(struct wf_backlog *backlog, const struct wf_request *request)
{
    uint32_t *bucket = &backlog->ask_buckets[hash_request(request) & backlog->bucket_mask];
    for (uint32_t ask = *bucket; ask != WF_NONE; ask = backlog->asks[ask].next_in_bucket) {
        if (wf_request_same(&backlog->asks[ask].request, request)) {
            return ask;
        }
    }
    uint32_t ask = backlog->free_ask;
    if (ask != WF_NONE) {
        backlog->free_ask = backlog->asks[ask].next_in_bucket;
    } else {
        ask = backlog->fresh_ask++; // there are as many asks as lanes
    }
    backlog->asks[ask] = (struct wf_ask){
        .request = *request,
        .first_lane = WF_NONE,
        .place_used = backlog->used_asks_count,
        .next_in_bucket = *bucket,
    };
    *bucket = ask;
    backlog->used_asks[backlog->used_asks_count++] = ask;
    return ask;
}

static void drop_ask(struct wf_backlog *backlog, uint32_t ask)
{
    struct wf_ask *gone = &backlog->asks[ask];
    uint32_t *link = &backlog->ask_buckets[hash_request(&gone->request) & backlog->bucket_mask];
    while (*link != ask) {
        link = &backlog->asks[*link].next_in_bucket;
    }
    *link = gone->next_in_bucket;
    uint32_t last = backlog->used_asks[--backlog->used_asks_count];
    backlog->used_asks[gone->place_used] = last;
    backlog->asks[last].place_used = gone->place_used;
    gone->next_in_bucket = backlog->free_ask;
    backlog->free_ask = ask;
}

static void join_ask(struct wf_backlog *backlog, uint32_t index)
{
    struct wf_lane *lane = &backlog->lanes[index];
    lane->ask = take_ask(backlog, &lane->request);
    struct wf_ask *ask = &backlog->asks[lane->ask];
    lane->next_of_ask = ask->first_lane;
    lane->previous_of_ask = WF_NONE;
    if (ask->first_lane != WF_NONE) {
        backlog->lanes[ask->first_lane].previous_of_ask = index;
    }
    ask->first_lane = index;
    ask->lanes++;
}

static void leave_ask(struct wf_backlog *backlog, uint32_t index)
{
    struct wf_lane *lane = &backlog->lanes[index];
    struct wf_ask *ask = &backlog->asks[lane->ask];
    if (lane->previous_of_ask == WF_NONE) {
        ask->first_lane = lane->next_of_ask;
    } else {
        backlog->lanes[lane->previous_of_ask].next_of_ask = lane->next_of_ask;
    }
    if (lane->next_of_ask != WF_NONE) {
        backlog->lanes[lane->next_of_ask].previous_of_ask = lane->previous_of_ask;
    }
    if (--ask->lanes == 0) {
        drop_ask(backlog, lane->ask);
    }
}

static void join_queue(struct wf_backlog *backlog, uint32_t index)
{
    struct wf_lane *lane = &backlog->lanes[index];
    uint32_t *first = &backlog->first_of_queue[lane->queue.index];
    lane->next_of_queue = *first;
    lane->previous_of_queue = WF_NONE;
    if (*first != WF_NONE) {
        backlog->lanes[*first].previous_of_queue = index;
    }
    *first = index;
}

static void leave_queue(struct wf_backlog *backlog, const struct wf_lane *lane)
{
    *(lane->previous_of_queue == WF_NONE ? &backlog->first_of_queue[lane->queue.index]
                                         : &backlog->lanes[lane->previous_of_queue].next_of_queue) =
        lane->next_of_queue;
    if (lane->next_of_queue != WF_NONE) {
        backlog->lanes[lane->next_of_queue].previous_of_queue = lane->previous_of_queue;
    }
}

// Returns the lane for such jobs, a new one if need be, or WF_NONE.
static uint32_t take_lane(struct wf_backlog *backlog, const struct wf_lane *wanted)
{
    uint32_t *bucket = &backlog->lane_buckets[hash_lane(wanted) & backlog->bucket_mask];
    for (uint32_t lane = *bucket; lane != WF_NONE; lane = backlog->lanes[lane].next_in_bucket) {
        if (same_lane(&backlog->lanes[lane], wanted)) {
            return lane;
        }
    }
    uint32_t lane = backlog->free_lane;
    if (lane != WF_NONE) {
        backlog->free_lane = backlog->lanes[lane].next_in_bucket;
    } else if (backlog->fresh_lane < backlog->lanes_max) {
        lane = backlog->fresh_lane++;
    } else {
        return WF_NONE;
    }
    backlog->lanes[lane] = *wanted;
    backlog->lanes[lane].next_in_bucket = *bucket;
    backlog->lanes[lane].hopeless_at = UINT64_MAX;
    *bucket = lane;
    backlog->lanes[lane].place_used = backlog->used_count;
    backlog->used[backlog->used_count++] = lane;
    backlog->deadline_lanes += wanted->deadline_ms > 0;
    join_ask(backlog, lane);
    join_queue(backlog, lane);
    return lane;
}

static void drop_lane(struct wf_backlog *backlog, uint32_t index)
{
    struct wf_lane *lane = &backlog->lanes[index];
    wf_backlog_block(backlog, index, WF_BLOCK_ROOM, lane->queue); // no longer open
    leave_ask(backlog, index);
    leave_queue(backlog, lane);
    uint32_t *link = &backlog->lane_buckets[hash_lane(lane) & backlog->bucket_mask];
    while (*link != index) {
        link = &backlog->lanes[*link].next_in_bucket;
    }
    *link = lane->next_in_bucket;
    uint32_t last = backlog->used[--backlog->used_count];
    backlog->used[lane->place_used] = last;
    backlog->lanes[last].place_used = lane->place_used;
    backlog->deadline_lanes -= lane->deadline_ms > 0;
    lane->next_in_bucket = backlog->free_lane;
    backlog->free_lane = index;
}

static bool is_blocked_at_queue(const struct wf_lane *lane)
{
    return lane->block == WF_BLOCK_SHARE || lane->block == WF_BLOCK_BUDGET ||
           lane->block == WF_BLOCK_ARRAY;
}

static void unlink_blocked(struct wf_backlog *backlog, struct wf_lane *lane)
{
    if (lane->previous_blocked == WF_NONE) {
        backlog->blocked[lane->blocked_at.index] = lane->next_blocked;
    } else {
        backlog->lanes[lane->previous_blocked].next_blocked = lane->next_blocked;
    }
    if (lane->next_blocked != WF_NONE) {
        backlog->lanes[lane->next_blocked].previous_blocked = lane->previous_blocked;
    }
}

static void link_blocked(struct wf_backlog *backlog, uint32_t index, wf_queue_id at)
{
    struct wf_lane *lane = &backlog->lanes[index];
    uint32_t *first = &backlog->blocked[at.index];
    lane->blocked_at = at;
    lane->previous_blocked = WF_NONE;
    lane->next_blocked = *first;
    if (*first != WF_NONE) {
        backlog->lanes[*first].previous_blocked = index;
    }
    *first = index;
}

void wf_backlog_block(struct wf_backlog *backlog, uint32_t index, enum wf_block block,
                      wf_queue_id at)
{
    struct wf_lane *lane = &backlog->lanes[index];
    if (is_blocked_at_queue(lane)) {
        unlink_blocked(backlog, lane);
    }
    lane->block = block;
    if (is_blocked_at_queue(lane)) {
        link_blocked(backlog, index, at);
    }
    if (block == WF_BLOCK_NONE && lane->place_open == WF_NONE) {
        lane->place_open = backlog->open_count;
        backlog->open[backlog->open_count++] = index;
    } else if (block != WF_BLOCK_NONE && lane->place_open != WF_NONE) {
        uint32_t last = backlog->open[--backlog->open_count];
        backlog->open[lane->place_open] = last;
        backlog->lanes[last].place_open = lane->place_open;
        lane->place_open = WF_NONE;
    }
}

void wf_backlog_unblock(struct wf_backlog *backlog, wf_queue_id queue)
{
    while (backlog->blocked[queue.index] != WF_NONE) {
        wf_backlog_block(backlog, backlog->blocked[queue.index], WF_BLOCK_NONE, queue);
    }
}

// Puts a job into the lane that was found for it.
static void enter_lane(struct wf_backlog *backlog, uint32_t job)
{
    struct wf_ticket *ticket = &backlog->tickets[job];
    struct wf_lane *lane = &backlog->lanes[ticket->lane];
    uint32_t previous = lane->last; // a job that waits again goes before those that came later
    while (previous != WF_NONE && backlog->tickets[previous].sequence > ticket->sequence) {
        previous = backlog->tickets[previous].previous;
    }
    uint32_t next = previous == WF_NONE ? lane->first : backlog->tickets[previous].next;
    ticket->previous = previous;
    ticket->next = next;
    *(previous == WF_NONE ? &lane->first : &backlog->tickets[previous].next) = job;
    *(next == WF_NONE ? &lane->last : &backlog->tickets[next].previous) = job;
    ticket->phase = WF_PHASE_WAITING;
    ticket->reservation = WF_NONE;
    uint32_t unreserved = lane->first_unreserved;
    if (unreserved == WF_NONE || backlog->tickets[unreserved].sequence > ticket->sequence) {
        lane->first_unreserved = job;
        if (lane->block != WF_BLOCK_NONE || lane->count == 0) {
            wf_backlog_block(backlog, ticket->lane, WF_BLOCK_NONE, lane->queue);
        }
    }
    lane->count++;
    backlog->waiting++;
}

// A list of jobs that are in no lane.

static void append(struct wf_backlog *backlog, uint32_t job, uint32_t *first, uint32_t *last)
{
    struct wf_ticket *ticket = &backlog->tickets[job];
    ticket->previous = *last;
    ticket->next = WF_NONE;
    *(*last == WF_NONE ? first : &backlog->tickets[*last].next) = job;
    *last = job;
}

static void take_off(struct wf_backlog *backlog, uint32_t job, uint32_t *first, uint32_t *last)
{
    const struct wf_ticket *ticket = &backlog->tickets[job];
    *(ticket->previous == WF_NONE ? first : &backlog->tickets[ticket->previous].next) =
        ticket->next;
    *(ticket->next == WF_NONE ? last : &backlog->tickets[ticket->next].previous) = ticket->previous;
}

void wf_backlog_leave_outside(struct wf_backlog *backlog, uint32_t job)
{
    struct wf_ticket *ticket = &backlog->tickets[job];
    if (ticket->is_outside) {
        take_off(backlog, job, &backlog->first_outside, &backlog->last_outside);
    } else if (ticket->is_aside) {
        take_off(backlog, job, &backlog->first_aside, &backlog->last_aside);
    }
    ticket->is_outside = false;
    ticket->is_aside = false;
    ticket->is_too_much = false;
}

void wf_backlog_set_aside(struct wf_backlog *backlog, uint32_t job)
{
    backlog->tickets[job].is_aside = true;
    append(backlog, job, &backlog->first_aside, &backlog->last_aside);
}

void wf_backlog_take_back(struct wf_backlog *backlog)
{
    while (backlog->first_aside != WF_NONE) {
        uint32_t job = backlog->first_aside;
        wf_backlog_leave_outside(backlog, job);
        wf_backlog_add(backlog, job);
    }
}

void wf_backlog_add(struct wf_backlog *backlog, uint32_t job)
{
    struct wf_ticket *ticket = &backlog->tickets[job];
    struct wf_lane wanted = lane_of(ticket);
    ticket->lane = take_lane(backlog, &wanted);
    if (ticket->lane == WF_NONE) {
        ticket->is_outside = true;
        append(backlog, job, &backlog->first_outside, &backlog->last_outside);
    } else {
        enter_lane(backlog, job);
    }
}

bool wf_backlog_take_in(struct wf_backlog *backlog)
{
    bool taken = false;
    while (backlog->first_outside != WF_NONE &&
           (backlog->free_lane != WF_NONE || backlog->fresh_lane < backlog->lanes_max)) {
        uint32_t job = backlog->first_outside;
        wf_backlog_leave_outside(backlog, job);
        wf_backlog_add(backlog, job);
        taken = true;
    }
    return taken;
}

// Whoever of the lane has no start time is behind those who have one, but for a job that waits
// again.
static void find_unreserved(struct wf_backlog *backlog, struct wf_lane *lane, uint32_t from)
{
    while (from != WF_NONE && backlog->tickets[from].reservation != WF_NONE) {
        from = backlog->tickets[from].next;
    }
    lane->first_unreserved = from;
}

void wf_backlog_remove(struct wf_backlog *backlog, uint32_t job)
{
    struct wf_ticket *ticket = &backlog->tickets[job];
    struct wf_lane *lane = &backlog->lanes[ticket->lane];
    WF_ASSERT(ticket->phase == WF_PHASE_WAITING && ticket->reservation == WF_NONE);
    *(ticket->previous == WF_NONE ? &lane->first : &backlog->tickets[ticket->previous].next) =
        ticket->next;
    *(ticket->next == WF_NONE ? &lane->last : &backlog->tickets[ticket->next].previous) =
        ticket->previous;
    if (lane->first_unreserved == job) {
        find_unreserved(backlog, lane, ticket->next);
    }
    backlog->waiting--;
    if (--lane->count == 0) {
        drop_lane(backlog, ticket->lane);
    }
    ticket->lane = WF_NONE;
}

void wf_backlog_reserved(struct wf_backlog *backlog, uint32_t job, uint32_t reservation)
{
    struct wf_ticket *ticket = &backlog->tickets[job];
    struct wf_lane *lane = &backlog->lanes[ticket->lane];
    ticket->reservation = reservation;
    if (lane->first_unreserved == job) {
        find_unreserved(backlog, lane, ticket->next);
    }
}

void wf_backlog_unreserved(struct wf_backlog *backlog, uint32_t job)
{
    struct wf_ticket *ticket = &backlog->tickets[job];
    struct wf_lane *lane = &backlog->lanes[ticket->lane];
    ticket->reservation = WF_NONE;
    uint32_t first = lane->first_unreserved;
    if (first == WF_NONE || backlog->tickets[first].sequence > ticket->sequence) {
        lane->first_unreserved = job;
    }
}
