// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/placement.h"

#include <stdlib.h>
#include <time.h>

#include "core/cluster.h"
#include "core/place/mix.h"

enum { PROGRESS_EVERY = 512 };

// A run while it is measured.
struct meter {
    const struct wf_placement_config *config;
    struct wf_replay *replay;
    const struct wf_cluster *cluster;
    struct wf_region *region; // of the mix
    struct wf_mix mix;        // the published forecast
    int64_t *fragment;        // by node: milli-GPU times counts of the forecast
    double *usd_per_fragment; // by pool: dollars per hour of one of those
    int64_t fragments;        // sum over the nodes
    double stranded_usd_per_hour;
    int64_t *free_milli;        // by node
    int64_t used_nano_per_hour; // nano-dollars
    int64_t time_ms;            // up to which the window's sums are made
    struct wf_placement_result *result;
};

static void measure_node(struct meter *meter, uint32_t node)
{
    const struct wf_node *facts = &meter->cluster->nodes[node];
    const struct wf_pool *pool = &meter->cluster->pools[facts->pool.index];
    int64_t fragment =
        wf_mix_fragment(&meter->mix, pool->spec.model, &meter->cluster->states[node]);
    int64_t change = fragment - meter->fragment[node];
    meter->fragment[node] = fragment;
    meter->fragments += change;
    meter->stranded_usd_per_hour += (double)change * meter->usd_per_fragment[facts->pool.index];
    int64_t free_milli = wf_state_gpu_total_milli(&meter->cluster->states[node]);
    meter->used_nano_per_hour += (meter->free_milli[node] - free_milli) *
                                 (pool->spec.price_nanousd_per_gpu_hour / WF_GPU_MILLI);
    meter->free_milli[node] = free_milli;
}

static enum wf_status start(struct meter *meter, struct wf_error *err)
{
    const struct wf_placement_config *config = meter->config;
    uint32_t nodes = config->replay.workload->node_count;
    uint32_t models = config->replay.trace->model_count;
    enum wf_status status = wf_region_create(&meter->region, err);
    if (status == WF_OK) {
        status = wf_mix_init(&meter->mix, meter->region, models ? models : 1, err);
    }
    if (status != WF_OK) {
        return status;
    }
    wf_mix_set(&meter->mix, config->published->classes, config->published->count);
    meter->fragment = calloc(nodes, sizeof *meter->fragment);
    meter->usd_per_fragment = calloc(meter->cluster->limits.pools, sizeof *meter->usd_per_fragment);
    meter->free_milli = calloc(nodes, sizeof *meter->free_milli);
    if (!meter->fragment || !meter->usd_per_fragment || !meter->free_milli) {
        return wf_fail(err, WF_NOMEM, "no memory to measure %u nodes", nodes);
    }
    double unit = (double)(meter->mix.total > 0 ? meter->mix.total : 1) * WF_GPU_MILLI * 1e9;
    for (uint32_t i = 0; i < meter->cluster->limits.pools; i++) {
        meter->usd_per_fragment[i] =
            (double)meter->cluster->pools[i].spec.price_nanousd_per_gpu_hour / unit;
    }
    for (uint32_t node = 0; node < nodes; node++) {
        measure_node(meter, node);
    }
    meter->used_nano_per_hour = 0; // as the cluster is now
    return WF_OK;
}

static void finish(struct meter *meter)
{
    wf_region_destroy(meter->region);
    free(meter->fragment);
    free(meter->usd_per_fragment);
    free(meter->free_milli);
}

static int64_t share_of(const struct wf_decision *decision)
{
    return (int64_t)__builtin_popcount(decision->gpus) * decision->gpu_milli;
}

static void follow(struct meter *meter, const struct wf_decisions *decisions)
{
    struct wf_placement_result *result = meter->result;
    for (uint32_t i = 0; i < decisions->count; i++) {
        const struct wf_decision *decision = &decisions->list[i];
        switch (decision->kind) {
        case WF_DECISION_PLACE:
            result->allocated_gpu_milli += share_of(decision);
            result->moved_for_gpus += i > 0 ? (double)share_of(decision) / WF_GPU_MILLI : 0;
            break;
        case WF_DECISION_END:
        case WF_DECISION_LOST:
            result->allocated_gpu_milli -= share_of(decision);
            break;
        case WF_DECISION_MOVE:
            measure_node(meter, decision->from.index);
            result->moves++;
            result->moves_usd += (double)meter->config->replay.move_cost_nanousd * 1e-9;
            break;
        case WF_DECISION_REFUSE:
        case WF_DECISION_WAIT: // the rest is of cores with queues
        case WF_DECISION_REJECT:
        case WF_DECISION_PREEMPT:
        case WF_DECISION_TIMEOUT:
            continue;
        }
        measure_node(meter, decision->node.index);
    }
    result->decisions++;
    result->hash = decisions->hash;
}

// Adds the state since the last step to the window's sums.
static void pass_time(struct meter *meter, int64_t time_ms)
{
    struct wf_placement_window *window = &meter->result->window;
    int64_t from =
        meter->time_ms > WF_WORKLOAD_WARM_UP_MS ? meter->time_ms : WF_WORKLOAD_WARM_UP_MS;
    if (time_ms > from) {
        double hours = (double)(time_ms - from) / (3600 * 1000);
        window->hours += hours;
        window->allocated_pct += hours * (double)meter->result->allocated_gpu_milli;
        window->fragmented_pct += hours * (double)meter->fragments;
        window->stranded_usd_per_hour += hours * meter->stranded_usd_per_hour;
        window->used_usd_per_hour += hours * (double)meter->used_nano_per_hour * 1e-9;
    }
    meter->time_ms = time_ms;
}

// Adds the decisions about one arrival, and the state after it, to the result.
static void record(struct meter *meter, const struct wf_trace_task *task,
                   const struct wf_decisions *decisions)
{
    struct wf_placement_result *result = meter->result;
    int64_t capacity = meter->config->replay.workload->capacity_gpu_milli;
    bool refused = decisions->list[decisions->count - 1].kind == WF_DECISION_REFUSE;
    result->refused += refused;
    result->refused_gpu += refused && task->gpus > 0;
    result->arrivals++;
    result->arrived_gpu_milli += (int64_t)task->gpus * task->gpu_milli;
    if (meter->config->replay.workload->run_ms) {
        bool inside = meter->time_ms >= WF_WORKLOAD_WARM_UP_MS;
        result->window.arrivals += inside;
        result->window.refused += inside && refused;
        result->moves_in_window += inside && decisions->count > 1;
        return;
    }
    int64_t load = (200 * result->arrived_gpu_milli + capacity) / (2 * capacity);
    if (load >= WF_PLACEMENT_LOADS) {
        return;
    }
    // Sums for now; wf_placement_run divides them at the end.
    struct wf_placement_point *point = &result->at[load];
    point->arrivals++;
    point->arrived_pct += (double)result->arrived_gpu_milli;
    point->allocated_pct += (double)result->allocated_gpu_milli;
    point->fragmented_pct += (double)meter->fragments;
    point->stranded_usd_per_hour += meter->stranded_usd_per_hour;
    point->used_usd_per_hour += (double)meter->used_nano_per_hour * 1e-9;
}

static void make_means(struct meter *meter)
{
    struct wf_placement_result *result = meter->result;
    double total = (double)(meter->mix.total > 0 ? meter->mix.total : 1);
    double percent = (double)meter->config->replay.workload->capacity_gpu_milli / 100;
    for (uint32_t load = 0; load < WF_PLACEMENT_LOADS; load++) {
        struct wf_placement_point *point = &result->at[load];
        if (point->arrivals > 0) {
            double arrivals = (double)point->arrivals;
            point->arrived_pct /= arrivals * percent;
            point->allocated_pct /= arrivals * percent;
            point->fragmented_pct /= arrivals * total * percent;
            point->stranded_usd_per_hour /= arrivals;
            point->used_usd_per_hour /= arrivals;
        }
    }
    result->fragmented_gpu_milli = (double)meter->fragments / total;
    struct wf_placement_window *window = &result->window;
    if (window->hours > 0) {
        window->offered_pct = (double)meter->config->replay.workload->offered_gpu_milli / percent;
        window->allocated_pct /= window->hours * percent;
        window->fragmented_pct /= window->hours * total * percent;
        window->stranded_usd_per_hour /= window->hours;
        window->used_usd_per_hour /= window->hours;
    }
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// Takes one step and measures it.
static enum wf_status step(struct meter *meter, struct wf_error *err)
{
    const struct wf_placement_config *config = meter->config;
    const struct wf_workload *workload = config->replay.workload;
    uint32_t position = wf_replay_position(meter->replay);
    if (config->progress && meter->result->decisions % PROGRESS_EVERY == 0) {
        config->progress(config->context, position, workload->arrival_count);
    }
    if (workload->run_ms) {
        pass_time(meter, wf_replay_next_ms(meter->replay));
    }
    struct wf_decisions decisions;
    double before = seconds_now();
    enum wf_status status = wf_replay_step(meter->replay, &decisions, err);
    meter->result->seconds += seconds_now() - before;
    if (status == WF_OK) {
        follow(meter, &decisions);
    }
    if (status == WF_OK && wf_replay_position(meter->replay) > position) {
        record(meter, &config->replay.trace->tasks[workload->arrivals[position]], &decisions);
    }
    return status;
}

static enum wf_status run(struct meter *meter, struct wf_error *err)
{
    const struct wf_workload *workload = meter->config->replay.workload;
    int64_t end_ms = workload->run_ms ? WF_WORKLOAD_WARM_UP_MS + WF_WORKLOAD_WINDOW_MS : INT64_MAX;
    enum wf_status status = WF_OK;
    while (status == WF_OK && wf_replay_next_ms(meter->replay) < end_ms) {
        status = step(meter, err);
    }
    if (status == WF_OK && workload->run_ms) {
        pass_time(meter, end_ms);
    }
    make_means(meter);
    return status;
}

enum wf_status wf_placement_run(const struct wf_placement_config *config,
                                struct wf_placement_result *result_out,
                                struct wf_replay **replay_out, struct wf_error *err)
{
    *result_out = (struct wf_placement_result){0};
    struct meter meter = {.config = config, .result = result_out};
    enum wf_status status = wf_replay_create(&config->replay, &meter.replay, err);
    if (status != WF_OK) {
        return status;
    }
    meter.cluster = wf_core_cluster(wf_replay_core(meter.replay));
    status = start(&meter, err);
    if (status == WF_OK) {
        status = run(&meter, err);
    }
    finish(&meter);
    if (status == WF_OK && replay_out) {
        *replay_out = meter.replay;
    } else {
        wf_replay_destroy(meter.replay);
    }
    return status;
}

// The mean over all arrivals from one percent of load to another.
static struct wf_placement_point mean_of(const struct wf_placement_result *result, uint32_t from,
                                         uint32_t to)
{
    struct wf_placement_point mean = {0};
    for (uint32_t load = from; load <= to && load < WF_PLACEMENT_LOADS; load++) {
        const struct wf_placement_point *point = &result->at[load];
        double weight = (double)point->arrivals;
        mean.arrivals += point->arrivals;
        mean.arrived_pct += weight * point->arrived_pct;
        mean.allocated_pct += weight * point->allocated_pct;
        mean.fragmented_pct += weight * point->fragmented_pct;
        mean.stranded_usd_per_hour += weight * point->stranded_usd_per_hour;
        mean.used_usd_per_hour += weight * point->used_usd_per_hour;
    }
    if (mean.arrivals > 0) {
        double arrivals = (double)mean.arrivals;
        mean.arrived_pct /= arrivals;
        mean.allocated_pct /= arrivals;
        mean.fragmented_pct /= arrivals;
        mean.stranded_usd_per_hour /= arrivals;
        mean.used_usd_per_hour /= arrivals;
    }
    return mean;
}

struct wf_placement_point wf_placement_at(const struct wf_placement_result *result, uint32_t load)
{
    struct wf_placement_point point = mean_of(result, load, load);
    if (point.arrivals == 0) {
        point = mean_of(result, load > 0 ? load - 1 : 0, load + 1);
    }
    bool passed = mean_of(result, load, WF_PLACEMENT_LOADS).arrivals > 0;
    for (uint32_t lower = load; passed && point.arrivals == 0 && lower > 0; lower--) {
        point = mean_of(result, lower - 1, lower - 1);
    }
    return point;
}

double wf_placement_refused_pct(const struct wf_placement_window *window)
{
    double refused = window->offered_pct - window->allocated_pct;
    return window->offered_pct > 0 && refused > 0 ? 100 * refused / window->offered_pct : 0;
}

double wf_placement_unserved_pct(const struct wf_placement_point *point, uint32_t load)
{
    // Where no arrival was near the load, what had arrived is what was wanted.
    bool near = point->arrived_pct > (double)load - 2 && point->arrived_pct < (double)load + 2;
    double wanted = near ? (double)load : point->arrived_pct;
    wanted = wanted < 100 ? wanted : 100;
    return wanted > point->allocated_pct ? wanted - point->allocated_pct : 0;
}
