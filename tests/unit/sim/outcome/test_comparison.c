// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/comparison.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/history/history.h"
#include "unit/sim/made_outcome.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

static struct wf_comparison comparison;
static struct wf_error err;

static struct wf_outcome started(int64_t wait_ms)
{
    return (struct wf_outcome){.start_ms = wait_ms, .end_ms = wait_ms + HOUR, .wait_ms = wait_ms};
}

static const struct wf_outcome never = {.start_ms = WF_TIME_UNKNOWN, .end_ms = WF_TIME_UNKNOWN};

static void gains_and_losses_by_hand(void **state)
{
    (void)state;
    const struct wf_outcome_job jobs[7] = {
        {.user = 1, .gpu_milli = 1000},
        {.user = 1, .gpu_milli = 1000},
        {.user = 2, .gpu_milli = 8000},
        {.user = 2, .gpu_milli = 8000},
        {.user = 3, .gpu_milli = 8000},
        {.user = 3},
        {.user = 3},
    };
    struct wf_outcome here[7] = {started(0),    started(0), started(5 * HOUR), started(MINUTE - 1),
                                 started(HOUR), never,      started(0)};
    struct wf_outcome there[7] = {started(2 * HOUR), started(3 * HOUR), started(HOUR), started(0),
                                  started(HOUR),     started(0),        never};
    const struct wf_outcome_run run = {.jobs = here};
    const struct wf_outcome_run against = {.jobs = there};
    assert_int_equal(wf_comparison_make(jobs, 7, &run, &against, &comparison, &err), WF_OK);
    assert_int_equal(comparison.compared, 5);
    assert_int_equal(comparison.gaining, 2);
    assert_int_equal(comparison.losing, 1);
    assert_true(comparison.gained_hours == 5);
    assert_true(comparison.lost_hours == 4);
    assert_int_equal(comparison.only_here, 1);
    assert_int_equal(comparison.only_there, 1);
    assert_int_equal(comparison.gain_count, 2);
    assert_int_equal(comparison.gains[0].job, 1);
    assert_int_equal(comparison.gains[0].sooner_ms, 3 * HOUR);
    assert_int_equal(comparison.loss_count, 1);
    assert_int_equal(comparison.losses[0].sooner_ms, -4 * HOUR);
    assert_int_equal(comparison.users_gaining, 1);
    assert_int_equal(comparison.user_gains[0].user, 1);
    assert_int_equal(comparison.user_gains[0].change.gaining, 2);
    assert_int_equal(comparison.user_losses[0].user, 2);
    assert_int_equal(comparison.sizes[WF_SIZE_NODE].jobs, 3);
    assert_int_equal(comparison.sizes[WF_SIZE_NODE].losing, 1);
    assert_true(fabs(comparison.mean_difference_ms - (9 * HOUR + MINUTE - 1) / 5.0) < 1e-6);
}

static void the_ten_largest_are_listed_in_order(void **state)
{
    (void)state;
    struct wf_outcome_job jobs[40] = {{0}};
    struct wf_outcome here[40];
    struct wf_outcome there[40];
    for (uint32_t i = 0; i < 40; i++) {
        // Twenty sizes, each twice, all mixed up; the one in the middle does not count.
        jobs[i].user = i;
        here[i] = started(HOUR * (i * 7 % 20));
        there[i] = started(HOUR * 10);
    }
    const struct wf_outcome_run run = {.jobs = here};
    const struct wf_outcome_run against = {.jobs = there};
    assert_int_equal(wf_comparison_make(jobs, 40, &run, &against, &comparison, &err), WF_OK);
    assert_int_equal(comparison.gaining, 20);
    assert_int_equal(comparison.losing, 18);
    assert_int_equal(comparison.gain_count, WF_COMPARISON_LIST);
    for (uint32_t i = 0; i < WF_COMPARISON_LIST; i++) {
        assert_int_equal(comparison.gains[i].sooner_ms, HOUR * (10 - i / 2));
        assert_int_equal(comparison.losses[i].sooner_ms, -HOUR * (9 - i / 2));
        assert_int_equal(comparison.user_gains[i].user, comparison.gains[i].job);
        if (i % 2 == 1) {
            assert_true(comparison.gains[i].job > comparison.gains[i - 1].job);
        }
    }
}

static void a_run_against_itself_changes_nothing(void **state)
{
    (void)state;
    struct made_history history;
    struct wf_outcome_run run;
    made_history_init(&history, 5, 300, 16, 1);
    made_run_init(&run, &history, MADE_FIFO, "fifo", 0);
    assert_int_equal(wf_comparison_make(history.jobs, history.count, &run, &run, &comparison, &err),
                     WF_OK);
    assert_int_equal(comparison.compared, 300);
    assert_int_equal(comparison.gaining + comparison.losing, 0);
    assert_true(comparison.mean_difference_ms == 0);
    made_run_finish(&run);
    made_history_finish(&history);
}

static void random_comparisons_add_up(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct made_history history;
        struct wf_outcome_run runs[2];
        double sooner_hours = 0;
        made_history_init(&history, seed, 200, 20, 1.2);
        made_run_init(&runs[0], &history, MADE_SHORTEST, "shortest", 0);
        made_run_init(&runs[1], &history, MADE_FIFO, "fifo", 0);
        assert_int_equal(
            wf_comparison_make(history.jobs, history.count, &runs[0], &runs[1], &comparison, &err),
            WF_OK);
        struct wf_group_change all = {0};
        for (uint32_t i = 0; i < WF_SIZE_CLASSES; i++) {
            all.jobs += comparison.sizes[i].jobs;
            all.gaining += comparison.sizes[i].gaining;
            all.losing += comparison.sizes[i].losing;
            all.sooner_hours += comparison.sizes[i].sooner_hours;
        }
        for (uint32_t i = 0; i < history.count; i++) {
            sooner_hours += (double)(runs[1].jobs[i].start_ms - runs[0].jobs[i].start_ms) / HOUR;
        }
        assert_int_equal(all.jobs, comparison.compared);
        assert_int_equal(all.gaining, comparison.gaining);
        assert_int_equal(all.losing, comparison.losing);
        assert_true(fabs(all.sooner_hours - sooner_hours) < 1e-6);
        made_run_finish(&runs[0]);
        made_run_finish(&runs[1]);
        made_history_finish(&history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_and_losses_by_hand),
        cmocka_unit_test(the_ten_largest_are_listed_in_order),
        cmocka_unit_test(a_run_against_itself_changes_nothing),
        cmocka_unit_test(random_comparisons_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
