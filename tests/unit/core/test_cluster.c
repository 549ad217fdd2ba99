// SPDX-License-Identifier: Apache-2.0
// Limits are met at the limit and missed one past it; sums of pools are those of their nodes.
#include "core/cluster.h"

#include "small_cluster.h"
#include "unit/core/small_region.h"

static const struct wf_limits limits = {
    .models = 3, .pools = 2, .nodes = 4, .jobs = 2, .placements = 3, .classes = 1};

static int make(void **state)
{
    static struct wf_cluster cluster;
    assert_int_equal(wf_cluster_init(&cluster, small_region(), &limits, NULL), WF_OK);
    struct wf_pool_spec spec = {.model = 0};
    assert_int_equal(wf_cluster_set_pool(&cluster, (wf_pool_id){0}, &spec, NULL), WF_OK);
    *state = &cluster;
    return 0;
}

static void pool_is(struct wf_cluster *cluster, uint32_t id, struct wf_pool_spec spec,
                    enum wf_status wanted, const char *sentence)
{
    struct wf_error err;
    assert_int_equal(wf_cluster_set_pool(cluster, (wf_pool_id){id}, &spec, &err), wanted);
    if (wanted != WF_OK) {
        assert_string_equal(err.text, sentence);
    }
}

static void node_is(struct wf_cluster *cluster, uint32_t id, struct wf_node_spec spec,
                    enum wf_status wanted, const char *sentence)
{
    struct wf_error err;
    assert_int_equal(wf_cluster_add_node(cluster, (wf_node_id){id}, &spec, &err), wanted);
    if (wanted != WF_OK) {
        assert_string_equal(err.text, sentence);
    }
}

static void pools_have_limits(void **state)
{
    struct wf_cluster *cluster = *state;
    pool_is(cluster, 1, (struct wf_pool_spec){.model = 2}, WF_OK, "");
    pool_is(cluster, 2, (struct wf_pool_spec){.model = 2}, WF_LIMIT,
            "pool 2 is past the limit of 2 pools");
    pool_is(cluster, 1, (struct wf_pool_spec){.model = 3}, WF_LIMIT,
            "pool 1: GPU model 3 is past the limit of 3 models");
    pool_is(cluster, 1, (struct wf_pool_spec){.slices = WF_SLICES_MAX}, WF_OK, "");
    pool_is(cluster, 1, (struct wf_pool_spec){.slices = WF_SLICES_MAX + 1}, WF_LIMIT,
            "pool 1: 32 slices of a GPU are past the limit of 31");
    pool_is(cluster, 1, (struct wf_pool_spec){.price_nanousd_per_gpu_hour = WF_PRICE_NANOUSD_MAX},
            WF_OK, "");
    pool_is(cluster, 1,
            (struct wf_pool_spec){.price_nanousd_per_gpu_hour = WF_PRICE_NANOUSD_MAX + 1},
            WF_INVALID,
            "pool 1: a price of 10000000000001 nano-dollars per GPU-hour is not between 0 and "
            "10,000 dollars");
    pool_is(cluster, 1, (struct wf_pool_spec){.price_nanousd_per_gpu_hour = -1}, WF_INVALID,
            "pool 1: a price of -1 nano-dollars per GPU-hour is not between 0 and 10,000 dollars");
}

static void a_pool_with_nodes_keeps_its_kind(void **state)
{
    struct wf_cluster *cluster = *state;
    node_is(cluster, 0, (struct wf_node_spec){.gpus = 1}, WF_OK, "");
    pool_is(cluster, 0, (struct wf_pool_spec){.place = {1, 2, 3}}, WF_OK, "");
    const char *sentence = "pool 0 has nodes: its GPU model and slices stay as they are";
    pool_is(cluster, 0, (struct wf_pool_spec){.model = 1}, WF_INVALID, sentence);
    pool_is(cluster, 0, (struct wf_pool_spec){.slices = 7}, WF_INVALID, sentence);
    assert_int_equal(cluster->pools[0].spec.place.zone, 3);
    wf_cluster_remove_node(cluster, (wf_node_id){0});
    pool_is(cluster, 0, (struct wf_pool_spec){.model = 1, .slices = 7}, WF_OK, "");
}

static void nodes_have_limits(void **state)
{
    struct wf_cluster *cluster = *state;
    struct wf_node_spec largest = {
        .cpu_milli = WF_CPU_MILLI_MAX, .memory_mib = WF_MEMORY_MIB_MAX, .gpus = WF_NODE_GPUS_MAX};
    node_is(cluster, 3, largest, WF_OK, "");
    node_is(cluster, 3, largest, WF_EXISTS, "node 3 is up already");
    node_is(cluster, 4, largest, WF_LIMIT, "node 4 is past the limit of 4 nodes");
    struct wf_node_spec spec = largest;
    spec.pool.index = 1;
    node_is(cluster, 0, spec, WF_NOTFOUND, "node 0: there is no pool 1");
    spec.pool.index = 2;
    node_is(cluster, 0, spec, WF_NOTFOUND, "node 0: there is no pool 2");
    spec = largest;
    spec.gpus++;
    node_is(cluster, 0, spec, WF_LIMIT,
            "node 0: 17 GPUs, 4000000 milli-CPU, 1073741824 MiB is past the limit of 16 GPUs, "
            "4000000 milli-CPU, 1073741824 MiB");
    spec = largest;
    spec.cpu_milli++;
    node_is(cluster, 0, spec, WF_LIMIT,
            "node 0: 16 GPUs, 4000001 milli-CPU, 1073741824 MiB is past the limit of 16 GPUs, "
            "4000000 milli-CPU, 1073741824 MiB");
    spec = largest;
    spec.memory_mib++;
    node_is(cluster, 0, spec, WF_LIMIT,
            "node 0: 16 GPUs, 4000000 milli-CPU, 1073741825 MiB is past the limit of 16 GPUs, "
            "4000000 milli-CPU, 1073741824 MiB");
    assert_int_equal(cluster->pools[0].nodes, 1);
    assert_int_equal(cluster->pools[0].gpu_capacity_milli, 16000);
}

static void jobs_and_placements_have_limits(void **state)
{
    struct wf_cluster *cluster = *state;
    node_is(cluster, 0, (struct wf_node_spec){.cpu_milli = 1000, .gpus = 4}, WF_OK, "");
    uint32_t job = WF_NONE, other = WF_NONE;
    struct wf_error err;
    assert_int_equal(wf_cluster_add_job(cluster, (wf_job_id){5}, &job, NULL), WF_OK);
    assert_int_equal(wf_cluster_add_job(cluster, (wf_job_id){5}, &other, &err), WF_EXISTS);
    assert_string_equal(err.text, "job 5 runs already");
    assert_int_equal(wf_cluster_add_job(cluster, (wf_job_id){UINT64_MAX}, &other, NULL), WF_OK);
    uint32_t third;
    assert_int_equal(wf_cluster_add_job(cluster, (wf_job_id){6}, &third, &err), WF_LIMIT);
    assert_string_equal(err.text, "job 6 is past the limit of 2 placed jobs");
    struct wf_request request = {.gpus = 1, .gpu_milli = 300};
    uint32_t slots[3];
    for (uint32_t i = 0; i < 3; i++) {
        slots[i] = wf_cluster_place(cluster, job, i, 0, &request, 1);
        assert_int_not_equal(slots[i], WF_NONE);
    }
    assert_int_equal(wf_cluster_place(cluster, job, 3, 0, &request, 2), WF_NONE);
    assert_int_equal(cluster->pools[0].gpu_free_milli, 4000 - 900);
    assert_int_equal(cluster->states[0].task_kinds, 1);
    wf_cluster_unplace(cluster, slots[1]); // from the middle of both lists
    request = (struct wf_request){.gpus = 2, .gpu_milli = 1000};
    slots[1] = wf_cluster_place(cluster, other, 0, 0, &request, 0x6);
    assert_int_equal(cluster->states[0].task_kinds, 1 | 1 << 2);
    for (uint32_t i = 0; i < 3; i++) {
        wf_cluster_unplace(cluster, slots[i]);
    }
    assert_int_equal(cluster->states[0].task_kinds, 0);
    assert_int_equal(cluster->pools[0].gpu_free_milli, 4000);
    assert_int_equal(cluster->nodes[0].first_placement, WF_NONE);
    wf_cluster_remove_job(cluster, job);
    assert_int_equal(wf_cluster_find_job(cluster, (wf_job_id){5}), WF_NONE);
    assert_int_equal(wf_cluster_find_job(cluster, (wf_job_id){UINT64_MAX}), other);
    assert_int_equal(wf_cluster_add_job(cluster, (wf_job_id){6}, &third, NULL), WF_OK);
}

static void closed_nodes_are_free_but_not_open(void **state)
{
    struct wf_cluster *cluster = *state;
    struct wf_node_spec spec = {.cpu_milli = 1000, .gpus = 2};
    node_is(cluster, 0, spec, WF_OK, "");
    node_is(cluster, 1, spec, WF_OK, "");
    const struct wf_pool *pool = &cluster->pools[0];
    wf_cluster_close_node(cluster, (wf_node_id){0}, true);
    wf_cluster_close_node(cluster, (wf_node_id){0}, true); // twice is once
    assert_int_equal(pool->gpu_free_milli, 4000);
    assert_int_equal(pool->gpu_open_milli, 2000);
    assert_int_equal(pool->cpu_open_milli, 1000);
    wf_cluster_remove_node(cluster, (wf_node_id){0});
    assert_int_equal(pool->gpu_free_milli, 2000);
    assert_int_equal(pool->gpu_open_milli, 2000);
    wf_cluster_remove_node(cluster, (wf_node_id){1});
    assert_int_equal(pool->gpu_open_milli, 0);
    assert_int_equal(pool->cpu_open_milli, 0);
    assert_int_equal(pool->gpu_capacity_milli, 0);
    struct wf_error err;
    assert_int_equal(wf_cluster_find_node(cluster, (wf_node_id){1}, &err), WF_NOTFOUND);
    assert_string_equal(err.text, "there is no node 1");
}

static void a_place_is_named_as_finely_as_one_likes(void **state)
{
    (void)state;
    struct wf_place node = {1, 2, 3};
    assert_true(wf_place_within(node, ANYWHERE));
    assert_true(wf_place_within(node, node));
    assert_true(wf_place_within(node, (struct wf_place){WF_ANYWHERE, 2, WF_ANYWHERE}));
    assert_false(wf_place_within(node, (struct wf_place){0, WF_ANYWHERE, WF_ANYWHERE}));
    assert_false(wf_place_within(node, (struct wf_place){1, 3, WF_ANYWHERE}));
    assert_false(wf_place_within(node, (struct wf_place){1, 2, 4}));
}

#define WITH_CLUSTER(test) cmocka_unit_test_setup(test, make)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(pools_have_limits),
        WITH_CLUSTER(a_pool_with_nodes_keeps_its_kind),
        WITH_CLUSTER(nodes_have_limits),
        WITH_CLUSTER(jobs_and_placements_have_limits),
        WITH_CLUSTER(closed_nodes_are_free_but_not_open),
        cmocka_unit_test(a_place_is_named_as_finely_as_one_likes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
