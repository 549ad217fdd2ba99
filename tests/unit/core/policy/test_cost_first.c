// SPDX-License-Identifier: Apache-2.0
// The money policies: what the terms say is what the score says, and each term says what it should.
#include <stdlib.h>

#include "base/random.h"
#include "core/place/scarcity.h"
#include "unit/core/small_cluster.h"

static const struct wf_mix_class forecast[] = {
    {4000, 1, 500, WF_ANY_MODEL, 50},
    {8000, 2, 1000, 1, 20},
    {8000, 1, 1000, 2, 20},
    {2000, 0, 0, WF_ANY_MODEL, 10},
};

static const struct wf_pool_spec pools[] = {
    {.model = 0, .price_nanousd_per_gpu_hour = INT64_C(1000000000), .speed_permille = 500},
    {.model = 1, .price_nanousd_per_gpu_hour = INT64_C(3000000000)},
    {.model = 2,
     .price_nanousd_per_gpu_hour = INT64_C(2500000000),
     .rent_by_use = true,
     .speed_permille = 2000},
};

static struct wf_core *core_with(const char *policy, bool with_forecast)
{
    struct wf_core_config config = {
        .limits =
            {.models = 4, .pools = 4, .nodes = 16, .jobs = 64, .placements = 64, .classes = 8},
        .policy = wf_policy_find(policy),
    };
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    for (uint32_t i = 0; i < WF_COUNT_OF(pools); i++) {
        small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{i}, pools[i]}});
        for (uint32_t k = 0; k < 4; k++) {
            small_node(core, i * 4 + k, i, 32000, (uint8_t)(1u << k), 0);
        }
    }
    if (with_forecast) {
        small_step(core, &(struct wf_event){.kind = WF_EVENT_MIX,
                                            .mix = {forecast, WF_COUNT_OF(forecast)}});
    }
    return core;
}

static struct wf_terms terms_of(const struct wf_core *core, uint32_t node,
                                const struct wf_request *request, int64_t *score_out)
{
    struct wf_outlook outlook = wf_core_outlook(core);
    const struct wf_policy *policy = wf_core_policy(core);
    const struct wf_cluster *cluster = wf_core_cluster(core);
    const struct wf_pool *pool = &cluster->pools[cluster->nodes[node].pool.index];
    struct wf_request served = wf_pool_request(pool, request);
    int64_t base = policy->request_base(&outlook, request);
    uint32_t gpu;
    struct wf_terms terms;
    policy->terms(&outlook, pool, &cluster->states[node], &served, base, &terms);
    *score_out = policy->score(&outlook, pool, &cluster->states[node], &served, &gpu) +
                 policy->pool_score(&outlook, pool, &served, base);
    return terms;
}

static int64_t term(const struct wf_core *core, uint32_t node, const struct wf_request *request,
                    enum wf_term wanted)
{
    int64_t score;
    struct wf_terms terms = terms_of(core, node, request, &score);
    for (uint32_t i = 0; i < terms.count; i++) {
        if (terms.list[i].term == wanted) {
            return terms.list[i].value;
        }
    }
    fail_msg("there is no term %s", wf_term_name(wanted));
    return 0;
}

static struct wf_request some_request(struct wf_random *random)
{
    struct wf_request request =
        small_job(1, 500 * (uint32_t)wf_random_below(random, 16), 0, 0).request;
    request.gpus = (uint8_t)wf_random_below(random, 5);
    request.gpu_milli = request.gpus > 0 ? WF_GPU_MILLI : 0;
    if (request.gpus == 1) {
        request.gpu_milli = (uint16_t)(1 + wf_random_below(random, 1000));
    }
    return request;
}

// To one milli-GPU (the score is whole) and a nano-dollar for each term that was cut.
static void terms_add_up_to_the_score(void **state)
{
    (void)state;
    static const char *const names[] = {"cost-first", "speed-first", "balanced"};
    struct wf_random random;
    wf_random_init(&random, 11);
    for (unsigned i = 0; i < WF_COUNT_OF(names) * 2; i++) {
        struct wf_core *core = core_with(names[i / 2], i % 2);
        for (uint64_t id = 1; id <= 400; id++) {
            struct wf_request request = some_request(&random);
            uint32_t node = (uint32_t)wf_random_below(&random, 12);
            const struct wf_cluster *cluster = wf_core_cluster(core);
            if (wf_state_fits(&cluster->states[node], &request)) {
                int64_t score;
                struct wf_terms terms = terms_of(core, node, &request, &score);
                int64_t sum = 0;
                for (uint32_t k = 0; k < terms.count; k++) {
                    sum += terms.list[k].value;
                }
                int64_t one_milli = wf_core_outlook(core).fleet_price_nanousd / 1000;
                int64_t apart = sum - score * one_milli;
                assert_true(apart <= one_milli + 8 && apart >= -one_milli - 8);
            }
            struct wf_job_spec job = small_job(1, 0, 0, 0);
            job.id.number = id;
            job.request = request;
            if (id <= 40) {
                small_submit(core, &job);
            }
        }
        wf_core_destroy(core);
    }
}

// The fleet has 15 GPUs of each pool: the mean price is (1 + 3 + 2.5) / 3 dollars.
static void rent_is_paid_where_it_is_by_use(void **state)
{
    (void)state;
    struct wf_core *core = core_with("cost-first", true);
    assert_int_equal(wf_core_outlook(core).fleet_price_nanousd, 2166666666);
    assert_int_equal(wf_core_outlook(core).speed_permille_max, 2000);
    struct wf_request request = small_job(1, 1000, 1, 1000).request;
    assert_int_equal(term(core, 0, &request, WF_TERM_RENT), 0);
    assert_int_equal(term(core, 4, &request, WF_TERM_RENT), 0);
    int64_t rent = -term(core, 8, &request, WF_TERM_RENT); // one GPU at 2.5 dollars, to a milli-GPU
    assert_in_range(rent, 2500000000 - 2166667, 2500000000);
    request = small_job(1, 1000, 0, 0).request;
    assert_int_equal(term(core, 8, &request, WF_TERM_RENT), 0);
    wf_core_destroy(core);
}

// Against the fastest pool, twice as fast as the usual 1000 permille: 1 GPU there is 2 of the usual
// and 4 of the slow one, so 1 and 3 GPU-hours more.
static void a_slower_gpu_costs_time(void **state)
{
    (void)state;
    struct wf_core *core = core_with("cost-first", true);
    struct wf_request request = small_job(1, 1000, 1, 1000).request;
    int64_t price = wf_core_outlook(core).fleet_price_nanousd;
    assert_int_equal(term(core, 8, &request, WF_TERM_TIME), 0);
    assert_int_equal(term(core, 4, &request, WF_TERM_TIME), -price);
    assert_int_equal(term(core, 0, &request, WF_TERM_TIME), -3 * price);
    wf_core_destroy(core);
}

static void a_strategy_is_its_weights(void **state)
{
    (void)state;
    struct wf_core *cost = core_with("cost-first", true);
    struct wf_core *speed = core_with("speed-first", true);
    struct wf_core *balanced = core_with("balanced", true);
    struct wf_request request = small_job(1, 1000, 1, 1000).request;
    for (uint32_t node = 0; node < 12; node += 4) {
        assert_int_equal(term(speed, node, &request, WF_TERM_TIME),
                         10 * term(cost, node, &request, WF_TERM_TIME));
        assert_int_equal(term(balanced, node, &request, WF_TERM_TIME),
                         3 * term(cost, node, &request, WF_TERM_TIME));
        int64_t rent = term(cost, node, &request, WF_TERM_RENT);
        assert_true(llabs(10 * term(speed, node, &request, WF_TERM_RENT) - rent) <= 22000000);
        assert_true(llabs(2 * term(balanced, node, &request, WF_TERM_RENT) - rent) <= 4400000);
        assert_int_equal(term(balanced, node, &request, WF_TERM_STRANDED),
                         term(cost, node, &request, WF_TERM_STRANDED));
    }
    struct wf_job_spec job = small_job(1, 1000, 1, 1000);
    struct wf_event event = {.kind = WF_EVENT_JOB_SUBMIT, .job_submit = job};
    assert_int_equal(small_step(speed, &event).list[0].node.index / 4, 2); // the fastest pool
    wf_core_destroy(cost);
    wf_core_destroy(speed);
    wf_core_destroy(balanced);
}

// The last half GPU of a node is of use to half of the expected tasks; a task that takes the CPU
// and leaves the GPU strands it.
static void what_nobody_can_use_any_more_is_stranded(void **state)
{
    (void)state;
    struct wf_core *core = core_with("cost-first", true);
    struct wf_request frugal = small_job(1, 0, 0, 0).request;
    struct wf_request greedy = small_job(1, 32000, 0, 0).request;
    assert_int_equal(term(core, 3, &frugal, WF_TERM_STRANDED), 0);
    // 8 GPUs to 50 + 20 of 100 expected tasks: 5,600 milli-GPU of use before, none after.
    int64_t price = wf_core_outlook(core).fleet_price_nanousd;
    assert_int_equal(term(core, 3, &greedy, WF_TERM_STRANDED),
                     -(int64_t)((wf_int128)price * 56 / 10));
    struct wf_core *unaware = core_with("cost-first", false);
    assert_int_equal(term(unaware, 3, &greedy, WF_TERM_STRANDED), 0);
    wf_core_destroy(core);
    wf_core_destroy(unaware);
}

// A pool of that kind beside a free one of the same model, a node of 16 GPUs in each.
static struct wf_core *core_of_two(const char *policy, const struct wf_pool_spec *spec)
{
    struct wf_core_config config = {
        .limits =
            {.models = 4, .pools = 4, .nodes = 16, .jobs = 64, .placements = 64, .classes = 8},
        .policy = wf_policy_find(policy),
    };
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    const struct wf_pool_spec free = {.speed_permille = UINT16_MAX};
    small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{0}, *spec}});
    small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{1}, free}});
    small_node(core, 0, 0, 32000, WF_NODE_GPUS_MAX, 0);
    small_node(core, 1, 1, 32000, WF_NODE_GPUS_MAX, 0);
    return core;
}

// At the limits of price and speed the dear pool still loses, and by terms of the right sign.
static void the_dearest_slowest_pool_costs_the_most_there_is(void **state)
{
    (void)state;
    static const char *const names[] = {"cost-first", "speed-first", "balanced"};
    const struct wf_pool_spec dearest = {
        .rent_by_use = true,
        .speed_permille = 1,
        .price_nanousd_per_gpu_hour = WF_PRICE_NANOUSD_MAX,
    };
    for (unsigned i = 0; i < WF_COUNT_OF(names); i++) {
        struct wf_core *core = core_of_two(names[i], &dearest);
        struct wf_job_spec job = small_job(1, 1000, WF_NODE_GPUS_MAX, WF_GPU_MILLI);
        job.run_minutes = UINT32_MAX;
        int64_t score[2];
        struct wf_terms terms[2];
        for (uint32_t node = 0; node < 2; node++) {
            terms[node] = terms_of(core, node, &job.request, &score[node]);
        }
        assert_true(score[0] < 0 && score[1] - score[0] > INT64_C(1000000000));
        int64_t sum = 0;
        for (uint32_t k = 0; k < terms[0].count; k++) {
            int64_t value = terms[0].list[k].value;
            assert_true(terms[0].list[k].term == WF_TERM_STRANDED || value <= 0);
            assert_true(value <= INT64_MAX / WF_TERM_COUNT && value >= INT64_MIN / WF_TERM_COUNT);
            sum += value;
        }
        assert_true(sum < 0);
        struct wf_event event = {.kind = WF_EVENT_JOB_SUBMIT, .job_submit = job};
        assert_int_equal(small_step(core, &event).list[0].node.index, 1);
        wf_core_destroy(core);
    }
}

// A dear pool in a fleet that is all but free: the mean price is small, and the rent in GPU-hours
// of the fleet large beyond all meaning, but never a gain.
static void rent_stays_within_bounds_in_a_fleet_that_is_all_but_free(void **state)
{
    (void)state;
    static const int64_t fleet_prices[] = {1, 1000, 1000000000, WF_PRICE_NANOUSD_MAX};
    struct wf_pool_spec spec = {
        .rent_by_use = true,
        .speed_permille = 1,
        .price_nanousd_per_gpu_hour = WF_PRICE_NANOUSD_MAX,
    };
    for (unsigned i = 0; i < WF_COUNT_OF(fleet_prices); i++) {
        struct wf_core *core = core_of_two("cost-first", &spec);
        struct wf_outlook outlook = wf_core_outlook(core);
        const struct wf_policy *policy = wf_core_policy(core);
        const struct wf_pool *dear = &wf_core_cluster(core)->pools[0];
        struct wf_request request = small_job(1, 1000, WF_NODE_GPUS_MAX, WF_GPU_MILLI).request;
        outlook.fleet_price_nanousd = fleet_prices[i];
        int64_t base = policy->request_base(&outlook, &request);
        int64_t score = policy->pool_score(&outlook, dear, &request, base);
        // As much as the work takes there, 65,535 times as long as at the fastest, at the least.
        assert_true(score <= -INT64_C(65535) * WF_NODE_GPUS_MAX * WF_GPU_MILLI);
        assert_true(score >= -(INT64_C(1) << 53));
        struct wf_terms terms;
        policy->terms(&outlook, dear, &wf_core_cluster(core)->states[0], &request, base, &terms);
        for (uint32_t k = 0; k < terms.count; k++) {
            if (terms.list[k].term == WF_TERM_RENT) {
                assert_true(terms.list[k].value < 0 &&
                            terms.list[k].value >= INT64_MIN / WF_TERM_COUNT);
            }
        }
        wf_core_destroy(core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_add_up_to_the_score),
        cmocka_unit_test(rent_is_paid_where_it_is_by_use),
        cmocka_unit_test(a_slower_gpu_costs_time),
        cmocka_unit_test(a_strategy_is_its_weights),
        cmocka_unit_test(what_nobody_can_use_any_more_is_stranded),
        cmocka_unit_test(the_dearest_slowest_pool_costs_the_most_there_is),
        cmocka_unit_test(rent_stays_within_bounds_in_a_fleet_that_is_all_but_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
