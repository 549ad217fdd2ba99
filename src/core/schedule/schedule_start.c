// SPDX-License-Identifier: Apache-2.0
// Starts and stops jobs: tasks on nodes, and all that is booked with them.
#include "base/assert.h"
#include "core/place/capacity.h"
#include "core/schedule/schedule_parts.h"

#define HOUR_MS INT64_C(3600000)

static struct wf_ticket *ticket_of(struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

// Whether the pools that admit the job have as many free GPUs as it asks for: a quick no.
static bool may_fit(const struct wf_schedule *schedule, const struct wf_job_spec *spec)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    int64_t missing = wf_job_gpu_milli(spec);
    for (uint32_t i = 0; i < cluster->limits.pools && missing > 0; i++) {
        const struct wf_pool *pool = &cluster->pools[i];
        if (pool->nodes > 0 && wf_pool_admits(pool, &spec->request)) {
            missing -= pool->gpu_open_milli;
        }
    }
    return missing <= 0;
}

// Until when a job that starts now runs at the very most.
static int64_t latest_end_ms(const struct wf_schedule *schedule, const struct wf_wait_spec *wait)
{
    return wait->limit_ms > 0 ? schedule->now_ms + wait->limit_ms : WF_NEVER;
}

int64_t wf_schedule_latest_ms(const struct wf_schedule *schedule, const struct wf_ticket *ticket)
{
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    bool ours = wait->limit_ms > 0 && !wait->overruns && !schedule->watches;
    return ours ? ticket->start_ms + wait->limit_ms : WF_NEVER;
}

static int64_t believed_end_ms(const struct wf_schedule *schedule, const struct wf_wait_spec *wait)
{
    uint32_t point = schedule->discipline->believe;
    if (point == WF_BELIEVE_LIMIT && wait->limit_ms == 0) {
        point = WF_RUN_TIME_POINTS - 1;
    }
    if (point != WF_BELIEVE_LIMIT && wait->run.ms[point] > 0) {
        int64_t run_ms = wait->run.ms[point];
        run_ms = wait->limit_ms > 0 && wait->limit_ms < run_ms ? wait->limit_ms : run_ms;
        return schedule->now_ms + run_ms;
    }
    return latest_end_ms(schedule, wait);
}

// Places one task in room that is kept for others, if it is sure to be gone before they need it.
static uint32_t place_in_gap(struct wf_schedule *schedule, uint32_t job, uint32_t task,
                             const struct wf_ticket *ticket)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    struct wf_gap_wish wish = {
        .request = ticket->spec.request,
        .end_ms = latest_end_ms(schedule, &ticket->spec.wait),
        .near = WF_NONE,
        .after = WF_NONE,
    };
    struct wf_gap gap;
    if (!wf_future_choose(schedule->future, &wish, &gap)) {
        return WF_NONE;
    }
    const struct wf_pool *pool = &cluster->pools[cluster->nodes[gap.node].pool.index];
    struct wf_request served = wf_pool_request(pool, &wish.request);
    wf_future_lift(schedule->future, gap.node);
    return wf_placer_place_found(schedule->placer, job, task, &served, gap.node, gap.gpu_set);
}

// Finds a node for one task, in room that nobody has a start time for or, if the job is sure to end
// early enough, in room that somebody has.
uint32_t wf_schedule_place_task(struct wf_schedule *schedule, uint32_t job, uint32_t task,
                                uint32_t scope)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    struct wf_placer *placer = schedule->placer;
    const struct wf_request *request = &ticket->spec.request;
    enum wf_within within = ticket->spec.wait.within;
    uint32_t slot = WF_NONE;
    wf_future_settle(schedule->future);
    if (within != WF_WITHIN_ANY) {
        struct wf_choice choice =
            wf_scope_choose(&placer->outlook, placer->config.policy, within, scope, request);
        if (choice.node != WF_NONE) {
            slot = wf_placer_place_on(placer, job, task, request, choice.node);
        }
    } else {
        slot = wf_placer_place(placer, job, task, request);
        if (slot == WF_NONE && schedule->reserved_count > 0 && ticket->spec.wait.limit_ms > 0) {
            slot = place_in_gap(schedule, job, task, ticket);
        }
    }
    if (slot != WF_NONE) {
        wf_future_add(schedule->future, slot, believed_end_ms(schedule, &ticket->spec.wait));
    }
    wf_placer_after_decision(placer);
    return slot;
}

void wf_schedule_unplace(struct wf_schedule *schedule, uint32_t placement)
{
    wf_future_remove(schedule->future, placement);
    wf_placer_unplace(schedule->placer, placement);
}

bool wf_schedule_place(struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_job_spec *spec = &ticket->spec;
    if (spec->tasks > schedule->placer->placements_free || !may_fit(schedule, spec)) {
        return false;
    }
    wf_future_settle(schedule->future);
    uint32_t scope = 0;
    if (spec->wait.within != WF_WITHIN_ANY) {
        scope = wf_scopes_tightest(&schedule->scopes, &schedule->placer->cluster, spec->wait.within,
                                   &spec->request, spec->tasks);
        if (scope == WF_NONE) {
            return false;
        }
    }
    wf_placer_before_decisions(schedule->placer);
    uint32_t placed = 0;
    while (placed < spec->tasks) {
        uint32_t slot = wf_schedule_place_task(schedule, job, placed, scope);
        if (slot == WF_NONE) {
            break;
        }
        schedule->placed[placed++] = slot;
        wf_schedule_hide(schedule, job, slot, true);
    }
    wf_schedule_hide_all(schedule, job, false);
    bool all = placed == spec->tasks;
    while (!all && placed > 0) {
        wf_schedule_unplace(schedule, schedule->placed[--placed]);
    }
    return all;
}

void wf_schedule_hide(struct wf_schedule *schedule, uint32_t job, uint32_t placement, bool hidden)
{
    uint32_t node = schedule->placer->cluster.placements[placement].node;
    if (ticket_of(schedule, job)->spec.request.apart) {
        wf_future_lift(schedule->future, node);
        wf_placer_hide_node(schedule->placer, (wf_node_id){node}, hidden);
    }
}

void wf_schedule_hide_all(struct wf_schedule *schedule, uint32_t job, bool hidden)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    uint32_t first = cluster->jobs[job].first_placement;
    bool apart = ticket_of(schedule, job)->spec.request.apart;
    for (uint32_t slot = apart ? first : WF_NONE; slot != WF_NONE;
         slot = cluster->placements[slot].next_of_job) {
        wf_schedule_hide(schedule, job, slot, hidden);
    }
}

// Places one task where a start time was kept for it.
static uint32_t place_kept(struct wf_schedule *schedule, uint32_t job, uint32_t task,
                           const struct wf_future_task *kept)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_node *node = &cluster->nodes[kept->node];
    wf_future_lift(schedule->future, kept->node);
    struct wf_request served =
        wf_pool_request(&cluster->pools[node->pool.index], &ticket->spec.request);
    const struct wf_state *state = &cluster->states[kept->node];
    bool fits = wf_node_fits(node, state, &served);
    for (uint32_t rest = kept->gpu_set; fits && rest; rest &= rest - 1) {
        fits = state->gpu_free_milli[__builtin_ctz(rest)] >= served.gpu_milli;
    }
    if (!fits) {
        return WF_NONE;
    }
    uint32_t slot =
        wf_placer_place_found(schedule->placer, job, task, &served, kept->node, kept->gpu_set);
    wf_future_add(schedule->future, slot, believed_end_ms(schedule, &ticket->spec.wait));
    return slot;
}

bool wf_schedule_place_kept(struct wf_schedule *schedule, uint32_t job, uint32_t reservation)
{
    uint32_t tasks = 0;
    for (uint32_t at = wf_future_first_task(schedule->future, reservation); at != WF_NONE;) {
        schedule->there[tasks] = wf_future_task(schedule->future, at);
        at = schedule->there[tasks++].next;
    }
    wf_future_cancel(schedule->future, reservation);
    if (tasks > schedule->placer->placements_free) {
        return false;
    }
    for (uint32_t task = 0; task < tasks; task++) {
        schedule->placed[task] = place_kept(schedule, job, task, &schedule->there[task]);
        if (schedule->placed[task] == WF_NONE) {
            while (task > 0) {
                wf_schedule_unplace(schedule, schedule->placed[--task]);
            }
            return false;
        }
    }
    return true;
}

uint32_t wf_schedule_slots(const struct wf_cluster *cluster, const struct wf_request *request,
                           uint32_t enough)
{
    uint32_t slots = 0;
    for (uint32_t node = 0; node < cluster->nodes_end && slots < enough; node++) {
        const struct wf_node *machine = &cluster->nodes[node];
        const struct wf_pool *pool = &cluster->pools[machine->pool.index];
        if (machine->up && wf_pool_admits(pool, request) &&
            (machine->spec.labels & request->labels) == request->labels) {
            struct wf_state empty;
            wf_state_init(&empty, &machine->spec);
            struct wf_request served = wf_pool_request(pool, request);
            slots += wf_state_capacity(&empty, &served);
        }
    }
    return slots;
}

struct wf_decision wf_schedule_decision(const struct wf_cluster *cluster,
                                        const struct wf_placement *placement,
                                        enum wf_decision_kind kind)
{
    return (struct wf_decision){
        .kind = kind,
        .job = cluster->jobs[placement->job].id,
        .task = placement->task,
        .node = {placement->node},
        .gpus = placement->gpu_set,
        .gpu_milli = placement->gpu_milli,
        .from = {WF_NONE},
    };
}

static struct wf_decision decision_of(const struct wf_schedule *schedule, uint32_t slot,
                                      enum wf_decision_kind kind)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    return wf_schedule_decision(cluster, &cluster->placements[slot], kind);
}

// Returns what the placed tasks of a job cost an hour.
static int64_t rent_nanousd_per_hour(const struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    wf_int128 rent = 0;
    for (uint32_t slot = cluster->jobs[job].first_placement; slot != WF_NONE;
         slot = cluster->placements[slot].next_of_job) {
        const struct wf_placement *placement = &cluster->placements[slot];
        const struct wf_pool *pool = &cluster->pools[cluster->nodes[placement->node].pool.index];
        rent += (wf_int128)pool->spec.price_nanousd_per_gpu_hour * placement->gpus *
                placement->gpu_milli;
    }
    return (int64_t)(rent / WF_GPU_MILLI);
}

// Returns what a job that holds such GPUs is expected to cost.
static int64_t expected_cost_nanousd(const struct wf_ticket *ticket, int64_t nanousd_per_hour)
{
    wf_int128 cost = (wf_int128)nanousd_per_hour * wf_ticket_run_ms(ticket) / HOUR_MS;
    return cost < INT64_MAX ? (int64_t)cost : INT64_MAX;
}

enum wf_block wf_schedule_may_start(struct wf_schedule *schedule, uint32_t job, wf_queue_id *at_out)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    int64_t gpu_milli = wf_job_gpu_milli(&ticket->spec);
    wf_placer_before_decisions(schedule->placer);
    wf_int128 hourly =
        (wf_int128)schedule->placer->outlook.fleet_price_nanousd * gpu_milli / WF_GPU_MILLI;
    struct wf_queue_verdict verdict = wf_queues_may_start(schedule->queues, wait->queue,
                                                          (struct wf_queue_bid){
                                                              .gpu_milli = gpu_milli,
                                                              .nanousd_per_hour = (int64_t)hourly,
                                                              .run_ms = wf_ticket_run_ms(ticket),
                                                          });
    *at_out = verdict.at;
    switch (verdict.answer) {
    case WF_QUEUE_MAY:
    case WF_QUEUE_OVER_BUDGET_LOWER: // goes behind all others instead:
                                     // core/schedule/schedule_pass.c
        break;
    case WF_QUEUE_OVER_LIMIT:
        return WF_BLOCK_SHARE;
    case WF_QUEUE_OVER_BUDGET_HOLD:
        return WF_BLOCK_BUDGET;
    }
    *at_out = wait->queue;
    bool full =
        wait->array_max > 0 && wf_arrays_running(&schedule->arrays, wait->array) >= wait->array_max;
    return full ? WF_BLOCK_ARRAY : WF_BLOCK_NONE;
}

static void start_stint(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    int64_t rent = rent_nanousd_per_hour(schedule, job);
    ticket->stint =
        wf_queues_start(schedule->queues, &(struct wf_stint){
                                              .queue = ticket->spec.wait.queue,
                                              .gpu_milli = wf_job_gpu_milli(&ticket->spec),
                                              .nanousd_per_hour = rent,
                                              .cost_nanousd = expected_cost_nanousd(ticket, rent),
                                          });
    WF_ASSERT(ticket->stint != WF_NONE);
}

static void tell_it_started(struct wf_schedule *schedule, uint32_t job)
{
    uint32_t dependent;
    while (wf_dependencies_take(&schedule->dependencies, job, WF_AFTER_START, &dependent)) {
        ticket_of(schedule, dependent)->open_dependencies--;
        wf_schedule_admit(schedule, dependent);
    }
}

// When a job that starts or started is believed to end: later than now, if it ran longer already.
static int64_t end_of(const struct wf_schedule *schedule, const struct wf_ticket *ticket)
{
    int64_t ran_ms = schedule->now_ms - ticket->start_ms;
    int64_t end_ms = believed_end_ms(schedule, &ticket->spec.wait);
    if (ran_ms == 0 || end_ms >= WF_NEVER) {
        return end_ms;
    }
    end_ms -= ran_ms;
    return end_ms > schedule->now_ms ? end_ms : schedule->now_ms + ran_ms / 4 + 1;
}

void wf_schedule_hold_gpus(struct wf_schedule *schedule, uint32_t job, int64_t started_ms)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    ticket->phase = WF_PHASE_RUNNING;
    ticket->has_started = true;
    ticket->start_ms = started_ms;
    ticket->saved_ms = started_ms;
    ticket->end_ms = end_of(schedule, ticket);
    start_stint(schedule, job);
    wf_schedule_runs(schedule, job);
    schedule->starts++;
    schedule->moment++;
    if (wait->array_max > 0) {
        wf_arrays_start(&schedule->arrays, wait->array);
    }
    int64_t latest_ms = wf_schedule_latest_ms(schedule, ticket);
    wf_timers_set(&schedule->timers, job, ticket->end_ms < latest_ms ? ticket->end_ms : latest_ms);
    tell_it_started(schedule, job);
}

void wf_schedule_hold_more(struct wf_schedule *schedule, uint32_t job)
{
    (void)wf_queues_stop(schedule->queues, ticket_of(schedule, job)->stint);
    start_stint(schedule, job);
}

void wf_schedule_book(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    wf_backlog_remove(&schedule->backlog, job);
    wf_schedule_goes(schedule, job);
    wf_schedule_hold_gpus(schedule, job, schedule->now_ms);
    for (uint32_t task = 0; task < ticket->spec.tasks; task++) {
        wf_record_add(schedule->record,
                      decision_of(schedule, schedule->placed[task], WF_DECISION_PLACE));
    }
}

enum wf_block wf_schedule_start(struct wf_schedule *schedule, uint32_t job, wf_queue_id *at_out)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    WF_ASSERT(ticket->phase == WF_PHASE_WAITING && ticket->reservation == WF_NONE);
    if (schedule->watches) {
        *at_out = ticket->spec.wait.queue;
        return WF_BLOCK_ROOM; // a start time is kept for it, which may be now
    }
    enum wf_block block = wf_schedule_may_start(schedule, job, at_out);
    if (block != WF_BLOCK_NONE) {
        return block;
    }
    if (!wf_schedule_place(schedule, job)) {
        *at_out = ticket->spec.wait.queue;
        return WF_BLOCK_ROOM;
    }
    wf_schedule_book(schedule, job);
    return WF_BLOCK_NONE;
}

void wf_schedule_freed(struct wf_schedule *schedule, uint32_t node)
{
    if (!schedule->is_freed[node]) {
        schedule->is_freed[node] = 1;
        schedule->freed[schedule->freed_count++] = node;
    }
}

// Tries again those that a limit, a budget or an array kept from starting.
static void reopen_queues(struct wf_schedule *schedule, wf_queue_id queue)
{
    while (queue.index != WF_NONE) {
        wf_backlog_unblock(&schedule->backlog, queue);
        queue = wf_queues_parent(schedule->queues, queue);
    }
}

// The same for those of an array, which may be in other queues.
static void reopen_array(struct wf_schedule *schedule, uint32_t array)
{
    struct wf_backlog *backlog = &schedule->backlog;
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        const struct wf_lane *lane = &backlog->lanes[backlog->used[i]];
        if (lane->block == WF_BLOCK_ARRAY && lane->array == array) {
            wf_backlog_block(backlog, backlog->used[i], WF_BLOCK_NONE, lane->queue);
        }
    }
}

void wf_schedule_overrun(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    int64_t latest_ms = wf_schedule_latest_ms(schedule, ticket);
    int64_t ran_ms = schedule->now_ms - ticket->start_ms;
    ticket->end_ms = schedule->now_ms + ran_ms / 4 + 1;
    ticket->end_ms = ticket->end_ms < latest_ms ? ticket->end_ms : latest_ms;
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    for (uint32_t slot = cluster->jobs[job].first_placement; slot != WF_NONE;
         slot = cluster->placements[slot].next_of_job) {
        wf_future_set_end(schedule->future, slot, ticket->end_ms);
    }
    wf_timers_set(&schedule->timers, job, ticket->end_ms);
    wf_schedule_room_changed(schedule, wait->queue);
    schedule->changes++;
}

void wf_schedule_release(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    (void)wf_queues_stop(schedule->queues, ticket->stint);
    wf_schedule_runs_no_more(schedule, job);
    if (ticket->spec.wait.array_max > 0) {
        wf_arrays_stop(&schedule->arrays, ticket->spec.wait.array);
        reopen_array(schedule, ticket->spec.wait.array);
    }
    wf_timers_set(&schedule->timers, job, INT64_MAX);
    schedule->changes++;
    schedule->moment++;
    reopen_queues(schedule, ticket->spec.wait.queue);
}

void wf_schedule_stop(struct wf_schedule *schedule, uint32_t job, enum wf_decision_kind kind)
{
    struct wf_cluster *cluster = &schedule->placer->cluster;
    WF_ASSERT(ticket_of(schedule, job)->phase == WF_PHASE_RUNNING);
    while (cluster->jobs[job].first_placement != WF_NONE) {
        uint32_t slot = cluster->jobs[job].first_placement;
        wf_record_add(schedule->record, decision_of(schedule, slot, kind));
        wf_schedule_freed(schedule, cluster->placements[slot].node);
        wf_schedule_unplace(schedule, slot);
    }
    wf_schedule_release(schedule, job);
}
