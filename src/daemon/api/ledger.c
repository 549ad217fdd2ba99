// SPDX-License-Identifier: Apache-2.0
// What was spent, and who changed what.
#include "daemon/api/parts.h"

static json_t *tell_sum(const struct wf_ledger_sum *sum)
{
    json_t *root = wf_api_object();
    wf_api_set(root, "key", wf_api_text(sum->key));
    wf_api_set(root, "gpu_ms", wf_api_number((int64_t)sum->gpu_ms));
    wf_api_set(root, "core_ms", wf_api_number((int64_t)sum->core_ms));
    wf_api_set(root, "cost_nanousd", wf_api_number(sum->cost_nanousd));
    return root;
}

static bool add_sum(void *context, const struct wf_ledger_sum *sum)
{
    wf_api_add(context, tell_sum(sum));
    return true;
}

static bool take_total(void *context, const struct wf_ledger_sum *sum)
{
    json_t **total = context;
    *total = tell_sum(sum);
    return false;
}

static bool read_key(struct wf_http_request *request, enum wf_ledger_key *by_out)
{
    static const char *const words[] = {
#define WF_LEDGER_KEY_WORD(name, word) word,
        WF_LEDGER_KEYS(WF_LEDGER_KEY_WORD)
#undef WF_LEDGER_KEY_WORD
    };
    const char *by = wf_http_query(request, "by");
    *by_out = WF_LEDGER_BY_USER;
    for (uint32_t i = 0; by && i < WF_COUNT_OF(words); i++) {
        if (strcmp(words[i], by) == 0) {
            *by_out = (enum wf_ledger_key)i;
            return true;
        }
    }
    if (by) {
        wf_http_fail(request, 400, "by", "'%.40s' is none of user, queue, job, pool", by);
    }
    return !by;
}

static json_t *price_sources(const struct wf_api *api)
{
    json_t *root = wf_api_object();
    uint32_t count = wf_desk_name_count(api->desk, WF_JOURNAL_POOL);
    for (uint32_t i = 0; i < count; i++) {
        const char *pool = wf_desk_name(api->desk, WF_JOURNAL_POOL, i);
        if (pool) {
            wf_api_set(root, pool, wf_api_text(wf_desk_price_source(api->desk, (wf_pool_id){i})));
        }
    }
    return root;
}

// What was lost, in all and by why.
struct losses {
    struct wf_loss_sum all;
    json_t *rows;
};

static json_t *tell_loss(const struct wf_loss_sum *sum)
{
    json_t *root = wf_api_object();
    wf_api_set(root, "why", wf_api_text(sum->why));
    wf_api_set(root, "runs", wf_api_number((int64_t)sum->count));
    wf_api_set(root, "lost_ms", wf_api_number((int64_t)sum->lost_ms));
    wf_api_set(root, "gpu_ms", wf_api_number((int64_t)sum->gpu_ms));
    wf_api_set(root, "cost_nanousd", wf_api_number(sum->cost_nanousd));
    return root;
}

static bool add_loss(void *context, const struct wf_loss_sum *sum)
{
    struct losses *losses = context;
    losses->all.count += sum->count;
    losses->all.lost_ms += sum->lost_ms;
    losses->all.gpu_ms += sum->gpu_ms;
    losses->all.cost_nanousd += sum->cost_nanousd;
    wf_api_add(losses->rows, tell_loss(sum));
    return true;
}

// NULL: they cannot be read.
static json_t *read_losses(struct wf_database *db, const struct wf_ledger_query *query,
                           enum wf_status *status_out, struct wf_error *err)
{
    struct losses losses = {.all = {.why = ""}, .rows = wf_api_list()};
    const struct wf_loss_query wanted = {query->since_ms, query->until_ms, query->user};
    *status_out = wf_database_loss_sums(db, &wanted, add_loss, &losses, err);
    if (*status_out != WF_OK) {
        json_decref(losses.rows);
        return NULL;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "total", tell_loss(&losses.all));
    wf_api_set(root, "rows", losses.rows);
    return root;
}

void wf_api_cost(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_database *db = wf_desk_database(api->desk);
    struct wf_ledger_query query = {.user = wf_http_query(request, "user")};
    uint64_t since, until, limit;
    struct wf_error err;
    if (!read_key(request, &query.by) ||
        !wf_api_query_number(request, "since", INT64_MAX, 0, &since) ||
        !wf_api_query_number(request, "until", INT64_MAX, 0, &until) ||
        !wf_api_query_number(request, "limit", WF_API_PAGE_MAX, WF_API_PAGE_MAX, &limit)) {
        return;
    }
    query.since_ms = (int64_t)since;
    query.until_ms = (int64_t)until;
    query.limit = limit > 0 ? (uint32_t)limit : WF_API_PAGE_MAX;
    json_t *rows = wf_api_list();
    json_t *total = NULL;
    enum wf_status status = wf_database_ledger(db, &query, add_sum, rows, &err);
    query.by = WF_LEDGER_TOTAL;
    if (status == WF_OK) {
        status = wf_database_ledger(db, &query, take_total, &total, &err);
    }
    json_t *losses = status == WF_OK ? read_losses(db, &query, &status, &err) : NULL;
    if (status != WF_OK) {
        json_decref(rows);
        json_decref(total);
        wf_api_refuse(request, status, NULL, &err);
        return;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "currency", wf_api_text("USD"));
    wf_api_set(root, "rows", rows);
    wf_api_set(root, "total", total ? total : tell_sum(&(struct wf_ledger_sum){.key = ""}));
    wf_api_set(root, "losses", losses);
    wf_api_set(root, "price_sources", price_sources(api));
    int64_t core_nanousd = wf_desk_core_price(api->desk);
    wf_api_set(root, "price_nanousd_per_core_hour",
               core_nanousd > 0 ? wf_api_number(core_nanousd) : NULL);
    wf_api_send(request, 200, root, NULL);
}

struct page {
    json_t *list;
    uint32_t limit;
    uint64_t last;
    bool more;
};

static bool add_change(void *context, const struct wf_audit_row *row)
{
    struct page *page = context;
    if (json_array_size(page->list) == page->limit) {
        page->more = true;
        return false;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "id", wf_api_number((int64_t)row->id));
    wf_api_set(root, "time_ms", wf_api_number(row->time_ms));
    wf_api_set(root, "actor", wf_api_text(row->actor));
    wf_api_set(root, "role", wf_api_text(row->role));
    wf_api_set(root, "over", wf_api_text(row->over));
    wf_api_set(root, "action", wf_api_text(row->action));
    wf_api_set(root, "object", wf_api_text(row->object));
    wf_api_set(root, "outcome", wf_api_text(row->outcome));
    wf_api_set(root, "detail", wf_api_parse(row->detail));
    wf_api_add(page->list, root);
    page->last = row->id;
    return true;
}

void wf_api_audit(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct page page = {0};
    struct wf_error err;
    uint64_t after;
    if (!wf_api_query_page(request, &after, &page.limit)) {
        return;
    }
    page.list = wf_api_list();
    enum wf_status status = wf_database_audit(wf_desk_database(api->desk), after, page.limit + 1,
                                              add_change, &page, &err);
    if (status != WF_OK) {
        json_decref(page.list);
        wf_api_refuse(request, status, NULL, &err);
        return;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "changes", page.list);
    wf_api_set(root, "next", page.more ? wf_api_number((int64_t)page.last) : NULL);
    wf_api_send(request, 200, root, NULL);
}
