// SPDX-License-Identifier: Apache-2.0
// The oracle against the recorded runs: the random stream, every decision of one run, the totals of
// 25 runs, and every stored figure of the published results. No tolerance, but for Random, whose
// draws were not recorded.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "replay.h"

#define SEED_FIRST 42
#define SEEDS 5
#define VARIANTS 13
#define LOADS 27 // 0 to 130 percent, step 5
#define PODS_MAX 16384
#define MISMATCHES_SHOWN 10

struct bench {
    char folder[1024];
    struct go_random_table table;
    struct trace_nodes nodes;
    struct trace_pods pods; // variant "default"
    struct oracle_mix mix;
    struct replay_order golden[SEEDS];
};

static void must(enum wf_status status, const struct wf_error *err)
{
    if (status != WF_OK) {
        fail_msg("%s", err->text);
    }
}

static struct trace_table *open_table(const struct bench *bench, const char *name)
{
    struct wf_error err;
    struct trace_table *table = NULL;
    must(trace_table_open(bench->folder, name, &table, &err), &err);
    WF_ASSERT(table != NULL);
    return table;
}

static uint32_t seed_index(const char *field)
{
    int64_t index = trace_integer(field) - SEED_FIRST;
    WF_ASSERT(index >= 0 && index < SEEDS);
    return (uint32_t)index;
}

static enum oracle_policy policy_of(const char *name)
{
    enum oracle_policy policy = 0;
    while (strcmp(oracle_policy_name(policy), name) != 0) {
        policy++; // the name function stops at an unknown one
    }
    return policy;
}

static void read_golden_orders(struct bench *bench)
{
    for (int s = 0; s < SEEDS; s++) {
        struct replay_order *order = &bench->golden[s];
        order->pods = calloc(PODS_MAX, sizeof(*order->pods));
        order->nodes = calloc(bench->nodes.count, sizeof(*order->nodes));
        WF_ASSERT(order->pods != NULL && order->nodes != NULL);
    }
    struct trace_table *table = open_table(bench, "golden_order_default_seeds42-46.csv.gz");
    const char *field[TRACE_FIELDS_MAX];
    while (trace_table_next(table, field) > 0) {
        struct replay_order *order = &bench->golden[seed_index(field[1])];
        uint32_t position = (uint32_t)trace_integer(field[3]);
        uint32_t number = (uint32_t)trace_integer(field[4]);
        bool pod = strcmp(field[2], "pod") == 0;
        WF_ASSERT(position == (pod ? order->pod_count : order->node_count));
        WF_ASSERT(number < (pod ? bench->pods.count : bench->nodes.count));
        if (pod) {
            order->pods[order->pod_count++] = number;
        } else {
            order->nodes[order->node_count++] = number;
        }
        WF_ASSERT(order->pod_count < PODS_MAX && order->node_count <= bench->nodes.count);
    }
    trace_table_close(table);
}

static int bench_open(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    WF_ASSERT(bench != NULL);
    *state = bench;
    assert_non_null(trace_folder(bench->folder, sizeof(bench->folder)));
    struct wf_error err;
    must(trace_nodes_read(bench->folder, &bench->nodes, &err), &err);
    must(trace_pods_read(bench->folder, "default", &bench->nodes.models, &bench->pods, &err), &err);
    oracle_mix_init(&bench->mix, bench->pods.list, bench->pods.count);
    go_random_table_init(&bench->table);
    read_golden_orders(bench);
    return 0;
}

static int bench_close(void **state)
{
    struct bench *bench = *state;
    for (int s = 0; s < SEEDS; s++) {
        replay_order_finish(&bench->golden[s]);
    }
    oracle_mix_finish(&bench->mix);
    trace_pods_finish(&bench->pods);
    trace_nodes_finish(&bench->nodes);
    free(bench);
    return 0;
}

static void test_the_stream_gives_the_recorded_orders(void **state)
{
    struct bench *bench = *state;
    for (uint32_t s = 0; s < SEEDS; s++) {
        const struct replay_order *golden = &bench->golden[s];
        struct replay_order order;
        replay_order_init(&order, &bench->table, SEED_FIRST + s, &bench->nodes, &bench->pods);
        assert_int_equal(order.pod_count, golden->pod_count);
        assert_int_equal(order.node_count, golden->node_count);
        assert_memory_equal(order.pods, golden->pods, order.pod_count * sizeof(*order.pods));
        assert_memory_equal(order.nodes, golden->nodes, order.node_count * sizeof(*order.nodes));
        replay_order_finish(&order);
    }
}

static void test_the_mix_of_the_default_variant(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(bench->mix.classes_seen, 91);
    assert_int_equal(bench->mix.count, 35);
    double sum = 0;
    for (uint32_t i = 0; i < bench->mix.count; i++) {
        sum += bench->mix.list[i].share;
    }
    assert_true(fabs(sum - 1) < 1e-12);
}

static void test_every_decision_of_one_run(void **state)
{
    struct bench *bench = *state;
    const struct replay_order *order = &bench->golden[0];
    struct oracle_cluster *cluster = replay_cluster(order, &bench->nodes, &bench->mix, true);
    struct trace_table *table = open_table(bench, "golden_placement_default_FGD_seed42.csv.gz");
    const char *field[TRACE_FIELDS_MAX];
    uint32_t rows = 0;
    for (; trace_table_next(table, field) > 0; rows++) {
        assert_int_equal(trace_integer(field[0]), rows);
        assert_int_equal(trace_integer(field[1]), order->pods[rows]);
        const struct oracle_pod *pod = &bench->pods.list[order->pods[rows]];
        struct oracle_choice choice = oracle_offer(cluster, ORACLE_FGD, pod);
        if (choice.node != trace_integer(field[2])) {
            fail_msg("arrival %u: node %s was recorded, %d is chosen", rows, field[2], choice.node);
        }
    }
    assert_int_equal(rows, order->pod_count);
    trace_table_close(table);
    oracle_destroy(cluster);
}

static void test_the_totals_of_the_recorded_orders(void **state)
{
    struct bench *bench = *state;
    struct trace_table *table = open_table(bench, "golden_totals_default_seeds42-46.csv");
    const char *field[TRACE_FIELDS_MAX];
    uint32_t rows = 0;
    for (; trace_table_next(table, field) > 0; rows++) {
        const struct replay_order *order = &bench->golden[seed_index(field[2])];
        enum oracle_policy policy = policy_of(field[1]);
        struct oracle_cluster *cluster = replay_cluster(order, &bench->nodes, &bench->mix, true);
        for (uint32_t i = 0; i < order->pod_count; i++) {
            (void)oracle_offer(cluster, policy, &bench->pods.list[order->pods[i]]);
        }
        const struct oracle_totals *totals = oracle_totals(cluster);
        assert_int_equal(totals->arrived_pods, trace_integer(field[3]));
        assert_int_equal(totals->arrived_gpu_milli, trace_integer(field[4]));
        assert_int_equal(totals->used_gpu_milli, trace_integer(field[5]));
        assert_int_equal(totals->used_cpu_milli, trace_integer(field[6]));
        struct oracle_fragment sum = oracle_fragment_sum(cluster);
        char text[64];
        snprintf(text, sizeof(text), "%.2f", oracle_fragment_lost(&sum));
        assert_string_equal(text, field[7]);
        assert_int_equal(totals->failed_pods, trace_integer(field[8]));
        oracle_destroy(cluster);
    }
    assert_int_equal(rows, SEEDS * (ORACLE_POLICIES - 1));
    trace_table_close(table);
}

// The cache is only a short cut: every seventh decision of a whole run is also made without it.
static void test_the_cache_changes_no_decision(void **state)
{
    struct bench *bench = *state;
    struct wf_error err;
    struct trace_pods pods;
    must(trace_pods_read(bench->folder, "gpuspec33", &bench->nodes.models, &pods, &err), &err);
    struct oracle_mix mix;
    oracle_mix_init(&mix, pods.list, pods.count);
    struct replay_order order;
    replay_order_init(&order, &bench->table, SEED_FIRST, &bench->nodes, &pods);
    for (enum oracle_policy policy = ORACLE_DOTPROD; policy < ORACLE_POLICIES; policy++) {
        struct oracle_cluster *cached = replay_cluster(&order, &bench->nodes, &mix, true);
        struct oracle_cluster *plain = replay_cluster(&order, &bench->nodes, &mix, false);
        for (uint32_t i = 0; i < order.pod_count; i++) {
            const struct oracle_pod *pod = &pods.list[order.pods[i]];
            struct oracle_choice choice = oracle_choose(cached, policy, pod);
            if (i % 7 == 0) {
                struct oracle_choice other = oracle_choose(plain, policy, pod);
                assert_int_equal(choice.node, other.node);
                assert_int_equal(choice.gpus, other.gpus);
                assert_int_equal(choice.score, other.score);
            }
            oracle_apply(cached, pod, choice);
            oracle_apply(plain, pod, choice);
        }
        oracle_destroy(cached);
        oracle_destroy(plain);
    }
    replay_order_finish(&order);
    oracle_mix_finish(&mix);
    trace_pods_finish(&pods);
}

// The replayed runs of one variant.
struct variant {
    char name[64];
    struct oracle_record *runs[ORACLE_POLICIES][SEEDS];
};

static void variant_close(struct variant *variant)
{
    for (int policy = 0; policy < ORACLE_POLICIES; policy++) {
        for (int s = 0; s < SEEDS; s++) {
            oracle_record_destroy(variant->runs[policy][s]);
        }
    }
    memset(variant, 0, sizeof(*variant));
}

static void variant_open(struct variant *variant, const struct bench *bench, const char *name,
                         enum oracle_policy first, enum oracle_policy last)
{
    snprintf(variant->name, sizeof(variant->name), "%s", name);
    struct wf_error err;
    struct trace_pods pods;
    must(trace_pods_read(bench->folder, name, &bench->nodes.models, &pods, &err), &err);
    struct oracle_mix mix;
    oracle_mix_init(&mix, pods.list, pods.count);
    for (uint32_t s = 0; s < SEEDS; s++) {
        struct replay_order order;
        replay_order_init(&order, &bench->table, SEED_FIRST + s, &bench->nodes, &pods);
        for (enum oracle_policy policy = first; policy <= last; policy++) {
            struct oracle_cluster *cluster = replay_cluster(&order, &bench->nodes, &mix, true);
            variant->runs[policy][s] = replay_run(cluster, policy, &order, &pods);
            oracle_destroy(cluster);
        }
        replay_order_finish(&order);
    }
    oracle_mix_finish(&mix);
    trace_pods_finish(&pods);
}

// One stored row: variant, policy, seed, load, and three figures.
struct published_row {
    const char *field[TRACE_FIELDS_MAX];
    enum oracle_policy policy;
    struct oracle_point point; // ours
};

// Calls check for every row of the policies first to last; returns how many rows there were.
static uint32_t for_published_rows(const struct bench *bench, enum oracle_policy first,
                                   enum oracle_policy last,
                                   void (*check)(const struct published_row *row, void *context),
                                   void *context)
{
    struct trace_table *table = open_table(bench, "published_results_seeds42-46.csv.gz");
    struct variant variant = {0};
    struct published_row row;
    uint32_t rows = 0;
    while (trace_table_next(table, row.field) > 0) {
        row.policy = policy_of(row.field[1]);
        if (row.policy < first || row.policy > last) {
            continue;
        }
        if (strcmp(variant.name, row.field[0]) != 0) {
            variant_close(&variant);
            variant_open(&variant, bench, row.field[0], first, last);
        }
        const struct oracle_record *run = variant.runs[row.policy][seed_index(row.field[2])];
        assert_true(oracle_record_at(run, (int)trace_integer(row.field[3]), &row.point));
        check(&row, context);
        rows++;
    }
    variant_close(&variant);
    trace_table_close(table);
    return rows;
}

struct tally {
    uint32_t figures;
    uint32_t mismatches;
};

// Compares as text; the stored figures have their trailing zeros cut off, so both are printed anew.
static void check_digits(struct tally *tally, const struct published_row *row, const char *what,
                         int digits, const char *stored, double ours)
{
    char text[64];
    char ours_text[64];
    snprintf(text, sizeof(text), "%.*f", digits, trace_decimal(stored));
    snprintf(ours_text, sizeof(ours_text), "%.*f", digits, ours);
    tally->figures++;
    if (strcmp(text, ours_text) == 0) {
        return;
    }
    if (tally->mismatches++ < MISMATCHES_SHOWN) {
        print_error("%s %s seed %s load %s: %s %s was published, %s is ours\n", row->field[0],
                    row->field[1], row->field[2], row->field[3], what, text, ours_text);
    }
}

static void check_row(const struct published_row *row, void *context)
{
    struct tally *tally = context;
    check_digits(tally, row, "allocated", 2, row->field[4], row->point.allocated);
    check_digits(tally, row, "fragment", 2, row->field[5], row->point.fragment);
    check_digits(tally, row, "ratio", 4, row->field[6], row->point.ratio);
}

static void test_every_published_figure(void **state)
{
    struct bench *bench = *state;
    struct tally tally = {0};
    uint32_t rows = for_published_rows(bench, ORACLE_DOTPROD, ORACLE_FGD, check_row, &tally);
    print_message("# %u of %u published figures are equal\n", tally.figures - tally.mismatches,
                  tally.figures);
    assert_int_equal(rows, VARIANTS * (ORACLE_POLICIES - 1) * SEEDS * LOADS);
    assert_int_equal(tally.mismatches, 0);
}

struct difference {
    double allocated;
    double fragment;
    uint32_t rows;
};

static void check_random_row(const struct published_row *row, void *context)
{
    struct difference *sum = context;
    sum->allocated += row->point.allocated - trace_decimal(row->field[4]);
    sum->fragment += row->point.fragment - trace_decimal(row->field[5]);
    sum->rows++;
}

// Random by distribution: over all variants, seeds and loads the differences must cancel out.
static void test_random_by_distribution(void **state)
{
    struct bench *bench = *state;
    struct difference sum = {0};
    (void)for_published_rows(bench, ORACLE_RANDOM, ORACLE_RANDOM, check_random_row, &sum);
    assert_int_equal(sum.rows, VARIANTS * SEEDS * LOADS);
    double allocated = sum.allocated / sum.rows;
    double fragment = sum.fragment / sum.rows;
    print_message("# Random: mean difference %.3f points allocated, %.3f fragment\n", allocated,
                  fragment);
    assert_true(fabs(allocated) < 0.1 && fabs(fragment) < 0.1);
}

int main(void)
{
    // The whole program is skipped the TAP way: what cmocka 1.1 prints for skip() in TAP begins
    // with "not ok", which meson counts as a failure.
    char folder[1024];
    if (trace_folder(folder, sizeof(folder)) == NULL) {
        printf("1..0 # SKIP %s\n", folder);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_stream_gives_the_recorded_orders),
        cmocka_unit_test(test_the_mix_of_the_default_variant),
        cmocka_unit_test(test_every_decision_of_one_run),
        cmocka_unit_test(test_the_totals_of_the_recorded_orders),
        cmocka_unit_test(test_the_cache_changes_no_decision),
        cmocka_unit_test(test_every_published_figure),
        cmocka_unit_test(test_random_by_distribution),
    };
    return cmocka_run_group_tests_name("golden", tests, bench_open, bench_close);
}
