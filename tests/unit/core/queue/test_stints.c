// SPDX-License-Identifier: Apache-2.0
#include "core/queue/stints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/limits.h"
#include "unit/core/small_region.h"

static struct wf_stints stints;

static uint32_t add(int64_t nanousd_per_hour, int64_t cost_nanousd, int64_t now_ms)
{
    struct wf_stint stint = {.nanousd_per_hour = nanousd_per_hour, .cost_nanousd = cost_nanousd};
    return wf_stints_add(&stints, &stint, now_ms);
}

static void more_than_the_limit_do_not_fit(void **unused)
{
    (void)unused;
    assert_int_equal(wf_stints_init(&stints, small_region(), 3, NULL), WF_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(add(1, 1, 0), i);
    }
    assert_int_equal(add(1, 1, 0), WF_NONE);
    wf_stints_remove(&stints, 1);
    assert_int_equal(add(1, 1, 0), 1);
    assert_int_equal(add(1, 1, 0), WF_NONE);
}

static void a_stint_is_paid_in_the_first_millisecond_that_covers_its_cost(void **unused)
{
    (void)unused;
    assert_int_equal(wf_stints_init(&stints, small_region(), 4, NULL), WF_OK);
    uint32_t even = add(1000, 2000, -500); // exactly two hours
    uint32_t odd = add(7, 1, -500);        // 3,600,000 / 7 = 514285.7
    assert_int_equal(stints.slots[even].paid_ms, 2 * 3600000 - 500);
    assert_int_equal(stints.slots[odd].paid_ms, 514286 - 500);
    assert_int_equal(wf_stints_take_paid(&stints, 514285 - 500), WF_NONE);
    assert_int_equal(wf_stints_take_paid(&stints, 514286 - 500), odd);
    assert_false(wf_stint_is_committed(&stints, odd));
    assert_int_equal(wf_stints_take_paid(&stints, 514286 - 500), WF_NONE);
}

static void what_costs_nothing_or_for_ever_is_never_paid(void **unused)
{
    (void)unused;
    assert_int_equal(wf_stints_init(&stints, small_region(), 4, NULL), WF_OK);
    assert_true(wf_stint_is_committed(&stints, add(0, 1, 0)));         // told a cost, yet free
    assert_true(wf_stint_is_committed(&stints, add(1, INT64_MAX, 0))); // longer than our times
    assert_false(wf_stint_is_committed(&stints, add(1, 0, 0)));        // not told
    assert_int_equal(wf_stints_take_paid(&stints, WF_TIME_MS_MAX), WF_NONE);
}

// Against looking at every stint each time.
static void stints_are_paid_when_they_should_whatever_else_ends(void **unused)
{
    (void)unused;
    enum { STINTS = 60 };
    struct wf_random random;
    wf_random_init(&random, 3);
    assert_int_equal(wf_stints_init(&stints, small_region(), STINTS, NULL), WF_OK);
    int64_t paid_ms[STINTS] = {0}; // 0: not committed
    uint32_t taken = 0, ended = 0;
    for (int64_t now_ms = 1; now_ms < 20000; now_ms++) {
        for (;;) {
            uint32_t slot = wf_stints_take_paid(&stints, now_ms);
            if (slot == WF_NONE) {
                break;
            }
            assert_true(paid_ms[slot] > 0 && paid_ms[slot] <= now_ms);
            paid_ms[slot] = 0;
            taken++;
        }
        uint32_t count = 0;
        for (uint32_t slot = 0; slot < STINTS; slot++) {
            assert_true(paid_ms[slot] == 0 || paid_ms[slot] > now_ms);
            assert_int_equal(paid_ms[slot] > 0, wf_stint_is_committed(&stints, slot));
            count += paid_ms[slot] > 0;
        }
        assert_int_equal(count, stints.heap_count);
        uint32_t chosen = (uint32_t)wf_random_below(&random, STINTS);
        if (stints.slots[chosen].used) {
            wf_stints_remove(&stints, chosen);
            ended += paid_ms[chosen] > 0;
            paid_ms[chosen] = 0;
        }
        int64_t lasts_ms = 1 + (int64_t)wf_random_below(&random, 150);
        uint32_t slot = add(3600000, lasts_ms, now_ms);
        if (slot != WF_NONE) {
            paid_ms[slot] = now_ms + lasts_ms;
        }
    }
    assert_true(taken > 1000 && ended > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_the_limit_do_not_fit),
        cmocka_unit_test(a_stint_is_paid_in_the_first_millisecond_that_covers_its_cost),
        cmocka_unit_test(what_costs_nothing_or_for_ever_is_never_paid),
        cmocka_unit_test(stints_are_paid_when_they_should_whatever_else_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
