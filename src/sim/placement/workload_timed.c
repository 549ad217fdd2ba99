// SPDX-License-Identifier: Apache-2.0
// Workloads whose tasks leave again (sim/placement/workload.h).
#include <stdlib.h>

#include "base/hash.h"
#include "sim/placement/workload.h"

#define END_MS (WF_WORKLOAD_WARM_UP_MS + WF_WORKLOAD_WINDOW_MS)
#define WHOLE_PPM INT64_C(1000000)

// A task's one appearance.
struct visit {
    int64_t at_ms; // below 0: it runs already when the run begins
    int64_t run_ms;
    uint32_t task;
    uint32_t number; // orders those that come at the same time
};

struct maker {
    const struct wf_trace *trace;
    int64_t first_s;   // when the trace's first task with times came
    int64_t period_ms; // after which a copy comes again
    wf_int128 demand;  // of one copy: milli-GPU times milliseconds
    struct visit *visits;
    uint32_t count, room;
};

static bool has_times(const struct wf_trace_task *task)
{
    return task->submit_s >= 0 && task->start_s >= 0 && task->end_s > task->start_s;
}

static int64_t run_ms(const struct wf_trace_task *task)
{
    return (task->end_s - task->start_s) * 1000;
}

static int64_t gpu_milli(const struct wf_trace_task *task)
{
    return (int64_t)task->gpus * task->gpu_milli;
}

static enum wf_status survey(struct maker *maker, struct wf_error *err)
{
    const struct wf_trace *trace = maker->trace;
    int64_t last_s = -1;
    maker->first_s = INT64_MAX;
    for (uint32_t i = 0; i < trace->task_count; i++) {
        const struct wf_trace_task *task = &trace->tasks[i];
        if (has_times(task)) {
            maker->first_s = task->submit_s < maker->first_s ? task->submit_s : maker->first_s;
            last_s = task->submit_s > last_s ? task->submit_s : last_s;
            maker->demand += (wf_int128)gpu_milli(task) * run_ms(task);
        }
    }
    if (last_s < 0) {
        return wf_fail(err, WF_INVALID,
                       "%.200s: no task has the times creation_time, scheduled_time and "
                       "deletion_time, without which none can leave",
                       trace->origin);
    }
    maker->period_ms = (last_s - maker->first_s + 1) * 1000;
    return maker->demand > 0
               ? WF_OK
               : wf_fail(err, WF_INVALID, "no task of the trace with times asks for a GPU");
}

static enum wf_status add(struct maker *maker, struct visit visit, struct wf_error *err)
{
    if (maker->count == WF_TRACE_TASKS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "the workload would have more than %d arrivals, the limit "
                       "WF_TRACE_TASKS_MAX",
                       WF_TRACE_TASKS_MAX);
    }
    if (maker->count == maker->room) {
        uint32_t room = maker->room + maker->room / 2 + 1024;
        struct visit *grown = realloc(maker->visits, room * sizeof *grown);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for %u arrivals", room);
        }
        maker->visits = grown;
        maker->room = room;
    }
    visit.number = maker->count;
    maker->visits[maker->count++] = visit;
    return WF_OK;
}

// Adds every appearance of a task in a copy that touches the run.
static enum wf_status add_visits(struct maker *maker, uint32_t index, int64_t shift_ms,
                                 struct wf_error *err)
{
    const struct wf_trace_task *task = &maker->trace->tasks[index];
    int64_t run = run_ms(task);
    int64_t at_ms = ((task->submit_s - maker->first_s) * 1000 + shift_ms) % maker->period_ms;
    at_ms -=
        (at_ms + run - 1) / maker->period_ms * maker->period_ms; // the earliest that still runs
    enum wf_status status = WF_OK;
    for (; at_ms < END_MS && status == WF_OK; at_ms += maker->period_ms) {
        status = add(maker, (struct visit){.at_ms = at_ms, .run_ms = run, .task = index}, err);
    }
    return status;
}

static enum wf_status add_copy(struct maker *maker, struct wf_random *random, int64_t share_ppm,
                               struct wf_error *err)
{
    int64_t shift_ms = (int64_t)wf_random_below(random, (uint64_t)maker->period_ms);
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < maker->trace->task_count && status == WF_OK; i++) {
        bool drawn = share_ppm == WHOLE_PPM ||
                     wf_random_below(random, (uint64_t)WHOLE_PPM) < (uint64_t)share_ppm;
        if (drawn && has_times(&maker->trace->tasks[i])) {
            status = add_visits(maker, i, shift_ms, err);
        }
    }
    return status;
}

static int compare_visits(const void *left, const void *right)
{
    const struct visit *a = left;
    const struct visit *b = right;
    int order = (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

// How much of the window a task runs that is placed when it arrives.
static int64_t time_in_window_ms(int64_t arrive_ms, int64_t run)
{
    int64_t from = arrive_ms > WF_WORKLOAD_WARM_UP_MS ? arrive_ms : WF_WORKLOAD_WARM_UP_MS;
    int64_t to = arrive_ms + run < END_MS ? arrive_ms + run : END_MS;
    return to > from ? to - from : 0;
}

static enum wf_status hand_over(struct maker *maker, struct wf_workload *workload,
                                struct wf_error *err)
{
    uint32_t count = maker->count;
    wf_int128 offered = 0;
    workload->arrivals = calloc(count + 1, sizeof *workload->arrivals);
    workload->arrive_ms = calloc(count + 1, sizeof *workload->arrive_ms);
    workload->run_ms = calloc(count + 1, sizeof *workload->run_ms);
    if (!workload->arrivals || !workload->arrive_ms || !workload->run_ms) {
        return wf_fail(err, WF_NOMEM, "no memory for %u arrivals", count);
    }
    if (count > 0) {
        qsort(maker->visits, count, sizeof *maker->visits, compare_visits);
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct visit *visit = &maker->visits[i];
        int64_t arrive_ms = visit->at_ms > 0 ? visit->at_ms : 0;
        workload->arrivals[i] = visit->task;
        workload->arrive_ms[i] = arrive_ms;
        workload->run_ms[i] = visit->at_ms + visit->run_ms - arrive_ms;
        offered += (wf_int128)gpu_milli(&maker->trace->tasks[visit->task]) *
                   time_in_window_ms(arrive_ms, workload->run_ms[i]);
    }
    workload->arrival_count = count;
    workload->offered_gpu_milli = (int64_t)(offered / WF_WORKLOAD_WINDOW_MS);
    return WF_OK;
}

static enum wf_status make(struct maker *maker, const struct wf_workload_config *config,
                           struct wf_workload *workload, struct wf_error *err)
{
    struct wf_random random;
    // A stream of its own: not that of the tasks that stay.
    wf_random_init(&random, wf_hash_add(config->seed, 1));
    enum wf_status status = survey(maker, err);
    if (status != WF_OK) {
        return status;
    }
    wf_int128 wanted =
        (wf_int128)workload->capacity_gpu_milli * config->load_milli * maker->period_ms / 1000;
    for (; wanted > 0 && status == WF_OK; wanted -= maker->demand) {
        int64_t share_ppm =
            wanted < maker->demand ? (int64_t)(wanted * WHOLE_PPM / maker->demand) : WHOLE_PPM;
        status = add_copy(maker, &random, share_ppm, err);
    }
    if (status == WF_OK) {
        status = hand_over(maker, workload, err);
    }
    wf_workload_shuffle_nodes(&random, workload);
    return status;
}

enum wf_status wf_workload_make_timed(const struct wf_trace *trace,
                                      const struct wf_workload_config *config,
                                      struct wf_workload *workload_out, struct wf_error *err)
{
    *workload_out = (struct wf_workload){0};
    struct maker maker = {.trace = trace};
    enum wf_status status = wf_workload_start(trace, config->copies, workload_out, err);
    if (status == WF_OK) {
        status = make(&maker, config, workload_out, err);
    }
    free(maker.visits);
    if (status != WF_OK) {
        wf_workload_finish(workload_out);
    }
    return status;
}
