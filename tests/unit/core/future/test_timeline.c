// SPDX-License-Identifier: Apache-2.0
#include "core/future/timeline.h"

#include "unit/core/small_future.h"
#include "unit/core/small_region.h"

struct line {
    struct small_future small;
    struct wf_timeline timeline;
};

// One node of two GPUs; tasks run on GPU 0 until 100, on GPU 1 until 300.
static void begin(struct line *line)
{
    small_begin(&line->small);
    small_up(&line->small, 0, 2, 0);
    assert_int_equal(
        wf_timeline_init(&line->timeline, small_region(), &line->small.cluster, 8, NULL), WF_OK);
    line->timeline.now_ms = 0;
    wf_timeline_run(&line->timeline, small_run(&line->small, 0, 500, 1, 1000, 0), 100);
    wf_timeline_run(&line->timeline, small_run(&line->small, 0, 500, 2, 1000, 0), 300);
}

static const struct wf_use both = {.cpu_milli = 100, .gpu_set = 3, .gpu_milli = 1000};
static const struct wf_use half = {.cpu_milli = 100, .gpu_set = 1, .gpu_milli = 500};

static void a_cursor_goes_from_change_to_change(void **state)
{
    (void)state;
    struct line line;
    begin(&line);
    wf_timeline_book(&line.timeline, 0, 0, &both, 300, 400);
    wf_timeline_book(&line.timeline, 1, 0, &half, 100, 300);
    struct wf_cursor cursor = wf_cursor_open(&line.timeline, 0);
    assert_int_equal(cursor.room.cpu_milli, 7000);
    const struct {
        int64_t at_ms;
        int gpu_milli[2], cpu_milli;
    } changes[] = {{100, {500, 0}, 7400}, {300, {0, 0}, 7900}, {400, {1000, 1000}, 8000}};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(wf_cursor_next_ms(&cursor), changes[i].at_ms);
        wf_cursor_step(&cursor);
        assert_int_equal(cursor.room.gpu_milli[0], changes[i].gpu_milli[0]);
        assert_int_equal(cursor.room.gpu_milli[1], changes[i].gpu_milli[1]);
        assert_int_equal(cursor.room.cpu_milli, changes[i].cpu_milli);
    }
    assert_int_equal(wf_cursor_next_ms(&cursor), WF_NEVER);
}

static void the_lowest_is_before_the_end_of_the_window(void **state)
{
    (void)state;
    struct line line;
    begin(&line);
    wf_timeline_book(&line.timeline, 0, 0, &both, 400, 500);
    struct wf_cursor cursor = wf_cursor_open(&line.timeline, 0);
    wf_cursor_step(&cursor);
    struct wf_room until = wf_cursor_lowest(&cursor, 400);
    struct wf_room past = wf_cursor_lowest(&cursor, 401);
    assert_int_equal(until.gpu_milli[0], 1000);
    assert_int_equal(past.gpu_milli[0], 0);
}

static void bookings_that_have_begun_or_ended_are_counted_right(void **state)
{
    (void)state;
    struct line line;
    begin(&line);
    wf_timeline_book(&line.timeline, 0, 0, &half, 10, 20);
    wf_timeline_book(&line.timeline, 1, 0, &half, 10, 40);
    line.timeline.now_ms = 20; // broken, since GPU 0 is taken until 100
    struct wf_cursor cursor = wf_cursor_open(&line.timeline, 0);
    assert_int_equal(cursor.room.gpu_milli[0], -500);
    assert_int_equal(wf_cursor_next_ms(&cursor), 40);
    wf_cursor_step(&cursor);
    assert_int_equal(cursor.room.gpu_milli[0], 0);
    assert_true(wf_timeline_hold(&line.timeline, 0));
    assert_int_equal(line.small.cluster.states[0].cpu_free_milli, 7000 - 100);
}

static void a_late_task_ends_any_moment(void **state)
{
    (void)state;
    struct line line;
    begin(&line);
    line.timeline.now_ms = 150;
    struct wf_cursor cursor = wf_cursor_open(&line.timeline, 0);
    assert_int_equal(wf_cursor_next_ms(&cursor), 151);
    wf_cursor_step(&cursor);
    assert_int_equal(wf_cursor_next_ms(&cursor), 300);
}

static void nodes_with_bookings_are_listed(void **state)
{
    (void)state;
    struct line line;
    begin(&line);
    small_up(&line.small, 0, 2, 0);
    small_up(&line.small, 0, 2, 0);
    for (uint32_t i = 0; i < 3; i++) {
        wf_timeline_book(&line.timeline, i, i, &half, 400, WF_NEVER);
    }
    wf_timeline_book(&line.timeline, 3, 1, &half, 400, 500);
    wf_timeline_unbook(&line.timeline, 1);
    uint32_t nodes = 0;
    for (uint32_t i = line.timeline.first_agenda; i != WF_NONE; i = line.timeline.agendas[i].next) {
        nodes = 10 * nodes + i;
    }
    assert_int_equal(nodes, 210);
    wf_timeline_unbook(&line.timeline, 3);
    assert_int_equal(line.timeline.agendas[2].next, 0);
    wf_timeline_unbook(&line.timeline, 2);
    wf_timeline_unbook(&line.timeline, 0);
    assert_int_equal(line.timeline.first_agenda, WF_NONE);
}

static void time_does_not_run_over(void **state)
{
    (void)state;
    assert_int_equal(wf_time_after(5, 10), 15);
    assert_int_equal(wf_time_after(5, WF_NEVER), WF_NEVER);
    assert_int_equal(wf_time_after(5, WF_NEVER - 5), WF_NEVER);
    assert_int_equal(wf_time_after(5, WF_NEVER - 6), WF_NEVER - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_goes_from_change_to_change),
        cmocka_unit_test(the_lowest_is_before_the_end_of_the_window),
        cmocka_unit_test(bookings_that_have_begun_or_ended_are_counted_right),
        cmocka_unit_test(a_late_task_ends_any_moment),
        cmocka_unit_test(nodes_with_bookings_are_listed),
        cmocka_unit_test(time_does_not_run_over),
    };
    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
