// SPDX-License-Identifier: Apache-2.0
// Jobs: looked at, and submitted.
#include "base/nearest.h"
#include "daemon/api/parts.h"

struct page {
    struct wf_api *api;
    json_t *list;
    uint32_t limit;
    uint64_t last;
    bool more;
};

static bool add_job(void *context, const struct wf_job_row *row)
{
    struct page *page = context;
    if (json_array_size(page->list) == page->limit) {
        page->more = true;
        return false;
    }
    wf_api_add(page->list, wf_api_job(page->api, row));
    page->last = row->id;
    return true;
}

static bool refuse_state(struct wf_http_request *request, const char *word)
{
    const char *words[WF_JOB_STATE_COUNT];
    for (uint32_t i = 0; i < WF_JOB_STATE_COUNT; i++) {
        words[i] = wf_job_state_word((enum wf_job_state)i);
    }
    uint32_t near = wf_nearest_name(word, words, WF_JOB_STATE_COUNT);
    wf_http_fail(request, 400, "state", "there is no state '%.40s'%s%s%s", word,
                 near != UINT32_MAX ? "; did you mean '" : "",
                 near != UINT32_MAX ? words[near] : "", near != UINT32_MAX ? "'?" : "");
    return false;
}

// "waiting,held", "live", "over", "all"
static bool read_states(struct wf_http_request *request, uint32_t *states_out)
{
    const char *text = wf_http_query(request, "state");
    *states_out = 0;
    if (!text || strcmp(text, "all") == 0) {
        return true;
    }
    if (strcmp(text, "live") == 0 || strcmp(text, "over") == 0) {
        *states_out = *text == 'l' ? WF_JOB_STATES_LIVE : WF_JOB_STATES_ALL & ~WF_JOB_STATES_LIVE;
        return true;
    }
    for (const char *at = text;; at++) {
        char word[16];
        size_t length = strcspn(at, ",");
        enum wf_job_state state;
        snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), at);
        if (!wf_job_state_find(word, &state)) {
            return refuse_state(request, word);
        }
        *states_out |= WF_JOB_STATE_BIT(state);
        at += length;
        if (!*at) {
            return true;
        }
    }
}

static bool read_query(struct wf_http_request *request, struct wf_job_query *query)
{
    const char *order = wf_http_query(request, "order");
    *query = (struct wf_job_query){
        .user = wf_http_query(request, "user"),
        .queue = wf_http_query(request, "queue"),
        .name = wf_http_query(request, "name"),
    };
    if (order && strcmp(order, "oldest") != 0 && strcmp(order, "newest") != 0) {
        wf_http_fail(request, 400, "order", "'%.40s' is neither oldest nor newest", order);
        return false;
    }
    query->newest_first = order && strcmp(order, "newest") == 0;
    return read_states(request, &query->states) &&
           wf_api_query_number(request, "array", INT64_MAX, 0, &query->array) &&
           wf_api_query_page(request, &query->after, &query->limit);
}

void wf_api_jobs_list(void *context, struct wf_http_request *request)
{
    struct page page = {.api = context};
    struct wf_job_query query;
    struct wf_error err;
    if (!read_query(request, &query)) {
        return;
    }
    page.list = wf_api_list();
    page.limit = query.limit++;
    enum wf_status status =
        wf_database_jobs(wf_desk_database(page.api->desk), &query, add_job, &page, &err);
    if (status != WF_OK) {
        json_decref(page.list);
        wf_api_refuse(request, status, NULL, &err);
        return;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "jobs", page.list);
    wf_api_set(root, "next", page.more ? wf_api_number((int64_t)page.last) : NULL);
    wf_api_send(request, 200, root, NULL);
}

bool wf_api_read_job(struct wf_api *api, struct wf_http_request *request, uint64_t id,
                     wf_job_row_fn *fn, void *context)
{
    struct wf_job_query query = {.id = id, .limit = 1};
    struct wf_error err;
    enum wf_status status =
        wf_database_jobs(wf_desk_database(api->desk), &query, fn, context, &err);
    if (status != WF_OK) {
        wf_api_refuse(request, status, NULL, &err);
    }
    return status == WF_OK;
}

struct one {
    struct wf_api *api;
    struct wf_http_request *request;
    json_t *job;
};

// One job has its document, too, for whoever may see what is in it.
static bool take_job(void *context, const struct wf_job_row *row)
{
    struct one *one = context;
    one->job = wf_api_job(one->api, row);
    bool own = strcmp(row->user, wf_http_actor(one->request)->user) == 0;
    wf_api_set(one->job, "document",
               own || wf_api_is_operator(one->request) ? wf_api_parse(row->document) : NULL);
    return false;
}

void wf_api_jobs_get(void *context, struct wf_http_request *request)
{
    struct one one = {.api = context, .request = request};
    uint64_t id;
    if (!wf_api_find_job(one.api, request, &id) ||
        !wf_api_read_job(one.api, request, id, take_job, &one)) {
        return;
    }
    if (!one.job) {
        wf_http_fail(request, 404, "job", "there is no job %llu", (unsigned long long)id);
        return;
    }
    wf_api_send(request, 200, one.job, NULL);
}

static bool add_attempt(void *context, const struct wf_run_row *row)
{
    json_t *run = wf_api_object();
    wf_api_set(run, "attempt", wf_api_number(row->attempt));
    wf_api_set(run, "granted_ms", wf_api_time(row->granted_ms));
    wf_api_set(run, "started_ms", wf_api_time(row->started_ms));
    wf_api_set(run, "ended_ms", wf_api_time(row->ended_ms));
    wf_api_set(run, "node", wf_api_text(row->node));
    wf_api_set(run, "gpu_set", wf_api_number((int64_t)row->gpu_set));
    wf_api_set(run, "gpu_milli", wf_api_number(row->gpu_milli));
    wf_api_set(run, "exit", wf_api_end(row));
    wf_api_set(run, "warnings", wf_api_text(row->warnings));
    wf_api_set(run, "cpu_ms", wf_api_number((int64_t)row->cpu_ms));
    wf_api_set(run, "memory_peak_bytes", wf_api_number((int64_t)row->memory_peak_bytes));
    wf_api_set(run, "gpu_seconds", wf_api_number((int64_t)(row->gpu_ms / 1000)));
    wf_api_set(run, "cost_nanousd", wf_api_number(row->cost_nanousd));
    wf_api_add(context, run);
    return json_array_size(context) < WF_API_PAGE_MAX;
}

void wf_api_jobs_runs(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_error err;
    uint64_t id;
    if (!wf_api_find_job(api, request, &id)) {
        return;
    }
    json_t *list = wf_api_list();
    enum wf_status status =
        wf_database_runs(wf_desk_database(api->desk), id, add_attempt, list, &err);
    if (status != WF_OK) {
        json_decref(list);
        wf_api_refuse(request, status, NULL, &err);
        return;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "runs", list);
    wf_api_send(request, 200, root, NULL);
}

static json_t *tell_submitted(struct wf_api_wait *wait, const struct wf_desk_answer *answer)
{
    json_t *root = wf_api_object();
    json_t *ids = wf_api_list();
    // The answer is bounded; ids of an array follow one another.
    for (uint32_t i = 0; i < answer->count && i < WF_API_PAGE_MAX; i++) {
        wf_api_add(ids, wf_api_number((int64_t)(answer->id + i)));
    }
    wf_api_set(root, "id", wf_api_number((int64_t)answer->id));
    wf_api_set(root, "ids", ids);
    wf_api_set(root, "count", wf_api_number(answer->count));
    wf_api_set(root, "name", wf_api_text(wait->text));
    wf_api_set(root, "state", wf_api_text(wf_job_state_word(answer->state)));
    wf_api_set(root, "dry_run", json_false());
    return root;
}

void wf_api_jobs_submit(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_job_document document = {0};
    struct wf_error err;
    char field[64] = "";
    size_t length;
    bool dry_run;
    if (!wf_api_query_flag(request, "dry_run", &dry_run)) {
        return;
    }
    const char *body = wf_http_body(request, &length);
    enum wf_status status = wf_job_document_parse(body, length, &document, &err);
    if (status != WF_OK) {
        wf_job_document_field(&err, field, sizeof field);
        wf_api_refuse(request, status == WF_LIMIT ? WF_INVALID : status, field, &err);
        wf_job_document_finish(&document);
        return;
    }
    if (dry_run) {
        wf_api_offer(api, request, &document);
        wf_job_document_finish(&document);
        return;
    }
    struct wf_api_wait *wait = wf_api_wait(api, request);
    wait->make = tell_submitted;
    wait->status = 201;
    snprintf(wait->text, sizeof wait->text, "%s", document.name ? document.name : "");
    status = wf_desk_submit(api->desk, &document, &wait->ask, &err);
    wf_job_document_finish(&document);
    wf_api_asked(wait, status, &err);
}
