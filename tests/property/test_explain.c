// SPDX-License-Identifier: Apache-2.0
// Random clusters, made by real steps of the core, and random jobs: what wf_explain says must be
// what wf_core_step then does; the remedy of a refused job must start it; and on clusters with
// small numbers an exhaustive search must find no smaller change that starts it.
//
//   WHALEFLUX_STATES   refused jobs to see (10,000)
//   WHALEFLUX_SEED     first seed (1); a failure prints the seed to repeat
#include <inttypes.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "core/cluster.h"
#include "core/core.h"
#include "core/explain/explain.h"
#include "core/explain/remedy.h"
#include "core/policy/policy.h"

enum {
    MODELS = 4,
    POOLS = 5,
    NODES = 40,
    CHANGES_MAX = 60000, // that the exhaustive search tries in one state
    SAMPLE_EVERY = 8,    // of the first so many, in states that have more of them
    TASKS_MAX = 61,      // of one job
    JOBS_MAX = 6 * NODES,
    JOBS_MAX_SMALL = 20,
};

struct world {
    struct wf_core *core;
    struct wf_random random;
    uint64_t seed;
    uint64_t next_job;
    bool small; // few nodes with small numbers: an exhaustive search is possible
    bool forecast_given;
    uint32_t nodes;
};

static struct {
    uint64_t states, jobs, refused, started, none, tasks_many, searched, trials, sampled, inexact;
    uint64_t kinds[WF_CHANGE_COUNT], counts[WF_CHANGE_COUNT + 1];
} seen;

static const struct world *current;

static void fail_at(int line, const char *what)
{
    printf("not ok 1 - explain\n# line %d: %s; repeat with WHALEFLUX_SEED=%" PRIu64
           " WHALEFLUX_STATES=1\n",
           line, what, current->seed);
    exit(1);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_at(__LINE__, #condition);                                                         \
        }                                                                                          \
    } while (0)

static uint32_t below(struct world *world, uint32_t limit)
{
    return (uint32_t)wf_random_below(&world->random, limit);
}

static bool chance(struct world *world, uint32_t percent)
{
    return below(world, 100) < percent;
}

static struct wf_decisions step(struct wf_core *core, const struct wf_event *event)
{
    struct wf_decisions decisions;
    struct wf_error err = {0};
    if (wf_core_step(core, event, &decisions, &err) != WF_OK) {
        fail_at(__LINE__, err.text);
    }
    return decisions;
}

static void end_job(struct wf_core *core, wf_job_id id)
{
    step(core, &(struct wf_event){.kind = WF_EVENT_JOB_END, .job_end.id = id});
}

// Submits the job; returns how many tasks start and on which node the first.
static uint32_t submit(struct wf_core *core, const struct wf_job_spec *job, uint32_t *first_node)
{
    struct wf_decisions decisions =
        step(core, &(struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = *job});
    uint32_t placed = 0;
    *first_node = WF_NONE;
    for (uint32_t i = 0; i < decisions.count; i++) {
        if (decisions.list[i].kind == WF_DECISION_PLACE) {
            *first_node = placed++ == 0 ? decisions.list[i].node.index : *first_node;
        }
    }
    return placed;
}

// Submits, counts and takes back: nothing is changed afterwards.
static uint32_t trial(struct wf_core *core, const struct wf_job_spec *job, uint32_t *first_node)
{
    uint32_t placed = submit(core, job, first_node);
    if (placed > 0) {
        end_job(core, job->id);
    }
    return placed;
}

static struct wf_place some_place(struct world *world, uint32_t named_percent)
{
    struct wf_place place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
    if (chance(world, named_percent)) {
        place.site = (uint16_t)below(world, 2);
        place.region = chance(world, 70) ? (uint16_t)below(world, 2) : WF_ANYWHERE;
        place.zone = chance(world, 60) ? (uint16_t)below(world, 3) : WF_ANYWHERE;
    }
    return place;
}

static uint64_t some_labels(struct world *world, uint32_t percent)
{
    uint64_t labels = 0;
    for (uint32_t label = 0; label < 3; label++) {
        labels |= (uint64_t)chance(world, percent) << (label * 20);
    }
    return labels;
}

static struct wf_request some_request(struct world *world)
{
    struct wf_request request = {
        .cpu_milli = world->small ? below(world, 8) : 500 * below(world, 100),
        .memory_mib = world->small ? below(world, 5) : 1024 * below(world, 200),
        .models = chance(world, 50) ? WF_ANY_MODEL : 1 + below(world, (1 << MODELS) - 1),
        .labels = some_labels(world, 15),
        .place = some_place(world, 30),
    };
    if (chance(world, 85)) {
        request.gpus = 1;
        request.gpu_milli = WF_GPU_MILLI;
        if (chance(world, 50)) {
            request.gpu_milli =
                (uint16_t)(world->small && chance(world, 70) ? 1 + below(world, 14)
                                                             : 1 + below(world, 999));
        } else if (chance(world, 60)) {
            request.gpus = (uint8_t)(1 + below(world, world->small ? 3 : 9));
        }
    }
    return request;
}

static struct wf_job_spec some_job(struct world *world)
{
    struct wf_job_spec job = {
        .id = {world->next_job++},
        .tasks = 1,
        .gang = chance(world, 60),
        .request = some_request(world),
    };
    if (chance(world, 45)) {
        job.tasks = 2 + below(world, world->small ? 5 : TASKS_MAX - 1);
    }
    return job;
}

static void add_pools(struct world *world)
{
    static const uint8_t slices[] = {0, 0, 0, 2, 3, 7};
    for (uint32_t pool = 0; pool < POOLS; pool++) {
        struct wf_place place = some_place(world, 100);
        place.region = (uint16_t)below(world, 2);
        place.zone = (uint16_t)below(world, 3);
        step(world->core,
             &(struct wf_event){.kind = WF_EVENT_POOL,
                                .pool = {.id = {pool},
                                         .spec = {.place = place,
                                                  .model = (uint8_t)below(world, MODELS),
                                                  .slices = slices[below(world, 6)],
                                                  .price_nanousd_per_gpu_hour = 1000000000}}});
    }
}

static void add_nodes(struct world *world)
{
    static const uint8_t gpus[] = {0, 1, 2, 4, 8, 8};
    uint32_t nodes = world->small ? 1 + below(world, 4) : 1 + below(world, NODES);
    uint32_t pools = 1 + below(world, POOLS);
    for (uint32_t node = 0; node < nodes; node++) {
        struct wf_node_spec spec = {
            .pool = {below(world, pools)},
            .cpu_milli = world->small ? below(world, 12) : 8000 * (1 + below(world, 16)),
            .memory_mib = world->small ? below(world, 8) : 32768 * (1 + below(world, 16)),
            .gpus = world->small ? (uint8_t)below(world, 4) : gpus[below(world, 6)],
            .labels = some_labels(world, 50),
        };
        step(world->core,
             &(struct wf_event){.kind = WF_EVENT_NODE_UP, .node_up = {.id = {node}, .spec = spec}});
    }
    world->nodes = nodes;
}

// Leaves between 0 and 14 thousandths of many a GPU: then few shares are smaller than a job's. Of
// others some slices are left.
static void fill_gpus(struct world *world)
{
    uint32_t jobs = below(world, 8);
    for (uint32_t i = 0; i < jobs; i++) {
        struct wf_job_spec job = {
            .id = {world->next_job++},
            .tasks = 1,
            .request = {.gpus = 1,
                        .gpu_milli = (uint16_t)(chance(world, 70) ? 986 + below(world, 14)
                                                                  : 100 + below(world, 800)),
                        .models = WF_ANY_MODEL,
                        .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}},
        };
        uint32_t node;
        submit(world->core, &job, &node);
    }
}

static void live(struct world *world)
{
    uint32_t events = world->small ? below(world, 10) : below(world, 6 * world->nodes);
    for (uint32_t i = 0; i < events; i++) {
        uint32_t node = below(world, world->nodes);
        if (chance(world, 90)) {
            struct wf_job_spec job = some_job(world);
            uint32_t first;
            if (submit(world->core, &job, &first) > 0 && chance(world, 15)) {
                end_job(world->core, job.id);
            }
        } else if (chance(world, 70)) {
            if (wf_core_cluster(world->core)->nodes[node].up) {
                step(world->core, &(struct wf_event){.kind = WF_EVENT_NODE_DRAIN,
                                                     .node_drain = {{node}, chance(world, 70)}});
            }
        } else if (wf_core_cluster(world->core)->nodes[node].up) {
            step(world->core,
                 &(struct wf_event){.kind = WF_EVENT_NODE_DOWN, .node_down = {{node}}});
        }
    }
}

static struct wf_core *new_core(const struct wf_policy *policy, bool plain, uint32_t jobs)
{
    struct wf_core_config config = {
        .limits = {.models = MODELS,
                   .pools = POOLS,
                   .nodes = NODES,
                   .jobs = jobs,
                   .placements = jobs * TASKS_MAX,
                   .classes = 16},
        .policy = policy,
        .seed = 7,
        .plain = plain,
    };
    struct wf_core *core;
    struct wf_error err = {0};
    if (wf_core_create(&config, &core, &err) != WF_OK) {
        fail_at(__LINE__, err.text);
    }
    return core;
}

static const struct wf_mix_class forecast[] = {
    {.cpu_milli = 4000, .gpus = 1, .gpu_milli = 500, .models = WF_ANY_MODEL, .count = 10},
    {.cpu_milli = 8000, .gpus = 1, .gpu_milli = 1000, .models = 3, .count = 5},
    {.cpu_milli = 2, .gpus = 2, .gpu_milli = 1000, .models = WF_ANY_MODEL, .count = 3},
};

// Without a forecast the core goes by what it learns from the jobs it sees.
static void give_forecast(struct world *world, bool given)
{
    struct wf_event event = {.kind = WF_EVENT_MIX,
                             .mix = {forecast, given ? WF_COUNT_OF(forecast) : 0}};
    step(world->core, &event);
}

static void make_world(struct world *world, uint64_t seed)
{
    *world = (struct world){.seed = seed, .next_job = 1};
    current = world;
    wf_random_init(&world->random, seed);
    uint32_t policies = 0;
    while (wf_policies[policies]) {
        policies++;
    }
    world->small = chance(world, 50);
    const struct wf_policy *policy = wf_policies[below(world, policies)];
    world->core = new_core(policy, world->small || chance(world, 50),
                           world->small ? JOBS_MAX_SMALL : JOBS_MAX);
    add_pools(world);
    add_nodes(world);
    world->forecast_given = chance(world, 50);
    if (world->forecast_given) {
        give_forecast(world, true);
    }
    if (world->small && chance(world, 60)) {
        fill_gpus(world);
    }
    live(world);
}

// A core with the same nodes, all of them empty and open.
static struct wf_core *emptied(const struct world *world)
{
    const struct wf_cluster *cluster = wf_core_cluster(world->core);
    struct wf_core *core = new_core(wf_policy_find("best-fit"), true, 1);
    for (uint32_t pool = 0; pool < POOLS; pool++) {
        step(core, &(struct wf_event){.kind = WF_EVENT_POOL,
                                      .pool = {{pool}, cluster->pools[pool].spec}});
    }
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (cluster->nodes[node].up) {
            step(core, &(struct wf_event){.kind = WF_EVENT_NODE_UP,
                                          .node_up = {{node}, cluster->nodes[node].spec}});
        }
    }
    return core;
}

// Written without the functions that core/explain/reason.c uses.
static uint32_t share_naively(const struct wf_pool *pool, const struct wf_request *request)
{
    uint32_t taken = 0;
    if (pool->spec.slices == 0 || request->gpus != 1 || request->gpu_milli == 1000) {
        return request->gpu_milli;
    }
    while (1000 * taken < (uint32_t)request->gpu_milli * pool->spec.slices) {
        taken++;
    }
    return 1000 * taken / pool->spec.slices;
}

static bool outside_naively(const struct wf_place *at, const struct wf_place *place)
{
    return (place->site != WF_ANYWHERE && place->site != at->site) ||
           (place->region != WF_ANYWHERE && place->region != at->region) ||
           (place->zone != WF_ANYWHERE && place->zone != at->zone);
}

static uint32_t blocked_naively(const struct wf_pool *pool, const struct wf_node *node,
                                const struct wf_state *state, const struct wf_request *request)
{
    uint32_t share = share_naively(pool, request);
    uint32_t gpus_fitting = 0;
    for (uint32_t gpu = 0; gpu < node->spec.gpus; gpu++) {
        gpus_fitting += state->gpu_free_milli[gpu] >= share;
    }
    bool few = gpus_fitting < request->gpus && node->spec.gpus >= request->gpus;
    const bool blocked[WF_REASON_COUNT] = {
        [WF_REASON_MODEL] =
            request->gpus && node->spec.gpus && !(request->models >> pool->spec.model & 1),
        [WF_REASON_PLACE] = outside_naively(&pool->spec.place, &request->place),
        [WF_REASON_LABELS] = (request->labels & ~node->spec.labels) != 0,
        [WF_REASON_CLOSED] = node->closed,
        [WF_REASON_CPU_SIZE] = request->cpu_milli > node->spec.cpu_milli,
        [WF_REASON_CPU_FREE] = request->cpu_milli > state->cpu_free_milli &&
                               request->cpu_milli <= node->spec.cpu_milli,
        [WF_REASON_MEMORY_SIZE] = request->memory_mib > node->spec.memory_mib,
        [WF_REASON_MEMORY_FREE] = request->memory_mib > state->memory_free_mib &&
                                  request->memory_mib <= node->spec.memory_mib,
        [WF_REASON_GPUS_SIZE] = request->gpus > node->spec.gpus,
        [WF_REASON_GPUS_FREE] = few && share == 1000,
        [WF_REASON_SHARE_FREE] = few && share < 1000,
    };
    uint32_t set = 0;
    for (uint32_t reason = 0; reason < WF_REASON_COUNT; reason++) {
        set |= (uint32_t)blocked[reason] << reason;
    }
    return set;
}

static void check_blockers(const struct wf_cluster *cluster, const struct wf_job_spec *job,
                           const struct wf_explanation *explanation)
{
    struct wf_blocker counted[WF_REASON_COUNT] = {0};
    uint32_t nodes = 0;
    uint32_t fitting = 0;
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        const struct wf_node *node = &cluster->nodes[i];
        if (!node->up) {
            continue;
        }
        nodes++;
        uint32_t set = blocked_naively(&cluster->pools[node->pool.index], node, &cluster->states[i],
                                       &job->request);
        fitting += set == 0;
        for (uint32_t reason = 0; reason < WF_REASON_COUNT; reason++) {
            counted[reason].nodes += set >> reason & 1;
            if (set == UINT32_C(1) << reason) {
                counted[reason].nodes_alone++;
                for (uint32_t gpu = 0; gpu < node->spec.gpus; gpu++) {
                    uint32_t free_milli = cluster->states[i].gpu_free_milli[gpu];
                    counted[reason].gpus_free_alone += free_milli == 1000;
                    counted[reason].gpu_free_milli_alone += free_milli;
                }
            }
        }
    }
    CHECK(explanation->nodes == nodes);
    CHECK(explanation->nodes_fitting == fitting);
    for (uint32_t reason = 0; reason < WF_REASON_COUNT; reason++) {
        const struct wf_blocker *said = &explanation->blockers[reason];
        CHECK(said->nodes == counted[reason].nodes);
        CHECK(said->nodes_alone == counted[reason].nodes_alone);
        CHECK(said->gpus_free_alone == counted[reason].gpus_free_alone);
        CHECK(said->gpu_free_milli_alone == counted[reason].gpu_free_milli_alone);
        bool has_amount = reason >= WF_REASON_CPU_SIZE && said->nodes_alone > 0;
        CHECK(has_amount ? said->short_min > 0 && said->short_min <= said->short_max
                         : said->short_max == 0);
    }
    for (uint32_t i = 1; i < explanation->ranked_count; i++) {
        CHECK(counted[explanation->ranked[i - 1]].nodes_alone >=
              counted[explanation->ranked[i]].nodes_alone);
    }
}

// The rival is the first of the list that is of another pool than the winner, or, when the list is
// full of the winner's pool, comes after all of it.
static void check_rival(const struct wf_explanation *explanation)
{
    const struct wf_candidate *first = NULL;
    for (uint32_t i = 0; i < explanation->candidate_count && !first; i++) {
        bool other = explanation->candidates[i].pool.index != explanation->candidates[0].pool.index;
        first = other ? &explanation->candidates[i] : NULL;
    }
    if (explanation->at_random || !explanation->has_rival) {
        CHECK(explanation->at_random || !first);
    } else if (first) {
        CHECK(explanation->rival.node.index == first->node.index);
        CHECK(explanation->rival.score == first->score);
        CHECK(explanation->rival.alike == first->alike);
    } else {
        CHECK(explanation->candidate_count == WF_CANDIDATES_MAX);
        CHECK(explanation->rival.pool.index != explanation->candidates[0].pool.index);
        CHECK(explanation->rival.score <= explanation->candidates[WF_CANDIDATES_MAX - 1].score);
    }
}

// Explains first and submits then. Returns how many tasks start.
static uint32_t check_explanation(struct world *world, const struct wf_job_spec *job)
{
    const struct wf_cluster *cluster = wf_core_cluster(world->core);
    struct wf_explanation explanation;
    struct wf_error err = {0};
    CHECK(wf_explain(world->core, job, &explanation, &err) == WF_OK);
    uint32_t first_node;
    uint32_t placed = trial(world->core, job, &first_node);
    check_blockers(cluster, job, &explanation);
    CHECK(placed == (job->gang && explanation.tasks_now < job->tasks ? 0 : explanation.tasks_now));
    CHECK((explanation.verdict == WF_VERDICT_STARTS) == (placed == job->tasks));
    CHECK((explanation.verdict == WF_VERDICT_PART) == (placed > 0 && placed < job->tasks));
    if (placed > 0 && !explanation.at_random) {
        CHECK(explanation.candidates[0].node.index == first_node);
    }
    for (uint32_t i = 0; i < explanation.candidate_count; i++) {
        const struct wf_candidate *candidate = &explanation.candidates[i];
        CHECK(i == 0 || candidate[-1].score >= candidate->score);
        uint32_t alike = 0;
        for (uint32_t node = 0; node < cluster->nodes_end; node++) {
            const struct wf_node *other = &cluster->nodes[node];
            alike += other->up && other->pool.index == candidate->pool.index &&
                     !memcmp(&cluster->states[node], &cluster->states[candidate->node.index],
                             sizeof *cluster->states) &&
                     blocked_naively(&cluster->pools[other->pool.index], other,
                                     &cluster->states[node], &job->request) == 0;
        }
        CHECK(alike == candidate->alike);
    }
    check_rival(&explanation);
    if (placed == 0) {
        struct wf_core *core = emptied(world);
        uint32_t node;
        CHECK((trial(core, job, &node) > 0) == (explanation.verdict == WF_VERDICT_WAITS));
        wf_core_destroy(core);
    }
    return placed;
}

// The exhaustive search. Sizes are counted here again, from docs/reasons.md.
struct exhaustion {
    struct world *world;
    const struct wf_job_spec *job;
    uint32_t kinds_below; // changes smaller than this many kinds of this size
    uint64_t ppm_below;
    uint32_t try_every; // how many of the changes are tried; 0: they are only counted
    uint32_t changes, trials;
    bool found, too_many;
};

static uint64_t part_ppm(uint64_t less, uint64_t asked)
{
    return asked ? (less * 1000000 + asked - 1) / asked : 0;
}

static bool is_smaller(const struct exhaustion *all, uint32_t kinds, uint64_t ppm)
{
    return kinds < all->kinds_below || (kinds == all->kinds_below && ppm < all->ppm_below);
}

static void exhaust(struct exhaustion *all, struct wf_job_spec job, uint32_t kind, uint32_t kinds,
                    uint64_t ppm);

static void exhaust_one(struct exhaustion *all, const struct wf_job_spec *changed, uint32_t kind,
                        uint32_t kinds, uint64_t ppm)
{
    if (is_smaller(all, kinds + 1, ppm)) {
        exhaust(all, *changed, kind + 1, kinds + 1, ppm);
    }
}

static void exhaust_sets(struct exhaustion *all, struct wf_job_spec job, uint32_t kind,
                         uint32_t kinds, uint64_t ppm)
{
    const struct wf_request asked = job.request;
    if (kind == WF_CHANGE_MODELS && asked.gpus > 0) {
        for (uint64_t added = 1; added < (1 << MODELS); added++) {
            if ((added & asked.models) == 0) {
                job.request.models = asked.models | added;
                exhaust_one(all, &job, kind, kinds,
                            ppm + 100000 * (uint64_t)__builtin_popcountll(added));
            }
        }
    } else if (kind == WF_CHANGE_LABELS) {
        for (uint64_t dropped = asked.labels; dropped; dropped = (dropped - 1) & asked.labels) {
            job.request.labels = asked.labels & ~dropped;
            exhaust_one(all, &job, kind, kinds,
                        ppm + 250000 * (uint64_t)__builtin_popcountll(dropped));
        }
    } else if (kind == WF_CHANGE_PLACE) {
        job.request.place.zone = WF_ANYWHERE;
        exhaust_one(all, &job, kind, kinds, ppm + 100000);
        job.request.place.region = WF_ANYWHERE;
        exhaust_one(all, &job, kind, kinds, ppm + 200000);
        job.request.place.site = WF_ANYWHERE;
        exhaust_one(all, &job, kind, kinds, ppm + 300000);
    }
}

static void exhaust_gpus(struct exhaustion *all, struct wf_job_spec job, uint32_t kind,
                         uint32_t kinds, uint64_t ppm)
{
    const struct wf_request asked = job.request;
    uint32_t milli = (uint32_t)asked.gpus * asked.gpu_milli;
    for (uint32_t gpus = 1; gpus < asked.gpus; gpus++) {
        job.request.gpus = (uint8_t)gpus;
        exhaust_one(all, &job, kind, kinds, ppm + part_ppm(milli - gpus * 1000, milli));
    }
    for (uint32_t share = 1; share < asked.gpu_milli; share++) {
        job.request.gpus = 1;
        job.request.gpu_milli = (uint16_t)share;
        exhaust_one(all, &job, kind, kinds, ppm + part_ppm(milli - share, milli));
    }
}

// Tries every value of this kind and, for each, of those after it.
static void exhaust(struct exhaustion *all, struct wf_job_spec job, uint32_t kind, uint32_t kinds,
                    uint64_t ppm)
{
    if (all->found || all->too_many) {
        return;
    }
    if (kind == WF_CHANGE_COUNT) {
        all->too_many = ++all->changes > CHANGES_MAX;
        if (all->try_every > 0 && all->changes % all->try_every == 0) {
            uint32_t node;
            all->trials++;
            all->found = trial(all->world->core, &job, &node) == job.tasks;
        }
        return;
    }
    exhaust(all, job, kind + 1, kinds, ppm);
    struct wf_job_spec changed = job;
    if (kind == WF_CHANGE_CPU) {
        for (uint32_t value = 1; value < job.request.cpu_milli; value++) {
            changed.request.cpu_milli = value;
            exhaust_one(all, &changed, kind, kinds,
                        ppm + part_ppm(job.request.cpu_milli - value, job.request.cpu_milli));
        }
    } else if (kind == WF_CHANGE_MEMORY) {
        for (uint32_t value = 1; value < job.request.memory_mib; value++) {
            changed.request.memory_mib = value;
            exhaust_one(all, &changed, kind, kinds,
                        ppm + part_ppm(job.request.memory_mib - value, job.request.memory_mib));
        }
    } else if (kind == WF_CHANGE_TASKS) {
        for (uint32_t value = 1; value < job.tasks; value++) {
            changed.tasks = value;
            exhaust_one(all, &changed, kind, kinds, ppm + part_ppm(job.tasks - value, job.tasks));
        }
    } else if (kind == WF_CHANGE_GPUS) {
        exhaust_gpus(all, job, kind, kinds, ppm);
    } else {
        exhaust_sets(all, job, kind, kinds, ppm);
    }
}

static void check_nothing_smaller(struct world *world, const struct wf_job_spec *job,
                                  const struct wf_remedy *remedy)
{
    struct exhaustion all = {
        .world = world,
        .job = job,
        .kinds_below =
            remedy->found ? (uint32_t)__builtin_popcount(remedy->kinds) : WF_CHANGE_COUNT + 1,
        .ppm_below = remedy->found ? remedy->size_ppm : 0,
    };
    exhaust(&all, *job, 0, 0, 0);
    bool sampled = all.too_many;
    all.try_every = sampled ? SAMPLE_EVERY : 1;
    all.changes = 0;
    all.too_many = false;
    // The trials are no demand to learn from, which would take most of the time.
    give_forecast(world, true);
    exhaust(&all, *job, 0, 0, 0);
    give_forecast(world, world->forecast_given);
    CHECK(!all.found);
    seen.trials += all.trials;
    seen.sampled += sampled;
    seen.searched += !sampled;
}

// When nothing helps, each open node lacks something altogether.
static void check_nothing_helps(const struct wf_cluster *cluster, const struct wf_request *request)
{
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        const struct wf_node *node = &cluster->nodes[i];
        const struct wf_state *state = &cluster->states[i];
        if (!node->up || node->closed) {
            continue;
        }
        struct wf_request least = {.gpus = request->gpus > 0, .gpu_milli = 1};
        least = wf_pool_request(&cluster->pools[node->pool.index], &least);
        CHECK((request->cpu_milli > 0 && state->cpu_free_milli == 0) ||
              (request->memory_mib > 0 && state->memory_free_mib == 0) ||
              (request->gpus > 0 && state->share_free_milli < least.gpu_milli));
    }
}

static void check_remedy(struct world *world, const struct wf_job_spec *job,
                         struct wf_remedy_scratch *scratch)
{
    struct wf_remedy remedy;
    struct wf_remedy searched;
    struct wf_error err = {0};
    CHECK(wf_remedy_find(world->core, job, WF_CHANGE_ALL, scratch, &remedy, &err) == WF_OK);
    CHECK(wf_remedy_find_by_search(world->core, job, WF_CHANGE_ALL, scratch, &searched, &err) ==
          WF_OK);
    CHECK(remedy.found == searched.found);
    CHECK(remedy.kinds == searched.kinds && remedy.size_ppm == searched.size_ppm);
    seen.inexact += !remedy.exact;
    if (!remedy.exact && getenv("WHALEFLUX_VERBOSE")) {
        printf("# seed %" PRIu64 ": cut short, kinds %" PRIx32 "\n", world->seed, remedy.kinds);
    }
    if (remedy.found) {
        uint32_t node;
        CHECK(remedy.kinds != 0);
        CHECK(wf_request_is_valid(&remedy.job.request) && remedy.job.tasks > 0);
        CHECK(trial(world->core, &remedy.job, &node) == remedy.job.tasks);
        seen.started++;
        seen.counts[__builtin_popcount(remedy.kinds)]++;
        for (uint32_t kind = 0; kind < WF_CHANGE_COUNT; kind++) {
            seen.kinds[kind] += remedy.kinds >> kind & 1;
        }
        // With fewer kinds offered the answer keeps to them and is no smaller.
        uint32_t offered = below(world, WF_CHANGE_ALL + 1);
        CHECK(wf_remedy_find(world->core, job, offered, scratch, &searched, &err) == WF_OK);
        CHECK(!searched.found || (searched.kinds & ~offered) == 0);
        CHECK(!searched.found || !wf_change_is_smaller(job, &searched.change, &remedy.change));
        CHECK(!searched.found || trial(world->core, &searched.job, &node) == searched.job.tasks);
    } else {
        seen.none++;
        check_nothing_helps(wf_core_cluster(world->core), &job->request);
    }
    if (world->small) {
        check_nothing_smaller(world, job, &remedy);
    }
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
    uint64_t states = number_from("WHALEFLUX_STATES", 10000);
    struct wf_remedy_scratch *scratch;
#ifdef __GLIBC__
    // Each world is a new core: large tables of which little is used are best left to the kernel.
    mallopt(M_MMAP_THRESHOLD, 1 << 16);
#endif
    if (wf_remedy_scratch_create(NODES, &scratch, NULL) != WF_OK) {
        return 1;
    }
    for (uint64_t seed = number_from("WHALEFLUX_SEED", 1); seen.states < states; seed++) {
        struct world world;
        make_world(&world, seed);
        bool refused = false;
        for (uint32_t attempt = 0; attempt < 20 && !refused; attempt++) {
            struct wf_job_spec job = some_job(&world);
            uint32_t placed = check_explanation(&world, &job);
            seen.jobs++;
            refused = placed < job.tasks;
            if (refused) {
                seen.tasks_many += job.tasks > 1;
                check_remedy(&world, &job, scratch);
            }
        }
        seen.states += refused;
        wf_core_destroy(world.core);
    }
    wf_remedy_scratch_destroy(scratch);
    printf("1..1\nok 1 - explain\n# %" PRIu64 " clusters with a refused job (%" PRIu64
           " of several tasks), %" PRIu64 " jobs explained\n",
           seen.states, seen.tasks_many, seen.jobs);
    printf("# %" PRIu64 " remedies, each started the job; for %" PRIu64 " nothing helps; %" PRIu64
           " cut short\n",
           seen.started, seen.none, seen.inexact);
    printf("# %" PRIu64 " small clusters were searched whole and %" PRIu64
           " in part: none of %" PRIu64 " smaller changes started the job\n",
           seen.searched, seen.sampled, seen.trials);
    for (uint32_t kind = 0; kind < WF_CHANGE_COUNT; kind++) {
        printf("# kind %-7s %6" PRIu64 "   remedies of %u kinds %6" PRIu64 "\n",
               wf_change_name((enum wf_change_kind)kind), seen.kinds[kind], kind + 1,
               seen.counts[kind + 1]);
    }
    return 0;
}
