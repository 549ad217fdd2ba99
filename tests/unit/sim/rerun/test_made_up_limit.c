// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/made_up_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compat.h"

#define MINUTE_MS (INT64_C(60) * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define WEEK_MS (168 * HOUR_MS)

enum { DRAWS = 20000 };

static void a_limit_is_a_round_number_that_holds_the_run(void **state)
{
    (void)state;
    static const int64_t steps[] = {
        15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS, 48 * HOUR_MS, WEEK_MS,
    };
    for (uint64_t job = 0; job < DRAWS; job++) {
        int64_t run = (int64_t)(job * job * 7);
        int64_t limit = wf_made_up_limit_ms(1, job, run);
        bool known = limit > WEEK_MS && limit % WEEK_MS == 0;
        for (unsigned i = 0; i < WF_COUNT_OF(steps); i++) {
            known = known || limit == steps[i];
        }
        assert_true(known);
        assert_true(limit >= run);
    }
}

// A run of 6 minutes times 10^U: up to 15 minutes where 10^U is up to 2.5, log10 of which is .398.
static void the_exponent_is_even_from_0_to_1(void **state)
{
    (void)state;
    int quarter = 0;
    for (uint64_t job = 0; job < DRAWS; job++) {
        int64_t limit = wf_made_up_limit_ms(9, job, 6 * MINUTE_MS);
        assert_true(limit == 15 * MINUTE_MS || limit == HOUR_MS);
        quarter += limit == 15 * MINUTE_MS;
    }
    // 20,000 * .398 = 7,959, five standard deviations of 69
    assert_in_range(quarter, 7959 - 346, 7959 + 346);
    for (uint64_t job = 0; job < DRAWS; job++) {
        assert_true(wf_made_up_limit_ms(9, job, 6 * MINUTE_MS - 1) <= HOUR_MS); // never 10 times
    }
}

// The same figures stand in the bench's Python (bench/queue-workloads), which must make up the
// same.
static void a_seed_and_a_job_give_the_same_limit_for_ever(void **state)
{
    (void)state;
    static const int64_t minutes[] = {60, 240, 60, 60, 60, 240, 60, 240};
    for (uint64_t job = 0; job < WF_COUNT_OF(minutes); job++) {
        assert_int_equal(wf_made_up_limit_ms(42, job, 20 * MINUTE_MS) / MINUTE_MS, minutes[job]);
    }
    // Asked again, and in another order, it is the same.
    for (uint64_t job = WF_COUNT_OF(minutes); job-- > 0;) {
        assert_int_equal(wf_made_up_limit_ms(42, job, 20 * MINUTE_MS) / MINUTE_MS, minutes[job]);
    }
}

static void another_seed_makes_up_other_limits(void **state)
{
    (void)state;
    int differ = 0;
    for (uint64_t job = 0; job < 1000; job++) {
        differ += wf_made_up_limit_ms(1, job, HOUR_MS) != wf_made_up_limit_ms(2, job, HOUR_MS);
    }
    assert_in_range(differ, 300, 900);
}

static void impossible_runs_get_a_limit_too(void **state)
{
    (void)state;
    assert_int_equal(wf_made_up_limit_ms(1, 1, -5), 15 * MINUTE_MS);
    assert_int_equal(wf_made_up_limit_ms(1, 1, 0), 15 * MINUTE_MS);
    assert_true(wf_made_up_limit_ms(1, 1, INT64_MAX) >= WF_MADE_UP_RUN_MS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_is_a_round_number_that_holds_the_run),
        cmocka_unit_test(the_exponent_is_even_from_0_to_1),
        cmocka_unit_test(a_seed_and_a_job_give_the_same_limit_for_ever),
        cmocka_unit_test(another_seed_makes_up_other_limits),
        cmocka_unit_test(impossible_runs_get_a_limit_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
