// SPDX-License-Identifier: Apache-2.0
#include "core/future/gap.h"

#include "unit/core/small_future.h"

// Nodes of two GPUs, each with a reservation of both from its time on, for good.
static void begin(struct small_future *small, uint32_t nodes, const int64_t *starts_ms)
{
    small_begin(small);
    for (uint32_t node = 0; node < nodes; node++) {
        small_up(small, node % 2, 2, (uint16_t)(node / 2));
        uint32_t task = small_run(small, node, 0, 1, 1000, starts_ms[node]);
        struct wf_future_wish wish = small_wish(1, small_request(0, 2, 1000), WF_NEVER);
        small_reserve(small, &wish);
        small_stop(small, task);
    }
}

static struct wf_gap_wish wish_for(uint8_t gpus, uint16_t gpu_milli, int64_t end_ms)
{
    return (struct wf_gap_wish){
        .request = small_request(1000, gpus, gpu_milli),
        .end_ms = end_ms,
        .near = WF_NONE,
        .after = WF_NONE,
    };
}

static void work_that_is_over_in_time_uses_held_room(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small, 1, (const int64_t[]){100});
    assert_int_equal(small.cluster.states[0].gpus_whole, 0);
    struct wf_gap gap;
    struct wf_gap_wish wish = wish_for(1, 1000, 101);
    assert_false(wf_future_choose(small.future, &wish, &gap));
    wish.end_ms = WF_NEVER;
    assert_false(wf_future_choose(small.future, &wish, &gap));
    wish.end_ms = 100;
    // Task by task: the first leaves room for one more, the third finds none.
    for (uint32_t gpu = 0; gpu < 2; gpu++) {
        assert_true(wf_future_choose(small.future, &wish, &gap));
        assert_int_equal(gap.node, 0);
        assert_int_equal(gap.gpu_set, 1u << gpu);
        small_run(&small, gap.node, 1000, gap.gpu_set, 1000, 100);
    }
    assert_false(wf_future_choose(small.future, &wish, &gap));
    assert_false(wf_future_is_broken(small.future, wf_future_first(small.future)));
    small_finish(&small);
}

static void the_tightest_node_and_gpu_are_chosen(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small, 4, (const int64_t[]){100, 100, 100, 100});
    small_run(&small, 1, 0, 2, 300, 50);
    small_run(&small, 2, 0, 2, 300, 50);
    struct wf_gap gap;
    struct wf_gap_wish wish = wish_for(1, 600, 80);
    assert_true(wf_future_choose(small.future, &wish, &gap));
    assert_int_equal(gap.node, 1);
    assert_int_equal(gap.gpu_set, 2); // there is less room than on GPU 0
    wish.request.gpu_milli = 800;
    assert_true(wf_future_choose(small.future, &wish, &gap));
    assert_int_equal(gap.gpu_set, 1);
    small_run(&small, 2, 500, 0, 0, 50); // as much GPU, less CPU
    assert_true(wf_future_choose(small.future, &wish, &gap));
    assert_int_equal(gap.node, 2);
    small_finish(&small);
}

static void a_caller_may_go_on_to_the_next_node(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small, 4, (const int64_t[]){100, 100, 100, 100});
    small_run(&small, 2, 0, 2, 1000, 50);
    struct wf_gap gap;
    struct wf_gap_wish wish = wish_for(1, 500, 80);
    const uint32_t order[] = {2, 0, 1, 3};
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(wf_future_choose(small.future, &wish, &gap));
        assert_int_equal(gap.node, order[i]);
        wish.after = gap.node;
    }
    assert_false(wf_future_choose(small.future, &wish, &gap));
    small_finish(&small);
}

static void a_task_stays_near_its_gang(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small, 4, (const int64_t[]){100, 100, 100, 100});
    struct wf_gap gap;
    struct wf_gap_wish wish = wish_for(2, 1000, 80);
    wish.near = 3;
    wish.within = WF_WITHIN_GROUP;
    assert_true(wf_future_choose(small.future, &wish, &gap));
    assert_int_equal(gap.node, 2);
    wish.within = WF_WITHIN_POOL;
    assert_true(wf_future_choose(small.future, &wish, &gap));
    assert_int_equal(gap.node, 1);
    wish.within = WF_WITHIN_ANY;
    assert_true(wf_future_choose(small.future, &wish, &gap));
    assert_int_equal(gap.node, 0);
    small_finish(&small);
}

static void only_nodes_with_reservations_are_gaps(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small, 1, (const int64_t[]){100});
    small_up(&small, 0, 2, 0);
    small_close(&small, 0, true);
    struct wf_gap gap;
    struct wf_gap_wish wish = wish_for(1, 1000, 50);
    assert_false(wf_future_choose(small.future, &wish, &gap));
    small_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_that_is_over_in_time_uses_held_room),
        cmocka_unit_test(the_tightest_node_and_gpu_are_chosen),
        cmocka_unit_test(a_caller_may_go_on_to_the_next_node),
        cmocka_unit_test(a_task_stays_near_its_gang),
        cmocka_unit_test(only_nodes_with_reservations_are_gaps),
    };
    return cmocka_run_group_tests_name("gap", tests, NULL, NULL);
}
