// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "cli/clean.h"
#include "cli/figures.h"
#include "cli/offers/offers.h"
#include "cli/paragraph.h"

enum {
    LINE_WIDTH = 118, // of sentences
    NAME_MIN = 4,
    NAME_MAX = 24,
    CELL_WIDTH = 8,
    NAME_BYTES = 256,
};

static const char *name_of(const struct wf_offers_report *report, const struct wf_quote_row *row,
                           char *text)
{
    return wf_clean_text(text, NAME_BYTES, report->site->pools[row->pool.index].name, NAME_MAX);
}

static void print_right(FILE *out, const char *text, int width)
{
    int glyphs = (int)wf_clean_width(text);
    fprintf(out, "%*s%s", glyphs < width ? width - glyphs + 2 : 2, "", text);
}

static int name_width(const struct wf_offers_report *report)
{
    char text[NAME_BYTES];
    uint32_t width = NAME_MIN;
    for (uint32_t i = 0; i < report->offer->quote.row_count; i++) {
        uint32_t glyphs = wf_clean_width(name_of(report, &report->offer->quote.rows[i], text));
        width = glyphs > width ? glyphs : width;
    }
    return (int)width;
}

static void print_head(FILE *out, const struct wf_offers_report *report, int width)
{
    bool busy = report->offer->is_busy;
    fprintf(out, "  %-*s", width, "");
    print_right(out, "$ a GPU", CELL_WIDTH);
    print_right(out, "$ an", CELL_WIDTH);
    print_right(out, "$ for the whole job", 3 * CELL_WIDTH + 4);
    print_right(out, busy ? "tasks that fit" : "tasks", busy ? 2 * CELL_WIDTH + 2 : CELL_WIDTH);
    fprintf(out, "\n  %-*s", width, "pool");
    const char *const heads[] = {"and hour", "hour", "10 %", "50 %", "90 %"};
    for (uint32_t i = 0; i < WF_COUNT_OF(heads); i++) {
        print_right(out, heads[i], CELL_WIDTH);
    }
    if (busy) {
        print_right(out, "now", CELL_WIDTH);
    }
    fprintf(out, "%s  why not\n", busy ? "     empty" : "  that fit");
}

static void print_row(FILE *out, const struct wf_offers_report *report,
                      const struct wf_quote_row *row, int width)
{
    char text[NAME_BYTES];
    const struct wf_pool_spec *pool = &report->site->pools[row->pool.index].spec;
    int glyphs = (int)wf_clean_width(name_of(report, row, text));
    fprintf(out, "%s %s%*s", row->why == WF_QUOTE_CHOSEN ? "✓" : " ", text, width - glyphs, "");
    bool can = row->why != WF_QUOTE_CANNOT;
    print_right(out, wf_offers_usd(text, pool->price_nanousd_per_gpu_hour), CELL_WIDTH);
    print_right(out, wf_offers_usd(text, can ? row->price.nanousd_per_hour : -1), CELL_WIDTH);
    for (enum wf_quote_point point = 0; point < WF_QUOTE_POINTS; point++) {
        print_right(out, wf_offers_usd(text, can ? row->price.nanousd[point] : -1), CELL_WIDTH);
    }
    if (report->offer->is_busy) {
        print_right(out, wf_number_count(text, (int64_t)row->tasks_now), CELL_WIDTH);
    }
    print_right(out, wf_number_count(text, (int64_t)row->tasks_empty), CELL_WIDTH);
    const struct wf_offers_row of = {report, row};
    char *why = wf_paragraph_told(wf_offers_tell_why, &of);
    if (why && why[0]) {
        fprintf(out, "  %s", why);
    }
    free(why);
    fputc('\n', out);
}

void wf_offers_print(FILE *out, const struct wf_offers_report *report)
{
    const struct wf_quote *quote = &report->offer->quote;
    int width = name_width(report);
    wf_paragraph_print_told(out, wf_offers_tell_job, report, LINE_WIDTH);
    wf_paragraph_print_told(out, wf_offers_tell_run, report, LINE_WIDTH);
    fputc('\n', out);
    print_head(out, report, width);
    for (uint32_t i = 0; i < quote->row_count; i++) {
        print_row(out, report, &quote->rows[i], width);
    }
    fputc('\n', out);
    wf_paragraph_print_told(out, wf_offers_tell_choice, report, LINE_WIDTH);
    wf_paragraph_print_told(out, wf_offers_tell_deadline, report, LINE_WIDTH);
    wf_paragraph_print_told(out, wf_offers_tell_budgets, report, LINE_WIDTH);
    fputs("\nPrices:\n", out);
    for (uint32_t i = 0; i < quote->row_count; i++) {
        const struct wf_offers_row of = {report, &quote->rows[i]};
        if (quote->rows[i].why != WF_QUOTE_CANNOT) {
            wf_paragraph_print_told(out, wf_offers_tell_price, &of, LINE_WIDTH);
        }
    }
}
