// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/workload.h"

#include <stdlib.h>
#include <string.h>

static int64_t gpu_demand_milli(const struct wf_trace_task *task)
{
    return (int64_t)task->gpus * task->gpu_milli;
}

static void shuffle(struct wf_random *random, uint32_t *list, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)wf_random_below(random, i);
        uint32_t kept = list[i - 1];
        list[i - 1] = list[other];
        list[other] = kept;
    }
}

struct named {
    const char *name;
    uint32_t index;
};

static int compare_named(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

// Returns the indexes of the tasks in the order of their names, for the caller to free; or NULL.
static uint32_t *sort_by_name(const struct wf_trace *trace)
{
    struct named *named = calloc(trace->task_count, sizeof *named);
    uint32_t *sorted = calloc(trace->task_count, sizeof *sorted);
    if (!named || !sorted) {
        free(named);
        free(sorted);
        return NULL;
    }
    for (uint32_t i = 0; i < trace->task_count; i++) {
        named[i] = (struct named){trace->tasks[i].name, i};
    }
    qsort(named, trace->task_count, sizeof *named, compare_named);
    for (uint32_t i = 0; i < trace->task_count; i++) {
        sorted[i] = named[i].index;
    }
    free(named);
    return sorted;
}

static enum wf_status append(struct wf_workload *workload, uint32_t *capacity, uint32_t task,
                             struct wf_error *err)
{
    if (workload->arrival_count == WF_TRACE_TASKS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "the workload would have more than %d arrivals, the limit "
                       "WF_TRACE_TASKS_MAX",
                       WF_TRACE_TASKS_MAX);
    }
    if (workload->arrival_count == *capacity) {
        uint32_t more = *capacity + *capacity / 4 + 1024;
        uint32_t *grown = realloc(workload->arrivals, more * sizeof *grown);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for %u arrivals", more);
        }
        workload->arrivals = grown;
        *capacity = more;
    }
    workload->arrivals[workload->arrival_count++] = task;
    return WF_OK;
}

static enum wf_status inflate(const struct wf_trace *trace, const uint32_t *sorted, int64_t target,
                              struct wf_random *random, struct wf_workload *workload,
                              struct wf_error *err)
{
    uint32_t capacity = workload->arrival_count;
    while (workload->offered_gpu_milli < target) {
        uint32_t drawn = sorted[wf_random_below(random, trace->task_count)];
        const struct wf_trace_task *task = &trace->tasks[drawn];
        if (workload->offered_gpu_milli + task->gpu_milli > target) {
            break;
        }
        enum wf_status status = append(workload, &capacity, drawn, err);
        if (status != WF_OK) {
            return status;
        }
        workload->offered_gpu_milli += gpu_demand_milli(task);
    }
    return WF_OK;
}

static void deflate(const struct wf_trace *trace, int64_t target, struct wf_random *random,
                    struct wf_workload *workload)
{
    while (workload->offered_gpu_milli > target) {
        // The list is shuffled, so that its last task may stand in for the one removed.
        uint32_t drawn = (uint32_t)wf_random_below(random, workload->arrival_count);
        workload->offered_gpu_milli -= gpu_demand_milli(&trace->tasks[workload->arrivals[drawn]]);
        workload->arrivals[drawn] = workload->arrivals[--workload->arrival_count];
    }
}

static enum wf_status fill_arrivals(const struct wf_trace *trace,
                                    const struct wf_workload_config *config,
                                    struct wf_random *random, struct wf_workload *workload,
                                    struct wf_error *err)
{
    uint32_t *sorted = sort_by_name(trace);
    uint32_t count = trace->task_count * config->copies;
    workload->arrivals = calloc(count, sizeof *workload->arrivals);
    if (!sorted || !workload->arrivals) {
        free(sorted);
        return wf_fail(err, WF_NOMEM, "no memory for %u arrivals", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        workload->arrivals[i] = sorted[i % trace->task_count];
        workload->offered_gpu_milli += gpu_demand_milli(&trace->tasks[workload->arrivals[i]]);
    }
    workload->arrival_count = count;
    shuffle(random, workload->arrivals, count);
    int64_t target = workload->capacity_gpu_milli / 1000 * config->load_milli;
    enum wf_status status = WF_OK;
    if (workload->offered_gpu_milli == 0) {
        status = wf_fail(err, WF_INVALID, "no task of the trace asks for a GPU");
    } else if (workload->offered_gpu_milli < target) {
        status = inflate(trace, sorted, target, random, workload, err);
    } else {
        deflate(trace, target, random, workload);
    }
    free(sorted);
    return status;
}

static enum wf_status check(const struct wf_trace *trace, uint32_t copies, struct wf_error *err)
{
    uint64_t nodes = (uint64_t)trace->node_count * copies;
    uint64_t tasks = (uint64_t)trace->task_count * copies;
    if (nodes > WF_NODES_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "%u copies of %u nodes are more than %d, the limit "
                       "WF_NODES_MAX",
                       copies, trace->node_count, WF_NODES_MAX);
    }
    if (tasks > WF_TRACE_TASKS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "%u copies of %u tasks are more than %d, the limit "
                       "WF_TRACE_TASKS_MAX",
                       copies, trace->task_count, WF_TRACE_TASKS_MAX);
    }
    return WF_OK;
}

// Takes the memory for the nodes and adds up their GPUs.
static enum wf_status init_nodes(const struct wf_trace *trace, uint32_t copies,
                                 struct wf_workload *workload, struct wf_error *err)
{
    workload->node_count = trace->node_count * copies;
    workload->nodes = calloc(workload->node_count, sizeof *workload->nodes);
    if (!workload->nodes) {
        return wf_fail(err, WF_NOMEM, "no memory for %u nodes", workload->node_count);
    }
    for (uint32_t i = 0; i < trace->node_count; i++) {
        workload->capacity_gpu_milli += (int64_t)trace->nodes[i].gpus * WF_GPU_MILLI * copies;
    }
    return workload->capacity_gpu_milli > 0
               ? WF_OK
               : wf_fail(err, WF_INVALID, "no node of the trace has a GPU");
}

enum wf_status wf_workload_start(const struct wf_trace *trace, uint32_t copies,
                                 struct wf_workload *workload, struct wf_error *err)
{
    enum wf_status status = check(trace, copies, err);
    return status == WF_OK ? init_nodes(trace, copies, workload, err) : status;
}

void wf_workload_shuffle_nodes(struct wf_random *random, struct wf_workload *workload)
{
    for (uint32_t i = 0; i < workload->node_count; i++) {
        workload->nodes[i] = i;
    }
    shuffle(random, workload->nodes, workload->node_count);
}

enum wf_status wf_workload_make(const struct wf_trace *trace,
                                const struct wf_workload_config *config,
                                struct wf_workload *workload_out, struct wf_error *err)
{
    *workload_out = (struct wf_workload){0};
    struct wf_random random;
    wf_random_init(&random, config->seed);
    enum wf_status status = wf_workload_start(trace, config->copies, workload_out, err);
    if (status == WF_OK) {
        status = fill_arrivals(trace, config, &random, workload_out, err);
    }
    if (status != WF_OK) {
        wf_workload_finish(workload_out);
        return status;
    }
    wf_workload_shuffle_nodes(&random, workload_out);
    return WF_OK;
}

void wf_workload_finish(struct wf_workload *workload)
{
    if (workload) {
        free(workload->arrivals);
        free(workload->nodes);
        free(workload->arrive_ms);
        free(workload->run_ms);
        *workload = (struct wf_workload){0};
    }
}
