// SPDX-License-Identifier: Apache-2.0
// What a real cluster has and a simple replay has not: time between a decision and a run, nodes
// that go and come back, runs that were lost.
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
#include "sim/rerun/start_delay.h"
#include "unit/scratch.h"

#define BEGIN_MS INT64_C(1777593600000) // 2026-05-01T00:00:00Z
#define HEAD "JobID|User|Submit|Start|End|State|ReqTRES|NodeList\n"
#define CLUSTER "NodeName=n[1-2] CPUs=64 RealMemory=1000 Gres=gpu:h100:8\n"
#define EVENTS "Cluster|NodeName|TimeStart|TimeEnd|State|Reason|User\n"

static struct wf_site site;
static struct wf_rerun_jobs jobs;
static struct wf_outcome_run run, happened;
static struct wf_outages outages;
static int64_t learned_ms;
static bool learned;

static void read_all(const char *history_text)
{
    struct wf_error err = {.text = ""};
    char cluster[512];
    snprintf(cluster, sizeof cluster, "%s", scratch_write_text("slurm.conf", CLUSTER));
    const struct wf_site_config site_config = {.path = cluster};
    const struct wf_history_config config = {.path = scratch_write_text("history", history_text)};
    const struct wf_rerun_jobs_config wanted = {.from_ms = WF_TIME_UNKNOWN,
                                                .to_ms = WF_TIME_UNKNOWN};
    struct wf_history *history = NULL;
    if (wf_site_read(&site_config, &site, &err) != WF_OK ||
        wf_history_open(&config, &history, &err) != WF_OK ||
        wf_rerun_jobs_read(history, &site, &wanted, &jobs, &err) != WF_OK ||
        wf_start_delay_learn(history, &site, &jobs, &learned_ms, &learned, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    wf_history_close(history);
}

static void rerun(const char *history_text, const char *events, int64_t start_delay_ms)
{
    struct wf_error err = {.text = ""};
    read_all(history_text);
    if (events &&
        wf_outages_read(scratch_write_text("events", events), &site, &outages, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    const struct wf_rerun_config config = {
        .jobs = &jobs,
        .site = &site,
        .discipline = wf_discipline_find("easy"),
        .placement = wf_policy_find("best-fit"),
        .name = "easy",
        .start_delay_ms = start_delay_ms,
        .outages = events ? &outages : NULL,
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
    wf_outages_finish(&outages);
    wf_rerun_jobs_finish(&jobs);
    wf_site_finish(&site);
}

static int64_t second(int64_t at_ms)
{
    return (at_ms - BEGIN_MS) / 1000;
}

static void same_hours(double hours, double gpu_seconds)
{
    if (hours * 3600 < gpu_seconds - .001 || hours * 3600 > gpu_seconds + .001) {
        fail_msg("%f GPU-seconds, not %f", hours * 3600, gpu_seconds);
    }
}

// Two jobs that want all of both nodes, one after the other.
static const char one_after_the_other[] =
    HEAD "1|a|1777593600|1777593601|1777593701|COMPLETED|cpu=2,gres/gpu=16,node=2|n[1-2]\n"
         "2|a|1777593600|1777593702|1777593802|COMPLETED|cpu=2,gres/gpu=16,node=2|n[1-2]\n";

static void a_start_takes_its_time(void **state)
{
    (void)state;
    rerun(one_after_the_other, NULL, 2500);
    assert_true(run.jobs[0].start_ms == BEGIN_MS + 2500);
    assert_true(run.jobs[0].wait_ms == 2500);
    assert_true(run.jobs[0].end_ms == BEGIN_MS + 102500);
    assert_true(run.jobs[1].start_ms == BEGIN_MS + 105000);
    assert_true(run.jobs[1].wait_ms == 105000);
    same_hours(run.cluster.used_gpu_hours, 3200); // and nothing while they start
    finish();
    rerun(one_after_the_other, NULL, 0);
    assert_true(run.jobs[1].start_ms == BEGIN_MS + 100000);
    same_hours(run.cluster.used_gpu_hours, 3200);
    finish();
}

static void the_delay_is_learned_from_what_jobs_waited_for_nothing(void **state)
{
    (void)state;
    char text[4096] = HEAD;
    for (uint32_t i = 0; i < 20; i++) { // each 2 s after the one before has left
        size_t used = strlen(text);
        uint32_t start = 1777593600 + 12 * i;
        snprintf(text + used, sizeof text - used, "%u|a|1777593598|%u|%u|COMPLETED|gres/gpu=8|n1\n",
                 i + 1, start, start + 10);
    }
    size_t used = strlen(text);
    // It waited an hour for something else; of the next the nodes were cut off.
    snprintf(text + used, sizeof text - used,
             "90|a|1777593600|1777597200|1777597210|COMPLETED|gres/gpu=8|n2\n"
             "91|a|1777593600|1777597300|1777597310|COMPLETED|gres/gpu=8|n[1-\n");
    read_all(text);
    assert_true(learned);
    assert_int_equal(learned_ms, 2000);
    finish();
    read_all(HEAD "1|a|1777593600|1777593601|1777593701|COMPLETED|gres/gpu=8|\n");
    assert_false(learned);
    assert_int_equal(learned_ms, 0);
    finish();
}

static void runs_that_were_lost_are_time_on_gpus_and_no_waiting(void **state)
{
    (void)state;
    static const char put_back[] =
        HEAD "1|a|1777593600|1777593610|1777593640|NODE_FAIL|gres/gpu=8,node=1|n1\n"
             "1|a|1777593640|1777593660|1777593760|COMPLETED|gres/gpu=8,node=1|n2\n";
    rerun(put_back, NULL, 0);
    assert_int_equal(jobs.count, 1);
    assert_true(happened.jobs[0].wait_ms == 30000);
    same_hours(happened.cluster.used_gpu_hours, 8 * 130);
    assert_true(run.jobs[0].wait_ms == 0);
    same_hours(run.cluster.used_gpu_hours, 8 * 130);
    finish();
    // With the outage that it was lost in, it is lost anew, or not.
    rerun(put_back, EVENTS "c|n1|2026-05-01T00:00:40|2026-05-01T00:01:40|DOWN*|x|root(0)\n", 0);
    assert_int_equal(second(run.jobs[0].end_ms), 140);
    assert_true(run.jobs[0].wait_ms == 0);
    same_hours(run.cluster.used_gpu_hours, 8 * 140);
    finish();
}

static void nodes_are_away_as_they_were(void **state)
{
    (void)state;
    // n1 takes no new work from 10 s to 300 s; n2 goes at 50 s and comes back at 200 s.
    static const char events[] =
        EVENTS "c||2026-04-01T00:00:00|Unknown||Cluster Registered TRES|root(0)\n"
               "c|n1|2026-05-01T00:00:10|2026-05-01T00:05:00|IDLE+DRAIN|x|root(0)\n"
               "c|n2|2026-05-01T00:00:50|2026-05-01T00:03:20|DOWN*|Not responding|slurm(64030)\n"
               "c|old|2026-05-01T00:00:00|Unknown|DOWN*|x|root(0)\n";
    rerun(HEAD "1|a|1777593600|1777593600|1777593700|COMPLETED|gres/gpu=8,node=1|n1\n"
               "2|a|1777593600|1777593600|1777593700|COMPLETED|gres/gpu=8,node=1|n2\n"
               "3|a|1777593700|1777593700|1777593800|COMPLETED|gres/gpu=16,node=2|n[1-2]\n",
          events, 0);
    assert_int_equal(outages.count, 4);
    assert_int_equal(outages.strange, 1);
    assert_int_equal(second(run.jobs[0].end_ms), 100);
    assert_int_equal(second(run.jobs[1].start_ms), 200);
    assert_int_equal(run.jobs[1].preemptions, 1);
    assert_int_equal(second(run.jobs[2].start_ms), 300);
    finish();
}

static void refused(const char *text, const char *words)
{
    struct wf_error err = {.text = ""};
    assert_int_not_equal(wf_outages_read(scratch_write_text("events", text), &site, &outages, &err),
                         WF_OK);
    if (!strstr(err.text, words)) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
    assert_null(outages.list);
}

static void what_is_no_list_of_outages_is_refused(void **state)
{
    (void)state;
    read_all(one_after_the_other);
    refused("hello\n", "line 1: the header lacks NodeName");
    refused(EVENTS "c|n1|2026-05-01T00:00:40|soon|DOWN*|x|y\n",
            "line 2: TimeEnd 'soon' is no time");
    refused(EVENTS "c|n1|then|Unknown|DOWN*|x|y\n", "line 2: TimeStart 'then' is no time");
    refused(EVENTS "c|n1\n", "line 2: the line has 2 fields, the header has 7");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_takes_its_time),
        cmocka_unit_test(the_delay_is_learned_from_what_jobs_waited_for_nothing),
        cmocka_unit_test(runs_that_were_lost_are_time_on_gpus_and_no_waiting),
        cmocka_unit_test(nodes_are_away_as_they_were),
        cmocka_unit_test(what_is_no_list_of_outages_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
