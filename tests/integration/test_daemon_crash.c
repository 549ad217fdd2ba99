// SPDX-License-Identifier: Apache-2.0
// SIGKILL for the daemon, for supervisors, or for both, at random instants while jobs come and go.
// Every job that was accepted ends exactly once with its right exit status, or was lost with its
// supervisor and ran again; no job runs twice at a time; nothing is left behind; the journal opens
// after each kill and gives the same decisions. WHALEFLUX_TEST_JOBS says how many jobs.
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/core.h"
#include "served.h"
#include "store/store.h"

enum { JOBS_USUAL = 150, JOBS_MAX = 20000, WAIT_ROUNDS = 1200 };

static struct served served;
static struct wf_random dice;
static uint32_t jobs_wanted, kills_daemon, kills_supervisor, unanswered;
static uint8_t accepted[JOBS_MAX + 1]; // by id

static uint32_t below(uint32_t end)
{
    return (uint32_t)wf_random_below(&dice, end);
}

static void sleep_ms(uint32_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

// Each job says that it began, holds a lock that only one attempt can have, and ends with a status
// that its name tells.
static uint64_t submit(uint32_t number)
{
    char json[1024];
    snprintf(
        json, sizeof json,
        "{\"name\":\"n%u\",\"folder\":\"%s\",\"environment\":{\"SERVED\":\"%s\"},\"requeue\":{\"at_most\":1000},\"cpus\":0.5,"
        "\"script\":\"#!/bin/sh\\nexec 9>>lock-$WHALEFLUX_JOB_ID\\n"
        "flock -n 9 || echo $WHALEFLUX_JOB_ID >> overlap\\n"
        "echo $WHALEFLUX_JOB_ID $WHALEFLUX_ATTEMPT >> began\\n"
        "sleep 0.%02u\\nexit %u\\n\"}",
        number, served.data, served.data, below(40), number % 4);
    return served_submit(&served, json);
}

static void check_journal(void)
{
    char path[128];
    struct wf_journal_reader *reader = NULL;
    struct wf_error err = {.text = ""};
    struct wf_core_config config;
    struct wf_core *core = NULL;
    snprintf(path, sizeof path, "%s/whaleflux.db", served.data);
    if (wf_journal_open(path, false, &reader, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(wf_journal_core_config(wf_journal_reader_maker(reader), &config, NULL), WF_OK);
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    struct wf_decisions decisions = {0};
    uint32_t hashes = 0;
    for (bool more = true; more;) {
        struct wf_journal_record record;
        assert_int_equal(wf_journal_next(reader, &record, &more, NULL), WF_OK);
        if (more && record.kind == WF_JOURNAL_EVENT) {
            assert_int_equal(wf_core_step(core, &record.event, &decisions, NULL), WF_OK);
        } else if (more && record.kind == WF_JOURNAL_HASH) {
            assert_true(record.hash.hash == decisions.hash);
            hashes++;
        }
    }
    assert_true(hashes > 0);
    wf_core_destroy(core);
    wf_journal_reader_close(reader);
}

static void kill_something(void)
{
    uint32_t what = below(4);
    if (what > 0) {
        bool killed = served_kill_supervisor(&served, below(1000));
        kills_supervisor += killed;
    }
    if (what < 3) {
        served_kill(&served);
        kills_daemon++;
        if (below(4) == 0) {
            kills_supervisor += served_kill_supervisor(&served, below(1000));
        }
        if (below(5) == 0) {
            check_journal();
        }
        (void)served_start(&served);
    }
}

struct tally {
    uint32_t jobs, live, done, failed, lost, attempts;
    uint64_t gpu_ms, core_ms;
    bool check;
};

static bool count(void *context, const struct wf_job_row *row)
{
    struct tally *tally = context;
    uint32_t number = (uint32_t)strtoul(row->name + 1, NULL, 10);
    tally->jobs++;
    tally->live += row->state < WF_JOB_STATE_DONE;
    tally->done += row->state == WF_JOB_STATE_DONE;
    tally->failed += row->state == WF_JOB_STATE_FAILED;
    tally->lost += row->state == WF_JOB_STATE_LOST;
    tally->attempts += row->attempts;
    if (!tally->check) {
        return true;
    }
    if (row->state < WF_JOB_STATE_DONE || row->run.exit_code != (int32_t)(number % 4)) {
        fail_msg("job %llu (%s) is %s with exit status %d, '%s'", (unsigned long long)row->id,
                 row->name, wf_job_state_word(row->state), row->run.exit_code, row->reason);
    }
    assert_true(row->state == (number % 4 == 0 ? WF_JOB_STATE_DONE : WF_JOB_STATE_FAILED));
    accepted[row->id] = 0;
    return true;
}

static struct tally tally_jobs(bool check)
{
    char path[128];
    struct wf_database *db = NULL;
    struct tally tally = {.check = check};
    struct wf_job_query query = {.limit = UINT32_MAX};
    snprintf(path, sizeof path, "%s/whaleflux.db", served.data);
    assert_int_equal(wf_database_open(path, &db, NULL), WF_OK);
    assert_int_equal(wf_database_jobs(db, &query, count, &tally, NULL), WF_OK);
    wf_database_close(db);
    return tally;
}

// Every "job attempt" that began, once each; and nobody met another attempt of his job.
static uint32_t count_beginnings(void)
{
    char path[128];
    static uint8_t seen[JOBS_MAX + 1][8];
    unsigned long job, attempt;
    uint32_t lines = 0;
    snprintf(path, sizeof path, "%s/overlap", served.data);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/began", served.data);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fscanf(file, "%lu %lu", &job, &attempt) == 2) {
        lines++;
        if (job <= JOBS_MAX && attempt < 64) {
            uint8_t *byte = &seen[job][attempt / 8];
            if (*byte >> (attempt % 8) & 1) {
                fail_msg("attempt %lu of job %lu began twice", attempt, job);
            }
            *byte = (uint8_t)(*byte | 1U << (attempt % 8));
        }
    }
    fclose(file);
    return lines;
}

static void submit_and_kill(void)
{
    uint32_t until_kill = 5 + below(20);
    for (uint32_t number = 0; number < jobs_wanted; number++) {
        uint64_t id = submit(number);
        unanswered += id == 0;
        if (id == 0) {
            (void)served_start(&served);
        } else {
            assert_true(id <= JOBS_MAX && !accepted[id]);
            accepted[id] = 1;
        }
        sleep_ms(below(30));
        if (until_kill-- == 0) {
            kill_something();
            until_kill = 5 + below(20);
        }
    }
}

static void nothing_is_lost_whatever_dies(void **unused)
{
    (void)unused;
    const char *wish = getenv("WHALEFLUX_TEST_JOBS");
    jobs_wanted = wish ? (uint32_t)strtoul(wish, NULL, 10) : JOBS_USUAL;
    jobs_wanted = jobs_wanted > JOBS_MAX ? JOBS_MAX : jobs_wanted;
    wf_random_init(&dice, (uint64_t)time(NULL));
    served_make(&served);
    (void)served_start(&served);
    submit_and_kill();
    struct tally tally = tally_jobs(false);
    for (uint32_t round = 0; tally.live > 0 && round < WAIT_ROUNDS; round++) {
        sleep_ms(100);
        if (round < 40 && below(6) == 0) {
            kill_something();
        }
        tally = tally_jobs(false);
    }
    tally = tally_jobs(true);
    for (uint32_t id = 0; id <= JOBS_MAX; id++) {
        if (accepted[id]) {
            fail_msg("job %u was accepted and is not there", id);
        }
    }
    uint32_t began = count_beginnings();
    served_terminate(&served);
    for (uint32_t i = 0; served_processes(&served) > 0 && i < 50; i++) {
        sleep_ms(100);
    }
    assert_int_equal(served_processes(&served), 0);
    check_journal();
    print_message("# %u jobs, %u done, %u failed as they should, %u attempts, %u began; the daemon "
                  "killed %u times, supervisors %u times, %u submissions unanswered\n",
                  tally.jobs, tally.done, tally.failed, tally.attempts, began, kills_daemon,
                  kills_supervisor, unanswered);
    assert_true(kills_daemon > 0 && tally.lost == 0);
    served_clear(&served);
}

int main(int argc, char **argv)
{
    served_supervise(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_whatever_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
