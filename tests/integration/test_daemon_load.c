// SPDX-License-Identifier: Apache-2.0
// How fast the daemon is: from a submission to its start on an idle machine, and submissions by the
// second, each on the disk before it is answered, while a long queue waits. WHALEFLUX_TEST_QUEUE
// says how long (1,000); the bounds are what any machine should keep, the figures are printed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "served.h"
#include "store/store.h"

enum { SINGLE_JOBS = 40, AHEAD = 64, QUEUE_USUAL = 1000 };

static int64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool note(void *context, const struct wf_job_row *row)
{
    struct wf_job_row *seen = context;
    seen->state = row->state;
    seen->run.started_ms = row->run.started_ms;
    return false;
}

static int64_t started_ms(struct wf_database *db, uint64_t job)
{
    for (int i = 0; i < 1000; i++) {
        struct wf_job_row seen = {.state = WF_JOB_STATE_WAITING};
        struct wf_job_query query = {.id = job, .limit = 1};
        assert_int_equal(wf_database_jobs(db, &query, note, &seen, NULL), WF_OK);
        if (seen.state == WF_JOB_STATE_DONE) {
            return seen.run.started_ms;
        }
        (void)usleep(10000);
    }
    fail_msg("job %llu does not end", (unsigned long long)job);
    return 0;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void a_job_starts_at_once_on_an_idle_machine(void **unused)
{
    (void)unused;
    struct served served;
    struct wf_database *db = NULL;
    char path[128];
    int64_t waits[SINGLE_JOBS];
    served_make(&served);
    (void)served_start(&served);
    snprintf(path, sizeof path, "%s/whaleflux.db", served.data);
    assert_int_equal(wf_database_open(path, &db, NULL), WF_OK);
    for (uint32_t i = 0; i < SINGLE_JOBS; i++) {
        int64_t asked_ms = wall_ms();
        uint64_t job = served_submit(&served, "{\"command\":[\"true\"],\"folder\":\"/tmp\"}");
        waits[i] = started_ms(db, job) - asked_ms;
    }
    qsort(waits, SINGLE_JOBS, sizeof waits[0], by_size);
    print_message("# from submission to start: median %lld ms, slowest of ten %lld ms\n",
                  (long long)waits[SINGLE_JOBS / 2], (long long)waits[SINGLE_JOBS * 9 / 10]);
    assert_true(waits[SINGLE_JOBS / 2] < 500);
    wf_database_close(db);
    served_terminate(&served);
    served_clear(&served);
}

static void submissions_go_on_while_a_long_queue_waits(void **unused)
{
    (void)unused;
    struct served served;
    const char *wish = getenv("WHALEFLUX_TEST_QUEUE");
    uint32_t jobs = wish ? (uint32_t)strtoul(wish, NULL, 10) : QUEUE_USUAL, sent = 0;
    char json[256];
    served_make(&served);
    (void)served_start(&served);
    int64_t began_ms = wall_ms();
    for (uint32_t answered = 0; answered < jobs; answered++) {
        for (; sent < jobs && sent < answered + AHEAD; sent++) {
            snprintf(
                json, sizeof json,
                "{\"name\":\"n%u\",\"command\":[\"sleep\",\"1000\"],\"folder\":\"/tmp\","
                "\"hold\":%s,\"priority\":%u,\"cpus\":%ld,\"environment\":{\"SERVED\":\"%s\"}}",
                sent % 50, sent % 3 == 0 ? "true" : "false", sent % 7,
                sysconf(_SC_NPROCESSORS_ONLN), served.data);
            assert_true(served_send(&served, json));
        }
        assert_true(served_answer(&served) > 0);
    }
    int64_t took_ms = wall_ms() - began_ms;
    print_message("# %u submissions in %lld ms: %lld by the second; the daemon has %ld MiB\n", jobs,
                  (long long)took_ms, (long long)(jobs * INT64_C(1000) / (took_ms + 1)),
                  served_memory_kib(&served) / 1024);
    assert_true(jobs * INT64_C(1000) / (took_ms + 1) > 100);
#ifndef __SANITIZE_ADDRESS__ // which has memory of its own
    assert_true(served_memory_kib(&served) < 64L * 1024);
#endif
    served_kill(&served);
    print_message("# the next daemon is up after %lld ms\n", (long long)served_start(&served));
    served_terminate(&served);
    served_kill_work(&served);
    served_clear(&served);
}

int main(int argc, char **argv)
{
    served_supervise(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_starts_at_once_on_an_idle_machine),
        cmocka_unit_test(submissions_go_on_while_a_long_queue_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
