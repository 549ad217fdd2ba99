// SPDX-License-Identifier: Apache-2.0
#include "forecast/log_grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_bucket_holds_what_lies_between_its_edges(void **state)
{
    (void)state;
    assert_int_equal(wf_log_grid_edge(0), 0);
    for (uint32_t i = 0; i < WF_LOG_GRID_BUCKETS; i++) {
        int64_t from = wf_log_grid_edge(i);
        int64_t to = wf_log_grid_edge(i + 1);
        assert_true(to > from);
        assert_int_equal(wf_log_grid_bucket(from), i);
        assert_int_equal(wf_log_grid_bucket(to - 1), i);
        assert_int_equal(wf_log_grid_bucket(from + (to - from) / 2), i);
    }
}

static void eight_buckets_make_an_octave(void **state)
{
    (void)state;
    assert_int_equal(wf_log_grid_edge(1), 1024);
    for (uint32_t i = 1; i + 8 <= WF_LOG_GRID_BUCKETS; i++) {
        int64_t twice = 2 * wf_log_grid_edge(i);
        assert_in_range(wf_log_grid_edge(i + 8), twice, twice + 1); // of what rounding cut off
    }
    // 1024 * 2^(1/8), 2^(4/8) and 2^(7/8)
    assert_int_equal(wf_log_grid_edge(2), 1116);
    assert_int_equal(wf_log_grid_edge(5), 1448);
    assert_int_equal(wf_log_grid_edge(8), 1878);
}

static void times_off_the_grid_fall_into_its_ends(void **state)
{
    (void)state;
    assert_int_equal(wf_log_grid_bucket(INT64_MIN), 0);
    assert_int_equal(wf_log_grid_bucket(-1), 0);
    assert_int_equal(wf_log_grid_bucket(1023), 0);
    assert_int_equal(wf_log_grid_bucket(1024), 1);
    assert_int_equal(wf_log_grid_bucket(INT64_C(1) << 35), WF_LOG_GRID_BUCKETS - 1);
    assert_int_equal(wf_log_grid_bucket(INT64_MAX), WF_LOG_GRID_BUCKETS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bucket_holds_what_lies_between_its_edges),
        cmocka_unit_test(eight_buckets_make_an_octave),
        cmocka_unit_test(times_off_the_grid_fall_into_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
