// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/scope.h"

#include "unit/core/small_cluster.h"
#include "unit/core/small_region.h"

// Nodes 0 and 1 in pool and zone 0, 2 and 3 in pool and zone 1, with 2, 1, 1 and 3 GPUs; groups are
// 0, 5, 5, 5.
static struct wf_core *four_nodes(void)
{
    static const uint8_t gpus[] = {2, 1, 1, 3};
    struct wf_core *core = small_cluster();
    for (uint32_t i = 0; i < 4; i++) {
        struct wf_node_spec spec = {
            .pool = {i / 2},
            .cpu_milli = 8000,
            .memory_mib = 1000,
            .gpus = gpus[i],
            .group = i > 0 ? 5 : 0,
        };
        small_step(core, &(struct wf_event){.kind = WF_EVENT_NODE_UP, .node_up = {{i}, spec}});
    }
    return core;
}

static struct wf_scopes some(void)
{
    struct wf_scopes scopes;
    struct wf_limits limits = {.pools = 4};
    assert_int_equal(wf_scopes_init(&scopes, small_region(), &limits, NULL), WF_OK);
    return scopes;
}

static void a_node_is_in_a_zone_a_pool_and_a_group(void **unused)
{
    (void)unused;
    struct wf_core *core = four_nodes();
    const struct wf_cluster *cluster = wf_core_cluster(core);
    assert_int_equal(wf_scope_of(cluster, WF_WITHIN_ANY, 3), 0);
    assert_int_equal(wf_scope_of(cluster, WF_WITHIN_ZONE, 3), 1);
    assert_int_equal(wf_scope_of(cluster, WF_WITHIN_POOL, 3), 1);
    assert_int_equal(wf_scope_of(cluster, WF_WITHIN_GROUP, 3), 5);
    wf_core_destroy(core);
}

static void the_least_room_that_is_enough_is_taken(void **unused)
{
    (void)unused;
    struct wf_core *core = four_nodes();
    const struct wf_cluster *cluster = wf_core_cluster(core);
    struct wf_scopes scopes = some();
    struct wf_request one = small_job(1, 1000, 1, 1000).request;
    struct wf_request two = small_job(1, 1000, 2, 1000).request;
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_POOL, &one, 3), 0);
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_POOL, &one, 4), 1);
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_POOL, &one, 5), WF_NONE);
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_ZONE, &one, 4), 1);
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_GROUP, &one, 3), 5);
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_GROUP, &one, 2), 0);
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_GROUP, &two, 1), 0); // equals
    small_drain(core, 3);
    assert_int_equal(wf_scopes_tightest(&scopes, cluster, WF_WITHIN_GROUP, &one, 3), WF_NONE);
    wf_core_destroy(core);
}

static void what_runs_does_not_count_in_the_most_there_could_be(void **unused)
{
    (void)unused;
    struct wf_core *core = four_nodes();
    const struct wf_cluster *cluster = wf_core_cluster(core);
    struct wf_scopes scopes = some();
    struct wf_request one = small_job(1, 1000, 1, 1000).request;
    struct wf_job_spec job = small_job(4, 1000, 1, 1000);
    assert_int_equal(small_submit(core, &job), 4);
    assert_int_equal(wf_scopes_most(&scopes, cluster, WF_WITHIN_ANY, &one, 100), 7);
    assert_int_equal(wf_scopes_most(&scopes, cluster, WF_WITHIN_ZONE, &one, 100), 4);
    assert_int_equal(wf_scopes_most(&scopes, cluster, WF_WITHIN_GROUP, &one, 100), 5);
    assert_int_equal(wf_scopes_most(&scopes, cluster, WF_WITHIN_ANY, &one, 2), 2); // is enough
    one.models = WF_MODEL_BIT(0);
    assert_int_equal(wf_scopes_most(&scopes, cluster, WF_WITHIN_GROUP, &one, 100), 2);
    one.labels = 1;
    assert_int_equal(wf_scopes_most(&scopes, cluster, WF_WITHIN_GROUP, &one, 100), 0);
    one = small_job(1, 1000, 1, 1000).request;
    small_drain(core, 3);
    assert_int_equal(wf_scopes_most(&scopes, cluster, WF_WITHIN_ANY, &one, 100), 4);
    wf_core_destroy(core);
}

static void the_node_is_chosen_in_its_scope(void **unused)
{
    (void)unused;
    struct wf_core *core = four_nodes();
    struct wf_outlook outlook = wf_core_outlook(core);
    const struct wf_policy *policy = wf_core_policy(core);
    struct wf_request one = small_job(1, 1000, 1, 1000).request;
    assert_int_equal(wf_place_plain(&outlook, policy, &one).node, 1);
    assert_int_equal(wf_scope_choose(&outlook, policy, WF_WITHIN_POOL, 1, &one).node, 2);
    assert_int_equal(wf_scope_choose(&outlook, policy, WF_WITHIN_GROUP, 0, &one).node, 0);
    assert_int_equal(wf_scope_choose(&outlook, policy, WF_WITHIN_GROUP, 3, &one).node, WF_NONE);
    assert_int_equal(wf_scope_choose(&outlook, policy, WF_WITHIN_ANY, 0, &one).node, 1);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_is_in_a_zone_a_pool_and_a_group),
        cmocka_unit_test(the_least_room_that_is_enough_is_taken),
        cmocka_unit_test(what_runs_does_not_count_in_the_most_there_could_be),
        cmocka_unit_test(the_node_is_chosen_in_its_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
