// SPDX-License-Identifier: Apache-2.0
// Queues take back what is guaranteed to them: work of queues above their guarantee is stopped, the
// least of it that is lost (core/preempt/preempt.h), and waits again.
#include "core/schedule/schedule_parts.h"

enum { EVERY_MS = 10000 }; // tried for the same lane no more often
#define HOUR_MS INT64_C(3600000)

// What the search for victims needs to know.
struct claim {
    struct wf_schedule *schedule;
    wf_queue_id queue;
    int64_t gpu_milli;
    int32_t priority;
};

static struct wf_ticket *ticket_of(struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

// Until when a running job's work is saved, because it said so or because it does so every so
// often.
static int64_t saved_ms(const struct wf_schedule *schedule, const struct wf_ticket *ticket)
{
    int64_t every_ms = ticket->spec.wait.checkpoint_ms;
    if (every_ms == 0) {
        return ticket->saved_ms;
    }
    int64_t ran_ms = schedule->now_ms - ticket->start_ms;
    int64_t last_ms = ticket->start_ms + ran_ms / every_ms * every_ms;
    return last_ms > ticket->saved_ms ? last_ms : ticket->saved_ms;
}

int64_t wf_schedule_loss_nanousd(const struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    int64_t ran_ms = schedule->now_ms - ticket->start_ms;
    if (ticket->phase != WF_PHASE_RUNNING || !ticket->spec.wait.preemptible ||
        ran_ms < schedule->placer->config.preempt_after_ms) {
        return -1;
    }
    wf_int128 loss = (wf_int128)(schedule->now_ms - saved_ms(schedule, ticket)) *
                     wf_job_gpu_milli(&ticket->spec) *
                     schedule->placer->outlook.fleet_price_nanousd / WF_GPU_MILLI / HOUR_MS;
    return loss < INT64_MAX / WF_JOB_TASKS_MAX ? (int64_t)loss : INT64_MAX / WF_JOB_TASKS_MAX;
}

static int64_t loss_nanousd(void *context, uint32_t job)
{
    const struct claim *claim = context;
    return wf_schedule_loss_nanousd(claim->schedule, job);
}

static bool take(void *context, uint32_t job)
{
    const struct claim *claim = context;
    const struct wf_ticket *ticket = ticket_of(claim->schedule, job);
    wf_queue_id queue = ticket->spec.wait.queue;
    int64_t gpu_milli = wf_job_gpu_milli(&ticket->spec);
    bool may = queue.index == claim->queue.index
                   ? ticket->spec.wait.priority < claim->priority
                   : wf_queues_may_reclaim(claim->schedule->queues, claim->queue, claim->gpu_milli,
                                           queue, gpu_milli);
    if (may) {
        wf_queues_suppose(claim->schedule->queues, queue, -gpu_milli);
    }
    return may;
}

static void give(void *context, uint32_t job)
{
    const struct claim *claim = context;
    const struct wf_ticket *ticket = ticket_of(claim->schedule, job);
    wf_queues_suppose(claim->schedule->queues, ticket->spec.wait.queue,
                      wf_job_gpu_milli(&ticket->spec));
}

uint32_t wf_schedule_lift(struct wf_schedule *schedule, const uint32_t *victims, uint32_t count)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    uint32_t tasks = 0;
    for (uint32_t i = 0; i < count; i++) {
        tasks += ticket_of(schedule, victims[i])->spec.tasks;
    }
    if (tasks > WF_JOB_TASKS_MAX) {
        return 0;
    }
    uint32_t lifted = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot;
        while ((slot = cluster->jobs[victims[i]].first_placement) != WF_NONE) {
            schedule->lifted[lifted++] = cluster->placements[slot];
            wf_schedule_unplace(schedule, slot);
        }
    }
    return lifted;
}

void wf_schedule_put_back(struct wf_schedule *schedule, uint32_t lifted)
{
    while (lifted > 0) {
        const struct wf_placement *placement = &schedule->lifted[--lifted];
        struct wf_request served = wf_placement_taken(placement);
        wf_future_lift(schedule->future, placement->node);
        uint32_t slot = wf_placer_place_found(schedule->placer, placement->job, placement->task,
                                              &served, placement->node, placement->gpu_set);
        wf_future_add(schedule->future, slot, ticket_of(schedule, placement->job)->end_ms);
    }
}

void wf_schedule_tell_lifted(struct wf_schedule *schedule, uint32_t lifted)
{
    for (uint32_t i = 0; i < lifted; i++) {
        const struct wf_placement *placement = &schedule->lifted[i];
        wf_record_add(schedule->record, wf_schedule_decision(&schedule->placer->cluster, placement,
                                                             WF_DECISION_PREEMPT));
        wf_schedule_freed(schedule, placement->node);
    }
}

// The victims are off their nodes: says so, and lets them wait again.
static void preempt(struct wf_schedule *schedule, uint32_t lifted, const uint32_t *victims,
                    uint32_t count)
{
    wf_schedule_tell_lifted(schedule, lifted);
    for (uint32_t i = 0; i < count; i++) {
        wf_schedule_release(schedule, victims[i]);
        ticket_of(schedule, victims[i])->preemptions++;
        wf_schedule_requeue(schedule, victims[i]);
    }
}

// Stops the victims and starts the job in their place, unless the room they leave is kept for
// somebody else. Returns whether it started.
static bool replace(struct wf_schedule *schedule, uint32_t job, const uint32_t *victims,
                    uint32_t count)
{
    uint32_t lifted = wf_schedule_lift(schedule, victims, count);
    if (lifted == 0) {
        return false;
    }
    if (!wf_schedule_place(schedule, job)) {
        wf_schedule_put_back(schedule, lifted);
        return false;
    }
    preempt(schedule, lifted, victims, count);
    wf_schedule_book(schedule, job);
    return true;
}

void wf_schedule_lift_kept(struct wf_schedule *schedule, uint32_t job)
{
    uint32_t reservation = ticket_of(schedule, job)->reservation;
    if (reservation == WF_NONE) {
        return;
    }
    for (uint32_t at = wf_future_first_task(schedule->future, reservation); at != WF_NONE;) {
        struct wf_future_task task = wf_future_task(schedule->future, at);
        wf_future_lift(schedule->future, task.node);
        at = task.next;
    }
}

// The same with the start time that is kept for the job: it is given up only if victims are found,
// and kept again if they do not help.
static bool replace_kept(struct wf_schedule *schedule, uint32_t job, const uint32_t *victims,
                         uint32_t count)
{
    bool kept = ticket_of(schedule, job)->reservation != WF_NONE;
    wf_schedule_give_up(schedule, job);
    if (replace(schedule, job, victims, count)) {
        return true;
    }
    return kept && wf_schedule_keep(schedule, job) == WF_KEEP_STARTED;
}

// Returns whether the lane's first job started in the place of others.
static bool reclaim_for(struct wf_schedule *schedule, const struct wf_lane *lane)
{
    uint32_t job = lane->first;
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    struct claim claim = {
        .schedule = schedule,
        .queue = lane->queue,
        .gpu_milli = wf_job_gpu_milli(&ticket->spec),
        .priority = lane->priority,
    };
    struct wf_preempt_wish wish = {
        .request = &ticket->spec.request,
        .tasks = ticket->spec.tasks,
        .within = ticket->spec.wait.within,
        .job = job,
        .loss_max_nanousd = INT64_MAX,
        .loss = loss_nanousd,
        .take = take,
        .give = give,
        .context = &claim,
    };
    const uint32_t *victims;
    uint32_t count;
    wf_future_settle(schedule->future);
    wf_schedule_lift_kept(schedule, job);
    bool found = wf_preempt_find(schedule->preempt, &wish, &victims, &count);
    wf_future_settle(schedule->future);
    for (uint32_t i = 0; found && i < count; i++) {
        give(&claim, victims[i]); // they are stopped for real instead
    }
    return found && count > 0 && replace_kept(schedule, job, victims, count);
}

// Whether the lane's first job waits for room that may be free or kept.
static bool lacks_room(const struct wf_schedule *schedule, const struct wf_lane *lane)
{
    return lane->block == WF_BLOCK_ROOM ||
           schedule->backlog.tickets[lane->first].reservation != WF_NONE;
}

// Whether its queue is due that room.
static bool is_due(struct wf_schedule *schedule, uint32_t index)
{
    const struct wf_lane *lane = &schedule->backlog.lanes[index];
    const struct wf_ticket *ticket = ticket_of(schedule, lane->first);
    wf_queue_id at;
    int64_t gpu_milli = wf_job_gpu_milli(&ticket->spec);
    return gpu_milli > 0 && wf_queues_borrow_level(schedule->queues, lane->queue, gpu_milli) == 0 &&
           wf_schedule_may_start(schedule, lane->first, &at) == WF_BLOCK_NONE &&
           (ticket->reservation != WF_NONE ||
            wf_schedule_yields(schedule, index, true, &at) == WF_NONE);
}

// When the next of those that run may be stopped, who have not run for long enough, or INT64_MAX.
static int64_t next_ripe_ms(const struct wf_schedule *schedule)
{
    int64_t after_ms = schedule->placer->config.preempt_after_ms;
    int64_t next_ms = INT64_MAX;
    for (uint32_t leaf = 0; leaf < schedule->placer->config.limits.queues; leaf++) {
        uint32_t job = schedule->rooms[leaf].last_running;
        while (job != WF_NONE) {
            const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
            int64_t ripe_ms = ticket->start_ms + after_ms;
            if (ripe_ms <= schedule->now_ms) {
                break; // who started before is ripe, too
            }
            next_ms = ticket->spec.wait.preemptible && ripe_ms < next_ms ? ripe_ms : next_ms;
            job = ticket->previous;
        }
    }
    return next_ms;
}

// When a lane that was tried in vain is to be tried again: when somebody may be stopped who might
// not be then, or has started or ended since, but never too soon.
static int64_t again_ms(const struct wf_schedule *schedule, const struct wf_lane *lane,
                        int64_t ripe_ms)
{
    bool stirred = lane->preempt_seen != schedule->changes + schedule->starts;
    return stirred || ripe_ms < lane->preempt_next_ms ? lane->preempt_next_ms : ripe_ms;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void wf_schedule_reclaim(struct wf_schedule *schedule)
{
    struct wf_backlog *backlog = &schedule->backlog;
    uint32_t tries = 0;
    int64_t ripe_ms = next_ripe_ms(schedule);
    schedule->reclaim_next_ms = INT64_MAX;
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        struct wf_lane *lane = &backlog->lanes[backlog->used[i]];
        int64_t next_ms = INT64_MAX;
        if (!lacks_room(schedule, lane)) {
            continue;
        }
        if (schedule->now_ms < lane->preempt_next_ms) {
            next_ms = again_ms(schedule, lane, ripe_ms);
        } else if (is_due(schedule, backlog->used[i])) {
            if (tries++ == WF_SCHEDULE_RECLAIMS_MAX) {
                schedule->reclaim_next_ms = schedule->now_ms + 1; // it is the others' turn then
                return;
            }
            lane->preempt_next_ms = schedule->now_ms + EVERY_MS;
            lane->preempt_seen = schedule->changes + schedule->starts;
            if (!reclaim_for(schedule, lane)) {
                next_ms = again_ms(schedule, lane, ripe_ms);
            }
        }
        schedule->reclaim_next_ms = earlier(schedule->reclaim_next_ms, next_ms);
    }
}
