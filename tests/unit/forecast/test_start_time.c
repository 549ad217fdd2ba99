// SPDX-License-Identifier: Apache-2.0
#include "forecast/start_time.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

#define HOUR_MS INT64_C(3600000)

static struct wf_start_time_model *new_model(void)
{
    struct wf_start_time_model *model = NULL;
    assert_int_equal(wf_start_time_create(500, &model, NULL), WF_OK);
    return model;
}

static struct wf_start_time_question asks(int64_t estimate_ms)
{
    return (struct wf_start_time_question){.estimate_ms = estimate_ms, .gpu_milli = 1000};
}

static double unit(struct wf_random *random)
{
    return (double)wf_random_below(random, 1000000) / 1e6;
}

// Waits that are the estimate times 10^U(-1, 0.5): of jobs asked one after the other, each before
// the one before has started.
static void eight_of_ten_start_within_the_range(void **state)
{
    (void)state;
    enum { JOBS = 4000, OPEN = 8 };
    struct wf_start_time_model *model = new_model();
    struct wf_random random;
    wf_random_init(&random, 7);
    uint64_t samples[OPEN];
    int64_t starts_ms[OPEN];
    for (unsigned i = 0; i < OPEN; i++) {
        samples[i] = WF_START_TIME_NONE;
        starts_ms[i] = 0;
    }
    uint32_t inside = 0, asked = 0;
    for (unsigned i = 0; i < JOBS; i++) {
        int64_t now_ms = (int64_t)i * HOUR_MS;
        for (unsigned j = 0; j < OPEN; j++) {
            if (samples[j] != WF_START_TIME_NONE && starts_ms[j] <= now_ms) {
                wf_start_time_started(model, samples[j], starts_ms[j]);
                samples[j] = WF_START_TIME_NONE;
            }
        }
        unsigned at = i % OPEN;
        if (samples[at] != WF_START_TIME_NONE) {
            continue;
        }
        int64_t estimate_ms = HOUR_MS * (int64_t)(1 + wf_random_below(&random, 4));
        struct wf_start_time_question question = asks(estimate_ms);
        struct wf_start_time_points points;
        wf_start_time_predict(model, &question, now_ms, &points);
        samples[at] = wf_start_time_ask(model, &question, now_ms);
        int64_t wait_ms = (int64_t)((double)estimate_ms * pow(10, 1.5 * unit(&random) - 1));
        starts_ms[at] = now_ms + wait_ms;
        if (i > JOBS / 10) {
            asked++;
            inside += wait_ms >= points.low_ms && wait_ms <= points.high_ms;
            assert_true(points.low_ms <= points.middle_ms && points.middle_ms <= points.high_ms);
        }
    }
    assert_in_range(inside * 1000 / asked, 750, 850);
    wf_start_time_destroy(model);
}

static void those_that_still_wait_count_as_at_least_so_long(void **state)
{
    (void)state;
    struct wf_start_time_question question = asks(HOUR_MS);
    struct wf_start_time_points alone, together;
    struct wf_start_time_model *models[] = {new_model(), new_model()};
    for (unsigned i = 0; i < 40; i++) {
        for (unsigned m = 0; m < 2; m++) {
            uint64_t sample = wf_start_time_ask(models[m], &question, 0);
            if (i % 2 == 0) {
                wf_start_time_started(models[m], sample, HOUR_MS / 2);
            } else if (m == 0) {
                wf_start_time_left(models[m], sample, 1);
            }
        }
    }
    wf_start_time_predict(models[0], &question, 20 * HOUR_MS, &alone);
    wf_start_time_predict(models[1], &question, 20 * HOUR_MS, &together);
    assert_true(alone.high_ms < HOUR_MS);
    assert_true(together.high_ms > 19 * HOUR_MS);
    wf_start_time_destroy(models[0]);
    wf_start_time_destroy(models[1]);
}

static void questions_that_are_alike_weigh_more(void **state)
{
    (void)state;
    struct wf_start_time_model *model = new_model();
    struct wf_start_time_question soon = asks(60000), late = asks(100 * HOUR_MS);
    for (unsigned i = 0; i < 50; i++) {
        wf_start_time_started(model, wf_start_time_ask(model, &soon, 0), 600000);
        wf_start_time_started(model, wf_start_time_ask(model, &late, 0), HOUR_MS);
    }
    struct wf_start_time_points points;
    wf_start_time_predict(model, &soon, HOUR_MS, &points);
    assert_in_range(points.middle_ms, 500000, 700000);
    wf_start_time_predict(model, &late, HOUR_MS, &points);
    assert_in_range(points.middle_ms, HOUR_MS * 8 / 10, HOUR_MS * 12 / 10);
    wf_start_time_destroy(model);
}

static void a_sample_that_newer_ones_pushed_out_is_passed_over(void **state)
{
    (void)state;
    struct wf_start_time_model *model = NULL;
    assert_int_equal(wf_start_time_create(2, &model, NULL), WF_OK);
    struct wf_start_time_question question = asks(HOUR_MS);
    uint64_t first = wf_start_time_ask(model, &question, 0);
    (void)wf_start_time_ask(model, &question, 0);
    (void)wf_start_time_ask(model, &question, 0);
    struct wf_start_time_points before, after;
    wf_start_time_predict(model, &question, 1, &before);
    wf_start_time_started(model, first, 1);
    wf_start_time_started(model, WF_START_TIME_NONE, 1);
    wf_start_time_predict(model, &question, 1, &after);
    assert_int_equal(before.middle_ms, after.middle_ms);
    wf_start_time_destroy(model);
}

static void no_samples_cannot_be_kept(void **state)
{
    (void)state;
    struct wf_start_time_model *model = NULL;
    struct wf_error err;
    assert_int_equal(wf_start_time_create(0, &model, &err), WF_INVALID);
    assert_string_equal(err.text, "start times of 0 jobs: 1 to 1000000 can be kept");
    wf_start_time_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_of_ten_start_within_the_range),
        cmocka_unit_test(those_that_still_wait_count_as_at_least_so_long),
        cmocka_unit_test(questions_that_are_alike_weigh_more),
        cmocka_unit_test(a_sample_that_newer_ones_pushed_out_is_passed_over),
        cmocka_unit_test(no_samples_cannot_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
