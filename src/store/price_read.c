// SPDX-License-Identifier: Apache-2.0
// The readers of the store of prices.
#include <errno.h>

#include "base/assert.h"
#include "store/price_file.h"

#define PRICE_COLUMNS                                                                              \
    "o.provider, o.region, o.zone, o.instance, o.model, o.gpu_milli, p.kind, p.nanousd_per_hour,"  \
    " p.from_ms, p.until_ms, p.seen_ms, s.own, s.text"
#define PRICE_TABLES "JOIN offers o ON o.id = p.offer JOIN sources s ON s.id = p.source"
#define PRICE_ORDER "o.provider, o.model, o.region, o.zone, o.instance, o.gpu_milli, p.kind"

static const char all_sql[] = "SELECT " PRICE_COLUMNS " FROM prices p " PRICE_TABLES
                              " ORDER BY " PRICE_ORDER ", p.from_ms, p.seen_ms, p.id";

// One's own wins; then the latest beginning; then who said so last; then what was imported last,
// which puts right what was wrong.
static const char at_sql[] =
    "WITH held AS (SELECT q.*, row_number() OVER (PARTITION BY q.offer, q.kind"
    " ORDER BY t.own DESC, q.from_ms DESC, q.seen_ms DESC, q.id DESC) AS place"
    " FROM prices q JOIN sources t ON t.id = q.source"
    " WHERE q.from_ms <= ?1 AND (q.until_ms = 0 OR q.until_ms > ?1))"
    " SELECT " PRICE_COLUMNS " FROM held p " PRICE_TABLES " WHERE p.place = 1"
    " ORDER BY " PRICE_ORDER;

static const char risk_sql[] =
    "WITH told AS (SELECT r.*, row_number() OVER (PARTITION BY provider, region, instance"
    " ORDER BY from_ms DESC, id DESC) AS place FROM risks r WHERE from_ms <= ?1)"
    " SELECT r.provider, r.region, r.instance, r.low_permille, r.high_permille, r.from_ms, s.text"
    " FROM told r JOIN sources s ON s.id = r.source WHERE r.place = 1"
    " ORDER BY r.provider, r.region, r.instance";

static const char source_sql[] =
    "SELECT s.text, s.own, sum(p.kind = 0), sum(p.kind = 1), min(p.from_ms), max(p.from_ms),"
    " max(p.seen_ms), max(p.imported_ms) FROM prices p JOIN sources s ON s.id = p.source"
    " GROUP BY p.source ORDER BY s.own DESC, s.text";

typedef bool take_row(void *visitor, sqlite3_stmt *row);

static enum wf_status read_rows(struct wf_price_store *store, const char *sql, const int64_t *at_ms,
                                take_row *take, void *visitor, struct wf_error *err)
{
    sqlite3_stmt *statement = NULL;
    errno = 0;
    int code = sqlite3_prepare_v2(store->connection, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && at_ms) {
        code = sqlite3_bind_int64(statement, 1, *at_ms);
    }
    code = code == SQLITE_OK ? SQLITE_ROW : code;
    bool more = true;
    while (code == SQLITE_ROW && more) {
        code = sqlite3_step(statement);
        more = code == SQLITE_ROW && take(visitor, statement);
    }
    enum wf_status status = code == SQLITE_ROW || code == SQLITE_DONE
                                ? WF_OK
                                : wf_database_fail(store->connection, store->path, "read", err);
    sqlite3_finalize(statement);
    return status;
}

struct price_visitor {
    wf_price_row_fn *fn;
    void *context;
    bool damaged;
};

static bool take_price(void *context, sqlite3_stmt *from)
{
    struct price_visitor *visitor = context;
    const int64_t kind = sqlite3_column_int64(from, 6);
    const struct wf_price_row row = {
        .provider = wf_column_text(from, 0),
        .region = wf_column_text(from, 1),
        .zone = wf_column_text(from, 2),
        .instance = wf_column_text(from, 3),
        .model = wf_column_text(from, 4),
        .gpu_milli = (uint32_t)sqlite3_column_int64(from, 5),
        .kind = kind == WF_PRICE_SPOT ? WF_PRICE_SPOT : WF_PRICE_ON_DEMAND,
        .nanousd_per_hour = sqlite3_column_int64(from, 7),
        .from_ms = sqlite3_column_int64(from, 8),
        .until_ms = sqlite3_column_int64(from, 9),
        .seen_ms = sqlite3_column_int64(from, 10),
        .own = sqlite3_column_int64(from, 11) != 0,
        .source = wf_column_text(from, 12),
    };
    if (kind < 0 || kind >= WF_PRICE_KIND_COUNT || row.gpu_milli == 0 ||
        row.nanousd_per_hour <= 0) {
        visitor->damaged = true;
        return false;
    }
    return visitor->fn(visitor->context, &row);
}

static enum wf_status read_prices(struct wf_price_store *store, const char *sql,
                                  const int64_t *at_ms, struct price_visitor *visitor,
                                  struct wf_error *err)
{
    enum wf_status status = read_rows(store, sql, at_ms, take_price, visitor, err);
    if (status == WF_OK && visitor->damaged) {
        status = wf_fail(err, WF_INVALID,
                         "%s is damaged: a row has no price, no GPU or no kind that is known",
                         store->path);
    }
    return status;
}

enum wf_status wf_price_store_at(struct wf_price_store *store, int64_t at_ms, wf_price_row_fn *fn,
                                 void *context, struct wf_error *err)
{
    struct price_visitor visitor = {fn, context, false};
    return read_prices(store, at_sql, &at_ms, &visitor, err);
}

enum wf_status wf_price_store_all(struct wf_price_store *store, wf_price_row_fn *fn, void *context,
                                  struct wf_error *err)
{
    struct price_visitor visitor = {fn, context, false};
    return read_prices(store, all_sql, NULL, &visitor, err);
}

struct risk_visitor {
    wf_risk_row_fn *fn;
    void *context;
};

static bool take_risk(void *context, sqlite3_stmt *from)
{
    const struct risk_visitor *visitor = context;
    const struct wf_risk_row row = {
        .provider = wf_column_text(from, 0),
        .region = wf_column_text(from, 1),
        .instance = wf_column_text(from, 2),
        .low_permille = (uint32_t)sqlite3_column_int64(from, 3),
        .high_permille = (uint32_t)sqlite3_column_int64(from, 4),
        .from_ms = sqlite3_column_int64(from, 5),
        .source = wf_column_text(from, 6),
    };
    return visitor->fn(visitor->context, &row);
}

enum wf_status wf_price_store_risks(struct wf_price_store *store, int64_t at_ms, wf_risk_row_fn *fn,
                                    void *context, struct wf_error *err)
{
    struct risk_visitor visitor = {fn, context};
    return read_rows(store, risk_sql, &at_ms, take_risk, &visitor, err);
}

struct source_visitor {
    wf_price_source_fn *fn;
    void *context;
};

static bool take_source(void *context, sqlite3_stmt *from)
{
    const struct source_visitor *visitor = context;
    const struct wf_price_source source = {
        .source = wf_column_text(from, 0),
        .own = sqlite3_column_int64(from, 1) != 0,
        .rows = {(uint64_t)sqlite3_column_int64(from, 2), (uint64_t)sqlite3_column_int64(from, 3)},
        .first_ms = sqlite3_column_int64(from, 4),
        .last_ms = sqlite3_column_int64(from, 5),
        .seen_ms = sqlite3_column_int64(from, 6),
        .imported_ms = sqlite3_column_int64(from, 7),
    };
    return visitor->fn(visitor->context, &source);
}

enum wf_status wf_price_store_sources(struct wf_price_store *store, wf_price_source_fn *fn,
                                      void *context, struct wf_error *err)
{
    struct source_visitor visitor = {fn, context};
    return read_rows(store, source_sql, NULL, take_source, &visitor, err);
}
