// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const names[] = {"fgd", "best-fit", "cost-first", "random"};

static void a_slip_of_the_finger_is_understood(void **state)
{
    (void)state;
    assert_int_equal(wf_nearest_name("fdg", names, 4), 0);
    assert_int_equal(wf_nearest_name("bestfit", names, 4), 1);
    assert_int_equal(wf_nearest_name("COST-FIRST", names, 4), 2);
    assert_int_equal(wf_nearest_name("randon", names, 4), 3);
}

static void what_is_far_from_every_name_suggests_none(void **state)
{
    (void)state;
    assert_int_equal(wf_nearest_name("carbon-neutral", names, 4), UINT32_MAX);
    assert_int_equal(wf_nearest_name("", names, 4), UINT32_MAX);
    assert_int_equal(wf_nearest_name("xyz", names, 4), UINT32_MAX);
}

static void the_first_of_equally_near_names_is_taken(void **state)
{
    static const char *const twins[] = {"ab1", "ab2"};
    (void)state;
    assert_int_equal(wf_nearest_name("ab3", twins, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_of_the_finger_is_understood),
        cmocka_unit_test(what_is_far_from_every_name_suggests_none),
        cmocka_unit_test(the_first_of_equally_near_names_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
