// SPDX-License-Identifier: Apache-2.0
// Workloads whose tasks leave, and what is measured of them.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cluster.h"
#include "sim/placement/facts.h"
#include "sim/placement/placement.h"

static struct wf_trace trace;
static struct wf_published_mix published;
static struct wf_workload workload;

static int64_t gpu_milli(uint32_t position)
{
    const struct wf_trace_task *task = &trace.tasks[workload.arrivals[position]];
    return (int64_t)task->gpus * task->gpu_milli;
}

static void tasks_come_in_order_and_ask_for_the_wanted_share(void **state)
{
    (void)state;
    double demand = 0;
    double half_ms = (double)(WF_WORKLOAD_WARM_UP_MS + WF_WORKLOAD_WINDOW_MS) / 2;
    for (uint32_t i = 0; i < workload.arrival_count; i++) {
        assert_true(workload.run_ms[i] > 0);
        assert_true(workload.arrive_ms[i] >= (i > 0 ? workload.arrive_ms[i - 1] : 0));
        double at = (double)workload.arrive_ms[i];
        bool runs = at <= half_ms && at + (double)workload.run_ms[i] > half_ms;
        demand += runs ? (double)gpu_milli(i) : 0;
    }
    // 90 % was asked for: on average, and at any one time give or take what is in a few tasks.
    double capacity = (double)workload.capacity_gpu_milli;
    assert_true(fabs((double)workload.offered_gpu_milli / capacity - 0.9) < 0.03);
    assert_true(fabs(demand / capacity - 0.9) < 0.15);
}

static struct wf_placement_config config_of(const char *policy, uint32_t moves)
{
    return (struct wf_placement_config){
        .replay = {.trace = &trace,
                   .workload = &workload,
                   .policy = wf_policy_find(policy),
                   .moves_per_thousand = moves,
                   .move_cost_nanousd = 100000000},
        .published = &published,
    };
}

static void what_runs_at_the_end_is_what_was_placed_and_not_over(void **state)
{
    (void)state;
    static struct wf_placement_result result;
    struct wf_replay *replay = NULL;
    struct wf_placement_config config = config_of("best-fit", 5);
    assert_int_equal(wf_placement_run(&config, &result, &replay, NULL), WF_OK);
    const struct wf_cluster *cluster = wf_core_cluster(wf_replay_core(replay));
    int64_t used = workload.capacity_gpu_milli;
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        used -= cluster->pools[i].gpu_free_milli;
    }
    assert_true(result.allocated_gpu_milli == used);
    assert_true(wf_replay_next_ms(replay) >= WF_WORKLOAD_WARM_UP_MS + WF_WORKLOAD_WINDOW_MS);
    assert_true(fabs(result.window.hours - 168) < 1e-6);
    assert_true(result.window.allocated_pct > 70);
    assert_true(result.window.allocated_pct <= result.window.offered_pct + 1e-9);
    assert_true(result.moves <= 5 * (result.arrivals / 1000 + 1));
    assert_true(fabs(result.moves_usd - 0.1 * result.moves) < 1e-6);
    wf_replay_destroy(replay);
}

static void a_run_is_the_same_without_caches(void **state)
{
    (void)state;
    static struct wf_placement_result first, second;
    struct wf_placement_config config = config_of("best-fit", 5);
    assert_int_equal(wf_placement_run(&config, &first, NULL, NULL), WF_OK);
    config.replay.plain = true;
    assert_int_equal(wf_placement_run(&config, &second, NULL, NULL), WF_OK);
    assert_true(first.hash == second.hash);
    assert_true(first.window.allocated_pct == second.window.allocated_pct);
}

static void where_all_fit_nothing_is_refused(void **state)
{
    (void)state;
    static struct wf_placement_result result;
    struct wf_workload kept = workload;
    struct wf_workload_config few = {.seed = 3, .load_milli = 300, .copies = 1};
    assert_int_equal(wf_workload_make_timed(&trace, &few, &workload, NULL), WF_OK);
    struct wf_placement_config config = config_of("best-fit", 0);
    assert_int_equal(wf_placement_run(&config, &result, NULL, NULL), WF_OK);
    assert_int_equal(result.refused, 0);
    assert_true(fabs(result.window.offered_pct - result.window.allocated_pct) < 1e-3);
    assert_true(wf_placement_refused_pct(&result.window) < 1e-3);
    wf_workload_finish(&workload);
    workload = kept;
}

static void a_trace_without_times_is_refused(void **state)
{
    (void)state;
    struct wf_trace timeless;
    struct wf_workload none;
    struct wf_error err;
    struct wf_workload_config config = {.seed = 3, .load_milli = 900, .copies = 1};
    assert_int_equal(wf_facts_generate("default", &timeless, NULL), WF_OK);
    assert_int_equal(wf_workload_make_timed(&timeless, &config, &none, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "no task has the times creation_time"));
    wf_trace_finish(&timeless);
}

// The facts with times made up: one task a minute that runs from minutes to days.
static int start(void **state)
{
    (void)state;
    struct wf_workload_config config = {.seed = 3, .load_milli = 900, .copies = 1};
    if (wf_facts_generate("default", &trace, NULL) != WF_OK) {
        return 1;
    }
    for (uint32_t i = 0; i < trace.task_count; i++) {
        trace.tasks[i].submit_s = 60 * (int64_t)i;
        trace.tasks[i].start_s = 60 * (int64_t)i + 7;
        trace.tasks[i].end_s = 60 * (int64_t)i + 7 + 900 * (int64_t)(1 + i * i % 311);
    }
    return wf_published_mix_make(&trace, &published, NULL) != WF_OK ||
           wf_workload_make_timed(&trace, &config, &workload, NULL) != WF_OK;
}

static int end(void **state)
{
    (void)state;
    wf_workload_finish(&workload);
    wf_trace_finish(&trace);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_come_in_order_and_ask_for_the_wanted_share),
        cmocka_unit_test(what_runs_at_the_end_is_what_was_placed_and_not_over),
        cmocka_unit_test(a_run_is_the_same_without_caches),
        cmocka_unit_test(where_all_fit_nothing_is_refused),
        cmocka_unit_test(a_trace_without_times_is_refused),
    };
    return cmocka_run_group_tests(tests, start, end);
}
