// SPDX-License-Identifier: Apache-2.0
// Small work moves together, so that large work starts in the room that lay scattered. Whoever has
// a start time kept may start now if some that run go elsewhere: each of those is stopped, loses
// what it did since it last saved its work, and starts at once where it has room. Nobody is made to
// wait by it. It is worth it when the GPUs of the one that waits, until it would start anyway or
// for its run, whichever is shorter, bring more than all moves cost.
//
// Who moves is found by the search for victims (core/preempt/preempt.h), among jobs of one task
// with GPUs that may be stopped and would fit elsewhere. Gangs stay, since all of their tasks would
// have to stop; and nobody is moved twice.
#include "core/schedule/schedule_parts.h"

enum {
    EVERY_MS = 10000,   // tried for the same job no more often
    RESTART_MS = 60000, // that a move costs beside what is lost, if the job does not say
    KINDS_MAX = 64,     // distinct requests of those who may move
    TRIES_MAX = 4,      // searches for one job, each without one who found no room
};
#define HOUR_MS INT64_C(3600000)

// Where one task of a request would fit.
struct kind {
    struct wf_request request;
    uint32_t node;  // one of the nodes
    bool elsewhere; // there are more
};

struct errand {
    struct wf_schedule *schedule;
    struct kind kinds[KINDS_MAX];
    uint32_t kind_count;
    uint32_t stuck[TRIES_MAX]; // who found no room
    uint32_t stuck_count;
    uint32_t left; // who may still be moved
    bool hopeless; // another search would find nothing else
};

static struct wf_ticket *ticket_of(struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

static int64_t worth_nanousd(int64_t gpu_milli, int64_t span_ms, int64_t nanousd_per_gpu_hour)
{
    wf_int128 worth =
        (wf_int128)gpu_milli * span_ms * nanousd_per_gpu_hour / WF_GPU_MILLI / HOUR_MS;
    return worth < INT64_MAX / WF_JOB_TASKS_MAX ? (int64_t)worth : INT64_MAX / WF_JOB_TASKS_MAX;
}

static struct kind look_for(const struct wf_schedule *schedule, const struct wf_request *request)
{
    struct kind kind = {.request = *request, .node = WF_NONE};
    uint32_t count = schedule->placer->cluster.nodes_end;
    for (uint32_t node = 0; node < count && !kind.elsewhere; node++) {
        if (wf_schedule_may_take(schedule, node, request)) {
            kind.elsewhere = kind.node != WF_NONE;
            kind.node = kind.node == WF_NONE ? node : kind.node;
        }
    }
    return kind;
}

// Whether one such task fits on another node than this, or on other GPUs of it.
static bool fits_elsewhere(struct errand *errand, const struct wf_request *request, uint32_t node)
{
    uint32_t at = 0;
    while (at < errand->kind_count && !wf_request_same(&errand->kinds[at].request, request)) {
        at++;
    }
    if (at == KINDS_MAX) {
        return false;
    }
    if (at == errand->kind_count) {
        errand->kinds[errand->kind_count++] = look_for(errand->schedule, request);
    }
    const struct kind *kind = &errand->kinds[at];
    bool shares = request->gpu_milli < WF_GPU_MILLI;
    return kind->elsewhere || (kind->node != WF_NONE && (kind->node != node || shares));
}

static bool is_stuck(const struct errand *errand, uint32_t job)
{
    for (uint32_t i = 0; i < errand->stuck_count; i++) {
        if (errand->stuck[i] == job) {
            return true;
        }
    }
    return false;
}

// What the move of a job costs.
static int64_t cost_nanousd(void *context, uint32_t job)
{
    struct errand *errand = context;
    const struct wf_schedule *schedule = errand->schedule;
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    const struct wf_job_spec *spec = &ticket->spec;
    int64_t loss_nanousd = wf_schedule_loss_nanousd(schedule, job);
    if (loss_nanousd < 0 || spec->tasks != 1 || spec->request.gpus == 0 || ticket->was_moved ||
        is_stuck(errand, job)) {
        return -1;
    }
    uint32_t node = cluster->placements[cluster->jobs[job].first_placement].node;
    if (!fits_elsewhere(errand, &spec->request, node)) {
        return -1;
    }
    int64_t restart_nanousd = worth_nanousd(wf_job_gpu_milli(spec), RESTART_MS,
                                            schedule->placer->outlook.fleet_price_nanousd);
    return loss_nanousd + (spec->move_cost_nanousd > 0 ? spec->move_cost_nanousd : restart_nanousd);
}

static bool take(void *context, uint32_t job)
{
    (void)job;
    struct errand *errand = context;
    bool may = errand->left > 0;
    errand->left -= may;
    return may;
}

static void give(void *context, uint32_t job)
{
    (void)job;
    struct errand *errand = context;
    errand->left++;
}

// What it brings to start the job now, and not only when its kept start time comes.
static int64_t win_nanousd(const struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    int64_t wait_ms = wf_future_start_ms(schedule->future, ticket->reservation) - schedule->now_ms;
    int64_t run_ms = wf_ticket_run_ms(ticket);
    int64_t value_nanousd = schedule->waiting_value_nanousd > 0
                                ? schedule->waiting_value_nanousd
                                : schedule->placer->outlook.fleet_price_nanousd;
    return worth_nanousd(wf_job_gpu_milli(&ticket->spec), wait_ms < run_ms ? wait_ms : run_ms,
                         value_nanousd);
}

// Places those who were taken off elsewhere. Returns how many found room, the first of them.
static uint32_t place_all(struct wf_schedule *schedule, const uint32_t *victims, uint32_t count)
{
    uint32_t placed = 0;
    while (placed < count && wf_schedule_place(schedule, victims[placed])) {
        placed++;
    }
    return placed;
}

static void take_off(struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    while (cluster->jobs[job].first_placement != WF_NONE) {
        wf_schedule_unplace(schedule, cluster->jobs[job].first_placement);
    }
}

// They are where they go to: says so, and books it.
static void book_all(struct wf_schedule *schedule, uint32_t lifted, const uint32_t *victims,
                     uint32_t count)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    wf_schedule_tell_lifted(schedule, lifted);
    for (uint32_t i = 0; i < count; i++) {
        struct wf_ticket *ticket = ticket_of(schedule, victims[i]);
        const struct wf_placement *there =
            &cluster->placements[cluster->jobs[victims[i]].first_placement];
        wf_schedule_release(schedule, victims[i]);
        wf_schedule_tell_waits(schedule, victims[i]);
        ticket->preemptions++;
        ticket->was_moved = true;
        wf_schedule_hold_gpus(schedule, victims[i], schedule->now_ms);
        wf_record_add(schedule->record, wf_schedule_decision(cluster, there, WF_DECISION_PLACE));
    }
}

// Moves the victims and starts the job, or nothing of it. Returns whether it did; else one of them
// is stuck, or it is hopeless.
static bool carry_out(struct errand *errand, uint32_t job, const uint32_t *victims, uint32_t count)
{
    struct wf_schedule *schedule = errand->schedule;
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    uint32_t lifted = wf_schedule_lift(schedule, victims, count);
    if (lifted == 0 || !wf_schedule_place(schedule, job)) {
        wf_schedule_put_back(schedule, lifted);
        errand->hopeless = true;
        return false;
    }
    uint32_t placed = place_all(schedule, victims, count);
    if (placed == count) {
        book_all(schedule, lifted, victims, count);
        for (uint32_t slot = cluster->jobs[job].first_placement; slot != WF_NONE;
             slot = cluster->placements[slot].next_of_job) {
            schedule->placed[cluster->placements[slot].task] = slot;
        }
        wf_schedule_book(schedule, job);
        return true;
    }
    errand->stuck[errand->stuck_count++] = victims[placed];
    errand->hopeless = errand->stuck_count == TRIES_MAX;
    while (placed > 0) {
        take_off(schedule, victims[--placed]);
    }
    take_off(schedule, job);
    wf_schedule_put_back(schedule, lifted);
    return false;
}

// Returns whether others were moved, and the job started. A start time that was kept for it is
// given up for that only, or kept again.
static bool try_to_move(struct errand *errand, uint32_t job, const struct wf_preempt_wish *wish)
{
    struct wf_schedule *schedule = errand->schedule;
    const uint32_t *victims;
    uint32_t count;
    wf_future_settle(schedule->future);
    wf_schedule_lift_kept(schedule, job);
    bool found = wf_preempt_find(schedule->preempt, wish, &victims, &count);
    wf_future_settle(schedule->future);
    if (!found || count == 0) {
        errand->hopeless = true;
        return false;
    }
    wf_schedule_give_up(schedule, job);
    if (carry_out(errand, job, victims, count)) {
        return true;
    }
    errand->left += count;
    return wf_schedule_keep(schedule, job) == WF_KEEP_STARTED;
}

static bool move_for(struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = ticket_of(schedule, job);
    wf_queue_id at;
    int64_t most_nanousd = win_nanousd(schedule, job);
    if (schedule->move_cost_max_nanousd > 0 && schedule->move_cost_max_nanousd < most_nanousd) {
        most_nanousd = schedule->move_cost_max_nanousd + 1;
    }
    if (most_nanousd <= 0 || wf_schedule_may_start(schedule, job, &at) != WF_BLOCK_NONE) {
        return false;
    }
    struct errand errand = {.schedule = schedule, .left = schedule->moves_left};
    struct wf_preempt_wish wish = {
        .request = &ticket->spec.request,
        .tasks = ticket->spec.tasks,
        .within = ticket->spec.wait.within,
        .job = job,
        .loss_max_nanousd = most_nanousd,
        .loss = cost_nanousd,
        .take = take,
        .give = give,
        .context = &errand,
    };
    bool started = false;
    while (!started && !errand.hopeless && ticket->reservation != WF_NONE) {
        started = try_to_move(&errand, job, &wish);
    }
    schedule->moves_left = schedule->moves_left < UINT32_MAX ? errand.left : UINT32_MAX;
    return started;
}

void wf_schedule_move(struct wf_schedule *schedule)
{
    uint32_t tries = 0;
    schedule->moves_next_ms = INT64_MAX;
    for (uint32_t i = 0; i < schedule->reserved_count && schedule->moves_left > 0;) {
        uint32_t job = schedule->reserved[i];
        struct wf_ticket *ticket = ticket_of(schedule, job);
        uint64_t seen = schedule->changes + schedule->starts;
        if (seen == ticket->move_seen) {
            i++;
            continue;
        }
        bool enough = tries == WF_SCHEDULE_MOVES_MAX; // it is the others' turn then
        int64_t soon_ms = schedule->now_ms + enough;
        int64_t next_ms = ticket->move_next_ms > soon_ms ? ticket->move_next_ms : soon_ms;
        if (next_ms > schedule->now_ms) {
            schedule->moves_next_ms =
                next_ms < schedule->moves_next_ms ? next_ms : schedule->moves_next_ms;
            i++;
            continue;
        }
        tries++;
        ticket->move_next_ms = schedule->now_ms + EVERY_MS;
        ticket->move_seen = seen;
        i += !move_for(schedule, job);
    }
}
