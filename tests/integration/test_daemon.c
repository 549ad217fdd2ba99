// SPDX-License-Identifier: Apache-2.0
// The daemon with the real local engine: jobs run, and go on when it ends and comes back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "served.h"
#include "store/store.h"

struct seen {
    enum wf_job_state state;
    int32_t exit_code;
    int64_t submitted_ms, started_ms;
    uint64_t cost;
    uint32_t attempts;
};

static bool note(void *context, const struct wf_job_row *row)
{
    struct seen *seen = context;
    *seen = (struct seen){.state = row->state,
                          .exit_code = row->run.exit_code,
                          .submitted_ms = row->submitted_ms,
                          .started_ms = row->run.started_ms,
                          .attempts = row->attempts};
    return false;
}

static struct seen look(const struct served *served, uint64_t job)
{
    char path[128];
    struct wf_database *db = NULL;
    struct seen seen = {.state = WF_JOB_STATE_WAITING};
    struct wf_job_query query = {.id = job, .limit = 1};
    snprintf(path, sizeof path, "%s/whaleflux.db", served->data);
    assert_int_equal(wf_database_open(path, &db, NULL), WF_OK);
    assert_int_equal(wf_database_jobs(db, &query, note, &seen, NULL), WF_OK);
    wf_database_close(db);
    return seen;
}

static struct seen wait_over(const struct served *served, uint64_t job)
{
    for (int i = 0; i < 400; i++) {
        struct seen seen = look(served, job);
        if (seen.state >= WF_JOB_STATE_DONE) {
            return seen;
        }
        (void)usleep(50000);
    }
    fail_msg("job %llu does not end", (unsigned long long)job);
    return (struct seen){0};
}

static void a_job_runs_from_its_submission_to_its_end(void **unused)
{
    (void)unused;
    struct served served;
    served_make(&served);
    (void)served_start(&served);
    uint64_t good = served_submit(&served, "{\"command\":[\"true\"],\"folder\":\"/tmp\"}");
    uint64_t bad = served_submit(
        &served,
        "{\"script\":\"#!/bin/sh\\nexit $1\\n\",\"arguments\":[\"7\"],\"folder\":\"/tmp\"}");
    assert_int_equal(good, 1);
    assert_int_equal(bad, 2);
    assert_int_equal(wait_over(&served, good).state, WF_JOB_STATE_DONE);
    struct seen seen = wait_over(&served, bad);
    assert_int_equal(seen.state, WF_JOB_STATE_FAILED);
    assert_int_equal(seen.exit_code, 7);
    served_terminate(&served);
    served_clear(&served);
}

static void work_goes_on_while_the_daemon_is_away(void **unused)
{
    (void)unused;
    struct served served;
    served_make(&served);
    (void)served_start(&served);
    uint64_t job = served_submit(
        &served, "{\"command\":[\"sh\",\"-c\",\"sleep 1; exit 5\"],\"folder\":\"/tmp\"}");
    (void)usleep(200000);
    served_terminate(&served);
    assert_true(served_processes(&served) > 0);
    (void)usleep(1200000);
    (void)served_start(&served);
    struct seen seen = wait_over(&served, job);
    assert_int_equal(seen.exit_code, 5);
    assert_int_equal(seen.attempts, 1);
    served_terminate(&served);
    assert_int_equal(served_processes(&served), 0);
    served_clear(&served);
}

static int64_t bytes_of(const struct served *served, const char *name)
{
    char path[128];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", served->data, name);
    return stat(path, &about) == 0 ? about.st_size : -1;
}

static void a_snapshot_is_made_at_a_clean_end_and_survives_kills(void **unused)
{
    (void)unused;
    struct served served;
    char from[128], half[128];
    served_make(&served);
    (void)served_start(&served);
    assert_int_equal(served_submit(&served, "{\"command\":[\"true\"],\"folder\":\"/tmp\"}"), 1);
    (void)wait_over(&served, 1);
    served_terminate(&served);
    assert_true(bytes_of(&served, "core.snapshot") > 0);
    assert_true(bytes_of(&served, "core.snapshot.new") < 0);
    // One that a kill cut short lies beside it.
    snprintf(from, sizeof from, "%s/core.snapshot", served.data);
    snprintf(half, sizeof half, "%s/core.snapshot.new", served.data);
    FILE *file = fopen(half, "w");
    assert_non_null(file);
    (void)fputs("WFCORE1\n", file);
    (void)fclose(file);
    (void)served_start(&served);
    assert_int_equal(served_submit(&served, "{\"command\":[\"true\"],\"folder\":\"/tmp\"}"), 2);
    (void)wait_over(&served, 2);
    served_kill(&served);
    // And the whole one is no longer whole.
    assert_int_equal(truncate(from, bytes_of(&served, "core.snapshot") / 2), 0);
    (void)served_start(&served);
    assert_int_equal(served_submit(&served, "{\"command\":[\"true\"],\"folder\":\"/tmp\"}"), 3);
    assert_int_equal(wait_over(&served, 3).state, WF_JOB_STATE_DONE);
    served_terminate(&served);
    served_clear(&served);
}

int main(int argc, char **argv)
{
    served_supervise(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_runs_from_its_submission_to_its_end),
        cmocka_unit_test(work_goes_on_while_the_daemon_is_away),
        cmocka_unit_test(a_snapshot_is_made_at_a_clean_end_and_survives_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
