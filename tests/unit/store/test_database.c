// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "unit/scratch.h"
#include "unit/store/made_database.h"

enum { TEXT_BYTES = 65536 };

static const char *path;
static struct wf_database *db;
static struct wf_batch *batch;
static struct wf_error err;
static char seen[TEXT_BYTES]; // what a reader was given, as words

static int set_up(void **state)
{
    (void)state;
    path = made_database_path();
    db = made_database_open();
    batch = wf_batch_create();
    return batch ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    wf_batch_destroy(batch);
    wf_database_close(db);
    return 0;
}

static void see(const char *word)
{
    size_t length = strlen(seen);
    snprintf(seen + length, sizeof seen - length, "%s%s", length ? " " : "", word);
}

static void see_number(uint64_t number)
{
    char word[24];
    snprintf(word, sizeof word, "%llu", (unsigned long long)number);
    see(word);
}

static void written(void)
{
    err.text[0] = '\0';
    if (wf_database_write(db, batch, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    wf_batch_clear(batch);
}

static void run_sql(const char *sql)
{
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    if (sqlite3_exec(connection, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s", sqlite3_errmsg(connection));
    }
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

static void reopen(void)
{
    wf_database_close(db);
    db = made_database_open();
}

static const struct wf_job_row job = {
    .id = 17,
    .name = "train",
    .user = "ada",
    .queue = "research",
    .uid = 1000,
    .gid = 4294967295,
    .document = "{\"gpus\":\"H100:8\"}",
    .state = WF_JOB_STATE_FAILED,
    .reason_code = "exit",
    .reason = "it ended with status 3",
    .submitted_ms = 1,
    .started_ms = 2,
    .ended_ms = 3,
    .attempts = 4,
    .requeues = 5,
    .cost_nanousd = INT64_MAX,
    .gpu_ms = 7,
    .cpu_ms = 8,
    .memory_peak_bytes = 9,
    .warnings = "[\"w\"]",
};

static const struct wf_run_row run = {
    .job = 17,
    .attempt = 2,
    .granted_ms = 10,
    .started_ms = 11,
    .ended_ms = 12,
    .node = "n3",
    .gpu_set = UINT64_C(0x8000000000000001),
    .gpu_milli = 500,
    .end = "signal",
    .exit_code = -1,
    .signal = 9,
    .detail = "killed",
    .warnings = "no memory limit",
    .cpu_ms = 13,
    .memory_peak_bytes = 14,
    .gpu_ms = 15,
    .cost_nanousd = -16,
};

static void is_run(const struct wf_run_row *row)
{
    assert_int_equal(row->job, run.job);
    assert_int_equal(row->granted_ms, run.granted_ms);
    assert_int_equal(row->started_ms, run.started_ms);
    assert_int_equal(row->ended_ms, run.ended_ms);
    assert_string_equal(row->node, run.node);
    assert_true(row->gpu_set == run.gpu_set);
    assert_int_equal(row->gpu_milli, run.gpu_milli);
    assert_string_equal(row->end, run.end);
    assert_int_equal(row->exit_code, run.exit_code);
    assert_int_equal(row->signal, run.signal);
    assert_string_equal(row->detail, run.detail);
    assert_string_equal(row->warnings, run.warnings);
    assert_int_equal(row->cpu_ms, run.cpu_ms);
    assert_int_equal(row->memory_peak_bytes, run.memory_peak_bytes);
    assert_int_equal(row->gpu_ms, run.gpu_ms);
    assert_int_equal(row->cost_nanousd, run.cost_nanousd);
}

static bool is_job(void *context, const struct wf_job_row *row)
{
    (void)context;
    see_number(row->id);
    assert_int_equal(row->array, 0);
    assert_string_equal(row->name, job.name);
    assert_string_equal(row->user, job.user);
    assert_string_equal(row->queue, job.queue);
    assert_int_equal(row->uid, job.uid);
    assert_int_equal(row->gid, job.gid);
    assert_string_equal(row->document, job.document);
    assert_int_equal(row->state, job.state);
    assert_string_equal(row->reason_code, job.reason_code);
    assert_string_equal(row->reason, job.reason);
    assert_int_equal(row->submitted_ms, job.submitted_ms);
    assert_int_equal(row->started_ms, job.started_ms);
    assert_int_equal(row->ended_ms, job.ended_ms);
    assert_int_equal(row->attempts, job.attempts);
    assert_int_equal(row->requeues, job.requeues);
    assert_int_equal(row->cost_nanousd, job.cost_nanousd);
    assert_int_equal(row->gpu_ms, job.gpu_ms);
    assert_int_equal(row->cpu_ms, job.cpu_ms);
    assert_int_equal(row->memory_peak_bytes, job.memory_peak_bytes);
    assert_string_equal(row->warnings, job.warnings);
    assert_int_equal(row->run.attempt, run.attempt);
    is_run(&row->run);
    return true;
}

static void a_job_and_its_newest_run_are_read_as_they_were_written(void **state)
{
    (void)state;
    struct wf_job_row before = job;
    before.state = WF_JOB_STATE_WAITING;
    before.reason = NULL; // is ""
    wf_batch_job(batch, &before);
    written();
    before = job;
    before.document = NULL; // stays
    before.name = "what never changes is not written again";
    wf_batch_run(batch, &(struct wf_run_row){.job = 17, .attempt = 1});
    wf_batch_job(batch, &before);
    wf_batch_run(batch, &run);
    written();
    reopen();
    seen[0] = '\0';
    struct wf_job_query query = {.id = 17};
    assert_int_equal(wf_database_jobs(db, &query, is_job, NULL, &err), WF_OK);
    assert_string_equal(seen, "17");
}

static bool see_run(void *context, const struct wf_run_row *row)
{
    (void)context;
    see_number(row->attempt);
    if (row->attempt == run.attempt) {
        is_run(row);
    } else {
        assert_string_equal(row->node, "");
    }
    return true;
}

static void the_runs_of_a_job_come_in_order(void **state)
{
    (void)state;
    wf_batch_run(batch, &run);
    wf_batch_run(batch, &(struct wf_run_row){.job = 17, .attempt = 1});
    wf_batch_run(batch, &(struct wf_run_row){.job = 18, .attempt = 3});
    written();
    seen[0] = '\0';
    assert_int_equal(wf_database_runs(db, 17, see_run, NULL, &err), WF_OK);
    assert_string_equal(seen, "1 2");
}

static bool see_job(void *context, const struct wf_job_row *row)
{
    const uint32_t *at_most = context;
    see_number(row->id);
    return !at_most || strlen(seen) < *at_most;
}

static void queried(struct wf_job_query query, const char *wanted)
{
    seen[0] = '\0';
    assert_int_equal(wf_database_jobs(db, &query, see_job, NULL, &err), WF_OK);
    assert_string_equal(seen, wanted);
}

static void jobs_are_found_by_each_of_their_marks(void **state)
{
    (void)state;
    for (uint32_t id = 1; id <= 8; id++) {
        struct wf_job_row row = {.id = id,
                                 .name = id % 2 ? "odd" : "even",
                                 .user = id <= 4 ? "ada" : "bob",
                                 .queue = id == 5 ? "q'; DROP TABLE jobs" : "q",
                                 .array = id >= 7 ? 7 : 0,
                                 .state = (enum wf_job_state)(id - 1)};
        wf_batch_job(batch, &row);
    }
    written();
    queried((struct wf_job_query){.limit = 0}, "1 2 3 4 5 6 7 8");
    queried((struct wf_job_query){.limit = 3}, "1 2 3");
    queried((struct wf_job_query){.limit = 3, .after = 3}, "4 5 6");
    queried((struct wf_job_query){.limit = 3, .newest_first = true}, "8 7 6");
    queried((struct wf_job_query){.limit = 9, .after = 3, .newest_first = true}, "2 1");
    queried((struct wf_job_query){.after = UINT64_MAX}, "");
    queried((struct wf_job_query){.name = "odd", .user = "ada"}, "1 3");
    queried((struct wf_job_query){.queue = "q'; DROP TABLE jobs"}, "5");
    queried((struct wf_job_query){.array = 7}, "7 8");
    queried((struct wf_job_query){.id = 9}, "");
    queried((struct wf_job_query){.states = WF_JOB_STATES_LIVE}, "1 2 3 4");
    queried((struct wf_job_query){.states = WF_JOB_STATES_ALL}, "1 2 3 4 5 6 7 8");
    queried((struct wf_job_query){.states = WF_JOB_STATE_BIT(WF_JOB_STATE_DONE)}, "5");
    queried((struct wf_job_query){.states = WF_JOB_STATE_BIT(WF_JOB_STATE_LOST) |
                                            WF_JOB_STATE_BIT(WF_JOB_STATE_HELD)},
            "2 8");
    seen[0] = '\0';
    uint32_t at_most = 3;
    struct wf_job_query all = {.limit = 0};
    assert_int_equal(wf_database_jobs(db, &all, see_job, &at_most, &err), WF_OK);
    assert_string_equal(seen, "1 2");
}

static bool see_document(void *context, const struct wf_job_row *row)
{
    (void)context;
    see(row->document);
    return true;
}

static void the_elements_of_an_array_share_a_document(void **state)
{
    (void)state;
    wf_batch_job(batch, &(struct wf_job_row){.id = 5, .array = 5, .document = "d5"});
    wf_batch_job(batch, &(struct wf_job_row){.id = 6, .array = 5});
    wf_batch_job(batch, &(struct wf_job_row){.id = 7, .document = "d7"});
    wf_batch_job(batch, &(struct wf_job_row){.id = 8});
    written();
    seen[0] = '\0';
    struct wf_job_query all = {.limit = 0};
    assert_int_equal(wf_database_jobs(db, &all, see_document, NULL, &err), WF_OK);
    assert_string_equal(seen, "d5 d5 d7 ");
}

static bool see_loss(void *context, const struct wf_loss_row *row)
{
    const uint32_t *at_most = context;
    see_number(row->job);
    see_number(row->attempt);
    see_number((uint64_t)row->from_ms);
    see_number((uint64_t)row->to_ms);
    see(row->user);
    see(row->queue);
    see(row->why);
    see_number(row->gpu_ms);
    see_number((uint64_t)row->cost_nanousd);
    return !at_most || strlen(seen) < *at_most;
}

static void lost(int64_t since_ms, int64_t until_ms, const char *wanted)
{
    seen[0] = '\0';
    assert_int_equal(wf_database_losses(db, since_ms, until_ms, see_loss, NULL, &err), WF_OK);
    assert_string_equal(seen, wanted);
}

static bool see_loss_sum(void *context, const struct wf_loss_sum *sum)
{
    (void)context;
    see(sum->why);
    see_number(sum->count);
    see_number(sum->lost_ms);
    see_number(sum->gpu_ms);
    see_number((uint64_t)sum->cost_nanousd);
    return true;
}

static void lost_in_all(struct wf_loss_query query, const char *wanted)
{
    seen[0] = '\0';
    assert_int_equal(wf_database_loss_sums(db, &query, see_loss_sum, NULL, &err), WF_OK);
    assert_string_equal(seen, wanted);
}

static void losses_are_read_as_they_were_written_and_summed(void **state)
{
    (void)state;
    struct wf_loss_row loss = {.job = 9,
                               .attempt = 2,
                               .from_ms = 100,
                               .to_ms = 300,
                               .user = "ada",
                               .queue = "q",
                               .why = "notice",
                               .gpu_ms = 400,
                               .cost_nanousd = 50};
    lost(0, 0, "");
    lost_in_all((struct wf_loss_query){.since_ms = 0}, "");
    wf_batch_loss(batch, &loss);
    wf_batch_loss(batch, &loss); // the same run is lost once
    loss.job = 3;
    loss.to_ms = 500;
    loss.user = "bob";
    wf_batch_loss(batch, &loss);
    loss.attempt = 1;
    loss.why = "machine restarted";
    loss.cost_nanousd = INT64_C(5000000000000);
    loss.user = NULL;
    wf_batch_loss(batch, &loss);
    written();
    reopen();
    lost(0, 0,
         "3 1 100 500  q machine restarted 400 5000000000000 3 2 100 500 bob q notice 400 50 "
         "9 2 100 300 ada q notice 400 50");
    lost(300, 500, "9 2 100 300 ada q notice 400 50");
    lost(501, 0, "");
    uint32_t at_most = 3;
    seen[0] = '\0';
    assert_int_equal(wf_database_losses(db, 0, 0, see_loss, &at_most, &err), WF_OK);
    assert_string_equal(seen, "3 1 100 500  q machine restarted 400 5000000000000");
    lost_in_all((struct wf_loss_query){.since_ms = 0},
                "machine restarted 1 400 400 5000000000000 notice 2 600 800 100");
    lost_in_all((struct wf_loss_query){.user = "ada"}, "notice 1 200 400 50");
    lost_in_all((struct wf_loss_query){.since_ms = 300, .until_ms = 301}, "notice 1 200 400 50");
}

static bool see_life(void *context, const struct wf_life_row *row)
{
    (void)context;
    see(row->boot);
    see(row->pool);
    see_number((uint64_t)row->booted_ms);
    see_number((uint64_t)row->from_ms);
    see_number((uint64_t)row->seen_ms);
    see_number((uint64_t)row->gone_ms);
    see(row->left ? "left" : "lives");
    return true;
}

static void lives_come_in_the_order_in_which_they_were_watched(void **state)
{
    (void)state;
    static const char *const boots[] = {"c", "b", "a"};
    for (uint32_t i = 0; i < WF_COUNT_OF(boots); i++) {
        struct wf_life_row life = {
            .boot = boots[i], .pool = "p", .booted_ms = 1, .from_ms = 10 + i, .seen_ms = 20};
        wf_batch_life(batch, &life);
        life.seen_ms = 25; // it goes on
        life.gone_ms = i == 1 ? 30 : 0;
        life.left = i == 2;
        wf_batch_life(batch, &life);
    }
    written();
    reopen();
    seen[0] = '\0';
    assert_int_equal(wf_database_lives(db, see_life, NULL, &err), WF_OK);
    assert_string_equal(seen, "c p 1 10 25 0 lives b p 1 11 25 30 lives a p 1 12 25 0 left");
}

static void a_database_from_before_they_were_counted_is_given_the_tables(void **state)
{
    (void)state;
    run_sql("DROP TABLE losses; DROP TABLE lives");
    reopen();
    lost(0, 0, "");
    wf_batch_life(batch, &(struct wf_life_row){.boot = "a"});
    wf_batch_loss(batch, &(struct wf_loss_row){.job = 1, .attempt = 1, .why = "notice"});
    written();
    lost(0, 0, "1 1 0 0   notice 0 0");
}

static bool see_sum(void *context, const struct wf_ledger_sum *sum)
{
    (void)context;
    see(sum->key);
    see_number(sum->gpu_ms);
    see_number(sum->core_ms);
    see_number((uint64_t)sum->cost_nanousd);
    return true;
}

static void summed(struct wf_ledger_query query, const char *wanted)
{
    seen[0] = '\0';
    assert_int_equal(wf_database_ledger(db, &query, see_sum, NULL, &err), WF_OK);
    assert_string_equal(seen, wanted);
}

static void stretch(uint64_t number, int64_t from_ms, int64_t to_ms, const char *user,
                    int64_t cost_nanousd)
{
    struct wf_ledger_row row = {.job = number,
                                .attempt = 1,
                                .from_ms = from_ms,
                                .to_ms = to_ms,
                                .user = user,
                                .queue = "q",
                                .pool = number % 2 ? "p1" : "p2",
                                .gpu_ms = (uint64_t)(to_ms - from_ms) * 2,
                                .core_ms = (uint64_t)(to_ms - from_ms) * 8,
                                .cost_nanousd = cost_nanousd};
    wf_batch_ledger(batch, &row);
}

static void the_ledger_is_summed_by_what_was_asked_for(void **state)
{
    (void)state;
    summed((struct wf_ledger_query){.by = WF_LEDGER_TOTAL}, "");
    stretch(1, 0, 100, "ada", 1000);
    stretch(1, 100, 150, "ada", 7);
    stretch(1, 100, 200, "ada", 1); // the same stretch, grown
    stretch(2, 50, 150, "bob", 5000);
    stretch(3, 70, 70, "bob", 9); // a moment
    written();
    summed((struct wf_ledger_query){.by = WF_LEDGER_TOTAL}, "600 2400 6010");
    summed((struct wf_ledger_query){.by = WF_LEDGER_BY_USER}, "bob 200 800 5009 ada 400 1600 1001");
    summed((struct wf_ledger_query){.by = WF_LEDGER_BY_JOB, .limit = 2},
           "2 200 800 5000 1 400 1600 1001");
    summed((struct wf_ledger_query){.by = WF_LEDGER_BY_POOL}, "p2 200 800 5000 p1 400 1600 1010");
    summed((struct wf_ledger_query){.by = WF_LEDGER_BY_QUEUE, .user = "ada"}, "q 400 1600 1001");
    summed((struct wf_ledger_query){.by = WF_LEDGER_BY_JOB, .since_ms = 70, .until_ms = 71},
           "2 2 8 50 1 2 8 10 3 0 0 9");
    summed((struct wf_ledger_query){.by = WF_LEDGER_BY_JOB, .since_ms = 150},
           "1 100 400 1"); // the nano-dollar came up at the very end
    summed((struct wf_ledger_query){.by = WF_LEDGER_BY_JOB, .since_ms = 200}, "");
}

static bool add_sum(void *context, const struct wf_ledger_sum *sum)
{
    *(int64_t *)context += sum->cost_nanousd;
    return true;
}

static void parts_of_a_stretch_add_up_to_all_of_it(void **state)
{
    (void)state;
    stretch(1, 1000, 8919, "ada", INT64_MAX);
    written();
    int64_t sum = 0;
    for (int64_t at = 0; at < 10000; at += 37) {
        struct wf_ledger_query query = {.by = WF_LEDGER_TOTAL, .since_ms = at, .until_ms = at + 37};
        assert_int_equal(wf_database_ledger(db, &query, add_sum, &sum, &err), WF_OK);
    }
    assert_true(sum == INT64_MAX);
}

static bool see_audit(void *context, const struct wf_audit_row *row)
{
    (void)context;
    see_number(row->id);
    see(row->actor);
    see(row->role);
    see(row->over);
    see(row->action);
    see(row->object);
    see(row->outcome);
    see(row->detail);
    assert_int_equal(row->time_ms, 55);
    return true;
}

static void the_audit_comes_in_pages(void **state)
{
    (void)state;
    struct wf_audit_row row = {.time_ms = 55,
                               .actor = "ada",
                               .role = "submitter",
                               .over = "tls",
                               .action = "cancel",
                               .object = "job 3",
                               .outcome = "ok",
                               .detail = "{}"};
    for (uint32_t i = 0; i < 3; i++) {
        wf_batch_audit(batch, &row);
    }
    written();
    seen[0] = '\0';
    assert_int_equal(wf_database_audit(db, 1, 1, see_audit, NULL, &err), WF_OK);
    assert_string_equal(seen, "2 ada submitter tls cancel job 3 ok {}");
    seen[0] = '\0';
    assert_int_equal(wf_database_audit(db, 3, 0, see_audit, NULL, &err), WF_OK);
    assert_string_equal(seen, "");
}

static bool see_feed(void *context, const struct wf_feed_row *row)
{
    (void)context;
    see_number(row->seq);
    see(row->kind);
    see(row->data);
    assert_int_equal(row->time_ms, row->seq * 10);
    assert_int_equal(row->job, row->seq % 2);
    return true;
}

static void the_feed_resumes_and_is_forgotten_from_its_beginning(void **state)
{
    (void)state;
    for (uint32_t seq = 1; seq <= 5; seq++) {
        wf_batch_feed(
            batch,
            &(struct wf_feed_row){
                .seq = seq, .time_ms = seq * 10, .job = seq % 2, .kind = "job", .data = "{}"});
    }
    wf_batch_forget_feed(batch, 1);
    written();
    seen[0] = '\0';
    assert_int_equal(
        wf_database_feed(db, &(struct wf_feed_query){.limit = 2}, see_feed, NULL, &err), WF_OK);
    assert_string_equal(seen, "2 job {} 3 job {}");
    seen[0] = '\0';
    assert_int_equal(
        wf_database_feed(db, &(struct wf_feed_query){.after = 3, .job = 1}, see_feed, NULL, &err),
        WF_OK);
    assert_string_equal(seen, "5 job {}");
    struct wf_database_last last;
    assert_int_equal(wf_database_last(db, &last, &err), WF_OK);
    assert_int_equal(last.feed, 5);
}

static bool see_token(void *context, const struct wf_token_row *row)
{
    (void)context;
    see_number(row->id);
    see(row->name);
    see(row->role);
    see(row->user);
    see(row->hash);
    see_number((uint64_t)row->created_ms);
    see_number((uint64_t)row->expires_ms);
    see_number((uint64_t)row->revoked_ms);
    return true;
}

static void a_token_is_revoked_by_writing_it_again(void **state)
{
    (void)state;
    struct wf_token_row row = {
        .id = 1, .name = "laptop", .role = "admin", .user = "ada", .hash = "ab", .created_ms = 1};
    wf_batch_token(batch, &row);
    row.expires_ms = 2;
    row.revoked_ms = 3;
    wf_batch_token(batch, &row);
    written();
    seen[0] = '\0';
    assert_int_equal(wf_database_tokens(db, see_token, NULL, &err), WF_OK);
    assert_string_equal(seen, "1 laptop admin ada ab 1 2 3");
    row.id = 2; // the secret of another one
    wf_batch_token(batch, &row);
    assert_int_equal(wf_database_write(db, batch, &err), WF_EXISTS);
}

static void a_note_is_kept_under_its_key(void **state)
{
    (void)state;
    char value[8];
    wf_batch_meta(batch, "price", "list of 2026");
    written();
    assert_int_equal(wf_database_meta(db, "price", value, sizeof value, &err), WF_OK);
    assert_string_equal(value, "list of");
    assert_int_equal(wf_database_meta(db, "other", value, sizeof value, &err), WF_NOTFOUND);
}

static void a_batch_is_written_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    made_batch(batch, 1);
    assert_false(wf_batch_is_empty(batch));
    written();
    assert_true(wf_batch_is_empty(batch));
    made_batch(batch, 2);
    wf_batch_feed(batch, &(struct wf_feed_row){.seq = 1}); // is there
    assert_int_equal(wf_database_write(db, batch, &err), WF_EXISTS);
    assert_non_null(strstr(err.text, "UNIQUE constraint failed: feed.seq"));
    made_batch(batch, 2);
    written();
    wf_database_close(db);
    assert_int_equal(made_database_steps(), 2);
    db = NULL;
}

static void what_no_journal_can_hold_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    uint64_t lines = 4;
    struct wf_event wrong = {.kind = WF_EVENT_POOL, .pool = {.spec = {.vendor = 9}}};
    assert_int_equal(wf_batch_event(batch, &lines, &wrong, &err), WF_INVALID);
    assert_int_equal(wf_batch_name(batch, &lines, WF_JOURNAL_NODE, 1, "two\nlines", &err),
                     WF_INVALID);
    assert_true(wf_batch_is_empty(batch));
    assert_int_equal(lines, 4);
}

static void a_batch_has_a_limit_and_never_holds_half_of_what_was_added(void **state)
{
    (void)state;
    static char document[9 << 20];
    memset(document, 'x', sizeof document - 1);
    struct wf_job_row row = {.id = 1, .document = document};
    wf_batch_job(batch, &row);
    assert_false(wf_batch_is_full(batch));
    row.id = 2;
    wf_batch_job(batch, &row);
    assert_true(wf_batch_is_full(batch));
    for (row.id = 3; row.id <= 7; row.id++) {
        wf_batch_job(batch, &row);
    }
    written();
    for (row.id = 8; row.id <= 16; row.id++) {
        wf_batch_job(batch, &row);
    }
    assert_false(wf_batch_is_empty(batch));
    assert_int_equal(wf_database_write(db, batch, &err), WF_LIMIT);
    assert_non_null(strstr(err.text, "more than 64 MiB are to be written to "));
    wf_batch_clear(batch);
    queried((struct wf_job_query){.limit = 0}, "1 2 3 4 5 6 7");
}

static void the_file_belongs_to_its_owner_alone(void **state)
{
    (void)state;
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void refused(enum wf_status wanted, const char *sentence)
{
    struct wf_database *other = NULL;
    assert_int_equal(wf_database_open(path, &other, &err), wanted);
    if (!strstr(err.text, sentence)) {
        fail_msg("'%s' does not say '%s'", err.text, sentence);
    }
}

static void files_that_are_not_ours_are_refused(void **state)
{
    (void)state;
    run_sql("UPDATE meta SET value = '2' WHERE key = 'schema'");
    wf_database_close(db);
    db = NULL;
    refused(WF_INVALID, "was written by a newer whaleflux: its tables have version 2, this program "
                        "knows version 1");
    run_sql("DELETE FROM meta");
    refused(WF_INVALID, "is damaged: it does not tell its version");
    run_sql("PRAGMA application_id = 77");
    refused(WF_INVALID, "is an SQLite database, but none of whaleflux");
    run_sql("PRAGMA application_id = 0");
    refused(WF_INVALID, "is an SQLite database, but none of whaleflux");
    scratch_write_text("db", "It is a letter, and a long one, so that nobody takes it for the "
                             "beginning of a database. It goes on and on and on.");
    refused(WF_INVALID, "is no SQLite database");
    path = "/nowhere/db";
    refused(WF_IO, "/nowhere/db cannot be made: No such file or directory");
}

// Overwrites a stretch of the file.
static void scribble(long from, size_t bytes)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    if (file) {
        assert_int_equal(fseek(file, from, SEEK_SET), 0);
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(fputc('?', file), '?');
        }
        assert_int_equal(fclose(file), 0);
    }
}

static void a_damaged_file_is_told_in_one_sentence(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= 200; number++) {
        made_batch(batch, number);
        written();
    }
    run_sql("UPDATE journal SET line = replace(line, 'time=200', 'time=201')"
            " WHERE number > 4 + 3 * 199");
    reopen();
    run_sql("DELETE FROM journal WHERE number > 4 + 3 * 199 + 1");
    wf_database_close(db);
    db = NULL;
    refused(WF_INVALID, "is damaged: a line of its journal has not the checksum of its text");
    run_sql("DELETE FROM journal WHERE number > 4 + 3 * 199");
    run_sql("UPDATE jobs SET state = 'odd' WHERE id = 9");
    db = made_database_open();
    struct wf_job_query all = {.limit = 0};
    assert_int_equal(wf_database_jobs(db, &all, see_job, NULL, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "is damaged: a job is in no known state"));
    wf_database_close(db);
    db = NULL;
    scribble(4096, 200000);
    refused(WF_INVALID, "is damaged (database disk image is malformed); restore a copy, or save "
                        "what can be read with sqlite3's .recover");
    assert_int_equal(truncate(path, 1000), 0);
    refused(WF_INVALID, "");
}

// The disk is full after so many bytes.
static void limit_files(uint64_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void after_a_full_disk_it_goes_on(void **state)
{
    (void)state;
    uint64_t number = 0;
    enum wf_status status = WF_OK;
    limit_files(300000);
    while (status == WF_OK) {
        made_batch(batch, ++number);
        status = wf_database_write(db, batch, &err);
    }
    assert_int_equal(status, WF_IO);
    if (!strstr(err.text, " cannot be written: the disk is full")) {
        fail_msg("'%s' does not say that the disk is full", err.text);
    }
    assert_int_equal(wf_database_probe(db, &err), WF_IO);
    assert_non_null(strstr(err.text, " cannot be written: the disk is full"));
    struct wf_database_last last;
    assert_int_equal(wf_database_last(db, &last, &err), WF_OK);
    assert_int_equal(last.job, number - 1);
    limit_files(RLIM_INFINITY);
    assert_int_equal(wf_database_probe(db, &err), WF_OK);
    written();
    wf_database_close(db);
    db = NULL;
    assert_int_equal(made_database_steps(), number);
}

static void a_locked_file_is_waited_for_and_then_told(void **state)
{
    (void)state;
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    made_batch(batch, 1);
    assert_int_equal(wf_database_write(db, batch, &err), WF_IO);
    assert_non_null(strstr(err.text, "cannot be written: another program keeps it locked"));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    written();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_and_its_newest_run_are_read_as_they_were_written),
        TEST(the_runs_of_a_job_come_in_order),
        TEST(jobs_are_found_by_each_of_their_marks),
        TEST(the_elements_of_an_array_share_a_document),
        TEST(losses_are_read_as_they_were_written_and_summed),
        TEST(lives_come_in_the_order_in_which_they_were_watched),
        TEST(a_database_from_before_they_were_counted_is_given_the_tables),
        TEST(the_ledger_is_summed_by_what_was_asked_for),
        TEST(parts_of_a_stretch_add_up_to_all_of_it),
        TEST(the_audit_comes_in_pages),
        TEST(the_feed_resumes_and_is_forgotten_from_its_beginning),
        TEST(a_token_is_revoked_by_writing_it_again),
        TEST(a_note_is_kept_under_its_key),
        TEST(a_batch_is_written_as_a_whole_or_not_at_all),
        TEST(what_no_journal_can_hold_is_refused_and_leaves_no_trace),
        TEST(a_batch_has_a_limit_and_never_holds_half_of_what_was_added),
        TEST(the_file_belongs_to_its_owner_alone),
        TEST(files_that_are_not_ours_are_refused),
        TEST(a_damaged_file_is_told_in_one_sentence),
        TEST(after_a_full_disk_it_goes_on),
        TEST(a_locked_file_is_waited_for_and_then_told),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
