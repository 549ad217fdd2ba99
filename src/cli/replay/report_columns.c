// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/report_columns.h"

#include <string.h>

#include "cli/figures.h"

static const char *wait_mean(char *text, const struct wf_measures *measures)
{
    return wf_figure_duration(text, measures->waits.mean_ms);
}

static const char *wait_p50(char *text, const struct wf_measures *measures)
{
    return wf_figure_duration(text, (double)measures->waits.p50_ms);
}

static const char *wait_p95(char *text, const struct wf_measures *measures)
{
    return wf_figure_duration(text, (double)measures->waits.p95_ms);
}

static const char *wait_max(char *text, const struct wf_measures *measures)
{
    return wf_figure_duration(text, (double)measures->waits.max_ms);
}

static const char *slowdown(char *text, const struct wf_measures *measures)
{
    return wf_figure_number(text, measures->slowdown_mean);
}

static const char *used(char *text, const struct wf_measures *measures)
{
    return wf_figure_number(text, measures->used_pct);
}

static const char *idle(char *text, const struct wf_measures *measures)
{
    return wf_figure_number(text, measures->idle_gpu_hours);
}

static const char *stranded(char *text, const struct wf_measures *measures)
{
    return wf_figure_number(text, measures->stranded_gpu_hours);
}

static const char *paid(char *text, const struct wf_measures *measures)
{
    return measures->usd > 0 ? wf_figure_number(text, measures->usd) : "-";
}

static const char *unused(char *text, const struct wf_measures *measures)
{
    return measures->usd > 0 ? wf_figure_number(text, measures->unused_usd) : "-";
}

static const char *per_useful(char *text, const struct wf_measures *measures)
{
    return measures->usd > 0 ? wf_figure_number(text, measures->usd_per_useful_gpu_hour) : "-";
}

static const char *slowdown_p95(char *text, const struct wf_measures *measures)
{
    return wf_figure_number(text, measures->slowdown_p95);
}

static const char *makespan(char *text, const struct wf_measures *measures)
{
    return wf_figure_duration(text, measures->makespan_ms);
}

static const char *throughput(char *text, const struct wf_measures *measures)
{
    return wf_figure_number(text, measures->jobs_per_hour);
}

static const char *never_started(char *text, const struct wf_measures *measures)
{
    return wf_number_count(text, (int64_t)(measures->never_started + measures->rejected));
}

static const char *starved(char *text, const struct wf_measures *measures)
{
    return wf_number_count(text, (int64_t)measures->starved);
}

static const char *missed(char *text, const struct wf_measures *measures)
{
    return measures->deadlines > 0 ? wf_number_count(text, (int64_t)measures->deadlines_missed)
                                   : "-";
}

static const char *preempted(char *text, const struct wf_measures *measures)
{
    return wf_number_count(text, (int64_t)measures->preemptions);
}

static const char *lost(char *text, const struct wf_measures *measures)
{
    return wf_figure_number(text, measures->lost_gpu_hours);
}

static const char *fairness(char *text, const struct wf_measures *measures)
{
    return measures->users > 1 ? wf_figure_number(text, measures->fairness) : "-";
}

static const char *worst_user_wait(char *text, const struct wf_measures *measures)
{
    return measures->users > 1 ? wf_figure_duration(text, measures->worst_user_wait_ms) : "-";
}

const struct wf_report_column wf_report_use_columns[WF_REPORT_USE_COLUMNS] = {
    {"wait", "mean", 7, false, "Mean wait", wait_mean},
    {"", "p50", 7, false, "Half wait at most", wait_p50},
    {"", "p95", 7, false, "95 % wait at most", wait_p95},
    {"", "max", 7, false, "Longest wait", wait_max},
    {"GPUs", "used %", 6, false, "GPUs used,\u00a0%", used},
    {"idle", "GPU-h", 9, false, "Idle GPU\u2011hours", idle},
    {"stranded", "GPU-h", 9, false, "Stranded GPU\u2011hours", stranded},
    {"all paid", "$", 9, false, "All machines,\u00a0$", paid},
    {"unused", "$", 9, false, "Of it unused,\u00a0$", unused},
    {"a useful", "GPU-h $", 8, false, "A useful GPU\u2011hour,\u00a0$", per_useful},
};

const struct wf_report_column wf_report_job_columns[WF_REPORT_JOB_COLUMNS] = {
    {"slowdown", "mean", 8, false, "Mean slowdown", slowdown},
    {"", "p95", 6, false, "Slowdown of 95 % at most", slowdown_p95},
    {"all done", "after", 8, false, "All done after", makespan},
    {"jobs", "/hour", 8, false, "Jobs an hour", throughput},
    {"never", "started", 7, false, "Never started", never_started},
    {"", "starved", 7, false, "Starved", starved},
    {"deadlines", "missed", 9, true, "Deadlines missed", missed},
    {"pre-", "empted", 6, true, "Preemptions", preempted},
    {"GPU-h", "lost", 5, true, "GPU\u2011hours lost", lost},
    {"", "fair", 5, false, "Fairness", fairness},
    {"worst user", "waits", 10, false, "Worst user's mean wait", worst_user_wait},
};

bool wf_report_column_shown(const struct wf_report *report, const struct wf_report_column *column)
{
    char text[WF_NUMBER_BYTES];
    bool shown = !column->rare;
    for (uint32_t i = 0; i < report->config.run_count && !shown; i++) {
        const char *cell = column->cell(text, &report->measures[i]);
        shown = strcmp(cell, "0") != 0 && strcmp(cell, "-") != 0;
    }
    return shown;
}
