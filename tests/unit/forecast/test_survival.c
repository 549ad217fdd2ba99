// SPDX-License-Identifier: Apache-2.0
#include "forecast/survival.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

enum { HOUR = 3600 };

static struct wf_survival_model *new_model(uint32_t zones)
{
    struct wf_survival_model *model = NULL;
    assert_int_equal(wf_survival_create(zones, &model, NULL), WF_OK);
    return model;
}

static void before_anything_is_seen_the_prior_speaks(void **state)
{
    (void)state;
    struct wf_survival_model *model = new_model(1);
    // 1 - (0.5 / 1.5) ^ 0.95
    double hour = wf_survival_change(model, 0, true, 0, HOUR);
    assert_true(fabs(hour - (1 - pow(0.5 / 1.5, 0.95))) < 1e-9);
    assert_true(wf_survival_change(model, 0, true, 12 * HOUR, HOUR) < hour / 5);
    assert_int_equal(wf_survival_change_q24(model, 0, true, 0, HOUR), lround(hour * 16777216));
    wf_survival_destroy(model);
}

// One zone changes every hour on average, the other never: they drift apart, and a third one lies
// between.
static void zones_are_learned_and_shrunk(void **state)
{
    (void)state;
    struct wf_survival_model *model = new_model(3);
    struct wf_random random;
    wf_random_init(&random, 5);
    uint32_t counts[3] = {1, 1, 1};
    double prior = wf_survival_change(model, 0, true, HOUR, HOUR);
    for (int64_t tick = 0; tick < 2000; tick++) {
        counts[0] = wf_random_below(&random, 6) == 0 ? !counts[0] : counts[0];
        counts[1] = tick == 1 ? 0 : 1;
        wf_survival_observe(model, counts, tick * 600);
    }
    double restless = wf_survival_change(model, 0, true, HOUR, HOUR);
    double calm = wf_survival_change(model, 1, true, HOUR, HOUR);
    double unseen = wf_survival_change(model, 2, true, HOUR, HOUR);
    assert_true(restless > prior && restless > calm);
    assert_true(calm < restless && unseen <= restless && unseen >= calm);
    assert_true(fabs(restless - (1 - exp(-1))) < 0.15);
    assert_true(wf_survival_age_s(model, 2) == 1999 * 600);
    wf_survival_destroy(model);
}

static void of_a_run_under_way_nothing_is_learned(void **state)
{
    (void)state;
    struct wf_survival_model *model = new_model(1);
    double before = wf_survival_change(model, 0, true, 0, HOUR);
    const uint32_t there = 1;
    for (int64_t tick = 0; tick < 100; tick++) {
        wf_survival_observe(model, &there, tick * 600);
    }
    assert_true(wf_survival_change(model, 0, true, 0, HOUR) == before);
    assert_int_equal(wf_survival_available_permille(model, 0), 1000);
    wf_survival_destroy(model);
}

static void losses_of_whole_zones_are_counted(void **state)
{
    (void)state;
    struct wf_survival_model *model = new_model(1);
    uint32_t before = wf_survival_all_lost_permille(model, 0);
    for (uint32_t tick = 0; tick < 40; tick++) {
        const uint32_t count = tick % 2 ? 0 : 8;
        wf_survival_observe(model, &count, (int64_t)tick * 600);
    }
    assert_true(wf_survival_all_lost_permille(model, 0) > 900);
    assert_int_equal(before, 400);
    wf_survival_destroy(model);
}

static void the_rest_is_longer_for_what_is_older(void **state)
{
    (void)state;
    struct wf_survival_model *model = new_model(1);
    int64_t young = wf_survival_rest_s(model, 0, true, 0, 24 * HOUR);
    int64_t old = wf_survival_rest_s(model, 0, true, 8 * HOUR, 24 * HOUR);
    assert_true(young > 0 && old > 2 * young && old < 24 * HOUR);
    wf_survival_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_anything_is_seen_the_prior_speaks),
        cmocka_unit_test(zones_are_learned_and_shrunk),
        cmocka_unit_test(of_a_run_under_way_nothing_is_learned),
        cmocka_unit_test(losses_of_whole_zones_are_counted),
        cmocka_unit_test(the_rest_is_longer_for_what_is_older),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
