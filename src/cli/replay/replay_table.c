// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_table.h"

#include <string.h>

#include "cli/clean.h"
#include "cli/figures.h"
#include "cli/replay/report_columns.h"
#include "cli/replay/report_words.h"

enum {
    LINE_WIDTH = 118, // of sentences
    NAME_MIN = 6,
    NAME_MAX = 24,
};

static const char *table_name(const struct wf_report *report, uint32_t run, char *text)
{
    char name[WF_REPORT_NAME_BYTES];
    return wf_clean_text(text, WF_REPORT_NAME_BYTES, wf_report_row_name(report, run, name),
                         NAME_MAX);
}

// Prints text at the right end of a cell, two columns behind the last.
static void print_right(FILE *out, const char *text, int width)
{
    int glyphs = (int)wf_clean_width(text);
    fprintf(out, "%*s%s", glyphs < width ? width - glyphs + 2 : 2, "", text);
}

static void print_left(FILE *out, const char *text, int width)
{
    int glyphs = (int)wf_clean_width(text);
    fprintf(out, "%s%*s", text, glyphs < width ? width - glyphs : 0, "");
}

static int name_width(const struct wf_report *report)
{
    char name[WF_REPORT_NAME_BYTES];
    uint32_t width = NAME_MIN;
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        uint32_t glyphs = wf_clean_width(table_name(report, i, name));
        width = glyphs > width ? glyphs : width;
    }
    return (int)width;
}

static void print_table(FILE *out, const struct wf_report *report,
                        const struct wf_report_column *columns, uint32_t count, int width)
{
    char text[WF_NUMBER_BYTES];
    char name[WF_REPORT_NAME_BYTES];
    print_left(out, "", width);
    for (uint32_t i = 0; i < count; i++) {
        if (wf_report_column_shown(report, &columns[i])) {
            print_right(out, columns[i].above, columns[i].width);
        }
    }
    fputc('\n', out);
    print_left(out, "policy", width);
    for (uint32_t i = 0; i < count; i++) {
        if (wf_report_column_shown(report, &columns[i])) {
            print_right(out, columns[i].head, columns[i].width);
        }
    }
    fputc('\n', out);
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        print_left(out, table_name(report, run, name), width);
        for (uint32_t i = 0; i < count; i++) {
            if (wf_report_column_shown(report, &columns[i])) {
                print_right(out, columns[i].cell(text, &report->measures[run]), columns[i].width);
            }
        }
        fputc('\n', out);
    }
    fputc('\n', out);
}

// The wait of 95 % of the jobs, by how many GPUs they ask for.
static void print_sizes(FILE *out, const struct wf_report *report, int width)
{
    enum { WIDTH = 9 };
    char text[WF_NUMBER_BYTES];
    char name[WF_REPORT_NAME_BYTES];
    print_left(out, "p95 wait", width);
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        if (wf_report_size_jobs(report, size) > 0) {
            print_right(out, wf_size_class_short(size), WIDTH);
        }
    }
    fputs("  GPUs\n", out);
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        print_left(out, table_name(report, run, name), width);
        for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
            const struct wf_waits *waits = &report->measures[run].sizes[size];
            if (wf_report_size_jobs(report, size) > 0) {
                print_right(out,
                            waits->jobs ? wf_figure_duration(text, (double)waits->p95_ms) : "-",
                            WIDTH);
            }
        }
        fputc('\n', out);
    }
    print_left(out, "jobs", width);
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        uint64_t jobs = wf_report_size_jobs(report, size);
        if (jobs > 0) {
            print_right(out, wf_number_count(text, (int64_t)jobs), WIDTH);
        }
    }
    fputs("\n\n", out);
}

static void print_head(FILE *out, const struct wf_report *report)
{
    const struct wf_report_config *config = &report->config;
    char line[1024];
    fprintf(out, "%s\n", wf_clean_text(line, sizeof line, config->history, LINE_WIDTH));
    wf_paragraph_print_told(out, wf_report_tell_history, report, LINE_WIDTH);
    wf_paragraph_print(out, wf_clean_text(line, sizeof line, config->cluster, sizeof line),
                       LINE_WIDTH);
    fputc('\n', out);
}

static void print_words(FILE *out, const struct wf_report *report)
{
    char line[1024];
    wf_paragraph_print_told(out, wf_report_tell_headline, report, LINE_WIDTH);
    wf_paragraph_print_told(out, wf_report_tell_caveats, report, LINE_WIDTH);
    fputc('\n', out);
    if (report->config.job_count == 0) {
        return;
    }
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        if (wf_report_compared(report, run)) {
            struct wf_report_told told = {report, run};
            wf_paragraph_print_told(out, wf_report_tell_policy, &told, LINE_WIDTH);
        }
    }
    wf_paragraph_print_told(out, wf_report_tell_error, report, LINE_WIDTH);
    wf_paragraph_print_told(out, wf_report_tell_money, report, LINE_WIDTH);
    for (uint32_t i = 0; i < report->config.assumption_count; i++) {
        wf_clean_text(line, sizeof line, report->config.assumptions[i], sizeof line);
        wf_paragraph_print(out, line, LINE_WIDTH);
    }
    wf_paragraph_print_told(out, wf_report_tell_terms, report, LINE_WIDTH);
}

void wf_replay_print_table(FILE *out, const struct wf_report *report)
{
    int width = name_width(report);
    print_head(out, report);
    if (report->config.job_count > 0 && report->config.run_count > 0) {
        print_table(out, report, wf_report_use_columns, WF_REPORT_USE_COLUMNS, width);
        print_table(out, report, wf_report_job_columns, WF_REPORT_JOB_COLUMNS, width);
        print_sizes(out, report, width);
    }
    print_words(out, report);
}
