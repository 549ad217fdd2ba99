// SPDX-License-Identifier: Apache-2.0
// One node with eight GPUs in two queues: the change that is named starts the job, the run itself
// is not changed by asking, and the story tells what was.
#include "explain/wait_remedy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "explain/trial.h"
#include "sim/rerun/wait_story.h"

#define HOUR_MS INT64_C(3600000)
enum { JOBS_MAX = 8 };

static struct wf_site_pool pool = {
    .name = (char[]){"pool"},
    .spec = {.price_nanousd_per_gpu_hour = 1000000000},
};
static struct wf_site_node node = {
    .name = (char[]){"node"},
    .spec = {.cpu_milli = 64000, .memory_mib = 65536, .gpus = 8},
};
static struct wf_site_queue queues[] = {
    {.name = (char[]){"small"}, .spec = {.parent = {WF_NONE}, .limit_gpu_milli = 2000}},
    {.name = (char[]){"large"}, .spec = {.parent = {WF_NONE}}},
};
static struct wf_site site = {
    .pools = &pool,
    .nodes = &node,
    .queues = queues,
    .pool_count = 1,
    .node_count = 1,
    .queue_count = 2,
    .model_count = 1,
};
static struct wf_rerun_job list[JOBS_MAX];
static struct wf_outcome_job told[JOBS_MAX];
static struct wf_rerun_jobs jobs = {.list = list, .told = told};

// Adds a job that comes at the beginning and asks for a limit as long as it runs.
static uint32_t add(uint32_t queue, uint32_t tasks, uint8_t gpus, int64_t hours)
{
    uint32_t at = jobs.count++;
    list[at] = (struct wf_rerun_job){
        .request = {.cpu_milli = 1000,
                    .memory_mib = 1,
                    .gpus = gpus,
                    .gpu_milli = 1000,
                    .models = WF_ANY_MODEL,
                    .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}},
        .queue = queue,
        .tasks = tasks,
        .limit_ms = hours * HOUR_MS,
    };
    told[at] = (struct wf_outcome_job){.run_ms = hours * HOUR_MS, .gpu_milli = gpus * tasks * 1000};
    return at;
}

static struct wf_rerun_config config_of(const char *discipline)
{
    return (struct wf_rerun_config){
        .jobs = &jobs,
        .site = &site,
        .discipline = wf_discipline_find(discipline),
        .placement = wf_policy_find("best-fit"),
        .name = discipline,
    };
}

// Asks for the smallest change of a job at time 0, tries it in a second run, and runs the first to
// its end: it must come to what it comes to when nobody asks.
static struct wf_wait_remedy remedy_for(const char *discipline, uint32_t job)
{
    struct wf_rerun_config config = config_of(discipline);
    struct wf_rerun_stepper *asked, *other;
    struct wf_wait_explanation explanation;
    struct wf_wait_remedy remedy;
    struct wf_error err = {.status = WF_OK};
    assert_int_equal(wf_rerun_open(&config, &asked, &err), WF_OK);
    assert_int_equal(wf_rerun_open(&config, &other, &err), WF_OK);
    assert_int_equal(wf_rerun_to(asked, 0, &err), WF_OK);
    assert_int_equal(wf_rerun_to(other, 0, &err), WF_OK);
    assert_int_equal(wf_wait_explain(wf_rerun_core(asked), (wf_job_id){job}, &explanation, &err),
                     WF_OK);
    struct wf_wait_driver asked_driver = wf_rerun_driver(asked);
    struct wf_wait_driver other_driver = wf_rerun_driver(other);
    assert_int_equal(
        wf_wait_remedy_find(&asked_driver, &explanation, config.discipline, &remedy, &err), WF_OK);
    bool starts = false;
    assert_int_equal(
        wf_wait_remedy_try(&other_driver, &remedy, 0, config.discipline, &starts, &err), WF_OK);
    assert_int_equal(starts, remedy.found);
    assert_int_equal(wf_rerun_to(asked, INT64_MAX, &err), WF_OK);
    assert_true(wf_rerun_is_over(asked));
    struct wf_outcome_run whole;
    assert_int_equal(wf_rerun(&config, &whole, &err), WF_OK);
    for (uint32_t i = 0; i < jobs.count; i++) {
        assert_int_equal(wf_rerun_outcomes(asked)[i].start_ms, whole.jobs[i].start_ms);
    }
    free(whole.jobs);
    wf_rerun_close(asked);
    wf_rerun_close(other);
    return remedy;
}

static int begin(void **state)
{
    (void)state;
    jobs.count = 0;
    return 0;
}

static void fewer_tasks(void **state)
{
    (void)state;
    (void)add(1, 1, 6, 1);
    struct wf_wait_remedy remedy = remedy_for("easy", add(1, 3, 1, 1));
    assert_true(remedy.found);
    assert_int_equal(wf_change_kinds(&remedy.change), WF_CHANGE_BIT(TASKS));
    assert_int_equal(remedy.after.tasks, 2);
    assert_int_equal(remedy.size_ppm, 333334);
}

static void a_shorter_limit_until_a_kept_start(void **state)
{
    (void)state;
    (void)add(1, 1, 6, 2);
    (void)add(1, 1, 8, 1); // starts in two hours
    struct wf_wait_remedy remedy = remedy_for("easy", add(1, 2, 1, 3));
    assert_int_equal(remedy.kinds, WF_WAIT_CHANGE_BIT(LIMIT));
    assert_int_equal(remedy.after.wait.limit_ms, 2 * HOUR_MS);
}

static void a_higher_priority(void **state)
{
    (void)state;
    (void)add(1, 1, 6, 2);
    (void)add(1, 1, 8, 1);
    struct wf_wait_remedy remedy = remedy_for("fifo", add(1, 2, 1, 3));
    assert_int_equal(remedy.kinds, WF_WAIT_CHANGE_BIT(PRIORITY));
    assert_int_equal(remedy.after.wait.priority, 1);
}

static void another_queue_or_a_higher_limit(void **state)
{
    (void)state;
    (void)add(0, 1, 2, 2);
    struct wf_wait_remedy remedy = remedy_for("easy", add(0, 2, 1, 3));
    assert_int_equal(remedy.kinds, WF_WAIT_CHANGE_BIT(QUEUE)); // 300,000 against 1,000,000
    assert_int_equal(remedy.after.wait.queue.index, 1);
    queues[0].spec.limit_gpu_milli = 5000;
    remedy = remedy_for("easy", add(0, 1, 2, 3));
    assert_int_equal(remedy.kinds, WF_WAIT_CHANGE_BIT(QUEUE_LIMIT));
    assert_int_equal(remedy.queues[0].after.limit_gpu_milli, 6000);
    queues[0].spec.limit_gpu_milli = 2000;
}

static void nothing_helps_when_nothing_is_free(void **state)
{
    (void)state;
    (void)add(1, 1, 8, 2);
    struct wf_wait_remedy remedy = remedy_for("easy", add(1, 1, 1, 1));
    assert_false(remedy.found);
}

static void stop_early(void *context, void *answer)
{
    (void)answer;
    abort();
    (void)context;
}

static void write_answer(void *context, void *answer)
{
    *(uint32_t *)context = 7; // in the copy alone
    memcpy(answer, context, sizeof(uint32_t));
}

static void a_trial_changes_nothing_outside(void **state)
{
    (void)state;
    uint32_t number = 1, answer = 0;
    struct wf_error err;
    assert_int_equal(wf_trial(write_answer, &number, &answer, sizeof answer, &err), WF_OK);
    assert_int_equal(number, 1);
    assert_int_equal(answer, 7);
    assert_int_equal(wf_trial(stop_early, NULL, &answer, sizeof answer, &err), WF_IO);
    assert_string_equal(err.text, "the copy of the process that tries a change stopped early");
}

static void a_story_of_waiting_running_and_being_over(void **state)
{
    (void)state;
    (void)add(1, 1, 6, 2);
    uint32_t job = add(1, 1, 8, 1);
    struct wf_rerun_config config = config_of("easy");
    static struct wf_story story;
    struct wf_error err;
    assert_int_equal(wf_story_make(&config, job, HOUR_MS, &story, &err), WF_OK);
    assert_int_equal(story.state, WF_STORY_WAITS);
    assert_int_equal(story.wait.kept_start_ms, 2 * HOUR_MS);
    assert_int_equal(story.wait.blockers, WF_WAIT_BIT(ROOM));
    assert_int_equal(story.steps_shown, 1);
    assert_true(story.remedy.found);
    assert_int_equal(story.remedy.after.request.gpus, 2);
    assert_int_equal(wf_story_make(&config, job, 2 * HOUR_MS, &story, &err), WF_OK);
    assert_int_equal(story.state, WF_STORY_RUNS);
    assert_int_equal(story.start_ms, 2 * HOUR_MS);
    assert_int_equal(story.run.nodes_shown, 1);
    assert_int_equal(story.run.limit_end_ms, 3 * HOUR_MS);
    assert_int_equal(story.run.nodes_then.candidates[0].node.index, 0);
    assert_int_equal(story.steps_shown, 2);
    assert_int_equal(wf_story_make(&config, job, 4 * HOUR_MS, &story, &err), WF_OK);
    assert_int_equal(story.state, WF_STORY_OVER);
    assert_int_equal(story.end_ms, 3 * HOUR_MS);
    told[job].eligible_ms = HOUR_MS;
    list[job].arrival_ms = HOUR_MS;
    assert_int_equal(wf_story_make(&config, job, HOUR_MS / 2, &story, &err), WF_OK);
    assert_int_equal(story.state, WF_STORY_TO_COME);
}

static void times_as_people_read_them(void **state)
{
    (void)state;
    char text[64];
    assert_string_equal(wf_story_time(text, 0, false), "1970-01-01 00:00:00");
    assert_string_equal(wf_story_time(text, 90061000, true), "day 1, 01:01:01");
    assert_string_equal(wf_story_queue(&site, (wf_queue_id){1}), "large");
    assert_string_equal(wf_story_queue(&site, (wf_queue_id){2}), "(no queue)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fewer_tasks, begin),
        cmocka_unit_test_setup(a_shorter_limit_until_a_kept_start, begin),
        cmocka_unit_test_setup(a_higher_priority, begin),
        cmocka_unit_test_setup(another_queue_or_a_higher_limit, begin),
        cmocka_unit_test_setup(nothing_helps_when_nothing_is_free, begin),
        cmocka_unit_test(a_trial_changes_nothing_outside),
        cmocka_unit_test_setup(a_story_of_waiting_running_and_being_over, begin),
        cmocka_unit_test(times_as_people_read_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
