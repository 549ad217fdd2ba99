// SPDX-License-Identifier: Apache-2.0
// What a job would cost, where and from when, before anybody submits it: a row for each pool, and
// what the core itself does with the job in a copy of it.
#include <time.h>

#include "base/assert.h"
#include "base/number.h"
#include "core/quote/quote.h"
#include "core/schedule/schedule.h"
#include "core/schedule/wait_reason.h"
#include "daemon/api/outlook.h"

#define HOUR_MS INT64_C(3600000)

struct offering {
    struct wf_api *api;
    struct wf_job_spec spec;
    const char *name;
    uint32_t count; // jobs of the array, or 1
    int64_t now_ms;
    int64_t cores_nanousd_per_hour; // of all tasks: the core knows no price of cores
    struct wf_quote quote;
};

static int64_t with_cores(const struct offering *offering, int64_t nanousd, int64_t ms)
{
    return nanousd < 0
               ? -1
               : nanousd + (int64_t)((wf_int128)offering->cores_nanousd_per_hour * ms / HOUR_MS);
}

static json_t *money(int64_t nanousd)
{
    return nanousd < 0 ? NULL : wf_api_number(nanousd);
}

// run_ms: how long it runs there, by wf_quote_point.
static void add_price(json_t *root, const struct offering *offering,
                      const struct wf_quote_price *price, const int64_t *run_ms)
{
    static const char *const names[] = {"nanousd_p10", "nanousd_p50", "nanousd_p90"};
    wf_api_set(root, "nanousd_per_hour",
               money(with_cores(offering, price->nanousd_per_hour, HOUR_MS)));
    for (uint32_t i = 0; i < WF_QUOTE_POINTS; i++) {
        wf_api_set(root, names[i], money(with_cores(offering, price->nanousd[i], run_ms[i])));
    }
}

static int64_t risk_ms(const int64_t *run_ms)
{
    return run_ms[WF_QUOTE_MIDDLE] > 0 ? run_ms[WF_QUOTE_MIDDLE] : WF_API_RISK_MS;
}

static json_t *tell_row(const struct offering *offering, const struct wf_quote_row *row)
{
    struct wf_desk *desk = offering->api->desk;
    const struct wf_cluster *cluster = wf_core_cluster(wf_desk_core(desk));
    const struct wf_pool_spec *pool = &cluster->pools[row->pool.index].spec;
    char text[256] = "";
    json_t *root = wf_api_object();
    if (row->why == WF_QUOTE_CANNOT && row->reasons_empty != 0) {
        enum wf_reason reason = (enum wf_reason)__builtin_ctz(row->reasons_empty);
        snprintf(text, sizeof text, "%s: %s", wf_quote_why_text(row->why), wf_reason_text(reason));
    } else if (row->why != WF_QUOTE_CHOSEN) {
        snprintf(text, sizeof text, "%s", wf_quote_why_text(row->why));
    }
    wf_api_set(root, "pool", wf_api_text(wf_desk_name(desk, WF_JOURNAL_POOL, row->pool.index)));
    wf_api_set(root, "chosen", json_boolean(row->why == WF_QUOTE_CHOSEN));
    wf_api_set(root, "tasks", wf_api_number(row->tasks));
    wf_api_set(root, "why", wf_api_text(wf_quote_why_name(row->why)));
    wf_api_set(root, "text", wf_api_text(text));
    wf_api_set(root, "price_nanousd_per_gpu_hour", wf_api_number(pool->price_nanousd_per_gpu_hour));
    wf_api_set(root, "price_source", wf_api_text(wf_desk_price_source(desk, row->pool)));
    wf_api_set(root, "tasks_now", wf_api_number((int64_t)row->tasks_now));
    wf_api_set(root, "tasks_empty", wf_api_number((int64_t)row->tasks_empty));
    add_price(root, offering, &row->price, row->run_ms);
    wf_api_set(root, "spot_risk",
               row->why == WF_QUOTE_CANNOT
                   ? NULL
                   : wf_api_spot_risk(offering->api, row->pool.index, risk_ms(row->run_ms)));
    return root;
}

// The first pool that takes tasks of it; WF_NONE: none does.
static uint32_t chosen_pool(const struct wf_quote *quote)
{
    for (uint32_t i = 0; i < quote->row_count; i++) {
        if (quote->rows[i].tasks > 0) {
            return quote->rows[i].pool.index;
        }
    }
    return WF_NONE;
}

static void print_price(FILE *out, const struct offering *offering, const int64_t *run_ms)
{
    const struct wf_quote *quote = &offering->quote;
    char hour[WF_NUMBER_BYTES];
    char middle[WF_NUMBER_BYTES];
    char high[WF_NUMBER_BYTES];
    const struct wf_quote_price *price = &quote->chosen;
    int64_t half = WF_QUOTE_MIDDLE;
    wf_number_dollars(hour, with_cores(offering, price->nanousd_per_hour, HOUR_MS));
    wf_number_dollars(middle, with_cores(offering, price->nanousd[half], run_ms[half]));
    wf_number_dollars(high,
                      with_cores(offering, price->nanousd[WF_QUOTE_HIGH], run_ms[WF_QUOTE_HIGH]));
    fprintf(out, "It costs %s an hour", hour);
    switch (quote->run) {
    case WF_QUOTE_RUN_EXPECTED:
        fprintf(out, ", about %s for the whole job and probably no more than %s", middle, high);
        break;
    case WF_QUOTE_RUN_LIMIT:
        fprintf(out, ", at most %s until its time limit", high);
        break;
    case WF_QUOTE_RUN_UNKNOWN:
        fputs("; how long it runs nobody knows: a limit or an expected time tells", out);
        break;
    }
    fprintf(out, "%s.", offering->count > 1 ? ", each job of the array" : "");
}

static void print_pools(FILE *out, const struct offering *offering)
{
    const char *between = " on ";
    for (uint32_t i = 0; i < offering->quote.row_count; i++) {
        const struct wf_quote_row *row = &offering->quote.rows[i];
        if (row->tasks > 0) {
            fprintf(out, "%s%s", between,
                    wf_desk_name(offering->api->desk, WF_JOURNAL_POOL, row->pool.index));
            between = " and ";
        }
    }
    fputs(".", out);
}

static void print_start(FILE *out, const struct offering *offering)
{
    const struct wf_quote *quote = &offering->quote;
    time_t clock = (time_t)(quote->start_ms / 1000);
    struct tm at = {0};
    char time[40] = "";
    switch (quote->start) {
    case WF_QUOTE_NEVER:
        fputs("It can never run here, not even with nothing else running.", out);
        return;
    case WF_QUOTE_STARTS:
        fputs(" It would start at once", out);
        break;
    case WF_QUOTE_KEPT:
        gmtime_r(&clock, &at);
        strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S", &at);
        fprintf(out, " It would wait, with room kept for it at %s UTC", time);
        break;
    case WF_QUOTE_WAITS:
        fputs(" It would wait, and then run", out);
        break;
    }
    print_pools(out, offering);
    for (uint32_t rest = quote->blockers; rest != 0; rest &= rest - 1) {
        enum wf_wait_reason reason = (enum wf_wait_reason)__builtin_ctz(rest);
        fprintf(out, " It %s.", wf_wait_reason_text(reason));
    }
    if (quote->stopped > 0) {
        fprintf(out, " For it %u running task%s of other jobs would be stopped.", quote->stopped,
                quote->stopped == 1 ? "" : "s");
    }
}

static json_t *tell_start(const struct wf_quote *quote)
{
    static const char *const words[] = {[WF_QUOTE_STARTS] = "now",
                                        [WF_QUOTE_KEPT] = "kept",
                                        [WF_QUOTE_WAITS] = "waits",
                                        [WF_QUOTE_NEVER] = "never"};
    json_t *root = wf_api_object();
    wf_api_set(root, "when", wf_api_text(words[quote->start]));
    wf_api_set(root, "at_ms",
               quote->start == WF_QUOTE_KEPT ? wf_api_number(quote->start_ms) : NULL);
    return root;
}

// How long it runs where it goes: by the first pool that takes tasks of it.
static const int64_t *run_of_chosen(const struct wf_quote *quote)
{
    static const int64_t none[WF_QUOTE_POINTS];
    for (uint32_t i = 0; i < quote->row_count; i++) {
        if (quote->rows[i].tasks > 0) {
            return quote->rows[i].run_ms;
        }
    }
    return none;
}

static json_t *tell_quote(const struct offering *offering)
{
    const struct wf_quote *quote = &offering->quote;
    const int64_t *run_ms = run_of_chosen(quote);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *root = wf_api_object();
    json_t *offers = wf_api_list();
    WF_ASSERT(out);
    for (uint32_t i = 0; i < quote->row_count; i++) {
        wf_api_add(offers, tell_row(offering, &quote->rows[i]));
    }
    if (quote->start != WF_QUOTE_NEVER) {
        print_price(out, offering, run_ms);
    }
    print_start(out, offering);
    if (chosen_pool(quote) != WF_NONE) {
        fputc(' ', out);
        wf_api_print_spot_risk(offering->api, chosen_pool(quote), risk_ms(run_ms), out);
    }
    WF_ASSERT(fclose(out) == 0);
    wf_api_set(root, "id", NULL);
    wf_api_set(root, "ids", wf_api_list());
    wf_api_set(root, "count", wf_api_number(offering->count));
    wf_api_set(root, "name", wf_api_text(offering->name));
    wf_api_set(root, "state", NULL);
    wf_api_set(root, "dry_run", json_true());
    wf_api_set(root, "currency", wf_api_text("USD"));
    wf_api_set(root, "offers", offers);
    add_price(root, offering, &quote->chosen, run_ms);
    wf_api_set(root, "start", tell_start(quote));
    wf_api_set(root, "text", wf_api_text(text));
    free(text);
    return root;
}

// In the copy.
static char *make_offer(void *context)
{
    struct offering *offering = context;
    // Only the copy changes it.
    struct wf_core *core = (struct wf_core *)(uintptr_t)wf_desk_core(offering->api->desk);
    uint32_t pools = wf_core_cluster(core)->limits.pools;
    struct wf_quote_row *rows = calloc(pools, sizeof *rows);
    struct wf_quote_trial *trial = calloc(1, sizeof *trial);
    struct wf_error err;
    WF_ASSERT(rows && trial);
    bool good = wf_quote_make(core, &offering->spec, rows, &offering->quote, &err) == WF_OK &&
                wf_quote_try(core, &offering->spec, offering->now_ms, trial, &err) == WF_OK;
    if (good) {
        wf_quote_choose(&offering->spec, trial, &offering->quote);
    }
    char *text = good ? json_dumps(tell_quote(offering), JSON_COMPACT) : NULL;
    free(rows);
    free(trial);
    return text;
}

static void take_count(void *context, const struct wf_desk_answer *answer)
{
    struct offering *offering = context;
    offering->count = answer->count;
}

void wf_api_offer(struct wf_api *api, struct wf_http_request *request,
                  const struct wf_job_document *document)
{
    struct offering offering = {
        .api = api, .name = document->name ? document->name : "", .now_ms = wf_api_now_ms(api)};
    struct wf_asker asker = wf_api_asker(request);
    struct wf_desk_ask ask = {
        .actor = &asker, .dry_run = true, .done = take_count, .context = &offering};
    struct wf_error err;
    enum wf_status status = wf_desk_submit(api->desk, document, &ask, &err);
    if (status == WF_OK) {
        status = wf_desk_spec(api->desk, document, &ask, &offering.spec, &err);
    }
    if (status != WF_OK) {
        wf_api_refuse_ask(request, status, &ask, &err);
        return;
    }
    const struct wf_schedule *schedule = wf_core_schedule(wf_desk_core(api->desk));
    const struct wf_job_spec *spec = &offering.spec;
    offering.spec.id.number = INT64_MAX; // none has it
    offering.now_ms = schedule->now_ms > offering.now_ms ? schedule->now_ms : offering.now_ms;
    offering.cores_nanousd_per_hour =
        (int64_t)((wf_int128)wf_desk_core_price(api->desk) * spec->request.cpu_milli *
                  (spec->tasks > 0 ? spec->tasks : 1) / 1000);
    wf_api_in_copy(api, request, make_offer, &offering);
}
