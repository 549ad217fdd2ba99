// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/rerun.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/hash.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "core/schedule/schedule.h"
#include "forecast/run_time.h"
#include "sim/rerun/meter.h"

enum {
    SCORES_MAX = 16000000, // nodes times request classes whose scores the core may keep
    CLASSES_MAX = 4096,
    LANES_MAX = 65536,
    RESERVATIONS = 256,
    PLACEMENTS_MAX = 4000000,
    KINDS_MAX = 200000, // of jobs, in the run-time model
    SLOTS_CACHED = 4096,
    GRACE_MS = 1000, // a job that really ran past its limit is not stopped for it
    PROGRESS_EVERY = 256,
};
#define HOUR_MS INT64_C(3600000)

enum state {
    STATE_NEW,
    STATE_WAITING,
    STATE_RUNNING,
    STATE_OVER,
};

// A job of the run, parallel to the list of jobs.
struct course {
    int64_t since_ms; // it has been waiting, or running
    int64_t done_ms;  // of its run, saved before it was stopped
    int64_t rent_nanousd_per_hour;
    int64_t by_use_nanousd_per_hour; // the part of it that is paid only while the job runs
    uint32_t heap_at;                // place in the heap of ends
    uint32_t open_after;             // that it waits for; until then it does not count as waiting
    uint32_t next_begin, previous_begin; // in the list of those that are about to run
    bool begins;                         // it has its nodes, and does not run yet
    bool has_started;
    enum state state;
};

struct dependent {
    uint32_t job;
    enum wf_after after;
};

struct slots {
    struct wf_request request;
    uint32_t slots;
    bool known;
};

struct rerun {
    const struct wf_rerun_config *config;
    struct wf_core *core;
    struct wf_run_time_model *model; // NULL: the discipline believes in limits
    struct wf_outcome *outcomes;
    struct course *courses;
    uint32_t *order; // of jobs by the time from which they can start
    uint32_t *heap;  // running jobs, the first to end first
    uint32_t heap_count;
    uint32_t first_begin, last_begin; // jobs that are about to run, in the order in which they will
    struct wf_meter meter;
    struct slots *slots; // how often a request fits into the empty cluster: a cache
    double seconds;
    uint64_t hash;
    int64_t now_ms, wake_ms;
    bool expects_more; // the core was told that more happens now
    uint32_t next;     // of the order: the first that has not come
    uint32_t next_outage;
    uint32_t waiting; // jobs
    // Who waits for a job: those from first[job] to first[job + 1]. NULL: nobody waits for any.
    uint32_t *first_dependent;
    struct dependent *dependents;
};

struct wf_rerun_stepper {
    struct rerun rerun;
    struct wf_rerun_config config;
    struct wf_outcome_run run;
};

static const struct wf_rerun_job *job_of(const struct rerun *rerun, uint32_t job)
{
    return &rerun->config->jobs->list[job];
}

static int64_t gpu_milli_of(const struct rerun *rerun, uint32_t job)
{
    return rerun->config->jobs->told[job].gpu_milli;
}

static int64_t run_ms_of(const struct rerun *rerun, uint32_t job)
{
    int64_t run_ms = rerun->config->jobs->told[job].run_ms;
    // With the outages of old, runs are lost anew.
    return rerun->config->outages ? run_ms - job_of(rerun, job)->lost_ms : run_ms;
}

static int64_t end_ms_of(const struct rerun *rerun, uint32_t job)
{
    const struct course *course = &rerun->courses[job];
    return course->since_ms + run_ms_of(rerun, job) - course->done_ms;
}

// The heap of ends.

static bool ends_before(const struct rerun *rerun, uint32_t a, uint32_t b)
{
    int64_t end_a = end_ms_of(rerun, a), end_b = end_ms_of(rerun, b);
    return end_a != end_b ? end_a < end_b : a < b;
}

static void put(struct rerun *rerun, uint32_t at, uint32_t job)
{
    rerun->heap[at] = job;
    rerun->courses[job].heap_at = at;
}

static void rise(struct rerun *rerun, uint32_t at, uint32_t job)
{
    for (; at > 0 && ends_before(rerun, job, rerun->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        put(rerun, at, rerun->heap[(at - 1) / 2]);
    }
    put(rerun, at, job);
}

static void take_from_heap(struct rerun *rerun, uint32_t job)
{
    uint32_t at = rerun->courses[job].heap_at;
    uint32_t last = rerun->heap[--rerun->heap_count];
    if (last == job) {
        return;
    }
    if (at > 0 && ends_before(rerun, last, rerun->heap[(at - 1) / 2])) {
        rise(rerun, at, last);
        return;
    }
    for (uint32_t child = 2 * at + 1; child < rerun->heap_count; child = 2 * at + 1) {
        if (child + 1 < rerun->heap_count &&
            ends_before(rerun, rerun->heap[child + 1], rerun->heap[child])) {
            child++;
        }
        if (!ends_before(rerun, rerun->heap[child], last)) {
            break;
        }
        put(rerun, at, rerun->heap[child]);
        at = child;
    }
    put(rerun, at, last);
}

// What the core decided.

// Adds what the GPUs of a task cost by the hour.
static void add_rent(const struct rerun *rerun, const struct wf_decision *decision,
                     struct course *course)
{
    const struct wf_cluster *cluster = wf_core_cluster(rerun->core);
    const struct wf_pool *pool = &cluster->pools[cluster->nodes[decision->node.index].pool.index];
    int64_t rent = pool->spec.price_nanousd_per_gpu_hour * __builtin_popcount(decision->gpus) *
                   decision->gpu_milli / WF_GPU_MILLI;
    course->rent_nanousd_per_hour += rent;
    course->by_use_nanousd_per_hour += pool->spec.rent_by_use ? rent : 0;
}

// Nothing but room, shares and budgets keeps a job from starting any more.
static void ready(struct rerun *rerun, uint32_t job)
{
    struct course *course = &rerun->courses[job];
    course->open_after = 0;
    course->since_ms = rerun->now_ms;
    rerun->outcomes[job].shift_ms = rerun->now_ms - rerun->config->jobs->told[job].eligible_ms;
    wf_meter_wait(&rerun->meter, gpu_milli_of(rerun, job), 1);
}

// A job started, or is over: tells those that wait for that.
static void tell_dependents(struct rerun *rerun, uint32_t job, bool started)
{
    if (!rerun->first_dependent) {
        return;
    }
    for (uint32_t i = rerun->first_dependent[job]; i < rerun->first_dependent[job + 1]; i++) {
        const struct dependent *dependent = &rerun->dependents[i];
        struct course *course = &rerun->courses[dependent->job];
        if ((dependent->after == WF_AFTER_START) != started || course->state != STATE_WAITING ||
            course->open_after == 0) {
            continue;
        }
        course->open_after--;
        if (course->open_after == 0) {
            ready(rerun, dependent->job);
        }
    }
}

// How much of what a job waits for has not come about yet.
static uint32_t count_open(const struct rerun *rerun, uint32_t job)
{
    const struct wf_rerun_job *asked = job_of(rerun, job);
    uint32_t open = 0;
    for (uint32_t i = 0; i < asked->after_count; i++) {
        const struct wf_dependency *after = &rerun->config->jobs->after[asked->after_first + i];
        const struct course *other = &rerun->courses[after->job.number];
        open +=
            other->state != STATE_OVER && (after->after != WF_AFTER_START || !other->has_started);
    }
    return open;
}

// Between the decision and the run: its nodes are taken, and it still counts as waiting.

static void expect_begin(struct rerun *rerun, uint32_t job)
{
    struct course *course = &rerun->courses[job];
    course->begins = true;
    course->next_begin = WF_NONE;
    course->previous_begin = rerun->last_begin;
    *(rerun->last_begin == WF_NONE ? &rerun->first_begin
                                   : &rerun->courses[rerun->last_begin].next_begin) = job;
    rerun->last_begin = job;
}

// It runs, or is stopped before it does.
static void forget_begin(struct rerun *rerun, uint32_t job)
{
    struct course *course = &rerun->courses[job];
    *(course->previous_begin == WF_NONE ? &rerun->first_begin
                                        : &rerun->courses[course->previous_begin].next_begin) =
        course->next_begin;
    *(course->next_begin == WF_NONE ? &rerun->last_begin
                                    : &rerun->courses[course->next_begin].previous_begin) =
        course->previous_begin;
    course->begins = false;
    wf_meter_wait(&rerun->meter, gpu_milli_of(rerun, job), -1);
    wf_meter_run(&rerun->meter, gpu_milli_of(rerun, job), 1);
}

static void begin_until(struct rerun *rerun, int64_t until_ms)
{
    while (rerun->first_begin != WF_NONE &&
           rerun->courses[rerun->first_begin].since_ms <= until_ms) {
        wf_meter_pass(&rerun->meter, rerun->courses[rerun->first_begin].since_ms);
        forget_begin(rerun, rerun->first_begin);
    }
}

static void started(struct rerun *rerun, uint32_t job)
{
    struct course *course = &rerun->courses[job];
    struct wf_outcome *outcome = &rerun->outcomes[job];
    if (course->open_after > 0) {
        ready(rerun, job);
    }
    int64_t begin_ms = rerun->now_ms + rerun->config->start_delay_ms;
    outcome->wait_ms += begin_ms - course->since_ms;
    outcome->start_ms = begin_ms;
    course->state = STATE_RUNNING;
    rerun->waiting--;
    course->since_ms = begin_ms;
    course->rent_nanousd_per_hour = 0;
    course->by_use_nanousd_per_hour = 0;
    expect_begin(rerun, job);
    begin_until(rerun, rerun->now_ms);
    rise(rerun, rerun->heap_count++, job);
    if (!course->has_started) {
        course->has_started = true;
        tell_dependents(rerun, job, true);
    }
}

// A running job leaves its nodes: counts what it cost.
static void stopped(struct rerun *rerun, uint32_t job)
{
    struct course *course = &rerun->courses[job];
    if (course->begins) {
        forget_begin(rerun, job);
        course->since_ms = rerun->now_ms;
    }
    wf_int128 run_ms = rerun->now_ms - course->since_ms;
    wf_int128 cost = course->rent_nanousd_per_hour * run_ms / HOUR_MS;
    wf_int128 by_use = course->by_use_nanousd_per_hour * run_ms / HOUR_MS;
    rerun->outcomes[job].cost_nanousd += (int64_t)cost;
    rerun->meter.cluster->used_usd += (double)cost * 1e-9;
    rerun->meter.cluster->usd += (double)by_use * 1e-9;
    wf_meter_run(&rerun->meter, gpu_milli_of(rerun, job), -1);
}

static void ended(struct rerun *rerun, uint32_t job)
{
    const struct wf_rerun_job *asked = job_of(rerun, job);
    stopped(rerun, job);
    rerun->courses[job].state = STATE_OVER;
    rerun->outcomes[job].end_ms = rerun->now_ms;
    tell_dependents(rerun, job, false);
    if (rerun->model) {
        struct wf_run_time_key key = wf_rerun_job_key(asked);
        wf_run_time_learn(rerun->model, &key, asked->limit_ms, run_ms_of(rerun, job),
                          asked->timed_out);
    }
}

// What the job waited for came otherwise than it must.
static void rejected(struct rerun *rerun, uint32_t job)
{
    struct course *course = &rerun->courses[job];
    if (course->open_after == 0) {
        wf_meter_wait(&rerun->meter, gpu_milli_of(rerun, job), -1);
    }
    course->state = STATE_OVER;
    rerun->waiting--;
    rerun->outcomes[job].rejected = true;
    tell_dependents(rerun, job, false);
}

// A running job was stopped and waits again; nothing of its work was saved.
static void interrupted(struct rerun *rerun, uint32_t job)
{
    struct course *course = &rerun->courses[job];
    struct wf_outcome *outcome = &rerun->outcomes[job];
    take_from_heap(rerun, job);
    stopped(rerun, job);
    outcome->lost_gpu_ms +=
        (rerun->now_ms - course->since_ms) * gpu_milli_of(rerun, job) / WF_GPU_MILLI;
    outcome->preemptions++;
    course->state = STATE_WAITING;
    rerun->waiting++;
    course->since_ms = rerun->now_ms;
    wf_meter_wait(&rerun->meter, gpu_milli_of(rerun, job), 1);
}

static void follow(struct rerun *rerun, const struct wf_decisions *decisions)
{
    for (uint32_t i = 0; i < decisions->count; i++) {
        const struct wf_decision *decision = &decisions->list[i];
        uint32_t job = (uint32_t)decision->job.number;
        struct course *course = &rerun->courses[job];
        switch (decision->kind) {
        case WF_DECISION_PLACE:
            if (course->state == STATE_WAITING) {
                started(rerun, job);
            }
            add_rent(rerun, decision, course);
            break;
        case WF_DECISION_LOST:
        case WF_DECISION_PREEMPT:
            if (course->state == STATE_RUNNING) {
                interrupted(rerun, job);
            }
            break;
        case WF_DECISION_TIMEOUT:
            if (course->state == STATE_RUNNING) {
                take_from_heap(rerun, job);
                ended(rerun, job);
            }
            break;
        case WF_DECISION_REJECT:
            if (course->state == STATE_WAITING) {
                rejected(rerun, job);
            }
            break;
        case WF_DECISION_WAIT:
        case WF_DECISION_REFUSE:
        case WF_DECISION_END:
        case WF_DECISION_MOVE:
            break;
        }
    }
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static enum wf_status tell(struct rerun *rerun, const struct wf_event *event, struct wf_error *err)
{
    struct wf_decisions decisions;
    double begin = seconds_now();
    enum wf_status status = wf_core_step(rerun->core, event, &decisions, err);
    rerun->seconds += seconds_now() - begin;
    if (status != WF_OK) {
        return status;
    }
    rerun->now_ms = event->time_ms;
    rerun->expects_more = event->more;
    rerun->wake_ms = decisions.wake_ms;
    rerun->hash = decisions.hash;
    // What was decided is kept before it is followed.
    if (rerun->config->journal) {
        status = wf_rerun_journal_take(rerun->config->journal, event, decisions.hash, err);
    }
    if (status != WF_OK) {
        return status;
    }
    follow(rerun, &decisions);
    if (rerun->config->watch) {
        rerun->config->watch(rerun->config->context, rerun->core, event, &decisions);
    }
    return WF_OK;
}

// The site, as events.

static enum wf_status tell_site(struct rerun *rerun, int64_t begin_ms, struct wf_error *err)
{
    const struct wf_site *site = rerun->config->site;
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < site->pool_count && status == WF_OK; i++) {
        struct wf_event event = {
            .time_ms = begin_ms,
            .kind = WF_EVENT_POOL,
            .pool = {.id = {i}, .spec = site->pools[i].spec},
        };
        status = tell(rerun, &event, err);
    }
    for (uint32_t i = 0; i < site->node_count && status == WF_OK; i++) {
        struct wf_event event = {
            .time_ms = begin_ms,
            .kind = WF_EVENT_NODE_UP,
            .node_up = {.id = {i}, .spec = site->nodes[i].spec},
        };
        status = tell(rerun, &event, err);
    }
    for (uint32_t i = 0; i <= site->queue_count && status == WF_OK; i++) {
        struct wf_event event = {
            .time_ms = begin_ms,
            .kind = WF_EVENT_QUEUE,
            .queue = {.id = {i}},
        };
        if (i < site->queue_count) {
            event.queue.spec = site->queues[i].spec;
        } else {
            event.queue.spec.parent.index = WF_NONE; // for jobs of no queue of the site
        }
        status = tell(rerun, &event, err);
    }
    if (status == WF_OK && rerun->config->moves && rerun->config->discipline->preempts) {
        struct wf_event event = {
            .time_ms = begin_ms,
            .kind = WF_EVENT_MOVES,
            .moves = {.allowed = UINT32_MAX},
        };
        status = tell(rerun, &event, err);
    }
    return status;
}

// What comes next.

static bool has_more(const struct rerun *rerun)
{
    const struct wf_outages *outages = rerun->config->outages;
    return rerun->next < rerun->config->jobs->count || rerun->heap_count > 0 ||
           (rerun->waiting > 0 && outages && rerun->next_outage < outages->count);
}

static int64_t next_submit_ms(const struct rerun *rerun)
{
    const struct wf_rerun_jobs *jobs = rerun->config->jobs;
    return rerun->next < jobs->count ? jobs->list[rerun->order[rerun->next]].arrival_ms : INT64_MAX;
}

static int64_t next_end_ms(const struct rerun *rerun)
{
    return rerun->heap_count > 0 ? end_ms_of(rerun, rerun->heap[0]) : INT64_MAX;
}

static int64_t next_outage_ms(const struct rerun *rerun)
{
    const struct wf_outages *outages = rerun->config->outages;
    return outages && rerun->next_outage < outages->count ? outages->list[rerun->next_outage].at_ms
                                                          : INT64_MAX;
}

// Histories count in seconds: what ends and what comes within one of them is told together.
static bool happens_again(const struct rerun *rerun, int64_t now_ms)
{
    return next_end_ms(rerun) == now_ms || next_submit_ms(rerun) == now_ms;
}

static bool asks_alike(const struct wf_request *a, const struct wf_request *b)
{
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->gpu_milli == b->gpu_milli && a->models == b->models && a->labels == b->labels &&
           a->place.site == b->place.site && a->place.region == b->place.region &&
           a->place.zone == b->place.zone;
}

// Whether all tasks of the job would fit if nothing else ran.
static bool is_possible(struct rerun *rerun, uint32_t job)
{
    const struct wf_rerun_job *asked = job_of(rerun, job);
    const struct wf_request *request = &asked->request;
    if (asked->impossible || asked->tasks == 0 || asked->tasks > WF_JOB_TASKS_MAX) {
        return false;
    }
    uint64_t hash = wf_hash_add(0, (uint64_t)request->cpu_milli << 32 | request->memory_mib);
    hash = wf_hash_add(hash, (uint64_t)request->gpus << 32 | request->gpu_milli);
    hash = wf_hash_add(wf_hash_add(hash, request->models), request->labels);
    struct slots *slots = &rerun->slots[hash % SLOTS_CACHED];
    if (!slots->known || !asks_alike(&slots->request, request)) {
        *slots = (struct slots){
            .request = *request,
            .slots = wf_schedule_slots(wf_core_cluster(rerun->core), request, WF_JOB_TASKS_MAX),
            .known = true};
    }
    return slots->slots >= asked->tasks;
}

static enum wf_status submit(struct rerun *rerun, uint32_t job, struct wf_error *err)
{
    const struct wf_rerun_job *asked = job_of(rerun, job);
    struct course *course = &rerun->courses[job];
    const struct wf_rerun_jobs *jobs = rerun->config->jobs;
    int64_t now_ms = asked->arrival_ms;
    wf_meter_pass(&rerun->meter, now_ms);
    if (!is_possible(rerun, job)) {
        rerun->outcomes[job].rejected = true;
        course->state = STATE_OVER;
        return WF_OK;
    }
    int64_t run_ms = run_ms_of(rerun, job);
    struct wf_event event = {
        .time_ms = now_ms,
        .kind = WF_EVENT_JOB_SUBMIT,
        .more = happens_again(rerun, now_ms),
        .job_submit =
            {
                .id = {job},
                .tasks = asked->tasks,
                .gang = true,
                .request = asked->request,
                .wait =
                    {
                        .queue = {asked->queue},
                        .user = asked->user,
                        .priority = asked->priority,
                        .preemptible = rerun->config->preemptible,
                        .within = asked->within,
                        .array = asked->array,
                        .array_max = asked->array_max,
                        .deadline_ms = asked->deadline_ms,
                        .limit_ms = asked->limit_ms,
                        .after = asked->after_count > 0 ? &jobs->after[asked->after_first] : NULL,
                        .after_count = asked->after_count,
                    },
            },
    };
    struct wf_wait_spec *wait = &event.job_submit.wait;
    if (wait->limit_ms > 0 && wait->limit_ms < run_ms) {
        wait->limit_ms = run_ms + GRACE_MS;
    }
    wait->limit_ms += wait->limit_ms > 0 ? rerun->config->start_delay_ms : 0;
    if (rerun->model) {
        struct wf_run_time_key key = wf_rerun_job_key(asked);
        struct wf_run_time_points points;
        wf_run_time_predict(rerun->model, &key, asked->limit_ms, &points);
        memcpy(wait->run.ms, points.ms, sizeof wait->run.ms);
        event.job_submit.run_minutes = (uint32_t)(points.mean_ms / 60000 + 1);
    }
    course->state = STATE_WAITING;
    rerun->waiting++;
    course->open_after = count_open(rerun, job);
    rerun->now_ms = now_ms;
    if (course->open_after == 0) {
        ready(rerun, job);
    }
    return tell(rerun, &event, err);
}

static enum wf_status end(struct rerun *rerun, uint32_t job, struct wf_error *err)
{
    int64_t now_ms = end_ms_of(rerun, job);
    wf_meter_pass(&rerun->meter, now_ms);
    rerun->now_ms = now_ms;
    take_from_heap(rerun, job);
    ended(rerun, job);
    struct wf_event event = {
        .time_ms = now_ms,
        .kind = WF_EVENT_JOB_END,
        .more = happens_again(rerun, now_ms),
        .job_end = {.id = {job}, .failed = job_of(rerun, job)->failed},
    };
    return tell(rerun, &event, err);
}

// A node goes or takes no new work, or is as it was. What happened before the first job is passed
// over, but for what a node was like then.
static enum wf_status change_node(struct rerun *rerun, struct wf_error *err)
{
    const struct wf_outage_change *change = &rerun->config->outages->list[rerun->next_outage++];
    const struct wf_node *node = &wf_core_cluster(rerun->core)->nodes[change->node];
    struct wf_event event = {.time_ms =
                                 change->at_ms > rerun->now_ms ? change->at_ms : rerun->now_ms};
    if (change->away && change->drains) {
        event.kind = WF_EVENT_NODE_DRAIN;
        event.node_drain.id.index = change->node;
        event.node_drain.closed = true;
    } else if (change->away) {
        event.kind = WF_EVENT_NODE_DOWN;
        event.node_down.id.index = change->node;
    } else if (node->up) {
        event.kind = WF_EVENT_NODE_DRAIN;
        event.node_drain.id.index = change->node;
    } else {
        event.kind = WF_EVENT_NODE_UP;
        event.node_up.id.index = change->node;
        event.node_up.spec = rerun->config->site->nodes[change->node].spec;
    }
    if (!node->up && event.kind != WF_EVENT_NODE_UP) {
        return WF_OK; // two outages of one node at once
    }
    wf_meter_pass(&rerun->meter, event.time_ms);
    return tell(rerun, &event, err);
}

// The next of what is due at that time: nodes before all, ends before arrivals, arrivals before
// what the core asked for.
static enum wf_status step(struct rerun *rerun, int64_t due_ms, struct wf_error *err)
{
    int64_t end_ms = next_end_ms(rerun);
    int64_t submit_ms = next_submit_ms(rerun);
    begin_until(rerun, due_ms);
    if (!rerun->expects_more && next_outage_ms(rerun) == due_ms) {
        return change_node(rerun, err);
    }
    if (rerun->wake_ms < end_ms && rerun->wake_ms < submit_ms) {
        wf_meter_pass(&rerun->meter, rerun->wake_ms);
        struct wf_event event = {.time_ms = rerun->wake_ms, .kind = WF_EVENT_TIME};
        return tell(rerun, &event, err);
    }
    if (end_ms <= submit_ms) {
        return end(rerun, rerun->heap[0], err);
    }
    enum wf_status status = submit(rerun, rerun->order[rerun->next++], err);
    if (rerun->config->progress && rerun->next % PROGRESS_EVERY == 0) {
        rerun->config->progress(rerun->config->context, rerun->next, rerun->config->jobs->count);
    }
    return status;
}

static int64_t due_ms(const struct rerun *rerun)
{
    int64_t end_ms = next_end_ms(rerun), submit_ms = next_submit_ms(rerun);
    int64_t due = end_ms < submit_ms ? end_ms : submit_ms;
    due = rerun->wake_ms < due ? rerun->wake_ms : due;
    // While more is to come at this time, no node changes.
    int64_t outage_ms = rerun->expects_more ? INT64_MAX : next_outage_ms(rerun);
    return outage_ms < due ? outage_ms : due;
}

// Goes from event to event.
static enum wf_status run_until(struct rerun *rerun, int64_t until_ms, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    while (status == WF_OK && (has_more(rerun) || rerun->expects_more)) {
        if (rerun->expects_more && !happens_again(rerun, rerun->now_ms)) {
            // What was to come at this time could never run here.
            struct wf_event event = {.time_ms = rerun->now_ms, .kind = WF_EVENT_TIME};
            status = tell(rerun, &event, err);
        } else if (due_ms(rerun) > until_ms) {
            break;
        } else {
            status = step(rerun, due_ms(rerun), err);
        }
    }
    return status;
}

static enum wf_status create_core(struct rerun *rerun, struct wf_error *err)
{
    const struct wf_rerun_config *config = rerun->config;
    uint32_t jobs = config->jobs->count + (config->guest_tasks > 0);
    uint64_t tasks = 1 + (uint64_t)config->guest_tasks;
    jobs = jobs > 0 ? jobs : 1;
    for (uint32_t i = 0; i < config->jobs->count && tasks < PLACEMENTS_MAX; i++) {
        tasks += config->jobs->list[i].tasks;
    }
    uint32_t nodes = config->site->node_count;
    uint32_t classes = nodes > 0 ? SCORES_MAX / nodes : CLASSES_MAX;
    classes = classes < 32 ? 32 : classes;
    struct wf_core_config core_config = {
        .limits =
            {
                .models = config->site->model_count > 0 ? config->site->model_count : 1,
                .pools = config->site->pool_count,
                .nodes = nodes,
                .jobs = jobs,
                .placements = (uint32_t)(tasks < PLACEMENTS_MAX ? tasks : PLACEMENTS_MAX),
                .classes = classes < CLASSES_MAX ? classes : CLASSES_MAX,
                .queues = config->site->queue_count + 1,
                .lanes = jobs < LANES_MAX ? jobs : LANES_MAX,
                .reservations = RESERVATIONS,
            },
        .policy = config->placement,
        .discipline = config->discipline,
        .seed = config->seed,
        .plain = config->plain,
        .preempt_after_ms = config->preempt_after_ms,
    };
    enum wf_status status = wf_core_create(&core_config, &rerun->core, err);
    if (status == WF_OK && config->journal) {
        status = wf_rerun_journal_begin(config->journal, &core_config, config->site, err);
    }
    return status;
}

// The order of arrival, by the time from which jobs can start.
static const struct wf_rerun_job *sorted_by;

static int compare_arrivals(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int64_t at_a = sorted_by[a].arrival_ms, at_b = sorted_by[b].arrival_ms;
    return at_a != at_b ? (at_a < at_b ? -1 : 1) : (a > b) - (a < b);
}

// Turns round what jobs wait for: who waits for a job.
static enum wf_status list_dependents(struct rerun *rerun, struct wf_error *err)
{
    const struct wf_rerun_jobs *jobs = rerun->config->jobs;
    if (jobs->after_count == 0) {
        return WF_OK;
    }
    rerun->first_dependent = calloc((size_t)jobs->count + 2, sizeof *rerun->first_dependent);
    rerun->dependents = calloc(jobs->after_count, sizeof *rerun->dependents);
    if (!rerun->first_dependent || !rerun->dependents) {
        return wf_fail(err, WF_NOMEM, "no memory for a run of %u jobs", jobs->count);
    }
    uint32_t *first = rerun->first_dependent + 1; // while it is filled, each ends where it begins
    for (uint32_t i = 0; i < jobs->after_count; i++) {
        first[jobs->after[i].job.number + 1]++;
    }
    for (uint32_t i = 0; i < jobs->count; i++) {
        first[i + 1] += first[i];
    }
    for (uint32_t job = 0; job < jobs->count; job++) {
        for (uint32_t i = 0; i < jobs->list[job].after_count; i++) {
            const struct wf_dependency *after = &jobs->after[jobs->list[job].after_first + i];
            rerun->dependents[first[after->job.number]++] = (struct dependent){job, after->after};
        }
    }
    return WF_OK;
}

static enum wf_status init_lists(struct rerun *rerun, struct wf_error *err)
{
    const struct wf_rerun_jobs *jobs = rerun->config->jobs;
    rerun->outcomes = calloc(jobs->count + 1, sizeof *rerun->outcomes);
    rerun->courses = calloc(jobs->count + 1, sizeof *rerun->courses);
    rerun->order = calloc(jobs->count + 1, sizeof *rerun->order);
    rerun->heap = calloc(jobs->count + 1, sizeof *rerun->heap);
    rerun->slots = calloc(SLOTS_CACHED, sizeof *rerun->slots);
    if (!rerun->outcomes || !rerun->courses || !rerun->order || !rerun->heap || !rerun->slots) {
        return wf_fail(err, WF_NOMEM, "no memory for a run of %u jobs", jobs->count);
    }
    for (uint32_t i = 0; i < jobs->count; i++) {
        rerun->order[i] = i;
        rerun->outcomes[i].start_ms = WF_TIME_UNKNOWN;
        rerun->outcomes[i].end_ms = WF_TIME_UNKNOWN;
    }
    sorted_by = jobs->list;
    qsort(rerun->order, jobs->count, sizeof *rerun->order, compare_arrivals);
    return list_dependents(rerun, err);
}

double wf_rerun_usd_per_hour(const struct wf_site *site, int64_t *capacity_milli_out)
{
    double usd = 0;
    *capacity_milli_out = 0;
    for (uint32_t i = 0; i < site->node_count; i++) {
        const struct wf_node_spec *node = &site->nodes[i].spec;
        const struct wf_pool_spec *pool = &site->pools[node->pool.index].spec;
        usd += pool->rent_by_use ? 0 : (double)pool->price_nanousd_per_gpu_hour * node->gpus * 1e-9;
        *capacity_milli_out += (int64_t)node->gpus * WF_GPU_MILLI;
    }
    return usd;
}

static enum wf_status prepare(struct rerun *rerun, struct wf_outcome_run *run, struct wf_error *err)
{
    const struct wf_rerun_jobs *jobs = rerun->config->jobs;
    enum wf_status status = init_lists(rerun, err);
    status = status == WF_OK ? create_core(rerun, err) : status;
    if (status == WF_OK && rerun->config->discipline->learns) {
        status = wf_run_time_create(KINDS_MAX, &rerun->model, err);
    }
    if (status != WF_OK) {
        return status;
    }
    int64_t begin_ms = jobs->count > 0 ? jobs->list[rerun->order[0]].arrival_ms : 0;
    int64_t capacity_milli;
    double usd = wf_rerun_usd_per_hour(rerun->config->site, &capacity_milli);
    wf_meter_init(&rerun->meter, &run->cluster, begin_ms, capacity_milli, usd);
    rerun->wake_ms = INT64_MAX;
    rerun->first_begin = WF_NONE;
    rerun->last_begin = WF_NONE;
    return tell_site(rerun, begin_ms, err);
}

// Frees all but the outcomes.
static void finish(struct rerun *rerun)
{
    wf_core_destroy(rerun->core);
    wf_run_time_destroy(rerun->model);
    free(rerun->courses);
    free(rerun->order);
    free(rerun->heap);
    free(rerun->slots);
    free(rerun->first_dependent);
    free(rerun->dependents);
}

enum wf_status wf_rerun_open(const struct wf_rerun_config *config,
                             struct wf_rerun_stepper **stepper_out, struct wf_error *err)
{
    struct wf_rerun_stepper *stepper = calloc(1, sizeof *stepper);
    if (!stepper) {
        return wf_fail(err, WF_NOMEM, "no memory for a run of %u jobs", config->jobs->count);
    }
    stepper->config = *config;
    stepper->rerun.config = &stepper->config;
    stepper->run.name = config->name;
    enum wf_status status = prepare(&stepper->rerun, &stepper->run, err);
    if (status != WF_OK) {
        wf_rerun_close(stepper);
        return status;
    }
    *stepper_out = stepper;
    return WF_OK;
}

void wf_rerun_close(struct wf_rerun_stepper *stepper)
{
    if (stepper) {
        finish(&stepper->rerun);
        free(stepper->rerun.outcomes);
        free(stepper);
    }
}

enum wf_status wf_rerun_to(struct wf_rerun_stepper *stepper, int64_t time_ms, struct wf_error *err)
{
    return run_until(&stepper->rerun, time_ms, err);
}

enum wf_status wf_rerun_change(struct wf_rerun_stepper *stepper, const struct wf_event *event,
                               struct wf_error *err)
{
    wf_meter_pass(&stepper->rerun.meter, event->time_ms);
    enum wf_status status = tell(&stepper->rerun, event, err);
    return status == WF_OK ? run_until(&stepper->rerun, event->time_ms, err) : status;
}

struct wf_core *wf_rerun_lend_core(struct wf_rerun_stepper *stepper)
{
    return stepper->rerun.core;
}

const struct wf_core *wf_rerun_core(const struct wf_rerun_stepper *stepper)
{
    return stepper->rerun.core;
}

const struct wf_outcome *wf_rerun_outcomes(const struct wf_rerun_stepper *stepper)
{
    return stepper->rerun.outcomes;
}

bool wf_rerun_is_over(const struct wf_rerun_stepper *stepper)
{
    return !has_more(&stepper->rerun);
}

int64_t wf_rerun_next_ms(const struct wf_rerun_stepper *stepper)
{
    return has_more(&stepper->rerun) ? due_ms(&stepper->rerun) : INT64_MAX;
}

enum wf_status wf_rerun(const struct wf_rerun_config *config, struct wf_outcome_run *run_out,
                        struct wf_error *err)
{
    struct rerun rerun = {.config = config};
    *run_out = (struct wf_outcome_run){.name = config->name};
    enum wf_status status = prepare(&rerun, run_out, err);
    status = status == WF_OK ? run_until(&rerun, INT64_MAX, err) : status;
    if (status == WF_OK && config->journal) {
        status = wf_rerun_journal_end(config->journal, rerun.hash, err);
    }
    run_out->cluster.hash = rerun.hash;
    run_out->cluster.seconds = rerun.seconds;
    finish(&rerun);
    if (status != WF_OK) {
        free(rerun.outcomes);
        return status;
    }
    run_out->jobs = rerun.outcomes;
    return WF_OK;
}

static enum wf_status driver_change(void *context, const struct wf_event *event,
                                    struct wf_error *err)
{
    return wf_rerun_change(context, event, err);
}

static enum wf_status driver_advance(void *context, int64_t time_ms, struct wf_error *err)
{
    return wf_rerun_to(context, time_ms, err);
}

static bool driver_has_started(void *context, wf_job_id job, int64_t since_ms)
{
    return wf_rerun_outcomes(context)[job.number].start_ms >= since_ms;
}

struct wf_wait_driver wf_rerun_driver(struct wf_rerun_stepper *stepper)
{
    return (struct wf_wait_driver){wf_rerun_core(stepper), driver_change, driver_advance,
                                   driver_has_started, stepper};
}
