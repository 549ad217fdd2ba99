// SPDX-License-Identifier: Apache-2.0
// A core with queues, held to its promises by an onlooker that reads events and decisions and keeps
// books of its own. What it reads of the core besides are the start times that are kept and the
// ends that are believed, to see that no start is put off by somebody who came later, and what is
// left when all is over.
//
// How long may anybody wait? While a possible job waits, something runs or is about to start: so it
// starts within the sum of all real runs, each job's as often as it was lost or stopped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/schedule/schedule.h"
#include "queue_history.h"

enum { HISTORIES = 2500, TASKS = 8 };

enum status { LATER, WAITS, RUNS, OVER };

struct task {
    uint32_t node, gpus;
    uint16_t gpu_milli;
    bool placed;
};

struct seen_job {
    enum status status;
    bool started, failed;    // ever started; ended otherwise than well
    bool met[HISTORY_AFTER]; // what it waits for was over before it came
    struct task tasks[TASKS];
    uint32_t placed;
    int64_t start_ms;
    int64_t paid_ms; // until then what it costs is in onlooker.paid
    bool struck;     // a notice took one of its tasks off
    bool was_moved;  // for others
    wf_int128 nanousd_per_hour;
    int64_t kept_ms; // start time kept before this step; INT64_MAX: none
};

struct onlooker {
    struct history *history;
    const struct wf_core *core;
    uint32_t step;
    uint32_t cpu_free[HISTORY_NODES], memory_free[HISTORY_NODES];
    uint16_t gpu_free[HISTORY_NODES][WF_NODE_GPUS_MAX];
    struct seen_job jobs[HISTORY_JOBS];
    wf_int128 paid[HISTORY_QUEUES];               // by stints that are over, in the leaf itself
    uint32_t victims[HISTORY_JOBS], victim_count; // stopped for the next that starts
    uint32_t moved;                               // to other places, for the next that starts
    uint32_t noticed; // node that this event's notice is for, or WF_NONE
    bool more;        // the core starts nothing yet: more is told of this time
    bool excused;     // a machine changed, or something ran longer than was believed
};

// What the histories were about: a test in which nothing happens shows nothing.
static struct {
    uint32_t steps, starts, gangs, lost, timeouts, preemptions, rejected, refused, kept, kept_met,
        overruns, ended, impossible, at_array_max, disciplines[8], outside, more, again, notices,
        replaced, apart, moved, moves;
} seen;

static void fail_at(const struct onlooker *onlooker, wf_job_id job, const char *what)
{
    fail_msg("seed %llu (%s), step %u at %lld ms, job %llu: %s",
             (unsigned long long)onlooker->history->seed,
             onlooker->history->config.discipline->name, onlooker->step,
             (long long)onlooker->history->now_ms, (unsigned long long)job.number, what);
}

static struct seen_job *seen_of(struct onlooker *onlooker, wf_job_id id)
{
    return &onlooker->jobs[id.number - 1];
}

static int64_t gpu_milli_of(const struct wf_job_spec *spec)
{
    return (int64_t)spec->tasks * spec->request.gpus * spec->request.gpu_milli;
}

static bool is_below(const struct history *history, uint32_t queue, uint32_t above)
{
    while (queue != above && queue != WF_NONE) {
        queue = history->queues[queue].parent.index;
    }
    return queue == above;
}

static int64_t used_gpu_milli(const struct onlooker *onlooker, uint32_t queue)
{
    int64_t used = 0;
    for (uint32_t i = 0; i < onlooker->history->submitted; i++) {
        const struct wf_job_spec *spec = &onlooker->history->jobs[i].spec;
        if (onlooker->jobs[i].status == RUNS &&
            is_below(onlooker->history, spec->wait.queue.index, queue)) {
            used += gpu_milli_of(spec);
        }
    }
    return used;
}

static bool admits(const struct history *history, uint32_t node, const struct wf_request *request)
{
    const struct wf_node_spec *spec = &history->nodes[node];
    const struct wf_pool_spec *pool = &history->pools[spec->pool.index];
    return (request->gpus == 0 || (request->models >> pool->model & 1) == 1) &&
           (spec->labels & request->labels) == request->labels &&
           (request->place.zone == WF_ANYWHERE || request->place.zone == pool->place.zone);
}

// The share as the pool's slices serve it.
static uint16_t served_milli(const struct history *history, uint32_t node, uint16_t gpu_milli)
{
    uint32_t slices = history->pools[history->nodes[node].pool.index].slices;
    if (slices == 0 || gpu_milli == 0 || gpu_milli == WF_GPU_MILLI) {
        return gpu_milli;
    }
    uint32_t taken = 1;
    while (WF_GPU_MILLI * taken < slices * gpu_milli) {
        taken++;
    }
    return (uint16_t)(WF_GPU_MILLI * taken / slices);
}

static void place(struct onlooker *onlooker, const struct wf_decision *decision)
{
    struct history *history = onlooker->history;
    const struct wf_job_spec *spec = &history_job(history, decision->job)->spec;
    const struct wf_request *request = &spec->request;
    struct seen_job *job = seen_of(onlooker, decision->job);
    uint32_t node = decision->node.index;
    struct task *task = &job->tasks[decision->task];
    if (decision->task >= spec->tasks || task->placed || !history->node_up[node] ||
        history_is_shut(history, node) || !admits(history, node, request)) {
        fail_at(onlooker, decision->job, "a task is placed twice, or where it must not be");
    }
    if ((uint32_t)__builtin_popcount(decision->gpus) != request->gpus ||
        decision->gpus >> history->nodes[node].gpus != 0 ||
        decision->gpu_milli != served_milli(history, node, request->gpu_milli) ||
        onlooker->cpu_free[node] < request->cpu_milli ||
        onlooker->memory_free[node] < request->memory_mib) {
        fail_at(onlooker, decision->job, "a task gets more than there is, or not what it asks for");
    }
    for (uint32_t gpus = decision->gpus; gpus; gpus &= gpus - 1) {
        uint16_t *free = &onlooker->gpu_free[node][__builtin_ctz(gpus)];
        if (*free < decision->gpu_milli) {
            fail_at(onlooker, decision->job, "a GPU is given out twice");
        }
        *free = (uint16_t)(*free - decision->gpu_milli);
    }
    onlooker->cpu_free[node] -= request->cpu_milli;
    onlooker->memory_free[node] -= request->memory_mib;
    *task = (struct task){node, decision->gpus, decision->gpu_milli, true};
    job->placed++;
}

static void take_off(struct onlooker *onlooker, const struct wf_decision *decision)
{
    const struct wf_job_spec *spec = &history_job(onlooker->history, decision->job)->spec;
    struct seen_job *job = seen_of(onlooker, decision->job);
    struct task *task = &job->tasks[decision->task];
    uint32_t node = decision->node.index;
    if (!task->placed || task->node != node || task->gpus != decision->gpus ||
        task->gpu_milli != decision->gpu_milli) {
        fail_at(onlooker, decision->job, "a task ends where it did not run");
    }
    for (uint32_t gpus = task->gpus; gpus; gpus &= gpus - 1) {
        uint16_t *free = &onlooker->gpu_free[node][__builtin_ctz(gpus)];
        *free = (uint16_t)(*free + task->gpu_milli);
    }
    onlooker->cpu_free[node] += spec->request.cpu_milli;
    onlooker->memory_free[node] += spec->request.memory_mib;
    task->placed = false;
    job->placed--;
    job->struck =
        job->struck || (decision->kind == WF_DECISION_PREEMPT && node == onlooker->noticed);
}

static bool is_met(struct onlooker *onlooker, wf_job_id id, uint32_t which)
{
    const struct wf_dependency *dependency =
        &history_job(onlooker->history, id)->spec.wait.after[which];
    const struct seen_job *other = seen_of(onlooker, dependency->job);
    if (seen_of(onlooker, id)->met[which]) {
        return true;
    }
    switch (dependency->after) {
    case WF_AFTER_START:
        return other->started;
    case WF_AFTER_END:
        return other->status == OVER;
    case WF_AFTER_SUCCESS:
        return other->status == OVER && !other->failed;
    case WF_AFTER_FAILURE:
        return other->status == OVER && other->failed;
    }
    return false;
}

// What a job waits for that is not known any more counts as met.
static void note_met(struct onlooker *onlooker, const struct wf_job_spec *spec)
{
    for (uint32_t i = 0; i < spec->wait.after_count; i++) {
        wf_job_id other = spec->wait.after[i].job;
        seen_of(onlooker, spec->id)->met[i] =
            other.number == spec->id.number || seen_of(onlooker, other)->status == OVER;
    }
}

static uint32_t scope_of(const struct history *history, enum wf_within within, uint32_t node)
{
    const struct wf_node_spec *spec = &history->nodes[node];
    switch (within) {
    case WF_WITHIN_ZONE:
        return history->pools[spec->pool.index].place.zone;
    case WF_WITHIN_POOL:
        return spec->pool.index;
    case WF_WITHIN_GROUP:
        return spec->group;
    case WF_WITHIN_ANY:
        break;
    }
    return 0;
}

static void check_together(struct onlooker *onlooker, wf_job_id id)
{
    const struct history *history = onlooker->history;
    const struct wf_job_spec *spec = &history->jobs[id.number - 1].spec;
    const struct seen_job *job = seen_of(onlooker, id);
    for (uint32_t i = 1; i < spec->tasks; i++) {
        if (scope_of(history, spec->wait.within, job->tasks[i].node) !=
            scope_of(history, spec->wait.within, job->tasks[0].node)) {
            fail_at(onlooker, id, "a gang is torn apart");
        }
        for (uint32_t before = 0; before < i && spec->request.apart; before++) {
            seen.apart++;
            if (job->tasks[i].node == job->tasks[before].node) {
                fail_at(onlooker, id, "tasks that must be apart are on one node");
            }
        }
    }
}

// Whether a job that starts may: all that it waits for is there, and it breaks no limit.
static void check_may_start(struct onlooker *onlooker, wf_job_id id)
{
    struct history *history = onlooker->history;
    struct history_job *job = history_job(history, id);
    const struct wf_wait_spec *wait = &job->spec.wait;
    if (wait->held || wait->begin_ms > history->now_ms) {
        fail_at(onlooker, id, "a job starts that is held, or has not begun");
    }
    for (uint32_t i = 0; i < wait->after_count; i++) {
        if (!is_met(onlooker, id, i)) {
            fail_at(onlooker, id, "a job starts before those that it waits for");
        }
    }
    uint32_t of_array = 0;
    for (uint32_t i = 0; i < history->submitted; i++) {
        of_array += onlooker->jobs[i].status == RUNS && wait->array_max > 0 &&
                    history->jobs[i].spec.wait.array == wait->array;
    }
    seen.at_array_max += of_array == wait->array_max && of_array > 0;
    if (of_array > wait->array_max) {
        fail_at(onlooker, id, "more of an array run than may");
    }
    for (uint32_t at = wait->queue.index; at != WF_NONE; at = history->queues[at].parent.index) {
        int64_t limit = history->queues[at].limit_gpu_milli;
        if (limit > 0 && gpu_milli_of(&job->spec) > 0 && used_gpu_milli(onlooker, at) > limit) {
            fail_at(onlooker, id, "a queue is past its limit");
        }
    }
    check_together(onlooker, id);
}

// Whoever lost work to this job's start still has what is guaranteed to him.
static void check_victims(struct onlooker *onlooker, wf_job_id claimant)
{
    struct history *history = onlooker->history;
    uint32_t queue = history_job(history, claimant)->spec.wait.queue.index;
    struct seen_job *job = seen_of(onlooker, claimant);
    job->status = WAITS; // as it was
    for (uint32_t i = 0; i < onlooker->victim_count; i++) {
        const struct wf_job_spec *victim = &history->jobs[onlooker->victims[i]].spec;
        for (uint32_t at = victim->wait.queue.index; at != WF_NONE && !is_below(history, queue, at);
             at = history->queues[at].parent.index) {
            if (used_gpu_milli(onlooker, at) < history->queues[at].guarantee_gpu_milli) {
                fail_at(onlooker, victim->id, "a queue gave more than it was to");
            }
        }
        if (victim->wait.queue.index == queue &&
            victim->wait.priority >= history_job(history, claimant)->spec.wait.priority) {
            fail_at(onlooker, victim->id, "a job gave way to one that is no more urgent");
        }
    }
    job->status = RUNS;
    onlooker->victim_count = 0;
}

static wf_int128 rent_of(const struct onlooker *onlooker, wf_job_id id)
{
    const struct history *history = onlooker->history;
    const struct seen_job *job = &onlooker->jobs[id.number - 1];
    wf_int128 rent = 0;
    for (uint32_t i = 0; i < history->jobs[id.number - 1].spec.tasks; i++) {
        const struct task *task = &job->tasks[i];
        rent += (wf_int128)history->pools[history->nodes[task->node].pool.index]
                    .price_nanousd_per_gpu_hour *
                __builtin_popcount(task->gpus) * task->gpu_milli;
    }
    return rent / WF_GPU_MILLI;
}

// What a job cost since its rent was last another.
static void pay(struct onlooker *onlooker, wf_job_id id)
{
    const struct wf_wait_spec *wait = &history_job(onlooker->history, id)->spec.wait;
    struct seen_job *job = seen_of(onlooker, id);
    onlooker->paid[wait->queue.index] +=
        job->nanousd_per_hour * (onlooker->history->now_ms - job->paid_ms);
    job->paid_ms = onlooker->history->now_ms;
}

// A gang that runs has all its tasks again.
static void replaced(struct onlooker *onlooker, wf_job_id id)
{
    struct seen_job *job = seen_of(onlooker, id);
    if (!history_job(onlooker->history, id)->spec.wait.replaceable) {
        fail_at(onlooker, id, "a gang runs on that must not without one of its tasks");
    }
    check_together(onlooker, id);
    pay(onlooker, id);
    job->nanousd_per_hour = rent_of(onlooker, id);
    job->struck = false;
    seen.replaced++;
}

// Whether a job that starts was stopped in this step to be moved: then for the next that starts.
static bool is_moved(struct onlooker *onlooker, wf_job_id id)
{
    struct history *history = onlooker->history;
    const struct wf_job_spec *spec = &history_job(history, id)->spec;
    uint32_t at = 0;
    while (at < onlooker->victim_count && onlooker->victims[at] != id.number - 1) {
        at++;
    }
    if (at == onlooker->victim_count) {
        return false;
    }
    onlooker->victims[at] = onlooker->victims[--onlooker->victim_count];
    if (seen_of(onlooker, id)->was_moved || history->moves_left == 0 || spec->tasks != 1 ||
        spec->request.gpus == 0) {
        fail_at(onlooker, id, "a job is moved that must not be");
    }
    seen_of(onlooker, id)->was_moved = true;
    history->moves_left -= history->moves_left < UINT32_MAX;
    onlooker->moved++;
    seen.moved++;
    return true;
}

static void start(struct onlooker *onlooker, wf_job_id id)
{
    struct history *history = onlooker->history;
    struct seen_job *job = seen_of(onlooker, id);
    if (job->status == RUNS) {
        replaced(onlooker, id);
        return;
    }
    if (job->status != WAITS) {
        fail_at(onlooker, id, "a job starts that does not wait");
    }
    job->nanousd_per_hour = rent_of(onlooker, id);
    job->start_ms = job->paid_ms = history->now_ms;
    job->struck = false;
    job->status = RUNS;
    job->started = true;
    check_may_start(onlooker, id);
    if (!is_moved(onlooker, id)) {
        check_victims(onlooker, id);
        seen.moves += onlooker->moved > 0;
        onlooker->moved = 0;
    }
    seen.starts++;
    seen.gangs += history_job(history, id)->spec.tasks > 1;
}

static void stop(struct onlooker *onlooker, const struct wf_decision *decision)
{
    struct history *history = onlooker->history;
    struct history_job *job = history_job(history, decision->job);
    struct seen_job *now = seen_of(onlooker, decision->job);
    const struct wf_wait_spec *wait = &job->spec.wait;
    int64_t ran_ms = history->now_ms - now->start_ms;
    pay(onlooker, decision->job);
    now->status = OVER;
    now->failed = now->failed || decision->kind == WF_DECISION_TIMEOUT;
    seen.notices += now->struck;
    if (decision->kind == WF_DECISION_PREEMPT && !now->struck) {
        if (!wait->preemptible || !history->config.discipline->preempts ||
            ran_ms < history->config.preempt_after_ms) {
            fail_at(onlooker, decision->job, "a job is stopped for others that must not be");
        }
        onlooker->victims[onlooker->victim_count++] = (uint32_t)decision->job.number - 1;
        seen.preemptions++;
    }
    if (decision->kind == WF_DECISION_TIMEOUT && ran_ms != wait->limit_ms) {
        fail_at(onlooker, decision->job, "a job is stopped at another time than its limit");
    }
    seen.timeouts += decision->kind == WF_DECISION_TIMEOUT;
    seen.lost += decision->kind == WF_DECISION_LOST;
    seen.ended += decision->kind == WF_DECISION_END;
}

// Reads one decision. Tasks of a job come one after the other.
static void read_decision(struct onlooker *onlooker, const struct wf_decision *decision)
{
    const struct wf_job_spec *spec = &history_job(onlooker->history, decision->job)->spec;
    struct seen_job *job = seen_of(onlooker, decision->job);
    switch (decision->kind) {
    case WF_DECISION_WAIT:
        if (job->placed > 0 || job->status == WAITS || job->status == RUNS) {
            fail_at(onlooker, decision->job, "a job waits that waits or runs already");
        }
        job->status = WAITS;
        return;
    case WF_DECISION_REJECT:
        if (job->status != WAITS || spec->wait.after_count == 0) {
            fail_at(onlooker, decision->job, "a job is rejected for nothing");
        }
        job->status = OVER;
        job->failed = true;
        seen.rejected++;
        return;
    case WF_DECISION_PLACE:
        place(onlooker, decision);
        if (job->placed == spec->tasks) {
            start(onlooker, decision->job);
        }
        return;
    case WF_DECISION_END:
    case WF_DECISION_LOST:
    case WF_DECISION_PREEMPT:
    case WF_DECISION_TIMEOUT:
        take_off(onlooker, decision);
        if (job->placed == 0) {
            stop(onlooker, decision);
        }
        return;
    case WF_DECISION_REFUSE:
    case WF_DECISION_MOVE:
        break;
    }
    fail_at(onlooker, decision->job, "a decision that a core with queues does not make");
}

static void read_machines(struct onlooker *onlooker, const struct wf_event *event)
{
    if (event->kind == WF_EVENT_NODE_UP) {
        uint32_t node = event->node_up.id.index;
        onlooker->cpu_free[node] = event->node_up.spec.cpu_milli;
        onlooker->memory_free[node] = event->node_up.spec.memory_mib;
        for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
            onlooker->gpu_free[node][i] = i < event->node_up.spec.gpus ? WF_GPU_MILLI : 0;
        }
    }
    bool notice = event->kind == WF_EVENT_NODE_NOTICE && event->node_notice.gone_ms > 0;
    onlooker->noticed = notice ? event->node_notice.id.index : WF_NONE;
    onlooker->excused = (onlooker->more && onlooker->excused) || event->kind == WF_EVENT_NODE_UP ||
                        event->kind == WF_EVENT_NODE_NOTICE || event->kind == WF_EVENT_NODE_DOWN ||
                        event->kind == WF_EVENT_NODE_DRAIN;
}

// Before a step: which start times are kept, and who is about to run longer than was believed.
static void note_kept(struct onlooker *onlooker, const struct wf_event *event)
{
    const struct wf_schedule *schedule = wf_core_schedule(onlooker->core);
    const struct wf_cluster *cluster = wf_core_cluster(onlooker->core);
    for (uint32_t i = 0; i < onlooker->history->submitted; i++) {
        struct seen_job *job = &onlooker->jobs[i];
        job->kept_ms = INT64_MAX;
        uint32_t slot = wf_cluster_find_job(cluster, (wf_job_id){i + 1});
        if (slot == WF_NONE) {
            continue;
        }
        const struct wf_ticket *ticket = &schedule->backlog.tickets[slot];
        bool ends = event->kind == WF_EVENT_JOB_END && event->job_end.id.number == i + 1;
        if (job->status == RUNS && ticket->end_ms <= event->time_ms && !ends) {
            onlooker->excused = true;
            seen.overruns++;
        }
        // One that a machine's going has broken is no promise any more.
        if (job->status == WAITS && ticket->phase == WF_PHASE_WAITING &&
            ticket->reservation != WF_NONE &&
            !wf_future_is_broken(schedule->future, ticket->reservation)) {
            job->kept_ms = wf_future_start_ms(schedule->future, ticket->reservation);
            seen.kept++;
        }
    }
}

// Whether something else than room may stand against the job now: then no start is kept for it.
static bool is_limited(const struct onlooker *onlooker, const struct wf_wait_spec *wait)
{
    bool limited = onlooker->history->has_budgets || wait->array_max > 0;
    for (uint32_t at = wait->queue.index; at != WF_NONE;
         at = onlooker->history->queues[at].parent.index) {
        limited = limited || onlooker->history->queues[at].limit_gpu_milli > 0;
    }
    return limited;
}

// A start time that was kept is met, or kept no later; but for disciplines that promise nothing.
static void check_kept(struct onlooker *onlooker, const struct wf_event *event)
{
    struct history *history = onlooker->history;
    const struct wf_schedule *schedule = wf_core_schedule(onlooker->core);
    for (uint32_t i = 0; i < history->submitted; i++) {
        const struct seen_job *job = &onlooker->jobs[i];
        const struct wf_wait_spec *wait = &history->jobs[i].spec.wait;
        bool held = event->kind == WF_EVENT_JOB_HOLD && event->job_hold.id.number == i + 1;
        bool started = job->started && job->start_ms == history->now_ms; // perhaps stopped again
        seen.kept_met += job->kept_ms < INT64_MAX && started;
        if (job->kept_ms == INT64_MAX || job->status != WAITS || started || held ||
            onlooker->excused || is_limited(onlooker, wait) ||
            history->config.discipline->forgets) {
            continue;
        }
        uint32_t slot = wf_cluster_find_job(wf_core_cluster(onlooker->core), (wf_job_id){i + 1});
        if (slot == WF_NONE) {
            continue; // it was cancelled
        }
        const struct wf_ticket *ticket = &schedule->backlog.tickets[slot];
        if (ticket->reservation == WF_NONE) {
            fail_at(onlooker, (wf_job_id){i + 1}, "a start time is kept no more");
        }
        if (wf_future_start_ms(schedule->future, ticket->reservation) > job->kept_ms) {
            fail_at(onlooker, (wf_job_id){i + 1}, "a start time is put off");
        }
    }
}

static void check_jobs(struct onlooker *onlooker)
{
    struct history *history = onlooker->history;
    for (uint32_t i = 0; i < history->submitted; i++) {
        const struct seen_job *job = &onlooker->jobs[i];
        const struct wf_job_spec *spec = &history->jobs[i].spec;
        if (job->placed != (job->status == RUNS ? spec->tasks : 0)) {
            fail_at(onlooker, spec->id, "a gang runs in part");
        }
        if (job->status == RUNS && spec->wait.limit_ms > 0 && !onlooker->more &&
            history->now_ms >= job->start_ms + spec->wait.limit_ms) {
            fail_at(onlooker, spec->id, "a job runs past its limit");
        }
    }
    if (onlooker->victim_count > 0) {
        fail_at(onlooker, (wf_job_id){onlooker->victims[0] + 1}, "a job is stopped for nobody");
    }
    if (onlooker->moved > 0) {
        fail_at(onlooker, (wf_job_id){0}, "jobs are moved for nobody");
    }
}

static void check_money(struct onlooker *onlooker)
{
    struct history *history = onlooker->history;
    for (uint32_t queue = 0; queue < history->queue_count; queue++) {
        struct wf_queue_view view;
        wf_int128 sum = 0;
        for (uint32_t i = 0; i < history->submitted; i++) {
            const struct seen_job *job = &onlooker->jobs[i];
            if (job->status == RUNS &&
                is_below(history, history->jobs[i].spec.wait.queue.index, queue)) {
                sum += job->nanousd_per_hour * (history->now_ms - job->paid_ms);
            }
        }
        for (uint32_t leaf = 0; leaf < history->queue_count; leaf++) {
            sum += is_below(history, leaf, queue) ? onlooker->paid[leaf] : 0;
        }
        if (!wf_queues_view(wf_core_schedule(onlooker->core)->queues, (wf_queue_id){queue},
                            &view)) {
            continue; // not told yet
        }
        if (view.money != sum || view.used_gpu_milli != used_gpu_milli(onlooker, queue)) {
            fail_at(onlooker, (wf_job_id){0}, "a queue's sum is not that of its stints");
        }
    }
}

// How many tasks a node would take with nothing on it.
static uint32_t slots_of(const struct history *history, uint32_t node,
                         const struct wf_request *request)
{
    const struct wf_node_spec *spec = &history->nodes[node];
    if (!history->node_up[node] || history_is_shut(history, node) ||
        !admits(history, node, request)) {
        return 0;
    }
    uint32_t slots = request->apart ? 1 : TASKS;
    uint16_t share = served_milli(history, node, request->gpu_milli);
    for (; slots > 0; slots--) {
        bool gpus = request->gpus == 0 ||
                    (share == WF_GPU_MILLI ? slots * request->gpus <= spec->gpus
                                           : slots <= WF_GPU_MILLI / share * (uint32_t)spec->gpus);
        if (gpus && slots * request->cpu_milli <= spec->cpu_milli &&
            slots * request->memory_mib <= spec->memory_mib) {
            break;
        }
    }
    return slots;
}

// Whether a waiting job could start if it had the site to itself.
static bool could_run_alone(struct onlooker *onlooker, uint32_t index)
{
    struct history *history = onlooker->history;
    const struct history_job *job = &history->jobs[index];
    const struct wf_wait_spec *wait = &job->spec.wait;
    bool ready = !wait->held && wait->begin_ms <= history->now_ms;
    for (uint32_t i = 0; i < wait->after_count; i++) {
        ready = ready && is_met(onlooker, job->spec.id, i);
    }
    for (uint32_t at = wait->queue.index; at != WF_NONE; at = history->queues[at].parent.index) {
        int64_t limit = history->queues[at].limit_gpu_milli;
        ready = ready && (limit == 0 || gpu_milli_of(&job->spec) <= limit);
    }
    uint32_t most = 0;
    for (uint32_t scope = 0; scope < HISTORY_POOLS; scope++) { // zones and groups are fewer
        uint32_t slots = 0;
        for (uint32_t node = 0; node < history->node_count; node++) {
            if (scope_of(history, wait->within, node) == scope) {
                slots += slots_of(history, node, &job->spec.request);
            }
        }
        most = slots > most ? slots : most;
    }
    return ready && most >= job->spec.tasks;
}

// While somebody could run, somebody does, or the core asks for the time at which he will.
static void check_nobody_starves(struct onlooker *onlooker, int64_t wake_ms)
{
    struct history *history = onlooker->history;
    bool runs = false;
    for (uint32_t i = 0; i < history->submitted; i++) {
        runs = runs || onlooker->jobs[i].status == RUNS;
    }
    int64_t soon_ms =
        history->config.discipline->cycle_ms > 0 ? history->config.discipline->cycle_ms : 1;
    if (history->config.discipline->steadfast && wake_ms < INT64_MAX) {
        return; // it looks at kept start times only now and then, but it does
    }
    if (runs || wake_ms <= history->now_ms + soon_ms ||
        (history->has_budgets && wake_ms < INT64_MAX)) {
        return;
    }
    for (uint32_t i = 0; i < history->submitted; i++) {
        if (onlooker->jobs[i].status == WAITS && could_run_alone(onlooker, i)) {
            fail_at(onlooker, (wf_job_id){i + 1}, "a job waits though nothing runs");
        }
    }
}

static void check_step(struct onlooker *onlooker, const struct wf_event *event,
                       const struct wf_decisions *decisions)
{
    struct wf_error err = {.text = ""};
    if (event->kind == WF_EVENT_JOB_SUBMIT) {
        note_met(onlooker, &event->job_submit);
    } else if (event->kind == WF_EVENT_JOB_END) {
        struct seen_job *job = seen_of(onlooker, event->job_end.id);
        if (event->job_end.again && job->status != RUNS) {
            fail_at(onlooker, event->job_end.id, "a job that does not run waits again");
        }
        seen.again += event->job_end.again;
        job->failed = event->job_end.failed && !event->job_end.again;
        job->status = job->status == RUNS ? RUNS : OVER; // one that waits ends in silence
    }
    for (uint32_t i = 0; i < decisions->count; i++) {
        read_decision(onlooker, &decisions->list[i]);
    }
    if (event->kind == WF_EVENT_JOB_END &&
        event->job_end.again != (seen_of(onlooker, event->job_end.id)->status != OVER)) {
        fail_at(onlooker, event->job_end.id, "a job is over that waits again, or the reverse");
    }
    seen.more += event->more;
    if (decisions->wake_ms <= event->time_ms && !event->more) {
        fail_at(onlooker, (wf_job_id){0},
                "the core wants to be asked again at a time that is over");
    }
    check_jobs(onlooker);
    if (event->more) {
        return;
    }
    check_money(onlooker);
    check_kept(onlooker, event);
    check_nobody_starves(onlooker, decisions->wake_ms);
    if (wf_future_check(wf_core_schedule(onlooker->core)->future, &err) != WF_OK) {
        fail_at(onlooker, (wf_job_id){0}, err.text);
    }
    seen.outside += wf_core_schedule(onlooker->core)->backlog.first_outside != WF_NONE;
}

static void check_all_is_free(struct onlooker *onlooker)
{
    const struct history *history = onlooker->history;
    const struct wf_cluster *cluster = wf_core_cluster(onlooker->core);
    for (uint32_t node = 0; node < history->node_count; node++) {
        const struct wf_state *state = &cluster->states[node];
        bool whole = state->cpu_free_milli == history->nodes[node].cpu_milli &&
                     state->memory_free_mib == history->nodes[node].memory_mib &&
                     state->gpus_whole == history->nodes[node].gpus;
        if (!whole || cluster->nodes[node].first_placement != WF_NONE) {
            fail_at(onlooker, (wf_job_id){0}, "a node is not free in the end");
        }
    }
}

// When nothing more comes: who still waits could never run, and nothing else is left of anybody.
static void check_end(struct onlooker *onlooker)
{
    const struct history *history = onlooker->history;
    const struct wf_schedule *schedule = wf_core_schedule(onlooker->core);
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < history->submitted; i++) {
        waiting += onlooker->jobs[i].status == WAITS;
        if (onlooker->jobs[i].status == RUNS) {
            fail_at(onlooker, (wf_job_id){i + 1}, "a job runs forever");
        }
    }
    seen.impossible += waiting;
    check_all_is_free(onlooker);
    if (wf_future_count(schedule->future) + schedule->reserved_count + schedule->timers.count > 0) {
        fail_at(onlooker, (wf_job_id){0}, "start times or times are kept for nobody");
    }
    const struct wf_backlog *backlog = &schedule->backlog;
    bool left = backlog->used_count + backlog->used_asks_count > 0 ||
                backlog->first_outside != WF_NONE ||
                !wf_dependencies_have_room(&schedule->dependencies, HISTORY_JOBS);
    if (waiting == 0 && left) {
        fail_at(onlooker, (wf_job_id){0}, "lanes or dependencies are left in the end");
    }
}

static uint64_t run_history(struct history *history, struct onlooker *onlooker)
{
    struct wf_core *core, *plain;
    struct wf_core_config config = history->config;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    config.plain = true;
    assert_int_equal(wf_core_create(&config, &plain, NULL), WF_OK);
    *onlooker = (struct onlooker){.history = history, .core = core};
    struct wf_event event;
    struct wf_decisions decisions = {.hash = 0}, of_plain;
    while (history_next(history, &event)) {
        uint64_t before = decisions.hash;
        onlooker->step++;
        read_machines(onlooker, &event);
        note_kept(onlooker, &event);
        enum wf_status status = wf_core_step(core, &event, &decisions, NULL);
        assert_int_equal(wf_core_step(plain, &event, &of_plain, NULL), status);
        if (of_plain.hash != decisions.hash || of_plain.wake_ms != decisions.wake_ms) {
            fail_at(onlooker, (wf_job_id){0}, "kept scores change a decision");
        }
        history->wake_ms = decisions.wake_ms;
        if (status == WF_OK) {
            onlooker->more = event.more;
            history_take(history, &event, &decisions);
            check_step(onlooker, &event, &decisions);
        } else if (decisions.count > 0 || decisions.hash != before ||
                   event.kind < WF_EVENT_JOB_END || event.kind == WF_EVENT_QUEUE) {
            fail_at(onlooker, (wf_job_id){0}, "what is refused leaves a trace");
        }
        seen.refused += status != WF_OK;
        if (onlooker->step > 100000) {
            fail_at(onlooker, (wf_job_id){0}, "it does not come to an end");
        }
    }
    check_end(onlooker);
    seen.steps += onlooker->step;
    wf_core_destroy(core);
    wf_core_destroy(plain);
    return decisions.hash;
}

// Things happened in the histories.
static void check_seen(void)
{
    assert_true(seen.starts > 10000 && seen.gangs > 2000 && seen.lost > 1000 && seen.kept > 10000);
    assert_true(seen.timeouts > 1000 && seen.preemptions > 100 && seen.rejected > 1000);
    assert_true(seen.refused > 1000 && seen.kept_met > 1000 && seen.overruns > 1000);
    assert_true(seen.at_array_max > 1000 && seen.outside > 1000 && seen.more > 1000);
    assert_true(seen.again > 500 && seen.notices > 500 && seen.replaced > 50 && seen.apart > 500);
    assert_true(seen.moved > 100 && seen.moves > 50);
}

static void the_core_keeps_its_promises(void **unused)
{
    (void)unused;
    static struct history history;
    static struct onlooker onlooker;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        history_init(&history, seed);
        uint32_t discipline = 0;
        while (wf_disciplines[discipline] != history.config.discipline) {
            discipline++;
        }
        seen.disciplines[discipline]++;
        uint64_t hash = run_history(&history, &onlooker);
        if (seed % 16 == 0) {
            history_init(&history, seed);
            assert_true(run_history(&history, &onlooker) == hash);
        }
    }
    print_message(
        "# %u steps, %u starts (%u of gangs), %u ended, %u lost, %u timed out, %u "
        "preempted, %u rejected, %u refused, kept %u times, met %u times, %u overran, "
        "%u at the number of their array, %u impossible, %u times without a lane, %u again, "
        "%u struck by a notice, %u replaced alone, %u moved for %u\n",
        seen.steps, seen.starts, seen.gangs, seen.ended, seen.lost, seen.timeouts, seen.preemptions,
        seen.rejected, seen.refused, seen.kept, seen.kept_met, seen.overruns, seen.at_array_max,
        seen.impossible, seen.outside, seen.again, seen.notices, seen.replaced, seen.moved,
        seen.moves);
    for (uint32_t i = 0; wf_disciplines[i]; i++) {
        assert_true(seen.disciplines[i] > HISTORIES / 15);
    }
    check_seen();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_core_keeps_its_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
