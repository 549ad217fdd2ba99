// SPDX-License-Identifier: Apache-2.0
#include "unit/store/made_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/policy/policy.h"
#include "unit/scratch.h"

enum { LINES_PER_STEP = 3 };

static char path[512];

const char *made_database_path(void)
{
    static const char *const names[] = {"db-wal", "db-shm", "db"};
    for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s", scratch_write_text(names[i], ""));
        assert_int_equal(unlink(path), 0);
    }
    return path;
}

struct wf_database *made_database_open(void)
{
    struct wf_error err = {.text = ""};
    struct wf_database *db = NULL;
    if (wf_database_open(path, &db, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return db;
}

static void add_lines(struct wf_batch *batch, uint64_t number)
{
    uint64_t lines = number == 1 ? 0 : WF_JOURNAL_HEAD_LINES + LINES_PER_STEP * (number - 1);
    struct wf_journal_maker maker;
    struct wf_core_config config = {.limits = {.models = 1, .pools = 1, .nodes = 1, .jobs = 1},
                                    .policy = wf_policy_find("best-fit")};
    wf_journal_maker_init(&maker, &config, "0.1.0", "a test");
    if (number == 1) {
        assert_int_equal(wf_batch_head(batch, &lines, &maker, NULL), WF_OK);
    }
    struct wf_event event = {.time_ms = (int64_t)number, .kind = WF_EVENT_TIME};
    assert_int_equal(wf_batch_event(batch, &lines, &event, NULL), WF_OK);
    assert_int_equal(wf_batch_name(batch, &lines, WF_JOURNAL_JOB, number, "a job", NULL), WF_OK);
    wf_batch_hash(batch, &lines, number * 77, number);
    assert_int_equal(lines, WF_JOURNAL_HEAD_LINES + LINES_PER_STEP * number);
}

void made_batch(struct wf_batch *batch, uint64_t number)
{
    char name[32], document[600];
    snprintf(name, sizeof name, "job-%llu", (unsigned long long)number);
    snprintf(document, sizeof document, "{\"name\":\"%s\",\"padding\":\"%0500d\"}", name, 0);
    wf_batch_clear(batch);
    add_lines(batch, number);
    struct wf_job_row job = {.id = number,
                             .name = name,
                             .user = number % 2 ? "ada" : "bob",
                             .queue = "default",
                             .document = document,
                             .state = WF_JOB_STATE_RUNNING,
                             .submitted_ms = (int64_t)number};
    wf_batch_job(batch, &job);
    struct wf_run_row run = {.job = number, .attempt = 1, .node = "n1", .exit_code = -1};
    wf_batch_run(batch, &run);
    struct wf_ledger_row ledger = {.job = number,
                                   .attempt = 1,
                                   .from_ms = (int64_t)number,
                                   .to_ms = (int64_t)number + 1,
                                   .user = job.user,
                                   .cost_nanousd = 7};
    wf_batch_ledger(batch, &ledger);
    wf_batch_feed(batch,
                  &(struct wf_feed_row){.seq = number, .job = number, .kind = "job", .data = "{}"});
    wf_batch_audit(batch, &(struct wf_audit_row){.actor = job.user, .action = "submit"});
}

struct counts {
    uint64_t jobs, ledger;
};

static bool count_job(void *context, const struct wf_job_row *row)
{
    struct counts *counts = context;
    assert_int_equal(row->id, ++counts->jobs);
    assert_int_equal(row->run.attempt, 1); // so its run is there, too
    assert_string_equal(row->run.node, "n1");
    assert_int_equal(strlen(row->document), strlen(row->name) + 524);
    return true;
}

static bool count_cost(void *context, const struct wf_ledger_sum *sum)
{
    struct counts *counts = context;
    counts->ledger = (uint64_t)sum->cost_nanousd / 7;
    return true;
}

static uint64_t count_events(void)
{
    struct wf_error err = {.text = ""};
    struct wf_journal_reader *reader = NULL;
    struct wf_journal_record record;
    uint64_t events = 0;
    bool more = true;
    enum wf_status status = wf_journal_open(path, false, &reader, &err);
    while (status == WF_OK && more) {
        status = wf_journal_next(reader, &record, &more, &err);
        if (status == WF_OK && more && record.kind == WF_JOURNAL_EVENT) {
            assert_int_equal(record.event.time_ms, ++events);
        }
    }
    wf_journal_reader_close(reader);
    if (status != WF_OK) {
        fail_msg("%s", err.text);
    }
    return events;
}

uint64_t made_database_steps(void)
{
    struct wf_database *db = made_database_open();
    struct wf_database_last last;
    struct wf_job_query all = {.limit = 0};
    struct wf_ledger_query total = {.by = WF_LEDGER_TOTAL};
    struct counts counts = {.jobs = 0};
    assert_int_equal(wf_database_last(db, &last, NULL), WF_OK);
    assert_int_equal(wf_database_jobs(db, &all, count_job, &counts, NULL), WF_OK);
    assert_int_equal(wf_database_ledger(db, &total, count_cost, &counts, NULL), WF_OK);
    assert_int_equal(last.job, counts.jobs);
    assert_int_equal(last.feed, counts.jobs);
    assert_int_equal(last.audit, counts.jobs);
    assert_int_equal(counts.ledger, counts.jobs);
    if (last.job > 0) {
        assert_int_equal(last.journal_lines, WF_JOURNAL_HEAD_LINES + LINES_PER_STEP * last.job);
        assert_int_equal(count_events(), last.job);
    } else {
        assert_int_equal(last.journal_lines, 0);
    }
    wf_database_close(db);
    return last.job;
}
