// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/place/placer.h"
#include "core/policy/policy.h"
#include "unit/core/small_region.h"

#define USD INT64_C(1000000000)

static struct wf_core_config some_config(const char *policy, uint32_t queues)
{
    return (struct wf_core_config){
        .limits = {.models = 2,
                   .pools = 2,
                   .nodes = 4,
                   .jobs = 8,
                   .placements = 8,
                   .classes = 2,
                   .queues = queues},
        .policy = wf_policy_find(policy),
    };
}

// Two nodes of 2 GPUs in pool 0 at a dollar, one of 4 in pool 1 at four.
static void init(struct wf_placer *placer, const struct wf_core_config *config)
{
    assert_int_equal(wf_placer_init(placer, small_region(), config, NULL), WF_OK);
    for (uint32_t i = 0; i < 2; i++) {
        struct wf_pool_spec spec = {
            .model = (uint8_t)i,
            .price_nanousd_per_gpu_hour = i == 0 ? USD : 4 * USD,
        };
        assert_int_equal(wf_placer_set_pool(placer, (wf_pool_id){i}, &spec, NULL), WF_OK);
    }
    for (uint32_t i = 0; i < 3; i++) {
        struct wf_node_spec spec = {
            .pool = {i / 2}, .cpu_milli = 8000, .memory_mib = 100, .gpus = i < 2 ? 2 : 4};
        assert_int_equal(wf_placer_add_node(placer, (wf_node_id){i}, &spec, NULL), WF_OK);
    }
}

static struct wf_request gpus(uint8_t count)
{
    return (struct wf_request){.cpu_milli = 1000,
                               .gpus = count,
                               .gpu_milli = WF_GPU_MILLI,
                               .models = WF_ANY_MODEL,
                               .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}};
}

static void a_task_comes_and_goes(void **unused)
{
    (void)unused;
    for (uint32_t plain = 0; plain < 2; plain++) {
        struct wf_core_config config = some_config("best-fit", 0);
        config.plain = plain;
        struct wf_placer placer;
        init(&placer, &config);
        uint32_t job;
        assert_int_equal(wf_cluster_add_job(&placer.cluster, (wf_job_id){5}, &job, NULL), WF_OK);
        struct wf_request request = gpus(2);
        uint32_t slots[4];
        for (uint32_t i = 0; i < 4; i++) {
            slots[i] = wf_placer_place(&placer, job, i, &request);
            assert_int_not_equal(slots[i], WF_NONE);
            assert_int_equal(placer.cluster.placements[slots[i]].node, i < 2 ? i : 2);
        }
        assert_int_equal(wf_placer_place(&placer, job, 4, &request), WF_NONE);
        assert_int_equal(placer.placements_free, 4);
        wf_placer_unplace(&placer, slots[1]);
        assert_int_equal(placer.placements_free, 5);
        slots[1] = wf_placer_place(&placer, job, 1, &request);
        assert_int_equal(placer.cluster.placements[slots[1]].node, 1);
        wf_placer_unplace(&placer, slots[0]);
        wf_placer_close_node(&placer, (wf_node_id){0}, true);
        assert_int_equal(wf_placer_place(&placer, job, 0, &request), WF_NONE);
        wf_placer_close_node(&placer, (wf_node_id){0}, false);
        assert_int_equal(wf_placer_choose(&placer, &request).node, 0);
        wf_placer_remove_node(&placer, (wf_node_id){0});
        assert_int_equal(wf_placer_choose(&placer, &request).node, WF_NONE);
    }
}

// With queues, budgets and losses count at the mean price of the machines, whatever the policy.
static void with_queues_the_mean_price_is_known(void **unused)
{
    (void)unused;
    for (uint32_t queues = 0; queues < 2; queues++) {
        struct wf_core_config config = some_config("best-fit", queues);
        struct wf_placer placer;
        init(&placer, &config);
        wf_placer_before_decisions(&placer);
        assert_int_equal(placer.outlook.fleet_price_nanousd, queues ? (4 * USD + 16 * USD) / 8 : 0);
        wf_placer_remove_node(&placer, (wf_node_id){2});
        wf_placer_before_decisions(&placer);
        assert_int_equal(placer.outlook.fleet_price_nanousd, queues ? USD : 0);
    }
}

static void a_forecast_that_makes_no_sense_changes_nothing(void **unused)
{
    (void)unused;
    struct wf_core_config config = some_config("fgd", 0);
    struct wf_placer placer;
    init(&placer, &config);
    struct wf_mix_class class = {.gpus = 1, .gpu_milli = 500, .models = 3, .count = 10};
    assert_int_equal(wf_placer_set_mix(&placer, &class, 1, NULL), WF_OK);
    assert_true(placer.mix_given);
    class.gpu_milli = 0;
    assert_int_equal(wf_placer_set_mix(&placer, &class, 1, NULL), WF_INVALID);
    class.gpu_milli = 500;
    class.count = WF_MIX_TOTAL_MAX + 1;
    assert_int_equal(wf_placer_set_mix(&placer, &class, 1, NULL), WF_LIMIT);
    assert_int_equal(placer.mix.total, 10);
    assert_int_equal(wf_placer_set_mix(&placer, NULL, 0, NULL), WF_OK);
    assert_false(placer.mix_given); // what arrives is learned from again
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_comes_and_goes),
        cmocka_unit_test(with_queues_the_mean_price_is_known),
        cmocka_unit_test(a_forecast_that_makes_no_sense_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
