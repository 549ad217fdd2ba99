// SPDX-License-Identifier: Apache-2.0
#include "forecast/lifetimes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define FIRST_MS INT64_C(1700000000000)

static struct wf_lifetimes *new_lifetimes(void)
{
    struct wf_lifetimes *lifetimes = NULL;
    assert_int_equal(wf_lifetimes_create(4, &lifetimes, NULL), WF_OK);
    return lifetimes;
}

// A machine that is watched from its beginning on, by so many looks, and taken.
static int64_t live(struct wf_lifetimes *lifetimes, uint32_t kind, int64_t from_ms, int64_t ms)
{
    wf_lifetimes_begin(lifetimes, kind, from_ms, from_ms);
    wf_lifetimes_end(lifetimes, from_ms + ms, true);
    return from_ms + ms + HOUR_MS;
}

static void before_anything_is_seen_the_prior_speaks(void **state)
{
    (void)state;
    struct wf_lifetimes *lifetimes = new_lifetimes();
    assert_true(fabs(wf_lifetimes_chance(lifetimes, 0, 0, HOUR_MS) - (1 - pow(0.5 / 1.5, 0.95))) <
                1e-9);
    assert_true(fabs(wf_lifetimes_hazard_per_hour(lifetimes, 0, 0) - 0.95 * log(3)) < 1e-9);
    assert_true(wf_lifetimes_hazard_per_hour(lifetimes, 0, 12 * HOUR_MS) < 0.1);
    wf_lifetimes_destroy(lifetimes);
}

static void lives_that_are_short_raise_the_hazard_and_long_ones_lower_it(void **state)
{
    (void)state;
    struct wf_lifetimes *lifetimes = new_lifetimes();
    double prior = wf_lifetimes_hazard_per_hour(lifetimes, 0, 0);
    int64_t at_ms = FIRST_MS;
    for (uint32_t i = 0; i < 40; i++) {
        at_ms = live(lifetimes, 0, at_ms, 20 * MINUTE_MS);
        at_ms = live(lifetimes, 1, at_ms, 30 * HOUR_MS);
    }
    double restless = wf_lifetimes_hazard_per_hour(lifetimes, 0, 0);
    double calm = wf_lifetimes_hazard_per_hour(lifetimes, 1, 0);
    double unseen = wf_lifetimes_hazard_per_hour(lifetimes, 2, 0);
    assert_true(restless > 1.5 * prior && calm < prior / 2);
    assert_true(unseen > calm && unseen < restless);
    wf_lifetimes_destroy(lifetimes);
}

static void a_life_that_goes_on_teaches_too_from_when_it_is_watched(void **state)
{
    (void)state;
    struct wf_lifetimes *lifetimes = new_lifetimes();
    double young = wf_lifetimes_hazard_per_hour(lifetimes, 0, 0);
    double old = wf_lifetimes_hazard_per_hour(lifetimes, 0, 30 * HOUR_MS);
    wf_lifetimes_begin(lifetimes, 0, FIRST_MS, FIRST_MS + 20 * HOUR_MS);
    wf_lifetimes_seen(lifetimes, FIRST_MS + 2000 * HOUR_MS);
    assert_true(wf_lifetimes_hazard_per_hour(lifetimes, 0, 30 * HOUR_MS) < old * 0.75);
    // Of its first hours nothing is known here, but the type as a whole is calmer.
    assert_true(wf_lifetimes_hazard_per_hour(lifetimes, 0, 0) > young * 0.5);
    wf_lifetimes_end(lifetimes, FIRST_MS + 2001 * HOUR_MS, false);
    assert_int_equal(wf_lifetimes_score(lifetimes).taken, 0);
    wf_lifetimes_destroy(lifetimes);
}

// Half of the machines live for 20 minutes or so, the others for hours: age tells them apart.
static int64_t drawn_ms(struct wf_random *random)
{
    return wf_random_below(random, 2)
               ? (int64_t)wf_random_below(random, 40 * MINUTE_MS)
               : (int64_t)(6 * HOUR_MS + wf_random_below(random, 60 * HOUR_MS));
}

static void forecasts_are_scored_when_enough_was_seen(void **state)
{
    (void)state;
    struct wf_lifetimes *lifetimes = new_lifetimes();
    struct wf_random random;
    char text[120];
    wf_random_init(&random, 7);
    int64_t at_ms = FIRST_MS;
    for (uint32_t i = 0; i < WF_LIFETIMES_TAKEN_MIN - 1; i++) {
        at_ms = live(lifetimes, 0, at_ms, drawn_ms(&random));
    }
    struct wf_lifetimes_score score = wf_lifetimes_score(lifetimes);
    assert_false(score.is_scored);
    assert_true(score.skill == 0 && score.calibration == 0);
    wf_lifetimes_say(lifetimes, text, sizeof text);
    assert_non_null(strstr(text, "not yet scored: 9 of 10 machines"));
    for (uint32_t i = 0; i < 200; i++) {
        at_ms = live(lifetimes, 0, at_ms, drawn_ms(&random));
    }
    score = wf_lifetimes_score(lifetimes);
    assert_true(score.is_scored && score.lives == 209 && score.taken == 209);
    assert_true(score.skill > 0.05 && score.calibration < 0.02 && score.brier < 0.1);
    wf_lifetimes_say(lifetimes, text, sizeof text);
    assert_non_null(strstr(text, "Brier skill 0."));
    wf_lifetimes_destroy(lifetimes);
}

static void an_hour_that_was_cut_off_is_not_scored(void **state)
{
    (void)state;
    struct wf_lifetimes *lifetimes = new_lifetimes();
    wf_lifetimes_begin(lifetimes, 0, FIRST_MS, FIRST_MS);
    wf_lifetimes_seen(lifetimes, FIRST_MS + HOUR_MS - 1);
    assert_int_equal(wf_lifetimes_score(lifetimes).samples, 0);
    wf_lifetimes_seen(lifetimes, FIRST_MS + HOUR_MS);
    assert_int_equal(wf_lifetimes_score(lifetimes).samples, 1);
    wf_lifetimes_end(lifetimes, FIRST_MS + HOUR_MS, false);
    assert_int_equal(wf_lifetimes_score(lifetimes).samples, 1);
    (void)live(lifetimes, 0, FIRST_MS + 2 * HOUR_MS, 10 * MINUTE_MS);
    assert_int_equal(wf_lifetimes_score(lifetimes).samples, 2);
    wf_lifetimes_destroy(lifetimes);
}

static void told_in_pieces_or_at_once_is_the_same(void **state)
{
    (void)state;
    struct wf_lifetimes *pieces = new_lifetimes();
    struct wf_lifetimes *whole = new_lifetimes();
    struct wf_random random;
    wf_random_init(&random, 9);
    int64_t at_ms = FIRST_MS;
    for (uint32_t i = 0; i < 60; i++) {
        int64_t ms = drawn_ms(&random) / 1000 * 1000;
        wf_lifetimes_begin(pieces, 0, at_ms, at_ms + 5000);
        for (int64_t seen_ms = at_ms; seen_ms < at_ms + ms; seen_ms += MINUTE_MS) {
            wf_lifetimes_seen(pieces, seen_ms);
        }
        wf_lifetimes_end(pieces, at_ms + ms, i % 5 > 0);
        wf_lifetimes_begin(whole, 0, at_ms, at_ms + 5000);
        wf_lifetimes_end(whole, at_ms + ms, i % 5 > 0);
        at_ms += ms + HOUR_MS;
    }
    struct wf_lifetimes_score a = wf_lifetimes_score(pieces), b = wf_lifetimes_score(whole);
    assert_true(a.is_scored && a.samples == b.samples && a.taken == b.taken);
    assert_true(fabs(a.brier - b.brier) < 1e-9 && fabs(a.calibration - b.calibration) < 1e-9);
    assert_true(fabs(wf_lifetimes_hazard_per_hour(pieces, 0, HOUR_MS) -
                     wf_lifetimes_hazard_per_hour(whole, 0, HOUR_MS)) < 1e-9);
    wf_lifetimes_destroy(pieces);
    wf_lifetimes_destroy(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_anything_is_seen_the_prior_speaks),
        cmocka_unit_test(lives_that_are_short_raise_the_hazard_and_long_ones_lower_it),
        cmocka_unit_test(a_life_that_goes_on_teaches_too_from_when_it_is_watched),
        cmocka_unit_test(forecasts_are_scored_when_enough_was_seen),
        cmocka_unit_test(an_hour_that_was_cut_off_is_not_scored),
        cmocka_unit_test(told_in_pieces_or_at_once_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
