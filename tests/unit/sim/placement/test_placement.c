// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/placement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cluster.h"
#include "core/place/mix.h"
#include "sim/placement/cells.h"
#include "sim/placement/facts.h"
#include "unit/core/small_region.h"

static struct wf_trace trace;
static struct wf_published_mix published;
static struct wf_workload workload;

static struct wf_placement_config config_of(const char *policy)
{
    return (struct wf_placement_config){
        .replay = {.trace = &trace,
                   .workload = &workload,
                   .mix = published.classes,
                   .mix_count = published.count,
                   .policy = wf_policy_find(policy),
                   .seed = 3},
        .published = &published,
    };
}

// What is kept by changing only the node that changed must be what a look at every node gives.
static void the_measures_at_the_end_are_those_of_the_whole_cluster(void **state)
{
    (void)state;
    static struct wf_placement_result result;
    struct wf_replay *replay = NULL;
    struct wf_placement_config config = config_of("best-fit");
    struct wf_mix mix;
    assert_int_equal(wf_placement_run(&config, &result, &replay, NULL), WF_OK);
    assert_int_equal(wf_mix_init(&mix, small_region(), trace.model_count, NULL), WF_OK);
    wf_mix_set(&mix, published.classes, published.count);
    const struct wf_cluster *cluster = wf_core_cluster(wf_replay_core(replay));
    int64_t fragments = 0;
    int64_t free_milli = 0;
    int64_t used_nano = 0;
    for (uint32_t i = 0; i < workload.node_count; i++) {
        const struct wf_pool *pool = &cluster->pools[cluster->nodes[i].pool.index];
        fragments += wf_mix_fragment(&mix, pool->spec.model, &cluster->states[i]);
        uint32_t node_free_milli = wf_state_gpu_total_milli(&cluster->states[i]);
        free_milli += node_free_milli;
        used_nano += (int64_t)(cluster->nodes[i].spec.gpus * WF_GPU_MILLI - node_free_milli) *
                     (pool->spec.price_nanousd_per_gpu_hour / WF_GPU_MILLI);
    }
    double expected = (double)fragments / (double)mix.total;
    assert_true(fabs(expected - result.fragmented_gpu_milli) < 1e-6);
    assert_true(result.allocated_gpu_milli == workload.capacity_gpu_milli - free_milli);
    // Within what the last percent of the load moved.
    double used_usd = wf_placement_at(&result, 130).used_usd_per_hour;
    assert_true(fabs(used_usd - (double)used_nano * 1e-9) < 0.01 * used_usd);
    assert_true(result.arrived_gpu_milli == workload.offered_gpu_milli);
    assert_int_equal(result.arrivals, workload.arrival_count);
    struct wf_cell *cells = NULL;
    uint32_t count = 0;
    int64_t stranded = 0;
    assert_int_equal(wf_cells_make(replay, &published, &cells, &count, NULL), WF_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(cells[i].stranded_milli <= cells[i].free_milli);
        stranded += cells[i].stranded_milli;
    }
    assert_int_equal(count, workload.capacity_gpu_milli / WF_GPU_MILLI);
    assert_true(fabs((double)stranded - expected) <= 0.5 * count); // each is rounded
    free(cells);
    wf_replay_destroy(replay);
}

static void a_run_is_the_same_each_time_and_without_caches(void **state)
{
    (void)state;
    static struct wf_placement_result first, second;
    const char *const policies[] = {"random", "fgd"};
    for (uint32_t i = 0; i < WF_COUNT_OF(policies); i++) {
        struct wf_placement_config config = config_of(policies[i]);
        assert_int_equal(wf_placement_run(&config, &first, NULL, NULL), WF_OK);
        config.replay.plain = true;
        assert_int_equal(wf_placement_run(&config, &second, NULL, NULL), WF_OK);
        assert_true(first.hash == second.hash);
        assert_true(first.allocated_gpu_milli == second.allocated_gpu_milli);
    }
}

static struct wf_placement_result made_up;

static void put(uint32_t load, uint64_t arrivals, double allocated_pct)
{
    made_up.at[load] = (struct wf_placement_point){
        .arrivals = arrivals, .arrived_pct = load, .allocated_pct = allocated_pct};
}

static void a_load_is_reported_by_its_arrivals_or_those_beside_it(void **state)
{
    (void)state;
    memset(&made_up, 0, sizeof made_up);
    put(40, 1, 40);
    put(89, 1, 80);
    put(91, 3, 84);
    put(100, 2, 90);
    assert_true(wf_placement_at(&made_up, 100).allocated_pct == 90);
    struct wf_placement_point point = wf_placement_at(&made_up, 90);
    assert_true(point.arrivals == 4 && point.allocated_pct == 83);
    assert_true(fabs(wf_placement_unserved_pct(&point, 90) - 7) < 1e-9);
    point = wf_placement_at(&made_up, 60); // nothing near: what stood when it was passed
    assert_true(point.arrivals == 1 && point.allocated_pct == 40);
    assert_true(wf_placement_unserved_pct(&point, 60) == 0);
    assert_int_equal(wf_placement_at(&made_up, 130).arrivals, 0); // it never came so far
}

static void past_the_whole_cluster_only_its_gpus_can_be_served(void **state)
{
    (void)state;
    struct wf_placement_point point = {.arrivals = 1, .arrived_pct = 130, .allocated_pct = 95};
    assert_true(wf_placement_unserved_pct(&point, 130) == 5);
    point.allocated_pct = 100;
    assert_true(wf_placement_unserved_pct(&point, 130) == 0);
}

static int start(void **state)
{
    (void)state;
    struct wf_workload_config config = {.seed = 3, .load_milli = 1300, .copies = 1};
    return wf_facts_generate("gpuspec33", &trace, NULL) != WF_OK ||
           wf_published_mix_make(&trace, &published, NULL) != WF_OK ||
           wf_workload_make(&trace, &config, &workload, NULL) != WF_OK;
}

static int end(void **state)
{
    (void)state;
    wf_workload_finish(&workload);
    wf_trace_finish(&trace);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_measures_at_the_end_are_those_of_the_whole_cluster),
        cmocka_unit_test(a_run_is_the_same_each_time_and_without_caches),
        cmocka_unit_test(a_load_is_reported_by_its_arrivals_or_those_beside_it),
        cmocka_unit_test(past_the_whole_cluster_only_its_gpus_can_be_served),
    };
    return cmocka_run_group_tests(tests, start, end);
}
