// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_told(int64_t milli, int64_t dollars, const char *words)
{
    char text[WF_DIFFERENCE_BYTES];
    struct wf_difference difference = {
        .policy = "cost-first",
        .against = "fgd",
        .more_gpu_milli = milli,
        .more_nanousd_per_hour = dollars * 1000000000,
    };
    assert_string_equal(wf_difference_text(text, &difference), words);
}

static void more_and_fewer_are_told_with_what_they_are_worth(void **state)
{
    (void)state;
    assert_told(431499, 1184,
                "cost-first has 431 more GPUs at work than fgd, worth $1,184 an hour at list "
                "prices");
    assert_told(-1000, -3,
                "cost-first has 1 fewer GPU at work than fgd, worth $3.00 an hour at list prices");
    assert_told(499, 1, "cost-first has as many GPUs at work as fgd");
}

static void dearer_gpus_may_make_up_for_fewer(void **state)
{
    (void)state;
    assert_told(-2000, 30,
                "cost-first has 2 fewer GPUs at work than fgd, yet worth $30 an hour more at list "
                "prices");
    assert_told(2000, -30,
                "cost-first has 2 more GPUs at work than fgd, yet worth $30 an hour less at list "
                "prices");
}

static void long_names_are_cut(void **state)
{
    char text[WF_DIFFERENCE_BYTES];
    char name[400];
    (void)state;
    for (uint32_t i = 0; i < sizeof name; i++) {
        name[i] = i + 1 < sizeof name ? 'x' : '\0';
    }
    struct wf_difference difference = {name, name, INT64_MAX / 2, INT64_MIN + 1, true};
    wf_difference_text(text, &difference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_and_fewer_are_told_with_what_they_are_worth),
        cmocka_unit_test(dearer_gpus_may_make_up_for_fewer),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
