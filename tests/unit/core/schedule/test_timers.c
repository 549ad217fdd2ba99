// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/schedule/timers.h"
#include "unit/core/small_region.h"

enum { JOBS = 50 };

static struct wf_timers some(uint32_t jobs)
{
    struct wf_timers timers;
    assert_int_equal(wf_timers_init(&timers, small_region(), jobs, NULL), WF_OK);
    return timers;
}

static void without_times_there_is_none(void **unused)
{
    (void)unused;
    struct wf_timers timers = some(3);
    uint32_t job;
    assert_true(wf_timers_first(&timers, &job) == INT64_MAX);
    wf_timers_set(&timers, 1, INT64_MAX);
    assert_true(wf_timers_first(&timers, &job) == INT64_MAX);
}

static void the_earliest_goes_first_and_of_equals_the_lowest(void **unused)
{
    (void)unused;
    struct wf_timers timers = some(4);
    uint32_t job;
    wf_timers_set(&timers, 3, 10);
    wf_timers_set(&timers, 1, 10);
    wf_timers_set(&timers, 2, 20);
    assert_int_equal(wf_timers_first(&timers, &job), 10);
    assert_int_equal(job, 1);
    wf_timers_set(&timers, 1, 30); // in place of the time it had
    assert_int_equal(wf_timers_first(&timers, &job), 10);
    assert_int_equal(job, 3);
    wf_timers_set(&timers, 2, -5);
    assert_int_equal(wf_timers_first(&timers, &job), -5);
    assert_int_equal(job, 2);
    wf_timers_set(&timers, 2, INT64_MAX);
    wf_timers_set(&timers, 3, INT64_MAX);
    assert_int_equal(wf_timers_first(&timers, &job), 30);
    assert_int_equal(job, 1);
}

// Against looking at all of them.
static void whatever_is_set_and_taken_back(void **unused)
{
    (void)unused;
    struct wf_timers timers = some(JOBS);
    int64_t at_ms[JOBS];
    for (uint32_t i = 0; i < JOBS; i++) {
        at_ms[i] = INT64_MAX;
    }
    struct wf_random random;
    wf_random_init(&random, 1);
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t job = (uint32_t)wf_random_below(&random, JOBS);
        bool none = wf_random_below(&random, 3) == 0;
        at_ms[job] = none ? INT64_MAX : (int64_t)wf_random_below(&random, 40);
        wf_timers_set(&timers, job, at_ms[job]);
        uint32_t best = 0;
        for (uint32_t i = 1; i < JOBS; i++) {
            best = at_ms[i] < at_ms[best] ? i : best;
        }
        uint32_t first = best;
        assert_true(wf_timers_first(&timers, &first) == at_ms[best]);
        assert_int_equal(first, best);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_times_there_is_none),
        cmocka_unit_test(the_earliest_goes_first_and_of_equals_the_lowest),
        cmocka_unit_test(whatever_is_set_and_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
