// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_page.h"

#include <inttypes.h>
#include <math.h>

#include "cli/figures.h"
#include "cli/replay/replay_plot.h"
#include "cli/replay/report_columns.h"
#include "cli/replay/report_words.h"
#include "cli/xml.h"

enum { LISTED_GLYPHS = 40 }; // of names of jobs and users

// A table that scrolls by itself where the page is too narrow, also by keyboard.
static void open_table(FILE *out, const char *caption)
{
    fprintf(out,
            "<p class=\"caption\">%s</p>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
            "aria-label=\"%s\"><table aria-label=\"%s\">\n<thead><tr>",
            caption, caption, caption);
}

static void close_table(FILE *out)
{
    fputs("</tbody></table></div>\n", out);
}

// A head that begins with '<' stands left, over words.
static void put_heads(FILE *out, const char *const *heads, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool left = heads[i][0] == '<';
        fprintf(out, "<th scope=\"col\"%s>%s</th>", left ? " class=\"l\"" : "", heads[i] + left);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

// Begins the row of a run with its colour and name.
static void open_run(FILE *out, const struct wf_report *report, uint32_t run)
{
    char name[WF_REPORT_NAME_BYTES];
    fprintf(out, "<tr><th scope=\"row\"><span class=\"key %s\"></span>",
            wf_plot_class(report, run));
    wf_xml_put(out, wf_report_row_name(report, run, name), WF_XML_WHOLE);
    fputs("</th>", out);
}

static void put_columns(FILE *out, const struct wf_report *report, const char *caption,
                        const struct wf_report_column *columns, uint32_t count)
{
    char text[WF_NUMBER_BYTES];
    open_table(out, caption);
    fputs("<th scope=\"col\">Run</th>", out);
    for (uint32_t i = 0; i < count; i++) {
        if (wf_report_column_shown(report, &columns[i])) {
            fprintf(out, "<th scope=\"col\">%s</th>", columns[i].title);
        }
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        open_run(out, report, run);
        for (uint32_t i = 0; i < count; i++) {
            if (wf_report_column_shown(report, &columns[i])) {
                fprintf(out, "<td>%s</td>", columns[i].cell(text, &report->measures[run]));
            }
        }
        fputs("</tr>\n", out);
    }
    close_table(out);
}

void wf_page_put_runs(FILE *out, const struct wf_report *report)
{
    put_columns(out, report, "Waiting, use and dollars", wf_report_use_columns,
                WF_REPORT_USE_COLUMNS);
    put_columns(out, report, "How the jobs fared", wf_report_job_columns, WF_REPORT_JOB_COLUMNS);
}

static const struct {
    enum wf_saving_kind kind;
    const char *title;
    const char *(*print)(char *text, double value);
} saving_columns[] = {
    {WF_SAVING_WAIT_MEAN, "Mean wait", wf_figure_duration},
    {WF_SAVING_WAIT_P95, "95 % wait at most", wf_figure_duration},
    {WF_SAVING_USED_PCT, "GPUs used", wf_figure_percent},
    {WF_SAVING_MAKESPAN, "All done after", wf_figure_duration},
    {WF_SAVING_USD, "All machines until then", wf_figure_usd},
    {WF_SAVING_UNUSED_USD, "Of it unused", wf_figure_usd},
    {WF_SAVING_USD_PER_USEFUL_GPU_HOUR, "A useful GPU\u2011hour", wf_figure_usd},
};

static void put_saving_heads(FILE *out, const char *first)
{
    fprintf(out, "<th scope=\"col\">%s</th>", first);
    for (uint32_t i = 0; i < WF_COUNT_OF(saving_columns); i++) {
        fprintf(out, "<th scope=\"col\">%s</th>", saving_columns[i].title);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

static bool is_priced(const struct wf_report *report, uint32_t column)
{
    return saving_columns[column].kind < WF_SAVING_USD ||
           report->measures[report->config.baseline].usd > 0;
}

static void put_saving(FILE *out, const struct wf_report *report, uint32_t run, uint32_t column)
{
    char text[WF_NUMBER_BYTES];
    struct wf_saving saving = wf_report_saving(report, run, saving_columns[column].kind);
    bool within = saving.error_known && !saving.distinguishable;
    if (!is_priced(report, column)) {
        fputs("<td>-</td>", out);
        return;
    }
    fprintf(out, "<td>%s", saving_columns[column].print(text, saving.after));
    if (!saving.change_known || fabs(saving.change) < WF_REPORT_NOTABLE) {
        fprintf(out, "<small>%s</small></td>", saving.change_known ? "as before" : "was nothing");
        return;
    }
    bool neutral = within || saving_columns[column].kind == WF_SAVING_USD ||
                   saving_columns[column].kind == WF_SAVING_UNUSED_USD;
    fprintf(out, "<small><span class=\"%s\">%s</span>%s</small></td>",
            neutral         ? "within"
            : saving.better ? "good"
                            : "bad",
            wf_figure_change(text, saving.change), within ? ", within the error" : "");
}

static void put_errors(FILE *out, const struct wf_report *report)
{
    char text[WF_NUMBER_BYTES];
    if (report->config.happened == WF_NONE) {
        return;
    }
    fputs("<tr><th scope=\"row\">the simulator's error</th>", out);
    for (uint32_t i = 0; i < WF_COUNT_OF(saving_columns); i++) {
        struct wf_saving saving =
            wf_report_saving(report, report->config.baseline, saving_columns[i].kind);
        bool known = saving.error_known && is_priced(report, i);
        fprintf(out, "<td>%s</td>", known ? wf_figure_change(text, saving.error) : "not known");
    }
    fputs("</tr>\n", out);
}

void wf_page_put_savings(FILE *out, const struct wf_report *report)
{
    bool any = false;
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        if (!wf_report_compared(report, run)) {
            continue;
        }
        if (!any) {
            open_table(out, "What scheduling changes, at the same prices: each policy against the "
                            "history's own, replayed");
            put_saving_heads(out, "Policy");
            any = true;
        }
        open_run(out, report, run);
        for (uint32_t i = 0; i < WF_COUNT_OF(saving_columns); i++) {
            put_saving(out, report, run, i);
        }
        fputs("</tr>\n", out);
    }
    if (any) {
        put_errors(out, report);
        close_table(out);
        fputs("<p class=\"note\">\"All machines until then\" is what they cost until the last job "
              "ends: less is a saving only where machines can be given back sooner.</p>\n",
              out);
    }
}

void wf_page_put_sizes(FILE *out, const struct wf_report *report)
{
    char text[WF_NUMBER_BYTES];
    fputs("<details><summary>The figures as a table</summary>\n", out);
    open_table(out, "The wait that 95 % of the jobs stay within, by size");
    fputs("<th scope=\"col\">Size</th><th scope=\"col\">Jobs</th>", out);
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        char name[WF_REPORT_NAME_BYTES];
        fputs("<th scope=\"col\">", out);
        wf_xml_put(out, wf_report_name(report, run, name), WF_XML_WHOLE);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        uint64_t jobs = wf_report_size_jobs(report, size);
        if (jobs == 0) {
            continue;
        }
        fprintf(out, "<tr><th scope=\"row\">%s</th><td>%s</td>", wf_size_class_text(size),
                wf_number_count(text, (int64_t)jobs));
        for (uint32_t run = 0; run < report->config.run_count; run++) {
            const struct wf_waits *waits = &report->measures[run].sizes[size];
            fprintf(out, "<td>%s</td>",
                    waits->jobs > 0 ? wf_figure_duration(text, (double)waits->p95_ms) : "-");
        }
        fputs("</tr>\n", out);
    }
    close_table(out);
    fputs("</details>\n", out);
}

// The name behind a number of the history, as it stands there.
static void put_name(FILE *out, const struct wf_report *report, uint32_t number)
{
    const struct wf_names *names = report->config.names;
    const char *name = names && number < wf_names_count(names) ? wf_names_text(names, number) : "";
    wf_xml_put(out, *name ? name : "(not told)", LISTED_GLYPHS);
}

static void put_jobs(FILE *out, const struct wf_report *report, const char *caption,
                     const struct wf_job_change *changes, uint32_t count)
{
    static const char *const heads[] = {"<Job", "<User", "GPUs", "By"};
    char text[2][WF_NUMBER_BYTES];
    if (count == 0) {
        return;
    }
    open_table(out, caption);
    put_heads(out, heads, WF_COUNT_OF(heads));
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_outcome_job *job = &report->config.jobs[changes[i].job];
        fputs("<tr><td class=\"l\">", out);
        put_name(out, report, job->id);
        fputs("</td><td class=\"l\">", out);
        put_name(out, report, job->user);
        fprintf(out, "</td><td>%s</td><td>%s</td></tr>\n",
                wf_number_thousandths(text[0], job->gpu_milli),
                wf_figure_duration(text[1], fabs((double)changes[i].sooner_ms)));
    }
    close_table(out);
}

static void put_users(FILE *out, const struct wf_report *report, const char *caption,
                      const struct wf_user_change *changes, uint32_t count)
{
    static const char *const heads[] = {"User", "Jobs", "Sooner", "Later", "In all"};
    char text[4][WF_NUMBER_BYTES];
    if (count == 0) {
        return;
    }
    open_table(out, caption);
    put_heads(out, heads, WF_COUNT_OF(heads));
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_group_change *change = &changes[i].change;
        double hours = change->sooner_hours;
        fputs("<tr><td class=\"l\">", out);
        put_name(out, report, changes[i].user);
        fprintf(out, "</td><td>%s</td><td>%s</td><td>%s</td><td>%s h %s</td></tr>\n",
                wf_number_count(text[0], (int64_t)change->jobs),
                wf_number_count(text[1], (int64_t)change->gaining),
                wf_number_count(text[2], (int64_t)change->losing),
                wf_figure_number(text[3], fabs(hours)), hours < 0 ? "later" : "sooner");
    }
    close_table(out);
}

void wf_page_put_changes(FILE *out, const struct wf_report *report, uint32_t run, bool open)
{
    const struct wf_comparison *changes = &report->comparisons[run];
    if (changes->gain_count + changes->loss_count == 0) {
        return;
    }
    fprintf(out,
            "<details%s><summary>The users and jobs that gain and lose most</summary>\n"
            "<div class=\"pair\">\n<div>\n",
            open ? " open=\"\"" : "");
    put_users(out, report, "Users whose jobs end sooner", changes->user_gains,
              changes->user_gain_count);
    put_jobs(out, report, "Jobs that end sooner", changes->gains, changes->gain_count);
    fputs("</div>\n<div>\n", out);
    put_users(out, report, "Users whose jobs end later", changes->user_losses,
              changes->user_loss_count);
    put_jobs(out, report, "Jobs that end later", changes->losses, changes->loss_count);
    fputs("</div>\n</div>\n</details>\n", out);
}

static void put_values(FILE *out, const struct wf_report *report, uint32_t run)
{
    char text[WF_NUMBER_BYTES];
    open_run(out, report, run);
    for (uint32_t i = 0; i < WF_COUNT_OF(saving_columns); i++) {
        double value = wf_saving_value(&report->measures[run], saving_columns[i].kind);
        fprintf(out, "<td>%s</td>",
                is_priced(report, i) ? saving_columns[i].print(text, value) : "-");
    }
    fputs("</tr>\n", out);
}

void wf_page_put_error(FILE *out, const struct wf_report *report)
{
    if (report->config.happened == WF_NONE || report->config.baseline == WF_NONE) {
        return;
    }
    open_table(out, "What really happened, and the history's own policy replayed");
    put_saving_heads(out, "Run");
    put_values(out, report, report->config.happened);
    put_values(out, report, report->config.baseline);
    put_errors(out, report);
    close_table(out);
}

void wf_page_put_complaints(FILE *out, const struct wf_report *report)
{
    const struct wf_history_summary *summary = report->config.summary;
    if (!summary || summary->complaint_count == 0) {
        return;
    }
    fputs("<details><summary>What was wrong with the history</summary>\n<ul>\n", out);
    for (uint32_t i = 0; i < summary->complaint_count; i++) {
        fputs("<li>", out);
        wf_xml_put(out, summary->complaints[i], WF_XML_WHOLE);
        fputs("</li>\n", out);
    }
    fputs("</ul></details>\n", out);
}

void wf_page_put_prices(FILE *out, const struct wf_report *report)
{
    static const char *const heads[] = {"<Pool", "GPUs", "$ a GPU\u2011hour", "<Paid",
                                        "<Who says so"};
    char text[2][WF_NUMBER_BYTES];
    const struct wf_site *site = report->config.site;
    if (!site || site->pool_count == 0) {
        return;
    }
    fputs("<h3>Prices</h3>\n", out);
    open_table(out, "What a GPU of each pool costs by the hour, in US dollars, and who says so");
    put_heads(out, heads, WF_COUNT_OF(heads));
    for (uint32_t i = 0; i < site->pool_count; i++) {
        const struct wf_site_pool *pool = &site->pools[i];
        double usd = (double)pool->spec.price_nanousd_per_gpu_hour / 1e9;
        fputs("<tr><th scope=\"row\">", out);
        wf_xml_put(out, pool->name, LISTED_GLYPHS);
        fprintf(out, "</th><td>%s</td><td>%s</td><td class=\"l\">%s</td><td class=\"w\">",
                wf_number_count(text[0], wf_report_pool_gpus(site, i)),
                usd > 0 ? wf_figure_number(text[1], usd) : "not known",
                pool->spec.rent_by_use ? "while used" : "always");
        wf_xml_put(out, pool->price_source ? pool->price_source : "", WF_XML_WHOLE);
        fputs("</td></tr>\n", out);
    }
    close_table(out);
}

void wf_page_put_hashes(FILE *out, const struct wf_report *report)
{
    static const char *const heads[] = {"Run", "Hash of all decisions", "Computing time"};
    char text[WF_NUMBER_BYTES];
    bool any = false;
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        const struct wf_outcome_cluster *cluster = &report->config.runs[run].cluster;
        if (run == report->config.happened) {
            continue;
        }
        if (!any) {
            fputs("<h3>The runs</h3>\n", out);
            open_table(out, "Who repeats a run gets the same hash");
            put_heads(out, heads, WF_COUNT_OF(heads));
            any = true;
        }
        open_run(out, report, run);
        fprintf(out, "<td><code>%016" PRIx64 "</code></td><td>%s</td></tr>\n", cluster->hash,
                wf_figure_duration(text, 1000 * cluster->seconds));
    }
    if (any) {
        close_table(out);
    }
}
