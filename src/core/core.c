// SPDX-License-Identifier: Apache-2.0
#include "core/core.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"
#include "core/cluster.h"
#include "core/place.h"
#include "core/policy/policy.h"
#include "core/ranking.h"

struct wf_core {
    struct wf_core_config config;
    struct wf_cluster cluster;
    struct wf_mix mix;
    struct wf_outlook outlook;
    struct wf_ranking *ranking; // NULL when every node is looked at each time
    struct wf_random random;
    int64_t time_ms;
    uint32_t placements_free;

    struct wf_decision *decisions;
    uint32_t decision_count;
    uint64_t hash;
};

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
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(checks); i++) {
        if (checks[i].value == 0 || checks[i].value > checks[i].max) {
            return wf_fail(err, WF_INVALID, "the limit '%s' is %u, it must be between 1 and %u",
                           checks[i].name, checks[i].value, checks[i].max);
        }
    }
    return WF_OK;
}

static enum wf_status init_parts(struct wf_core *core, struct wf_error *err)
{
    const struct wf_limits *limits = &core->config.limits;
    enum wf_status status = wf_cluster_init(&core->cluster, limits, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_mix_init(&core->mix, limits->models, err);
    if (status != WF_OK) {
        return status;
    }
    size_t decisions_max =
        limits->placements > WF_JOB_TASKS_MAX ? limits->placements : WF_JOB_TASKS_MAX;
    core->decisions = calloc(decisions_max, sizeof *core->decisions);
    if (!core->decisions) {
        return wf_fail(err, WF_NOMEM, "no memory for %zu decisions", decisions_max);
    }
    core->outlook = (struct wf_outlook){.cluster = &core->cluster, .mix = &core->mix};
    if (core->config.plain || core->config.policy->at_random) {
        return WF_OK;
    }
    return wf_ranking_create(&core->cluster, &core->outlook, core->config.policy, &core->ranking,
                             err);
}

enum wf_status wf_core_create(const struct wf_core_config *config, struct wf_core **core_out,
                              struct wf_error *err)
{
    enum wf_status status = check_limits(&config->limits, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_core *core = calloc(1, sizeof *core);
    if (!core) {
        return wf_fail(err, WF_NOMEM, "no memory for the core");
    }
    core->config = *config;
    core->placements_free = config->limits.placements;
    wf_random_init(&core->random, config->seed);
    status = init_parts(core, err);
    if (status != WF_OK) {
        wf_core_destroy(core);
        return status;
    }
    *core_out = core;
    return WF_OK;
}

void wf_core_destroy(struct wf_core *core)
{
    if (core) {
        wf_ranking_destroy(core->ranking);
        wf_mix_finish(&core->mix);
        wf_cluster_finish(&core->cluster);
        free(core->decisions);
        free(core);
    }
}

static void decide(struct wf_core *core, struct wf_decision decision)
{
    core->decisions[core->decision_count++] = decision;
    uint64_t hash = wf_hash_add(core->hash, (uint64_t)decision.kind << 32 | decision.task);
    hash = wf_hash_add(hash, decision.job.number);
    hash = wf_hash_add(hash, (uint64_t)decision.gpus << 32 | decision.node.index);
    core->hash = wf_hash_add(hash, decision.gpu_milli);
}

static void node_changed(struct wf_core *core, uint32_t node)
{
    if (core->ranking) {
        wf_ranking_touch(core->ranking, node);
    }
}

static void unplace(struct wf_core *core, uint32_t placement)
{
    uint32_t node = core->cluster.placements[placement].node;
    wf_cluster_unplace(&core->cluster, placement);
    core->placements_free++;
    node_changed(core, node);
}

static struct wf_decision decision_of(const struct wf_core *core, uint32_t slot,
                                      enum wf_decision_kind kind)
{
    const struct wf_placement *placement = &core->cluster.placements[slot];
    return (struct wf_decision){
        .kind = kind,
        .job = core->cluster.jobs[placement->job].id,
        .task = placement->task,
        .node = {placement->node},
        .gpus = placement->gpu_set,
        .gpu_milli = placement->gpu_milli,
    };
}

static void end_placement(struct wf_core *core, uint32_t slot, enum wf_decision_kind kind)
{
    uint32_t job = core->cluster.placements[slot].job;
    decide(core, decision_of(core, slot, kind));
    unplace(core, slot);
    if (core->cluster.jobs[job].first_placement == WF_NONE) {
        wf_cluster_remove_job(&core->cluster, job);
    }
}

static enum wf_status node_up(struct wf_core *core, const struct wf_event *event,
                              struct wf_error *err)
{
    enum wf_status status =
        wf_cluster_add_node(&core->cluster, event->node_up.id, &event->node_up.spec, err);
    if (status == WF_OK && core->ranking) {
        wf_ranking_add_node(core->ranking, event->node_up.id.index);
    }
    return status;
}

static enum wf_status node_down(struct wf_core *core, wf_node_id id, struct wf_error *err)
{
    enum wf_status status = wf_cluster_find_node(&core->cluster, id, err);
    if (status != WF_OK) {
        return status;
    }
    while (core->cluster.nodes[id.index].first_placement != WF_NONE) {
        end_placement(core, core->cluster.nodes[id.index].first_placement, WF_DECISION_LOST);
    }
    wf_cluster_remove_node(&core->cluster, id);
    if (core->ranking) {
        wf_ranking_remove_node(core->ranking, id.index);
    }
    return WF_OK;
}

static enum wf_status node_drain(struct wf_core *core, const struct wf_event *event,
                                 struct wf_error *err)
{
    wf_node_id id = event->node_drain.id;
    enum wf_status status = wf_cluster_find_node(&core->cluster, id, err);
    if (status == WF_OK) {
        core->cluster.nodes[id.index].closed = event->node_drain.closed;
        node_changed(core, id.index);
    }
    return status;
}

static enum wf_status check_job(const struct wf_core *core, const struct wf_job_spec *job,
                                struct wf_error *err)
{
    const struct wf_request *request = &job->request;
    unsigned long long number = job->id.number;
    if (job->tasks == 0 || job->tasks > WF_JOB_TASKS_MAX) {
        return wf_fail(err, WF_LIMIT, "job %llu has %u tasks, it may have 1 to %d", number,
                       job->tasks, WF_JOB_TASKS_MAX);
    }
    if (job->tasks > core->placements_free) {
        return wf_fail(err, WF_LIMIT,
                       "job %llu has %u tasks, the limit of %u placed tasks leaves "
                       "room for %u",
                       number, job->tasks, core->config.limits.placements, core->placements_free);
    }
    bool share = request->gpus == 1 && request->gpu_milli >= 1 && request->gpu_milli < WF_GPU_MILLI;
    bool whole = request->gpus > 0 && request->gpu_milli == WF_GPU_MILLI;
    bool none = request->gpus == 0 && request->gpu_milli == 0;
    if (!share && !whole && !none) {
        return wf_fail(err, WF_INVALID,
                       "job %llu asks for %u GPUs of %u milli each: it must be "
                       "none of 0, one of 1 to 999 or some of 1000",
                       number, request->gpus, request->gpu_milli);
    }
    return WF_OK;
}

static struct wf_choice choose(struct wf_core *core, const struct wf_request *request)
{
    if (core->config.policy->at_random) {
        return wf_place_at_random(&core->cluster, &core->random, request);
    }
    return core->ranking ? wf_ranking_choose(core->ranking, request)
                         : wf_place_plain(&core->outlook, core->config.policy, request);
}

// Places one task if it fits anywhere; returns its placement or WF_NONE.
static uint32_t place_task(struct wf_core *core, uint32_t job, uint32_t task,
                           const struct wf_request *request)
{
    struct wf_choice choice = choose(core, request);
    if (choice.node == WF_NONE) {
        return WF_NONE;
    }
    const struct wf_node *node = &core->cluster.nodes[choice.node];
    struct wf_request served = wf_pool_request(&core->cluster.pools[node->pool.index], request);
    uint32_t gpu_set =
        wf_place_gpu_set(&core->outlook, core->config.policy, &core->random, choice.node, &served);
    uint32_t slot = wf_cluster_place(&core->cluster, job, task, choice.node, &served, gpu_set);
    WF_ASSERT(slot != WF_NONE);
    core->placements_free--;
    node_changed(core, choice.node);
    return slot;
}

static void refuse(struct wf_core *core, wf_job_id id, uint32_t task)
{
    decide(core, (struct wf_decision){
                     .kind = WF_DECISION_REFUSE,
                     .job = id,
                     .task = task,
                     .node = {WF_NONE},
                 });
}

static void refuse_gang(struct wf_core *core, uint32_t job, const struct wf_job_spec *spec)
{
    while (core->cluster.jobs[job].first_placement != WF_NONE) {
        unplace(core, core->cluster.jobs[job].first_placement);
    }
    core->decision_count = 0;
    refuse(core, spec->id, 0);
}

static enum wf_status job_submit(struct wf_core *core, const struct wf_job_spec *spec,
                                 struct wf_error *err)
{
    enum wf_status status = check_job(core, spec, err);
    if (status != WF_OK) {
        return status;
    }
    uint32_t job;
    status = wf_cluster_add_job(&core->cluster, spec->id, &job, err);
    if (status != WF_OK) {
        return status;
    }
    uint64_t hash_before = core->hash;
    for (uint32_t task = 0; task < spec->tasks; task++) {
        uint32_t slot = place_task(core, job, task, &spec->request);
        if (slot != WF_NONE) {
            decide(core, decision_of(core, slot, WF_DECISION_PLACE));
        } else if (spec->gang) {
            core->hash = hash_before;
            refuse_gang(core, job, spec);
            break;
        } else {
            refuse(core, spec->id, task);
        }
    }
    if (core->cluster.jobs[job].first_placement == WF_NONE) {
        wf_cluster_remove_job(&core->cluster, job);
    }
    return WF_OK;
}

static enum wf_status job_end(struct wf_core *core, wf_job_id id, struct wf_error *err)
{
    uint32_t job = wf_cluster_find_job(&core->cluster, id);
    if (job == WF_NONE) {
        return wf_fail(err, WF_NOTFOUND, "there is no job %llu", (unsigned long long)id.number);
    }
    uint32_t slot = core->cluster.jobs[job].first_placement;
    while (slot != WF_NONE) {
        uint32_t next = core->cluster.placements[slot].next_of_job;
        end_placement(core, slot, WF_DECISION_END);
        slot = next;
    }
    return WF_OK;
}

static enum wf_status mix_given(struct wf_core *core, const struct wf_event *event,
                                struct wf_error *err)
{
    if (event->mix.count > WF_MIX_CLASSES_MAX) {
        return wf_fail(err, WF_LIMIT, "a demand forecast of %u classes is past the limit of %d",
                       event->mix.count, WF_MIX_CLASSES_MAX);
    }
    int64_t total = 0;
    for (uint32_t i = 0; i < event->mix.count; i++) {
        total += event->mix.classes[i].count;
    }
    if (total > WF_MIX_TOTAL_MAX) {
        return wf_fail(err, WF_LIMIT, "a demand forecast of %lld counts is past the limit of %d",
                       (long long)total, WF_MIX_TOTAL_MAX);
    }
    wf_mix_set(&core->mix, event->mix.classes, event->mix.count);
    if (core->ranking) {
        wf_ranking_forget(core->ranking);
    }
    return WF_OK;
}

static enum wf_status dispatch(struct wf_core *core, const struct wf_event *event,
                               struct wf_error *err)
{
    switch (event->kind) {
    case WF_EVENT_POOL:
        return wf_cluster_set_pool(&core->cluster, event->pool.id, &event->pool.spec, err);
    case WF_EVENT_NODE_UP:
        return node_up(core, event, err);
    case WF_EVENT_NODE_DOWN:
        return node_down(core, event->node_down.id, err);
    case WF_EVENT_NODE_DRAIN:
        return node_drain(core, event, err);
    case WF_EVENT_JOB_SUBMIT:
        return job_submit(core, &event->job_submit, err);
    case WF_EVENT_JOB_END:
        return job_end(core, event->job_end.id, err);
    case WF_EVENT_MIX:
        return mix_given(core, event, err);
    }
    return wf_fail(err, WF_INVALID, "there is no event kind %d", (int)event->kind);
}

enum wf_status wf_core_step(struct wf_core *core, const struct wf_event *event,
                            struct wf_decisions *out, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    core->decision_count = 0;
    if (event->time_ms < core->time_ms) {
        status = wf_fail(err, WF_INVALID, "an event of time %lld ms came after time %lld ms",
                         (long long)event->time_ms, (long long)core->time_ms);
    } else {
        status = dispatch(core, event, err);
    }
    if (status == WF_OK) {
        core->time_ms = event->time_ms;
    }
    *out = (struct wf_decisions){
        .list = core->decisions,
        .count = core->decision_count,
        .hash = core->hash,
    };
    return status;
}

const struct wf_cluster *wf_core_cluster(const struct wf_core *core)
{
    return &core->cluster;
}

const struct wf_outlook *wf_core_outlook(const struct wf_core *core)
{
    return &core->outlook;
}

const struct wf_policy *wf_core_policy(const struct wf_core *core)
{
    return core->config.policy;
}
