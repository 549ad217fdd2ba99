// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/schedule_parts.h"

#include "base/assert.h"
#include "core/job_check.h"

static struct wf_ticket *ticket_of(struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

static enum wf_status init_lists(struct wf_schedule *schedule, struct wf_region *region,
                                 const struct wf_limits *limits, struct wf_error *err)
{
    schedule->freed = wf_region_take(region, limits->nodes, sizeof *schedule->freed);
    schedule->is_freed = wf_region_take(region, limits->nodes, sizeof *schedule->is_freed);
    schedule->reserved = wf_region_take(region, limits->reservations, sizeof *schedule->reserved);
    schedule->heap = wf_region_take(region, limits->lanes, sizeof *schedule->heap);
    schedule->turns = wf_region_take(region, limits->queues, sizeof *schedule->turns);
    schedule->standings = wf_region_take(region, limits->queues, sizeof *schedule->standings);
    schedule->rooms = wf_region_take(region, limits->queues, sizeof *schedule->rooms);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for a backlog of %u jobs", limits->jobs);
    }
    for (uint32_t i = 0; i < limits->queues; i++) {
        schedule->rooms[i] = (struct wf_queue_room){
            .first_child = WF_NONE,
            .next_child = WF_NONE,
            .first_running = WF_NONE,
            .last_running = WF_NONE,
            .kept.job = WF_NONE,
            .waiting.job = WF_NONE,
        };
    }
    return WF_OK;
}

static enum wf_status init_parts(struct wf_schedule *schedule, struct wf_region *region,
                                 struct wf_error *err)
{
    struct wf_placer *placer = schedule->placer;
    const struct wf_limits *limits = &placer->config.limits;
    enum wf_status status = init_lists(schedule, region, limits, err);
    status = status == WF_OK ? wf_backlog_init(&schedule->backlog, region, limits, err) : status;
    status = status == WF_OK
                 ? wf_dependencies_init(&schedule->dependencies, region, limits->jobs, err)
                 : status;
    status =
        status == WF_OK ? wf_arrays_init(&schedule->arrays, region, limits->jobs, err) : status;
    status =
        status == WF_OK ? wf_timers_init(&schedule->timers, region, limits->jobs, err) : status;
    status = status == WF_OK ? wf_scopes_init(&schedule->scopes, region, limits, err) : status;
    if (status == WF_OK) {
        status = wf_queues_create(region, limits, placer->config.fair_share_half_life_ms,
                                  &schedule->queues, err);
    }
    if (status == WF_OK) {
        status =
            wf_future_create(region, &placer->cluster, placer->ranking, &schedule->future, err);
    }
    if (status == WF_OK && schedule->discipline->preempts) {
        status = wf_preempt_create(region, &placer->cluster, &schedule->preempt, err);
    }
    return status;
}

enum wf_status wf_schedule_create(struct wf_region *region, struct wf_placer *placer,
                                  struct wf_record *record, struct wf_schedule **schedule_out,
                                  struct wf_error *err)
{
    struct wf_schedule *schedule = wf_region_take(region, 1, sizeof *schedule);
    if (!schedule) {
        return wf_fail(err, WF_NOMEM, "no memory for the schedule");
    }
    schedule->placer = placer;
    schedule->record = record;
    schedule->discipline = placer->config.discipline;
    schedule->machines = 1;
    schedule->budgets_next_ms = INT64_MAX;
    schedule->reclaim_next_ms = INT64_MAX;
    schedule->moves_next_ms = INT64_MAX;
    schedule->deadlines_next_ms = INT64_MAX;
    schedule->shun_next_ms = INT64_MAX;
    uint32_t kept = placer->config.limits.reservations;
    uint32_t wanted = schedule->discipline->reservations;
    schedule->reserved_max = wanted < kept ? wanted : kept;
    uint32_t more = schedule->discipline->urgent_reservations;
    uint32_t left = kept - schedule->reserved_max;
    schedule->reserved_max_urgent = schedule->reserved_max + (more < left ? more : left);
    enum wf_status status = init_parts(schedule, region, err);
    if (status == WF_OK) {
        *schedule_out = schedule;
    }
    return status;
}

void wf_schedule_advance(struct wf_schedule *schedule, int64_t now_ms)
{
    schedule->now_ms = now_ms;
    schedule->moment++;
    schedule->times++;
    wf_queues_advance(schedule->queues, now_ms);
    wf_future_advance(schedule->future, now_ms);
}

static void reject(struct wf_schedule *schedule, uint32_t job)
{
    wf_record_add(schedule->record, (struct wf_decision){
                                        .kind = WF_DECISION_REJECT,
                                        .job = ticket_of(schedule, job)->spec.id,
                                        .node = {WF_NONE},
                                        .from = {WF_NONE},
                                    });
}

void wf_schedule_admit(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    if (wait->held || ticket->open_dependencies > 0) {
        return;
    }
    if (wait->begin_ms > schedule->now_ms) {
        wf_timers_set(&schedule->timers, job, wait->begin_ms);
        return;
    }
    ticket->ready_ms = schedule->now_ms;
    wf_backlog_add(&schedule->backlog, job);
}

void wf_schedule_tell_waits(struct wf_schedule *schedule, uint32_t job)
{
    wf_record_add(schedule->record, (struct wf_decision){
                                        .kind = WF_DECISION_WAIT,
                                        .job = ticket_of(schedule, job)->spec.id,
                                        .node = {WF_NONE},
                                        .from = {WF_NONE},
                                    });
}

void wf_schedule_requeue(struct wf_schedule *schedule, uint32_t job)
{
    wf_schedule_tell_waits(schedule, job);
    ticket_of(schedule, job)->phase = WF_PHASE_LATER;
    wf_schedule_admit(schedule, job);
}

// Tells those that wait for a job what became of it. Those that never start now are over, too, and
// others may wait for them: their turn comes in the same list of jobs that are over.
static void tell_dependents(struct wf_schedule *schedule, uint32_t job, bool failed)
{
    enum wf_after wrong = failed ? WF_AFTER_SUCCESS : WF_AFTER_FAILURE;
    enum wf_after right[] = {WF_AFTER_END, failed ? WF_AFTER_FAILURE : WF_AFTER_SUCCESS};
    uint32_t dependent;
    for (uint32_t i = 0; i < WF_COUNT_OF(right); i++) {
        while (wf_dependencies_take(&schedule->dependencies, job, right[i], &dependent)) {
            ticket_of(schedule, dependent)->open_dependencies--;
            wf_schedule_admit(schedule, dependent);
        }
    }
    while (wf_dependencies_take(&schedule->dependencies, job, wrong, &dependent) ||
           wf_dependencies_take(&schedule->dependencies, job, WF_AFTER_START, &dependent)) {
        ticket_of(schedule, dependent)->is_doomed = true;
        wf_timers_set(&schedule->timers, dependent, schedule->now_ms);
    }
}

void wf_schedule_forget(struct wf_schedule *schedule, uint32_t job, bool failed)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    tell_dependents(schedule, job, failed);
    wf_dependencies_forget(&schedule->dependencies, job);
    wf_timers_set(&schedule->timers, job, INT64_MAX);
    wf_queues_leave(schedule->queues, ticket->spec.wait.queue);
    wf_cluster_remove_job(&schedule->placer->cluster, job);
}

// Takes a job out of whatever it waits in.
static void withdraw(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    if (ticket->phase == WF_PHASE_WAITING) {
        wf_schedule_give_up(schedule, job);
        wf_backlog_remove(&schedule->backlog, job);
        wf_schedule_goes(schedule, job);
        ticket->phase = WF_PHASE_LATER;
    }
    wf_backlog_leave_outside(&schedule->backlog, job);
    wf_timers_set(&schedule->timers, job, INT64_MAX);
}

// Whether all that the job says of time lies within what is counted.
static enum wf_status check_times(const struct wf_job_spec *spec, struct wf_error *err)
{
    const struct wf_wait_spec *wait = &spec->wait;
    const struct {
        const char *name;
        int64_t ms;
    } checks[] = {
        {"time limit", wait->limit_ms},
        {"checkpoint interval", wait->checkpoint_ms},
        {"deadline", wait->deadline_ms},
        {"beginning", wait->begin_ms},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(checks); i++) {
        if (checks[i].ms < 0 || checks[i].ms > WF_TIME_MS_MAX) {
            return wf_fail(err, WF_INVALID, "job %llu: a %s of %lld ms is not between 0 and %lld",
                           (unsigned long long)spec->id.number, checks[i].name,
                           (long long)checks[i].ms, (long long)WF_TIME_MS_MAX);
        }
    }
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
        if (wait->run.ms[i] < (i > 0 ? wait->run.ms[i - 1] : 0) ||
            wait->run.ms[i] > WF_TIME_MS_MAX) {
            return wf_fail(err, WF_INVALID,
                           "job %llu: its expected run times are not in ascending order",
                           (unsigned long long)spec->id.number);
        }
    }
    return WF_OK;
}

static enum wf_status check_wait(const struct wf_schedule *schedule, const struct wf_job_spec *spec,
                                 struct wf_error *err)
{
    const struct wf_wait_spec *wait = &spec->wait;
    unsigned long long number = spec->id.number;
    if (wait->after_count > WF_JOB_AFTER_MAX ||
        !wf_dependencies_have_room(&schedule->dependencies, wait->after_count)) {
        return wf_fail(err, WF_LIMIT,
                       "job %llu waits for %u jobs, past the limit of %d for one job "
                       "or of %u for all",
                       number, wait->after_count, WF_JOB_AFTER_MAX, schedule->dependencies.max);
    }
    if (wait->array_max > 0 && wait->array == 0) {
        return wf_fail(err, WF_INVALID,
                       "job %llu is in no array, so that no more of it than %u "
                       "may run means nothing",
                       number, wait->array_max);
    }
    return WF_OK;
}

static void add_dependencies(struct wf_schedule *schedule, uint32_t job,
                             const struct wf_wait_spec *wait)
{
    for (uint32_t i = 0; i < wait->after_count; i++) {
        uint32_t other = wf_cluster_find_job(&schedule->placer->cluster, wait->after[i].job);
        bool met =
            other == WF_NONE || other == job ||
            (wait->after[i].after == WF_AFTER_START && ticket_of(schedule, other)->has_started);
        if (!met) {
            wf_dependencies_add(&schedule->dependencies, job, other, wait->after[i].after);
            ticket_of(schedule, job)->open_dependencies++;
        }
    }
}

static enum wf_status submit(struct wf_schedule *schedule, const struct wf_event *event,
                             struct wf_error *err)
{
    const struct wf_job_spec *spec = &event->job_submit;
    enum wf_status status = wf_job_check(spec, err);
    status = status == WF_OK ? check_times(spec, err) : status;
    status = status == WF_OK ? check_wait(schedule, spec, err) : status;
    status = status == WF_OK ? wf_queues_enter(schedule->queues, spec->wait.queue, err) : status;
    if (status != WF_OK) {
        return status;
    }
    uint32_t job;
    status = wf_cluster_add_job(&schedule->placer->cluster, spec->id, &job, err);
    if (status != WF_OK) {
        wf_queues_leave(schedule->queues, spec->wait.queue);
        return status;
    }
    wf_schedule_advance(schedule, event->time_ms);
    *ticket_of(schedule, job) = (struct wf_ticket){
        .spec = *spec,
        .phase = WF_PHASE_LATER,
        .sequence = schedule->backlog.sequence++,
        .submit_ms = event->time_ms,
        .reservation = WF_NONE,
        .lane = WF_NONE,
    };
    ticket_of(schedule, job)->spec.wait.after = NULL;
    add_dependencies(schedule, job, &spec->wait);
    wf_schedule_tell_waits(schedule, job);
    wf_schedule_admit(schedule, job);
    wf_placer_learn(schedule->placer, &spec->request, spec->tasks);
    return WF_OK;
}

static enum wf_status find_job(const struct wf_schedule *schedule, wf_job_id id, uint32_t *job_out,
                               struct wf_error *err)
{
    *job_out = wf_cluster_find_job(&schedule->placer->cluster, id);
    if (*job_out == WF_NONE) {
        return wf_fail(err, WF_NOTFOUND, "there is no job %llu", (unsigned long long)id.number);
    }
    return WF_OK;
}

static enum wf_status end(struct wf_schedule *schedule, const struct wf_event *event,
                          struct wf_error *err)
{
    uint32_t job;
    enum wf_status status = find_job(schedule, event->job_end.id, &job, err);
    if (status != WF_OK) {
        return status;
    }
    bool runs = ticket_of(schedule, job)->phase == WF_PHASE_RUNNING;
    if (event->job_end.again && !runs) {
        return wf_fail(err, WF_INVALID, "job %llu does not run: it waits already",
                       (unsigned long long)event->job_end.id.number);
    }
    wf_schedule_advance(schedule, event->time_ms);
    if (runs) {
        wf_schedule_stop(schedule, job, WF_DECISION_END);
    } else {
        withdraw(schedule, job);
    }
    if (event->job_end.again) {
        wf_schedule_requeue(schedule, job);
        return WF_OK;
    }
    wf_schedule_forget(schedule, job, event->job_end.failed);
    return WF_OK;
}

static enum wf_status hold(struct wf_schedule *schedule, const struct wf_event *event,
                           struct wf_error *err)
{
    uint32_t job;
    enum wf_status status = find_job(schedule, event->job_hold.id, &job, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_ticket *ticket = ticket_of(schedule, job);
    if (ticket->phase == WF_PHASE_RUNNING) {
        return wf_fail(err, WF_INVALID, "job %llu runs: only a waiting job is held or released",
                       (unsigned long long)event->job_hold.id.number);
    }
    wf_schedule_advance(schedule, event->time_ms);
    if (ticket->spec.wait.held != event->job_hold.held) {
        ticket->spec.wait.held = event->job_hold.held;
        if (event->job_hold.held) {
            withdraw(schedule, job);
        } else {
            wf_schedule_admit(schedule, job);
        }
    }
    return WF_OK;
}

static enum wf_status saved(struct wf_schedule *schedule, const struct wf_event *event,
                            struct wf_error *err)
{
    uint32_t job;
    enum wf_status status = find_job(schedule, event->job_saved.id, &job, err);
    if (status == WF_OK && ticket_of(schedule, job)->phase != WF_PHASE_RUNNING) {
        status = wf_fail(err, WF_INVALID, "job %llu does not run: it has nothing to save",
                         (unsigned long long)event->job_saved.id.number);
    }
    if (status == WF_OK) {
        ticket_of(schedule, job)->saved_ms = event->time_ms;
    }
    return status;
}

// Its place in line and the jobs it waits for stay as they are.
static enum wf_status change(struct wf_schedule *schedule, const struct wf_job_spec *spec,
                             int64_t now_ms, struct wf_error *err)
{
    uint32_t job;
    enum wf_status status = find_job(schedule, spec->id, &job, err);
    status = status == WF_OK ? wf_job_check(spec, err) : status;
    status = status == WF_OK ? check_times(spec, err) : status;
    status = status == WF_OK ? check_wait(schedule, spec, err) : status;
    if (status != WF_OK) {
        return status;
    }
    struct wf_ticket *ticket = ticket_of(schedule, job);
    if (ticket->phase == WF_PHASE_RUNNING) {
        return wf_fail(err, WF_INVALID, "job %llu runs: only a waiting job can be changed",
                       (unsigned long long)spec->id.number);
    }
    status = wf_queues_enter(schedule->queues, spec->wait.queue, err);
    if (status != WF_OK) {
        return status;
    }
    wf_queues_leave(schedule->queues, ticket->spec.wait.queue);
    wf_schedule_advance(schedule, now_ms);
    bool was_ready = ticket->phase == WF_PHASE_WAITING || ticket->is_outside || ticket->is_aside;
    int64_t ready_ms = ticket->ready_ms;
    withdraw(schedule, job);
    uint32_t after_count = ticket->spec.wait.after_count;
    ticket->spec = *spec;
    ticket->spec.wait.after = NULL;
    ticket->spec.wait.after_count = after_count;
    if (!ticket->is_doomed) {
        wf_schedule_admit(schedule, job);
        ticket->ready_ms = was_ready ? ready_ms : ticket->ready_ms;
    } else {
        wf_timers_set(&schedule->timers, job, now_ms);
    }
    return WF_OK;
}

static enum wf_status queue(struct wf_schedule *schedule, const struct wf_event *event,
                            struct wf_error *err)
{
    enum wf_status status =
        wf_queues_check(schedule->queues, event->queue.id, &event->queue.spec, err);
    if (status == WF_OK) {
        wf_schedule_advance(schedule, event->time_ms); // what was used belongs where it was used
        status = wf_queues_set(schedule->queues, event->queue.id, &event->queue.spec, err);
    }
    if (status == WF_OK) {
        schedule->has_limits = schedule->has_limits || event->queue.spec.limit_gpu_milli > 0;
        schedule->machines++;
        schedule->tree_is_old = true;
        for (uint32_t i = 0; i < schedule->placer->config.limits.queues; i++) {
            wf_backlog_unblock(&schedule->backlog, (wf_queue_id){i});
        }
    }
    return status;
}

static enum wf_status allow_moves(struct wf_schedule *schedule, const struct wf_event *event,
                                  struct wf_error *err)
{
    if (!schedule->preempt && event->moves.allowed > 0) {
        return wf_fail(err, WF_INVALID, "the discipline '%s' stops nobody, and so moves nobody",
                       schedule->discipline->name);
    }
    wf_schedule_advance(schedule, event->time_ms);
    schedule->moves_left = event->moves.allowed;
    schedule->move_cost_max_nanousd = event->moves.cost_max_nanousd;
    schedule->waiting_value_nanousd = event->moves.value_nanousd_per_gpu_hour;
    schedule->changes++; // those whom nobody could be moved for are tried again
    return WF_OK;
}

enum wf_status wf_schedule_take(struct wf_schedule *schedule, const struct wf_event *event,
                                struct wf_error *err)
{
    switch (event->kind) {
    case WF_EVENT_JOB_SUBMIT:
        return submit(schedule, event, err);
    case WF_EVENT_JOB_END:
        return end(schedule, event, err);
    case WF_EVENT_JOB_HOLD:
        return hold(schedule, event, err);
    case WF_EVENT_JOB_SAVED:
        return saved(schedule, event, err);
    case WF_EVENT_JOB_CHANGE:
        return change(schedule, &event->job_change, event->time_ms, err);
    case WF_EVENT_QUEUE:
        return queue(schedule, event, err);
    case WF_EVENT_NODE_NOTICE:
        return wf_schedule_notice(schedule, event, err);
    case WF_EVENT_WATCH:
        wf_schedule_watch(schedule, event->watch.watches, event->time_ms);
        return WF_OK;
    case WF_EVENT_TIME:
        return WF_OK;
    case WF_EVENT_MOVES:
        return allow_moves(schedule, event, err);
    case WF_EVENT_POOL:
    case WF_EVENT_NODE_UP:
    case WF_EVENT_NODE_DOWN:
    case WF_EVENT_NODE_DRAIN:
    case WF_EVENT_TASK_FOUND:
    case WF_EVENT_MIX:
        break;
    }
    return wf_fail(err, WF_INVALID, "there is no event kind %d", (int)event->kind);
}

enum wf_status wf_schedule_check_found(const struct wf_schedule *schedule, wf_job_id id,
                                       uint32_t task, struct wf_error *err)
{
    uint32_t job = wf_cluster_find_job(&schedule->placer->cluster, id);
    if (job == WF_NONE) {
        return wf_fail(err, WF_NOTFOUND, "a task of job %llu was found, which nobody submitted",
                       (unsigned long long)id.number);
    }
    uint32_t tasks = schedule->backlog.tickets[job].spec.tasks;
    if (task >= tasks) {
        return wf_fail(err, WF_INVALID, "task %u of job %llu was found, which has %u tasks", task,
                       (unsigned long long)id.number, tasks);
    }
    return WF_OK;
}

void wf_schedule_found(struct wf_schedule *schedule, uint32_t placement,
                       const struct wf_event *event)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    uint32_t job = cluster->placements[placement].job;
    struct wf_ticket *ticket = ticket_of(schedule, job);
    int64_t started_ms = event->task_found.started_ms;
    wf_schedule_advance(schedule, event->time_ms);
    if (ticket->phase != WF_PHASE_RUNNING) {
        withdraw(schedule, job);
        wf_dependencies_forget(&schedule->dependencies, job);
        ticket->open_dependencies = 0;
        wf_schedule_hold_gpus(schedule, job, started_ms > 0 ? started_ms : schedule->now_ms);
    } else {
        wf_schedule_hold_more(schedule, job);
    }
    wf_future_add(schedule->future, placement, ticket->end_ms);
    schedule->changes++; // it may stand where room was kept
}

void wf_schedule_node_changes(struct wf_schedule *schedule, wf_node_id id)
{
    wf_future_lift(schedule->future, id.index);
}

void wf_schedule_node_changed(struct wf_schedule *schedule, wf_node_id id)
{
    schedule->machines++;
    schedule->changes++;
    wf_schedule_freed(schedule, id.index);
}

void wf_schedule_pool_changed(struct wf_schedule *schedule, wf_pool_id id)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (cluster->nodes[node].up && cluster->nodes[node].pool.index == id.index) {
            wf_schedule_freed(schedule, node);
        }
    }
    schedule->machines++;
    schedule->changes++;
}

// What is due for a job: its beginning, its limit, or the end that was believed and did not come.
static void ring(struct wf_schedule *schedule, uint32_t job)
{
    struct wf_ticket *ticket = ticket_of(schedule, job);
    wf_timers_set(&schedule->timers, job, INT64_MAX);
    if (ticket->is_doomed) {
        withdraw(schedule, job);
        reject(schedule, job);
        wf_schedule_forget(schedule, job, true);
    } else if (ticket->phase == WF_PHASE_LATER) {
        wf_schedule_admit(schedule, job);
    } else if (schedule->now_ms >= wf_schedule_latest_ms(schedule, ticket)) {
        wf_schedule_stop(schedule, job, WF_DECISION_TIMEOUT);
        wf_schedule_forget(schedule, job, true);
    } else {
        wf_schedule_overrun(schedule, job);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Jobs that a budget holds are tried again when its window is over.
static int64_t budgets_wake_ms(const struct wf_schedule *schedule)
{
    int64_t wake_ms = INT64_MAX;
    for (uint32_t i = 0; i < schedule->backlog.used_count; i++) {
        if (schedule->backlog.lanes[schedule->backlog.used[i]].block == WF_BLOCK_BUDGET) {
            for (uint32_t window = 0; window < WF_WINDOWS; window++) {
                wake_ms = earlier(wake_ms, wf_queues_window_end_ms(schedule->queues,
                                                                   (enum wf_budget_window)window));
            }
            break;
        }
    }
    return wake_ms;
}

// When those are tried who are to be tried, but were not in this pass: in the next cycle; victims
// of others, which wait again, as soon as can be.
static int64_t next_pass_ms(const struct wf_schedule *schedule)
{
    const struct wf_backlog *backlog = &schedule->backlog;
    if (schedule->discipline->cycle_ms > 0) {
        return backlog->waiting > 0 ? schedule->next_cycle_ms : INT64_MAX;
    }
    for (uint32_t i = 0; i < backlog->open_count && schedule->discipline->jumps; i++) {
        if (backlog->lanes[backlog->open[i]].first_unreserved != WF_NONE) {
            return schedule->now_ms + 1;
        }
    }
    return schedule->freed_count > 0 && backlog->waiting > 0 ? schedule->now_ms + 1 : INT64_MAX;
}

// Kept start times are looked at again when they come, and when room came free in the meantime.
static int64_t kept_wake_ms(const struct wf_schedule *schedule)
{
    int64_t now_ms = schedule->now_ms, wake_ms = INT64_MAX;
    for (uint32_t i = 0; i < schedule->reserved_count; i++) {
        const struct wf_ticket *ticket = &schedule->backlog.tickets[schedule->reserved[i]];
        int64_t start_ms = wf_future_start_ms(schedule->future, ticket->reservation);
        wake_ms = start_ms > now_ms ? earlier(wake_ms, start_ms) : wake_ms;
        if (schedule->changes != ticket->changes_seen) {
            wake_ms = earlier(wake_ms, ticket->look_ms > now_ms ? ticket->look_ms : now_ms + 1);
        }
    }
    return wake_ms;
}

// When the deadline of a lane's first job begins or ceases to move it forward.
static int64_t deadlines_wake_ms(const struct wf_schedule *schedule)
{
    const struct wf_backlog *backlog = &schedule->backlog;
    int64_t wake_ms = INT64_MAX;
    if (backlog->deadline_lanes == 0 || !schedule->discipline->urgency) {
        return wake_ms;
    }
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        const struct wf_lane *lane = &backlog->lanes[backlog->used[i]];
        if (lane->deadline_ms > 0 && lane->first_unreserved != WF_NONE) {
            struct wf_standing standing =
                wf_standing_of(&backlog->tickets[lane->first_unreserved], schedule->now_ms);
            wake_ms = earlier(wake_ms, wf_discipline_turn_ms(schedule->discipline, &standing));
        }
    }
    return wake_ms;
}

// Whose place may be another now: those are tried again that left room under a limit to others.
static void reopen_deadlines(struct wf_schedule *schedule)
{
    struct wf_backlog *backlog = &schedule->backlog;
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        const struct wf_lane *lane = &backlog->lanes[backlog->used[i]];
        if (lane->deadline_ms > 0 && lane->block == WF_BLOCK_SHARE) {
            wf_backlog_block(backlog, backlog->used[i], WF_BLOCK_NONE, lane->queue);
        }
    }
}

int64_t wf_schedule_run(struct wf_schedule *schedule, int64_t now_ms)
{
    wf_schedule_advance(schedule, now_ms);
    if (now_ms >= schedule->shun_next_ms) {
        wf_schedule_shun(schedule);
    }
    uint32_t job = WF_NONE;
    while (wf_timers_first(&schedule->timers, &job) <= now_ms) {
        ring(schedule, job);
    }
    if (now_ms >= schedule->budgets_next_ms) {
        for (uint32_t i = 0; i < schedule->placer->config.limits.queues; i++) {
            wf_backlog_unblock(&schedule->backlog, (wf_queue_id){i});
        }
        schedule->budgets_next_ms = INT64_MAX;
    }
    if (now_ms >= schedule->deadlines_next_ms) {
        reopen_deadlines(schedule);
    }
    wf_schedule_sort_out(schedule);
    wf_schedule_pass(schedule);
    wf_future_settle(schedule->future); // who looks sees what is kept
    int64_t wake_ms = wf_timers_first(&schedule->timers, &job);
    if (wf_backlog_take_in(&schedule->backlog)) {
        wake_ms = earlier(wake_ms, now_ms + 1);
    }
    schedule->budgets_next_ms = budgets_wake_ms(schedule);
    wake_ms = earlier(wake_ms, schedule->budgets_next_ms);
    wake_ms = earlier(wake_ms, kept_wake_ms(schedule));
    schedule->deadlines_next_ms = deadlines_wake_ms(schedule);
    wake_ms = earlier(wake_ms, schedule->deadlines_next_ms);
    wake_ms = earlier(wake_ms, schedule->reclaim_next_ms);
    wake_ms = earlier(wake_ms, schedule->moves_next_ms);
    wake_ms = earlier(wake_ms, schedule->shun_next_ms);
    if (schedule->backlog.open_count > 0 || schedule->freed_count > 0) {
        wake_ms = earlier(wake_ms, next_pass_ms(schedule));
    }
    return wake_ms;
}
