// SPDX-License-Identifier: Apache-2.0
#include "core/place/placer.h"

#include <string.h>

#include "base/assert.h"
#include "core/explain/reason.h"

enum wf_status wf_placer_init(struct wf_placer *placer, struct wf_region *region,
                              const struct wf_core_config *config, struct wf_error *err)
{
    memset(placer, 0, sizeof *placer); // a value of it would be large on the stack
    placer->config = *config;
    placer->prices_matter =
        config->policy->weights || (config->limits.moves && !config->policy->at_random);
    placer->stale = true;
    placer->placements_free = config->limits.placements;
    wf_random_init(&placer->random, config->seed);
    wf_demand_init(&placer->demand);
    enum wf_status status = wf_cluster_init(&placer->cluster, region, &config->limits, err);
    if (status == WF_OK) {
        status = wf_mix_init(&placer->mix, region, config->limits.models, err);
    }
    if (status == WF_OK) {
        status = wf_scarcity_create(region, &config->limits, &placer->scarcity, err);
    }
    placer->outlook = (struct wf_outlook){
        .cluster = &placer->cluster,
        .mix = &placer->mix,
        .scarcity = placer->scarcity,
        .weights = config->policy->weights,
    };
    if (status == WF_OK && !config->plain && !config->policy->at_random) {
        status = wf_ranking_create(region, &placer->cluster, &placer->outlook, config->policy,
                                   &placer->ranking, err);
    }
    return status;
}

void wf_placer_adopt(struct wf_placer *placer, const struct wf_core_config *config)
{
    placer->config = *config;
    placer->outlook.weights = config->policy->weights;
    if (placer->ranking) {
        wf_ranking_adopt(placer->ranking, config->policy);
    }
}

// Prior demand against what is known: an eighth of it always, more while few arrivals were seen.
static int64_t prior_weight_q10(const struct wf_placer *placer)
{
    const int64_t least_q10 = WF_SCARCITY_ONE_Q10 / 8;
    if (placer->mix_given) {
        return least_q10;
    }
    if (placer->mix.total == 0) {
        return WF_SCARCITY_ONE_Q10 / 2;
    }
    int64_t weight_q10 = INT64_C(100) * WF_SCARCITY_ONE_Q10 / wf_demand_arrivals(&placer->demand);
    if (weight_q10 < least_q10) {
        return least_q10;
    }
    return weight_q10 < WF_SCARCITY_ONE_Q10 ? weight_q10 : WF_SCARCITY_ONE_Q10;
}

static void survey_pools(const struct wf_placer *placer, struct wf_outlook *outlook)
{
    wf_int128 value = 0;
    int64_t capacity_milli = 0;
    outlook->speed_permille_max = 1;
    for (uint32_t i = 0; i < placer->config.limits.pools; i++) {
        const struct wf_pool *pool = &placer->cluster.pools[i];
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
static void make_prices(const struct wf_placer *placer, struct wf_outlook *outlook)
{
    const struct wf_mix_class *classes =
        placer->mix_given ? placer->mix.classes : placer->demand.classes;
    uint32_t count = placer->mix_given ? placer->mix.count : placer->demand.count;
    wf_scarcity_expect(placer->scarcity, &placer->cluster, classes,
                       placer->mix.total > 0 ? count : 0, prior_weight_q10(placer));
    wf_scarcity_look(placer->scarcity, &placer->cluster);
    survey_pools(placer, outlook);
}

void wf_placer_before_decisions(struct wf_placer *placer)
{
    if (placer->stale && placer->prices_matter) {
        make_prices(placer, &placer->outlook);
        placer->stale = false;
        placer->decisions_since_look = 0;
    } else if (placer->stale && placer->config.limits.queues > 0) {
        survey_pools(placer, &placer->outlook); // budgets and losses count in money, too
        placer->stale = false;
    }
}

void wf_placer_after_decision(struct wf_placer *placer)
{
    if (placer->config.policy->weights &&
        ++placer->decisions_since_look >= wf_scarcity_look_every(placer->scarcity)) {
        wf_scarcity_look(placer->scarcity, &placer->cluster);
        placer->decisions_since_look = 0;
    }
}

static void forget_scores(struct wf_placer *placer)
{
    if (placer->ranking) {
        wf_ranking_forget(placer->ranking);
    }
}

void wf_placer_learn(struct wf_placer *placer, const struct wf_request *request, uint32_t tasks)
{
    if (placer->mix_given || !placer->config.policy->uses_mix) {
        return;
    }
    bool due = false;
    for (uint32_t task = 0; task < tasks; task++) {
        due = wf_demand_count(&placer->demand, request) || due;
    }
    if (due) {
        wf_demand_forecast(&placer->demand, &placer->mix);
        placer->stale = true;
        forget_scores(placer);
    }
}

static void node_changed(struct wf_placer *placer, uint32_t node)
{
    if (placer->ranking) {
        wf_ranking_touch(placer->ranking, node);
    }
}

// Whether kept scores are as good for one as for the other.
static bool scores_alike(const struct wf_pool_spec *a, const struct wf_pool_spec *b)
{
    return a->model == b->model && a->slices == b->slices;
}

enum wf_status wf_placer_set_pool(struct wf_placer *placer, wf_pool_id id,
                                  const struct wf_pool_spec *spec, struct wf_error *err)
{
    struct wf_pool_spec before = {0};
    if (id.index < placer->config.limits.pools) {
        before = placer->cluster.pools[id.index].spec;
    }
    enum wf_status status = wf_cluster_set_pool(&placer->cluster, id, spec, err);
    if (status == WF_OK) {
        placer->stale = true;
        if (!scores_alike(&before, spec)) {
            forget_scores(placer);
        }
    }
    return status;
}

enum wf_status wf_placer_add_node(struct wf_placer *placer, wf_node_id id,
                                  const struct wf_node_spec *spec, struct wf_error *err)
{
    uint32_t cpu_milli_max = placer->cluster.cpu_milli_max;
    uint32_t gpus_max = placer->cluster.gpus_max;
    enum wf_status status = wf_cluster_add_node(&placer->cluster, id, spec, err);
    if (status != WF_OK) {
        return status;
    }
    placer->stale = true;
    if (placer->ranking) {
        wf_ranking_add_node(placer->ranking, id.index);
    }
    if (placer->cluster.cpu_milli_max > cpu_milli_max || placer->cluster.gpus_max > gpus_max) {
        forget_scores(placer); // they measure by the largest node
    }
    return WF_OK;
}

void wf_placer_remove_node(struct wf_placer *placer, wf_node_id id)
{
    wf_cluster_remove_node(&placer->cluster, id);
    placer->stale = true;
    if (placer->ranking) {
        wf_ranking_remove_node(placer->ranking, id.index);
    }
}

void wf_placer_close_node(struct wf_placer *placer, wf_node_id id, bool closed)
{
    wf_cluster_close_node(&placer->cluster, id, closed);
    placer->stale = true;
    node_changed(placer, id.index);
}

void wf_placer_label_node(struct wf_placer *placer, wf_node_id id, uint64_t labels)
{
    placer->cluster.nodes[id.index].spec.labels = labels;
    placer->stale = true;
    node_changed(placer, id.index);
}

void wf_placer_hide_node(struct wf_placer *placer, wf_node_id id, bool hidden)
{
    wf_cluster_close_node(&placer->cluster, id, hidden || wf_cluster_is_shut(&placer->cluster, id));
    node_changed(placer, id.index);
}

enum wf_status wf_placer_set_mix(struct wf_placer *placer, const struct wf_mix_class *classes,
                                 uint32_t count, struct wf_error *err)
{
    if (count > WF_MIX_CLASSES_MAX) {
        return wf_fail(err, WF_LIMIT, "a demand forecast of %u classes is past the limit of %d",
                       count, WF_MIX_CLASSES_MAX);
    }
    int64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_mix_class *class = &classes[i];
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
    placer->mix_given = count > 0;
    if (placer->mix_given) {
        wf_mix_set(&placer->mix, classes, count);
    } else {
        wf_demand_forecast(&placer->demand, &placer->mix);
    }
    placer->stale = true;
    forget_scores(placer);
    return WF_OK;
}

struct wf_choice wf_placer_choose(struct wf_placer *placer, const struct wf_request *request)
{
    if (placer->config.policy->at_random) {
        return wf_place_at_random(&placer->cluster, &placer->random, request);
    }
    return placer->ranking ? wf_ranking_choose(placer->ranking, request)
                           : wf_place_plain(&placer->outlook, placer->config.policy, request);
}

uint32_t wf_placer_place_found(struct wf_placer *placer, uint32_t job, uint32_t task,
                               const struct wf_request *served, uint32_t node, uint32_t gpu_set)
{
    uint32_t slot = wf_cluster_place(&placer->cluster, job, task, node, served, gpu_set);
    WF_ASSERT(slot != WF_NONE);
    placer->placements_free--;
    node_changed(placer, node);
    return slot;
}

uint32_t wf_placer_place_on(struct wf_placer *placer, uint32_t job, uint32_t task,
                            const struct wf_request *request, uint32_t node)
{
    const struct wf_pool *pool = &placer->cluster.pools[placer->cluster.nodes[node].pool.index];
    struct wf_request served = wf_pool_request(pool, request);
    uint32_t gpu_set =
        wf_place_gpu_set(&placer->outlook, placer->config.policy, &placer->random, node, &served);
    return wf_placer_place_found(placer, job, task, &served, node, gpu_set);
}

uint32_t wf_placer_place(struct wf_placer *placer, uint32_t job, uint32_t task,
                         const struct wf_request *request)
{
    struct wf_choice choice = wf_placer_choose(placer, request);
    if (choice.node == WF_NONE) {
        return WF_NONE;
    }
    return wf_placer_place_on(placer, job, task, request, choice.node);
}

void wf_placer_unplace(struct wf_placer *placer, uint32_t placement)
{
    uint32_t node = placer->cluster.placements[placement].node;
    wf_cluster_unplace(&placer->cluster, placement);
    placer->placements_free++;
    node_changed(placer, node);
}

struct wf_outlook wf_placer_outlook(const struct wf_placer *placer)
{
    struct wf_outlook outlook = placer->outlook;
    if (placer->stale && placer->prices_matter) {
        make_prices(placer, &outlook);
    } else if (placer->stale && placer->config.limits.queues > 0) {
        survey_pools(placer, &outlook);
    }
    return outlook;
}
