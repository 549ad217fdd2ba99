// SPDX-License-Identifier: Apache-2.0
// Sums of the ledger, exact: integers all the way.
#include "store/database_file.h"

// SQL function share(amount, from, to, since, until): how much of an amount that came up evenly
// between from and to falls between since and until. Rounding goes by how much has come up at a
// moment, so that the shares of stretches side by side add up to the whole.
static void share(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    int64_t amount = sqlite3_value_int64(values[0]);
    int64_t from = sqlite3_value_int64(values[1]), to = sqlite3_value_int64(values[2]);
    int64_t since = sqlite3_value_int64(values[3]), until = sqlite3_value_int64(values[4]);
    int64_t begin = since > from ? since : from;
    int64_t end = until < to ? until : to;
    if (to > from && end >= begin) {
        wf_int128 whole = to - from;
        wf_int128 before = (wf_int128)amount * (begin - from) / whole;
        amount = (int64_t)((wf_int128)amount * (end - from) / whole - before);
    }
    sqlite3_result_int64(context, amount);
}

struct visitor {
    wf_ledger_sum_fn *fn;
    void *context;
};

static bool take_sum(void *context, sqlite3_stmt *row)
{
    const struct visitor *visitor = context;
    struct wf_ledger_sum sum = {.key = wf_column_text(row, 0),
                                .gpu_ms = (uint64_t)sqlite3_column_int64(row, 1),
                                .core_ms = (uint64_t)sqlite3_column_int64(row, 2),
                                .cost_nanousd = sqlite3_column_int64(row, 3)};
    return visitor->fn(visitor->context, &sum);
}

static const char *const keys[] = {
#define LEDGER_KEY(name, word) [WF_LEDGER_BY_##name] = (word),
    WF_LEDGER_KEYS(LEDGER_KEY)
#undef LEDGER_KEY
        [WF_LEDGER_TOTAL] = "''",
};

#define PART(column)                                                                               \
    "CASE WHEN from_ms >= ?1 AND to_ms <= ?2 THEN " column " ELSE share(" column                   \
    ", from_ms, to_ms, ?1, ?2) END"

enum wf_status wf_database_ledger(struct wf_database *db, const struct wf_ledger_query *query,
                                  wf_ledger_sum_fn *fn, void *context, struct wf_error *err)
{
    // The first condition on the time is there for the index.
    char sql[1024];
    snprintf(
        sql, sizeof sql,
        "SELECT CAST(%s AS TEXT) AS key, sum(" PART("gpu_ms") "), sum(" PART(
            "core_ms") "),"
                       " sum(" PART(
                           "cost_nanousd") ") AS cost FROM ledger"
                                           " WHERE to_ms >= ?1 AND (to_ms > ?1 OR from_ms = ?1) AND from_ms < ?2"
                                           " AND (?3 = '' OR user = ?3) GROUP BY %s ORDER BY cost DESC, key LIMIT ?4",
        keys[query->by], query->by == WF_LEDGER_TOTAL ? "NULL" : keys[query->by]);
    struct wf_cell cells[] = {
        {.number = query->since_ms},
        {.number = query->until_ms ? query->until_ms : INT64_MAX},
        {.text = query->user ? query->user : ""},
        {.number = wf_limit_cell(query->limit)},
    };
    if (sqlite3_create_function(db->reader, "share", 5, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                share, NULL, NULL) != SQLITE_OK) {
        return wf_database_fail(db->reader, db->path, "read", err);
    }
    struct visitor visitor = {.fn = fn, .context = context};
    struct wf_question question = {sql, cells, WF_COUNT_OF(cells)};
    return wf_database_read(db, &question, take_sum, &visitor, err);
}
