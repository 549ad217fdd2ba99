// SPDX-License-Identifier: Apache-2.0
#include "core/core.h"

#include <stdlib.h>

#include "base/region.h"
#include "core/discipline/discipline.h"
#include "core/job_check.h"
#include "core/place/immediate.h"
#include "core/schedule/schedule.h"

struct wf_core {
    struct wf_region *region; // all memory of the core, this too
    struct wf_placer placer;
    struct wf_record record;
    struct wf_immediate immediate; // what happens to jobs without queues,
    struct wf_schedule *schedule;  // and with them; else NULL
    int64_t time_ms;
    int64_t wake_ms;
};

#define WEEK_MS (INT64_C(7) * 24 * 3600 * 1000)

static enum wf_status check_limits(const struct wf_limits *limits, struct wf_error *err)
{
    const struct {
        const char *name;
        uint32_t value, max;
    } checks[] = {
        {"models", limits->models, WF_MODELS_MAX},
        {"pools", limits->pools, WF_POOLS_MAX},
        {"nodes", limits->nodes, WF_NODES_MAX},
        {"jobs", limits->jobs, UINT32_C(1) << 31},
        {"placements", limits->placements, UINT32_C(1) << 31},
        {"classes", limits->classes, WF_CLASSES_MAX},
        {"queues", limits->queues ? limits->queues : 1, WF_QUEUES_MAX},
        {"lanes", limits->queues ? limits->lanes : 1, UINT32_C(1) << 31},
        {"reservations", limits->queues ? limits->reservations : 1, UINT32_C(1) << 16},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(checks); i++) {
        if (checks[i].value == 0 || checks[i].value > checks[i].max) {
            return wf_fail(err, WF_INVALID, "the limit '%s' is %u, it must be between 1 and %u",
                           checks[i].name, checks[i].value, checks[i].max);
        }
    }
    return WF_OK;
}

static enum wf_status check_config(const struct wf_core_config *config, struct wf_error *err)
{
    const struct wf_limits *limits = &config->limits;
    if (limits->queues > 0 && !config->discipline) {
        return wf_fail(err, WF_INVALID, "a core with queues needs a discipline");
    }
    if (limits->queues > 0 && limits->moves) {
        return wf_fail(
            err, WF_INVALID,
            "a core with queues has no use for the limit 'moves': it moves when allowed");
    }
    if (limits->queues > 0 && config->policy->at_random) {
        return wf_fail(err, WF_INVALID, "a core with queues places no task at random");
    }
    return check_limits(limits, err);
}

// Returns how many decisions one step may come to.
static uint32_t decisions_max(const struct wf_limits *limits)
{
    // Without queues each task of a job may need a move of another.
    uint64_t max = (uint64_t)WF_JOB_TASKS_MAX * (limits->moves ? 2U : 1U);
    max = limits->placements > max ? limits->placements : max;
    if (limits->queues > 0) {
        // All that runs stops and as much starts; each job waits again or is rejected; then some
        // give way to others.
        max = 2 * (uint64_t)limits->placements + limits->jobs +
              (uint64_t)WF_SCHEDULE_RECLAIM_DECISIONS_MAX;
    }
    return max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
}

static enum wf_status init_parts(struct wf_core *core, struct wf_region *region,
                                 const struct wf_core_config *config, struct wf_error *err)
{
    const struct wf_limits *limits = &config->limits;
    enum wf_status status = wf_placer_init(&core->placer, region, config, err);
    if (status == WF_OK) {
        status = wf_record_init(&core->record, region, decisions_max(limits), err);
    }
    if (status == WF_OK && limits->queues > 0) {
        status = wf_schedule_create(region, &core->placer, &core->record, &core->schedule, err);
    } else if (status == WF_OK) {
        status = wf_immediate_init(&core->immediate, region, &core->placer, &core->record, err);
    }
    return status;
}

struct wf_core_config wf_core_complete(const struct wf_core_config *config)
{
    struct wf_core_config complete = *config;
    if (complete.fair_share_half_life_ms <= 0) {
        complete.fair_share_half_life_ms = WEEK_MS;
    }
    return complete;
}

enum wf_status wf_core_create(const struct wf_core_config *config, struct wf_core **core_out,
                              struct wf_error *err)
{
    enum wf_status status = check_config(config, err);
    struct wf_region *region = NULL;
    status = status == WF_OK ? wf_region_create(&region, err) : status;
    if (status != WF_OK) {
        return status;
    }
    struct wf_core *core = wf_region_take(region, 1, sizeof *core);
    struct wf_core_config whole = wf_core_complete(config);
    status = core ? init_parts(core, region, &whole, err)
                  : wf_fail(err, WF_NOMEM, "no memory for the core");
    if (!core || status != WF_OK) {
        wf_region_destroy(region);
        return status;
    }
    core->region = region;
    core->wake_ms = INT64_MAX;
    *core_out = core;
    return WF_OK;
}

void wf_core_destroy(struct wf_core *core)
{
    if (core) {
        wf_region_destroy(core->region);
    }
}

// The only addresses in a core's memory that do not lie in it are those of what the program has of
// its policy and discipline. Those that a search keeps of what it looks for are set when it begins.
struct wf_core *wf_core_adopt(struct wf_region *region, const struct wf_core_config *config)
{
    struct wf_core *core = wf_region_first(region);
    struct wf_core_config whole = wf_core_complete(config);
    if (core->region != region) {
        return NULL;
    }
    wf_placer_adopt(&core->placer, &whole);
    if (core->schedule) {
        core->schedule->discipline = whole.discipline;
    } else {
        wf_immediate_adopt(&core->immediate, whole.policy);
    }
    return core;
}

const struct wf_region *wf_core_region(const struct wf_core *core)
{
    return core->region;
}

const struct wf_core_config *wf_core_config(const struct wf_core *core)
{
    return &core->placer.config;
}

static bool serves_alike(const struct wf_pool_spec *a, const struct wf_pool_spec *b)
{
    return a->model == b->model && a->slices == b->slices && a->place.site == b->place.site &&
           a->place.region == b->place.region && a->place.zone == b->place.zone;
}

static enum wf_status set_pool(struct wf_core *core, const struct wf_event *event,
                               struct wf_error *err)
{
    struct wf_pool_spec before = {0};
    if (event->pool.id.index < core->placer.config.limits.pools) {
        before = core->placer.cluster.pools[event->pool.id.index].spec;
    }
    enum wf_status status =
        wf_placer_set_pool(&core->placer, event->pool.id, &event->pool.spec, err);
    if (status == WF_OK && core->schedule && !serves_alike(&before, &event->pool.spec)) {
        wf_schedule_pool_changed(core->schedule, event->pool.id);
    }
    return status;
}

static enum wf_status node_up(struct wf_core *core, const struct wf_event *event,
                              struct wf_error *err)
{
    if (core->schedule && event->node_up.id.index < core->placer.config.limits.nodes) {
        wf_schedule_node_changes(core->schedule, event->node_up.id);
    }
    enum wf_status status = WF_OK;
    if (wf_cluster_is_relabelled(&core->placer.cluster, event->node_up.id, &event->node_up.spec)) {
        wf_placer_label_node(&core->placer, event->node_up.id, event->node_up.spec.labels);
    } else {
        status = wf_placer_add_node(&core->placer, event->node_up.id, &event->node_up.spec, err);
    }
    if (status == WF_OK && wf_cluster_is_shut(&core->placer.cluster, event->node_up.id)) {
        wf_placer_close_node(&core->placer, event->node_up.id, true);
    }
    if (status == WF_OK && core->schedule) {
        wf_schedule_node_changed(core->schedule, event->node_up.id);
    }
    return status;
}

static enum wf_status node_down(struct wf_core *core, const struct wf_event *event,
                                struct wf_error *err)
{
    wf_node_id id = event->node_down.id;
    struct wf_cluster *cluster = &core->placer.cluster;
    enum wf_status status = wf_cluster_find_node(cluster, id, err);
    if (status != WF_OK) {
        return status;
    }
    if (core->schedule) {
        // Closed first, so that nobody who is replaced comes back to it.
        wf_schedule_node_changes(core->schedule, id);
        wf_placer_close_node(&core->placer, id, true);
        wf_schedule_clear_node(core->schedule, id, event->time_ms, WF_DECISION_LOST);
        wf_schedule_node_changes(core->schedule, id);
    }
    while (cluster->nodes[id.index].first_placement != WF_NONE) {
        wf_immediate_end_placement(&core->immediate, cluster->nodes[id.index].first_placement,
                                   WF_DECISION_LOST);
    }
    wf_placer_remove_node(&core->placer, id);
    if (core->schedule) {
        wf_schedule_node_changed(core->schedule, id);
    }
    return WF_OK;
}

static enum wf_status node_drain(struct wf_core *core, const struct wf_event *event,
                                 struct wf_error *err)
{
    wf_node_id id = event->node_drain.id;
    enum wf_status status = wf_cluster_find_node(&core->placer.cluster, id, err);
    if (status == WF_OK && core->schedule) {
        wf_schedule_node_changes(core->schedule, id);
    }
    if (status == WF_OK) {
        core->placer.cluster.nodes[id.index].drained = event->node_drain.closed;
        wf_placer_close_node(&core->placer, id, wf_cluster_is_shut(&core->placer.cluster, id));
    }
    if (status == WF_OK && core->schedule) {
        wf_schedule_node_changed(core->schedule, id);
    }
    return status;
}

// Whether the task is not known to run already.
static enum wf_status check_new(const struct wf_core *core, const struct wf_event *event,
                                struct wf_error *err)
{
    const struct wf_cluster *cluster = &core->placer.cluster;
    uint32_t job = wf_cluster_find_job(cluster, event->task_found.job);
    uint32_t slot = job == WF_NONE ? WF_NONE : cluster->jobs[job].first_placement;
    while (slot != WF_NONE && cluster->placements[slot].task != event->task_found.task) {
        slot = cluster->placements[slot].next_of_job;
    }
    if (slot == WF_NONE) {
        return WF_OK;
    }
    return wf_fail(err, WF_EXISTS, "task %u of job %llu runs already, on node %u",
                   event->task_found.task, (unsigned long long)event->task_found.job.number,
                   cluster->placements[slot].node);
}

// Whether the node has what the task is said to use, on the GPUs it is said to use.
static enum wf_status check_found(const struct wf_core *core, const struct wf_event *event,
                                  const struct wf_request *served, struct wf_error *err)
{
    uint32_t index = event->task_found.node.index;
    uint32_t gpus = event->task_found.gpus;
    const struct wf_state *state = &core->placer.cluster.states[index];
    bool fits = state->cpu_free_milli >= served->cpu_milli &&
                state->memory_free_mib >= served->memory_mib &&
                (uint32_t)__builtin_popcount(gpus) == served->gpus &&
                (uint64_t)gpus < UINT64_C(1) << state->gpus;
    for (uint32_t rest = gpus; fits && rest; rest &= rest - 1) {
        fits = state->gpu_free_milli[__builtin_ctz(rest)] >= served->gpu_milli;
    }
    if (!fits) {
        return wf_fail(err, WF_INVALID,
                       "job %llu is said to run on node %u, which has not that much free",
                       (unsigned long long)event->task_found.job.number, index);
    }
    return WF_OK;
}

// As much of what the task is said to use as is left on its node.
static void take_what_is_left(const struct wf_core *core, const struct wf_event *event,
                              struct wf_request *served, uint32_t *gpus_out)
{
    const struct wf_state *state = &core->placer.cluster.states[event->task_found.node.index];
    uint32_t named = event->task_found.gpus, set = 0, count = 0;
    uint32_t told = (uint32_t)__builtin_popcount(named);
    uint32_t unnamed = told < served->gpus ? served->gpus - told : 0;
    served->cpu_milli =
        served->cpu_milli < state->cpu_free_milli ? served->cpu_milli : state->cpu_free_milli;
    served->memory_mib =
        served->memory_mib < state->memory_free_mib ? served->memory_mib : state->memory_free_mib;
    for (uint32_t gpu = 0; gpu < state->gpus && count < served->gpus; gpu++) {
        bool is_named = (named >> gpu & 1) != 0;
        if (state->gpu_free_milli[gpu] >= served->gpu_milli && (is_named || unnamed > 0)) {
            unnamed -= !is_named;
            set |= UINT32_C(1) << gpu;
            count++;
        }
    }
    served->gpus = (uint8_t)count;
    served->gpu_milli = count > 0 ? served->gpu_milli : 0;
    *gpus_out = set;
}

static enum wf_status check_started(const struct wf_event *event, struct wf_error *err)
{
    int64_t started_ms = event->task_found.started_ms;
    if (started_ms < 0 || started_ms > event->time_ms) {
        return wf_fail(err, WF_INVALID, "job %llu is said to run since %lld ms, and it is %lld ms",
                       (unsigned long long)event->task_found.job.number, (long long)started_ms,
                       (long long)event->time_ms);
    }
    return WF_OK;
}

static enum wf_status task_found(struct wf_core *core, const struct wf_event *event,
                                 struct wf_error *err)
{
    wf_job_id id = event->task_found.job;
    uint32_t node = event->task_found.node.index;
    enum wf_status status = wf_job_check_request(id, &event->task_found.request, err);
    status = status == WF_OK ? check_started(event, err) : status;
    if (status == WF_OK) {
        status = wf_cluster_find_node(&core->placer.cluster, event->task_found.node, err);
    }
    if (status == WF_OK) {
        status = check_new(core, event, err);
    }
    if (status == WF_OK && core->schedule) {
        status = wf_schedule_check_found(core->schedule, id, event->task_found.task, err);
    }
    if (status != WF_OK) {
        return status;
    }
    if (core->schedule) {
        wf_schedule_node_changes(core->schedule, event->task_found.node);
    }
    const struct wf_pool *pool =
        &core->placer.cluster.pools[core->placer.cluster.nodes[node].pool.index];
    struct wf_request served = wf_pool_request(pool, &event->task_found.request);
    uint32_t gpus = event->task_found.gpus;
    if (event->task_found.anyway) {
        take_what_is_left(core, event, &served, &gpus);
    } else {
        status = check_found(core, event, &served, err);
    }
    status = status == WF_OK ? wf_job_check_room(&core->placer, id, 1, err) : status;
    uint32_t job = wf_cluster_find_job(&core->placer.cluster, id);
    if (status == WF_OK && job == WF_NONE) {
        status = wf_cluster_add_job(&core->placer.cluster, id, &job, err);
    }
    if (status == WF_OK) {
        uint32_t slot =
            wf_placer_place_found(&core->placer, job, event->task_found.task, &served, node, gpus);
        if (core->schedule) {
            wf_schedule_found(core->schedule, slot, event);
        }
    }
    return status;
}

static enum wf_status check_moves(const struct wf_event *event, struct wf_error *err)
{
    if (event->moves.cost_max_nanousd < 0 || event->moves.value_nanousd_per_gpu_hour < 0 ||
        event->moves.value_nanousd_per_gpu_hour > WF_PRICE_NANOUSD_MAX) {
        return wf_fail(err, WF_INVALID,
                       "an allowance for moves of at most %lld nano-dollars each, for work worth "
                       "%lld per GPU-hour, is not between 0 and 10,000 dollars",
                       (long long)event->moves.cost_max_nanousd,
                       (long long)event->moves.value_nanousd_per_gpu_hour);
    }
    return WF_OK;
}

// What only a core with queues, or only one without, understands.
static enum wf_status dispatch_job(struct wf_core *core, const struct wf_event *event,
                                   struct wf_error *err)
{
    if (core->schedule) {
        return wf_schedule_take(core->schedule, event, err);
    }
    switch (event->kind) {
    case WF_EVENT_JOB_SUBMIT:
        return wf_immediate_submit(&core->immediate, &event->job_submit, err);
    case WF_EVENT_JOB_END:
        if (event->job_end.again) {
            return wf_fail(err, WF_INVALID,
                           "this core was made without queues: nothing waits again");
        }
        return wf_immediate_end(&core->immediate, event->job_end.id, err);
    case WF_EVENT_MOVES:
        return wf_immediate_allow_moves(&core->immediate, event, err);
    case WF_EVENT_TIME:
        return WF_OK;
    case WF_EVENT_QUEUE:
    case WF_EVENT_JOB_HOLD:
    case WF_EVENT_JOB_SAVED:
    case WF_EVENT_JOB_CHANGE:
    case WF_EVENT_NODE_NOTICE:
    case WF_EVENT_WATCH:
        return wf_fail(err, WF_INVALID, "this core was made without queues");
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

static enum wf_status dispatch(struct wf_core *core, const struct wf_event *event,
                               struct wf_error *err)
{
    enum wf_status status;
    switch (event->kind) {
    case WF_EVENT_POOL:
        return set_pool(core, event, err);
    case WF_EVENT_NODE_UP:
        return node_up(core, event, err);
    case WF_EVENT_NODE_DOWN:
        return node_down(core, event, err);
    case WF_EVENT_NODE_DRAIN:
        return node_drain(core, event, err);
    case WF_EVENT_TASK_FOUND:
        return task_found(core, event, err);
    case WF_EVENT_MIX:
        return wf_placer_set_mix(&core->placer, event->mix.classes, event->mix.count, err);
    case WF_EVENT_MOVES:
        status = check_moves(event, err);
        return status == WF_OK ? dispatch_job(core, event, err) : status;
    case WF_EVENT_JOB_SUBMIT:
    case WF_EVENT_JOB_END:
    case WF_EVENT_TIME:
    case WF_EVENT_QUEUE:
    case WF_EVENT_JOB_HOLD:
    case WF_EVENT_JOB_SAVED:
    case WF_EVENT_JOB_CHANGE:
    case WF_EVENT_NODE_NOTICE:
    case WF_EVENT_WATCH:
        break;
    }
    return dispatch_job(core, event, err);
}

enum wf_status wf_core_step(struct wf_core *core, const struct wf_event *event,
                            struct wf_decisions *out, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    core->record.count = 0;
    if (event->time_ms < core->time_ms) {
        status = wf_fail(err, WF_INVALID, "an event of time %lld ms came after time %lld ms",
                         (long long)event->time_ms, (long long)core->time_ms);
    } else if (event->time_ms > WF_TIME_MS_MAX) {
        status = wf_fail(err, WF_INVALID, "an event of time %lld ms is past the year 9999",
                         (long long)event->time_ms);
    } else {
        status = dispatch(core, event, err);
    }
    if (status == WF_OK) {
        core->time_ms = event->time_ms;
        if (core->schedule) {
            // Also when what was to follow is refused: somebody has to say that that was all.
            core->wake_ms =
                event->more ? event->time_ms : wf_schedule_run(core->schedule, event->time_ms);
        }
    }
    *out = (struct wf_decisions){
        .list = core->record.list,
        .count = core->record.count,
        .hash = core->record.hash,
        .wake_ms = core->wake_ms,
    };
    return status;
}

const struct wf_cluster *wf_core_cluster(const struct wf_core *core)
{
    return &core->placer.cluster;
}

struct wf_outlook wf_core_outlook(const struct wf_core *core)
{
    return wf_placer_outlook(&core->placer);
}

const struct wf_policy *wf_core_policy(const struct wf_core *core)
{
    return core->placer.config.policy;
}

const struct wf_schedule *wf_core_schedule(const struct wf_core *core)
{
    return core->schedule;
}
