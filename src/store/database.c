// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "store/database_file.h"

static const char *const write_sql[] = {
#define WRITE_SQL(name, sql) [WF_WRITE_##name] = (sql),
    WF_WRITES(WRITE_SQL)
#undef WRITE_SQL
};

// For its owner alone from the first moment; SQLite gives the files beside it the same mode. A file
// that is there is not touched: closing a descriptor of it would take away SQLite's locks.
static enum wf_status make_file(const char *path, struct wf_error *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
        return WF_OK;
    }
    return errno == EEXIST ? WF_OK
                           : wf_fail(err, WF_IO, "%s cannot be made: %s", path,
                                     errno == ENOSPC ? "the disk is full" : strerror(errno));
}

// A commit is on the disk when it returns (FULL); the write-ahead log lets readers read meanwhile.
static enum wf_status set_up(struct wf_database *db, struct wf_error *err)
{
    static const char settings[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216;"
        "PRAGMA trusted_schema = OFF";
    if (sqlite3_exec(db->writer, settings, NULL, NULL, NULL) != SQLITE_OK) {
        return wf_database_fail(db->writer, db->path, "opened", err);
    }
    int64_t is_wal;
    enum wf_status status = wf_database_number(
        db->writer, db->path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &is_wal, err);
    if (status == WF_OK && !is_wal) {
        status = wf_fail(err, WF_IO,
                         "%s is on a file system that cannot share memory between programs, which "
                         "a database needs; choose a local one",
                         db->path);
    }
    return status;
}

static enum wf_status prepare(struct wf_database *db, const char *sql, sqlite3_stmt **out,
                              struct wf_error *err)
{
    return sqlite3_prepare_v3(db->writer, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) ==
                   SQLITE_OK
               ? WF_OK
               : wf_database_fail(db->writer, db->path, "opened", err);
}

static enum wf_status prepare_all(struct wf_database *db, struct wf_error *err)
{
    enum wf_status status = prepare(db, "BEGIN IMMEDIATE", &db->begin, err);
    status = status == WF_OK ? prepare(db, "COMMIT", &db->commit, err) : status;
    status = status == WF_OK ? prepare(db, "ROLLBACK", &db->rollback, err) : status;
    for (uint32_t i = 0; status == WF_OK && i < WF_WRITE_COUNT; i++) {
        status = prepare(db, write_sql[i], &db->writes[i], err);
    }
    return status;
}

static bool check_line(void *context, sqlite3_stmt *row)
{
    bool *good = context;
    const char *text = wf_column_text(row, 1);
    char line[WF_JOURNAL_LINE_BYTES];
    size_t length = (size_t)sqlite3_column_bytes(row, 1);
    *good = *good && length < sizeof line;
    if (*good) {
        memcpy(line, text, length);
        line[length] = '\0';
        *good = wf_journal_unseal(line, &length, (uint64_t)sqlite3_column_int64(row, 0));
    }
    return true;
}

// SQLite finds out by itself what a crash left. This finds a file that was cut or put together from
// two, where it hurts most; whoever reads the journal checks all of it.
static enum wf_status check_journal(struct wf_database *db, struct wf_error *err)
{
    bool good = true;
    static const struct wf_question ends = {
        .sql = "SELECT number, line FROM journal WHERE number <= 4 UNION ALL"
               " SELECT * FROM (SELECT number, line FROM journal ORDER BY number DESC LIMIT 1)"};
    enum wf_status status = wf_database_read(db, &ends, check_line, &good, err);
    if (status == WF_OK && !good) {
        status = wf_fail(err, WF_INVALID,
                         "%s is damaged: a line of its journal has not the checksum of its text",
                         db->path);
    }
    return status;
}

static enum wf_status open_all(struct wf_database *db, struct wf_error *err)
{
    enum wf_status status = make_file(db->path, err);
    errno = 0;
    status = status == WF_OK ? wf_database_connect(db->path, true, &db->writer, err) : status;
    status = status == WF_OK ? set_up(db, err) : status;
    status = status == WF_OK ? wf_schema_make(db->writer, db->path, err) : status;
    status = status == WF_OK ? prepare_all(db, err) : status;
    status = status == WF_OK ? wf_database_connect(db->path, false, &db->reader, err) : status;
    return status == WF_OK ? check_journal(db, err) : status;
}

enum wf_status wf_database_open(const char *path, struct wf_database **db_out, struct wf_error *err)
{
    struct wf_database *db = calloc(1, sizeof *db);
    char *copy = db ? strdup(path) : NULL;
    if (!copy) {
        free(db);
        return wf_fail(err, WF_NOMEM, "no memory to open %s", path);
    }
    db->path = copy;
    enum wf_status status = open_all(db, err);
    if (status != WF_OK) {
        wf_database_close(db);
        return status;
    }
    *db_out = db;
    return WF_OK;
}

void wf_database_close(struct wf_database *db)
{
    if (!db) {
        return;
    }
    for (uint32_t i = 0; i < WF_WRITE_COUNT; i++) {
        sqlite3_finalize(db->writes[i]);
    }
    sqlite3_finalize(db->begin);
    sqlite3_finalize(db->commit);
    sqlite3_finalize(db->rollback);
    // The writer last: it then puts what is in the log into the file.
    sqlite3_close(db->reader);
    sqlite3_close(db->writer);
    free(db->path);
    free(db);
}

static bool run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    int reset = sqlite3_reset(statement);
    return code == SQLITE_DONE && reset == SQLITE_OK;
}

// Gives the statement what stands in the batch, and returns what follows there. The text is used
// before the batch can change, so that it need not be copied.
static const char *bind(sqlite3_stmt *statement, const char *at)
{
    int count = sqlite3_bind_parameter_count(statement);
    for (int i = 1; i <= count; i++) {
        int64_t number;
        uint32_t length;
        if (*at == 'i') {
            memcpy(&number, at + 1, sizeof number);
            sqlite3_bind_int64(statement, i, number);
            at += 1 + sizeof number;
        } else {
            WF_ASSERT(*at == 't');
            memcpy(&length, at + 1, sizeof length);
            at += 1 + sizeof length;
            sqlite3_bind_text(statement, i, at, (int)length, SQLITE_STATIC);
            at += length;
        }
    }
    return at;
}

static bool write_rows(struct wf_database *db, const struct wf_batch *batch)
{
    const char *end = batch->buffer + batch->length;
    bool good = true;
    for (const char *at = batch->buffer; good && at < end;) {
        WF_ASSERT((uint8_t)*at < WF_WRITE_COUNT);
        sqlite3_stmt *statement = db->writes[(uint8_t)*at];
        at = bind(statement, at + 1);
        good = run(statement);
    }
    return good;
}

static enum wf_status give_up(struct wf_database *db, struct wf_error *err)
{
    enum wf_status status = wf_database_fail(db->writer, db->path, "written", err);
    if (!sqlite3_get_autocommit(db->writer)) {
        (void)run(db->rollback);
    }
    return status;
}

enum wf_status wf_database_write(struct wf_database *db, const struct wf_batch *batch,
                                 struct wf_error *err)
{
    if (batch->failed == WF_LIMIT) {
        return wf_fail(err, WF_LIMIT, "more than %zu MiB are to be written to %s at once",
                       WF_BATCH_BYTES_MAX >> 20, db->path);
    }
    if (batch->failed != WF_OK) {
        return wf_fail(err, WF_NOMEM, "no memory for what is to be written to %s", db->path);
    }
    if (batch->length == 0) {
        return WF_OK;
    }
    errno = 0;
    bool good = run(db->begin) && write_rows(db, batch) && run(db->commit);
    return good ? WF_OK : give_up(db, err);
}

enum wf_status wf_database_probe(struct wf_database *db, struct wf_error *err)
{
    static const char fill[] = "INSERT OR REPLACE INTO meta (key, value)"
                               " VALUES ('probe', hex(zeroblob(524288)))";
    static const char empty[] = "DELETE FROM meta WHERE key = 'probe'";
    errno = 0;
    bool good = sqlite3_exec(db->writer, fill, NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_exec(db->writer, empty, NULL, NULL, NULL) == SQLITE_OK;
    return good ? WF_OK : give_up(db, err);
}
