// SPDX-License-Identifier: Apache-2.0
#include "core/queue/fade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/limits.h"

static void half_is_left_after_a_half_life(void **unused)
{
    (void)unused;
    wf_int128 whole = (wf_int128)1 << 100;
    int64_t slice_ms = wf_fade_slice_ms(64000);
    assert_int_equal(slice_ms, 1000);
    wf_int128 half = wf_fade(whole, 0, 0, 64000, slice_ms);
    wf_int128 off = half - whole / 2;
    off = off < 0 ? -off : off;
    assert_true(off < whole / 1000000000); // the factor has 32 binary places, and 64 steps it takes
}

static void within_a_slice_nothing_fades(void **unused)
{
    (void)unused;
    assert_true(wf_fade(7, 3, 1000, 1999, 1000) == 7 + 3 * 999);
    assert_true(wf_fade(1000000, 0, 1000, 2000, 1000) == 989228); // 2^(-1/64) of it, rounded down
    assert_true(wf_fade(7, 3, -1000, -1, 1000) == 7 + 3 * 999);
    assert_true(wf_fade(1000000, 0, -1, 0, 1000) == 989228);
}

static void looking_more_often_changes_nothing(void **unused)
{
    (void)unused;
    struct wf_random random;
    wf_random_init(&random, 1);
    for (uint32_t round = 0; round < 200; round++) {
        int64_t slice_ms = 1 + (int64_t)wf_random_below(&random, 1000);
        wf_int128 per_ms = (wf_int128)wf_random_below(&random, 1u << (round % 30 + 1));
        wf_int128 sum = (wf_int128)wf_random_next(&random) * (round % 3) * 1000003;
        wf_int128 looked = sum;
        int64_t start_ms = (int64_t)wf_random_below(&random, 10000) - 5000;
        int64_t at_ms = start_ms;
        for (uint32_t look = 0; look < 100; look++) {
            int64_t next_ms = at_ms + (int64_t)wf_random_below(&random, 2000);
            looked = wf_fade(looked, per_ms, at_ms, next_ms, slice_ms);
            at_ms = next_ms;
        }
        assert_true(looked == wf_fade(sum, per_ms, start_ms, at_ms, slice_ms));
    }
}

// Where steps no longer change anything, the rest is left out: the same as taking them.
static void a_long_time_is_the_same_as_its_steps(void **unused)
{
    (void)unused;
    for (int64_t per_ms = 0; per_ms < 3; per_ms++) {
        wf_int128 stepped = (wf_int128)1 << 90;
        for (int64_t slice = 0; slice < 20000; slice++) {
            stepped = wf_fade(stepped, per_ms, slice * 10, slice * 10 + 10, 10);
        }
        assert_true(stepped == wf_fade((wf_int128)1 << 90, per_ms, 0, 200000, 10));
    }
    assert_true(wf_fade((wf_int128)1 << 90, 0, 0, 200000, 10) == 0);
    // Would take years slice by slice.
    assert_true(wf_fade(1, 1, -WF_TIME_MS_MAX, WF_TIME_MS_MAX, 1) > 0);
}

static void the_largest_sums_fit(void **unused)
{
    (void)unused;
    // All GPUs that there may be, at the highest price, for ever, with the longest memory.
    wf_int128 per_ms = (wf_int128)WF_PRICE_NANOUSD_MAX * WF_NODES_MAX * WF_NODE_GPUS_MAX;
    int64_t slice_ms = wf_fade_slice_ms(WF_HALF_LIFE_MS_MAX);
    wf_int128 sum = wf_fade(0, per_ms, -WF_TIME_MS_MAX, WF_TIME_MS_MAX, slice_ms);
    assert_true(sum > per_ms * WF_HALF_LIFE_MS_MAX);
    assert_true(sum < per_ms * WF_HALF_LIFE_MS_MAX * 3 / 2);
    assert_true(sum < (wf_int128)1 << 105); // so that it times WF_QUEUE_WEIGHT_MAX fits
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_is_left_after_a_half_life),
        cmocka_unit_test(within_a_slice_nothing_fades),
        cmocka_unit_test(looking_more_often_changes_nothing),
        cmocka_unit_test(a_long_time_is_the_same_as_its_steps),
        cmocka_unit_test(the_largest_sums_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
