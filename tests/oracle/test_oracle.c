// SPDX-License-Identifier: Apache-2.0
// The oracle's parts against numbers worked out by hand (scores, fragments, means) or taken from Go
// 1.26 (the random stream). Needs no data.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compat.h"
#include "go_random.h"
#include "oracle.h"
#include "oracle_record.h"

static const struct oracle_pod half_gpu = {
    .cpu_milli = 4000, .gpus = 1, .gpu_milli = 500, .models = ORACLE_ANY_MODEL};
static const struct oracle_pod one_gpu = {
    .cpu_milli = 32000, .gpus = 1, .gpu_milli = 1000, .models = ORACLE_ANY_MODEL};
static const struct oracle_pod two_gpus = {
    .cpu_milli = 8000, .gpus = 2, .gpu_milli = 1000, .models = ORACLE_ANY_MODEL};
static const struct oracle_pod cpu_only = {.cpu_milli = 16000, .models = ORACLE_ANY_MODEL};

static const struct oracle_node idle_node = {
    .cpu_milli = 64000,
    .memory_mib = 1024,
    .gpu_milli = {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000},
    .gpus = 8,
};
static const struct oracle_node used_node = {.cpu_milli = 64000,
                                             .memory_mib = 1024,
                                             .gpu_milli = {600, 1000, 500, 1000},
                                             .gpus = 4,
                                             .kinds = 1};

static void test_the_stream_of_go(void **state)
{
    (void)state;
    static struct go_random_table table; // 5 kB each
    static struct go_random random;
    go_random_table_init(&table);
    go_random_init(&random, &table, 42);
    assert_int_equal(go_random_int63(&random), 3440579354231278675);
    assert_int_equal(go_random_int63(&random), 608747136543856411);
    assert_int_equal(go_random_int63(&random), 5571782338101878760);
    assert_int_equal(go_random_below(&random, 1000), 750);
    assert_int_equal(go_random_below(&random, 1024), 991);
    assert_int_equal(go_random_below(&random, (1 << 30) + 1), 822901345);

    uint32_t list[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const uint32_t shuffled[8] = {1, 4, 0, 5, 3, 7, 2, 6};
    const uint32_t permuted[8] = {3, 4, 7, 2, 0, 6, 5, 1};
    go_random_shuffle(&random, list, 8);
    assert_memory_equal(list, shuffled, sizeof(list));
    go_random_permutation(&random, list, 8);
    assert_memory_equal(list, permuted, sizeof(list));

    go_random_init(&random, &table, -1);
    assert_int_equal(go_random_uint64(&random), UINT64_C(12868334305193165484));
    go_random_init(&random, &table, 0);
    assert_int_equal(go_random_uint64(&random), UINT64_C(8717895732742165505));
}

static void expect_score(enum oracle_policy policy, const struct oracle_node *node,
                         const struct oracle_pod *pod, int32_t score, uint8_t gpus)
{
    uint8_t taken = 0;
    assert_int_equal(oracle_score(NULL, policy, node, pod, &taken), score);
    assert_int_equal(taken, gpus);
}

static void test_scores_worked_out_by_hand(void **state)
{
    (void)state;
    // 1 - (0.5 * 0.25 + 1 * 0.125) / 2 and 1 - (0.25 * 0.5 + 0.875 * 0.5)
    expect_score(ORACLE_DOTPROD, &idle_node, &one_gpu, 87, 0x01);
    expect_score(ORACLE_BESTFIT, &idle_node, &one_gpu, 43, 0x01);

    expect_score(ORACLE_PACKING, &idle_node, &one_gpu, 25, 0x01);  // opens a node of 8
    expect_score(ORACLE_PACKING, &used_node, &two_gpus, 48, 0x0a); // opens 2 GPUs
    expect_score(ORACLE_PACKING, &used_node, &half_gpu, 95, 0x04); // 50 % free on the fullest
    expect_score(ORACLE_PACKING, &used_node, &cpu_only, 0, 0);

    // 25 * (8000 - 3100) / 8000 = 15
    expect_score(ORACLE_CLUSTERING, &idle_node, &half_gpu, 25, 0x01);
    expect_score(ORACLE_CLUSTERING, &used_node, &half_gpu, 75 + 15, 0x04);
    expect_score(ORACLE_CLUSTERING, &used_node, &one_gpu, 15, 0x02);
    struct oracle_node mixed = used_node;
    mixed.kinds = 0x3;
    expect_score(ORACLE_CLUSTERING, &mixed, &one_gpu, 50 + 15, 0x02);
}

static void test_what_does_not_fit_has_no_score(void **state)
{
    (void)state;
    struct oracle_pod pods[] = {one_gpu, one_gpu, one_gpu, one_gpu};
    pods[0].cpu_milli = 64001;
    pods[1].memory_mib = 1025;
    pods[2].models = 0x2; // the node is of model 0
    pods[3].gpus = 3;     // two GPUs are completely free
    for (unsigned i = 0; i < WF_COUNT_OF(pods); i++) {
        expect_score(ORACLE_DOTPROD, &used_node, &pods[i], -1, 0);
    }
}

static void test_a_mix_keeps_the_frequent_classes(void **state)
{
    (void)state;
    struct oracle_pod pods[100];
    for (int i = 0; i < 100; i++) {
        pods[i] = i < 50 ? half_gpu : i < 90 ? one_gpu : i < 95 ? cpu_only : two_gpus;
    }
    pods[0].memory_mib = 77; // memory makes no class
    struct oracle_mix mix;
    oracle_mix_init(&mix, pods, 100);
    assert_int_equal(mix.classes_seen, 4);
    assert_int_equal(mix.count, 3); // of the two with 5 pods the larger CPU goes first: 95 %
    assert_int_equal(mix.list[0].count, 50);
    assert_int_equal(mix.list[2].pod.cpu_milli, cpu_only.cpu_milli);
    assert_true(fabs(mix.list[0].share - 50.0 / 95) < 1e-15);
    oracle_mix_finish(&mix);
}

static void test_fragments_and_fgd(void **state)
{
    (void)state;
    struct oracle_mix mix;
    oracle_mix_init(&mix, &half_gpu, 1);
    struct oracle_node node = used_node;
    node.gpu_milli[2] = 400;
    struct oracle_fragment fragment = oracle_fragment(&mix, &node);
    assert_true(oracle_fragment_lost(&fragment) == 400);
    assert_true(oracle_fragment_idle(&fragment) == 3000);
    assert_true(fragment.milli[ORACLE_LACKS_GPU] == 400);
    node.cpu_milli = 3999;
    fragment = oracle_fragment(&mix, &node);
    assert_true(fragment.milli[ORACLE_LACKS_CPU] == 3000);

    // GPU 0 would become a sliver of 100: 1 / (1 + e^0.1) = 0.475. GPU 1 stays of use: 0.5. GPU 2
    // leaves nothing: 0.5 too, but later in the row.
    uint8_t gpus = 0;
    assert_int_equal(oracle_score(&mix, ORACLE_FGD, &used_node, &half_gpu, &gpus), 50);
    assert_int_equal(gpus, 0x02);
    oracle_mix_finish(&mix);
}

static void test_a_cluster_breaks_ties_by_rank(void **state)
{
    (void)state;
    const struct oracle_node nodes[3] = {idle_node, idle_node, idle_node};
    const uint32_t order[3] = {2, 0, 1};
    struct oracle_setup setup = {.nodes = nodes, .node_count = 3, .order = order};
    for (int cached = 0; cached <= 1; cached++) {
        setup.cached = cached;
        struct oracle_cluster *cluster = oracle_create(&setup);
        struct oracle_choice choice = oracle_offer(cluster, ORACLE_BESTFIT, &two_gpus);
        assert_int_equal(choice.node, 2);
        assert_int_equal(choice.gpus, 0x03);
        assert_int_equal(oracle_node_at(cluster, 2)->cpu_milli, 56000);
        assert_int_equal(oracle_node_at(cluster, 2)->gpu_milli[1], 0);
        assert_int_equal(oracle_node_at(cluster, 2)->kinds, 1 << 2);

        struct oracle_pod huge = cpu_only;
        huge.cpu_milli = 64001;
        assert_int_equal(oracle_offer(cluster, ORACLE_BESTFIT, &huge).node, -1);
        const struct oracle_totals *totals = oracle_totals(cluster);
        assert_int_equal(totals->capacity_gpu_milli, 24000);
        assert_int_equal(totals->used_gpu_milli, 2000);
        assert_int_equal(totals->arrived_pods, 2);
        assert_int_equal(totals->failed_pods, 1);
        oracle_destroy(cluster);
    }
}

static void test_random_reaches_every_node_and_gpu(void **state)
{
    (void)state;
    const struct oracle_node nodes[2] = {used_node, used_node};
    struct oracle_setup setup = {.nodes = nodes, .node_count = 2, .random_seed = 1};
    struct oracle_cluster *cluster = oracle_create(&setup);
    uint32_t hits[2][4] = {{0}};
    for (int i = 0; i < 8000; i++) {
        struct oracle_choice choice = oracle_choose(cluster, ORACLE_RANDOM, &half_gpu);
        hits[choice.node][__builtin_ctz(choice.gpus)]++;
    }
    for (int i = 0; i < 8; i++) {
        assert_in_range(hits[i / 4][i % 4], 850, 1150); // 1000 expected, sd 30
    }
    oracle_destroy(cluster);
}

static void test_a_record_takes_means_by_load(void **state)
{
    (void)state;
    struct oracle_record *record = oracle_record_create(100000, 4); // 100 GPUs
    const struct oracle_event events[] = {
        {9600, 9600, 1000, 90400},
        {10400, 10400, 2000, 89600}, // the same load, 10 %
        {12000, 10400, 2000, 89600},
    };
    for (unsigned i = 0; i < WF_COUNT_OF(events); i++) {
        oracle_record_add(record, &events[i]);
    }
    struct oracle_point point;
    assert_true(oracle_record_at(record, 10, &point));
    assert_true(point.allocated == 10 && point.fragment == 1.5);
    assert_true(fabs(point.ratio - (1.11 + 2.23) / 2) < 1e-12);
    assert_true(oracle_record_at(record, 11, &point)); // none: those of 10 and 12
    assert_true(point.allocated == 10.13 && point.fragment == 1.67);
    assert_false(oracle_record_at(record, 14, &point));
    oracle_record_destroy(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_stream_of_go),
        cmocka_unit_test(test_scores_worked_out_by_hand),
        cmocka_unit_test(test_what_does_not_fit_has_no_score),
        cmocka_unit_test(test_a_mix_keeps_the_frequent_classes),
        cmocka_unit_test(test_fragments_and_fgd),
        cmocka_unit_test(test_a_cluster_breaks_ties_by_rank),
        cmocka_unit_test(test_random_reaches_every_node_and_gpu),
        cmocka_unit_test(test_a_record_takes_means_by_load),
    };
    return cmocka_run_group_tests_name("oracle", tests, NULL, NULL);
}
