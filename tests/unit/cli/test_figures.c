// SPDX-License-Identifier: Apache-2.0
#include "cli/figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECOND 1000.0
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static char text[WF_NUMBER_BYTES];

static void durations_are_as_people_say_them(void **state)
{
    (void)state;
    assert_string_equal(wf_figure_duration(text, 0), "0 s");
    assert_string_equal(wf_figure_duration(text, 40), "0 s");
    assert_string_equal(wf_figure_duration(text, 400), "0.4 s");
    assert_string_equal(wf_figure_duration(text, 59 * SECOND), "59 s");
    assert_string_equal(wf_figure_duration(text, 59.6 * SECOND), "1.0 min");
    assert_string_equal(wf_figure_duration(text, 12 * MINUTE), "12 min");
    assert_string_equal(wf_figure_duration(text, 3.42 * HOUR), "3.4 h");
    assert_string_equal(wf_figure_duration(text, 9.96 * HOUR), "10 h");
    assert_string_equal(wf_figure_duration(text, 50 * HOUR), "2.1 d");
    assert_string_equal(wf_figure_duration(text, 36500 * DAY), "36,500 d");
    assert_string_equal(wf_figure_duration(text, -12 * MINUTE), "-12 min");
}

static void numbers_have_three_digits_that_count(void **state)
{
    (void)state;
    assert_string_equal(wf_figure_number(text, 0), "0");
    assert_string_equal(wf_figure_number(text, 1e-9), "0");
    assert_string_equal(wf_figure_number(text, 0.01234), "0.0123");
    assert_string_equal(wf_figure_number(text, 0.5), "0.500");
    assert_string_equal(wf_figure_number(text, 0.99961), "1.00");
    assert_string_equal(wf_figure_number(text, 1.2349), "1.23");
    assert_string_equal(wf_figure_number(text, 9.996), "10.0");
    assert_string_equal(wf_figure_number(text, 99.96), "100");
    assert_string_equal(wf_figure_number(text, 999.4), "999");
    assert_string_equal(wf_figure_number(text, 999.6), "1,000");
    assert_string_equal(wf_figure_number(text, 1234), "1,230");
    assert_string_equal(wf_figure_number(text, -1234567), "-1,230,000");
    assert_string_equal(wf_figure_number(text, 1e30), "100,000,000,000,000,000");
}

static void money_and_changes_carry_their_signs(void **state)
{
    (void)state;
    assert_string_equal(wf_figure_usd(text, 84213), "$84,200");
    assert_string_equal(wf_figure_usd(text, -1.234), "-$1.23");
    assert_string_equal(wf_figure_usd(text, -0.0), "$0");
    assert_string_equal(wf_figure_change(text, -0.382), "-38 %");
    assert_string_equal(wf_figure_change(text, 0.004), "+0.4 %");
    assert_string_equal(wf_figure_change(text, 0.0004), "0 %");
    assert_string_equal(wf_figure_change(text, 12.345), "+1,235 %");
    assert_string_equal(wf_figure_percent(text, 0.041), "0.04 %");
    assert_string_equal(wf_figure_percent(text, 0.001), "0 %");
    assert_string_equal(wf_figure_percent(text, 8.333), "8.3 %");
    assert_string_equal(wf_figure_percent(text, -82.66), "-82.7 %");
    assert_string_equal(wf_figure_percent(text, 100), "100 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_as_people_say_them),
        cmocka_unit_test(numbers_have_three_digits_that_count),
        cmocka_unit_test(money_and_changes_carry_their_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
