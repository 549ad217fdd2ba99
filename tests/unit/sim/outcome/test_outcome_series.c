// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/outcome_series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static struct wf_outcome_series series;

static double used_in_all(void)
{
    double sum = 0;
    for (uint32_t i = 0; i < series.count; i++) {
        sum += series.buckets[i].used_gpu_hours;
    }
    return sum;
}

static void a_time_lies_in_the_buckets_that_it_touches(void **state)
{
    (void)state;
    const struct wf_outcome_moment moment = {.gpus = 8, .used = 4, .blocked = 3, .waiting = 20};
    wf_outcome_series_init(&series, 5000);
    wf_outcome_series_add(&series, 5500, 7250, &moment);
    assert_int_equal(series.count, 3);
    assert_int_equal(series.width_ms, 1000);
    assert_true(series.buckets[0].gpu_hours == 8 * (500 / 3600000.0));
    assert_true(series.buckets[1].used_gpu_hours == 4 * (1000 / 3600000.0));
    assert_true(series.buckets[2].blocked_gpu_hours == 3 * (250 / 3600000.0));
    assert_true(series.buckets[2].waiting_gpu_hours == 20 * (250 / 3600000.0));
}

static void however_long_it_takes_nothing_is_lost(void **state)
{
    (void)state;
    struct wf_random random;
    double expected = 0;
    int64_t now_ms = -7;
    wf_random_init(&random, 3);
    wf_outcome_series_init(&series, now_ms);
    for (uint32_t i = 0; i < 5000; i++) {
        int64_t until_ms = now_ms + (int64_t)wf_random_below(&random, 3600000);
        const struct wf_outcome_moment moment = {.used = (double)wf_random_below(&random, 100)};
        wf_outcome_series_add(&series, now_ms, until_ms, &moment);
        expected += moment.used * (double)(until_ms - now_ms) / 3600000;
        now_ms = until_ms;
    }
    assert_true(fabs(used_in_all() - expected) < 1e-9 * expected);
    assert_in_range(series.count, WF_OUTCOME_BUCKETS / 2, WF_OUTCOME_BUCKETS);
    assert_true(now_ms <= series.begin_ms + series.count * series.width_ms);
    assert_true(now_ms > series.begin_ms + (series.count - 1) * series.width_ms);
}

static void no_time_at_all_is_nothing(void **state)
{
    (void)state;
    const struct wf_outcome_moment moment = {.used = 1};
    wf_outcome_series_init(&series, 0);
    wf_outcome_series_add(&series, 5000, 5000, &moment);
    assert_int_equal(series.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_lies_in_the_buckets_that_it_touches),
        cmocka_unit_test(however_long_it_takes_nothing_is_lost),
        cmocka_unit_test(no_time_at_all_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
