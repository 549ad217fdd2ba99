// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/clock.h"

static void it_follows_the_wall_clock_forward(void **unused)
{
    (void)unused;
    struct wf_clock clock = {.wall_ms = 1000, .boot_ms = 50};
    assert_int_equal(wf_clock_advance(&clock, 1010, 60), 1010);
    assert_int_equal(wf_clock_advance(&clock, 9000, 70), 9000);
}

static void it_goes_on_while_the_wall_clock_is_set_back(void **unused)
{
    (void)unused;
    struct wf_clock clock = {.wall_ms = 1000, .boot_ms = 50};
    assert_int_equal(wf_clock_advance(&clock, 200, 60), 1010);
    assert_int_equal(wf_clock_advance(&clock, 700, 560), 1510); // at its own pace
    assert_int_equal(wf_clock_advance(&clock, 2000, 570), 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_the_wall_clock_forward),
        cmocka_unit_test(it_goes_on_while_the_wall_clock_is_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
