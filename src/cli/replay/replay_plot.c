// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_plot.h"

#include <math.h>

#include "cli/clean.h"
#include "cli/figures.h"
#include "cli/replay/report_words.h"
#include "cli/svg.h"

#define MINUTE_MS 60000.0
#define HOUR_MS 3600000.0
#define DAY_MS 86400000.0

const char *wf_plot_class(const struct wf_report *report, uint32_t run)
{
    static const char *const classes[] = {
        "s0",    "s1",    "s2",    "s3",    "s4",    "s5",    "s6",    "s7",
        "s0 sd", "s1 sd", "s2 sd", "s3 sd", "s4 sd", "s5 sd", "s6 sd", "s7 sd",
    };
    _Static_assert(WF_COUNT_OF(classes) == (size_t)2 * WF_PLOT_COLOURS, "with and without dashes");
    uint32_t before = 0;
    if (run == report->config.happened) {
        return "sh";
    }
    if (run == report->config.baseline) {
        return "sb";
    }
    for (uint32_t i = 0; i < run; i++) {
        before += wf_report_is_policy(report, i);
    }
    return classes[before % WF_COUNT_OF(classes)];
}

// Draws wide and narrow.
static void draw_both(FILE *out, const struct wf_report *report,
                      void draw(struct wf_svg *svg, const struct wf_report *report))
{
    for (int wide = 1; wide >= 0; wide--) {
        struct wf_svg svg = {
            .out = out, .wide = wide != 0, .width = wide ? WF_SVG_WIDE : WF_SVG_NARROW};
        draw(&svg, report);
    }
}

static const char *short_name(const struct wf_report *report, uint32_t run, char *text, int width)
{
    return wf_clean_text(text, WF_REPORT_NAME_BYTES, report->config.runs[run].name,
                         wf_svg_glyphs(width));
}

// Where a wait stands on the logarithmic axis, in tenths of pixels.
struct wait_axis {
    double first, span; // logarithms of the first wait, and from it to the last
    int left, width;
};

static int wait_x(const struct wait_axis *axis, double ms)
{
    double part = (log(fmax(ms, 1000)) - axis->first) / axis->span;
    return (int)lround(10 * (axis->left + fmin(fmax(part, 0), 1) * axis->width));
}

static const struct {
    double ms;
    const char *text;
} wait_ticks[] = {
    {1000, "1 s"},         {10000, "10 s"},       {MINUTE_MS, "1 min"}, {10 * MINUTE_MS, "10 min"},
    {HOUR_MS, "1 h"},      {6 * HOUR_MS, "6 h"},  {DAY_MS, "1 d"},      {7 * DAY_MS, "7 d"},
    {30 * DAY_MS, "30 d"}, {365 * DAY_MS, "1 y"},
};

static double longest_wait(const struct wf_report *report)
{
    double longest = 0;
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        longest = fmax(longest, (double)report->measures[i].waits.max_ms);
    }
    return longest;
}

static struct wait_axis make_wait_axis(const struct wf_svg *svg, const struct wf_report *report)
{
    double last = fmax(longest_wait(report), MINUTE_MS) * 1.1;
    return (struct wait_axis){.first = log(1000),
                              .span = log(last) - log(1000),
                              .left = svg->left,
                              .width = svg->right - svg->left};
}

static int share_y(const struct wf_svg *svg, double share)
{
    return (int)lround(10 * (svg->bottom - share * (svg->bottom - svg->top)));
}

static void draw_wait_axes(const struct wf_svg *svg, const struct wait_axis *axis)
{
    static const int shares[] = {0, 25, 50, 75, 95, 100};
    char text[16];
    for (uint32_t i = 0; i < WF_COUNT_OF(shares); i++) {
        int y = share_y(svg, shares[i] / 100.0) / 10;
        wf_svg_line(svg, svg->left, y, svg->right, y, shares[i] == 0 ? "axis" : "grid");
        snprintf(text, sizeof text, "%d %%", shares[i]);
        if (shares[i] != 100 || svg->wide) { // narrow, it would stand on the 95 %
            wf_svg_text(svg, svg->left - 6, y + 4, "q e", text);
        }
    }
    int last = -100;
    for (uint32_t i = 0; i < WF_COUNT_OF(wait_ticks); i++) {
        int x = wait_x(axis, wait_ticks[i].ms) / 10;
        if (log(wait_ticks[i].ms) > axis->first + axis->span || x - last < 44) {
            continue;
        }
        wf_svg_line(svg, x, svg->top, x, svg->bottom, "grid");
        wf_svg_text(svg, x, svg->bottom + 16, "q m", wait_ticks[i].text);
        last = x;
    }
    wf_svg_text(svg, (svg->left + svg->right) / 2, svg->bottom + 34, "q m",
                "wait until the start (logarithmic)");
}

static void draw_wait_curve(const struct wf_svg *svg, const struct wf_report *report,
                            const struct wait_axis *axis, uint32_t run)
{
    const struct wf_measures *measures = &report->measures[run];
    double jobs = measures->jobs > 0 ? (double)measures->jobs : 1;
    int last_y = -1;
    bool skipped = false;
    int x = 0;
    fprintf(svg->out, "<path class=\"line %s\" transform=\"scale(.1)\" d=\"M",
            wf_plot_class(report, run));
    for (uint32_t i = 0; i < WF_WAIT_POINTS; i++) {
        if (i > 0 && log((double)wf_wait_point_ms(i)) > axis->first + axis->span) {
            break;
        }
        int y = share_y(svg, (double)measures->wait_curve[i] / jobs);
        if (y == last_y) {
            x = wait_x(axis, (double)wf_wait_point_ms(i));
            skipped = true;
            continue;
        }
        if (skipped) {
            fprintf(svg->out, "L%d %d", x, last_y);
            skipped = false;
        }
        x = wait_x(axis, (double)wf_wait_point_ms(i));
        fprintf(svg->out, "%s%d %d", last_y < 0 ? "" : "L", x, y);
        last_y = y;
    }
    fprintf(svg->out, "L%d %d\"/>\n", svg->right * 10,
            share_y(svg, (double)measures->started / jobs));
}

// A dot where the curve passes the share that the percentile names.
static void draw_wait_dot(const struct wf_svg *svg, const struct wf_report *report,
                          const struct wait_axis *axis, uint32_t run, int64_t wait_ms, double share)
{
    const struct wf_measures *measures = &report->measures[run];
    if (wait_ms >= 1000 && measures->jobs > 0) {
        double of_all = share * (double)measures->started / (double)measures->jobs;
        fprintf(svg->out, "<circle class=\"dot %s\" cx=\"%d\" cy=\"%d\" r=\"4\"/>\n",
                wf_plot_class(report, run), wait_x(axis, (double)wait_ms) / 10,
                share_y(svg, of_all) / 10);
    }
}

// Names the curves, longest waits last, with where half and 95 % of the jobs stand.
static void draw_wait_names(const struct wf_svg *svg, const struct wf_report *report)
{
    char name[WF_REPORT_NAME_BYTES];
    char text[2][WF_NUMBER_BYTES];
    char line[256];
    int x = svg->wide ? svg->right + 18 : svg->left;
    int y = svg->wide ? svg->top + 14 : svg->bottom + 60;
    for (uint32_t i = 0; i < report->config.run_count; i++, y += 40) {
        const struct wf_waits *waits = &report->measures[i].waits;
        fprintf(svg->out, "<path class=\"line %s\" d=\"M%d %dh22\"/>\n", wf_plot_class(report, i),
                x, y - 4);
        wf_svg_text(svg, x + 30, y, "n", short_name(report, i, name, svg->width - x - 30));
        snprintf(line, sizeof line, "half %s, 95 %% %s",
                 wf_figure_duration(text[0], (double)waits->p50_ms),
                 wf_figure_duration(text[1], (double)waits->p95_ms));
        wf_svg_text(svg, x + 30, y + 16, "q", line);
    }
}

static void draw_waits(struct wf_svg *svg, const struct wf_report *report)
{
    int names = 40 * (int)report->config.run_count;
    int area = svg->wide ? 300 : 220;
    area = svg->wide && names > area ? names : area;
    svg->left = 46;
    svg->right = svg->wide ? svg->width - 210 : svg->width - 10;
    svg->top = 12;
    svg->bottom = svg->top + area;
    svg->height = svg->bottom + 44 + (svg->wide ? 0 : names + 10);
    struct wait_axis axis = make_wait_axis(svg, report);
    wf_svg_open(svg, "What part of the jobs waited no longer than each time, one curve for each "
                     "run. The table of the runs has the figures.");
    draw_wait_axes(svg, &axis);
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        if (i != report->config.happened) {
            draw_wait_curve(svg, report, &axis, i);
        }
    }
    if (report->config.happened != WF_NONE) { // its dashes above what should cover it
        draw_wait_curve(svg, report, &axis, report->config.happened);
    }
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        draw_wait_dot(svg, report, &axis, i, report->measures[i].waits.p50_ms, 0.50);
        draw_wait_dot(svg, report, &axis, i, report->measures[i].waits.p95_ms, 0.95);
    }
    draw_wait_names(svg, report);
    wf_svg_close(svg);
}

void wf_plot_waits(FILE *out, const struct wf_report *report)
{
    draw_both(out, report, draw_waits);
}

enum {
    BAR_HEIGHT = 14,
    BAR_PITCH = 19,
    GROUP_HEAD = 26,
    GROUP_GAP = 16,
    BAR_NAMES = 124, // room for names, before the bars
    BAR_VALUES = 60, // and for values, behind
};

static double longest_p95(const struct wf_report *report)
{
    double longest = 1;
    for (uint32_t i = 0; i < report->config.run_count; i++) {
        for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
            longest = fmax(longest, (double)report->measures[i].sizes[size].p95_ms);
        }
    }
    return longest;
}

static void draw_size(const struct wf_svg *svg, const struct wf_report *report,
                      enum wf_size_class size, int x, int y, int width)
{
    char name[WF_REPORT_NAME_BYTES];
    char text[WF_NUMBER_BYTES];
    char head[160];
    uint64_t jobs = wf_report_size_jobs(report, size);
    double longest = longest_p95(report);
    int room = width - BAR_NAMES - BAR_VALUES;
    snprintf(head, sizeof head, "%s: %s job%s", wf_size_class_text(size),
             wf_number_count(text, (int64_t)jobs), jobs == 1 ? "" : "s");
    wf_svg_text(svg, x, y + 14, "n", head);
    y += GROUP_HEAD;
    for (uint32_t i = 0; i < report->config.run_count; i++, y += BAR_PITCH) {
        const struct wf_waits *waits = &report->measures[i].sizes[size];
        int length = (int)lround((double)waits->p95_ms / longest * room);
        char class[32];
        snprintf(class, sizeof class, "bar %s", wf_plot_class(report, i));
        wf_svg_text(svg, x + BAR_NAMES - 8, y + BAR_HEIGHT - 3, "q e",
                    short_name(report, i, name, BAR_NAMES - 8));
        wf_svg_box(svg, x + BAR_NAMES, y, length > 1 ? length : 1, BAR_HEIGHT, class);
        wf_svg_text(svg, x + BAR_NAMES + (length > 1 ? length : 1) + 6, y + BAR_HEIGHT - 3, "q v",
                    waits->jobs > 0 ? wf_figure_duration(text, (double)waits->p95_ms)
                                    : "never started");
    }
}

static void draw_sizes(struct wf_svg *svg, const struct wf_report *report)
{
    enum wf_size_class sizes[WF_SIZE_CLASSES];
    int count = 0;
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        if (wf_report_size_jobs(report, size) > 0) {
            sizes[count++] = size;
        }
    }
    int columns = svg->wide ? 2 : 1;
    int rows = (count + columns - 1) / columns;
    int pitch = GROUP_HEAD + BAR_PITCH * (int)report->config.run_count + GROUP_GAP;
    int width = (svg->width - (columns - 1) * 40) / columns;
    svg->height = rows * pitch;
    wf_svg_open(svg, "The wait that 95 % of the jobs of each size stay within, one bar for each "
                     "run. The table below the plot has the figures.");
    for (int i = 0; i < count; i++) {
        draw_size(svg, report, sizes[i], i / rows * (width + 40), i % rows * pitch, width);
    }
    wf_svg_close(svg);
}

void wf_plot_sizes(FILE *out, const struct wf_report *report)
{
    draw_both(out, report, draw_sizes);
}

// One row of a policy's changes: a bar in three parts, of all jobs of the size.
static void draw_change(const struct wf_svg *svg, const char *class,
                        const struct wf_group_change *change, int x, int y, int width)
{
    char bar[48];
    double jobs = (double)change->jobs;
    int sooner = (int)lround((double)change->gaining / jobs * width);
    int later = (int)lround((double)change->losing / jobs * width);
    snprintf(bar, sizeof bar, "bar %s", class);
    wf_svg_box(svg, x, y, width, BAR_HEIGHT, "rest");
    wf_svg_box(svg, x, y, sooner, BAR_HEIGHT, bar);
    wf_svg_box(svg, x + width - later, y, later, BAR_HEIGHT, "hatch");
}

static void draw_changes_of(struct wf_svg *svg, const struct wf_report *report, uint32_t run)
{
    char text[2][WF_NUMBER_BYTES];
    char line[192];
    const struct wf_comparison *comparison = &report->comparisons[run];
    int rows = 0;
    int names = svg->wide ? 130 : 104;
    int pitch = svg->wide ? 26 : 40;
    int words = svg->wide ? 250 : 0;
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        rows += comparison->sizes[size].jobs > 0;
    }
    svg->height = rows * pitch + 2;
    wf_svg_open(svg, "By size of the jobs, what part of them ends sooner and what part later than "
                     "under the baseline.");
    int y = 2;
    for (enum wf_size_class size = 0; size < WF_SIZE_CLASSES; size++) {
        const struct wf_group_change *change = &comparison->sizes[size];
        if (change->jobs == 0) {
            continue;
        }
        int bar = svg->width - names - words;
        wf_svg_text(svg, names - 8, y + BAR_HEIGHT - 3, "q e", wf_size_class_text(size));
        draw_change(svg, wf_plot_class(report, run), change, names, y, bar);
        snprintf(line, sizeof line, "%s sooner, %s later",
                 wf_figure_percent(text[0], 100.0 * (double)change->gaining / (double)change->jobs),
                 wf_figure_percent(text[1], 100.0 * (double)change->losing / (double)change->jobs));
        wf_svg_text(svg, svg->wide ? names + bar + 10 : names,
                    y + BAR_HEIGHT - 3 + (svg->wide ? 0 : 16), "q v", line);
        y += pitch;
    }
    wf_svg_close(svg);
}

void wf_plot_changes(FILE *out, const struct wf_report *report, uint32_t run)
{
    for (int wide = 1; wide >= 0; wide--) {
        struct wf_svg svg = {
            .out = out, .wide = wide != 0, .width = wide ? WF_SVG_WIDE : WF_SVG_NARROW};
        draw_changes_of(&svg, report, run);
    }
}
