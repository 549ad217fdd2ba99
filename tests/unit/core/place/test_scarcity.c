// SPDX-License-Identifier: Apache-2.0
// Prices of pools by hand. Pools have one node each, 8 GPUs and 64 CPU unless said otherwise.
#include "core/place/scarcity.h"

#include "unit/core/small_cluster.h"
#include "unit/core/small_region.h"

enum { ONE = WF_SCARCITY_ONE_Q10 };

struct market {
    struct wf_cluster cluster;
    struct wf_scarcity *scarcity;
};

static void open_market(struct market *market, uint32_t pools)
{
    struct wf_limits limits = {.models = WF_MODELS_MAX,
                               .pools = pools,
                               .nodes = pools,
                               .jobs = 16,
                               .placements = 16,
                               .classes = 1};
    assert_int_equal(wf_cluster_init(&market->cluster, small_region(), &limits, NULL), WF_OK);
    assert_int_equal(wf_scarcity_create(small_region(), &limits, &market->scarcity, NULL), WF_OK);
}

static void add_pool(struct market *market, uint32_t pool, uint8_t model, uint32_t cpu_milli,
                     uint8_t gpus)
{
    struct wf_pool_spec spec = {.model = model};
    struct wf_node_spec node = {.pool = {pool}, .cpu_milli = cpu_milli, .gpus = gpus};
    assert_int_equal(wf_cluster_set_pool(&market->cluster, (wf_pool_id){pool}, &spec, NULL), WF_OK);
    assert_int_equal(wf_cluster_add_node(&market->cluster, (wf_node_id){pool}, &node, NULL), WF_OK);
}

static void expect(struct market *market, const struct wf_mix_class *classes, uint32_t count,
                   int64_t prior_q10)
{
    wf_scarcity_expect(market->scarcity, &market->cluster, classes, count, prior_q10);
    wf_scarcity_look(market->scarcity, &market->cluster);
}

static int64_t pressure(const struct market *market, uint32_t pool)
{
    return market->scarcity->pressure_q10[pool];
}

static void take_gpus(struct market *market, uint32_t pool, uint8_t gpus)
{
    struct wf_request request = {.gpus = gpus, .gpu_milli = 1000};
    uint32_t job;
    assert_int_equal(wf_cluster_add_job(&market->cluster, (wf_job_id){pool}, &job, NULL), WF_OK);
    uint32_t set = wf_state_gpu_set(&market->cluster.states[pool], &request, 0);
    wf_cluster_place(&market->cluster, job, 0, pool, &request, set);
    wf_scarcity_look(market->scarcity, &market->cluster);
}

// Each of two models is half of what is free and half of what is asked for: pressure 1, but for the
// one GPU that is added to what is free (8 of 9).
static void two_models_half_and_half_press_alike(void **state)
{
    (void)state;
    struct market market;
    open_market(&market, 2);
    add_pool(&market, 0, 0, 64000, 8);
    add_pool(&market, 1, 1, 64000, 8);
    const struct wf_mix_class classes[] = {{8000, 1, 1000, 1, 10}, {8000, 1, 1000, 2, 10}};
    expect(&market, classes, 2, 0);
    assert_int_equal(pressure(&market, 0), ONE * 8 / 9);
    assert_int_equal(pressure(&market, 1), pressure(&market, 0));
    // When model 0 has 2 of 10 free GPUs left, half of the demand is on (2 + 1): 10 / 2 / 3.
    take_gpus(&market, 0, 6);
    assert_int_equal(pressure(&market, 0), ONE * 10 / 2 / 3);
    assert_int_equal(pressure(&market, 1), ONE * 10 / 2 / 9);
    // When there is none left, it is held at 2.
    take_gpus(&market, 1, 6);
    assert_true(pressure(&market, 0) <= INT64_C(2) * ONE);
}

static void work_that_can_go_anywhere_presses_on_nobody(void **state)
{
    (void)state;
    struct market market;
    open_market(&market, 2);
    add_pool(&market, 0, 0, 64000, 8);
    add_pool(&market, 1, 1, 64000, 8);
    const struct wf_mix_class classes[] = {{8000, 1, 1000, WF_ANY_MODEL, 15},
                                           {8000, 1, 1000, 1, 5}};
    expect(&market, classes, 2, 0);
    assert_int_equal(pressure(&market, 0), ONE / 4 * 16 / 9); // a quarter of the demand
    assert_int_equal(pressure(&market, 1), 0);
    // So it pays to stay out of the pool that others depend on, and those pay nothing for it.
    struct wf_request any = small_job(1, 8000, 1, 1000).request;
    int64_t cheapest = wf_scarcity_cheapest_q10(market.scarcity, &market.cluster, &any);
    assert_int_equal(cheapest, 0);
    assert_true(wf_scarcity_milli(market.scarcity, 0, &any, cheapest) >
                wf_scarcity_milli(market.scarcity, 1, &any, cheapest));
    struct wf_request tied = any;
    tied.models = 1;
    cheapest = wf_scarcity_cheapest_q10(market.scarcity, &market.cluster, &tied);
    assert_int_equal(cheapest, pressure(&market, 0));
    assert_int_equal(wf_scarcity_milli(market.scarcity, 0, &tied, cheapest),
                     wf_scarcity_milli(market.scarcity, 1, &any, 0));
}

static void a_task_that_can_go_anywhere_avoids_the_contended_pool(void **state)
{
    (void)state;
    struct wf_core_config config = {
        .limits = {.models = 2, .pools = 2, .nodes = 2, .jobs = 9, .placements = 9, .classes = 2},
        .policy = &wf_policy_cost_first,
    };
    for (uint64_t contended = 0; contended < 2; contended++) {
        struct wf_core *core = NULL;
        assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
        for (uint32_t pool = 0; pool < 2; pool++) {
            struct wf_pool_spec spec = {.model = (uint8_t)pool};
            small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{pool}, spec}});
            small_node(core, pool, pool, 64000, 8, 0);
        }
        const struct wf_mix_class classes[] = {{4000, 1, 1000, WF_ANY_MODEL, 10},
                                               {4000, 1, 1000, 1u << contended, 10}};
        small_step(core, &(struct wf_event){.kind = WF_EVENT_MIX, .mix = {classes, 2}});
        struct wf_job_spec job = small_job(1, 4000, 1, 1000);
        struct wf_event event = {.kind = WF_EVENT_JOB_SUBMIT, .job_submit = job};
        assert_int_equal(small_step(core, &event).list[0].node.index, 1 - contended);
        wf_core_destroy(core);
    }
}

// Where tasks ask for 8 CPU a GPU and a pool has 2 CPU a GPU free, CPU runs out first: a task pays
// for its CPU, and one that asks for none pays little.
static void cpu_is_charged_where_it_runs_out_first(void **state)
{
    (void)state;
    struct market market;
    open_market(&market, 2);
    add_pool(&market, 0, 0, 16000, 8);
    add_pool(&market, 1, 1, 1024000, 8);
    const struct wf_mix_class class = {8000, 1, 1000, WF_ANY_MODEL, 10};
    expect(&market, &class, 1, 0);
    const struct wf_scarcity *scarcity = market.scarcity;
    assert_int_equal(scarcity->cpu_per_gpu_q10, 8 * ONE);
    // Shortage 4 against 1/16: squares 16 / (16 + 1) and 1/256 / (1/256 + 1).
    assert_int_equal(scarcity->cpu_share_q10[0], ONE * 16 / 17);
    assert_int_equal(scarcity->cpu_share_q10[1], ONE / 257);
    struct wf_request much = small_job(1, 16000, 1, 1000).request;
    struct wf_request little = small_job(1, 0, 1, 1000).request;
    assert_true(wf_scarcity_milli(scarcity, 0, &much, 0) >
                10 * wf_scarcity_milli(scarcity, 0, &little, 0));
    int64_t roomy = wf_scarcity_milli(scarcity, 1, &much, 0);
    assert_true(roomy - wf_scarcity_milli(scarcity, 1, &little, 0) <= 1000 / 256);
}

// Without any demand the prior alone: half by model, half by size of node. 8 GPUs of 2 models each;
// every pool is one of two models (a quarter of the prior), and in one or both sets by size.
static void the_prior_presses_on_rare_models_and_large_nodes(void **state)
{
    (void)state;
    struct market market;
    open_market(&market, 3);
    add_pool(&market, 0, 0, 64000, 8);
    add_pool(&market, 1, 1, 64000, 2);
    expect(&market, NULL, 0, ONE);
    assert_true(pressure(&market, 0) > 0);
    // The whole prior is 1/2, 1/8 for each model and each least size. 10 GPUs are free: model 1 is
    // 2 (+ 1) of them, model 0 is 8 (+ 1); at least 8 GPUs large are 8 (+ 1), at least 2 are 10 (+
    // 1)
    // 5/4 (1/9 + 1/9 + 1/11) = 155/396, and 5/4 (1/3 + 1/11) = 35/66
    assert_in_range(pressure(&market, 0), ONE * 155 / 396 - 2, ONE * 155 / 396);
    assert_in_range(pressure(&market, 1), ONE * 35 / 66 - 2, ONE * 35 / 66);
    expect(&market, NULL, 0, 0);
    assert_int_equal(pressure(&market, 0), 0);
    assert_int_equal(pressure(&market, 2), 0); // a pool without nodes
}

// More pools than bits in a word, and a look for every few decisions only.
static void many_pools_have_prices_too(void **state)
{
    (void)state;
    enum { POOLS = 200 };
    struct market market;
    open_market(&market, POOLS);
    for (uint32_t i = 0; i < POOLS; i++) {
        add_pool(&market, i, (uint8_t)(i % WF_MODELS_MAX), 64000, 8);
    }
    struct wf_mix_class class = {8000, 1, 1000, WF_MODEL_BIT(63), 10};
    expect(&market, &class, 1, 0);
    for (uint32_t i = 0; i < POOLS; i++) { // 3 of 200 pools: it would be 64, held at 2
        assert_int_equal(pressure(&market, i), i % WF_MODELS_MAX == 63 ? 2 * ONE : 0);
    }
    assert_int_equal(wf_scarcity_look_every(market.scarcity), 16);
    expect(&market, &class, 1, ONE);
    assert_int_equal(market.scarcity->sets, 64 + 1); // by model, and all nodes are of a size
    assert_int_equal(wf_scarcity_look_every(market.scarcity), 65 * POOLS / 256);
}

static void without_gpus_there_are_no_prices(void **state)
{
    (void)state;
    struct market market;
    open_market(&market, 1);
    add_pool(&market, 0, 0, 64000, 0);
    const struct wf_mix_class class = {UINT32_MAX, 1, 1, 1, WF_MIX_TOTAL_MAX};
    expect(&market, &class, 1, ONE);
    assert_int_equal(pressure(&market, 0), 0);
    struct wf_request cpu_only = small_job(1, 8000, 0, 0).request;
    assert_int_equal(wf_scarcity_cheapest_q10(market.scarcity, &market.cluster, &cpu_only), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_models_half_and_half_press_alike),
        cmocka_unit_test(work_that_can_go_anywhere_presses_on_nobody),
        cmocka_unit_test(a_task_that_can_go_anywhere_avoids_the_contended_pool),
        cmocka_unit_test(cpu_is_charged_where_it_runs_out_first),
        cmocka_unit_test(the_prior_presses_on_rare_models_and_large_nodes),
        cmocka_unit_test(many_pools_have_prices_too),
        cmocka_unit_test(without_gpus_there_are_no_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
