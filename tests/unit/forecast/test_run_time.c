// SPDX-License-Identifier: Apache-2.0
#include "forecast/run_time.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/random.h"

#define MINUTE_MS (INT64_C(60) * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static const struct wf_run_time_key nobody = {0};

static struct wf_run_time_model *make(uint32_t kinds)
{
    struct wf_run_time_model *model = NULL;
    struct wf_error err = {0};
    if (wf_run_time_create(kinds, &model, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return model;
}

static struct wf_run_time_points predict(const struct wf_run_time_model *model,
                                         struct wf_run_time_key key, int64_t limit_ms)
{
    struct wf_run_time_points points;
    wf_run_time_predict(model, &key, limit_ms, &points);
    return points;
}

static struct wf_run_time_points predict_rest(const struct wf_run_time_model *model,
                                              struct wf_run_time_key key, int64_t limit_ms,
                                              int64_t ran_ms)
{
    struct wf_run_time_points points;
    wf_run_time_predict_rest(model, &key, limit_ms, ran_ms, &points);
    return points;
}

static void learn(struct wf_run_time_model *model, struct wf_run_time_key key, int64_t limit_ms,
                  int64_t run_ms, int times)
{
    for (int i = 0; i < times; i++) {
        wf_run_time_learn(model, &key, limit_ms, run_ms, false);
    }
}

static void ascending_within(const struct wf_run_time_points *points, int64_t most)
{
    assert_true(points->ms[0] >= 1);
    for (int i = 1; i < 5; i++) {
        assert_true(points->ms[i] >= points->ms[i - 1]);
    }
    assert_true(points->ms[4] <= most);
    assert_true(points->mean_ms >= 1 && points->mean_ms <= most);
}

static void about(int64_t ms, int64_t expected, int percent)
{
    if (ms < expected / 100 * (100 - percent) || ms > expected / 100 * (100 + percent)) {
        fail_msg("%.3f minutes instead of %.3f", (double)ms / MINUTE_MS,
                 (double)expected / MINUTE_MS);
    }
}

// 20^(1 - q) of the limit is left out by q of what is even in its logarithm.
static void without_history_the_limit_is_used_from_a_twentieth_up(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(10);
    struct wf_run_time_points points = predict(model, nobody, 20 * HOUR_MS);
    about(points.ms[0], (int64_t)(pow(20, 0.1) * HOUR_MS), 10);
    about(points.ms[1], (int64_t)(pow(20, 0.3) * HOUR_MS), 10);
    about(points.ms[2], (int64_t)(pow(20, 0.5) * HOUR_MS), 10);
    about(points.ms[3], (int64_t)(pow(20, 0.7) * HOUR_MS), 10);
    about(points.ms[4], (int64_t)(pow(20, 0.9) * HOUR_MS), 10);
    about(points.mean_ms, (int64_t)(19 / log(20) * HOUR_MS), 10);
    wf_run_time_destroy(model);
}

static void without_history_or_limit_a_minute_to_a_week(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(10);
    struct wf_run_time_points points = predict(model, nobody, 0);
    about(points.ms[0], (int64_t)(pow(10080, 0.1) * MINUTE_MS), 10);
    about(points.ms[2], (int64_t)(pow(10080, 0.5) * MINUTE_MS), 10);
    about(points.ms[4], (int64_t)(pow(10080, 0.9) * MINUTE_MS), 10);
    wf_run_time_destroy(model);
}

static void what_repeats_is_soon_known(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_key key = {.user = 3, .name = 4, .queue = 1, .shape = 99};
    learn(model, key, DAY_MS, 90 * MINUTE_MS, 15);
    struct wf_run_time_points points = predict(model, key, DAY_MS);
    about(points.ms[1], 90 * MINUTE_MS, 15);
    about(points.ms[2], 90 * MINUTE_MS, 10);
    about(points.ms[3], 90 * MINUTE_MS, 15);
    // Others with that limit are expected to do alike, though less surely.
    struct wf_run_time_points other =
        predict(model, (struct wf_run_time_key){.user = 8, .name = 9}, DAY_MS);
    about(other.ms[2], 90 * MINUTE_MS, 20);
    assert_true(other.ms[4] - other.ms[0] >= points.ms[4] - points.ms[0]);
    wf_run_time_destroy(model);
}

// What tells least about a job counts only where nothing tells more.
static void the_narrowest_kind_wins_then_the_next(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_key known = {.user = 1, .name = 1, .queue = 1, .shape = 1};
    struct wf_run_time_key other_name = {.user = 1, .name = 2, .queue = 1, .shape = 1};
    struct wf_run_time_key other_user = {.user = 2, .name = 1, .queue = 1, .shape = 1};
    struct wf_run_time_key other_shape = {.user = 3, .name = 1, .queue = 1, .shape = 2};
    struct wf_run_time_key other_queue = {.user = 4, .name = 1, .queue = 2, .shape = 3};
    for (int i = 0; i < 40; i++) {
        learn(model, other_queue, DAY_MS, 20 * HOUR_MS, 1);
        learn(model, other_shape, DAY_MS, 5 * HOUR_MS, 1);
        learn(model, other_user, DAY_MS, HOUR_MS, 1);
        learn(model, other_name, DAY_MS, 15 * MINUTE_MS, 1);
        learn(model, known, DAY_MS, 3 * MINUTE_MS, 1);
    }
    about(predict(model, known, DAY_MS).ms[2], 3 * MINUTE_MS, 15);
    about(predict(model, other_name, DAY_MS).ms[2], 15 * MINUTE_MS, 15);
    about(predict(model, other_user, DAY_MS).ms[2], HOUR_MS, 15);
    about(predict(model, other_shape, DAY_MS).ms[2], 5 * HOUR_MS, 15);
    about(predict(model, other_queue, DAY_MS).ms[2], 20 * HOUR_MS, 15);
    struct wf_run_time_key new_name = {.user = 2, .name = 7, .queue = 9, .shape = 9};
    about(predict(model, new_name, DAY_MS).ms[2], HOUR_MS, 15); // as its user's jobs
    struct wf_run_time_key new_user = {.user = 9, .name = 7, .queue = 9, .shape = 2};
    about(predict(model, new_user, DAY_MS).ms[2], 5 * HOUR_MS, 15); // as its shape's
    struct wf_run_time_key new_shape = {.user = 9, .name = 7, .queue = 2, .shape = 8};
    about(predict(model, new_shape, DAY_MS).ms[2], 20 * HOUR_MS, 15); // as its queue's
    wf_run_time_destroy(model);
}

// All jobs have one user and one name, and only their limits tell them apart.
static void a_name_that_tells_nothing_does_not_drown_the_limit(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_key key = {.user = 1, .name = 1};
    for (int i = 0; i < 60; i++) {
        learn(model, key, HOUR_MS, 30 * MINUTE_MS, 1);
        learn(model, key, DAY_MS, 12 * HOUR_MS, 1);
    }
    about(predict(model, key, HOUR_MS).ms[2], 30 * MINUTE_MS, 15);
    about(predict(model, key, DAY_MS).ms[2], 12 * HOUR_MS, 15);
    wf_run_time_destroy(model);
}

static void how_limits_are_used_holds_for_a_limit_never_seen(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    for (int i = 0; i < 30; i++) {
        learn(model, nobody, HOUR_MS, 15 * MINUTE_MS, 1);
        learn(model, nobody, DAY_MS, 6 * HOUR_MS, 1);
    }
    about(predict(model, nobody, 4 * HOUR_MS).ms[2], HOUR_MS, 15); // a quarter
    wf_run_time_destroy(model);
}

static void newer_runs_weigh_more(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_key key = {.user = 1, .name = 1};
    learn(model, key, DAY_MS, HOUR_MS, 40);
    learn(model, key, DAY_MS, 10 * HOUR_MS, 12);
    about(predict(model, key, DAY_MS).ms[2], 10 * HOUR_MS, 15);
    wf_run_time_destroy(model);
}

static void a_run_that_was_cut_would_have_gone_on(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_key key = {.user = 1, .name = 1};
    for (int i = 0; i < 20; i++) {
        wf_run_time_learn(model, &key, HOUR_MS, HOUR_MS, true);
    }
    // With the same limit it runs to it again; with a longer one it runs longer.
    assert_true(predict(model, key, HOUR_MS).ms[2] > 54 * MINUTE_MS);
    assert_true(predict(model, key, HOUR_MS).ms[4] <= HOUR_MS);
    struct wf_run_time_points longer = predict(model, key, DAY_MS);
    assert_true(longer.ms[0] > 54 * MINUTE_MS);
    assert_true(longer.ms[2] > 2 * HOUR_MS);
    wf_run_time_destroy(model);
}

static void what_ran_past_this_limit_tells_nothing_here(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_key key = {.user = 1, .name = 1};
    learn(model, key, DAY_MS, 12 * HOUR_MS, 20);
    struct wf_run_time_points points = predict(model, key, HOUR_MS);
    ascending_within(&points, HOUR_MS);
    assert_true(points.ms[0] < 40 * MINUTE_MS);
    wf_run_time_destroy(model);
}

static void the_rest_is_what_longer_runs_had_left(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_key key = {.user = 1, .name = 1};
    for (int i = 0; i < 40; i++) {
        learn(model, key, DAY_MS, i % 2 ? 10 * MINUTE_MS : 10 * HOUR_MS, 1);
    }
    assert_true(predict(model, key, DAY_MS).ms[1] < 15 * MINUTE_MS);
    struct wf_run_time_points rest = predict_rest(model, key, DAY_MS, HOUR_MS);
    about(rest.ms[2], 9 * HOUR_MS, 15);
    rest = predict_rest(model, key, DAY_MS, 23 * HOUR_MS);
    ascending_within(&rest, HOUR_MS);
    wf_run_time_destroy(model);
}

static void nothing_is_left_at_the_limit(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    for (int i = 0; i < 2; i++) {
        struct wf_run_time_points rest = predict_rest(model, nobody, HOUR_MS, HOUR_MS + i);
        ascending_within(&rest, 1);
        learn(model, nobody, HOUR_MS, HOUR_MS, 3);
    }
    wf_run_time_destroy(model);
}

// Whatever has run for longer than all others may go on for as long again.
static void what_outlasted_all_goes_on_as_long_again(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(1000);
    struct wf_run_time_points rest = predict_rest(model, nobody, 0, 30 * DAY_MS);
    about(rest.ms[2], 30 * DAY_MS, 1);
    about(rest.ms[4], 270 * DAY_MS, 1);
    ascending_within(&rest, INT64_MAX);
    rest = predict_rest(model, nobody, 1000 * DAY_MS, 900 * DAY_MS);
    ascending_within(&rest, 100 * DAY_MS);
    rest = predict_rest(model, nobody, 0, INT64_MAX - 1);
    ascending_within(&rest, 1);
    wf_run_time_destroy(model);
}

// Whatever was learned, points ascend, stay within the limit, and what is left within what is left
// of it.
static void points_always_keep_their_order_and_the_limit(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(60);
    struct wf_random random;
    wf_random_init(&random, 11);
    for (int i = 0; i < 20000; i++) {
        struct wf_run_time_key key = {
            .user = (uint32_t)wf_random_below(&random, 4),
            .name = (uint32_t)wf_random_below(&random, 6),
            .queue = (uint32_t)wf_random_below(&random, 3),
            .shape = wf_random_below(&random, 3),
        };
        int64_t limit = (int64_t)(wf_random_next(&random) >> (1 + wf_random_below(&random, 63)));
        int64_t run = (int64_t)(wf_random_next(&random) >> (1 + wf_random_below(&random, 63)));
        int64_t ran = (int64_t)(wf_random_next(&random) >> (1 + wf_random_below(&random, 63)));
        limit = i % 5 ? limit : 0;
        int64_t most = limit > 0 ? limit : INT64_MAX;
        struct wf_run_time_points points = predict(model, key, limit);
        ascending_within(&points, most);
        points = predict_rest(model, key, limit, ran);
        ascending_within(&points, most > ran ? most - ran : 1);
        wf_run_time_learn(model, &key, limit, run, i % 7 == 0);
    }
    wf_run_time_destroy(model);
}

// Sum of twelve draws: near enough to a normal one for a test.
static double normal(struct wf_random *random)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += (double)(wf_random_next(random) >> 11) / 9007199254740992.0;
    }
    return sum;
}

// Forty users with five names each; a name's run times scatter around their own middle by a factor
// of e^0.4. Each point must cover the share of runs that it says.
static void points_cover_the_share_that_they_say(void **state)
{
    (void)state;
    enum { NAMES = 200, JOBS = 12000, WARM_UP = 3000 };
    struct wf_run_time_model *model = make(10000);
    struct wf_random random;
    wf_random_init(&random, 77);
    double middle[NAMES];
    for (int i = 0; i < NAMES; i++) {
        middle[i] = 8 + 1.3 * normal(&random); // around e^8 s = 50 minutes
    }
    double covered[5] = {0};
    double error = 0;
    for (int i = 0; i < JOBS; i++) {
        uint32_t name = (uint32_t)wf_random_below(&random, NAMES);
        struct wf_run_time_key key = {.user = name % 40 + 1, .name = name + 1, .queue = 1};
        double log_run = middle[name] + 0.4 * normal(&random);
        int64_t run = (int64_t)(exp(log_run) * 1000);
        struct wf_run_time_points points = predict(model, key, 7 * DAY_MS);
        wf_run_time_learn(model, &key, 7 * DAY_MS, run, false);
        if (i >= WARM_UP) {
            error += fabs(log((double)points.ms[2] / 1000) - log_run);
            for (int point = 0; point < 5; point++) {
                covered[point] += run <= points.ms[point];
            }
        }
    }
    static const double said[5] = {0.1, 0.3, 0.5, 0.7, 0.9};
    for (int point = 0; point < 5; point++) {
        double share = covered[point] / (JOBS - WARM_UP);
        if (fabs(share - said[point]) > 0.04) {
            fail_msg("the point of %.0f %% covers %.1f %%", said[point] * 100, share * 100);
        }
    }
    // A median that knew each name's middle would be off by 0.4 * sqrt(2 / pi) = .32.
    assert_true(error / (JOBS - WARM_UP) < 0.38);
    wf_run_time_destroy(model);
}

// What somebody's replay decided must be decided again, on every machine and by every compiler.
static void the_same_runs_give_the_same_points_for_ever(void **state)
{
    (void)state;
    struct wf_run_time_model *model = make(200);
    struct wf_random random;
    wf_random_init(&random, 1);
    uint64_t hash = 0;
    for (int i = 0; i < 5000; i++) {
        struct wf_run_time_key key = {
            .user = (uint32_t)wf_random_below(&random, 20) + 1,
            .name = (uint32_t)wf_random_below(&random, 20) + 1,
            .shape = wf_random_below(&random, 5) + 1,
        };
        int64_t run = (int64_t)wf_random_below(&random, 1 + key.user * (uint64_t)DAY_MS / 10);
        struct wf_run_time_points points = predict(model, key, 3 * DAY_MS);
        for (int point = 0; point < 5; point++) {
            hash = wf_hash_add(hash, (uint64_t)points.ms[point]);
        }
        hash = wf_hash_add(hash, (uint64_t)points.mean_ms);
        wf_run_time_learn(model, &key, 3 * DAY_MS, run, i % 9 == 0);
    }
    wf_run_time_destroy(model);
    if (hash != UINT64_C(0x3dc1a842fec9d04f)) {
        fail_msg("0x%016llx", (unsigned long long)hash);
    }
}

static void a_model_needs_room_for_at_least_one_kind(void **state)
{
    (void)state;
    struct wf_run_time_model *model = NULL;
    struct wf_error err = {0};
    assert_int_equal(wf_run_time_create(0, &model, &err), WF_INVALID);
    assert_string_equal(err.text, "run times of 0 kinds of jobs: 1 to 10000000 can be kept");
    assert_int_equal(wf_run_time_create(WF_RUN_TIME_KINDS_MAX + 1, &model, &err), WF_INVALID);
    assert_null(model);
    wf_run_time_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_history_the_limit_is_used_from_a_twentieth_up),
        cmocka_unit_test(without_history_or_limit_a_minute_to_a_week),
        cmocka_unit_test(what_repeats_is_soon_known),
        cmocka_unit_test(the_narrowest_kind_wins_then_the_next),
        cmocka_unit_test(a_name_that_tells_nothing_does_not_drown_the_limit),
        cmocka_unit_test(how_limits_are_used_holds_for_a_limit_never_seen),
        cmocka_unit_test(newer_runs_weigh_more),
        cmocka_unit_test(a_run_that_was_cut_would_have_gone_on),
        cmocka_unit_test(what_ran_past_this_limit_tells_nothing_here),
        cmocka_unit_test(the_rest_is_what_longer_runs_had_left),
        cmocka_unit_test(nothing_is_left_at_the_limit),
        cmocka_unit_test(what_outlasted_all_goes_on_as_long_again),
        cmocka_unit_test(points_always_keep_their_order_and_the_limit),
        cmocka_unit_test(points_cover_the_share_that_they_say),
        cmocka_unit_test(the_same_runs_give_the_same_points_for_ever),
        cmocka_unit_test(a_model_needs_room_for_at_least_one_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
