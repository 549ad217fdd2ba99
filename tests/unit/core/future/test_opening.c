// SPDX-License-Identifier: Apache-2.0
#include "core/future/opening.h"

#include "unit/core/small_future.h"

static int64_t start_of(struct small_future *small, const struct wf_future_wish *wish)
{
    int64_t start_ms;
    return wf_future_find(small->future, wish, &start_ms) ? start_ms : WF_NEVER;
}

static void an_empty_node_takes_work_now(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 4, 0);
    wf_future_advance(small.future, 500);
    struct wf_future_wish wish = small_wish(1, small_request(0, 4, 1000), 100);
    assert_int_equal(start_of(&small, &wish), 500);
    small_finish(&small);
}

static void whole_gpus_wait_for_as_many_as_they_need(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 4, 0);
    for (uint32_t gpu = 0; gpu < 4; gpu++) {
        small_run(&small, 0, 0, 1u << gpu, 1000, 400 - 100 * gpu);
    }
    for (uint32_t gpus = 1; gpus <= 4; gpus++) {
        struct wf_future_wish wish = small_wish(1, small_request(0, (uint8_t)gpus, 1000), WF_NEVER);
        assert_int_equal(start_of(&small, &wish), 100 * gpus);
    }
    struct wf_future_wish wish = small_wish(1, small_request(0, 5, 1000), 1);
    assert_int_equal(start_of(&small, &wish), WF_NEVER);
    small_finish(&small);
}

// Half of each GPU is free first, but a share is had from one GPU.
static void a_share_waits_for_one_gpu(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 2, 0);
    small_run(&small, 0, 0, 1, 500, 900);
    small_run(&small, 0, 0, 1, 500, 300);
    small_run(&small, 0, 0, 2, 500, 100);
    small_run(&small, 0, 0, 2, 300, 400);
    struct wf_future_wish some = small_wish(1, small_request(0, 1, 600), 10);
    struct wf_future_wish more = small_wish(1, small_request(0, 1, 800), 10);
    struct wf_future_wish whole = small_wish(1, small_request(0, 1, 1000), 10);
    assert_int_equal(start_of(&small, &some), 100);
    assert_int_equal(start_of(&small, &more), 400);
    assert_int_equal(start_of(&small, &whole), 400);
    struct wf_future_wish two = small_wish(2, small_request(0, 1, 500), 10);
    assert_int_equal(start_of(&small, &two), 300);
    // Both of GPU 1, or one of each: at 100 there is 700 on GPU 1 only.
    assert_int_equal(wf_future_task(small.future, wf_future_first_task(
                                                      small.future, small_reserve(&small, &some)))
                         .gpu_set,
                     2);
    small_finish(&small);
}

static void slices_round_a_share_up(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 3, 1, 0);
    small_run(&small, 0, 0, 1, 857, 200); // 6 of 7
    struct wf_future_wish one = small_wish(1, small_request(0, 1, 140), 10);
    struct wf_future_wish two = small_wish(1, small_request(0, 1, 143), 10);
    assert_int_equal(start_of(&small, &one), 0);
    assert_int_equal(start_of(&small, &two), 200);
    small_finish(&small);
}

static void work_without_gpus_waits_for_cpu_and_memory(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 0, 0);
    small_run(&small, 0, 5000, 0, 0, 100);
    small_run(&small, 0, 3000, 0, 0, 200);
    struct wf_future_wish wish = small_wish(1, small_request(5000, 0, 0), 10);
    assert_int_equal(start_of(&small, &wish), 100);
    wish.request.memory_mib = 990;
    assert_int_equal(start_of(&small, &wish), 100);
    wish.request.memory_mib = 991; // the other task has 10 of 1,000
    assert_int_equal(start_of(&small, &wish), 200);
    small_finish(&small);
}

static void a_gang_starts_when_its_last_task_has_room(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    for (uint32_t node = 0; node < 4; node++) {
        small_up(&small, 0, 2, 0);
        small_run(&small, node, 0, 3, 1000, 400 - 100 * node);
    }
    struct wf_future_wish wish = small_wish(5, small_request(0, 1, 1000), 50);
    assert_int_equal(start_of(&small, &wish), 300);
    uint32_t reservation = small_reserve(&small, &wish);
    assert_int_equal(small_nodes(&small, reservation), 11223); // lowest ids first
    // One more of the same has the rest of node 3, free at 100, but not 2 tasks before 300.
    wish.tasks = 3;
    assert_int_equal(start_of(&small, &wish), 100 + 100);
    small_finish(&small);
}

static void a_task_that_never_ends_gives_nothing_back(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 2, 0);
    small_run(&small, 0, 0, 1, 1000, WF_NEVER);
    uint32_t late = small_run(&small, 0, 0, 2, 1000, 50);
    struct wf_future_wish one = small_wish(1, small_request(0, 1, 1000), 10);
    struct wf_future_wish two = small_wish(1, small_request(0, 2, 1000), 10);
    assert_int_equal(start_of(&small, &one), 50);
    assert_int_equal(start_of(&small, &two), WF_NEVER);
    // One that is late is taken to end any moment.
    wf_future_advance(small.future, 80);
    assert_int_equal(start_of(&small, &one), 81);
    wf_future_set_end(small.future, late, 90);
    assert_int_equal(start_of(&small, &one), 90);
    small_finish(&small);
}

static void a_gang_stays_within_what_it_must(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    const struct {
        uint32_t pool;
        uint16_t group;
        int64_t end_ms;
    } nodes[] = {{0, 5, 100}, {1, 5, 200}, {0, 9, 300}, {2, 6, 150}, {1, 6, 160}, {1, 7, 400}};
    for (uint32_t node = 0; node < 6; node++) {
        small_up(&small, nodes[node].pool, 1, nodes[node].group);
        small_run(&small, node, 0, 1, 1000, nodes[node].end_ms);
    }
    struct wf_future_wish wish = small_wish(2, small_request(0, 1, 1000), 50);
    assert_int_equal(start_of(&small, &wish), 150);
    wish.within = WF_WITHIN_GROUP;
    assert_int_equal(start_of(&small, &wish), 160); // nodes 3 and 4
    wish.within = WF_WITHIN_POOL;
    assert_int_equal(start_of(&small, &wish), 200); // nodes 1 and 4
    wish.within = WF_WITHIN_ZONE;
    assert_int_equal(start_of(&small, &wish), 200);
    struct wf_pool_spec spec = small.cluster.pools[2].spec;
    spec.place.zone = 1;
    assert_int_equal(wf_cluster_set_pool(&small.cluster, (wf_pool_id){2}, &spec, NULL), WF_OK);
    assert_int_equal(start_of(&small, &wish), 160); // nodes 3 and 4 of two pools
    assert_true(wf_nodes_are_within(&small.cluster, WF_WITHIN_ZONE, 3, 4));
    assert_false(wf_nodes_are_within(&small.cluster, WF_WITHIN_POOL, 3, 4));
    wish.tasks = 4;
    wish.within = WF_WITHIN_POOL;
    assert_int_equal(start_of(&small, &wish), WF_NEVER);
    small_finish(&small);
}

static void only_nodes_that_may_serve_are_asked(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 1, 0);
    small_up(&small, 1, 1, 0);
    small_run(&small, 1, 0, 1, 1000, 70);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    assert_int_equal(start_of(&small, &wish), 0);
    wish.request.models = WF_MODEL_BIT(1);
    assert_int_equal(start_of(&small, &wish), 70);
    wish.request.labels = 1;
    assert_int_equal(start_of(&small, &wish), WF_NEVER);
    wish.request.labels = 0;
    wish.request.place.zone = 0;
    assert_int_equal(start_of(&small, &wish), WF_NEVER);
    wish.request = small_request(0, 1, 1000);
    small_close(&small, 0, true);
    assert_int_equal(start_of(&small, &wish), 70);
    small_finish(&small);
}

// Between two bookings there is room for what is over in time.
static void work_fits_between_reservations(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 1, 0);
    small_run(&small, 0, 0, 1, 1000, 100);
    struct wf_future_wish wish = small_wish(1, small_request(0, 1, 1000), 50);
    small_reserve(&small, &wish);                 // 100 to 150
    uint32_t gone = small_reserve(&small, &wish); // 150 to 200
    wish.length_ms = 60;
    small_reserve(&small, &wish); // 200 to 260
    wf_future_cancel(small.future, gone);
    wish.length_ms = 51;
    assert_int_equal(start_of(&small, &wish), 260);
    wish.length_ms = 50;
    assert_int_equal(start_of(&small, &wish), 150);
    small_finish(&small);
}

// A gang may use what one node has only now together with what another has only later, if there is
// a moment for both.
static void passing_room_counts_only_while_it_is_there(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 1, 0);
    small_up(&small, 0, 1, 0);
    small_run(&small, 0, 0, 1, 1000, 100);
    struct wf_future_wish soon = small_wish(1, small_request(0, 1, 1000), 100);
    wf_future_set_end(small.future, small_run(&small, 1, 0, 1, 1000, 60), 60);
    uint32_t first = small_reserve(&small, &soon); // node 1, 60 to 160
    assert_int_equal(small_nodes(&small, first), 1);
    struct wf_future_wish gang = small_wish(2, small_request(0, 1, 1000), 30);
    assert_int_equal(start_of(&small, &gang), 160);
    small_stop(&small, small.cluster.nodes[1].first_placement);
    assert_int_equal(start_of(&small, &gang), 160); // node 1 is free until 60, node 0 from 100
    wf_future_set_end(small.future, small.cluster.nodes[0].first_placement, 30);
    assert_int_equal(start_of(&small, &gang), 30);
    gang.length_ms = 31;
    assert_int_equal(start_of(&small, &gang), 160);
    small_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_node_takes_work_now),
        cmocka_unit_test(whole_gpus_wait_for_as_many_as_they_need),
        cmocka_unit_test(a_share_waits_for_one_gpu),
        cmocka_unit_test(slices_round_a_share_up),
        cmocka_unit_test(work_without_gpus_waits_for_cpu_and_memory),
        cmocka_unit_test(a_gang_starts_when_its_last_task_has_room),
        cmocka_unit_test(a_task_that_never_ends_gives_nothing_back),
        cmocka_unit_test(a_gang_stays_within_what_it_must),
        cmocka_unit_test(only_nodes_that_may_serve_are_asked),
        cmocka_unit_test(work_fits_between_reservations),
        cmocka_unit_test(passing_room_counts_only_while_it_is_there),
    };
    return cmocka_run_group_tests_name("opening", tests, NULL, NULL);
}
