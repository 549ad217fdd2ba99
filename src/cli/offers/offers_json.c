// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/offers/offers.h"
#include "cli/paragraph.h"

static json_t *usd(int64_t nanousd)
{
    return nanousd < 0 ? json_null() : json_real((double)nanousd * 1e-9);
}

static json_t *seconds(int64_t ms)
{
    return ms > 0 ? json_real((double)ms * 1e-3) : json_null();
}

static json_t *told(wf_tell_function *tell, const void *context)
{
    char *text = wf_paragraph_told(tell, context);
    json_t *value = text ? json_string(text) : NULL;
    free(text);
    return value;
}

static json_t *make_price(struct wf_json *json, const struct wf_quote_price *price)
{
    json_t *object = json_object();
    wf_json_set(json, object, "usd_per_hour", usd(price->nanousd_per_hour));
    wf_json_set(json, object, "usd_p10", usd(price->nanousd[WF_QUOTE_LOW]));
    wf_json_set(json, object, "usd_p50", usd(price->nanousd[WF_QUOTE_MIDDLE]));
    wf_json_set(json, object, "usd_p90", usd(price->nanousd[WF_QUOTE_HIGH]));
    return object;
}

static json_t *make_job(struct wf_json *json, const struct wf_offers_report *report)
{
    const struct wf_job_spec *job = &report->offer->job;
    const struct wf_site *site = report->site;
    json_t *object = json_object();
    json_t *models = json_array();
    for (uint32_t i = 0; i < site->model_count && job->request.models != WF_ANY_MODEL; i++) {
        if (job->request.models & WF_MODEL_BIT(i)) {
            wf_json_append(json, models, json_string(site->models[i]));
        }
    }
    wf_json_set(json, object, "tasks", json_integer(job->tasks));
    wf_json_set(json, object, "gpus", json_integer(job->request.gpus));
    wf_json_set(json, object, "gpu_milli", json_integer(job->request.gpu_milli));
    wf_json_set(json, object, "models", models);
    wf_json_set(json, object, "cpu_milli", json_integer(job->request.cpu_milli));
    wf_json_set(json, object, "memory_mib", json_integer(job->request.memory_mib));
    wf_json_set(json, object, "queue",
                job->wait.queue.index < site->queue_count
                    ? json_string(site->queues[job->wait.queue.index].name)
                    : json_null());
    wf_json_set(json, object, "limit_s", seconds(job->wait.limit_ms));
    return object;
}

static json_t *make_run(struct wf_json *json, const struct wf_offers_report *report)
{
    static const char *const sources[] = {[WF_OFFER_TOLD] = "told",
                                          [WF_OFFER_LEARNED] = "learned",
                                          [WF_OFFER_LIMIT] = "limit",
                                          [WF_OFFER_NOTHING] = "unknown"};
    const struct wf_offer *offer = report->offer;
    const int64_t *points = offer->job.wait.run.ms;
    json_t *object = json_object();
    wf_json_set(json, object, "source", json_string(sources[offer->source]));
    wf_json_set(json, object, "p10_s", seconds(points[0]));
    wf_json_set(json, object, "p50_s", seconds(points[WF_RUN_TIME_POINTS / 2]));
    wf_json_set(json, object, "p90_s", seconds(points[WF_RUN_TIME_POINTS - 1]));
    wf_json_set(json, object, "runs", json_integer((json_int_t)offer->runs));
    wf_json_set(json, object, "runs_of_user", json_integer((json_int_t)offer->runs_of_user));
    wf_json_set(json, object, "runs_of_name", json_integer((json_int_t)offer->runs_of_name));
    wf_json_set(json, object, "text", told(wf_offers_tell_run, report));
    return object;
}

static json_t *make_row(struct wf_json *json, const struct wf_offers_report *report,
                        const struct wf_quote_row *row)
{
    const struct wf_site_pool *pool = &report->site->pools[row->pool.index];
    const struct wf_quote_best *best = wf_quote_best(&report->offer->quote, row);
    const struct wf_offers_row of = {report, row};
    json_t *object = json_object();
    json_t *terms = json_object();
    wf_json_set(json, object, "pool", json_string(pool->name));
    wf_json_set(json, object, "chosen", json_boolean(row->why == WF_QUOTE_CHOSEN));
    wf_json_set(json, object, "tasks_chosen", json_integer(row->tasks));
    wf_json_set(json, object, "why", json_string(wf_quote_why_name(row->why)));
    wf_json_set(json, object, "reason",
                row->why == WF_QUOTE_CANNOT && row->reasons_empty != 0
                    ? json_string(wf_reason_name((enum wf_reason)__builtin_ctz(row->reasons_empty)))
                    : json_null());
    wf_json_set(json, object, "text", told(wf_offers_tell_why, &of));
    wf_json_set(json, object, "usd_per_gpu_hour", usd(pool->spec.price_nanousd_per_gpu_hour));
    wf_json_set(json, object, "price_source", json_string(pool->price_source));
    wf_json_set(json, object, "rent_by_use", json_boolean(pool->spec.rent_by_use));
    wf_json_set(json, object, "whole_job", make_price(json, &row->price));
    wf_json_set(json, object, "run_p50_s", seconds(row->run_ms[WF_QUOTE_MIDDLE]));
    wf_json_set(json, object, "nodes", json_integer(row->nodes));
    wf_json_set(json, object, "nodes_open", json_integer(row->nodes_open));
    wf_json_set(json, object, "tasks_now",
                report->offer->is_busy ? json_integer((json_int_t)row->tasks_now) : json_null());
    wf_json_set(json, object, "tasks_empty", json_integer((json_int_t)row->tasks_empty));
    for (uint32_t i = 0; i < best->terms.count; i++) {
        const struct wf_term_value *term = &best->terms.list[i];
        if (term->term != WF_TERM_SCORE) {
            wf_json_set(json, terms, wf_term_name(term->term),
                        json_real((double)-term->value * 1e-9));
        }
    }
    wf_json_set(json, object, "terms_usd_per_hour", terms);
    return object;
}

static json_t *make_start(struct wf_json *json, const struct wf_offers_report *report)
{
    static const char *const starts[] = {[WF_QUOTE_STARTS] = "now",
                                         [WF_QUOTE_KEPT] = "kept",
                                         [WF_QUOTE_WAITS] = "waits",
                                         [WF_QUOTE_NEVER] = "never"};
    const struct wf_quote *quote = &report->offer->quote;
    json_t *object = json_object();
    json_t *blockers = json_array();
    for (uint32_t rest = quote->blockers; rest != 0; rest &= rest - 1) {
        wf_json_append(json, blockers,
                       json_string(wf_wait_reason_name((enum wf_wait_reason)__builtin_ctz(rest))));
    }
    wf_json_set(json, object, "when", json_string(starts[quote->start]));
    wf_json_set(json, object, "at_s",
                quote->start == WF_QUOTE_KEPT ? seconds(quote->start_ms) : json_null());
    wf_json_set(json, object, "blockers", blockers);
    wf_json_set(json, object, "stopped_tasks", json_integer(quote->stopped));
    return object;
}

static json_t *make_budgets(struct wf_json *json, const struct wf_offers_report *report)
{
    static const char *const windows[WF_WINDOWS] = {"hour", "day", "month"};
    static const char *const actions[] = {
        [WF_BUDGET_ADMIT] = "admit", [WF_BUDGET_HOLD] = "hold", [WF_BUDGET_LOWER] = "lower"};
    const struct wf_quote *quote = &report->offer->quote;
    json_t *list = json_array();
    for (uint32_t i = 0; i < quote->budget_count; i++) {
        const struct wf_quote_budget *budget = &quote->budgets[i];
        json_t *object = json_object();
        int64_t left = budget->limit_nanousd - budget->gone_nanousd;
        wf_json_set(json, object, "queue",
                    json_string(report->site->queues[budget->queue.index].name));
        wf_json_set(json, object, "window", json_string(windows[budget->window]));
        wf_json_set(json, object, "action", json_string(actions[budget->action]));
        wf_json_set(json, object, "limit_usd", usd(budget->limit_nanousd));
        wf_json_set(json, object, "left_usd", usd(left > 0 ? left : 0));
        wf_json_set(json, object, "job_usd", usd(budget->cost_nanousd));
        wf_json_set(json, object, "passed", json_boolean(budget->is_passed));
        wf_json_append(json, list, object);
    }
    return list;
}

enum wf_status wf_offers_print_json(const struct wf_offers_report *report, struct wf_error *err)
{
    static const char *const answers[] = {[WF_QUEUE_MAY] = "admitted",
                                          [WF_QUEUE_OVER_LIMIT] = "over-limit",
                                          [WF_QUEUE_OVER_BUDGET_HOLD] = "held",
                                          [WF_QUEUE_OVER_BUDGET_LOWER] = "lowered"};
    const struct wf_quote *quote = &report->offer->quote;
    struct wf_json json = {.failed = false};
    json_t *root = json_object();
    json_t *rows = json_array();
    wf_json_set(&json, root, "policy", json_string(report->policy));
    wf_json_set(&json, root, "job", make_job(&json, report));
    wf_json_set(&json, root, "run", make_run(&json, report));
    for (uint32_t i = 0; i < quote->row_count; i++) {
        wf_json_append(&json, rows, make_row(&json, report, &quote->rows[i]));
    }
    wf_json_set(&json, root, "offers", rows);
    wf_json_set(&json, root, "whole_job", make_price(&json, &quote->chosen));
    wf_json_set(&json, root, "start", make_start(&json, report));
    wf_json_set(&json, root, "answer", json_string(answers[quote->verdict.answer]));
    wf_json_set(&json, root, "budgets", make_budgets(&json, report));
    wf_json_set(&json, root, "text", told(wf_offers_tell_choice, report));
    return wf_json_print(&json, root, err);
}
