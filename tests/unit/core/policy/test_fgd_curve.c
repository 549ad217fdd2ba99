// SPDX-License-Identifier: Apache-2.0
// The step table of fgd against the curve it stands for, trunc(100 / (1 + exp(-D / 1000))), in long
// double.
#include "core/policy/fgd.c" // NOLINT(bugprone-suspicious-include): the table is its own

#include <math.h>

#include "unit/core/small_cluster.h"

static int32_t definition(int64_t decrease, int64_t total)
{
    long double milli = (long double)decrease / (long double)total;
    return (int32_t)(100 / (1 + expl(-milli / 1000)));
}

static void check(int64_t decrease, int64_t total)
{
    int32_t wanted = definition(decrease, total);
    if (curve(decrease, total) != wanted) {
        fail_msg("a decrease of %lld / %lld milli-GPU has %d points, not %d", (long long)decrease,
                 (long long)total, curve(decrease, total), wanted);
    }
}

static void a_fine_grid_steps_where_the_curve_does(void **state)
{
    (void)state;
    static const int64_t totals[] = {1, 3, 8152, 999983, WF_MIX_TOTAL_MAX};
    for (unsigned i = 0; i < WF_COUNT_OF(totals); i++) {
        // Of a node's 16 GPUs all may be lost, or won: in steps of a twentieth of a milli-GPU.
        for (int64_t step = -320000; step <= 320000; step++) {
            check(step * totals[i] / 20, totals[i]);
        }
    }
}

// As near to each step as a quotient can come with totals of that size.
static void both_sides_of_each_step_are_right(void **state)
{
    (void)state;
    for (int64_t total = 1; total <= WF_MIX_TOTAL_MAX; total = total * 5 / 4 + 1) {
        for (int k = 51; k <= 99; k++) {
            int64_t at = (int64_t)(1000 * logl((long double)k / (100 - k)) * (long double)total);
            for (int64_t near = at - 2; near <= at + 2; near++) {
                check(near, total);
                check(-near, total);
            }
        }
    }
}

static void the_ends_of_the_curve_are_flat(void **state)
{
    (void)state;
    assert_int_equal(curve(0, 1), 50);
    assert_int_equal(curve(16000, 1), 99);
    assert_int_equal(curve(-16000, 1), 0);
    assert_int_equal(curve(INT64_C(16000) * WF_MIX_TOTAL_MAX, WF_MIX_TOTAL_MAX), 99);
    assert_int_equal(curve(INT64_C(-16000) * WF_MIX_TOTAL_MAX, WF_MIX_TOTAL_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fine_grid_steps_where_the_curve_does),
        cmocka_unit_test(both_sides_of_each_step_are_right),
        cmocka_unit_test(the_ends_of_the_curve_are_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
