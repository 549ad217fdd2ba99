// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/measures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "sim/history/history.h"
#include "unit/sim/made_outcome.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static struct wf_measures measures;
static struct wf_error err;

static void make(const struct wf_outcome_job *jobs, uint32_t count,
                 const struct wf_outcome_run *run)
{
    assert_int_equal(wf_measures_make(jobs, count, run, &measures, &err), WF_OK);
}

// A job submitted at 0 that waited and then ran.
static struct wf_outcome started(int64_t wait_ms, int64_t run_ms)
{
    return (struct wf_outcome){.start_ms = wait_ms, .end_ms = wait_ms + run_ms, .wait_ms = wait_ms};
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static void four_jobs_measured_by_hand(void **state)
{
    (void)state;
    struct wf_outcome_job jobs[4] = {
        {.user = 1, .run_ms = 1 * HOUR, .gpu_milli = 500, .deadline_ms = 1 * HOUR}, // just met
        {.user = 1, .run_ms = 2 * HOUR, .gpu_milli = 8000},
        {.user = 2, .run_ms = 1 * SECOND, .gpu_milli = 8000},
        {.user = 2, .run_ms = 1 * HOUR, .deadline_ms = 5 * HOUR},
    };
    struct wf_outcome outcomes[4] = {
        started(0, HOUR),
        started(2 * HOUR, 2 * HOUR),
        started(19 * SECOND, SECOND),
        started(5 * HOUR, HOUR),
    };
    outcomes[1].preemptions = 2;
    outcomes[1].lost_gpu_ms = 8 * HOUR;
    struct wf_outcome_run run = {
        .jobs = outcomes,
        .cluster = {.end_ms = 6 * HOUR,
                    .gpu_hours = 48,
                    .used_gpu_hours = 24,
                    .idle_gpu_hours = 10,
                    .stranded_gpu_hours = 8,
                    .usd = 96,
                    .used_usd = 60},
    };
    make(jobs, 4, &run);
    assert_int_equal(measures.started, 4);
    assert_int_equal(measures.ended, 4);
    assert_true(near(measures.waits.mean_ms, (7 * HOUR + 19 * SECOND) / 4.0));
    assert_int_equal(measures.waits.p50_ms, 19 * SECOND);
    assert_int_equal(measures.waits.p95_ms, 5 * HOUR);
    assert_int_equal(measures.sizes[WF_SIZE_NODE].jobs, 2);
    assert_int_equal(measures.sizes[WF_SIZE_NODE].p50_ms, 19 * SECOND);
    assert_int_equal(measures.sizes[WF_SIZE_NODE].max_ms, 2 * HOUR);
    assert_int_equal(measures.sizes[WF_SIZE_NO_GPU].max_ms, 5 * HOUR);
    assert_int_equal(measures.sizes[WF_SIZE_FEW].jobs, 0);
    // 1, 4 h over 2 h, 20 s over the floor of 10 s, 6 h over 1 h.
    assert_true(near(measures.slowdown_mean, (1 + 2 + 2 + 6) / 4.0));
    assert_true(near(measures.slowdown_p95, 6));
    assert_int_equal(measures.users, 2);
    assert_true(near(measures.fairness, (1.5 + 4) * (1.5 + 4) / (2 * (1.5 * 1.5 + 16))));
    assert_int_equal(measures.worst_user, 2);
    assert_true(near(measures.worst_user_wait_ms, (5 * HOUR + 19 * SECOND) / 2.0));
    assert_int_equal(measures.deadlines, 2);
    assert_int_equal(measures.deadlines_missed, 1);
    assert_int_equal(measures.preemptions, 2);
    assert_true(near(measures.lost_gpu_hours, 8));
    assert_true(near(measures.makespan_ms, 6 * HOUR));
    assert_true(near(measures.jobs_per_hour, 4 / 6.0));
    assert_true(near(measures.used_pct, 50));
    assert_true(near(measures.useful_gpu_hours, 16));
    assert_true(near(measures.refused_gpu_hours, 6));
    assert_true(near(measures.unused_usd, 36));
    assert_true(near(measures.usd_per_useful_gpu_hour, 6));
}

static void what_never_started_does_not_make_waits_look_short(void **state)
{
    (void)state;
    struct wf_outcome_job jobs[4] = {
        {.run_ms = HOUR}, {.run_ms = HOUR}, {.run_ms = HOUR}, {.run_ms = HOUR}};
    struct wf_outcome outcomes[4] = {
        {.start_ms = WF_TIME_UNKNOWN, .end_ms = WF_TIME_UNKNOWN},
        {.start_ms = WF_TIME_UNKNOWN, .end_ms = 3 * HOUR}, // cancelled
        {.start_ms = WF_TIME_UNKNOWN, .end_ms = WF_TIME_UNKNOWN, .rejected = true},
        started(HOUR, HOUR),
    };
    struct wf_outcome_run run = {.jobs = outcomes, .cluster = {.end_ms = 30 * DAY}};
    make(jobs, 4, &run);
    assert_int_equal(measures.started, 1);
    assert_int_equal(measures.never_started, 2);
    assert_int_equal(measures.rejected, 1);
    assert_int_equal(measures.starved, 1);
    assert_int_equal(measures.waits.jobs, 1);
}

static void a_job_starves_past_ten_runs_and_a_day(void **state)
{
    (void)state;
    struct wf_outcome_job jobs[2] = {{.run_ms = HOUR}, {.run_ms = HOUR}};
    struct wf_outcome outcomes[2] = {started(34 * HOUR, HOUR), started(34 * HOUR + 1, HOUR)};
    struct wf_outcome_run run = {.jobs = outcomes};
    make(jobs, 1, &run);
    assert_int_equal(measures.starved, 0);
    make(jobs, 2, &run);
    assert_int_equal(measures.starved, 1);
}

static void a_job_that_still_runs_waited_but_has_no_slowdown(void **state)
{
    (void)state;
    struct wf_outcome_job job = {.run_ms = HOUR, .user = 5};
    struct wf_outcome outcome = {.start_ms = HOUR, .end_ms = WF_TIME_UNKNOWN, .wait_ms = HOUR};
    struct wf_outcome_run run = {.jobs = &outcome};
    make(&job, 1, &run);
    assert_int_equal(measures.started, 1);
    assert_int_equal(measures.ended, 0);
    assert_int_equal(measures.users, 0);
    assert_int_equal(measures.waits.p50_ms, HOUR);
    assert_true(measures.makespan_ms == 0 && measures.slowdown_mean == 0 && measures.fairness == 0);
}

static void no_jobs_and_no_gpus_measure_nothing(void **state)
{
    (void)state;
    struct wf_outcome_run run = {.jobs = NULL};
    make(NULL, 0, &run);
    assert_int_equal(measures.jobs, 0);
    assert_true(measures.waits.mean_ms == 0 && measures.used_pct == 0);
    assert_true(measures.usd_per_useful_gpu_hour == 0 && measures.jobs_per_hour == 0);
}

static void a_clock_that_jumped_back_is_no_wait(void **state)
{
    (void)state;
    struct wf_outcome_job job = {.run_ms = HOUR, .eligible_ms = HOUR};
    struct wf_outcome outcome = {.start_ms = 0, .end_ms = HOUR, .wait_ms = -HOUR};
    struct wf_outcome_run run = {.jobs = &outcome};
    make(&job, 1, &run);
    assert_int_equal(measures.waits.max_ms, 0);
    assert_true(measures.slowdown_mean == 1);
}

static void sizes_have_their_borders(void **state)
{
    (void)state;
    static const struct {
        uint32_t gpu_milli;
        enum wf_size_class size;
    } cases[] = {
        {0, WF_SIZE_NO_GPU},    {1, WF_SIZE_ONE},       {1000, WF_SIZE_ONE},
        {1001, WF_SIZE_FEW},    {7999, WF_SIZE_FEW},    {8000, WF_SIZE_NODE},
        {8001, WF_SIZE_TENS},   {31999, WF_SIZE_TENS},  {32000, WF_SIZE_MANY},
        {127999, WF_SIZE_MANY}, {128000, WF_SIZE_HUGE}, {UINT32_MAX, WF_SIZE_HUGE},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        assert_int_equal(wf_size_class_of(cases[i].gpu_milli), cases[i].size);
    }
    assert_string_equal(wf_size_class_key(WF_SIZE_FEW), "2_to_7_gpus");
}

static void the_curve_goes_up_four_points_to_a_doubling(void **state)
{
    (void)state;
    assert_int_equal(wf_wait_point_ms(0), 1000);
    assert_int_equal(wf_wait_point_ms(4), 2000);
    assert_true(wf_wait_point_ms(WF_WAIT_POINTS - 1) > 365 * DAY);
}

// The value that so many of a hundred stay within, by counting for each value how many do.
static int64_t plain_percentile(const int64_t *values, uint32_t count, uint32_t percent)
{
    int64_t best = INT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t within = 0;
        for (uint32_t j = 0; j < count; j++) {
            within += values[j] <= values[i];
        }
        best = within * 100 >= (uint64_t)percent * count && values[i] < best ? values[i] : best;
    }
    return best;
}

static void check_waits(const struct made_history *history, const struct wf_outcome_run *run,
                        const struct wf_waits *waits, enum wf_size_class size)
{
    int64_t *values = calloc((size_t)history->count + 1, sizeof *values);
    assert_non_null(values);
    double sum = 0;
    uint32_t count = 0;
    int64_t most = 0;
    for (uint32_t i = 0; i < history->count; i++) {
        bool in_class =
            size == WF_SIZE_CLASSES || wf_size_class_of(history->jobs[i].gpu_milli) == size;
        if (in_class && run->jobs[i].start_ms != WF_TIME_UNKNOWN) {
            values[count++] = run->jobs[i].wait_ms;
            sum += (double)run->jobs[i].wait_ms;
            most = run->jobs[i].wait_ms > most ? run->jobs[i].wait_ms : most;
        }
    }
    assert_int_equal(waits->jobs, count);
    if (count > 0) {
        assert_true(near(waits->mean_ms, sum / count));
        assert_int_equal(waits->p50_ms, plain_percentile(values, count, 50));
        assert_int_equal(waits->p95_ms, plain_percentile(values, count, 95));
        assert_int_equal(waits->max_ms, most);
    }
    free(values);
}

static void check_curve(const struct made_history *history, const struct wf_outcome_run *run)
{
    for (uint32_t point = 0; point < WF_WAIT_POINTS; point++) {
        uint64_t within = 0;
        for (uint32_t i = 0; i < history->count; i++) {
            within += run->jobs[i].start_ms != WF_TIME_UNKNOWN &&
                      run->jobs[i].wait_ms <= wf_wait_point_ms(point);
        }
        assert_int_equal(measures.wait_curve[point], within);
    }
}

static void random_outcomes_measure_as_a_plain_count_does(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct made_history history;
        struct wf_outcome_run run;
        // So few GPUs that some jobs can never run.
        made_history_init(&history, seed, (uint32_t)(seed * 7), 8 + (uint32_t)seed % 12, 1.1);
        made_run_init(&run, &history, (enum made_policy)(seed % 3), "made", 0);
        make(history.jobs, history.count, &run);
        check_waits(&history, &run, &measures.waits, WF_SIZE_CLASSES);
        for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
            check_waits(&history, &run, &measures.sizes[size], size);
        }
        check_curve(&history, &run);
        assert_int_equal(measures.started + measures.rejected, history.count);
        made_run_finish(&run);
        made_history_finish(&history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_jobs_measured_by_hand),
        cmocka_unit_test(what_never_started_does_not_make_waits_look_short),
        cmocka_unit_test(a_job_starves_past_ten_runs_and_a_day),
        cmocka_unit_test(a_job_that_still_runs_waited_but_has_no_slowdown),
        cmocka_unit_test(no_jobs_and_no_gpus_measure_nothing),
        cmocka_unit_test(a_clock_that_jumped_back_is_no_wait),
        cmocka_unit_test(sizes_have_their_borders),
        cmocka_unit_test(the_curve_goes_up_four_points_to_a_doubling),
        cmocka_unit_test(random_outcomes_measure_as_a_plain_count_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
