// SPDX-License-Identifier: Apache-2.0
#include "core/place/scarcity.h"

#include <string.h>

#include "base/assert.h"

// Found by experiment on 46 variants of the openb trace, three quarters of them made up; all of
// them lie on plateaus (docs/adr/0003-cost-first.md).
enum {
    TIED_PERCENT_MAX = 90, // a set with more of the installed GPUs ties nobody
    FLOOR_MILLI = 1000,    // one GPU, so that a full set has a finite price
    PRESSURE_Q10_MAX = 2 * WF_SCARCITY_ONE_Q10,
    CPU_SHORTAGE_Q10_MAX = 4 * WF_SCARCITY_ONE_Q10,
    PRESSURE_WEIGHT_EIGHTHS = 9, // 9/8
    BASE_Q10 = WF_SCARCITY_ONE_Q10 / 4,
    LOOK_EVERY_MIN = 16,
    LOOK_WORK_PER_DECISION = 256,
};

enum wf_status wf_scarcity_create(struct wf_region *region, const struct wf_limits *limits,
                                  struct wf_scarcity **scarcity_out, struct wf_error *err)
{
    uint32_t pools = limits->pools;
    struct wf_scarcity *scarcity = wf_region_take(region, 1, sizeof *scarcity);
    if (scarcity) {
        *scarcity = (struct wf_scarcity){
            .pools = pools,
            .words = (pools + 63) / 64,
            .sets_max = WF_MIX_CLASSES_MAX + pools + limits->models,
            .cpu_per_gpu_q10 = 1,
        };
        scarcity->members = wf_region_take(region, (size_t)scarcity->sets_max * scarcity->words,
                                           sizeof *scarcity->members);
        scarcity->demand_q20 =
            wf_region_take(region, scarcity->sets_max, sizeof *scarcity->demand_q20);
        scarcity->scratch = wf_region_take(region, scarcity->words, sizeof *scarcity->scratch);
        scarcity->pressure_q10 = wf_region_take(region, pools, sizeof *scarcity->pressure_q10);
        scarcity->cpu_share_q10 = wf_region_take(region, pools, sizeof *scarcity->cpu_share_q10);
        scarcity->gpu_per_cpu_q20 =
            wf_region_take(region, pools, sizeof *scarcity->gpu_per_cpu_q20);
    }
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for the scarcity prices of %u pools", pools);
    }
    *scarcity_out = scarcity;
    return WF_OK;
}

static bool has_gpus(const struct wf_pool *pool)
{
    return pool->gpu_capacity_milli > 0;
}

// Adds demand to the set in scratch; an empty set, or one past the limit, has no price.
static void add_demand(struct wf_scarcity *scarcity, int64_t demand_q20)
{
    size_t size = scarcity->words * sizeof *scarcity->scratch;
    uint64_t any = 0;
    for (uint32_t word = 0; word < scarcity->words; word++) {
        any |= scarcity->scratch[word];
    }
    if (any == 0 || demand_q20 == 0) {
        return;
    }
    uint32_t set = 0;
    while (set < scarcity->sets && memcmp(scarcity->members + (size_t)set * scarcity->words,
                                          scarcity->scratch, size) != 0) {
        set++;
    }
    if (set == scarcity->sets) {
        if (scarcity->sets == scarcity->sets_max) {
            return;
        }
        memcpy(scarcity->members + (size_t)set * scarcity->words, scarcity->scratch, size);
        scarcity->demand_q20[set] = 0;
        scarcity->sets++;
    }
    scarcity->demand_q20[set] += demand_q20;
}

static void add_to_scratch(struct wf_scarcity *scarcity, uint32_t pool)
{
    scarcity->scratch[pool / 64] |= UINT64_C(1) << (pool % 64);
}

static void clear_scratch(struct wf_scarcity *scarcity)
{
    memset(scarcity->scratch, 0, scarcity->words * sizeof *scarcity->scratch);
}

// Puts the pools where a task of the class can ever run into scratch. Returns whether they are few
// enough for the class to be tied to them.
static bool pools_of_class(struct wf_scarcity *scarcity, const struct wf_cluster *cluster,
                           const struct wf_mix_class *class, int64_t installed_milli)
{
    int64_t covered_milli = 0;
    clear_scratch(scarcity);
    for (uint32_t i = 0; i < scarcity->pools; i++) {
        const struct wf_pool *pool = &cluster->pools[i];
        if (has_gpus(pool) && (class->models & WF_MODEL_BIT(pool->spec.model)) != 0 &&
            pool->node_gpus_max >= class->gpus && pool->node_cpu_milli_max >= class->cpu_milli) {
            add_to_scratch(scarcity, i);
            covered_milli += pool->gpu_capacity_milli;
        }
    }
    return covered_milli * 100 <= installed_milli * TIED_PERCENT_MAX;
}

// Half of the prior on nodes by size: for each pool, those that are at least as large. Half by GPU
// model.
static void add_prior(struct wf_scarcity *scarcity, const struct wf_cluster *cluster,
                      int64_t prior_q20)
{
    uint64_t models = 0;
    uint32_t pools = 0;
    for (uint32_t i = 0; i < scarcity->pools; i++) {
        if (has_gpus(&cluster->pools[i])) {
            models |= WF_MODEL_BIT(cluster->pools[i].spec.model);
            pools++;
        }
    }
    for (uint32_t i = 0; i < scarcity->pools; i++) {
        const struct wf_pool *least = &cluster->pools[i];
        if (!has_gpus(least)) {
            continue;
        }
        clear_scratch(scarcity);
        for (uint32_t k = 0; k < scarcity->pools; k++) {
            const struct wf_pool *pool = &cluster->pools[k];
            if (has_gpus(pool) && pool->node_gpus_max >= least->node_gpus_max &&
                pool->node_cpu_milli_max >= least->node_cpu_milli_max) {
                add_to_scratch(scarcity, k);
            }
        }
        add_demand(scarcity, prior_q20 / 2 / pools);
    }
    for (uint64_t rest = models; rest; rest &= rest - 1) {
        clear_scratch(scarcity);
        for (uint32_t i = 0; i < scarcity->pools; i++) {
            const struct wf_pool *pool = &cluster->pools[i];
            if (has_gpus(pool) && pool->spec.model == __builtin_ctzll(rest)) {
                add_to_scratch(scarcity, i);
            }
        }
        add_demand(scarcity, prior_q20 / 2 / __builtin_popcountll(models));
    }
}

void wf_scarcity_expect(struct wf_scarcity *scarcity, const struct wf_cluster *cluster,
                        const struct wf_mix_class *classes, uint32_t count,
                        int64_t prior_weight_q10)
{
    int64_t installed_milli = 0;
    for (uint32_t i = 0; i < scarcity->pools; i++) {
        installed_milli += cluster->pools[i].gpu_capacity_milli;
    }
    int64_t gpu_milli = 0;
    int64_t cpu_milli = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (classes[i].gpus > 0) {
            gpu_milli += (int64_t)classes[i].count * classes[i].gpus * classes[i].gpu_milli;
            cpu_milli += (int64_t)classes[i].count * classes[i].cpu_milli;
        }
    }
    scarcity->sets = 0;
    scarcity->cpu_per_gpu_q10 = gpu_milli > 0 ? cpu_milli * WF_SCARCITY_ONE_Q10 / gpu_milli : 0;
    if (scarcity->cpu_per_gpu_q10 < 1) {
        scarcity->cpu_per_gpu_q10 = 1;
    }
    // Demand and prior together are 1.
    int64_t whole_q20 = INT64_C(1) << 20;
    int64_t demand_q20 = whole_q20 * WF_SCARCITY_ONE_Q10 / (WF_SCARCITY_ONE_Q10 + prior_weight_q10);
    for (uint32_t i = 0; i < count; i++) {
        int64_t milli = (int64_t)classes[i].count * classes[i].gpus * classes[i].gpu_milli;
        if (milli > 0 && pools_of_class(scarcity, cluster, &classes[i], installed_milli)) {
            add_demand(scarcity, milli * demand_q20 / gpu_milli);
        }
    }
    add_prior(scarcity, cluster, whole_q20 - demand_q20);
}

static bool contains(const struct wf_scarcity *scarcity, uint32_t set, uint32_t pool)
{
    return scarcity->members[(size_t)set * scarcity->words + pool / 64] >> (pool % 64) & 1;
}

static int64_t at_most(int64_t value, int64_t limit)
{
    return value < limit ? value : limit;
}

static int64_t at_least_one(int64_t value)
{
    return value > 1 ? value : 1;
}

void wf_scarcity_look(struct wf_scarcity *scarcity, const struct wf_cluster *cluster)
{
    int64_t free_milli = 0;
    for (uint32_t i = 0; i < scarcity->pools; i++) {
        free_milli += cluster->pools[i].gpu_open_milli;
        scarcity->pressure_q10[i] = 0;
    }
    for (uint32_t set = 0; set < scarcity->sets; set++) {
        int64_t free_in_set_milli = FLOOR_MILLI;
        for (uint32_t i = 0; i < scarcity->pools; i++) {
            free_in_set_milli += contains(scarcity, set, i) ? cluster->pools[i].gpu_open_milli : 0;
        }
        int64_t pressure_q10 = scarcity->demand_q20[set] * free_milli / free_in_set_milli >> 10;
        for (uint32_t i = 0; i < scarcity->pools; i++) {
            scarcity->pressure_q10[i] += contains(scarcity, set, i) ? pressure_q10 : 0;
        }
    }
    int64_t cpu_per_gpu_q10 = scarcity->cpu_per_gpu_q10;
    for (uint32_t i = 0; i < scarcity->pools; i++) {
        scarcity->pressure_q10[i] = at_most(scarcity->pressure_q10[i], PRESSURE_Q10_MAX);
        // Above 1 the pool runs out of CPU before it runs out of GPUs.
        // In 128 bits: who asks for all the CPU there is and next to no GPU makes it large.
        wf_int128 wanted =
            (wf_int128)cpu_per_gpu_q10 * at_least_one(cluster->pools[i].gpu_open_milli);
        wf_int128 ratio_q10 = wanted / at_least_one(cluster->pools[i].cpu_open_milli);
        int64_t shortage_q10 =
            ratio_q10 < CPU_SHORTAGE_Q10_MAX ? (int64_t)ratio_q10 : CPU_SHORTAGE_Q10_MAX;
        int64_t square_q20 = shortage_q10 * shortage_q10;
        scarcity->cpu_share_q10[i] = (square_q20 << 10) / (square_q20 + (INT64_C(1) << 20));
        scarcity->gpu_per_cpu_q20[i] = (shortage_q10 << 20) / cpu_per_gpu_q10;
    }
}

uint32_t wf_scarcity_look_every(const struct wf_scarcity *scarcity)
{
    uint64_t work = (uint64_t)scarcity->sets * scarcity->pools;
    uint64_t every = work / LOOK_WORK_PER_DECISION;
    return every > LOOK_EVERY_MIN ? (uint32_t)every : LOOK_EVERY_MIN;
}

int64_t wf_scarcity_cheapest_q10(const struct wf_scarcity *scarcity,
                                 const struct wf_cluster *cluster, const struct wf_request *request)
{
    int64_t wanted_milli = (int64_t)request->gpus * request->gpu_milli;
    int64_t cheapest_q10 = INT64_MAX;
    for (uint32_t i = 0; i < scarcity->pools; i++) {
        const struct wf_pool *pool = &cluster->pools[i];
        if (pool->nodes > 0 && wf_pool_admits(pool, request) &&
            pool->node_gpus_max >= request->gpus && pool->gpu_open_milli >= wanted_milli &&
            scarcity->pressure_q10[i] < cheapest_q10) {
            cheapest_q10 = scarcity->pressure_q10[i];
        }
    }
    return cheapest_q10 == INT64_MAX ? 0 : cheapest_q10;
}

int64_t wf_scarcity_milli(const struct wf_scarcity *scarcity, uint32_t pool,
                          const struct wf_request *request, int64_t cheapest_q10)
{
    int64_t gpu_milli = (int64_t)request->gpus * request->gpu_milli;
    int64_t cpu_as_gpu_milli = request->cpu_milli * scarcity->gpu_per_cpu_q20[pool] >> 20;
    int64_t cpu_share_q10 = scarcity->cpu_share_q10[pool];
    int64_t taken_milli =
        ((WF_SCARCITY_ONE_Q10 - cpu_share_q10) * gpu_milli + cpu_share_q10 * cpu_as_gpu_milli) >>
        10;
    int64_t above_q10 = scarcity->pressure_q10[pool] - cheapest_q10;
    int64_t price_q10 = (above_q10 * PRESSURE_WEIGHT_EIGHTHS >> 3) + BASE_Q10;
    return price_q10 * taken_milli >> 10;
}
