// SPDX-License-Identifier: Apache-2.0
#include "core/queue/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compat.h"
#include "core/limits.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

// By the C library, which knows the same calendar by other means.
static int64_t civil_ms(int year, int month, int day)
{
    struct tm civil = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return (int64_t)timegm(&civil) * 1000;
}

static void month_is(int64_t at_ms, int64_t start_ms, int64_t end_ms)
{
    assert_int_equal(wf_calendar_start_ms(WF_WINDOW_MONTH, at_ms), start_ms);
    assert_int_equal(wf_calendar_end_ms(WF_WINDOW_MONTH, at_ms), end_ms);
}

static void hours_and_days_begin_at_0_of_utc(void **unused)
{
    (void)unused;
    int64_t noon = civil_ms(2024, 7, 9) + 12 * HOUR_MS;
    assert_int_equal(wf_calendar_start_ms(WF_WINDOW_HOUR, noon), noon);
    assert_int_equal(wf_calendar_start_ms(WF_WINDOW_HOUR, noon + HOUR_MS - 1), noon);
    assert_int_equal(wf_calendar_end_ms(WF_WINDOW_HOUR, noon), noon + HOUR_MS);
    assert_int_equal(wf_calendar_start_ms(WF_WINDOW_DAY, noon), civil_ms(2024, 7, 9));
    assert_int_equal(wf_calendar_end_ms(WF_WINDOW_DAY, noon), civil_ms(2024, 7, 10));
}

static void before_1970_windows_are_as_long(void **unused)
{
    (void)unused;
    assert_int_equal(wf_calendar_start_ms(WF_WINDOW_HOUR, -1), -HOUR_MS);
    assert_int_equal(wf_calendar_end_ms(WF_WINDOW_HOUR, -1), 0);
    assert_int_equal(wf_calendar_start_ms(WF_WINDOW_HOUR, -HOUR_MS), -HOUR_MS);
    assert_int_equal(wf_calendar_start_ms(WF_WINDOW_DAY, -1), -DAY_MS);
    assert_int_equal(wf_calendar_end_ms(WF_WINDOW_DAY, -DAY_MS), 0);
    month_is(-1, -31 * DAY_MS, 0);
    month_is(civil_ms(1968, 2, 29), civil_ms(1968, 2, 1), civil_ms(1968, 3, 1));
}

static void february_has_29_days_in_leap_years(void **unused)
{
    (void)unused;
    static const struct {
        int year, days;
    } cases[] = {{1900, 28}, {1996, 29}, {2000, 29}, {2023, 28},
                 {2024, 29}, {2100, 28}, {2400, 29}, {1600, 29}};
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t start = civil_ms(cases[i].year, 2, 1);
        month_is(start, start, start + cases[i].days * DAY_MS);
    }
}

static void every_month_of_a_thousand_years_is_the_library_s(void **unused)
{
    (void)unused;
    for (int year = 1500; year < 2500; year++) {
        for (int month = 1; month <= 12; month++) {
            int64_t start = civil_ms(year, month, 1);
            int64_t end = civil_ms(year, month + 1, 1);
            month_is(start, start, end);
            month_is(end - 1, start, end);
        }
    }
}

static void times_have_a_limit_on_both_sides(void **unused)
{
    (void)unused;
    month_is(WF_TIME_MS_MAX, civil_ms(9999, 12, 1), civil_ms(10000, 1, 1));
    assert_int_equal(WF_TIME_MS_MAX, civil_ms(10000, 1, 1) - 1);
    assert_true(wf_calendar_start_ms(WF_WINDOW_MONTH, -WF_TIME_MS_MAX) <= -WF_TIME_MS_MAX);
    assert_true(wf_calendar_end_ms(WF_WINDOW_MONTH, -WF_TIME_MS_MAX) > -WF_TIME_MS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_and_days_begin_at_0_of_utc),
        cmocka_unit_test(before_1970_windows_are_as_long),
        cmocka_unit_test(february_has_29_days_in_leap_years),
        cmocka_unit_test(every_month_of_a_thousand_years_is_the_library_s),
        cmocka_unit_test(times_have_a_limit_on_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
