// SPDX-License-Identifier: Apache-2.0
// What the parts of the database share. Internal to the store.
#pragma once

#include <sqlite3.h>

#include "store/database.h"
#include "store/writes.h"

#define WF_SCHEMA_VERSION 1
#define WF_DATABASE_MARK 0x57464c58 // "WFLX", SQLite's application_id, by which we know our own

struct wf_database {
    char *path;
    sqlite3 *writer; // each connection in one thread at a time
    sqlite3 *reader;
    sqlite3_stmt *begin, *commit, *rollback;
    sqlite3_stmt *writes[WF_WRITE_COUNT];
};

// Says what went wrong last with a connection, which may be NULL: "PATH cannot be DONE: ...".
// Whoever calls SQLite sets errno to 0 before, and calls this before anything else can change it.
enum wf_status wf_database_fail(sqlite3 *connection, const char *path, const char *done,
                                struct wf_error *err);

// Opens a connection. On failure there is none, *out is NULL.
enum wf_status wf_database_connect(const char *path, bool for_writing, sqlite3 **out,
                                   struct wf_error *err);

// Runs a statement that gives one number, or none: 0.
enum wf_status wf_database_number(sqlite3 *connection, const char *path, const char *sql,
                                  int64_t *number_out, struct wf_error *err);

// Makes the tables where the file is empty; else checks that they are ours and of our version.
enum wf_status wf_schema_make(sqlite3 *connection, const char *path, struct wf_error *err);
enum wf_status wf_schema_check(sqlite3 *connection, const char *path, struct wf_error *err);

// A parameter of a statement: text where there is any, else the number.
struct wf_cell {
    const char *text;
    int64_t number;
};

// What SQLite takes for a limit; 0 is none to us, any negative number to it.
static inline int64_t wf_limit_cell(uint32_t limit)
{
    return limit > 0 ? (int64_t)limit : -1;
}

struct wf_question {
    const char *sql;
    const struct wf_cell *cells;
    uint32_t cell_count;
};

// Reads rows on the reader's connection: take gets the statement at each of them.
enum wf_status wf_database_read(struct wf_database *db, const struct wf_question *question,
                                bool (*take)(void *context, sqlite3_stmt *row), void *context,
                                struct wf_error *err);

// Text of a column, never NULL.
const char *wf_column_text(sqlite3_stmt *row, int column);
