// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_html.h"

#include <math.h>
#include <stdlib.h>

#include "cli/figures.h"
#include "cli/file.h"
#include "cli/replay/replay_page.h"
#include "cli/replay/replay_plot.h"
#include "cli/replay/replay_style.h"
#include "cli/replay/report_words.h"
#include "cli/xml.h"

// Prints words; a number and its unit stay in one line.
static void put_words(FILE *out, const char *words)
{
    static const char no_break_space[] = "\xc2\xa0";
    char *text = NULL;
    size_t size = 0;
    FILE *glued = open_memstream(&text, &size);
    if (!glued) {
        wf_xml_put(out, words, WF_XML_WHOLE);
        return;
    }
    for (const char *at = words; *at; at++) {
        if (*at == ' ' && wf_paragraph_is_glue(words, at)) {
            fputs(no_break_space, glued);
        } else {
            fputc(*at, glued);
        }
    }
    if (fclose(glued) == 0) {
        wf_xml_put(out, text, WF_XML_WHOLE);
    }
    free(text);
}

// Prints what is told as a paragraph of that class, or nothing.
static void put_told(FILE *out, const char *class, wf_tell_function *tell, const void *context)
{
    char *text = wf_paragraph_told(tell, context);
    if (text && *text) {
        fprintf(out, "<p class=\"%s\">", class);
        put_words(out, text);
        fputs("</p>\n", out);
    }
    free(text);
}

static void put_fact(FILE *out, const char *name, const char *text)
{
    fprintf(out, "<dt>%s</dt><dd>", name);
    wf_xml_put(out, text, WF_XML_WHOLE);
    fputs("</dd>\n", out);
}

static void put_head(FILE *out, const struct wf_report *report)
{
    char text[3][WF_NUMBER_BYTES];
    char period[3 * WF_NUMBER_BYTES];
    uint32_t paid = wf_report_paid(report);
    char *headline = wf_paragraph_told(wf_report_tell_headline, report);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<title>WhaleFlux replay: ",
          out);
    wf_xml_put(out, report->config.history, 120);
    fputs("</title>\n<style>\n", out);
    wf_replay_put_style(out);
    fputs("</style>\n</head>\n<body>\n", out);
    fputs("<svg class=\"patterns\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"5\" "
          "height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
          "<rect width=\"5\" height=\"5\"/><path d=\"M1 0V5\"/></pattern>"
          "<pattern id=\"hatch10\" width=\"50\" height=\"50\" patternUnits=\"userSpaceOnUse\" "
          "patternTransform=\"rotate(45)\"><rect width=\"50\" height=\"50\"/>"
          "<path d=\"M10 0V50\"/></pattern></defs></svg>\n"
          "<main>\n<header>\n<p class=\"kicker\">WhaleFlux replay</p>\n<h1>",
          out);
    put_words(out, headline ? headline : "");
    free(headline);
    fputs("</h1>\n", out);
    put_told(out, "lead", wf_report_tell_caveats, report);
    fputs("<dl class=\"facts\">\n", out);
    put_fact(out, "History", report->config.history);
    put_fact(out, "Cluster", report->config.cluster);
    if (paid != WF_NONE && report->config.job_count > 0) {
        const struct wf_outcome_cluster *cluster = &report->config.runs[paid].cluster;
        snprintf(period, sizeof period, "%s to %s (%s)",
                 wf_report_time(report, text[0], cluster->begin_ms),
                 wf_report_time(report, text[1], cluster->end_ms),
                 wf_figure_duration(text[2], (double)(cluster->end_ms - cluster->begin_ms)));
        put_fact(out, "Time", period);
    }
    fputs("</dl>\n</header>\n", out);
}

// "was 19 h, -91 %", and that the error is as large where it is.
static void put_tile(FILE *out, const char *label, const char *value, const char *was,
                     const struct wf_saving *saving)
{
    char change[WF_NUMBER_BYTES];
    bool plain = !saving->better && !saving->worse;
    bool within = saving->error_known && !saving->distinguishable;
    if (saving->change_known && fabs(saving->change) < WF_REPORT_NOTABLE) {
        fprintf(out, "<div class=\"tile\"><span>%s</span><b>%s</b><span>as before</span></div>\n",
                label, value);
        return;
    }
    fprintf(out, "<div class=\"tile\"><span>%s</span><b>%s</b><span>was %s", label, value, was);
    if (saving->change_known) {
        fprintf(out, ", <span class=\"%s\" style=\"display:inline\">%s</span>",
                plain || within  ? "within"
                : saving->better ? "good"
                                 : "bad",
                wf_figure_change(change, saving->change));
    }
    fprintf(out, "%s</span></div>\n", within && !plain ? " (within the error)" : "");
}

// The figures of the headline's policy, large.
static void put_tiles(FILE *out, const struct wf_report *report, uint32_t run)
{
    static const struct {
        enum wf_saving_kind kind;
        const char *label;
        const char *(*print)(char *text, double value);
    } tiles[] = {
        {WF_SAVING_WAIT_MEAN, "Mean wait", wf_figure_duration},
        {WF_SAVING_WAIT_P95, "95 % of the jobs wait at most", wf_figure_duration},
        {WF_SAVING_USED_PCT, "GPUs used", wf_figure_percent},
        {WF_SAVING_USD_PER_USEFUL_GPU_HOUR, "A useful GPU-hour costs", wf_figure_usd},
    };
    char name[WF_REPORT_NAME_BYTES];
    char text[2][WF_NUMBER_BYTES];
    if (run == WF_NONE || !wf_report_compared(report, run)) {
        return;
    }
    fputs("<p class=\"note\">Under <b>", out);
    wf_xml_put(out, wf_report_name(report, run, name), WF_XML_WHOLE);
    fputs("</b>, against <b>", out);
    wf_xml_put(out, wf_report_name(report, report->config.baseline, name), WF_XML_WHOLE);
    fputs("</b>, the history's own policy replayed:</p>\n<div class=\"tiles\">\n", out);
    for (uint32_t i = 0; i < WF_COUNT_OF(tiles); i++) {
        struct wf_saving saving = wf_report_saving(report, run, tiles[i].kind);
        if (saving.before > 0 || saving.after > 0) {
            put_tile(out, tiles[i].label, tiles[i].print(text[0], saving.after),
                     tiles[i].print(text[1], saving.before), &saving);
        }
    }
    fputs("</div>\n", out);
}

static void put_figure_head(FILE *out, const char *title, const char *words)
{
    fprintf(out, "<figure>\n<h3>%s</h3>\n<figcaption>%s</figcaption>\n", title, words);
}

static void put_plots(FILE *out, const struct wf_report *report)
{
    fputs("<h2>Waiting and use</h2>\n", out);
    put_figure_head(out, "How long jobs waited",
                    "What part of all jobs had started after each time: the further to the upper "
                    "left, the better. Who waited less than a second stands at 1 s. Dots: half and "
                    "95 % of the jobs that started.");
    wf_plot_waits(out, report);
    fputs("</figure>\n", out);
    put_figure_head(out, "Who waited: by size",
                    "The wait that 95 % of the jobs of each size stay within. Shorter is better.");
    wf_plot_sizes(out, report);
    wf_page_put_sizes(out, report);
    fputs("</figure>\n", out);
    put_figure_head(out, "GPUs over time",
                    "Above: GPUs used and free. Below, in grey: how many GPUs the waiting jobs ask "
                    "for. All panels have the same scales.");
    fputs(
        "<div class=\"legend\"><span><svg viewBox=\"0 0 15 15\" aria-hidden=\"true\"><rect "
        "class=\"area sb\" width=\"15\" height=\"15\"/></svg>used (colour of the run)</span>"
        "<span><svg viewBox=\"0 0 15 15\" aria-hidden=\"true\"><rect class=\"hatch\" width=\"15\" "
        "height=\"15\"/></svg>free while jobs waited</span>"
        "<span><svg viewBox=\"0 0 15 15\" aria-hidden=\"true\"><rect class=\"idle\" width=\"15\" "
        "height=\"15\"/></svg>idle: free, and nothing waited</span>"
        "<span><svg viewBox=\"0 0 15 15\" aria-hidden=\"true\"><rect class=\"waiting\" "
        "width=\"15\" height=\"15\"/></svg>asked for by waiting jobs</span></div>\n",
        out);
    wf_plot_use(out, report);
    fputs("</figure>\n", out);
}

static void put_changes(FILE *out, const struct wf_report *report, uint32_t run, bool open)
{
    char name[WF_REPORT_NAME_BYTES];
    struct wf_report_told told = {report, run};
    fprintf(out, "<h3><span class=\"key %s\"></span>", wf_plot_class(report, run));
    wf_xml_put(out, wf_report_name(report, run, name), WF_XML_WHOLE);
    fputs("</h3>\n", out);
    put_told(out, "", wf_report_tell_policy, &told);
    fputs(
        "<figure>\n<figcaption>Jobs that end sooner (in colour), about as before (grey) and later "
        "(hatched), by size.</figcaption>\n",
        out);
    wf_plot_changes(out, report, run);
    fputs("</figure>\n", out);
    wf_page_put_changes(out, report, run, open);
}

static void put_gains(FILE *out, const struct wf_report *report)
{
    bool any = false;
    uint32_t best = wf_report_best(report);
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        if (wf_report_compared(report, run)) {
            fputs(any ? "" : "<h2>Who gains and who loses</h2>\n", out);
            put_changes(out, report, run, run == best);
            any = true;
        }
    }
}

static void put_method(FILE *out, const struct wf_report *report)
{
    const struct wf_report_config *config = &report->config;
    fputs("<h2>Method and assumptions</h2>\n", out);
    put_told(out, "", wf_report_tell_history, report);
    wf_page_put_complaints(out, report);
    if (config->assumption_count > 0) {
        fputs("<h3>What was taken for granted</h3>\n<ul>\n", out);
        for (uint32_t i = 0; i < config->assumption_count; i++) {
            fputs("<li>", out);
            put_words(out, config->assumptions[i]);
            fputs("</li>\n", out);
        }
        fputs("</ul>\n", out);
    }
    wf_page_put_prices(out, report);
    fputs("<h3>Words</h3>\n", out);
    put_told(out, "", wf_report_tell_terms, report);
    wf_page_put_hashes(out, report);
}

void wf_replay_put_html(FILE *out, const struct wf_report *report)
{
    put_head(out, report);
    if (report->config.job_count > 0 && report->config.run_count > 0) {
        put_tiles(out, report, wf_report_best(report));
        fputs("<h2>All runs</h2>\n", out);
        wf_page_put_runs(out, report);
        wf_page_put_savings(out, report);
        put_plots(out, report);
        put_gains(out, report);
        fputs("<h2>What it costs</h2>\n", out);
        put_told(out, "", wf_report_tell_money, report);
        fputs("<h2>How far to trust this</h2>\n", out);
        put_told(out, "", wf_report_tell_error, report);
        wf_page_put_error(out, report);
    }
    put_method(out, report);
    fputs("<footer>Made by whaleflux " WF_VERSION " with <code>whaleflux replay</code>. The same "
          "history, cluster and policies give the same decisions, and the same hashes.</footer>\n"
          "</main>\n</body>\n</html>\n",
          out);
}

enum wf_status wf_replay_write_html(const struct wf_report *report, const char *path,
                                    struct wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return wf_fail(err, WF_NOMEM, "no memory for the page %s", path);
    }
    wf_replay_put_html(out, report);
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    enum wf_status status = failed ? wf_fail(err, WF_NOMEM, "no memory for the page %s", path)
                                   : wf_file_write(path, text, err);
    free(text);
    return status;
}
