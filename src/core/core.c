// SPDX-License-Identifier: Apache-2.0
#include "core/core.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"
#include "core/cluster.h"
#include "core/explain/reason.h"
#include "core/place/demand.h"
#include "core/place/move.h"
#include "core/place/place.h"
#include "core/place/ranking.h"
#include "core/policy/policy.h"

struct wf_core {
    struct wf_core_config config;
    struct wf_cluster cluster;
    struct wf_mix mix;
    bool mix_given; // else it is learned from arrivals
    struct wf_demand demand;
    struct wf_scarcity *scarcity;
    bool stale; // machines or forecast changed since prices were made
    uint32_t decisions_since_look;
    struct wf_outlook outlook;
    struct wf_ranking *ranking; // NULL when every node is looked at each time
    struct wf_mover *mover;     // NULL when nothing is ever moved
    uint32_t moves_left;
    int64_t move_cost_max_nanousd; // 0: whatever is worth it
    int64_t refused_value_nanousd; // of a GPU-hour of refused work; 0: the fleet's mean price
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

// What finds nodes: the ranking, unless every node is looked at, and what finds moves.
static enum wf_status init_search(struct wf_core *core, struct wf_error *err)
{
    const struct wf_policy *policy = core->config.policy;
    enum wf_status status = WF_OK;
    if (!core->config.plain && !policy->at_random) {
        status = wf_ranking_create(&core->cluster, &core->outlook, policy, &core->ranking, err);
    }
    if (status == WF_OK && core->config.limits.moves && !policy->at_random) {
        status = wf_mover_create(&core->cluster, &core->outlook, policy, core->ranking,
                                 &core->mover, err);
    }
    return status;
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
    // Each task of a job may need a move of another; and a node that goes may lose every task there
    // is, as tasks may ask for nothing. What no step fills is never touched, so it takes no memory.
    size_t decisions_max = (size_t)WF_JOB_TASKS_MAX * (limits->moves ? 2 : 1);
    decisions_max = limits->placements > decisions_max ? limits->placements : decisions_max;
    core->decisions = calloc(decisions_max, sizeof *core->decisions);
    if (!core->decisions) {
        return wf_fail(err, WF_NOMEM, "no memory for %zu decisions", decisions_max);
    }
    status = wf_scarcity_create(limits, &core->scarcity, err);
    if (status != WF_OK) {
        return status;
    }
    wf_demand_init(&core->demand);
    core->outlook = (struct wf_outlook){
        .cluster = &core->cluster,
        .mix = &core->mix,
        .scarcity = core->scarcity,
        .weights = core->config.policy->weights,
    };
    core->stale = true;
    return init_search(core, err);
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
        wf_mover_destroy(core->mover);
        wf_ranking_destroy(core->ranking);
        wf_scarcity_destroy(core->scarcity);
        wf_mix_finish(&core->mix);
        wf_cluster_finish(&core->cluster);
        free(core->decisions);
        free(core);
    }
}

// Prior demand against what is known: an eighth of it always, more while few arrivals were seen.
static int64_t prior_weight_q10(const struct wf_core *core)
{
    const int64_t least_q10 = WF_SCARCITY_ONE_Q10 / 8;
    if (core->mix_given) {
        return least_q10;
    }
    if (core->mix.total == 0) {
        return WF_SCARCITY_ONE_Q10 / 2;
    }
    int64_t weight_q10 = INT64_C(100) * WF_SCARCITY_ONE_Q10 / wf_demand_arrivals(&core->demand);
    if (weight_q10 < least_q10) {
        return least_q10;
    }
    return weight_q10 < WF_SCARCITY_ONE_Q10 ? weight_q10 : WF_SCARCITY_ONE_Q10;
}

static void survey_pools(const struct wf_core *core, struct wf_outlook *outlook)
{
    wf_int128 value = 0;
    int64_t capacity_milli = 0;
    outlook->speed_permille_max = 1;
    for (uint32_t i = 0; i < core->config.limits.pools; i++) {
        const struct wf_pool *pool = &core->cluster.pools[i];
        if (pool->nodes > 0) {
            uint32_t speed = wf_pool_speed_permille(pool);
            value += (wf_int128)pool->spec.price_nanousd_per_gpu_hour * pool->gpu_capacity_milli;
            capacity_milli += pool->gpu_capacity_milli;
            if (speed > outlook->speed_permille_max) {
                outlook->speed_permille_max = speed;
            }
        }
    }
    int64_t price = capacity_milli > 0 ? (int64_t)(value / capacity_milli) : 0;
    outlook->fleet_price_nanousd = price > 0 ? price : 1000000000;
}

// Makes prices anew after machines or the forecast changed. This waits for the next job, since
// machines tend to come in crowds.
static void make_prices(const struct wf_core *core, struct wf_outlook *outlook)
{
    const struct wf_mix_class *classes = core->mix_given ? core->mix.classes : core->demand.classes;
    uint32_t count = core->mix_given ? core->mix.count : core->demand.count;
    wf_scarcity_expect(core->scarcity, &core->cluster, classes, core->mix.total > 0 ? count : 0,
                       prior_weight_q10(core));
    wf_scarcity_look(core->scarcity, &core->cluster);
    survey_pools(core, outlook);
}

// Moves are worth dollars whatever the policy counts in.
static bool uses_prices(const struct wf_core *core)
{
    return core->config.policy->weights || core->mover;
}

static void prices_before_decisions(struct wf_core *core)
{
    if (core->stale && uses_prices(core)) {
        make_prices(core, &core->outlook);
        core->stale = false;
        core->decisions_since_look = 0;
    }
}

static void prices_after_decision(struct wf_core *core)
{
    if (core->config.policy->weights &&
        ++core->decisions_since_look >= wf_scarcity_look_every(core->scarcity)) {
        wf_scarcity_look(core->scarcity, &core->cluster);
        core->decisions_since_look = 0;
    }
}

static void forget_scores(struct wf_core *core)
{
    if (core->ranking) {
        wf_ranking_forget(core->ranking);
    }
}

// Counts what was asked for, after it was decided on: a decision is made with the forecast that an
// explanation before it would have used.
static void learn(struct wf_core *core, const struct wf_job_spec *job)
{
    if (core->mix_given || !core->config.policy->uses_mix) {
        return;
    }
    bool due = false;
    for (uint32_t task = 0; task < job->tasks; task++) {
        due = wf_demand_count(&core->demand, &job->request) || due;
    }
    if (due) {
        wf_demand_forecast(&core->demand, &core->mix);
        core->stale = true;
        forget_scores(core);
    }
}

static void decide(struct wf_core *core, struct wf_decision decision)
{
    core->decisions[core->decision_count++] = decision;
    uint64_t hash = wf_hash_add(core->hash, (uint64_t)decision.kind << 32 | decision.task);
    hash = wf_hash_add(hash, decision.job.number);
    hash = wf_hash_add(hash, (uint64_t)decision.gpus << 32 | decision.node.index);
    hash = wf_hash_add(hash, decision.gpu_milli);
    if (decision.kind == WF_DECISION_MOVE) {
        hash = wf_hash_add(hash, (uint64_t)decision.from_gpus << 32 | decision.from.index);
    }
    core->hash = hash;
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
        .from = {WF_NONE},
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

// Whether kept scores are as good for one as for the other.
static bool scores_alike(const struct wf_pool_spec *a, const struct wf_pool_spec *b)
{
    return a->model == b->model && a->slices == b->slices;
}

static enum wf_status set_pool(struct wf_core *core, const struct wf_event *event,
                               struct wf_error *err)
{
    wf_pool_id id = event->pool.id;
    struct wf_pool_spec before = {0};
    if (id.index < core->config.limits.pools) {
        before = core->cluster.pools[id.index].spec;
    }
    enum wf_status status = wf_cluster_set_pool(&core->cluster, id, &event->pool.spec, err);
    if (status == WF_OK) {
        core->stale = true;
        if (!scores_alike(&before, &event->pool.spec)) {
            forget_scores(core);
        }
    }
    return status;
}

static enum wf_status node_up(struct wf_core *core, const struct wf_event *event,
                              struct wf_error *err)
{
    uint32_t cpu_milli_max = core->cluster.cpu_milli_max;
    uint32_t gpus_max = core->cluster.gpus_max;
    enum wf_status status =
        wf_cluster_add_node(&core->cluster, event->node_up.id, &event->node_up.spec, err);
    if (status != WF_OK) {
        return status;
    }
    core->stale = true;
    if (core->ranking) {
        wf_ranking_add_node(core->ranking, event->node_up.id.index);
    }
    if (core->cluster.cpu_milli_max > cpu_milli_max || core->cluster.gpus_max > gpus_max) {
        forget_scores(core); // they measure by the largest node
    }
    return WF_OK;
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
    core->stale = true;
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
        wf_cluster_close_node(&core->cluster, id, event->node_drain.closed);
        core->stale = true;
        node_changed(core, id.index);
    }
    return status;
}

static enum wf_status check_request(wf_job_id id, const struct wf_request *request,
                                    struct wf_error *err)
{
    if (!wf_request_is_valid(request)) {
        return wf_fail(err, WF_INVALID,
                       "job %llu asks for %u GPUs of %u milli each: it must be none of 0, one of 1 "
                       "to 999 or some of 1000",
                       (unsigned long long)id.number, request->gpus, request->gpu_milli);
    }
    if (request->gpus > WF_NODE_GPUS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "job %llu asks for %u GPUs in each task, past the limit of %d in one node",
                       (unsigned long long)id.number, request->gpus, WF_NODE_GPUS_MAX);
    }
    return WF_OK;
}

static enum wf_status check_room(const struct wf_core *core, wf_job_id id, uint32_t tasks,
                                 struct wf_error *err)
{
    if (tasks > core->placements_free) {
        return wf_fail(err, WF_LIMIT,
                       "job %llu has %u tasks, the limit of %u placed tasks leaves room for %u",
                       (unsigned long long)id.number, tasks, core->config.limits.placements,
                       core->placements_free);
    }
    return WF_OK;
}

static enum wf_status check_job(const struct wf_core *core, const struct wf_job_spec *job,
                                struct wf_error *err)
{
    if (job->tasks == 0 || job->tasks > WF_JOB_TASKS_MAX) {
        return wf_fail(err, WF_LIMIT, "job %llu has %u tasks, it may have 1 to %d",
                       (unsigned long long)job->id.number, job->tasks, WF_JOB_TASKS_MAX);
    }
    if (job->move_cost_nanousd < 0) {
        return wf_fail(err, WF_INVALID, "job %llu: moving a task costs %lld nano-dollars",
                       (unsigned long long)job->id.number, (long long)job->move_cost_nanousd);
    }
    enum wf_status status = check_request(job->id, &job->request, err);
    return status == WF_OK ? check_room(core, job->id, job->tasks, err) : status;
}

static struct wf_choice choose(struct wf_core *core, const struct wf_request *request)
{
    if (core->config.policy->at_random) {
        return wf_place_at_random(&core->cluster, &core->random, request);
    }
    return core->ranking ? wf_ranking_choose(core->ranking, request)
                         : wf_place_plain(&core->outlook, core->config.policy, request);
}

// Places one task on a node where it fits; returns its placement.
static uint32_t place_on(struct wf_core *core, uint32_t job, uint32_t task,
                         const struct wf_request *request, uint32_t node)
{
    const struct wf_pool *pool = &core->cluster.pools[core->cluster.nodes[node].pool.index];
    struct wf_request served = wf_pool_request(pool, request);
    uint32_t gpu_set =
        wf_place_gpu_set(&core->outlook, core->config.policy, &core->random, node, &served);
    uint32_t slot = wf_cluster_place(&core->cluster, job, task, node, &served, gpu_set);
    WF_ASSERT(slot != WF_NONE);
    core->placements_free--;
    node_changed(core, node);
    return slot;
}

// Places one task if it fits anywhere; returns its placement or WF_NONE.
static uint32_t place_task(struct wf_core *core, uint32_t job, uint32_t task,
                           const struct wf_request *request)
{
    struct wf_choice choice = choose(core, request);
    if (choice.node == WF_NONE) {
        return WF_NONE;
    }
    return place_on(core, job, task, request, choice.node);
}

// The tasks of a gang cannot be stopped one by one, nor be given room one by one.
static bool is_bound(const struct wf_job_spec *spec)
{
    return spec->gang && spec->tasks > 1;
}

// Makes the move, then gives the task the place that is free now; returns its placement.
static uint32_t place_by_move(struct wf_core *core, uint32_t job, uint32_t task,
                              const struct wf_job_spec *spec, const struct wf_move *move)
{
    struct wf_placement mover = core->cluster.placements[move->placement];
    unplace(core, move->placement);
    uint32_t slot = place_on(core, job, task, &spec->request, mover.node);
    uint32_t moved = place_on(core, mover.job, mover.task,
                              &core->cluster.mobility[mover.job].request, move->target);
    wf_cluster_allow_move(&core->cluster, moved);
    core->moves_left--;
    struct wf_decision decision = decision_of(core, moved, WF_DECISION_MOVE);
    decision.from.index = mover.node;
    decision.from_gpus = mover.gpu_set;
    decide(core, decision);
    return slot;
}

// Makes room for a task that fits nowhere, if that is allowed, possible and worth it; returns its
// placement or WF_NONE.
static uint32_t make_room(struct wf_core *core, uint32_t job, uint32_t task,
                          const struct wf_job_spec *spec)
{
    if (!core->mover || core->moves_left == 0 || is_bound(spec)) {
        return WF_NONE;
    }
    int64_t value = core->refused_value_nanousd > 0 ? core->refused_value_nanousd
                                                    : core->outlook.fleet_price_nanousd;
    int64_t cost_max = wf_move_win_nanousd(&spec->request, spec->run_minutes, value) - 1;
    if (core->move_cost_max_nanousd > 0 && core->move_cost_max_nanousd < cost_max) {
        cost_max = core->move_cost_max_nanousd;
    }
    struct wf_move_wish wish = {
        .request = &spec->request, .job = job, .cost_max_nanousd = cost_max};
    struct wf_move move;
    if (cost_max < 0 || !wf_mover_find(core->mover, &wish, &move)) {
        return WF_NONE;
    }
    return place_by_move(core, job, task, spec, &move);
}

static void refuse(struct wf_core *core, wf_job_id id, uint32_t task)
{
    decide(core, (struct wf_decision){
                     .kind = WF_DECISION_REFUSE,
                     .job = id,
                     .task = task,
                     .node = {WF_NONE},
                     .from = {WF_NONE},
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
    bool movable = core->mover && spec->movable && !is_bound(spec);
    if (movable) {
        core->cluster.mobility[job] = (struct wf_mobility){spec->request, spec->move_cost_nanousd};
    }
    prices_before_decisions(core);
    uint64_t hash_before = core->hash;
    for (uint32_t task = 0; task < spec->tasks; task++) {
        uint32_t slot = place_task(core, job, task, &spec->request);
        slot = slot != WF_NONE ? slot : make_room(core, job, task, spec);
        prices_after_decision(core);
        if (slot != WF_NONE) {
            decide(core, decision_of(core, slot, WF_DECISION_PLACE));
            if (movable) {
                wf_cluster_allow_move(&core->cluster, slot);
            }
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
    learn(core, spec);
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

// Whether the task is not known to run already.
static enum wf_status check_new(const struct wf_core *core, const struct wf_event *event,
                                struct wf_error *err)
{
    const struct wf_cluster *cluster = &core->cluster;
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
    const struct wf_state *state = &core->cluster.states[index];
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
    return check_room(core, event->task_found.job, 1, err);
}

static enum wf_status task_found(struct wf_core *core, const struct wf_event *event,
                                 struct wf_error *err)
{
    wf_job_id id = event->task_found.job;
    uint32_t node = event->task_found.node.index;
    enum wf_status status = check_request(id, &event->task_found.request, err);
    if (status == WF_OK) {
        status = wf_cluster_find_node(&core->cluster, event->task_found.node, err);
    }
    if (status == WF_OK) {
        status = check_new(core, event, err);
    }
    if (status != WF_OK) {
        return status;
    }
    const struct wf_pool *pool = &core->cluster.pools[core->cluster.nodes[node].pool.index];
    struct wf_request served = wf_pool_request(pool, &event->task_found.request);
    status = check_found(core, event, &served, err);
    uint32_t job = wf_cluster_find_job(&core->cluster, id);
    if (status == WF_OK && job == WF_NONE) {
        status = wf_cluster_add_job(&core->cluster, id, &job, err);
    }
    if (status == WF_OK) {
        wf_cluster_place(&core->cluster, job, event->task_found.task, node, &served,
                         event->task_found.gpus);
        core->placements_free--;
        node_changed(core, node);
    }
    return status;
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
        const struct wf_mix_class *class = &event->mix.classes[i];
        struct wf_request request = {.gpus = class->gpus, .gpu_milli = class->gpu_milli};
        if (!wf_request_is_valid(&request) || class->gpus > WF_NODE_GPUS_MAX) {
            return wf_fail(err, WF_INVALID,
                           "class %u of the demand forecast asks for %u GPUs of %u milli each, "
                           "which no task may",
                           i, class->gpus, class->gpu_milli);
        }
        total += class->count;
    }
    if (total > WF_MIX_TOTAL_MAX) {
        return wf_fail(err, WF_LIMIT, "a demand forecast of %lld counts is past the limit of %d",
                       (long long)total, WF_MIX_TOTAL_MAX);
    }
    core->mix_given = event->mix.count > 0;
    if (core->mix_given) {
        wf_mix_set(&core->mix, event->mix.classes, event->mix.count);
    } else {
        wf_demand_forecast(&core->demand, &core->mix);
    }
    core->stale = true;
    forget_scores(core);
    return WF_OK;
}

static enum wf_status moves_allowed(struct wf_core *core, const struct wf_event *event,
                                    struct wf_error *err)
{
    if (!core->config.limits.moves) {
        return wf_fail(err, WF_LIMIT, "this core was made without the limit 'moves'");
    }
    if (event->moves.cost_max_nanousd < 0 || event->moves.value_nanousd_per_gpu_hour < 0 ||
        event->moves.value_nanousd_per_gpu_hour > WF_PRICE_NANOUSD_MAX) {
        return wf_fail(err, WF_INVALID,
                       "an allowance for moves of at most %lld nano-dollars each, for work worth "
                       "%lld per GPU-hour, is not between 0 and 10,000 dollars",
                       (long long)event->moves.cost_max_nanousd,
                       (long long)event->moves.value_nanousd_per_gpu_hour);
    }
    core->moves_left = event->moves.allowed;
    core->move_cost_max_nanousd = event->moves.cost_max_nanousd;
    core->refused_value_nanousd = event->moves.value_nanousd_per_gpu_hour;
    return WF_OK;
}

static enum wf_status dispatch(struct wf_core *core, const struct wf_event *event,
                               struct wf_error *err)
{
    switch (event->kind) {
    case WF_EVENT_POOL:
        return set_pool(core, event, err);
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
    case WF_EVENT_TASK_FOUND:
        return task_found(core, event, err);
    case WF_EVENT_MIX:
        return mix_given(core, event, err);
    case WF_EVENT_MOVES:
        return moves_allowed(core, event, err);
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

struct wf_outlook wf_core_outlook(const struct wf_core *core)
{
    struct wf_outlook outlook = core->outlook;
    if (core->stale && uses_prices(core)) {
        // The prices that the next job would find. They stay stale: that job makes them anew.
        make_prices(core, &outlook);
    }
    return outlook;
}

const struct wf_policy *wf_core_policy(const struct wf_core *core)
{
    return core->config.policy;
}
