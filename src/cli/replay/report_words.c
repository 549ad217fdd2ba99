// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/report_words.h"

#include <math.h>
#include <string.h>

#include "cli/clean.h"
#include "cli/figures.h"

enum { NAME_GLYPHS = 40 };

// From what share on a change is worth a sentence of its own.
#define NOTABLE_WAIT 0.05
#define NOTABLE_USE 0.01
#define NOTABLE_FAIRNESS 0.05

const char *wf_report_name(const struct wf_report *report, uint32_t run, char *text)
{
    return wf_clean_text(text, WF_REPORT_NAME_BYTES, report->config.runs[run].name, NAME_GLYPHS);
}

const char *wf_report_row_name(const struct wf_report *report, uint32_t run, char *text)
{
    wf_report_name(report, run, text);
    if (run == report->config.baseline) {
        size_t length = strlen(text);
        snprintf(text + length, WF_REPORT_NAME_BYTES - length, " (own)");
    }
    return text;
}

// "from 3.4 h to 2.1 h (-38 %)"
static void tell_durations(FILE *out, double before_ms, double after_ms)
{
    char text[2][WF_NUMBER_BYTES];
    fprintf(out, "from %s to %s", wf_figure_duration(text[0], before_ms),
            wf_figure_duration(text[1], after_ms));
    if (before_ms > 0) {
        fprintf(out, " (%s)", wf_figure_change(text[0], (after_ms - before_ms) / before_ms));
    }
}

static uint64_t harmed(const struct wf_measures *measures)
{
    return measures->starved + measures->never_started + measures->rejected;
}

static void tell_longer_waits(FILE *out, const struct wf_measures *baseline,
                              const struct wf_measures *policy)
{
    double longer_ms = (double)(policy->waits.p50_ms - baseline->waits.p50_ms);
    if (longer_ms > NOTABLE_WAIT * baseline->waits.mean_ms) {
        fputs(" But the wait that half of the jobs stay within grows ", out);
        tell_durations(out, (double)baseline->waits.p50_ms, (double)policy->waits.p50_ms);
        fputs(".", out);
    }
    if ((double)policy->waits.p95_ms > (1 + NOTABLE_WAIT) * (double)baseline->waits.p95_ms) {
        fputs(" But the wait that 95 % of the jobs stay within grows ", out);
        tell_durations(out, (double)baseline->waits.p95_ms, (double)policy->waits.p95_ms);
        fputs(".", out);
    }
}

// What speaks against the policy with the lowest mean wait.
static void tell_drawbacks(FILE *out, const struct wf_report *report, uint32_t run)
{
    char text[WF_NUMBER_BYTES];
    char other[WF_NUMBER_BYTES];
    const struct wf_measures *policy = &report->measures[run];
    const struct wf_measures *baseline = &report->measures[report->config.baseline];
    tell_longer_waits(out, baseline, policy);
    if (policy->used_pct < (1 - NOTABLE_USE) * baseline->used_pct) {
        fprintf(out, " But fewer GPUs are used until all is done: %s instead of %s.",
                wf_figure_percent(text, policy->used_pct),
                wf_figure_percent(other, baseline->used_pct));
    }
    if (harmed(policy) > harmed(baseline)) {
        uint64_t more = harmed(policy) - harmed(baseline);
        fprintf(out, " But %s more job%s starve%s or never start%s.",
                wf_number_count(text, (int64_t)more), more == 1 ? "" : "s", more == 1 ? "s" : "",
                more == 1 ? "s" : "");
    }
    if (policy->fairness < baseline->fairness - NOTABLE_FAIRNESS) {
        fprintf(out, " But it treats users less alike: fairness falls from %s to %s.",
                wf_figure_number(text, baseline->fairness),
                wf_figure_number(other, policy->fairness));
    }
}

static void tell_best(FILE *out, const struct wf_report *report, uint32_t best)
{
    char name[2][WF_REPORT_NAME_BYTES];
    char text[4][WF_NUMBER_BYTES];
    struct wf_saving saving = wf_report_saving(report, best, WF_SAVING_WAIT_MEAN);
    wf_report_name(report, best, name[0]);
    wf_report_name(report, report->config.baseline, name[1]);
    wf_figure_duration(text[0], saving.after);
    wf_figure_duration(text[1], saving.before);
    wf_figure_change(text[2], saving.change);
    wf_figure_change(text[3], saving.error);
    if (!saving.better) {
        fprintf(out,
                "None of the policies asked for waits less than %s, the history's own policy: %s "
                "on average.",
                name[1], text[1]);
        return;
    }
    if (saving.error_known && !saving.distinguishable) {
        fprintf(out,
                "No policy can be told from %s, the history's own: the largest change of the mean "
                "wait, %s under %s, is within the simulator's own error of %s.",
                name[1], text[2], name[0], text[3]);
        return;
    }
    fprintf(out,
            "Under %s the same jobs on the same machines would have waited %s on average instead "
            "of %s (%s).",
            name[0], text[0], text[1], text[2]);
}

void wf_report_tell_caveats(FILE *out, const void *context)
{
    char text[WF_NUMBER_BYTES];
    const struct wf_report *report = context;
    uint32_t best = wf_report_best(report);
    if (best == WF_NONE || !wf_report_compared(report, best)) {
        return;
    }
    struct wf_saving saving = wf_report_saving(report, best, WF_SAVING_WAIT_MEAN);
    if (!saving.better || (saving.error_known && !saving.distinguishable)) {
        return;
    }
    if (saving.error_known) {
        fprintf(out, "The simulator's own error there is %s.",
                wf_figure_change(text, saving.error));
    } else {
        fputs("That is the simulator's word: how far it is from reality is not known, because it "
              "is not known how long these jobs really waited on these machines.",
              out);
    }
    tell_drawbacks(out, report, best);
}

void wf_report_tell_headline(FILE *out, const void *context)
{
    char name[WF_REPORT_NAME_BYTES];
    char text[2][WF_NUMBER_BYTES];
    const struct wf_report *report = context;
    uint32_t baseline = report->config.baseline;
    uint32_t shown = baseline != WF_NONE ? baseline : wf_report_paid(report);
    uint32_t best = wf_report_best(report);
    if (report->config.job_count == 0 || shown == WF_NONE) {
        fputs("The history has no jobs in the time asked for, so there is nothing to compare.",
              out);
    } else if (report->measures[shown].waits.max_ms == 0 && report->measures[shown].started > 0) {
        fprintf(out, "No job waited under %s, so no policy can start these jobs sooner.",
                wf_report_name(report, shown, name));
    } else if (baseline == WF_NONE || best == WF_NONE) {
        const struct wf_waits *waits = &report->measures[shown].waits;
        fprintf(out, "Under %s the jobs wait %s on average, 95 %% of them no longer than %s.",
                wf_report_name(report, shown, name), wf_figure_duration(text[0], waits->mean_ms),
                wf_figure_duration(text[1], (double)waits->p95_ms));
    } else {
        tell_best(out, report, best);
    }
}

static bool paid_by_use(const struct wf_report *report)
{
    const struct wf_site *site = report->config.site;
    for (uint32_t i = 0; site && i < site->pool_count; i++) {
        if (site->pools[i].spec.rent_by_use) {
            return true;
        }
    }
    return false;
}

static bool spans_differ(const struct wf_report *report)
{
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        struct wf_saving usd = wf_report_saving(report, i, WF_SAVING_USD);
        if (wf_report_is_policy(report, i) && fabs(usd.change) > WF_REPORT_NOTABLE) {
            return true;
        }
    }
    return false;
}

// What the machines cost in each run until its last job ends, where that differs.
static void tell_spans(FILE *out, const struct wf_report *report)
{
    char name[WF_REPORT_NAME_BYTES];
    char text[WF_NUMBER_BYTES];
    if (!spans_differ(report)) {
        return;
    }
    const char *before = " Until its last job ends a run costs ";
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        if (i != report->config.happened) {
            fprintf(out, "%s%s under %s", before, wf_figure_usd(text, report->measures[i].usd),
                    wf_report_name(report, i, name));
            before = ", ";
        }
    }
    fputs(paid_by_use(report) ? ": less is a saving where it was rented by use, or where machines "
                                "can be given back sooner."
                              : ": less is a saving only where machines can be given back sooner.",
          out);
}

void wf_report_tell_money(FILE *out, const void *context)
{
    char text[4][WF_NUMBER_BYTES];
    char name[WF_REPORT_NAME_BYTES];
    const struct wf_report *report = context;
    uint32_t paid = wf_report_paid(report);
    if (paid == WF_NONE || report->config.job_count == 0) {
        return;
    }
    const struct wf_measures *measures = &report->measures[paid];
    const struct wf_outcome_cluster *cluster = &report->config.runs[paid].cluster;
    if (measures->usd <= 0) {
        fputs("No prices are known, so that nothing is told in dollars.", out);
        return;
    }
    double span_ms = (double)(cluster->end_ms - cluster->begin_ms);
    fprintf(out,
            "Dollars (%s): the machines cost %s over %s; %s of it (%s) paid for GPU time that no "
            "job held.",
            wf_report_name(report, paid, name), wf_figure_usd(text[0], measures->usd),
            wf_figure_duration(text[1], span_ms), wf_figure_usd(text[2], measures->unused_usd),
            wf_figure_percent(text[3], 100 * measures->unused_usd / measures->usd));
    fputs(paid_by_use(report)
              ? " Machines that are paid for anyway cost the same under every policy; a policy "
                "changes how much work they do for it, and how much is rented by use."
              : " Machines that are paid for anyway cost the same under every policy; a policy "
                "changes how much work they do for it (dollars for each useful GPU-hour).",
          out);
    if (report->config.baseline != WF_NONE) {
        tell_spans(out, report);
    }
    fputs(" Prices are the same in all runs.", out);
}

void wf_report_tell_error(FILE *out, const void *context)
{
    char name[WF_REPORT_NAME_BYTES];
    char text[WF_NUMBER_BYTES];
    const struct wf_report *report = context;
    uint32_t baseline = report->config.baseline;
    if (baseline == WF_NONE || report->config.job_count == 0) {
        return;
    }
    wf_report_name(report, baseline, name);
    if (report->config.happened == WF_NONE) {
        fprintf(out,
                "The simulator's error is not known: there is no record of how long these jobs "
                "waited on these machines that %s, replayed, could be held against.",
                name);
        return;
    }
    fprintf(out, "The simulator's error is how far %s, replayed, lies from what happened:", name);
    const char *before = " ";
    for (enum wf_saving_kind kind = 0; kind < WF_SAVING_KINDS; kind++) {
        struct wf_saving saving = wf_report_saving(report, baseline, kind);
        bool told = kind < WF_SAVING_USD || (kind == WF_SAVING_USD_PER_USEFUL_GPU_HOUR &&
                                             report->measures[baseline].usd > 0);
        if (saving.error_known && told) {
            fprintf(out, "%s%s %s", before, wf_saving_text(kind),
                    wf_figure_change(text, saving.error));
            before = ", ";
        }
    }
    fprintf(out, ". The wait of a single job is off by %s on average.",
            wf_figure_duration(text, report->comparisons[baseline].mean_difference_ms));
}

// The size of jobs whose wait grows most, if any does by much and by more than the error.
static void tell_worse_size(FILE *out, const struct wf_report *report, uint32_t run)
{
    const struct wf_measures *policy = &report->measures[run];
    const struct wf_measures *baseline = &report->measures[report->config.baseline];
    double most = NOTABLE_WAIT * baseline->waits.mean_ms;
    enum wf_size_class worst = WF_SIZE_CLASSES;
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        double before = (double)baseline->sizes[size].p95_ms;
        double more = (double)policy->sizes[size].p95_ms - before;
        if (more > most && more > NOTABLE_WAIT * before) {
            most = more;
            worst = size;
        }
    }
    if (worst < WF_SIZE_CLASSES) {
        fprintf(out, " Worst off are jobs of %s: what 95 %% of them stay within goes ",
                wf_size_class_text(worst));
        tell_durations(out, (double)baseline->sizes[worst].p95_ms,
                       (double)policy->sizes[worst].p95_ms);
        fputs(".", out);
    }
}

// Which of the changes cannot be told from the simulator's own error.
static void tell_indistinct(FILE *out, const struct wf_report *report, uint32_t run)
{
    static const enum wf_saving_kind kinds[] = {WF_SAVING_WAIT_MEAN, WF_SAVING_WAIT_P95,
                                                WF_SAVING_USD_PER_USEFUL_GPU_HOUR};
    char text[WF_NUMBER_BYTES];
    const char *before = " Not distinguishable, for the simulator's own error is as large: ";
    bool any = false;
    for (uint32_t i = 0; i < WF_COUNT_OF(kinds); i++) {
        struct wf_saving saving = wf_report_saving(report, run, kinds[i]);
        if (saving.error_known && saving.change_known && !saving.distinguishable &&
            fabs(saving.change) >= WF_REPORT_NOTABLE) {
            fprintf(out, "%s%s (error %s)", before, wf_saving_text(kinds[i]),
                    wf_figure_change(text, saving.error));
            before = ", ";
            any = true;
        }
    }
    fputs(any ? "." : "", out);
}

static void tell_dollars(FILE *out, const struct wf_report *report, uint32_t run)
{
    char text[3][WF_NUMBER_BYTES];
    struct wf_saving saving = wf_report_saving(report, run, WF_SAVING_USD_PER_USEFUL_GPU_HOUR);
    if (saving.before > 0 && fabs(saving.change) < WF_REPORT_NOTABLE) {
        fprintf(out, ", a useful GPU-hour costs %s as before",
                wf_figure_usd(text[0], saving.before));
    } else if (saving.before > 0) {
        fprintf(out, ", a useful GPU-hour from %s to %s (%s)",
                wf_figure_usd(text[0], saving.before), wf_figure_usd(text[1], saving.after),
                wf_figure_change(text[2], saving.change));
    }
}

// Who fares worst, and how: slowdown rather than wait, so that long jobs may wait longer.
static void tell_worst_user(FILE *out, const struct wf_report *report, uint32_t run)
{
    char text[2][WF_NUMBER_BYTES];
    char name[WF_REPORT_NAME_BYTES];
    const struct wf_names *names = report->config.names;
    const struct wf_measures *measures = &report->measures[run];
    if (measures->users > 1 && names && measures->worst_user < wf_names_count(names)) {
        wf_clean_text(name, sizeof name, wf_names_text(names, measures->worst_user), NAME_GLYPHS);
        fprintf(out, " %s fares worst of all users: a mean slowdown of %s, and a mean wait of %s.",
                *name ? name : "One without a name",
                wf_figure_number(text[0], measures->worst_user_slowdown),
                wf_figure_duration(text[1], measures->worst_user_wait_ms));
    }
}

static void tell_shifts(FILE *out, const struct wf_comparison *comparison)
{
    char text[4][WF_NUMBER_BYTES];
    if (comparison->gaining + comparison->losing == 0) {
        fputs("; no job ends sooner or later by a minute.", out);
        return;
    }
    fprintf(out, "; %s job%s sooner, by %s h together, and %s later, by %s h.",
            wf_number_count(text[0], (int64_t)comparison->gaining),
            comparison->gaining == 1 ? " ends" : "s end",
            wf_figure_number(text[1], comparison->gained_hours),
            wf_number_count(text[2], (int64_t)comparison->losing),
            wf_figure_number(text[3], comparison->lost_hours));
}

void wf_report_tell_policy(FILE *out, const void *context)
{
    const struct wf_report_told *told = context;
    const struct wf_report *report = told->report;
    char name[2][WF_REPORT_NAME_BYTES];
    char text[2][WF_NUMBER_BYTES];
    const struct wf_measures *policy = &report->measures[told->run];
    const struct wf_measures *baseline = &report->measures[report->config.baseline];
    const struct wf_comparison *comparison = &report->comparisons[told->run];
    fprintf(out, "%s against %s: the mean wait goes ", wf_report_name(report, told->run, name[0]),
            wf_report_name(report, report->config.baseline, name[1]));
    tell_durations(out, baseline->waits.mean_ms, policy->waits.mean_ms);
    fputs(", the wait of 95 % of the jobs ", out);
    tell_durations(out, (double)baseline->waits.p95_ms, (double)policy->waits.p95_ms);
    tell_dollars(out, report, told->run);
    tell_shifts(out, comparison);
    tell_indistinct(out, report, told->run);
    tell_worse_size(out, report, told->run);
    tell_worst_user(out, report, told->run);
    if (comparison->only_here + comparison->only_there > 0) {
        fprintf(out, " Jobs that started only under %s: %s, only under %s: %s.", name[0],
                wf_number_count(text[0], (int64_t)comparison->only_here), name[1],
                wf_number_count(text[1], (int64_t)comparison->only_there));
    }
}

void wf_report_tell_history(FILE *out, const void *context)
{
    char text[2][WF_NUMBER_BYTES];
    const struct wf_report *report = context;
    const struct wf_history_summary *summary = report->config.summary;
    fprintf(out, "%s job%s", wf_number_count(text[0], report->config.job_count),
            report->config.job_count == 1 ? "" : "s");
    if (!summary) {
        fputs(".", out);
        return;
    }
    const struct {
        uint64_t count;
        const char *one, *more;
    } told[] = {
        {summary->damaged, "line could not be read and was left out",
         "lines could not be read and were left out"},
        {summary->repeated, "job came twice and was taken once",
         "jobs came twice and were taken once"},
        {summary->never_started, "job never started and was left out",
         "jobs never started and were left out"},
        {summary->never_ended, "job has no end and was left out",
         "jobs have no end and were left out"},
        {summary->clock_jumps, "job has times that cannot be", "jobs have times that cannot be"},
    };
    if (report->config.job_count > 0) {
        const struct wf_outcome_job *jobs = report->config.jobs;
        fprintf(out, " submitted %s to %s,", wf_report_time(report, text[0], jobs[0].submit_ms),
                wf_report_time(report, text[1], jobs[report->config.job_count - 1].submit_ms));
    }
    fprintf(out, " from %s lines", wf_number_count(text[0], (int64_t)summary->lines));
    for (uint32_t i = 0; i < WF_COUNT_OF(told); i++) {
        if (told[i].count > 0) {
            fprintf(out, "; %s %s", wf_number_count(text[0], (int64_t)told[i].count),
                    told[i].count == 1 ? told[i].one : told[i].more);
        }
    }
    fputs(".", out);
}

void wf_report_tell_terms(FILE *out, const void *context)
{
    (void)context;
    fprintf(out,
            "Wait: from when a job could have started until it did; p50, p95: what half and 95 %% "
            "of the jobs stay within. Slowdown: wait and run, over the run of at least %d s. Idle: "
            "GPU-hours free while nothing waited; stranded: free while a job waited that asked for "
            "no more. A useful GPU-hour: all paid, over the GPU-hours that did lasting work. "
            "Starved: waited more than %d times the run and a day. Fair: 1 when all users' mean "
            "slowdowns are alike.",
            WF_SLOWDOWN_FLOOR_MS / 1000, WF_STARVED_RUNS);
}
