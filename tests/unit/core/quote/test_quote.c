// SPDX-License-Identifier: Apache-2.0
// Two pools, a dollar and two dollars for a GPU and hour: what a job costs, where it goes, why not
// elsewhere. What a quote tells must be what the core then does.
#include "core/quote/quote.h"

#include "base/random.h"
#include "core/explain/explain.h"
#include "core/policy/policy.h"
#include "core/schedule/wait_reason.h"
#include "unit/core/small_schedule.h"

static struct wf_quote_row rows[8];
static struct wf_quote_trial trial;

static struct wf_quote quote_of(const struct wf_core *core, const struct wf_job_spec *job)
{
    struct wf_quote quote;
    struct wf_error err = {.text = ""};
    assert_int_equal(wf_quote_make(core, job, rows, &quote, &err), WF_OK);
    assert_string_equal(err.text, "");
    return quote;
}

// Makes a quote and submits the job, which spoils the core.
static struct wf_quote try(struct wf_core *core, const struct wf_job_spec *job, int64_t now_ms)
{
    struct wf_error err = {.text = ""};
    struct wf_quote quote = quote_of(core, job);
    assert_int_equal(wf_quote_try(core, job, now_ms, &trial, &err), WF_OK);
    wf_quote_choose(job, &trial, &quote);
    return quote;
}

// One node with 4 GPUs in the pool for a dollar, two with 8 in the other.
static struct wf_core *two_pools(const char *discipline, const char *policy)
{
    struct wf_core_config config = small_config(discipline);
    config.policy = wf_policy_find(policy);
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_node(core, 0, 1, 1, 8);
    small_node(core, 0, 2, 1, 8);
    return core;
}

static void a_price_is_of_all_tasks_and_of_the_whole_run(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    struct wf_job_spec job = small_job(1, 2, 2, 0);
    const int64_t hours[WF_RUN_TIME_POINTS] = {1, 2, 3, 4, 10};
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
        job.wait.run.ms[i] = hours[i] * HOUR_MS;
    }
    struct wf_quote quote = try(core, &job, 0);
    assert_int_equal(quote.row_count, 2);
    assert_int_equal(quote.run, WF_QUOTE_RUN_EXPECTED);
    assert_int_equal(rows[0].price.nanousd_per_hour, 4 * USD);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_LOW], 4 * USD);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_MIDDLE], 12 * USD);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_HIGH], 40 * USD);
    assert_int_equal(rows[1].price.nanousd[WF_QUOTE_HIGH], 80 * USD);
    assert_int_equal(rows[0].tasks_empty, 2);
    assert_int_equal(rows[1].tasks_empty, 8);
    assert_int_equal(quote.start, WF_QUOTE_STARTS);
    assert_int_equal(rows[0].why, WF_QUOTE_CHOSEN);
    assert_int_equal(rows[0].tasks, 2);
    assert_int_equal(rows[1].why, WF_QUOTE_DEARER);
    assert_int_equal(quote.chosen.nanousd[WF_QUOTE_HIGH], 40 * USD);
    wf_core_destroy(core);
}

static void a_limit_bounds_the_run_and_stands_for_one_that_is_not_known(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    struct wf_job_spec job = small_job(1, 1, 1, 2 * HOUR_MS);
    struct wf_quote quote = quote_of(core, &job);
    assert_int_equal(quote.run, WF_QUOTE_RUN_LIMIT);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_LOW], 2 * USD);
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
        job.wait.run.ms[i] = HOUR_MS * (i + 1);
    }
    quote = quote_of(core, &job);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_LOW], USD);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_HIGH], 2 * USD);
    job = small_job(1, 1, 1, 0);
    quote = quote_of(core, &job);
    assert_int_equal(quote.run, WF_QUOTE_RUN_UNKNOWN);
    assert_int_equal(rows[0].price.nanousd_per_hour, USD);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_LOW], -1);
    wf_quote_choose(&job, NULL, &quote);
    assert_int_equal(quote.chosen.nanousd_per_hour, USD);
    assert_int_equal(quote.chosen.nanousd[WF_QUOTE_MIDDLE], -1);
    wf_core_destroy(core);
}

static void a_faster_pool_takes_less_time_but_no_limit_is_shorter_there(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL,
                                        .pool = {{1},
                                                 {.model = 1,
                                                  .speed_permille = 4000,
                                                  .price_nanousd_per_gpu_hour = 2 * USD}}});
    struct wf_job_spec job = small_job(1, 1, 1, 0);
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
        job.wait.run.ms[i] = 4 * HOUR_MS;
    }
    struct wf_quote quote = quote_of(core, &job);
    assert_int_equal(quote.run, WF_QUOTE_RUN_EXPECTED);
    assert_int_equal(rows[1].run_ms[WF_QUOTE_MIDDLE], HOUR_MS);
    assert_int_equal(rows[1].price.nanousd[WF_QUOTE_MIDDLE], 2 * USD);
    assert_int_equal(rows[0].price.nanousd[WF_QUOTE_MIDDLE], 4 * USD);
    job = small_job(1, 1, 1, HOUR_MS);
    quote = quote_of(core, &job);
    assert_int_equal(rows[1].run_ms[WF_QUOTE_MIDDLE], HOUR_MS);
    assert_int_equal(quote.run, WF_QUOTE_RUN_LIMIT);
    wf_core_destroy(core);
}

static void each_row_says_why_not(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    struct wf_job_spec job = small_job(1, 1, 8, HOUR_MS);
    struct wf_quote quote = try(core, &job, 0);
    assert_int_equal(rows[0].why, WF_QUOTE_CANNOT);
    assert_int_equal(rows[0].reasons_empty, WF_REASON_BIT(GPUS_SIZE));
    assert_int_equal(rows[0].missing_empty, 4);
    assert_int_equal(rows[1].why, WF_QUOTE_CHOSEN);
    job = small_job(2, 3, 2, HOUR_MS); // 3 tasks of 2 GPUs: two on the small node
    job.request.models = WF_ANY_MODEL;
    quote = quote_of(core, &job);
    wf_quote_choose(&job, NULL, &quote);
    assert_int_equal(rows[0].why, WF_QUOTE_SMALL);
    assert_int_equal(rows[1].why, WF_QUOTE_CHOSEN);
    small_submit(core, 0, small_job(3, 1, 3, HOUR_MS));
    job = small_job(4, 1, 2, HOUR_MS);
    quote = try(core, &job, 0);
    assert_int_equal(rows[0].why, WF_QUOTE_FULL);
    assert_int_equal(rows[0].reasons_now, WF_REASON_BIT(GPUS_FREE));
    assert_int_equal(rows[0].missing_now, 1);
    assert_int_equal(rows[0].tasks_now, 0);
    assert_int_equal(rows[0].tasks_empty, 2);
    assert_int_equal(quote.start, WF_QUOTE_STARTS);
    wf_core_destroy(core);
}

static void a_cheaper_pool_that_the_policy_likes_less_is_passed_over(void **state)
{
    (void)state;
    struct wf_core_config config = small_config("easy");
    config.policy = wf_policy_find("cost-first");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 8); // a dollar, and the only one that can take 8 GPUs
    small_node(core, 0, 1, 1, 1);
    const struct wf_mix_class mix = {.gpus = 8, .gpu_milli = 1000, .models = 1, .count = 9};
    small_step(core, &(struct wf_event){.kind = WF_EVENT_MIX, .mix = {&mix, 1}});
    struct wf_job_spec job = small_job(1, 1, 1, HOUR_MS);
    struct wf_quote quote = try(core, &job, 0);
    assert_int_equal(rows[1].why, WF_QUOTE_CHOSEN);
    assert_int_equal(rows[0].why, WF_QUOTE_PASSED);
    assert_true(wf_quote_best(&quote, &rows[0])->score < wf_quote_best(&quote, &rows[1])->score);
    assert_true(wf_quote_best(&quote, &rows[0])->terms.count > 1);
    wf_core_destroy(core);
}

static void tasks_may_go_to_several_pools_and_all_are_held_until_the_last_is_done(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    struct wf_job_spec job = small_job(1, 5, 4, 2 * HOUR_MS);
    struct wf_quote quote = try(core, &job, 0);
    assert_int_equal(quote.start, WF_QUOTE_STARTS);
    assert_int_equal(rows[0].tasks, 1);
    assert_int_equal(rows[1].tasks, 4);
    assert_int_equal(quote.chosen.nanousd_per_hour, (4 + 4 * 8) * USD);
    assert_int_equal(quote.chosen.nanousd[WF_QUOTE_HIGH], (4 + 4 * 8) * 2 * USD);
    wf_core_destroy(core);
}

static void one_that_waits_tells_for_what_and_where_room_is_kept(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    small_submit(core, 0, small_job(1, 2, 8, 3 * HOUR_MS));
    struct wf_job_spec job = small_job(2, 1, 8, HOUR_MS);
    struct wf_quote quote = try(core, &job, HOUR_MS);
    assert_int_equal(quote.start, WF_QUOTE_KEPT);
    assert_int_equal(quote.start_ms, 3 * HOUR_MS);
    assert_int_equal(quote.blockers, WF_WAIT_BIT(ROOM));
    assert_int_equal(rows[1].tasks, 1);
    assert_int_equal(quote.chosen.nanousd[WF_QUOTE_MIDDLE], 16 * USD);
    wf_core_destroy(core);
    core = two_pools("easy", "best-fit");
    job = small_job(1, 3, 8, HOUR_MS);
    quote = try(core, &job, 0);
    assert_int_equal(quote.start, WF_QUOTE_NEVER);
    assert_int_equal(quote.chosen.nanousd_per_hour, -1);
    assert_int_equal(rows[1].why, WF_QUOTE_SMALL);
    wf_core_destroy(core);
}

static void budgets_are_told_with_what_they_do(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    struct wf_queue_spec spec = {.limit_gpu_milli = 12000};
    spec.budgets[WF_WINDOW_DAY] = (struct wf_budget){20 * USD, WF_BUDGET_HOLD};
    small_queue(core, 0, 1, WF_NONE, spec);
    struct wf_job_spec job = small_job(1, 1, 4, HOUR_MS);
    job.wait.queue.index = 1;
    struct wf_quote quote = quote_of(core, &job);
    // The mean of 4 GPUs for a dollar and 16 for two is $1.80.
    assert_int_equal(quote.budget_count, 1);
    assert_int_equal(quote.budgets[0].cost_nanousd, 4 * USD * 18 / 10);
    assert_int_equal(quote.budgets[0].gone_nanousd, 0);
    assert_false(quote.budgets[0].is_passed);
    assert_int_equal(quote.verdict.answer, WF_QUEUE_MAY);
    small_submit(core, 0, job); // $4 on the small node
    job = small_job(2, 1, 4, 3 * HOUR_MS);
    job.wait.queue.index = 1;
    quote = quote_of(core, &job);
    assert_int_equal(quote.budgets[0].gone_nanousd, 4 * USD);
    assert_true(quote.budgets[0].is_passed);
    assert_int_equal(quote.verdict.answer, WF_QUEUE_OVER_BUDGET_HOLD);
    assert_int_equal(quote.budgets[0].ends_ms, 24 * HOUR_MS);
    job = small_job(3, 2, 5, HOUR_MS);
    job.wait.queue.index = 1;
    quote = quote_of(core, &job);
    assert_int_equal(quote.verdict.answer, WF_QUEUE_OVER_LIMIT);
    wf_core_destroy(core);
}

static void a_queue_that_is_no_leaf_and_a_job_that_is_none_are_refused(void **state)
{
    (void)state;
    struct wf_core *core = two_pools("easy", "best-fit");
    struct wf_quote quote;
    struct wf_error err;
    struct wf_job_spec job = small_job(1, 1, 1, 0);
    job.wait.queue.index = 5;
    assert_int_equal(wf_quote_make(core, &job, rows, &quote, &err), WF_NOTFOUND);
    small_queue(core, 0, 1, 0, (struct wf_queue_spec){.weight = 1});
    job.wait.queue.index = 0;
    assert_int_equal(wf_quote_make(core, &job, rows, &quote, &err), WF_INVALID);
    job = small_job(1, 0, 1, 0);
    assert_int_equal(wf_quote_make(core, &job, rows, &quote, &err), WF_INVALID);
    wf_core_destroy(core);
}

// Over many states: the pool chosen without a trial is the one that the core takes for a job of one
// task, and the one that an explanation names.
static void the_choice_is_the_cores_own(void **state)
{
    (void)state;
    struct wf_random random;
    wf_random_init(&random, 7);
    const char *const policies[] = {"cost-first", "fgd", "best-fit", "balanced"};
    uint32_t started = 0;
    for (uint32_t round = 0; round < 200; round++) {
        struct wf_core *core = two_pools("easy", policies[round % 4]);
        for (uint32_t i = 0; i < 1 + wf_random_below(&random, 8); i++) {
            small_submit(core, 0,
                         small_job(i + 10, 1, (uint8_t)(1 + wf_random_below(&random, 4)), HOUR_MS));
        }
        struct wf_job_spec job =
            small_job(1, 1, (uint8_t)(1 + wf_random_below(&random, 4)), HOUR_MS);
        struct wf_quote quote = quote_of(core, &job);
        struct wf_explanation explanation;
        assert_int_equal(wf_explain(core, &job, &explanation, NULL), WF_OK);
        wf_quote_choose(&job, NULL, &quote);
        uint32_t liked[2] = {rows[0].tasks, rows[1].tasks};
        bool starts = quote.start == WF_QUOTE_STARTS;
        assert_int_equal(starts, explanation.verdict == WF_VERDICT_STARTS);
        assert_int_equal(wf_quote_try(core, &job, 0, &trial, NULL), WF_OK);
        if (starts && trial.start == WF_QUOTE_STARTS) {
            started++;
            assert_int_equal(explanation.candidates[0].pool.index, liked[1] > 0);
            assert_int_equal(trial.tasks[0], liked[0]);
            assert_int_equal(trial.tasks[1], liked[1]);
        }
        wf_core_destroy(core);
    }
    assert_true(started > 100);
}

static void a_quote_changes_nothing(void **state)
{
    (void)state;
    struct wf_core *asked = two_pools("foresight", "cost-first");
    struct wf_core *left = two_pools("foresight", "cost-first");
    uint64_t hashes[2] = {0};
    for (uint32_t i = 0; i < 12; i++) {
        struct wf_job_spec job = small_job(i, 1 + i % 3, (uint8_t)(1 + i % 5), HOUR_MS);
        struct wf_quote quote = quote_of(asked, &job);
        wf_quote_choose(&job, NULL, &quote);
        hashes[0] = small_submit(asked, i, job).hash;
        hashes[1] = small_submit(left, i, job).hash;
    }
    assert_true(hashes[0] == hashes[1]);
    wf_core_destroy(asked);
    wf_core_destroy(left);
}

static void reasons_have_names(void **state)
{
    (void)state;
    assert_string_equal(wf_quote_why_name(WF_QUOTE_PASSED), "passed-over");
    assert_string_equal(wf_quote_why_text(WF_QUOTE_DEARER), "costs more for the whole job");
    assert_string_equal(wf_quote_why_name((enum wf_quote_why)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_price_is_of_all_tasks_and_of_the_whole_run),
        cmocka_unit_test(a_limit_bounds_the_run_and_stands_for_one_that_is_not_known),
        cmocka_unit_test(a_faster_pool_takes_less_time_but_no_limit_is_shorter_there),
        cmocka_unit_test(each_row_says_why_not),
        cmocka_unit_test(a_cheaper_pool_that_the_policy_likes_less_is_passed_over),
        cmocka_unit_test(tasks_may_go_to_several_pools_and_all_are_held_until_the_last_is_done),
        cmocka_unit_test(one_that_waits_tells_for_what_and_where_room_is_kept),
        cmocka_unit_test(budgets_are_told_with_what_they_do),
        cmocka_unit_test(a_queue_that_is_no_leaf_and_a_job_that_is_none_are_refused),
        cmocka_unit_test(the_choice_is_the_cores_own),
        cmocka_unit_test(a_quote_changes_nothing),
        cmocka_unit_test(reasons_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
