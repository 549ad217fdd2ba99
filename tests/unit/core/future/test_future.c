// SPDX-License-Identifier: Apache-2.0
#include "core/future/future.h"

#include "unit/core/small_future.h"

// Two nodes of two GPUs; a task takes GPU 0 of node 0 until 100, another node 1 until 1000.
static void begin(struct small_future *small)
{
    small_begin(small);
    small_up(small, 0, 2, 0);
    small_up(small, 0, 2, 0);
    small_run(small, 0, 1000, 1, 1000, 100);
    small_run(small, 1, 0, 3, 1000, 1000);
}

static const struct wf_state *state_of(const struct small_future *small, uint32_t node)
{
    return &small->cluster.states[node];
}

static void what_is_not_given_back_in_time_is_held(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_state before = *state_of(&small, 0);
    struct wf_future_wish wish = small_wish(1, small_request(3000, 2, 1000), 50);
    uint32_t reservation = small_reserve(&small, &wish);
    assert_int_equal(wf_future_start_ms(small.future, reservation), 100);
    assert_int_equal(wf_future_end_ms(small.future, reservation), 150);
    assert_int_equal(wf_future_job(small.future, reservation), 77);
    // GPU 1 is held, and of the CPU what the running task will not give back.
    assert_int_equal(state_of(&small, 0)->gpus_whole, 0);
    assert_int_equal(state_of(&small, 0)->cpu_free_milli, 8000 - 3000);
    assert_int_equal(small.cluster.pools[0].gpu_free_milli, 1000); // sums count no holds
    wf_future_cancel(small.future, reservation);
    assert_memory_equal(&before, state_of(&small, 0), sizeof before);
    small_finish(&small);
}

static void a_hold_follows_the_ends_of_tasks(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    uint32_t short_one = small_run(&small, 0, 0, 2, 1000, 90);
    uint32_t reservation = small_reserve(&small, &wish);
    assert_int_equal(wf_future_start_ms(small.future, reservation), 90);
    assert_int_equal(
        wf_future_task(small.future, wf_future_first_task(small.future, reservation)).gpu_set, 2);
    // The task that is to give the GPU back ends early: the GPU is held from then on.
    small_stop(&small, short_one);
    assert_int_equal(state_of(&small, 0)->gpus_whole, 0);
    // The other ends too: its GPU is anyone's.
    small_stop(&small, small.cluster.nodes[0].first_placement);
    assert_int_equal(state_of(&small, 0)->gpu_free_milli[0], 1000);
    assert_int_equal(state_of(&small, 0)->gpus_whole, 1);
    small_finish(&small);
}

static void a_reservation_that_can_start_earlier_does(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 2, 1000), 50);
    uint32_t reservation = small_reserve(&small, &wish);
    assert_int_equal(wf_future_improve(small.future, reservation), WF_FUTURE_SAME);
    small_stop(&small, small.cluster.nodes[1].first_placement);
    assert_int_equal(wf_future_improve(small.future, reservation), WF_FUTURE_EARLIER);
    assert_int_equal(wf_future_start_ms(small.future, reservation), 0);
    assert_int_equal(small_nodes(&small, reservation), 1);
    assert_int_equal(state_of(&small, 0)->gpus_whole, 1);
    small_finish(&small);
}

static void an_overrun_breaks_a_reservation(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 2, 1000), 50);
    uint32_t reservation = small_reserve(&small, &wish);
    assert_false(wf_future_is_broken(small.future, reservation));
    wf_future_set_end(small.future, small.cluster.nodes[0].first_placement, 300);
    assert_true(wf_future_is_broken(small.future, reservation));
    assert_int_equal(wf_future_improve(small.future, reservation), WF_FUTURE_LATER);
    assert_int_equal(wf_future_start_ms(small.future, reservation), 300);
    // Nothing is told, but at its time the room is not there; a moment later it may be.
    wf_future_advance(small.future, 300);
    assert_true(wf_future_is_broken(small.future, reservation));
    assert_int_equal(wf_future_improve(small.future, reservation), WF_FUTURE_LATER);
    assert_int_equal(wf_future_start_ms(small.future, reservation), 301);
    // Nobody knows when either node is free.
    wf_future_set_end(small.future, small.cluster.nodes[0].first_placement, WF_NEVER);
    wf_future_set_end(small.future, small.cluster.nodes[1].first_placement, WF_NEVER);
    assert_int_equal(wf_future_improve(small.future, reservation), WF_FUTURE_LOST);
    assert_true(wf_future_is_broken(small.future, reservation));
    small_finish(&small);
}

static void a_time_that_has_passed_is_broken(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    uint32_t reservation = small_reserve(&small, &wish);
    assert_int_equal(wf_future_start_ms(small.future, reservation), 0);
    wf_future_advance(small.future, 10);
    assert_true(wf_future_is_broken(small.future, reservation));
    assert_int_equal(wf_future_improve(small.future, reservation), WF_FUTURE_LATER);
    assert_int_equal(wf_future_start_ms(small.future, reservation), 10);
    // When its window is over it holds nothing any more.
    wf_future_advance(small.future, 59);
    assert_int_equal(state_of(&small, 0)->gpus_whole, 0);
    wf_future_advance(small.future, 60);
    assert_int_equal(state_of(&small, 0)->gpus_whole, 1);
    small_finish(&small);
}

static void a_closed_node_breaks_what_is_on_it(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    uint32_t reservation = small_reserve(&small, &wish);
    small_close(&small, 0, true);
    assert_true(wf_future_is_broken(small.future, reservation));
    assert_int_equal(small.cluster.pools[0].gpu_open_milli, 0);
    small_close(&small, 0, false);
    assert_false(wf_future_is_broken(small.future, reservation));
    assert_int_equal(small.cluster.pools[0].gpu_open_milli, 1000);
    assert_int_equal(state_of(&small, 0)->gpus_whole, 0);
    small_finish(&small);
}

static void a_lost_node_breaks_for_good(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    uint32_t reservation = small_reserve(&small, &wish);
    small_stop(&small, small.cluster.nodes[0].first_placement);
    wf_future_lift(small.future, 0);
    wf_cluster_remove_node(&small.cluster, (wf_node_id){0});
    wf_future_settle(small.future);
    assert_int_equal(small.cluster.pools[0].gpu_free_milli, 0);
    assert_true(wf_future_is_broken(small.future, reservation));
    small.nodes = 0; // it comes back as another: with one GPU
    wf_future_lift(small.future, 0);
    small_up(&small, 0, 1, 0);
    wf_future_settle(small.future);
    assert_true(wf_future_is_broken(small.future, reservation));
    assert_int_equal(wf_future_improve(small.future, reservation), WF_FUTURE_SAME);
    assert_false(wf_future_is_broken(small.future, reservation));
    assert_int_equal(small_nodes(&small, reservation), 0);
    small_finish(&small);
}

static void reservations_are_listed_as_they_were_booked(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    uint32_t booked[4];
    for (uint32_t i = 0; i < 4; i++) {
        wish.job = i;
        booked[i] = small_reserve(&small, &wish);
    }
    wf_future_cancel(small.future, booked[1]);
    wf_future_improve(small.future, booked[2]);
    assert_int_equal(wf_future_count(small.future), 3);
    uint32_t i = wf_future_first(small.future);
    assert_int_equal(wf_future_job(small.future, i), 0);
    i = wf_future_next(small.future, i);
    assert_int_equal(wf_future_job(small.future, i), 2);
    i = wf_future_next(small.future, i);
    assert_int_equal(wf_future_job(small.future, i), 3);
    assert_int_equal(wf_future_next(small.future, i), WF_NONE);
    small_finish(&small);
}

static void there_are_as_many_as_the_limit_says(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    for (uint32_t i = 0; i < 8; i++) {
        small_reserve(&small, &wish);
    }
    uint32_t none;
    assert_false(wf_future_reserve(small.future, &wish, &none));
    wf_future_cancel(small.future, wf_future_first(small.future));
    small_reserve(&small, &wish);
    small_finish(&small);
}

// 8 reservations have 8 times 4 tasks and one largest gang.
static void there_are_as_many_tasks_as_the_limit_says(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    struct wf_request nothing = small_request(0, 0, 0);
    nothing.memory_mib = 0;
    struct wf_future_wish most = small_wish(WF_JOB_TASKS_MAX, nothing, 50);
    struct wf_future_wish rest = small_wish(33, nothing, 50);
    uint32_t none;
    small_reserve(&small, &most);
    assert_false(wf_future_reserve(small.future, &rest, &none));
    rest.tasks = 32;
    small_reserve(&small, &rest);
    small_finish(&small);
}

static void a_reservation_becomes_a_running_job(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    small_stop(&small, small.cluster.nodes[1].first_placement);
    struct wf_future_wish wish = small_wish(3, small_request(100, 1, 1000), 50);
    uint32_t reservation = small_reserve(&small, &wish);
    assert_int_equal(small_nodes(&small, reservation), 11); // 0, 1, 1
    for (uint32_t t = wf_future_first_task(small.future, reservation); t != WF_NONE;
         t = wf_future_task(small.future, t).next) {
        struct wf_future_task task = wf_future_task(small.future, t);
        small_run(&small, task.node, 100, task.gpu_set, 1000, 50);
    }
    wf_future_cancel(small.future, reservation);
    assert_int_equal(state_of(&small, 0)->gpus_whole + state_of(&small, 1)->gpus_whole, 0);
    assert_int_equal(state_of(&small, 1)->cpu_free_milli, 8000 - 200);
    assert_int_equal(wf_future_count(small.future), 0);
    small_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_back_in_time_is_held),
        cmocka_unit_test(a_hold_follows_the_ends_of_tasks),
        cmocka_unit_test(a_reservation_that_can_start_earlier_does),
        cmocka_unit_test(an_overrun_breaks_a_reservation),
        cmocka_unit_test(a_time_that_has_passed_is_broken),
        cmocka_unit_test(a_closed_node_breaks_what_is_on_it),
        cmocka_unit_test(a_lost_node_breaks_for_good),
        cmocka_unit_test(reservations_are_listed_as_they_were_booked),
        cmocka_unit_test(there_are_as_many_as_the_limit_says),
        cmocka_unit_test(there_are_as_many_tasks_as_the_limit_says),
        cmocka_unit_test(a_reservation_becomes_a_running_job),
    };
    return cmocka_run_group_tests_name("future", tests, NULL, NULL);
}
