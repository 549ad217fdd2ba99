// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"

static enum wf_status compare(struct wf_report *report, uint32_t run, struct wf_error *err)
{
    const struct wf_report_config *config = &report->config;
    uint32_t against = run == config->baseline ? config->happened : config->baseline;
    if (against == WF_NONE || run == config->happened) {
        return WF_OK;
    }
    return wf_comparison_make(config->jobs, config->job_count, &config->runs[run],
                              &config->runs[against], &report->comparisons[run], err);
}

enum wf_status wf_report_init(struct wf_report *report, const struct wf_report_config *config,
                              struct wf_error *err)
{
    *report = (struct wf_report){.config = *config};
    if (config->run_count > WF_REPORT_RUNS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "a report of %u runs is past the limit WF_REPORT_RUNS_MAX "
                       "of %d",
                       config->run_count, WF_REPORT_RUNS_MAX);
    }
    WF_ASSERT(config->happened == WF_NONE || config->happened < config->run_count);
    WF_ASSERT(config->baseline == WF_NONE || config->baseline < config->run_count);
    report->measures = calloc((size_t)config->run_count + 1, sizeof *report->measures);
    report->comparisons = calloc((size_t)config->run_count + 1, sizeof *report->comparisons);
    if (!report->measures || !report->comparisons) {
        wf_report_finish(report);
        return wf_fail(err, WF_NOMEM, "no memory for a report of %u runs", config->run_count);
    }
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < config->run_count && status == WF_OK; i++) {
        status = wf_measures_make(config->jobs, config->job_count, &config->runs[i],
                                  &report->measures[i], err);
        status = status == WF_OK ? compare(report, i, err) : status;
    }
    if (status != WF_OK) {
        wf_report_finish(report);
    }
    return status;
}

void wf_report_finish(struct wf_report *report)
{
    if (report) {
        free(report->measures);
        free(report->comparisons);
        report->measures = NULL;
        report->comparisons = NULL;
    }
}

bool wf_report_is_policy(const struct wf_report *report, uint32_t run)
{
    return run != report->config.happened && run != report->config.baseline;
}

bool wf_report_compared(const struct wf_report *report, uint32_t run)
{
    return report->config.baseline != WF_NONE && wf_report_is_policy(report, run) &&
           report->comparisons[run].compared > 0;
}

uint32_t wf_report_best(const struct wf_report *report)
{
    uint32_t best = WF_NONE;
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        bool better = best == WF_NONE ||
                      report->measures[i].waits.mean_ms < report->measures[best].waits.mean_ms;
        best = wf_report_is_policy(report, i) && better ? i : best;
    }
    return best;
}

uint32_t wf_report_paid(const struct wf_report *report)
{
    const struct wf_report_config *config = &report->config;
    if (config->happened != WF_NONE) {
        return config->happened;
    }
    if (config->baseline != WF_NONE) {
        return config->baseline;
    }
    return config->run_count > 0 ? 0 : WF_NONE;
}

struct wf_saving wf_report_saving(const struct wf_report *report, uint32_t run,
                                  enum wf_saving_kind kind)
{
    const struct wf_report_config *config = &report->config;
    WF_ASSERT(config->baseline != WF_NONE);
    const struct wf_measures *happened =
        config->happened == WF_NONE ? NULL : &report->measures[config->happened];
    return wf_saving_make(kind, happened, &report->measures[config->baseline],
                          &report->measures[run]);
}

uint64_t wf_report_size_jobs(const struct wf_report *report, enum wf_size_class size)
{
    uint64_t jobs = 0;
    for (uint32_t i = 0; i < report->config.run_count && jobs == 0; i++) {
        jobs = report->measures[i].sizes[size].jobs;
    }
    return jobs;
}

uint32_t wf_report_pool_gpus(const struct wf_site *site, uint32_t pool)
{
    uint32_t gpus = 0;
    for (uint32_t i = 0; i < site->node_count; i++) {
        gpus += site->nodes[i].spec.pool.index == pool ? site->nodes[i].spec.gpus : 0;
    }
    return gpus;
}

const char *wf_report_time(const struct wf_report *report, char *text, int64_t time_ms)
{
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    struct tm parts;
    time_t seconds = (time_t)(time_ms / 1000);
    if (report->config.relative_times && time_ms >= 0) {
        snprintf(text, WF_NUMBER_BYTES, "day %lld, %02d:%02d", (long long)(time_ms / day_ms) + 1,
                 (int)(time_ms % day_ms / 3600000), (int)(time_ms % 3600000 / 60000));
    } else if (!gmtime_r(&seconds, &parts) ||
               strftime(text, WF_NUMBER_BYTES, "%Y-%m-%d %H:%M UTC", &parts) == 0) {
        snprintf(text, WF_NUMBER_BYTES, "%lld s", (long long)seconds);
    }
    return text;
}
