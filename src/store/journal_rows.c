// SPDX-License-Identifier: Apache-2.0
// The journal of a database, read as if it were a file. Each read is a query of its own, so that a
// slow reader never keeps the daemon from putting its write-ahead log away; what it saw before
// cannot change, since lines are only ever added.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/database_file.h"
#include "store/journal.h"

enum { SQLITE_HEADER_BYTES = 100 }; // no database is shorter

struct wf_journal_rows {
    sqlite3 *connection;
    sqlite3_stmt *from; // the lines from a number on
    char *path;
    uint64_t next, last; // lines to come
    size_t used;         // bytes of the next one that were given already
};

// SQLite itself is asked: were the file opened and closed here, a daemon in this program would lose
// its locks on it.
bool wf_journal_is_database(const char *path)
{
    struct stat about;
    sqlite3 *connection = NULL;
    int64_t version;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < SQLITE_HEADER_BYTES ||
        wf_database_connect(path, false, &connection, NULL) != WF_OK) {
        return false;
    }
    bool good =
        wf_database_number(connection, path, "PRAGMA schema_version", &version, NULL) == WF_OK ||
        (sqlite3_errcode(connection) & 0xff) != SQLITE_NOTADB;
    sqlite3_close(connection);
    return good;
}

static enum wf_status open_rows(struct wf_journal_rows *rows, struct wf_error *err)
{
    int64_t last = 0;
    errno = 0;
    enum wf_status status = wf_database_connect(rows->path, false, &rows->connection, err);
    if (status == WF_OK) {
        status = wf_schema_check(rows->connection, rows->path, err);
    }
    if (status == WF_OK) {
        status = wf_database_number(rows->connection, rows->path, "SELECT max(number) FROM journal",
                                    &last, err);
    }
    rows->next = 1;
    rows->last = (uint64_t)last;
    static const char sql[] = "SELECT number, line FROM journal WHERE number >= ? ORDER BY number";
    if (status == WF_OK &&
        sqlite3_prepare_v2(rows->connection, sql, -1, &rows->from, NULL) != SQLITE_OK) {
        status = wf_database_fail(rows->connection, rows->path, "read", err);
    }
    return status;
}

enum wf_status wf_journal_rows_open(const char *path, struct wf_journal_rows **rows_out,
                                    struct wf_error *err)
{
    struct wf_journal_rows *rows = calloc(1, sizeof *rows);
    char *copy = rows ? strdup(path) : NULL;
    if (!copy) {
        free(rows);
        return wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    }
    rows->path = copy;
    enum wf_status status = open_rows(rows, err);
    if (status != WF_OK) {
        wf_journal_rows_close(rows);
        return status;
    }
    *rows_out = rows;
    return WF_OK;
}

void wf_journal_rows_close(struct wf_journal_rows *rows)
{
    if (rows) {
        sqlite3_finalize(rows->from);
        sqlite3_close(rows->connection);
        free(rows->path);
        free(rows);
    }
}

enum wf_status wf_journal_rows_go_to(struct wf_journal_rows *rows, uint64_t line,
                                     struct wf_error *err)
{
    if (line == 0 || line > rows->last) {
        return wf_fail(err, WF_INVALID, "%s has no line %llu in its journal", rows->path,
                       (unsigned long long)line);
    }
    rows->next = line;
    rows->used = 0;
    return WF_OK;
}

// Gives what fits of the line in the row. Returns false when that is not all of it.
static bool take(struct wf_journal_rows *rows, char *buffer, size_t size, size_t *length)
{
    const char *line = wf_column_text(rows->from, 1);
    size_t whole = (size_t)sqlite3_column_bytes(rows->from, 1);
    size_t rest = whole - (rows->used < whole ? rows->used : whole);
    size_t bytes = rest < size - *length ? rest : size - *length;
    memcpy(buffer + *length, line + whole - rest, bytes);
    *length += bytes;
    rows->used += bytes;
    if (bytes < rest || *length == size) {
        return false;
    }
    buffer[(*length)++] = '\n';
    rows->next++;
    rows->used = 0;
    return true;
}

enum wf_status wf_journal_rows_read(struct wf_journal_rows *rows, char *buffer, size_t size,
                                    size_t *length_out, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    int code = SQLITE_ROW;
    bool more = true;
    *length_out = 0;
    errno = 0;
    sqlite3_bind_int64(rows->from, 1, (int64_t)rows->next);
    while (more && rows->next <= rows->last) {
        code = sqlite3_step(rows->from);
        if (code != SQLITE_ROW) {
            break;
        }
        if ((uint64_t)sqlite3_column_int64(rows->from, 0) != rows->next) {
            status = wf_fail(err, WF_INVALID, "%s is damaged: line %llu of its journal is missing",
                             rows->path, (unsigned long long)rows->next);
            break;
        }
        more = take(rows, buffer, size, length_out);
    }
    if (code != SQLITE_ROW) {
        status = wf_database_fail(rows->connection, rows->path, "read", err);
    }
    sqlite3_reset(rows->from);
    return status;
}
