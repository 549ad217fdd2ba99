// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/clean.h"
#include "cli/json.h"
#include "cli/replay/report_words.h"

enum { TEXT_BYTES = 4096 };

// JSON is UTF-8, and what others wrote need not be.
static json_t *make_text(const char *text)
{
    char clean[TEXT_BYTES];
    return text ? json_string(wf_clean_text(clean, sizeof clean, text, sizeof clean)) : json_null();
}

static json_t *make_name(const struct wf_report *report, uint32_t number)
{
    const struct wf_names *names = report->config.names;
    return names && number < wf_names_count(names) ? make_text(wf_names_text(names, number))
                                                   : json_null();
}

static json_t *make_run_name(const struct wf_report *report, uint32_t run)
{
    return run == WF_NONE ? json_null() : make_text(report->config.runs[run].name);
}

static json_t *make_told(wf_tell_function *tell, const void *context)
{
    char *text = wf_paragraph_told(tell, context);
    json_t *string = text ? json_string(text) : NULL;
    free(text);
    return string;
}

static json_t *make_real(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *make_count(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static void set_waits(struct wf_json *json, json_t *object, const struct wf_waits *waits)
{
    wf_json_set(json, object, "jobs", make_count(waits->jobs));
    wf_json_set(json, object, "mean_ms", make_real(waits->mean_ms));
    wf_json_set(json, object, "p50_ms", json_integer(waits->p50_ms));
    wf_json_set(json, object, "p95_ms", json_integer(waits->p95_ms));
    wf_json_set(json, object, "max_ms", json_integer(waits->max_ms));
}

static json_t *make_curve(struct wf_json *json, const struct wf_measures *measures)
{
    json_t *curve = json_array();
    for (uint32_t i = 0; i < WF_WAIT_POINTS; i++) {
        json_t *point = json_array();
        wf_json_append(json, point, json_integer(wf_wait_point_ms(i)));
        wf_json_append(json, point, make_count(measures->wait_curve[i]));
        wf_json_append(json, curve, point);
    }
    return curve;
}

static json_t *make_all_waits(struct wf_json *json, const struct wf_measures *measures)
{
    json_t *waits = json_object();
    json_t *sizes = json_object();
    set_waits(json, waits, &measures->waits);
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        if (measures->sizes[size].jobs > 0) {
            json_t *object = json_object();
            set_waits(json, object, &measures->sizes[size]);
            wf_json_set(json, sizes, wf_size_class_key(size), object);
        }
    }
    wf_json_set(json, waits, "by_size", sizes);
    wf_json_set(json, waits, "within", make_curve(json, measures));
    return waits;
}

static json_t *make_jobs(struct wf_json *json, const struct wf_measures *measures)
{
    json_t *jobs = json_object();
    wf_json_set(json, jobs, "all", make_count(measures->jobs));
    wf_json_set(json, jobs, "started", make_count(measures->started));
    wf_json_set(json, jobs, "ended", make_count(measures->ended));
    wf_json_set(json, jobs, "never_started", make_count(measures->never_started));
    wf_json_set(json, jobs, "rejected", make_count(measures->rejected));
    wf_json_set(json, jobs, "starved", make_count(measures->starved));
    wf_json_set(json, jobs, "deadlines", make_count(measures->deadlines));
    wf_json_set(json, jobs, "deadlines_missed", make_count(measures->deadlines_missed));
    wf_json_set(json, jobs, "preemptions", make_count(measures->preemptions));
    wf_json_set(json, jobs, "per_hour", make_real(measures->jobs_per_hour));
    wf_json_set(json, jobs, "makespan_ms", make_real(measures->makespan_ms));
    wf_json_set(json, jobs, "slowdown_mean", make_real(measures->slowdown_mean));
    wf_json_set(json, jobs, "slowdown_p95", make_real(measures->slowdown_p95));
    return jobs;
}

static json_t *make_use(struct wf_json *json, const struct wf_outcome_cluster *cluster,
                        const struct wf_measures *measures)
{
    json_t *use = json_object();
    wf_json_set(json, use, "begin_ms", json_integer(cluster->begin_ms));
    wf_json_set(json, use, "end_ms", json_integer(cluster->end_ms));
    wf_json_set(json, use, "gpu_hours", make_real(cluster->gpu_hours));
    wf_json_set(json, use, "used_gpu_hours", make_real(cluster->used_gpu_hours));
    wf_json_set(json, use, "useful_gpu_hours", make_real(measures->useful_gpu_hours));
    wf_json_set(json, use, "lost_gpu_hours", make_real(measures->lost_gpu_hours));
    wf_json_set(json, use, "idle_gpu_hours", make_real(measures->idle_gpu_hours));
    wf_json_set(json, use, "stranded_gpu_hours", make_real(measures->stranded_gpu_hours));
    wf_json_set(json, use, "refused_gpu_hours", make_real(measures->refused_gpu_hours));
    wf_json_set(json, use, "waiting_gpu_hours", make_real(cluster->waiting_gpu_hours));
    wf_json_set(json, use, "used_pct", make_real(measures->used_pct));
    return use;
}

static json_t *make_money(struct wf_json *json, const struct wf_measures *measures)
{
    json_t *money = json_object();
    if (measures->usd <= 0) {
        json_decref(money);
        return json_null();
    }
    wf_json_set(json, money, "usd", make_real(measures->usd));
    wf_json_set(json, money, "used_usd", make_real(measures->used_usd));
    wf_json_set(json, money, "unused_usd", make_real(measures->unused_usd));
    wf_json_set(json, money, "usd_per_useful_gpu_hour",
                make_real(measures->usd_per_useful_gpu_hour));
    return money;
}

static json_t *make_fairness(struct wf_json *json, const struct wf_report *report,
                             const struct wf_measures *measures)
{
    json_t *fairness = json_object();
    wf_json_set(json, fairness, "users", make_count(measures->users));
    wf_json_set(json, fairness, "jain_index", make_real(measures->fairness));
    if (measures->users > 0) {
        wf_json_set(json, fairness, "worst_user", make_name(report, measures->worst_user));
        wf_json_set(json, fairness, "worst_user_slowdown",
                    make_real(measures->worst_user_slowdown));
        wf_json_set(json, fairness, "worst_user_wait_mean_ms",
                    make_real(measures->worst_user_wait_ms));
    }
    return fairness;
}

static json_t *make_series(struct wf_json *json, const struct wf_outcome_series *series)
{
    json_t *object = json_object();
    json_t *lists[] = {json_array(), json_array(), json_array(), json_array()};
    wf_json_set(json, object, "begin_ms", json_integer(series->begin_ms));
    wf_json_set(json, object, "width_ms", json_integer(series->width_ms));
    for (uint32_t i = 0; i < series->count; i++) {
        const struct wf_outcome_bucket *bucket = &series->buckets[i];
        wf_json_append(json, lists[0], make_real(bucket->gpu_hours));
        wf_json_append(json, lists[1], make_real(bucket->used_gpu_hours));
        wf_json_append(json, lists[2], make_real(bucket->blocked_gpu_hours));
        wf_json_append(json, lists[3], make_real(bucket->waiting_gpu_hours));
    }
    wf_json_set(json, object, "gpu_hours", lists[0]);
    wf_json_set(json, object, "used_gpu_hours", lists[1]);
    wf_json_set(json, object, "blocked_gpu_hours", lists[2]);
    wf_json_set(json, object, "waiting_gpu_hours", lists[3]);
    return object;
}

static json_t *make_job_changes(struct wf_json *json, const struct wf_report *report,
                                const struct wf_job_change *changes, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_outcome_job *job = &report->config.jobs[changes[i].job];
        json_t *object = json_object();
        wf_json_set(json, object, "job", make_name(report, job->id));
        wf_json_set(json, object, "user", make_name(report, job->user));
        wf_json_set(json, object, "gpus", make_real(job->gpu_milli / 1000.0));
        wf_json_set(json, object, "submit_ms", json_integer(job->submit_ms));
        wf_json_set(json, object, "sooner_ms", json_integer(changes[i].sooner_ms));
        wf_json_append(json, list, object);
    }
    return list;
}

static json_t *make_group(struct wf_json *json, const struct wf_group_change *change)
{
    json_t *object = json_object();
    wf_json_set(json, object, "jobs", make_count(change->jobs));
    wf_json_set(json, object, "gaining", make_count(change->gaining));
    wf_json_set(json, object, "losing", make_count(change->losing));
    wf_json_set(json, object, "sooner_hours", make_real(change->sooner_hours));
    return object;
}

static json_t *make_user_changes(struct wf_json *json, const struct wf_report *report,
                                 const struct wf_user_change *changes, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *object = make_group(json, &changes[i].change);
        wf_json_set(json, object, "user", make_name(report, changes[i].user));
        wf_json_append(json, list, object);
    }
    return list;
}

static json_t *make_savings(struct wf_json *json, const struct wf_report *report, uint32_t run)
{
    json_t *savings = json_object();
    for (enum wf_saving_kind kind = 0; kind < WF_SAVING_KINDS; kind++) {
        struct wf_saving saving = wf_report_saving(report, run, kind);
        json_t *object = json_object();
        wf_json_set(json, object, "before", make_real(saving.before));
        wf_json_set(json, object, "after", make_real(saving.after));
        wf_json_set(json, object, "change",
                    saving.change_known ? make_real(saving.change) : json_null());
        wf_json_set(json, object, "error",
                    saving.error_known ? make_real(saving.error) : json_null());
        wf_json_set(json, object, "better", json_boolean(saving.better));
        wf_json_set(json, object, "distinguishable", json_boolean(saving.distinguishable));
        wf_json_set(json, savings, wf_saving_key(kind), object);
    }
    return savings;
}

static json_t *make_changes(struct wf_json *json, const struct wf_report *report, uint32_t run)
{
    const struct wf_comparison *comparison = &report->comparisons[run];
    json_t *changes = json_object();
    json_t *sizes = json_object();
    wf_json_set(json, changes, "compared", make_count(comparison->compared));
    wf_json_set(json, changes, "gaining", make_count(comparison->gaining));
    wf_json_set(json, changes, "losing", make_count(comparison->losing));
    wf_json_set(json, changes, "gained_hours", make_real(comparison->gained_hours));
    wf_json_set(json, changes, "lost_hours", make_real(comparison->lost_hours));
    wf_json_set(json, changes, "wait_difference_mean_ms",
                make_real(comparison->mean_difference_ms));
    wf_json_set(json, changes, "started_only_here", make_count(comparison->only_here));
    wf_json_set(json, changes, "started_only_there", make_count(comparison->only_there));
    wf_json_set(json, changes, "gains",
                make_job_changes(json, report, comparison->gains, comparison->gain_count));
    wf_json_set(json, changes, "losses",
                make_job_changes(json, report, comparison->losses, comparison->loss_count));
    wf_json_set(
        json, changes, "users_gaining",
        make_user_changes(json, report, comparison->user_gains, comparison->user_gain_count));
    wf_json_set(
        json, changes, "users_losing",
        make_user_changes(json, report, comparison->user_losses, comparison->user_loss_count));
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        if (comparison->sizes[size].jobs > 0) {
            wf_json_set(json, sizes, wf_size_class_key(size),
                        make_group(json, &comparison->sizes[size]));
        }
    }
    wf_json_set(json, changes, "by_size", sizes);
    return changes;
}

static json_t *make_run(struct wf_json *json, const struct wf_report *report, uint32_t run)
{
    char hash[20];
    const struct wf_outcome_run *of = &report->config.runs[run];
    const struct wf_measures *measures = &report->measures[run];
    json_t *object = json_object();
    bool happened = run == report->config.happened;
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)of->cluster.hash);
    wf_json_set(json, object, "name", make_text(of->name));
    wf_json_set(json, object, "role",
                json_string(happened                         ? "happened"
                            : run == report->config.baseline ? "baseline"
                                                             : "policy"));
    wf_json_set(json, object, "hash",
                happened && of->cluster.hash == 0 ? json_null() : json_string(hash));
    wf_json_set(json, object, "seconds", happened ? json_null() : make_real(of->cluster.seconds));
    wf_json_set(json, object, "wait", make_all_waits(json, measures));
    wf_json_set(json, object, "jobs", make_jobs(json, measures));
    wf_json_set(json, object, "use", make_use(json, &of->cluster, measures));
    wf_json_set(json, object, "money", make_money(json, measures));
    wf_json_set(json, object, "fairness", make_fairness(json, report, measures));
    wf_json_set(json, object, "series", make_series(json, &of->cluster.series));
    if (wf_report_compared(report, run)) {
        struct wf_report_told told = {report, run};
        wf_json_set(json, object, "savings", make_savings(json, report, run));
        wf_json_set(json, object, "changes", make_changes(json, report, run));
        wf_json_set(json, object, "verdict", make_told(wf_report_tell_policy, &told));
    }
    return object;
}

static json_t *make_error(struct wf_json *json, const struct wf_report *report)
{
    const struct wf_report_config *config = &report->config;
    if (config->happened == WF_NONE || config->baseline == WF_NONE) {
        return json_null();
    }
    json_t *error = json_object();
    for (enum wf_saving_kind kind = 0; kind < WF_SAVING_KINDS; kind++) {
        struct wf_saving saving = wf_report_saving(report, config->baseline, kind);
        wf_json_set(json, error, wf_saving_key(kind),
                    saving.error_known ? make_real(saving.error) : json_null());
    }
    wf_json_set(json, error, "wait_difference_mean_ms",
                make_real(report->comparisons[config->baseline].mean_difference_ms));
    return error;
}

static json_t *make_history(struct wf_json *json, const struct wf_report *report)
{
    const struct wf_history_summary *summary = report->config.summary;
    json_t *history = json_object();
    wf_json_set(json, history, "origin", make_text(report->config.history));
    wf_json_set(json, history, "jobs", make_count(report->config.job_count));
    if (!summary) {
        return history;
    }
    wf_json_set(json, history, "lines", make_count(summary->lines));
    wf_json_set(json, history, "damaged", make_count(summary->damaged));
    wf_json_set(json, history, "repeated", make_count(summary->repeated));
    wf_json_set(json, history, "never_started", make_count(summary->never_started));
    wf_json_set(json, history, "never_ended", make_count(summary->never_ended));
    wf_json_set(json, history, "clock_jumps", make_count(summary->clock_jumps));
    json_t *complaints = json_array();
    for (uint32_t i = 0; i < summary->complaint_count; i++) {
        wf_json_append(json, complaints, make_text(summary->complaints[i]));
    }
    wf_json_set(json, history, "complaints", complaints);
    return history;
}

static json_t *make_prices(struct wf_json *json, const struct wf_site *site)
{
    json_t *prices = json_array();
    for (uint32_t i = 0; site && i < site->pool_count; i++) {
        const struct wf_site_pool *pool = &site->pools[i];
        json_t *object = json_object();
        wf_json_set(json, object, "pool", make_text(pool->name));
        wf_json_set(json, object, "gpus", make_count(wf_report_pool_gpus(site, i)));
        wf_json_set(json, object, "usd_per_gpu_hour",
                    make_real((double)pool->spec.price_nanousd_per_gpu_hour / 1e9));
        wf_json_set(json, object, "rented_by_use", json_boolean(pool->spec.rent_by_use));
        wf_json_set(json, object, "source", make_text(pool->price_source));
        wf_json_append(json, prices, object);
    }
    return prices;
}

enum wf_status wf_replay_make_json(const struct wf_report *report, json_t **root_out,
                                   struct wf_error *err)
{
    struct wf_json made = {0};
    struct wf_json *json = &made;
    const struct wf_report_config *config = &report->config;
    json_t *root = json_object();
    wf_json_set(json, root, "headline", make_told(wf_report_tell_headline, report));
    wf_json_set(json, root, "caveats", make_told(wf_report_tell_caveats, report));
    wf_json_set(json, root, "money", make_told(wf_report_tell_money, report));
    wf_json_set(json, root, "history", make_history(json, report));
    wf_json_set(json, root, "cluster", make_text(config->cluster));
    wf_json_set(json, root, "prices", make_prices(json, config->site));
    json_t *assumptions = json_array();
    for (uint32_t i = 0; i < config->assumption_count; i++) {
        wf_json_append(json, assumptions, make_text(config->assumptions[i]));
    }
    wf_json_set(json, root, "assumptions", assumptions);
    wf_json_set(json, root, "happened", make_run_name(report, config->happened));
    wf_json_set(json, root, "baseline", make_run_name(report, config->baseline));
    wf_json_set(json, root, "error", make_error(json, report));
    json_t *runs = json_array();
    for (uint32_t i = 0; i < config->run_count; i++) {
        wf_json_append(json, runs, make_run(json, report, i));
    }
    wf_json_set(json, root, "runs", runs);
    if (json->failed) {
        json_decref(root);
        return wf_fail(err, WF_NOMEM, "no memory for the results as JSON");
    }
    *root_out = root;
    return WF_OK;
}

enum wf_status wf_replay_print_json(const struct wf_report *report, struct wf_error *err)
{
    struct wf_json json = {0};
    json_t *root = NULL;
    enum wf_status status = wf_replay_make_json(report, &root, err);
    return status == WF_OK ? wf_json_print(&json, root, err) : status;
}
