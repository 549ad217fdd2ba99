// SPDX-License-Identifier: Apache-2.0
// What it costs that machines are taken, and how long they lived.
#include "store/losses.h"

#include "store/database_file.h"

struct loss_visitor {
    wf_loss_row_fn *fn;
    void *context;
};

static bool take_loss(void *context, sqlite3_stmt *row)
{
    const struct loss_visitor *visitor = context;
    struct wf_loss_row loss = {.job = (uint64_t)sqlite3_column_int64(row, 0),
                               .attempt = (uint32_t)sqlite3_column_int64(row, 1),
                               .from_ms = sqlite3_column_int64(row, 2),
                               .to_ms = sqlite3_column_int64(row, 3),
                               .user = wf_column_text(row, 4),
                               .queue = wf_column_text(row, 5),
                               .why = wf_column_text(row, 6),
                               .gpu_ms = (uint64_t)sqlite3_column_int64(row, 7),
                               .cost_nanousd = sqlite3_column_int64(row, 8)};
    return visitor->fn(visitor->context, &loss);
}

enum wf_status wf_database_losses(struct wf_database *db, int64_t since_ms, int64_t until_ms,
                                  wf_loss_row_fn *fn, void *context, struct wf_error *err)
{
    struct wf_cell cells[] = {{.number = since_ms}, {.number = until_ms ? until_ms : INT64_MAX}};
    struct wf_question question = {
        "SELECT job, attempt, from_ms, to_ms, user, queue, why, gpu_ms, cost_nanousd FROM losses"
        " WHERE to_ms >= ?1 AND to_ms < ?2 ORDER BY job, attempt",
        cells, WF_COUNT_OF(cells)};
    struct loss_visitor visitor = {.fn = fn, .context = context};
    return wf_database_read(db, &question, take_loss, &visitor, err);
}

struct sum_visitor {
    wf_loss_sum_fn *fn;
    void *context;
};

static bool take_sum(void *context, sqlite3_stmt *row)
{
    const struct sum_visitor *visitor = context;
    struct wf_loss_sum sum = {.why = wf_column_text(row, 0),
                              .count = (uint64_t)sqlite3_column_int64(row, 1),
                              .lost_ms = (uint64_t)sqlite3_column_int64(row, 2),
                              .gpu_ms = (uint64_t)sqlite3_column_int64(row, 3),
                              .cost_nanousd = sqlite3_column_int64(row, 4)};
    return visitor->fn(visitor->context, &sum);
}

enum wf_status wf_database_loss_sums(struct wf_database *db, const struct wf_loss_query *query,
                                     wf_loss_sum_fn *fn, void *context, struct wf_error *err)
{
    struct wf_cell cells[] = {{.number = query->since_ms},
                              {.number = query->until_ms ? query->until_ms : INT64_MAX},
                              {.text = query->user ? query->user : ""}};
    struct wf_question question = {
        "SELECT why, count(*), sum(to_ms - from_ms), sum(gpu_ms), sum(cost_nanousd) AS cost"
        " FROM losses WHERE to_ms >= ?1 AND to_ms < ?2 AND (?3 = '' OR user = ?3)"
        " GROUP BY why ORDER BY cost DESC, why",
        cells, WF_COUNT_OF(cells)};
    struct sum_visitor visitor = {.fn = fn, .context = context};
    return wf_database_read(db, &question, take_sum, &visitor, err);
}

struct life_visitor {
    wf_life_row_fn *fn;
    void *context;
};

static bool take_life(void *context, sqlite3_stmt *row)
{
    const struct life_visitor *visitor = context;
    struct wf_life_row life = {.boot = wf_column_text(row, 0),
                               .pool = wf_column_text(row, 1),
                               .booted_ms = sqlite3_column_int64(row, 2),
                               .from_ms = sqlite3_column_int64(row, 3),
                               .seen_ms = sqlite3_column_int64(row, 4),
                               .gone_ms = sqlite3_column_int64(row, 5),
                               .left = sqlite3_column_int64(row, 6) != 0};
    return visitor->fn(visitor->context, &life);
}

enum wf_status wf_database_lives(struct wf_database *db, wf_life_row_fn *fn, void *context,
                                 struct wf_error *err)
{
    struct wf_question question = {
        "SELECT boot, pool, booted_ms, from_ms, seen_ms, gone_ms, is_left FROM lives"
        " ORDER BY from_ms, boot",
        NULL, 0};
    struct life_visitor visitor = {.fn = fn, .context = context};
    return wf_database_read(db, &question, take_life, &visitor, err);
}
