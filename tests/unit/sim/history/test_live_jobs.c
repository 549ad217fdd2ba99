// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "sim/history/live_jobs.h"

enum { NUMBERS = 600, STEPS = 200000 };

// Held against a plain array: numbers come and go, few enough to meet the same places again.
static void jobs_that_come_and_go_are_found(void **state)
{
    (void)state;
    struct wf_live_jobs jobs = {0};
    struct wf_random random;
    bool here[NUMBERS] = {false};
    uint32_t count = 0;
    wf_random_init(&random, 7);
    assert_null(wf_live_jobs_find(&jobs, 1));
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t i = (uint32_t)wf_random_below(&random, NUMBERS);
        uint64_t number = UINT64_MAX - i;
        struct wf_live_job *job = wf_live_jobs_find(&jobs, number);
        assert_int_equal(job != NULL, here[i]);
        if (job) {
            assert_true(job->number == number && job->index == i);
            wf_live_jobs_remove(&jobs, job);
            count--;
        } else {
            assert_int_equal(wf_live_jobs_add(&jobs, number, i, NULL), WF_OK);
            count++;
        }
        here[i] = !here[i];
        assert_int_equal(jobs.count, count);
    }
    wf_live_jobs_finish(&jobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_that_come_and_go_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
