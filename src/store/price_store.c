// SPDX-License-Identifier: Apache-2.0
// The tables of the store of prices, and how rows get in. What is sold and who says so stand once,
// so that a row of a price is a few numbers.
#include "store/price_store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "store/price_file.h"

#define MARK 0x57465052 // "WFPR", SQLite's application_id
enum { VERSION = 1 };

static const char tables[] =
    "CREATE TABLE sources (id INTEGER PRIMARY KEY, own INTEGER NOT NULL, text TEXT NOT NULL,"
    " UNIQUE (text, own)) STRICT;"

    "CREATE TABLE offers (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, region TEXT NOT NULL,"
    " zone TEXT NOT NULL, instance TEXT NOT NULL, model TEXT NOT NULL, gpu_milli INTEGER NOT NULL,"
    " UNIQUE (provider, model, region, zone, instance, gpu_milli)) STRICT;"

    "CREATE TABLE prices (id INTEGER PRIMARY KEY, offer INTEGER NOT NULL REFERENCES offers (id),"
    " kind INTEGER NOT NULL, source INTEGER NOT NULL REFERENCES sources (id),"
    " from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
    " nanousd_per_hour INTEGER NOT NULL CHECK (nanousd_per_hour > 0),"
    " imported_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX prices_by_offer ON prices (offer, kind, from_ms);"

    "CREATE TABLE risks (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, region TEXT NOT NULL,"
    " instance TEXT NOT NULL, low_permille INTEGER NOT NULL, high_permille INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL, source INTEGER NOT NULL REFERENCES sources (id),"
    " UNIQUE (provider, region, instance, from_ms, source, low_permille, high_permille)) STRICT;"

    // Append-only, for whoever opens the file with something else, too.
    "CREATE TRIGGER prices_stay BEFORE UPDATE ON prices BEGIN"
    " SELECT RAISE(ABORT, 'prices are only added, never changed'); END;"
    "CREATE TRIGGER prices_are_kept BEFORE DELETE ON prices BEGIN"
    " SELECT RAISE(ABORT, 'prices are only added, never removed'); END;";

// X(NAME, SQL)
static const char *const write_sql[WF_PRICE_WRITES] = {
    [WF_PRICE_BEGIN] = "BEGIN IMMEDIATE",
    [WF_PRICE_COMMIT] = "COMMIT",
    [WF_PRICE_NEW_SOURCE] = "INSERT OR IGNORE INTO sources (text, own) VALUES (?, ?)",
    [WF_PRICE_FIND_SOURCE] = "SELECT id FROM sources WHERE text = ? AND own = ?",
    [WF_PRICE_NEW_OFFER] = "INSERT OR IGNORE INTO offers"
                           " (provider, model, region, zone, instance, gpu_milli)"
                           " VALUES (?, ?, ?, ?, ?, ?)",
    [WF_PRICE_FIND_OFFER] = "SELECT id FROM offers WHERE provider = ? AND model = ? AND region = ?"
                            " AND zone = ? AND instance = ? AND gpu_milli = ?",
    // Known is what the last row says that the same source told from the same time on: a price
    // that was put right and then put back is a new row again.
    [WF_PRICE_NEW_PRICE] =
        "INSERT INTO prices (offer, kind, source, from_ms, until_ms, seen_ms, nanousd_per_hour,"
        " imported_ms) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (SELECT 1 FROM"
        " (SELECT until_ms, seen_ms, nanousd_per_hour FROM prices WHERE offer = ?1 AND kind = ?2"
        " AND source = ?3 AND from_ms = ?4 ORDER BY id DESC LIMIT 1) AS last"
        " WHERE last.until_ms = ?5 AND last.seen_ms >= ?6 AND last.nanousd_per_hour = ?7)",
    [WF_PRICE_NEW_RISK] = "INSERT OR IGNORE INTO risks (provider, region, instance, low_permille,"
                          " high_permille, from_ms, source) VALUES (?, ?, ?, ?, ?, ?, ?)",
};

const char *wf_price_kind_word(enum wf_price_kind kind)
{
    static const char *const words[] = {
#define KIND_WORD(name, word) [WF_PRICE_##name] = (word),
        WF_PRICE_KINDS(KIND_WORD)
#undef KIND_WORD
    };
    return words[kind];
}

static enum wf_status make_file(const char *path, struct wf_error *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
        return WF_OK;
    }
    return errno == EEXIST ? WF_OK
                           : wf_fail(err, WF_IO, "%s cannot be made: %s", path, strerror(errno));
}

static enum wf_status make_tables(struct wf_price_store *store, struct wf_error *err)
{
    char sql[sizeof tables + 128];
    snprintf(sql, sizeof sql,
             "BEGIN IMMEDIATE; PRAGMA application_id = %d; PRAGMA user_version = %d; %s COMMIT",
             MARK, VERSION, tables);
    if (sqlite3_exec(store->connection, sql, NULL, NULL, NULL) == SQLITE_OK) {
        return WF_OK;
    }
    enum wf_status status = wf_database_fail(store->connection, store->path, "written", err);
    sqlite3_exec(store->connection, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum wf_status check(struct wf_price_store *store, bool for_writing, struct wf_error *err)
{
    int64_t mark = 0, version = 0, things = 0;
    sqlite3 *connection = store->connection;
    enum wf_status status =
        wf_database_number(connection, store->path, "PRAGMA application_id", &mark, err);
    status = status == WF_OK
                 ? wf_database_number(connection, store->path, "PRAGMA user_version", &version, err)
                 : status;
    if (status == WF_OK && mark == 0) {
        status = wf_database_number(connection, store->path, "SELECT count(*) FROM sqlite_schema",
                                    &things, err);
        if (status == WF_OK && things == 0 && for_writing) {
            return make_tables(store, err);
        }
    }
    if (status == WF_OK && mark != MARK) {
        return wf_fail(err, WF_INVALID, "%s is an SQLite database, but no store of prices",
                       store->path);
    }
    if (status == WF_OK && version != VERSION) {
        return wf_fail(err, WF_INVALID,
                       "%s was written by a newer whaleflux: its tables have version %lld, this "
                       "program knows version %d",
                       store->path, (long long)version, VERSION);
    }
    return status;
}

static enum wf_status open_all(struct wf_price_store *store, bool for_writing, struct wf_error *err)
{
    enum wf_status status = for_writing ? make_file(store->path, err) : WF_OK;
    if (status == WF_OK && !for_writing && access(store->path, F_OK) != 0) {
        return wf_fail(err, WF_NOTFOUND, "there is no store of prices at %s", store->path);
    }
    errno = 0;
    status = status == WF_OK
                 ? wf_database_connect(store->path, for_writing, &store->connection, err)
                 : status;
    if (status == WF_OK && sqlite3_exec(store->connection, "PRAGMA trusted_schema = OFF", NULL,
                                        NULL, NULL) != SQLITE_OK) {
        status = wf_database_fail(store->connection, store->path, "opened", err);
    }
    status = status == WF_OK ? check(store, for_writing, err) : status;
    for (uint32_t i = 0; status == WF_OK && for_writing && i < WF_PRICE_WRITES; i++) {
        if (sqlite3_prepare_v3(store->connection, write_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->writes[i], NULL) != SQLITE_OK) {
            status = wf_database_fail(store->connection, store->path, "opened", err);
        }
    }
    return status;
}

enum wf_status wf_price_store_open(const char *path, bool for_writing,
                                   struct wf_price_store **store_out, struct wf_error *err)
{
    struct wf_price_store *store = calloc(1, sizeof *store);
    char *copy = store ? strdup(path) : NULL;
    if (!copy) {
        free(store);
        return wf_fail(err, WF_NOMEM, "no memory to open %s", path);
    }
    store->path = copy;
    enum wf_status status = open_all(store, for_writing, err);
    if (status != WF_OK) {
        wf_price_store_close(store);
        return status;
    }
    *store_out = store;
    return WF_OK;
}

void wf_price_store_close(struct wf_price_store *store)
{
    if (!store) {
        return;
    }
    for (uint32_t i = 0; i < WF_PRICE_WRITES; i++) {
        sqlite3_finalize(store->writes[i]);
    }
    sqlite3_close(store->connection);
    free(store->path);
    free(store);
}

bool wf_price_store_is(const char *path)
{
    // The head of the file: "SQLite format 3" and, at 68, the application's mark.
    unsigned char head[72];
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(head, 1, sizeof head, file) : 0;
    if (file) {
        fclose(file);
    }
    return length == sizeof head && memcmp(head, "SQLite format 3", 16) == 0 &&
           memcmp(head + 68, "WFPR", 4) == 0;
}

static enum wf_status fail_write(struct wf_price_store *store, struct wf_error *err)
{
    return wf_database_fail(store->connection, store->path, "written", err);
}

// Runs a statement that is bound; *number_out is its first column, where there is one.
static enum wf_status step(struct wf_price_store *store, enum wf_price_write which,
                           int64_t *number_out, struct wf_error *err)
{
    sqlite3_stmt *statement = store->writes[which];
    errno = 0;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW && number_out) {
        *number_out = sqlite3_column_int64(statement, 0);
    }
    enum wf_status status =
        code == SQLITE_ROW || code == SQLITE_DONE ? WF_OK : fail_write(store, err);
    sqlite3_reset(statement);
    return status;
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

// The number of a row that is made where it is not there: both statements take the same.
static enum wf_status number_of(struct wf_price_store *store, enum wf_price_write find,
                                enum wf_price_write make, int64_t *number_out, struct wf_error *err)
{
    *number_out = 0;
    enum wf_status status = step(store, find, number_out, err);
    if (status == WF_OK && *number_out == 0) {
        status = step(store, make, NULL, err);
        *number_out = sqlite3_last_insert_rowid(store->connection);
    }
    return status;
}

static enum wf_status find_source(struct wf_price_store *store, const char *source, bool own,
                                  int64_t *number_out, struct wf_error *err)
{
    static const enum wf_price_write both[] = {WF_PRICE_FIND_SOURCE, WF_PRICE_NEW_SOURCE};
    for (uint32_t i = 0; i < WF_COUNT_OF(both); i++) {
        bind_text(store->writes[both[i]], 1, source);
        sqlite3_bind_int64(store->writes[both[i]], 2, own);
    }
    return number_of(store, both[0], both[1], number_out, err);
}

static enum wf_status find_offer(struct wf_price_store *store, const struct wf_price_row *row,
                                 int64_t *number_out, struct wf_error *err)
{
    static const enum wf_price_write both[] = {WF_PRICE_FIND_OFFER, WF_PRICE_NEW_OFFER};
    for (uint32_t i = 0; i < WF_COUNT_OF(both); i++) {
        sqlite3_stmt *statement = store->writes[both[i]];
        bind_text(statement, 1, row->provider);
        bind_text(statement, 2, row->model);
        bind_text(statement, 3, row->region);
        bind_text(statement, 4, row->zone);
        bind_text(statement, 5, row->instance);
        sqlite3_bind_int64(statement, 6, row->gpu_milli);
    }
    return number_of(store, both[0], both[1], number_out, err);
}

enum wf_status wf_price_store_begin(struct wf_price_store *store, struct wf_error *err)
{
    return step(store, WF_PRICE_BEGIN, NULL, err);
}

enum wf_status wf_price_store_add(struct wf_price_store *store, const struct wf_price_row *row,
                                  int64_t now_ms, bool *added_out, struct wf_error *err)
{
    WF_ASSERT(row->nanousd_per_hour > 0 && row->gpu_milli > 0 && row->from_ms >= 0);
    int64_t offer = 0, source = 0;
    enum wf_status status = find_source(store, row->source, row->own, &source, err);
    status = status == WF_OK ? find_offer(store, row, &offer, err) : status;
    if (status != WF_OK) {
        return status;
    }
    const int64_t cells[] = {
        offer, row->kind, source, row->from_ms, row->until_ms, row->seen_ms, row->nanousd_per_hour,
        now_ms};
    for (uint32_t i = 0; i < WF_COUNT_OF(cells); i++) {
        sqlite3_bind_int64(store->writes[WF_PRICE_NEW_PRICE], (int)i + 1, cells[i]);
    }
    status = step(store, WF_PRICE_NEW_PRICE, NULL, err);
    *added_out = status == WF_OK && sqlite3_changes(store->connection) > 0;
    return status;
}

enum wf_status wf_price_store_add_risk(struct wf_price_store *store, const struct wf_risk_row *row,
                                       bool *added_out, struct wf_error *err)
{
    int64_t source = 0;
    enum wf_status status = find_source(store, row->source, false, &source, err);
    if (status != WF_OK) {
        return status;
    }
    sqlite3_stmt *statement = store->writes[WF_PRICE_NEW_RISK];
    bind_text(statement, 1, row->provider);
    bind_text(statement, 2, row->region);
    bind_text(statement, 3, row->instance);
    sqlite3_bind_int64(statement, 4, row->low_permille);
    sqlite3_bind_int64(statement, 5, row->high_permille);
    sqlite3_bind_int64(statement, 6, row->from_ms);
    sqlite3_bind_int64(statement, 7, source);
    status = step(store, WF_PRICE_NEW_RISK, NULL, err);
    *added_out = status == WF_OK && sqlite3_changes(store->connection) > 0;
    return status;
}

enum wf_status wf_price_store_commit(struct wf_price_store *store, struct wf_error *err)
{
    enum wf_status status = step(store, WF_PRICE_COMMIT, NULL, err);
    if (status != WF_OK) {
        wf_price_store_undo(store);
    }
    return status;
}

void wf_price_store_undo(struct wf_price_store *store)
{
    if (!sqlite3_get_autocommit(store->connection)) {
        sqlite3_exec(store->connection, "ROLLBACK", NULL, NULL, NULL);
    }
}
