// SPDX-License-Identifier: Apache-2.0
// One node of 8 GPUs, and jobs that wait for others or are of an array: run again, they wait for
// the same, though under another policy it may end at another time.
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
#include "sim/rerun/rerun.h"
#include "unit/scratch.h"

#define MINUTE_MS INT64_C(60000)
#define BEGIN_MS INT64_C(1777593600000) // 2026-05-01T00:00:00Z
#define HEAD "JobID|Submit|Eligible|Start|End|State|ReqTRES|Timelimit|Dependency\n"

static struct wf_site site;
static struct wf_rerun_jobs jobs;
static struct wf_outcome_run run, happened;

static void read_jobs(const char *history_text)
{
    struct wf_error err = {.text = ""};
    char cluster[512];
    snprintf(cluster, sizeof cluster, "%s",
             scratch_write_text("cluster.yaml",
                                "pools:\n  - gpu: H100\n    nodes: 1\n    gpus_per_node: 8\n"));
    const struct wf_site_config site_config = {.path = cluster};
    const struct wf_history_config config = {.path = scratch_write_text("history", history_text)};
    const struct wf_rerun_jobs_config wanted = {.from_ms = WF_TIME_UNKNOWN,
                                                .to_ms = WF_TIME_UNKNOWN};
    struct wf_history *history = NULL;
    if (wf_site_read(&site_config, &site, &err) != WF_OK ||
        wf_history_open(&config, &history, &err) != WF_OK ||
        wf_rerun_jobs_read(history, &site, &wanted, &jobs, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    wf_history_close(history);
}

// Reads the history and runs it again.
static void rerun(const char *discipline, const char *history_text)
{
    struct wf_error err = {.text = ""};
    read_jobs(history_text);
    const struct wf_rerun_config config = {
        .jobs = &jobs,
        .site = &site,
        .discipline = wf_discipline_find(discipline),
        .placement = wf_policy_find("best-fit"),
        .name = discipline,
    };
    if (wf_rerun(&config, &run, &err) != WF_OK ||
        wf_rerun_happened(&jobs, &site, &happened, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

static void finish(void)
{
    free(run.jobs);
    free(happened.jobs);
    run.jobs = NULL;
    happened.jobs = NULL;
    wf_rerun_jobs_finish(&jobs);
    wf_site_finish(&site);
}

static int64_t start_minute(uint32_t job)
{
    return (run.jobs[job].start_ms - BEGIN_MS) / MINUTE_MS;
}

#define AT(minute) "2026-05-01T00:" minute ":00"
// A job that asks for GPUs, was submitted, could start, started and ended at those minutes.
#define JOB(id, gpus, submit, eligible, start, end, after)                                         \
    id "|" AT(submit) "|" AT(eligible) "|" AT(start) "|" AT(end) "|COMPLETED|gres/gpu=" gpus       \
                                                                 ",node=1|02:00:00|" after "\n"

static void a_job_starts_when_what_it_waits_for_ends_in_the_rerun(void **state)
{
    (void)state;
    // Job 1 really began 20 minutes late; run again it begins at once, and so does all after it.
    rerun("easy", HEAD JOB("1", "8", "00", "00", "20", "30", "")
                      JOB("2", "8", "01", "30", "35", "40", "afterok:1"));
    assert_int_equal(jobs.after_count, 1);
    assert_int_equal(start_minute(0), 0);
    assert_int_equal(start_minute(1), 10);
    assert_int_equal(run.jobs[1].wait_ms, 0);
    assert_int_equal(run.jobs[1].shift_ms, -20 * MINUTE_MS);
    assert_int_equal(happened.jobs[1].wait_ms, 5 * MINUTE_MS);
    finish();
}

static void it_does_not_start_before_though_there_is_room(void **state)
{
    (void)state;
    // Job 1 really ran at once; in between another takes the node, under fifo as it came first.
    rerun("fifo", HEAD JOB("1", "4", "05", "05", "05", "15", "")
                      JOB("2", "4", "06", "15", "15", "20", "afterany:1")
                          JOB("3", "4", "07", "07", "07", "50", ""));
    assert_int_equal(start_minute(0), 5);
    assert_int_equal(start_minute(1), 15);
    assert_int_equal(start_minute(2), 7);
    assert_int_equal(run.jobs[1].wait_ms, 0);
    assert_true(run.cluster.stranded_gpu_hours < 1e-9); // who waits for another strands nothing
    finish();
}

static void a_time_that_others_do_not_explain_is_kept(void **state)
{
    (void)state;
    // It was held until minute 40, long after what it waited for.
    rerun("easy", HEAD JOB("1", "4", "00", "00", "00", "10", "")
                      JOB("2", "4", "01", "40", "40", "50", "afterok:1"));
    assert_int_equal(start_minute(1), 40);
    assert_int_equal(run.jobs[1].wait_ms, 0);
    finish();
}

static void after_its_start_is_enough_where_the_history_says_so(void **state)
{
    (void)state;
    rerun("easy", HEAD JOB("1", "4", "00", "00", "10", "50", "")
                      JOB("2", "4", "01", "10", "10", "20", "after:1"));
    assert_int_equal(start_minute(0), 0);
    assert_int_equal(start_minute(1), 1); // job 1 has started by the time it is submitted
    finish();
}

static void what_really_happened_goes_before_what_is_written(void **state)
{
    (void)state;
    // 2 ran though 1 failed; 3 began before 1 ended; 4 waits for one that is not there.
    rerun("easy", HEAD
          "1|" AT("00") "|" AT("00") "|" AT("00") "|" AT("10") "|FAILED|gres/gpu=2|02:00:00|\n" JOB(
              "2", "2", "01", "10", "10", "20", "afterok:1")
              JOB("3", "2", "02", "02", "02", "05", "afterok:1")
                  JOB("4", "2", "03", "09", "09", "12", "afterok:77"));
    assert_int_equal(jobs.after_count, 1);
    assert_int_equal(jobs.after[0].after, WF_AFTER_END);
    assert_int_equal(jobs.after_dropped, 2);
    assert_int_equal(start_minute(1), 10);
    assert_int_equal(start_minute(2), 2);
    assert_int_equal(start_minute(3), 9);
    finish();
}

static void all_of_an_array_may_be_waited_for(void **state)
{
    (void)state;
    rerun("easy", HEAD JOB("5_1", "4", "00", "00", "00", "10", "")
                      JOB("5_2", "4", "00", "00", "20", "35", "")
                          JOB("6", "1", "01", "35", "35", "40", "afterok:5"));
    assert_int_equal(jobs.list[2].after_count, 2);
    assert_int_equal(start_minute(1), 0);
    assert_int_equal(start_minute(2), 15);
    finish();
}

static void no_more_of_an_array_run_than_may(void **state)
{
    (void)state;
    rerun("easy", HEAD JOB("7_1", "1", "00", "00", "00", "10", "")
                      JOB("7_2", "1", "00", "00", "10", "20", "")
                          JOB("7_3", "1", "00", "00", "20", "30", "") "7_[4-5%1]|" AT("00") "|" AT(
                              "00") "|None|Unknown|CANCELLED by 5|gres/gpu=1||\n");
    assert_int_equal(jobs.count, 3);
    assert_int_equal(start_minute(0), 0);
    assert_int_equal(start_minute(1), 10);
    assert_int_equal(start_minute(2), 20);
    finish();
}

// What waits for more than a core keeps is dropped, and the run goes on.
static void a_large_array_is_too_much_to_wait_for(void **state)
{
    (void)state;
    static char text[32768];
    size_t length = (size_t)snprintf(text, sizeof text, "%s", HEAD);
    for (uint32_t i = 0; i < 100; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "8_%u%s", i,
                                   JOB("", "1", "00", "00", "00", "01", ""));
    }
    snprintf(text + length, sizeof text - length, "%s",
             JOB("9", "1", "00", "20", "20", "30", "afterok:8"));
    rerun("easy", text);
    assert_int_equal(jobs.list[100].after_count, WF_JOB_AFTER_MAX);
    assert_int_equal(jobs.after_dropped, 100 - WF_JOB_AFTER_MAX);
    assert_int_not_equal(run.jobs[100].start_ms, WF_TIME_UNKNOWN);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_starts_when_what_it_waits_for_ends_in_the_rerun),
        cmocka_unit_test(it_does_not_start_before_though_there_is_room),
        cmocka_unit_test(a_time_that_others_do_not_explain_is_kept),
        cmocka_unit_test(after_its_start_is_enough_where_the_history_says_so),
        cmocka_unit_test(what_really_happened_goes_before_what_is_written),
        cmocka_unit_test(all_of_an_array_may_be_waited_for),
        cmocka_unit_test(no_more_of_an_array_run_than_may),
        cmocka_unit_test(a_large_array_is_too_much_to_wait_for),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
