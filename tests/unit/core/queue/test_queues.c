// SPDX-License-Identifier: Apache-2.0
// What queues use as time goes on.
#include "unit/core/small_queues.h"
#include "unit/core/small_region.h"

// 0 above 1 and 2; 2 above 3.
static struct wf_queues *small_tree(void)
{
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 1, 0, (struct wf_queue_spec){0});
    small_queue(queues, 2, 0, (struct wf_queue_spec){0});
    small_queue(queues, 3, 2, (struct wf_queue_spec){0});
    return queues;
}

static void use_counts_in_every_queue_above(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_tree();
    uint32_t a = small_start(queues, 1, 1500, 0, 0);
    uint32_t b = small_start(queues, 3, 8000, 0, 0);
    assert_int_equal(small_view(queues, 0).used_gpu_milli, 9500);
    assert_int_equal(small_view(queues, 1).used_gpu_milli, 1500);
    assert_int_equal(small_view(queues, 2).used_gpu_milli, 8000);
    wf_queues_advance(queues, 10);
    wf_queues_stop(queues, a);
    wf_queues_advance(queues, 30);
    assert_true(small_view(queues, 0).gpu_milli_ms == 10 * 1500 + 30 * 8000);
    assert_true(small_view(queues, 1).gpu_milli_ms == 10 * 1500);
    wf_queues_stop(queues, b);
    wf_queues_advance(queues, 40);
    assert_true(small_view(queues, 3).gpu_milli_ms == 30 * 8000);
    assert_int_equal(small_view(queues, 3).jobs, 1); // until it leaves
    wf_queues_leave(queues, (wf_queue_id){3});
    assert_int_equal(small_view(queues, 3).jobs, 0);
}

// A third of a nano-dollar is kept as such: rounded rows would not add up.
static void money_is_the_exact_sum_of_its_rows(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_tree();
    wf_int128 rows = 0;
    for (int64_t i = 0; i < 3; i++) {
        uint32_t stint = small_start(queues, 3, 1000, 1, 0);
        wf_queues_advance(queues, (i + 1) * HOUR_MS / 3);
        wf_int128 money = wf_queues_stint_money(queues, stint);
        assert_true(money == HOUR_MS / 3);
        assert_int_equal(wf_money_nanousd(money), 0);
        assert_true(wf_queues_stop(queues, stint) == money);
        rows += money;
    }
    assert_true(small_view(queues, 0).money == rows);
    assert_int_equal(wf_money_nanousd(rows), 1);
}

static void money_is_rounded_to_the_nearest(void **unused)
{
    (void)unused;
    assert_int_equal(wf_money_nanousd(0), 0);
    assert_int_equal(wf_money_nanousd(1799999), 0);
    assert_int_equal(wf_money_nanousd(1800000), 1);
    assert_int_equal(wf_money_nanousd(wf_money_of(INT64_MAX)), INT64_MAX);
    assert_int_equal(wf_money_nanousd(wf_money_of(INT64_MAX) - WF_MONEY_PER_NANOUSD),
                     INT64_MAX - 1);
    assert_int_equal(wf_money_nanousd(wf_money_of(INT64_MAX) + WF_MONEY_PER_NANOUSD), INT64_MAX);
}

static void the_dearest_job_may_run(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_tree();
    uint32_t stint = small_start(queues, 3, 1000, WF_STINT_NANOUSD_MAX, INT64_MAX);
    wf_queues_advance(queues, WF_TIME_MS_MAX);
    wf_int128 money = (wf_int128)WF_STINT_NANOUSD_MAX * WF_TIME_MS_MAX;
    assert_true(small_view(queues, 0).money == money);
    assert_true(wf_queues_stop(queues, stint) == money);
}

static void a_job_is_committed_to_what_it_has_not_cost_yet(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_tree();
    small_start(queues, 1, 1000, 2 * USD, 6 * USD); // paid after three hours
    uint32_t longer = small_start(queues, 3, 1000, 1 * USD, 10 * USD);
    small_start(queues, 3, 1000, 7 * USD, 0); // nobody knows
    assert_int_equal(wf_money_nanousd(small_view(queues, 0).committed), 16 * USD);
    wf_queues_advance(queues, HOUR_MS);
    assert_int_equal(wf_money_nanousd(small_view(queues, 0).committed), 13 * USD);
    assert_int_equal(wf_money_nanousd(small_view(queues, 1).committed), 4 * USD);
    wf_queues_advance(queues, 3 * HOUR_MS - 1);
    assert_true(small_view(queues, 1).committed == 2 * USD);
    // Running longer than expected takes nothing off the others' commitments.
    wf_queues_advance(queues, 5 * HOUR_MS);
    assert_true(small_view(queues, 1).committed == 0);
    assert_int_equal(wf_money_nanousd(small_view(queues, 0).committed), 5 * USD);
    wf_queues_stop(queues, longer);
    assert_true(small_view(queues, 0).committed == 0);
    assert_int_equal(wf_money_nanousd(small_view(queues, 0).money), (10 + 5 + 35) * USD);
}

static void windows_open_with_nothing_spent(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_tree();
    assert_int_equal(wf_queues_window_end_ms(queues, WF_WINDOW_HOUR), HOUR_MS);
    assert_int_equal(wf_queues_window_end_ms(queues, WF_WINDOW_DAY), DAY_MS);
    assert_int_equal(wf_queues_window_end_ms(queues, WF_WINDOW_MONTH), 31 * DAY_MS);
    uint32_t stint = small_start(queues, 3, 1000, 1 * USD, 0);
    wf_queues_advance(queues, HOUR_MS - 1);
    assert_true(small_view(queues, 0).spent[WF_WINDOW_HOUR] == (HOUR_MS - 1) * USD);
    wf_queues_advance(queues, HOUR_MS);
    assert_true(small_view(queues, 0).spent[WF_WINDOW_HOUR] == 0);
    assert_int_equal(wf_money_nanousd(small_view(queues, 0).spent[WF_WINDOW_DAY]), 1 * USD);
    assert_int_equal(wf_queues_window_end_ms(queues, WF_WINDOW_HOUR), 2 * HOUR_MS);
    // Nobody looked for a day and a half, and then for a month.
    wf_queues_advance(queues, DAY_MS + 12 * HOUR_MS + HOUR_MS / 4);
    struct wf_queue_view view = small_view(queues, 2);
    assert_int_equal(wf_money_nanousd(view.spent[WF_WINDOW_HOUR]), USD / 4);
    assert_int_equal(wf_money_nanousd(view.spent[WF_WINDOW_DAY]), 49 * USD / 4);
    assert_int_equal(wf_money_nanousd(view.spent[WF_WINDOW_MONTH]), 145 * USD / 4);
    wf_queues_advance(queues, 32 * DAY_MS);
    wf_queues_stop(queues, stint);
    view = small_view(queues, 2);
    assert_int_equal(wf_money_nanousd(view.spent[WF_WINDOW_MONTH]), 24 * USD);
    assert_int_equal(wf_money_nanousd(view.money), 32 * 24 * USD);
    wf_queues_advance(queues, 60 * DAY_MS);
    assert_true(small_view(queues, 2).spent[WF_WINDOW_MONTH] == 0);
    assert_int_equal(wf_money_nanousd(small_view(queues, 2).money), 32 * 24 * USD);
}

static void the_clock_may_start_before_1970(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues_at(-HOUR_MS / 2);
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    assert_int_equal(wf_queues_window_end_ms(queues, WF_WINDOW_MONTH), 0);
    small_start(queues, 0, 1000, 4 * USD, 4 * USD);
    wf_queues_advance(queues, HOUR_MS / 4);
    struct wf_queue_view view = small_view(queues, 0);
    assert_int_equal(wf_money_nanousd(view.money), 3 * USD);
    assert_int_equal(wf_money_nanousd(view.committed), 1 * USD);
    assert_int_equal(wf_money_nanousd(view.spent[WF_WINDOW_MONTH]), 1 * USD);
}

static void queues_made_before_the_clock_is_set_have_used_nothing(void **unused)
{
    (void)unused;
    struct wf_limits limits = {.queues = 1, .jobs = 1, .placements = 1};
    struct wf_queues *queues = NULL;
    assert_int_equal(wf_queues_create(small_region(), &limits, HOUR_MS, &queues, NULL), WF_OK);
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    wf_queues_advance(queues, 1000 * DAY_MS);
    small_start(queues, 0, 1, 1, 0);
    wf_queues_advance(queues, 1000 * DAY_MS + 5);
    assert_true(small_view(queues, 0).gpu_milli_ms == 5);
}

static void more_stints_than_jobs_are_not_begun(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_tree();
    for (uint32_t i = 0; i < SMALL_STINTS; i++) {
        small_start(queues, 1, 1, 1, 1);
    }
    struct wf_stint stint = {{1}, 1, 1, 1};
    assert_int_equal(wf_queues_start(queues, &stint), WF_NONE);
    assert_int_equal(small_view(queues, 0).used_gpu_milli, SMALL_STINTS);
    wf_queues_stop(queues, 3);
    assert_int_equal(wf_queues_start(queues, &stint), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_counts_in_every_queue_above),
        cmocka_unit_test(money_is_the_exact_sum_of_its_rows),
        cmocka_unit_test(money_is_rounded_to_the_nearest),
        cmocka_unit_test(the_dearest_job_may_run),
        cmocka_unit_test(a_job_is_committed_to_what_it_has_not_cost_yet),
        cmocka_unit_test(windows_open_with_nothing_spent),
        cmocka_unit_test(the_clock_may_start_before_1970),
        cmocka_unit_test(queues_made_before_the_clock_is_set_have_used_nothing),
        cmocka_unit_test(more_stints_than_jobs_are_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
