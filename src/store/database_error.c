// SPDX-License-Identifier: Apache-2.0
// Opening SQLite, and what it says when it fails, as one sentence.
#include <errno.h>
#include <string.h>

#include "store/database_file.h"

enum { BUSY_MS = 5000 };

static bool is_full(int code, int system)
{
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT || system == EFBIG));
}

enum wf_status wf_database_fail(sqlite3 *connection, const char *path, const char *done,
                                struct wf_error *err)
{
    int code = connection ? sqlite3_errcode(connection) & 0xff : SQLITE_NOMEM;
    int system = connection ? sqlite3_system_errno(connection) : 0;
    // SQLite does not keep it of a write that failed in a commit.
    system = system == 0 && code == SQLITE_IOERR ? errno : system;
    if (is_full(code, system)) {
        return wf_fail(err, WF_IO, "%s cannot be %s: the disk is full", path, done);
    }
    switch (code) {
    case SQLITE_NOMEM:
        return wf_fail(err, WF_NOMEM, "no memory for %s", path);
    case SQLITE_CORRUPT:
        return wf_fail(err, WF_INVALID,
                       "%s is damaged (%s); restore a copy, or save what can be read with "
                       "sqlite3's .recover",
                       path, sqlite3_errmsg(connection));
    case SQLITE_NOTADB:
        return wf_fail(err, WF_INVALID, "%s is no SQLite database", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return wf_fail(err, WF_IO, "%s cannot be %s: another program keeps it locked", path, done);
    case SQLITE_CONSTRAINT:
        return wf_fail(err, WF_EXISTS, "%s cannot be %s: %s", path, done,
                       sqlite3_errmsg(connection));
    case SQLITE_TOOBIG:
        return wf_fail(err, WF_LIMIT, "%s cannot be %s: a text is too long", path, done);
    default:
        return wf_fail(err, WF_IO, "%s cannot be %s: %s", path, done,
                       system ? strerror(system) : sqlite3_errmsg(connection));
    }
}

enum wf_status wf_database_connect(const char *path, bool for_writing, sqlite3 **out,
                                   struct wf_error *err)
{
    int how = for_writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    enum wf_status status = WF_OK;
    if (sqlite3_open_v2(path, out, how | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        status = wf_database_fail(*out, path, "opened", err);
        sqlite3_close(*out);
        *out = NULL;
        return status;
    }
    sqlite3_extended_result_codes(*out, 1);
    sqlite3_busy_timeout(*out, BUSY_MS);
    return WF_OK;
}

enum wf_status wf_database_number(sqlite3 *connection, const char *path, const char *sql,
                                  int64_t *number_out, struct wf_error *err)
{
    sqlite3_stmt *statement = NULL;
    *number_out = 0;
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        *number_out = sqlite3_column_int64(statement, 0);
    }
    enum wf_status status = code == SQLITE_ROW || code == SQLITE_DONE
                                ? WF_OK
                                : wf_database_fail(connection, path, "read", err);
    sqlite3_finalize(statement);
    return status;
}
