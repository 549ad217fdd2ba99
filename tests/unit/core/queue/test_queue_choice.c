// SPDX-License-Identifier: Apache-2.0
// May this job start, does it borrow, whose turn is it, who gives back.
#include "unit/core/small_queues.h"

// Of a job that costs so much, in an hour.
static void verdict_is(const struct wf_queues *queues, uint32_t leaf, int64_t gpu_milli,
                       int64_t cost_nanousd, struct wf_queue_verdict wanted)
{
    struct wf_queue_verdict verdict = wf_queues_may_start(
        queues, (wf_queue_id){leaf}, (struct wf_queue_bid){gpu_milli, cost_nanousd, HOUR_MS});
    assert_int_equal(verdict.answer, wanted.answer);
    assert_int_equal(verdict.at.index, wanted.at.index);
    if (wanted.answer >= WF_QUEUE_OVER_BUDGET_HOLD) {
        assert_int_equal(verdict.window, wanted.window);
    }
}

static const struct wf_queue_verdict may = {WF_QUEUE_MAY, {WF_NONE}, WF_WINDOW_HOUR};

static struct wf_queue_verdict no(enum wf_queue_answer answer, uint32_t at,
                                  enum wf_budget_window window)
{
    return (struct wf_queue_verdict){answer, {at}, window};
}

static void limits_hold_at_every_level(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 10});
    small_queue(queues, 1, 0, (struct wf_queue_spec){.limit_gpu_milli = 8});
    small_queue(queues, 2, 0, (struct wf_queue_spec){0});
    verdict_is(queues, 1, 8, 0, may);
    verdict_is(queues, 1, 9, 0, no(WF_QUEUE_OVER_LIMIT, 1, 0));
    verdict_is(queues, 2, 10, 0, may);
    verdict_is(queues, 2, 11, 0, no(WF_QUEUE_OVER_LIMIT, 0, 0));
    verdict_is(queues, 1, 11, 0, no(WF_QUEUE_OVER_LIMIT, 1, 0)); // the nearest
    uint32_t stint = small_start(queues, 2, 5, 0, 0);
    verdict_is(queues, 1, 5, 0, may);
    verdict_is(queues, 1, 6, 0, no(WF_QUEUE_OVER_LIMIT, 0, 0));
    // A limit that is set below what runs stops no work without GPUs.
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 3});
    verdict_is(queues, 1, 0, 0, may);
    verdict_is(queues, 1, 1, 0, no(WF_QUEUE_OVER_LIMIT, 0, 0));
    wf_queues_stop(queues, stint);
    verdict_is(queues, 1, 3, 0, may);
}

static void a_budget_counts_what_is_spent_what_is_committed_and_the_job(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    struct wf_queue_spec spec = {
        .budgets = {[WF_WINDOW_DAY] = {100 * USD, WF_BUDGET_HOLD}},
    };
    struct wf_queue_verdict held = no(WF_QUEUE_OVER_BUDGET_HOLD, 0, WF_WINDOW_DAY);
    small_queue(queues, 0, WF_NONE, spec);
    small_queue(queues, 1, 0, (struct wf_queue_spec){0});
    verdict_is(queues, 1, 1000, 100 * USD, may);
    small_start(queues, 1, 1000, 10 * USD, 30 * USD);
    verdict_is(queues, 1, 1000, 70 * USD, may);
    verdict_is(queues, 1, 1000, 70 * USD + 1, held);
    // What is committed becomes what is spent, and the sum stays ...
    wf_queues_advance(queues, 2 * HOUR_MS + 1);
    verdict_is(queues, 1, 1000, 70 * USD, may);
    verdict_is(queues, 1, 1000, 70 * USD + 1, held);
    // ... until more is spent than was expected.
    wf_queues_advance(queues, 4 * HOUR_MS);
    verdict_is(queues, 1, 1000, 60 * USD, may);
    verdict_is(queues, 1, 1000, 60 * USD + 1, held);
    wf_queues_advance(queues, 10 * HOUR_MS);
    assert_false(small_view(queues, 0).over[WF_WINDOW_DAY]);
    verdict_is(queues, 1, 1000, 0, may);
    verdict_is(queues, 1, 1000, 1, held);
    wf_queues_advance(queues, 10 * HOUR_MS + 1);
    assert_true(small_view(queues, 0).over[WF_WINDOW_DAY]);
    verdict_is(queues, 1, 0, 0, held);
    wf_queues_advance(queues, wf_queues_window_end_ms(queues, WF_WINDOW_DAY));
    verdict_is(queues, 1, 1000, 100 * USD, may);
}

static void a_budget_that_admits_only_tells(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    struct wf_queue_spec spec = {.budgets = {[WF_WINDOW_HOUR] = {USD, WF_BUDGET_ADMIT}}};
    small_queue(queues, 0, WF_NONE, spec);
    small_start(queues, 0, 1000, USD, USD);
    assert_false(small_view(queues, 0).over[WF_WINDOW_HOUR]);
    small_start(queues, 0, 1000, 1, 1);
    assert_true(small_view(queues, 0).over[WF_WINDOW_HOUR]);
    verdict_is(queues, 0, 1000, 5 * USD, may);
}

static void a_hard_no_counts_before_a_lowered_one_and_the_nearest_first(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    struct wf_queue_spec top = {
        .limit_gpu_milli = 4000,
        .budgets = {[WF_WINDOW_HOUR] = {51, WF_BUDGET_HOLD},
                    [WF_WINDOW_DAY] = {41, WF_BUDGET_HOLD},
                    [WF_WINDOW_MONTH] = {21, WF_BUDGET_LOWER}},
    };
    struct wf_queue_spec leaf = {
        .budgets = {[WF_WINDOW_HOUR] = {11, WF_BUDGET_LOWER},
                    [WF_WINDOW_DAY] = {16, WF_BUDGET_LOWER},
                    [WF_WINDOW_MONTH] = {61, WF_BUDGET_HOLD}},
    };
    small_queue(queues, 0, WF_NONE, top);
    small_queue(queues, 1, 0, leaf);
    small_start(queues, 1, 0, 1, 1); // so that no window is empty
    verdict_is(queues, 1, 1000, 10, may);
    verdict_is(queues, 1, 1000, 11, no(WF_QUEUE_OVER_BUDGET_LOWER, 1, WF_WINDOW_HOUR));
    verdict_is(queues, 1, 1000, 16, no(WF_QUEUE_OVER_BUDGET_LOWER, 1, WF_WINDOW_DAY));
    verdict_is(queues, 1, 1000, 21, no(WF_QUEUE_OVER_BUDGET_LOWER, 1, WF_WINDOW_DAY));
    verdict_is(queues, 1, 1000, 41, no(WF_QUEUE_OVER_BUDGET_HOLD, 0, WF_WINDOW_DAY));
    verdict_is(queues, 1, 1000, 51, no(WF_QUEUE_OVER_BUDGET_HOLD, 0, WF_WINDOW_DAY));
    verdict_is(queues, 1, 1000, 61, no(WF_QUEUE_OVER_BUDGET_HOLD, 1, WF_WINDOW_MONTH));
    verdict_is(queues, 1, 4001, 11, no(WF_QUEUE_OVER_LIMIT, 0, 0));
    verdict_is(queues, 1, 4001, 61, no(WF_QUEUE_OVER_BUDGET_HOLD, 1, WF_WINDOW_MONTH));
    leaf.budgets[WF_WINDOW_HOUR].action = WF_BUDGET_ADMIT;
    leaf.budgets[WF_WINDOW_DAY].action = WF_BUDGET_ADMIT;
    small_queue(queues, 1, 0, leaf);
    verdict_is(queues, 1, 1000, 20, may);
    verdict_is(queues, 1, 1000, 21, no(WF_QUEUE_OVER_BUDGET_LOWER, 0, WF_WINDOW_MONTH));
}

// An hour's budget counts what a job costs in an hour, and a day's what it costs in a day.
static void a_budget_asks_for_no_more_than_its_window_lasts(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    struct wf_queue_spec spec = {
        .budgets = {[WF_WINDOW_HOUR] = {10 * USD, WF_BUDGET_HOLD},
                    [WF_WINDOW_DAY] = {200 * USD, WF_BUDGET_HOLD}},
    };
    const struct wf_queue_bid day = {1000, 5 * USD, DAY_MS};
    const struct wf_queue_bid more = {1000, 5 * USD + 1, HOUR_MS};
    small_queue(queues, 0, WF_NONE, spec);
    assert_int_equal(wf_queues_may_start(queues, (wf_queue_id){0}, day).answer, WF_QUEUE_MAY);
    small_start(queues, 0, 1000, 5 * USD, 120 * USD);
    // What runs counts with an hour of it, too: room for as much again, but not for more.
    spec.budgets[WF_WINDOW_DAY].limit_nanousd = 240 * USD;
    small_queue(queues, 0, WF_NONE, spec);
    assert_int_equal(wf_queues_may_start(queues, (wf_queue_id){0}, day).answer, WF_QUEUE_MAY);
    assert_int_equal(wf_queues_may_start(queues, (wf_queue_id){0}, more).window, WF_WINDOW_HOUR);
    assert_int_equal(wf_queues_may_start(queues, (wf_queue_id){0}, more).answer,
                     WF_QUEUE_OVER_BUDGET_HOLD);
    spec.budgets[WF_WINDOW_DAY].limit_nanousd = 240 * USD - 1;
    small_queue(queues, 0, WF_NONE, spec);
    assert_int_equal(wf_queues_may_start(queues, (wf_queue_id){0}, day).window, WF_WINDOW_DAY);
}

static void what_is_dearer_than_the_budget_has_a_window_to_itself(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    struct wf_queue_spec spec = {.budgets = {[WF_WINDOW_HOUR] = {10 * USD, WF_BUDGET_HOLD}}};
    struct wf_queue_verdict held = no(WF_QUEUE_OVER_BUDGET_HOLD, 0, WF_WINDOW_HOUR);
    small_queue(queues, 0, WF_NONE, spec);
    verdict_is(queues, 0, 1000, 10 * USD + 1, may);
    uint32_t stint = small_start(queues, 0, 0, 1, 1);
    verdict_is(queues, 0, 1000, 10 * USD + 1, held); // something is committed
    wf_queues_advance(queues, 1);
    wf_queues_stop(queues, stint);
    verdict_is(queues, 0, 1000, 10 * USD + 1, held); // something is spent
    verdict_is(queues, 0, 1000, 10 * USD - 1, may);
    wf_queues_advance(queues, HOUR_MS);
    verdict_is(queues, 0, 1000, 10 * USD + 1, may);
}

static void borrowing_is_told_by_how_far_up(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 20});
    small_queue(queues, 1, 0, (struct wf_queue_spec){.guarantee_gpu_milli = 8});
    small_queue(queues, 2, 0, (struct wf_queue_spec){.guarantee_gpu_milli = 8});
    small_queue(queues, 3, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 4, 3, (struct wf_queue_spec){0});
    small_start(queues, 1, 3, 0, 0);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){1}, 5), 0);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){1}, 6), 1);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){1}, 17), 1);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){1}, 18), 2);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){4}, 1), 2);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){4}, 0), 0);
    // As if a sibling had more, and then as if it had not.
    wf_queues_suppose(queues, (wf_queue_id){2}, 1);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){1}, 17), 2);
    assert_int_equal(small_view(queues, 2).used_gpu_milli, 0);
    wf_queues_suppose(queues, (wf_queue_id){2}, -1);
    assert_int_equal(wf_queues_borrow_level(queues, (wf_queue_id){1}, 17), 1);
}

static int compare(const struct wf_queues *queues, uint32_t a, uint32_t b)
{
    int order = wf_queues_compare(queues, (wf_queue_id){a}, (wf_queue_id){b});
    assert_int_equal(wf_queues_compare(queues, (wf_queue_id){b}, (wf_queue_id){a}), -order);
    return order;
}

static void less_money_for_its_weight_goes_first(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){.weight = 3});
    small_queue(queues, 1, WF_NONE, (struct wf_queue_spec){0});
    assert_true(compare(queues, 0, 1) < 0); // nothing used: by id
    assert_int_equal(compare(queues, 1, 1), 0);
    uint32_t a = small_start(queues, 0, 3000, 1, 0);
    assert_true(compare(queues, 0, 1) > 0); // holds more, though nothing has accrued
    uint32_t b = small_start(queues, 1, 999, 10, 0);
    assert_true(compare(queues, 0, 1) > 0);
    wf_queues_advance(queues, 1000);
    assert_true(compare(queues, 0, 1) < 0); // in money, though not in GPU time
    wf_queues_stop(queues, a);
    wf_queues_stop(queues, b);
    // Exactly three times as much money is even, and then GPU time tells.
    a = small_start(queues, 0, 1000, 29, 0);
    wf_queues_advance(queues, 2000);
    assert_true(small_view(queues, 0).share_money == 3 * small_view(queues, 1).share_money);
    assert_true(compare(queues, 0, 1) > 0);
    wf_queues_advance(queues, 2001);
    wf_queues_stop(queues, a);
    assert_true(compare(queues, 0, 1) > 0);
    small_start(queues, 1, 1, 10, 0);
    wf_queues_advance(queues, 2002);
    assert_true(compare(queues, 0, 1) < 0);
}

static void where_nothing_costs_anything_gpu_time_counts(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 1, WF_NONE, (struct wf_queue_spec){.weight = 2});
    uint32_t a = small_start(queues, 0, 1000, 0, 0);
    wf_queues_advance(queues, 1000);
    wf_queues_stop(queues, a);
    assert_true(compare(queues, 0, 1) > 0);
    uint32_t b = small_start(queues, 1, 2000, 0, 0);
    wf_queues_advance(queues, 1999);
    assert_true(compare(queues, 0, 1) > 0);
    wf_queues_advance(queues, 2001);
    assert_true(compare(queues, 0, 1) < 0);
    wf_queues_stop(queues, b);
}

// An hour ago counts half.
static void what_is_long_ago_counts_less(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 1, WF_NONE, (struct wf_queue_spec){0});
    uint32_t a = small_start(queues, 0, 1000, 100, 0);
    wf_queues_advance(queues, 1000);
    wf_queues_stop(queues, a);
    wf_queues_advance(queues, HOUR_MS);
    uint32_t b = small_start(queues, 1, 1000, 49, 0);
    wf_queues_advance(queues, HOUR_MS + 1000);
    assert_true(compare(queues, 0, 1) > 0);
    wf_queues_advance(queues, HOUR_MS + 1030);
    assert_true(compare(queues, 0, 1) < 0);
    wf_queues_stop(queues, b);
}

static void leaves_are_compared_below_what_they_share(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 1, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 2, 0, (struct wf_queue_spec){0});
    small_queue(queues, 3, 0, (struct wf_queue_spec){0});
    small_queue(queues, 4, 3, (struct wf_queue_spec){0});
    small_queue(queues, 5, 1, (struct wf_queue_spec){0});
    small_start(queues, 2, 1000, 50, 0);
    small_start(queues, 4, 1000, 10, 0);
    small_start(queues, 5, 1000, 55, 0);
    wf_queues_advance(queues, 10);
    assert_true(compare(queues, 2, 4) > 0); // 2 against 3
    assert_true(compare(queues, 4, 5) > 0); // 0 against 1
    assert_true(compare(queues, 2, 5) > 0);
}

// The order is one: no leaf both before and after another's siblings where queues are even.
static void even_queues_keep_their_leaves_together(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 1, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 2, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 3, 2, (struct wf_queue_spec){0});
    small_queue(queues, 4, 1, (struct wf_queue_spec){0});
    small_queue(queues, 0, 2, (struct wf_queue_spec){0});
    assert_true(compare(queues, 4, 0) < 0);
    assert_true(compare(queues, 4, 3) < 0);
    assert_true(compare(queues, 0, 3) < 0);
}

static bool reclaims(const struct wf_queues *queues, uint32_t claimant, int64_t claimant_gpu_milli,
                     uint32_t victim, int64_t victim_gpu_milli)
{
    return wf_queues_may_reclaim(queues, (wf_queue_id){claimant}, claimant_gpu_milli,
                                 (wf_queue_id){victim}, victim_gpu_milli);
}

// 0 (20) above 1 (8), 2 (8); 3 (10) above 4 (6) and 5 (0).
static struct wf_queues *two_sides(void)
{
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 20});
    small_queue(queues, 1, 0, (struct wf_queue_spec){.guarantee_gpu_milli = 8});
    small_queue(queues, 2, 0, (struct wf_queue_spec){.guarantee_gpu_milli = 8});
    small_queue(queues, 3, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 10});
    small_queue(queues, 4, 3, (struct wf_queue_spec){.guarantee_gpu_milli = 6});
    small_queue(queues, 5, 3, (struct wf_queue_spec){0});
    return queues;
}

static void what_is_guaranteed_is_taken_back(void **unused)
{
    (void)unused;
    struct wf_queues *queues = two_sides();
    small_start(queues, 4, 8, 0, 0);
    small_start(queues, 5, 12, 0, 0);
    assert_true(reclaims(queues, 1, 20, 5, 10));
    assert_false(reclaims(queues, 1, 21, 5, 10)); // past the guarantee of queue 0
    assert_false(reclaims(queues, 1, 20, 5, 11)); // below that of queue 3
    assert_true(reclaims(queues, 1, 1, 4, 2));
    assert_false(reclaims(queues, 1, 1, 4, 3));      // below that of queue 4
    assert_false(reclaims(queues, 5, 1, 5, 1));      // the same leaf
    assert_false(reclaims(queues, 4, 1, 5, 1));      // 4 has more than its guarantee already
    wf_queues_suppose(queues, (wf_queue_id){4}, -4); // as if a job of it had ended
    assert_true(reclaims(queues, 4, 2, 5, 12));
    assert_false(reclaims(queues, 4, 3, 5, 12));
    assert_true(reclaims(queues, 1, 20, 5, 6));
    assert_false(reclaims(queues, 1, 20, 5, 7));
}

static void who_has_less_than_its_guarantee_gives_nothing(void **unused)
{
    (void)unused;
    struct wf_queues *queues = two_sides();
    small_start(queues, 4, 5, 0, 0);
    small_start(queues, 5, 12, 0, 0);
    assert_false(reclaims(queues, 1, 1, 4, 1)); // though queue 3 has more than its guarantee
    assert_true(reclaims(queues, 1, 1, 5, 1));
}

static void siblings_take_back_from_each_other(void **unused)
{
    (void)unused;
    struct wf_queues *queues = two_sides();
    small_start(queues, 1, 12, 0, 0);
    assert_true(reclaims(queues, 2, 8, 1, 4));
    assert_false(reclaims(queues, 2, 9, 1, 4));
    assert_false(reclaims(queues, 2, 8, 1, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_hold_at_every_level),
        cmocka_unit_test(a_budget_counts_what_is_spent_what_is_committed_and_the_job),
        cmocka_unit_test(a_budget_that_admits_only_tells),
        cmocka_unit_test(a_hard_no_counts_before_a_lowered_one_and_the_nearest_first),
        cmocka_unit_test(a_budget_asks_for_no_more_than_its_window_lasts),
        cmocka_unit_test(what_is_dearer_than_the_budget_has_a_window_to_itself),
        cmocka_unit_test(borrowing_is_told_by_how_far_up),
        cmocka_unit_test(less_money_for_its_weight_goes_first),
        cmocka_unit_test(where_nothing_costs_anything_gpu_time_counts),
        cmocka_unit_test(what_is_long_ago_counts_less),
        cmocka_unit_test(leaves_are_compared_below_what_they_share),
        cmocka_unit_test(even_queues_keep_their_leaves_together),
        cmocka_unit_test(what_is_guaranteed_is_taken_back),
        cmocka_unit_test(who_has_less_than_its_guarantee_gives_nothing),
        cmocka_unit_test(siblings_take_back_from_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
