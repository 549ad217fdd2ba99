// SPDX-License-Identifier: Apache-2.0
#include "forecast/start_watch.h"

#include <stdlib.h>

// The usual one falls through between its cases, which clang tells again and again.
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#include "base/hash.h"
#include "core/schedule/schedule.h"
#include "core/schedule/wait_explain.h"

enum {
    SAMPLES = 2048, // that are kept
    LOOKS_IN_A_RUN = 2000,
    INTERVAL_MS_MIN = 20000,
    INTERVAL_MS_MAX = 3600000,
    LOOKS = 2,         // jobs that are looked at each time
    OPEN_PER_JOB = 64, // samples of one job that may be open
};
#define FAR_MS (INT64_C(30) * 24 * 3600 * 1000)

// A waiting job that was looked at.
struct sampled {
    uint64_t id;
    uint64_t samples[OPEN_PER_JOB];
    uint32_t count;
    UT_hash_handle hh;
};

struct wf_start_watch {
    struct wf_start_time_model *model;
    struct sampled *jobs; // uthash by id
    int64_t interval_ms, next_ms;
    uint64_t draws;
    bool has_begun;
};

enum wf_status wf_start_watch_create(int64_t interval_ms, struct wf_start_watch **watch_out,
                                     struct wf_error *err)
{
    struct wf_start_watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return wf_fail(err, WF_NOMEM, "no memory to watch jobs");
    }
    watch->interval_ms = interval_ms;
    enum wf_status status = wf_start_time_create(SAMPLES, &watch->model, err);
    if (status != WF_OK) {
        wf_start_watch_destroy(watch);
        return status;
    }
    *watch_out = watch;
    return WF_OK;
}

void wf_start_watch_destroy(struct wf_start_watch *watch)
{
    if (!watch) {
        return;
    }
    struct sampled *sampled = watch->jobs;
    HASH_CLEAR(hh, watch->jobs); // the table; the jobs still know who comes next
    while (sampled) {
        struct sampled *next = sampled->hh.next;
        free(sampled);
        sampled = next;
    }
    wf_start_time_destroy(watch->model);
    free(watch);
}

int64_t wf_start_watch_interval_ms(int64_t span_ms)
{
    int64_t interval_ms = span_ms / LOOKS_IN_A_RUN;
    return interval_ms < INTERVAL_MS_MIN   ? INTERVAL_MS_MIN
           : interval_ms > INTERVAL_MS_MAX ? INTERVAL_MS_MAX
                                           : interval_ms;
}

static int64_t at_least(int64_t value, int64_t least)
{
    return value > least ? value : least;
}

// How long the machines that the job may use need for the work before it.
static int64_t work_ahead_ms(const struct wf_core *core, const struct wf_ticket *ticket,
                             uint32_t job)
{
    const struct wf_cluster *cluster = wf_core_cluster(core);
    struct wf_wait_ahead ahead;
    wf_wait_ahead(core, job, &ahead);
    int64_t capacity_milli = 0;
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        const struct wf_pool *pool = &cluster->pools[i];
        if (pool->nodes > 0 && wf_pool_admits(pool, &ticket->spec.request)) {
            capacity_milli += pool->gpu_capacity_milli;
        }
    }
    // One that waits at its queue's limit waits for that queue's GPUs.
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_lane *lane = &schedule->backlog.lanes[ticket->lane];
    struct wf_queue_view view;
    if (lane->block == WF_BLOCK_SHARE &&
        wf_queues_view(schedule->queues, lane->blocked_at, &view) &&
        view.spec.limit_gpu_milli < capacity_milli) {
        capacity_milli = view.spec.limit_gpu_milli;
    }
    double work_ms = (double)ahead.work_gpu_milli_ms / (double)at_least(capacity_milli, 1);
    return work_ms < (double)FAR_MS ? (int64_t)work_ms : FAR_MS;
}

// When there is room for it at last, as far as is believed of those that run.
static int64_t room_ms(const struct wf_schedule *schedule, const struct wf_ticket *ticket,
                       uint32_t job)
{
    struct wf_future_wish wish = {
        .job = job,
        .request = ticket->spec.request,
        .tasks = ticket->spec.tasks,
        .within = ticket->spec.wait.within,
        .length_ms = ticket->spec.wait.limit_ms > 0 ? ticket->spec.wait.limit_ms : WF_NEVER,
    };
    int64_t start_ms;
    if (!wf_future_find(schedule->future, &wish, &start_ms)) {
        return FAR_MS;
    }
    return at_least(start_ms - schedule->now_ms, 0);
}

int64_t wf_start_watch_estimate_ms(const struct wf_core *core, uint32_t job)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    if (ticket->reservation != WF_NONE) {
        int64_t start_ms = wf_future_start_ms(schedule->future, ticket->reservation);
        return at_least(start_ms - schedule->now_ms, 0);
    }
    int64_t begins_ms = wait->begin_ms - schedule->now_ms;
    int64_t ahead_ms = ticket->phase == WF_PHASE_WAITING ? work_ahead_ms(core, ticket, job) : 0;
    return at_least(at_least(room_ms(schedule, ticket, job), ahead_ms), begins_ms);
}

static struct wf_start_time_question question_of(const struct wf_core *core, uint32_t job)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    return (struct wf_start_time_question){
        .estimate_ms = wf_start_watch_estimate_ms(core, job),
        .waited_ms = schedule->now_ms - ticket->ready_ms,
        .gpu_milli = wf_job_gpu_milli(&ticket->spec),
        .is_kept = ticket->reservation != WF_NONE,
    };
}

void wf_start_watch_tell(const struct wf_start_watch *watch, const struct wf_core *core,
                         uint32_t job, struct wf_start_time_points *points_out)
{
    struct wf_start_time_question question = question_of(core, job);
    wf_start_time_predict(watch->model, &question, wf_core_schedule(core)->now_ms, points_out);
}

static struct sampled *find_sampled(const struct wf_start_watch *watch, uint64_t id)
{
    struct sampled *sampled = NULL;
    HASH_FIND(hh, watch->jobs, &id, sizeof id, sampled);
    return sampled;
}

static void close_samples(struct wf_start_watch *watch, uint64_t id, int64_t now_ms, bool started)
{
    struct sampled *sampled = find_sampled(watch, id);
    if (!sampled) {
        return;
    }
    for (uint32_t i = 0; i < sampled->count; i++) {
        if (started) {
            wf_start_time_started(watch->model, sampled->samples[i], now_ms);
        } else {
            wf_start_time_left(watch->model, sampled->samples[i], now_ms);
        }
    }
    HASH_DEL(watch->jobs, sampled);
    free(sampled);
}

static struct sampled *make_sampled(struct wf_start_watch *watch, uint64_t id)
{
    struct sampled *sampled = find_sampled(watch, id);
    if (!sampled) {
        sampled = calloc(1, sizeof *sampled);
        if (sampled) {
            sampled->id = id;
            HASH_ADD(hh, watch->jobs, id, sizeof id, sampled);
        }
    }
    return sampled;
}

// Returns the waiting job of that number in the order of lanes, WF_NONE past the last.
static uint32_t waiting_job(const struct wf_backlog *backlog, uint64_t number)
{
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        const struct wf_lane *lane = &backlog->lanes[backlog->used[i]];
        if (number >= lane->count) {
            number -= lane->count;
            continue;
        }
        uint32_t job = lane->first;
        for (; number > 0; number--) {
            job = backlog->tickets[job].next;
        }
        return job;
    }
    return WF_NONE;
}

static void look(struct wf_start_watch *watch, const struct wf_core *core)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_backlog *backlog = &schedule->backlog;
    for (uint32_t i = 0; i < LOOKS && backlog->waiting > 0; i++) {
        uint64_t draw = wf_hash_add(0, watch->draws++) % backlog->waiting;
        uint32_t job = waiting_job(backlog, draw);
        if (job == WF_NONE) {
            continue;
        }
        struct sampled *sampled = make_sampled(watch, backlog->tickets[job].spec.id.number);
        if (sampled && sampled->count < OPEN_PER_JOB) {
            struct wf_start_time_question question = question_of(core, job);
            sampled->samples[sampled->count++] =
                wf_start_time_ask(watch->model, &question, schedule->now_ms);
        }
    }
}

void wf_start_watch_note(struct wf_start_watch *watch, const struct wf_core *core,
                         const struct wf_event *event, const struct wf_decisions *decisions)
{
    for (uint32_t i = 0; i < decisions->count; i++) {
        const struct wf_decision *decision = &decisions->list[i];
        if (decision->kind == WF_DECISION_PLACE || decision->kind == WF_DECISION_REJECT) {
            close_samples(watch, decision->job.number, event->time_ms,
                          decision->kind == WF_DECISION_PLACE);
        }
    }
    if (event->kind == WF_EVENT_JOB_END) {
        close_samples(watch, event->job_end.id.number, event->time_ms, false);
    }
    // As long as more is to be heard of this moment, nobody has been tried yet.
    bool is_settled = !event->more;
    if (is_settled && (!watch->has_begun || event->time_ms >= watch->next_ms)) {
        watch->has_begun = true;
        watch->next_ms = event->time_ms + watch->interval_ms;
        look(watch, core);
    }
}
