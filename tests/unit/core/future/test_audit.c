// SPDX-License-Identifier: Apache-2.0
// The audit must be able to fail: each test makes one thing wrong behind the future's back.
#include "core/future/audit.h"

#include "unit/core/small_future.h"
#include "unit/core/small_region.h"

static void begin(struct small_future *small)
{
    small_begin(small);
    small_up(small, 0, 2, 0);
    small_run(small, 0, 1000, 1, 1000, 100);
    struct wf_future_wish wish = small_wish(1, small_request(3000, 2, 1000), 50);
    small_reserve(small, &wish);
    assert_int_equal(wf_future_check(small->future, NULL), WF_OK);
}

static void finish(struct small_future *small, const char *sentence)
{
    struct wf_error err;
    assert_int_equal(wf_future_check(small->future, &err), WF_INVALID);
    assert_string_equal(err.text, sentence);
}

static void room_that_came_from_nowhere_is_seen(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    small.cluster.states[0].cpu_free_milli++;
    finish(&small, "node 0: free, held and placed is not what it has");
}

static void a_hold_that_was_not_put_back_is_seen(void **state)
{
    (void)state;
    struct small_future small;
    begin(&small);
    wf_future_lift(small.future, 0);
    finish(&small, "node 0 holds other than what it must");
}

// The timeline's part of it is made here by hand, so that a booking can lie.
static void a_booking_without_room_is_seen(void **state)
{
    (void)state;
    struct small_future small;
    small_begin(&small);
    small_up(&small, 0, 2, 0);
    small_run(&small, 0, 0, 1, 1000, 100);
    struct wf_timeline timeline;
    assert_int_equal(wf_timeline_init(&timeline, small_region(), &small.cluster, 4, NULL), WF_OK);
    timeline.now_ms = 0;
    wf_timeline_run(&timeline, small.cluster.nodes[0].first_placement, 100);
    timeline.bookings[0].reservation = 3;
    wf_timeline_book(&timeline, 0, 0, &(struct wf_use){.gpu_set = 1, .gpu_milli = 1000}, 100, 200);
    wf_timeline_hold(&timeline, 0);
    assert_int_equal(wf_timeline_audit(&timeline, NULL), WF_OK);
    wf_timeline_run(&timeline, small.cluster.nodes[0].first_placement, 101);
    wf_timeline_hold(&timeline, 0);
    struct wf_error err;
    assert_int_equal(wf_timeline_audit(&timeline, &err), WF_INVALID);
    assert_string_equal(err.text, "reservation 3 lacks room on node 0 at 100 ms");
    timeline.bookings[0].broken = true;
    assert_int_equal(wf_timeline_audit(&timeline, NULL), WF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_that_came_from_nowhere_is_seen),
        cmocka_unit_test(a_hold_that_was_not_put_back_is_seen),
        cmocka_unit_test(a_booking_without_room_is_seen),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
