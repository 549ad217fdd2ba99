// SPDX-License-Identifier: Apache-2.0
// The readers of the database, on a connection of their own.
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "store/database_file.h"

const char *wf_column_text(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    return text ? (const char *)text : "";
}

static void bind(sqlite3_stmt *statement, const struct wf_question *question)
{
    const struct wf_cell *cells = question->cells;
    WF_ASSERT(sqlite3_bind_parameter_count(statement) == (int)question->cell_count);
    for (uint32_t i = 0; i < question->cell_count; i++) {
        if (cells[i].text) {
            sqlite3_bind_text(statement, (int)i + 1, cells[i].text, -1, SQLITE_STATIC);
        } else {
            sqlite3_bind_int64(statement, (int)i + 1, cells[i].number);
        }
    }
}

enum wf_status wf_database_read(struct wf_database *db, const struct wf_question *question,
                                bool (*take)(void *context, sqlite3_stmt *row), void *context,
                                struct wf_error *err)
{
    sqlite3_stmt *statement = NULL;
    errno = 0;
    int code = sqlite3_prepare_v2(db->reader, question->sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        bind(statement, question);
        code = SQLITE_ROW;
    }
    bool more = true;
    while (code == SQLITE_ROW && more) {
        code = sqlite3_step(statement);
        more = code == SQLITE_ROW && take(context, statement);
    }
    enum wf_status status = code == SQLITE_ROW || code == SQLITE_DONE
                                ? WF_OK
                                : wf_database_fail(db->reader, db->path, "read", err);
    sqlite3_finalize(statement);
    return status;
}

// Takes one column after the other.
struct columns {
    sqlite3_stmt *row;
    int next;
};

static int64_t number(struct columns *columns)
{
    return sqlite3_column_int64(columns->row, columns->next++);
}

static const char *text(struct columns *columns)
{
    return wf_column_text(columns->row, columns->next++);
}

// Who wants the rows.
struct visitor {
    union {
        wf_job_row_fn *job;
        wf_run_row_fn *run;
        wf_audit_row_fn *audit;
        wf_feed_row_fn *feed;
        wf_token_row_fn *token;
    };
    void *context;
    bool damaged; // a row makes no sense
};

#define RUN_COLUMNS                                                                                \
    "r.attempt, r.granted_ms, r.started_ms, r.ended_ms, r.node, r.gpu_set, r.gpu_milli, r.ending," \
    " r.exit_code, r.signal, r.detail, r.warnings, r.cpu_ms, r.memory_peak_bytes, r.gpu_ms,"       \
    " r.cost_nanousd"

static void read_run(struct columns *from, uint64_t job, struct wf_run_row *row)
{
    row->job = job;
    row->attempt = (uint32_t)number(from);
    row->granted_ms = number(from);
    row->started_ms = number(from);
    row->ended_ms = number(from);
    row->node = text(from);
    row->gpu_set = (uint64_t)number(from);
    row->gpu_milli = (uint32_t)number(from);
    row->end = text(from);
    row->exit_code = (int32_t)number(from);
    row->signal = (int32_t)number(from);
    row->detail = text(from);
    row->warnings = text(from);
    row->cpu_ms = (uint64_t)number(from);
    row->memory_peak_bytes = (uint64_t)number(from);
    row->gpu_ms = (uint64_t)number(from);
    row->cost_nanousd = number(from);
}

static bool take_job(void *context, sqlite3_stmt *statement)
{
    struct visitor *visitor = context;
    struct columns from = {.row = statement};
    struct wf_job_row row = {.id = (uint64_t)number(&from)};
    row.array = (uint64_t)number(&from);
    row.name = text(&from);
    row.user = text(&from);
    row.queue = text(&from);
    row.uid = (uint32_t)number(&from);
    row.gid = (uint32_t)number(&from);
    row.submitted_ms = number(&from);
    if (!wf_job_state_find(text(&from), &row.state)) {
        visitor->damaged = true;
        return false;
    }
    row.reason_code = text(&from);
    row.reason = text(&from);
    row.started_ms = number(&from);
    row.ended_ms = number(&from);
    row.attempts = (uint32_t)number(&from);
    row.requeues = (uint32_t)number(&from);
    row.cost_nanousd = number(&from);
    row.gpu_ms = (uint64_t)number(&from);
    row.cpu_ms = (uint64_t)number(&from);
    row.memory_peak_bytes = (uint64_t)number(&from);
    row.warnings = text(&from);
    row.document = text(&from);
    row.engine = text(&from);
    row.key = text(&from);
    read_run(&from, row.id, &row.run);
    return visitor->job(visitor->context, &row);
}

static const char job_select[] =
    "SELECT j.id, j.array, j.name, j.user, j.queue, j.uid, j.gid, j.submitted_ms, j.state,"
    " j.reason_code, j.reason, j.started_ms, j.ended_ms, j.attempts, j.requeues, j.cost_nanousd,"
    " j.gpu_ms, j.cpu_ms, j.memory_peak_bytes, j.warnings, d.text,"
    " w.engine, w.key, " RUN_COLUMNS
    // The page is chosen by ids alone, which are cheap to sort; then comes the rest, in that order.
    " FROM (SELECT id FROM jobs WHERE 1";

static const char job_joins[] =
    ") page CROSS JOIN jobs j ON j.id = page.id"
    " LEFT JOIN documents d ON d.job = CASE j.array WHEN 0 THEN j.id ELSE j.array END"
    " LEFT JOIN works w ON w.job = j.id"
    " LEFT JOIN runs r ON r.job = j.id"
    " AND r.attempt = (SELECT max(attempt) FROM runs WHERE job = j.id)";

enum { SQL_BYTES = 2048, CELLS_MAX = 8 };

struct sql {
    char text[SQL_BYTES];
    size_t length;
    struct wf_cell cells[CELLS_MAX];
    uint32_t cell_count;
};

static void say(struct sql *sql, const char *more)
{
    int length = snprintf(sql->text + sql->length, SQL_BYTES - sql->length, "%s", more);
    sql->length += (size_t)length;
    WF_ASSERT(sql->length < SQL_BYTES);
}

static void say_with(struct sql *sql, const char *more, struct wf_cell cell)
{
    say(sql, more);
    sql->cells[sql->cell_count++] = cell;
}

static void say_text(struct sql *sql, const char *more, const char *value)
{
    if (value) {
        say_with(sql, more, (struct wf_cell){.text = value});
    }
}

static void say_id(struct sql *sql, const char *more, uint64_t id)
{
    if (id > 0) {
        int64_t within = id < INT64_MAX ? (int64_t)id : INT64_MAX;
        say_with(sql, more, (struct wf_cell){.number = within});
    }
}

static enum wf_status ask(struct wf_database *db, const struct sql *sql,
                          bool (*take)(void *context, sqlite3_stmt *row), void *context,
                          struct wf_error *err)
{
    struct wf_question question = {sql->text, sql->cells, sql->cell_count};
    return wf_database_read(db, &question, take, context, err);
}

// The index of the states helps to find the few jobs that live, or those of one state in the order
// of their ids; with other sets it would have to sort all jobs for one page ("+" keeps it out).
static void say_states(struct sql *sql, uint32_t states)
{
    states &= WF_JOB_STATES_ALL;
    if (states == 0 || states == WF_JOB_STATES_ALL) {
        return;
    }
    bool use_index = (states & (states - 1)) == 0 || (states & ~WF_JOB_STATES_LIVE) == 0;
    say(sql, use_index ? " AND state IN (" : " AND +state IN (");
    const char *separator = "'";
    for (uint32_t i = 0; i < WF_JOB_STATE_COUNT; i++) {
        if (states & WF_JOB_STATE_BIT(i)) {
            say(sql, separator);
            say(sql, wf_job_state_word((enum wf_job_state)i));
            separator = "', '";
        }
    }
    say(sql, "')");
}

enum wf_status wf_database_jobs(struct wf_database *db, const struct wf_job_query *query,
                                wf_job_row_fn *fn, void *context, struct wf_error *err)
{
    struct sql sql = {.length = 0};
    say(&sql, job_select);
    say_id(&sql, " AND id = ?", query->id);
    say_id(&sql, " AND array > 0 AND array = ?", query->array);
    say_text(&sql, " AND name = ?", query->name);
    say_text(&sql, " AND user = ?", query->user);
    say_text(&sql, " AND queue = ?", query->queue);
    say_text(&sql, " AND id IN (SELECT job FROM works WHERE key = ?)", query->key);
    say_states(&sql, query->states);
    say_id(&sql, query->newest_first ? " AND id < ?" : " AND id > ?", query->after);
    say(&sql, query->newest_first ? " ORDER BY id DESC LIMIT " : " ORDER BY id LIMIT ");
    say_with(&sql, "?", (struct wf_cell){.number = wf_limit_cell(query->limit)});
    say(&sql, job_joins);
    struct visitor visitor = {.job = fn, .context = context};
    enum wf_status status = ask(db, &sql, take_job, &visitor, err);
    return visitor.damaged
               ? wf_fail(err, WF_INVALID, "%s is damaged: a job is in no known state", db->path)
               : status;
}

static bool take_run(void *context, sqlite3_stmt *statement)
{
    const struct visitor *visitor = context;
    struct columns from = {.row = statement, .next = 1};
    struct wf_run_row row;
    read_run(&from, (uint64_t)sqlite3_column_int64(statement, 0), &row);
    return visitor->run(visitor->context, &row);
}

enum wf_status wf_database_runs(struct wf_database *db, uint64_t job, wf_run_row_fn *fn,
                                void *context, struct wf_error *err)
{
    struct visitor visitor = {.run = fn, .context = context};
    struct wf_cell cell = {.number = (int64_t)job};
    struct wf_question question = {
        "SELECT r.job, " RUN_COLUMNS " FROM runs r WHERE r.job = ? ORDER BY r.attempt", &cell, 1};
    return wf_database_read(db, &question, take_run, &visitor, err);
}

static bool take_audit(void *context, sqlite3_stmt *statement)
{
    const struct visitor *visitor = context;
    struct columns from = {.row = statement};
    struct wf_audit_row row = {.id = (uint64_t)number(&from)};
    row.time_ms = number(&from);
    row.actor = text(&from);
    row.role = text(&from);
    row.over = text(&from);
    row.action = text(&from);
    row.object = text(&from);
    row.outcome = text(&from);
    row.detail = text(&from);
    return visitor->audit(visitor->context, &row);
}

enum wf_status wf_database_audit(struct wf_database *db, uint64_t after, uint32_t limit,
                                 wf_audit_row_fn *fn, void *context, struct wf_error *err)
{
    struct visitor visitor = {.audit = fn, .context = context};
    struct wf_cell cells[] = {{.number = (int64_t)after}, {.number = wf_limit_cell(limit)}};
    struct wf_question question = {
        "SELECT id, time_ms, actor, role, over, action, object, outcome, detail FROM audit"
        " WHERE id > ? ORDER BY id LIMIT ?",
        cells, WF_COUNT_OF(cells)};
    return wf_database_read(db, &question, take_audit, &visitor, err);
}

static bool take_feed(void *context, sqlite3_stmt *statement)
{
    const struct visitor *visitor = context;
    struct columns from = {.row = statement};
    struct wf_feed_row row = {.seq = (uint64_t)number(&from)};
    row.time_ms = number(&from);
    row.job = (uint64_t)number(&from);
    row.kind = text(&from);
    row.data = text(&from);
    return visitor->feed(visitor->context, &row);
}

enum wf_status wf_database_feed(struct wf_database *db, const struct wf_feed_query *query,
                                wf_feed_row_fn *fn, void *context, struct wf_error *err)
{
    struct sql sql = {.length = 0};
    say(&sql, "SELECT seq, time_ms, job, kind, data FROM feed WHERE 1");
    say_id(&sql, " AND job > 0 AND job = ?", query->job);
    say_id(&sql, " AND seq > ?", query->after);
    say_with(&sql, " ORDER BY seq LIMIT ?",
             (struct wf_cell){.number = wf_limit_cell(query->limit)});
    struct visitor visitor = {.feed = fn, .context = context};
    return ask(db, &sql, take_feed, &visitor, err);
}

static bool take_token(void *context, sqlite3_stmt *statement)
{
    const struct visitor *visitor = context;
    struct columns from = {.row = statement};
    struct wf_token_row row = {.id = (uint64_t)number(&from)};
    row.name = text(&from);
    row.role = text(&from);
    row.user = text(&from);
    row.hash = text(&from);
    row.created_ms = number(&from);
    row.expires_ms = number(&from);
    row.revoked_ms = number(&from);
    return visitor->token(visitor->context, &row);
}

enum wf_status wf_database_tokens(struct wf_database *db, wf_token_row_fn *fn, void *context,
                                  struct wf_error *err)
{
    struct visitor visitor = {.token = fn, .context = context};
    static const struct wf_question question = {
        .sql = "SELECT id, name, role, user, hash, created_ms, expires_ms, revoked_ms FROM tokens"
               " ORDER BY id"};
    return wf_database_read(db, &question, take_token, &visitor, err);
}

static bool take_last(void *context, sqlite3_stmt *statement)
{
    struct wf_database_last *last = context;
    struct columns from = {.row = statement};
    last->journal_lines = (uint64_t)number(&from);
    last->job = (uint64_t)number(&from);
    last->audit = (uint64_t)number(&from);
    last->feed = (uint64_t)number(&from);
    last->token = (uint64_t)number(&from);
    return true;
}

enum wf_status wf_database_last(struct wf_database *db, struct wf_database_last *last_out,
                                struct wf_error *err)
{
    static const struct wf_question question = {
        .sql = "SELECT (SELECT max(number) FROM journal), (SELECT max(id) FROM jobs),"
               " (SELECT max(id) FROM audit), (SELECT max(seq) FROM feed),"
               " (SELECT max(id) FROM tokens)"};
    return wf_database_read(db, &question, take_last, last_out, err);
}

struct value {
    char *text;
    size_t size;
    bool found;
};

static bool take_value(void *context, sqlite3_stmt *statement)
{
    struct value *value = context;
    snprintf(value->text, value->size, "%s", wf_column_text(statement, 0));
    value->found = true;
    return true;
}

enum wf_status wf_database_meta(struct wf_database *db, const char *key, char *value, size_t size,
                                struct wf_error *err)
{
    struct value found = {.text = value, .size = size};
    struct wf_cell cell = {.text = key};
    struct wf_question question = {"SELECT value FROM meta WHERE key = ?", &cell, 1};
    enum wf_status status = wf_database_read(db, &question, take_value, &found, err);
    if (status == WF_OK && !found.found) {
        status = wf_fail(err, WF_NOTFOUND, "%s has no '%s'", db->path, key);
    }
    return status;
}
