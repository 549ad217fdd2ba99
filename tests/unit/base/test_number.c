// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char text[WF_NUMBER_BYTES];

static void counts_have_commas(void **state)
{
    (void)state;
    assert_string_equal(wf_number_count(text, 0), "0");
    assert_string_equal(wf_number_count(text, 999), "999");
    assert_string_equal(wf_number_count(text, 1005), "1,005");
    assert_string_equal(wf_number_count(text, -12034056), "-12,034,056");
    assert_string_equal(wf_number_count(text, INT64_MIN), "-9,223,372,036,854,775,808");
}

static void percentages_have_one_place(void **state)
{
    (void)state;
    assert_string_equal(wf_number_percent(text, 1, 3), "33.3 %");
    assert_string_equal(wf_number_percent(text, 0, 0), "0.0 %");
}

static void dollars_have_the_places_that_matter(void **state)
{
    (void)state;
    assert_string_equal(wf_number_dollars(text, 0), "$0");
    assert_string_equal(wf_number_dollars(text, INT64_C(-499999)), "$0");
    assert_string_equal(wf_number_dollars(text, INT64_C(45400000)), "$0.045");
    assert_string_equal(wf_number_dollars(text, INT64_C(99500000)), "$0.10");
    assert_string_equal(wf_number_dollars(text, INT64_C(526000000)), "$0.53");
    assert_string_equal(wf_number_dollars(text, INT64_C(-9994000000)), "-$9.99");
    assert_string_equal(wf_number_dollars(text, INT64_C(9996000000)), "$10");
    assert_string_equal(wf_number_dollars(text, INT64_C(1234567000000)), "$1,235");
    assert_string_equal(wf_number_dollars_column(text, INT64_C(-1234567000)), "-1.235");
    assert_string_equal(wf_number_dollars_column(text, INT64_C(-400000)), "0.000");
}

static void thousandths_lose_their_zeros(void **state)
{
    (void)state;
    assert_string_equal(wf_number_thousandths(text, 0), "0");
    assert_string_equal(wf_number_thousandths(text, 8000), "8");
    assert_string_equal(wf_number_thousandths(text, 2500), "2.5");
    assert_string_equal(wf_number_thousandths(text, 45), "0.045");
    assert_string_equal(wf_number_thousandths(text, 1000010), "1,000.01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(percentages_have_one_place),
        cmocka_unit_test(dollars_have_the_places_that_matter),
        cmocka_unit_test(thousandths_lose_their_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
