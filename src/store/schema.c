// SPDX-License-Identifier: Apache-2.0
// The tables, and which version of them a file has. A change that an older program cannot live with
// gets the next version and a step that brings older files there.
#include <sqlite3.h>
#include <string.h>

#include "store/database_file.h"

static const char tables[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE journal (number INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT;"

    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, array INTEGER NOT NULL, name TEXT NOT NULL,"
    " user TEXT NOT NULL, queue TEXT NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL,"
    " submitted_ms INTEGER NOT NULL, state TEXT NOT NULL, reason_code TEXT NOT NULL,"
    " reason TEXT NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, requeues INTEGER NOT NULL, cost_nanousd INTEGER NOT NULL,"
    " gpu_ms INTEGER NOT NULL, cpu_ms INTEGER NOT NULL, memory_peak_bytes INTEGER NOT NULL,"
    " warnings TEXT NOT NULL) STRICT;"
    // An index ends with the id by itself, so each of these is also in the order of pages.
    "CREATE INDEX jobs_by_state ON jobs (state);"
    "CREATE INDEX jobs_by_user ON jobs (user);"
    "CREATE INDEX jobs_by_queue ON jobs (queue);"
    "CREATE INDEX jobs_by_name ON jobs (name);"
    "CREATE INDEX jobs_by_array ON jobs (array) WHERE array > 0;"

    // Apart from the jobs: long, written once, and shared by the elements of an array.
    "CREATE TABLE documents (job INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"

    "CREATE TABLE runs (job INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " granted_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " node TEXT NOT NULL, gpu_set INTEGER NOT NULL, gpu_milli INTEGER NOT NULL,"
    " ending TEXT NOT NULL, exit_code INTEGER NOT NULL, signal INTEGER NOT NULL,"
    " detail TEXT NOT NULL, warnings TEXT NOT NULL, cpu_ms INTEGER NOT NULL,"
    " memory_peak_bytes INTEGER NOT NULL, gpu_ms INTEGER NOT NULL, cost_nanousd INTEGER NOT NULL,"
    " PRIMARY KEY (job, attempt)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE ledger (job INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, user TEXT NOT NULL, queue TEXT NOT NULL,"
    " pool TEXT NOT NULL, gpu_ms INTEGER NOT NULL, core_ms INTEGER NOT NULL,"
    " cost_nanousd INTEGER NOT NULL, price_source TEXT NOT NULL,"
    " PRIMARY KEY (job, attempt, from_ms)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX ledger_by_time ON ledger (to_ms);"

    "CREATE TABLE audit (id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, actor TEXT NOT NULL,"
    " role TEXT NOT NULL, over TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,"
    " outcome TEXT NOT NULL, detail TEXT NOT NULL) STRICT;"

    "CREATE TABLE feed (seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, job INTEGER NOT NULL,"
    " kind TEXT NOT NULL, data TEXT NOT NULL) STRICT;"
    "CREATE INDEX feed_by_job ON feed (job) WHERE job > 0;"

    "CREATE TABLE tokens (id INTEGER PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,"
    " user TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL) STRICT;";

// Came later than the others: a database without them is given them.
static const char later[] =
    // Of jobs that others asked for: which engine runs them, and what it calls them. A key may be
    // given out again when its work is over.
    "CREATE TABLE IF NOT EXISTS works (job INTEGER PRIMARY KEY, engine TEXT NOT NULL,"
    " key TEXT NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS works_by_key ON works (key);"

    "CREATE TABLE IF NOT EXISTS losses (job INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, user TEXT NOT NULL, queue TEXT NOT NULL,"
    " why TEXT NOT NULL, gpu_ms INTEGER NOT NULL, cost_nanousd INTEGER NOT NULL,"
    " PRIMARY KEY (job, attempt)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS lives (boot TEXT PRIMARY KEY, pool TEXT NOT NULL,"
    " booted_ms INTEGER NOT NULL, from_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
    " gone_ms INTEGER NOT NULL, is_left INTEGER NOT NULL) STRICT, WITHOUT ROWID";

static enum wf_status fail_foreign(const char *path, struct wf_error *err)
{
    return wf_fail(err, WF_INVALID, "%s is an SQLite database, but none of whaleflux", path);
}

enum wf_status wf_schema_check(sqlite3 *connection, const char *path, struct wf_error *err)
{
    int64_t mark, version = 0;
    enum wf_status status =
        wf_database_number(connection, path, "PRAGMA application_id", &mark, err);
    if (status == WF_OK && mark != WF_DATABASE_MARK) {
        return fail_foreign(path, err);
    }
    if (status == WF_OK) {
        status = wf_database_number(connection, path,
                                    "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'schema'",
                                    &version, err);
    }
    if (status == WF_OK && version > WF_SCHEMA_VERSION) {
        status = wf_fail(err, WF_INVALID,
                         "%s was written by a newer whaleflux: its tables have version %lld, this "
                         "program knows version %d",
                         path, (long long)version, WF_SCHEMA_VERSION);
    } else if (status == WF_OK && version < 1) {
        status = wf_fail(err, WF_INVALID, "%s is damaged: it does not tell its version", path);
    }
    return status;
}

static enum wf_status create_tables(sqlite3 *connection, const char *path, struct wf_error *err)
{
    char sql[sizeof tables + 256];
    snprintf(sql, sizeof sql,
             "BEGIN IMMEDIATE; PRAGMA application_id = %d; %s"
             "INSERT INTO meta (key, value) VALUES ('schema', '%d'); COMMIT",
             WF_DATABASE_MARK, tables, WF_SCHEMA_VERSION);
    if (sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK) {
        return WF_OK;
    }
    enum wf_status status = wf_database_fail(connection, path, "written", err);
    sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum wf_status wf_schema_make(sqlite3 *connection, const char *path, struct wf_error *err)
{
    int64_t mark, things = 0;
    enum wf_status status =
        wf_database_number(connection, path, "PRAGMA application_id", &mark, err);
    if (status == WF_OK && mark == 0) {
        status = wf_database_number(connection, path, "SELECT count(*) FROM sqlite_schema", &things,
                                    err);
        if (status == WF_OK) {
            status = things == 0 ? create_tables(connection, path, err) : fail_foreign(path, err);
        }
    }
    status = status == WF_OK ? wf_schema_check(connection, path, err) : status;
    if (status == WF_OK && sqlite3_exec(connection, later, NULL, NULL, NULL) != SQLITE_OK) {
        status = wf_database_fail(connection, path, "written", err);
    }
    return status;
}
