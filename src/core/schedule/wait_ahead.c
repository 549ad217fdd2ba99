// SPDX-License-Identifier: Apache-2.0
// Who stands before a waiting job: the order of core/schedule/schedule_pass.c, told with its rules.
#include "core/core.h"
#include "core/schedule/schedule.h"
#include "core/schedule/wait_explain.h"

// What decides about a job's place, the shares of its queue apart.
struct standing {
    uint32_t job;
    bool is_kept;
    uint32_t queue_level;
    int64_t rank;
    bool urgent;
};

static const struct wf_ticket *ticket_of(const struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

// The discipline's order among them, where it has one of its own.
static void set_rank(const struct wf_schedule *schedule, const struct wf_ticket *ticket,
                     struct standing *out)
{
    const struct wf_discipline *discipline = schedule->discipline;
    int64_t (*rank)(const struct wf_standing *) =
        discipline->jumps && discipline->fill_rank ? discipline->fill_rank : discipline->rank;
    if (rank && discipline->cycle_ms == 0) {
        struct wf_standing standing = wf_standing_of(ticket, schedule->now_ms);
        out->rank = rank(&standing);
        out->urgent = wf_discipline_urges(discipline, &standing);
    }
}

// Where its queue stands among others.
static uint32_t level_of(const struct wf_schedule *schedule, const struct wf_ticket *ticket)
{
    wf_queue_id queue = ticket->spec.wait.queue;
    uint32_t level =
        schedule->discipline->shares ? wf_queues_borrow_level(schedule->queues, queue, 1) : 0;
    bool lowered = wf_queues_may_start(schedule->queues, queue, (struct wf_queue_bid){0}).answer ==
                   WF_QUEUE_OVER_BUDGET_LOWER;
    return level + (lowered ? WF_QUEUE_DEPTH_MAX : 0);
}

static struct standing standing_of(const struct wf_schedule *schedule, uint32_t job,
                                   uint32_t queue_level)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    struct standing standing = {
        .job = job,
        .is_kept = ticket->reservation != WF_NONE,
        .queue_level = queue_level,
    };
    set_rank(schedule, ticket, &standing);
    return standing;
}

// Returns less than 0 when a goes before b, and the rule that says so.
static int compare(const struct wf_schedule *schedule, const struct standing *a,
                   const struct standing *b, enum wf_ahead_rule *rule_out)
{
    const struct wf_ticket *of_a = ticket_of(schedule, a->job);
    const struct wf_ticket *of_b = ticket_of(schedule, b->job);
    *rule_out = WF_AHEAD_KEPT;
    if (a->is_kept != b->is_kept) {
        return a->is_kept ? -1 : 1;
    }
    *rule_out = WF_AHEAD_GUARANTEE;
    if (a->queue_level != b->queue_level) {
        return a->queue_level < b->queue_level ? -1 : 1;
    }
    *rule_out = WF_AHEAD_PRIORITY;
    if (of_a->spec.wait.priority != of_b->spec.wait.priority) {
        return of_a->spec.wait.priority > of_b->spec.wait.priority ? -1 : 1;
    }
    *rule_out = WF_AHEAD_SHARE;
    if (schedule->discipline->shares &&
        of_a->spec.wait.queue.index != of_b->spec.wait.queue.index) {
        return wf_queues_compare(schedule->queues, of_a->spec.wait.queue, of_b->spec.wait.queue);
    }
    *rule_out = (a->rank < b->rank ? a : b)->urgent ? WF_AHEAD_DEADLINE : WF_AHEAD_RANK;
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    *rule_out = WF_AHEAD_ARRIVAL;
    return (of_a->sequence > of_b->sequence) - (of_a->sequence < of_b->sequence);
}

// Puts one of those ahead among the first that are named, if it is one of them.
static void show(const struct wf_schedule *schedule, const struct standing *other,
                 enum wf_ahead_rule rule, struct standing foremost[WF_WAIT_SHOWN],
                 struct wf_wait_ahead *out)
{
    enum wf_ahead_rule unused;
    uint32_t at = out->shown;
    while (at > 0 && compare(schedule, other, &foremost[at - 1], &unused) < 0) {
        at--;
    }
    if (at == WF_WAIT_SHOWN) {
        return;
    }
    out->shown += out->shown < WF_WAIT_SHOWN;
    for (uint32_t i = out->shown - 1; i > at; i--) {
        foremost[i] = foremost[i - 1];
        out->first[i] = out->first[i - 1];
    }
    const struct wf_ticket *ticket = ticket_of(schedule, other->job);
    foremost[at] = *other;
    out->first[at] = (struct wf_wait_other){
        .job = ticket->spec.id,
        .gpu_milli = wf_job_gpu_milli(&ticket->spec),
        .start_ms = ticket->reservation == WF_NONE
                        ? WF_NEVER
                        : wf_future_start_ms(schedule->future, ticket->reservation),
        .rule = rule,
    };
}

static void count_lane(const struct wf_schedule *schedule, const struct wf_lane *lane,
                       const struct standing *asked, struct standing foremost[WF_WAIT_SHOWN],
                       struct wf_wait_ahead *out)
{
    uint32_t level = level_of(schedule, ticket_of(schedule, lane->first));
    for (uint32_t job = lane->first; job != WF_NONE; job = ticket_of(schedule, job)->next) {
        struct standing other = standing_of(schedule, job, level);
        enum wf_ahead_rule rule;
        if (job == asked->job || compare(schedule, &other, asked, &rule) >= 0) {
            continue;
        }
        const struct wf_ticket *ticket = ticket_of(schedule, job);
        int64_t gpu_milli = wf_job_gpu_milli(&ticket->spec);
        out->jobs[rule]++;
        out->gpu_milli[rule] += gpu_milli;
        out->jobs_all++;
        out->gpu_milli_all += gpu_milli;
        out->work_gpu_milli_ms += (wf_int128)gpu_milli * wf_ticket_run_ms(ticket);
        show(schedule, &other, rule, foremost, out);
    }
}

// Whether the lane's jobs want what a job of the other lane (NULL: of none) wants.
static bool is_in_the_way(const struct wf_lane *lane, const struct wf_lane *own)
{
    return lane->block == WF_BLOCK_NONE || lane->block == WF_BLOCK_ROOM ||
           (own && lane->block == own->block && lane->blocked_at.index == own->blocked_at.index);
}

void wf_wait_ahead(const struct wf_core *core, uint32_t job, struct wf_wait_ahead *out)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_backlog *backlog = &schedule->backlog;
    *out = (struct wf_wait_ahead){0};
    struct standing foremost[WF_WAIT_SHOWN];
    struct standing asked =
        standing_of(schedule, job, level_of(schedule, ticket_of(schedule, job)));
    uint32_t lane_of_job = ticket_of(schedule, job)->lane;
    const struct wf_lane *own =
        ticket_of(schedule, job)->phase == WF_PHASE_WAITING ? &backlog->lanes[lane_of_job] : NULL;
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        const struct wf_lane *lane = &backlog->lanes[backlog->used[i]];
        if (is_in_the_way(lane, own)) {
            count_lane(schedule, lane, &asked, foremost, out);
        }
    }
}
