// SPDX-License-Identifier: Apache-2.0
// The journal in a database is as good as one in a file, also while a daemon has it open.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "sim/history/history.h"
#include "sim/rerun/journal_check.h"
#include "site/site.h"
#include "unit/scratch.h"
#include "unit/store/made_database.h"

enum { JOBS = 3000, FILE_BYTES = 1 << 20 };

static const char *path;
static struct wf_database *db;
static struct wf_batch *batch;
static struct wf_core *core;
static uint64_t lines, events, hash;

static void written(void)
{
    struct wf_error err = {.text = ""};
    wf_batch_hash(batch, &lines, hash, events);
    if (wf_database_write(db, batch, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    wf_batch_clear(batch);
}

static void tell(const char *line)
{
    static struct wf_event_lists lists;
    struct wf_event event;
    struct wf_decisions decisions = {0};
    struct wf_error err = {.text = ""};
    if (wf_event_read(line, strlen(line), &lists, &event, &err) != WF_OK ||
        wf_core_step(core, &event, &decisions, &err) != WF_OK ||
        wf_batch_event(batch, &lines, &event, &err) != WF_OK) {
        fail_msg("%s: %s", line, err.text);
    }
    events++;
    hash = decisions.hash;
}

// A node of 8 GPUs and the first of the jobs, which are one GPU each.
static int set_up(void **state)
{
    (void)state;
    const struct wf_core_config config = {
        .limits = {2, 4, 4, JOBS, JOBS, 32, false, 3, 64, 4},
        .policy = wf_policy_find("best-fit"),
        .discipline = wf_discipline_find("easy"),
    };
    struct wf_journal_maker maker;
    wf_journal_maker_init(&maker, &config, "0.1.0", "serve");
    lines = events = hash = 0;
    path = made_database_path();
    db = made_database_open();
    batch = wf_batch_create();
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    assert_int_equal(wf_batch_head(batch, &lines, &maker, NULL), WF_OK);
    assert_int_equal(wf_batch_name(batch, &lines, WF_JOURNAL_MODEL, 0, "H100", NULL), WF_OK);
    assert_int_equal(wf_batch_name(batch, &lines, WF_JOURNAL_NODE, 0, "desk", NULL), WF_OK);
    tell("pool time=0 pool=0 model=0 price_nanousd_per_gpu_hour=2000000000");
    tell("node-up time=0 node=0 pool=0 cpu_milli=64000 memory_mib=1024 gpus=8");
    tell("queue time=0 queue=0");
    written();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wf_core_destroy(core);
    wf_batch_destroy(batch);
    wf_database_close(db);
    return 0;
}

static void run_jobs(uint32_t first, uint32_t count)
{
    char line[128];
    for (uint32_t job = first; job < first + count; job++) {
        snprintf(line, sizeof line,
                 "submit time=%u job=%u tasks=1 gang=yes gpus=1 gpu_milli=1000 cpu_milli=1000",
                 job * 1000, job);
        tell(line);
        if (job > 8) {
            snprintf(line, sizeof line, "end time=%u job=%u", job * 1000, job - 8);
            tell(line);
        }
        if (job % 100 == 0) {
            written();
        }
    }
    written();
}

static void its_hashes_are_found_again_while_it_is_open(void **state)
{
    (void)state;
    struct wf_journal_check check;
    struct wf_error err = {.text = ""};
    for (uint32_t first = 1; first <= JOBS; first += JOBS / 2) {
        run_jobs(first, JOBS / 2);
        if (wf_journal_check(path, &check, &err) != WF_OK) {
            fail_msg("%s", err.text);
        }
        assert_true(check.hash == hash);
        assert_int_equal(check.events, events);
        assert_int_equal(check.unhashed, 0);
        assert_int_equal(check.torn_bytes, 0);
        assert_string_equal(check.driver, "serve");
    }
}

static void it_is_a_history_and_a_site(void **state)
{
    (void)state;
    run_jobs(1, 20);
    struct wf_error err = {.text = ""};
    struct wf_site site;
    struct wf_site_config site_config = {.path = path};
    if (wf_site_read(&site_config, &site, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(site.node_count, 1);
    assert_string_equal(site.nodes[0].name, "desk");
    wf_site_finish(&site);
    struct wf_history_config config = {.path = path};
    struct wf_history *history = NULL;
    struct wf_history_job job;
    uint32_t jobs = 0;
    bool more = true;
    enum wf_status status = wf_history_open(&config, &history, &err);
    while (status == WF_OK && more) {
        status = wf_history_next(history, &job, &more, &err);
        jobs += status == WF_OK && more;
    }
    wf_history_close(history);
    if (status != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(jobs, 20);
}

static void its_rows_are_a_journal_file(void **state)
{
    (void)state;
    static char content[FILE_BYTES];
    run_jobs(1, JOBS);
    size_t length = 0, bytes = 0;
    struct wf_journal_rows *rows;
    assert_int_equal(wf_journal_rows_open(path, &rows, NULL), WF_OK);
    run_jobs(JOBS + 1, 8); // comes too late for this reader
    do {                   // in bites that end anywhere in a line, or with it
        size_t size = 1 + (length * 7 + bytes) % 97;
        assert_int_equal(wf_journal_rows_read(rows, content + length, size, &bytes, NULL), WF_OK);
        assert_true(bytes <= size);
        length += bytes;
    } while (bytes > 0);
    wf_journal_rows_close(rows);
    struct wf_journal_check check;
    struct wf_error err = {.text = ""};
    const char *file = scratch_write("journal", content, length);
    if (wf_journal_check(file, &check, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(check.events, 3 + 2 * JOBS - 8);
    assert_int_equal(check.torn_bytes, 0);
}

static void run_sql(const char *sql)
{
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

static void refused(const char *sentence)
{
    struct wf_journal_check check;
    struct wf_error err = {.text = ""};
    assert_int_equal(wf_journal_check(path, &check, &err), WF_INVALID);
    if (!strstr(err.text, sentence)) {
        fail_msg("'%s' does not say '%s'", err.text, sentence);
    }
}

static void damage_is_told_with_its_line(void **state)
{
    (void)state;
    run_jobs(1, 20);
    run_sql("UPDATE journal SET line = replace(line, 'job=3', 'job=4') WHERE number = 13");
    refused("line 13: the line is damaged, its checksum is not that of its text");
    run_sql("DELETE FROM journal WHERE number = 12");
    refused("is damaged: line 12 of its journal is missing");
    run_sql("UPDATE meta SET value = '9' WHERE key = 'schema'");
    refused("was written by a newer whaleflux");
    run_sql("PRAGMA application_id = 1");
    refused("is an SQLite database, but none of whaleflux");
    struct wf_site site;
    struct wf_error err;
    struct wf_site_config config = {.path = path};
    assert_int_equal(wf_site_read(&config, &site, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "is an SQLite database, but none of whaleflux"));
}

static void nobody_else_writes_to_it(void **state)
{
    (void)state;
    struct wf_journal_reader *reader;
    struct wf_error err;
    assert_int_equal(wf_journal_open(path, true, &reader, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "is a database, whose journal only the daemon it belongs to"));
}

static void a_database_without_a_journal_is_empty(void **state)
{
    (void)state;
    run_sql("DELETE FROM journal");
    refused("is empty: nobody began to write this journal");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_hashes_are_found_again_while_it_is_open),
        TEST(it_is_a_history_and_a_site),
        TEST(its_rows_are_a_journal_file),
        TEST(damage_is_told_with_its_line),
        TEST(nobody_else_writes_to_it),
        TEST(a_database_without_a_journal_is_empty),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
