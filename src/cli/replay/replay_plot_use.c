// SPDX-License-Identifier: Apache-2.0
// The plot of GPUs over time: for each run what is used and what is free, and under it how many
// GPUs the waiting jobs ask for. All runs share the time and both scales.
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "cli/clean.h"
#include "cli/figures.h"
#include "cli/replay/replay_plot.h"
#include "cli/replay/report_words.h"
#include "cli/svg.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

enum {
    HEAD = 24,    // name and figures of a run
    USED = 72,    // height of the GPUs used
    WAITING = 34, // of those asked for
    BETWEEN = 5,  // the two
    PANEL_GAP = 18,
    AXIS = 24,
};

// What all panels share.
struct scale {
    int64_t begin_ms, end_ms;
    double gpus, waiting; // at most
};

enum part { PART_GPUS, PART_USED, PART_TAKEN, PART_WAITING };

// How many GPUs, on average over the time of one bucket that belongs to the run.
static double gpus_in(const struct wf_outcome_cluster *cluster, uint32_t index, enum part part)
{
    const struct wf_outcome_series *series = &cluster->series;
    const struct wf_outcome_bucket *bucket = &series->buckets[index];
    int64_t begin_ms = series->begin_ms + index * series->width_ms;
    int64_t end_ms = begin_ms + series->width_ms;
    bool cut = cluster->end_ms > begin_ms && cluster->end_ms < end_ms;
    double hours = (double)((cut ? cluster->end_ms : end_ms) - begin_ms) / HOUR_MS;
    double gpu_hours = part == PART_GPUS    ? bucket->gpu_hours
                       : part == PART_USED  ? bucket->used_gpu_hours
                       : part == PART_TAKEN ? bucket->used_gpu_hours + bucket->blocked_gpu_hours
                                            : bucket->waiting_gpu_hours;
    return gpu_hours / hours;
}

static struct scale make_scale(const struct wf_report *report)
{
    struct scale scale = {INT64_MAX, INT64_MIN, 0, 0};
    for (uint32_t run = 0; run < report->config.run_count; run++) {
        const struct wf_outcome_cluster *cluster = &report->config.runs[run].cluster;
        const struct wf_outcome_series *series = &cluster->series;
        int64_t end_ms = series->begin_ms + series->count * series->width_ms;
        bool inside = cluster->end_ms > series->begin_ms && cluster->end_ms < end_ms;
        end_ms = inside ? cluster->end_ms : end_ms;
        if (series->count == 0) {
            continue;
        }
        scale.begin_ms = series->begin_ms < scale.begin_ms ? series->begin_ms : scale.begin_ms;
        scale.end_ms = end_ms > scale.end_ms ? end_ms : scale.end_ms;
        for (uint32_t i = 0; i < series->count; i++) {
            scale.gpus = fmax(scale.gpus, gpus_in(cluster, i, PART_GPUS));
            scale.waiting = fmax(scale.waiting, gpus_in(cluster, i, PART_WAITING));
        }
    }
    return scale;
}

// In tenths of pixels.
static int time_x(const struct wf_svg *svg, const struct scale *scale, int64_t ms)
{
    double part = (double)(ms - scale->begin_ms) / (double)(scale->end_ms - scale->begin_ms);
    return (int)lround(10 * (svg->left + fmin(fmax(part, 0), 1) * (svg->right - svg->left)));
}

// Where a run's area is drawn, and how it looks.
struct strip {
    int bottom, height;
    const char *class;
};

static void draw_area(const struct wf_svg *svg, const struct scale *scale,
                      const struct wf_outcome_cluster *cluster, enum part part, struct strip strip)
{
    const struct wf_outcome_series *series = &cluster->series;
    double most = part == PART_WAITING ? scale->waiting : scale->gpus;
    int last_y = strip.bottom * 10;
    fprintf(svg->out, "<path class=\"%s\" transform=\"scale(.1)\" d=\"M%d %d", strip.class,
            time_x(svg, scale, series->begin_ms), last_y);
    for (uint32_t i = 0; i < series->count; i++) {
        double share = most > 0 ? gpus_in(cluster, i, part) / most : 0;
        int y = strip.bottom * 10 - (int)lround(share * strip.height * 10);
        if (y != last_y) {
            fprintf(svg->out, "H%dV%d", time_x(svg, scale, series->begin_ms + i * series->width_ms),
                    y);
            last_y = y;
        }
    }
    fprintf(svg->out, "H%dV%dz\"/>\n",
            time_x(svg, scale, series->begin_ms + series->count * series->width_ms),
            strip.bottom * 10);
}

static int64_t tick_step(const struct scale *scale, int ticks)
{
    static const int64_t steps[] = {
        HOUR_MS / 60, HOUR_MS / 12, HOUR_MS / 4, HOUR_MS,      3 * HOUR_MS,
        6 * HOUR_MS,  12 * HOUR_MS, DAY_MS,      2 * DAY_MS,   7 * DAY_MS,
        14 * DAY_MS,  28 * DAY_MS,  91 * DAY_MS, 182 * DAY_MS, 364 * DAY_MS,
    };
    uint32_t i = 0;
    while (i + 1 < WF_COUNT_OF(steps) && (scale->end_ms - scale->begin_ms) / steps[i] > ticks) {
        i++;
    }
    return steps[i];
}

static void print_tick(const struct wf_report *report, char *text, size_t size, int64_t ms,
                       bool hours)
{
    struct tm parts;
    time_t seconds = (time_t)(ms / 1000);
    text[0] = '\0';
    if (report->config.relative_times) {
        int64_t day = ms / DAY_MS + 1;
        if (hours) {
            snprintf(text, size, "day %lld, %02d:%02d", (long long)day,
                     (int)(ms % DAY_MS / HOUR_MS), (int)(ms % HOUR_MS / 60000));
        } else {
            snprintf(text, size, "day %lld", (long long)day);
        }
    } else if (gmtime_r(&seconds, &parts)) {
        (void)strftime(text, size, hours ? "%d %b %H:%M" : "%d %b", &parts);
    }
}

static void draw_ticks(const struct wf_svg *svg, const struct wf_report *report,
                       const struct scale *scale, int top, int bottom, bool names)
{
    char text[48];
    int64_t step = tick_step(scale, svg->wide ? 8 : 4);
    int64_t first = (scale->begin_ms + step - 1) / step * step;
    for (int64_t at = first; at <= scale->end_ms; at += step) {
        int x = time_x(svg, scale, at) / 10;
        wf_svg_line(svg, x, top, x, bottom, "grid");
        if (names && x < svg->right - 18) {
            print_tick(report, text, sizeof text, at, step < DAY_MS);
            wf_svg_text(svg, x, bottom + 16, x < svg->left + 18 ? "q" : "q m", text);
        }
    }
}

static void draw_head(const struct wf_svg *svg, const struct wf_report *report, uint32_t run, int y)
{
    char name[WF_REPORT_NAME_BYTES];
    char text[2][WF_NUMBER_BYTES];
    char line[192];
    const struct wf_measures *measures = &report->measures[run];
    const struct wf_outcome_cluster *cluster = &report->config.runs[run].cluster;
    double blocked = measures->stranded_gpu_hours + measures->refused_gpu_hours;
    double all = cluster->gpu_hours > 0 ? cluster->gpu_hours : 1;
    wf_svg_text(svg, svg->left, y + 14, "n", wf_report_name(report, run, name));
    snprintf(line, sizeof line, svg->wide ? "%s used, %s free while jobs waited" : "%s, %s",
             wf_figure_percent(text[0], measures->used_pct),
             wf_figure_percent(text[1], 100 * blocked / all));
    wf_svg_text(svg, svg->right, y + 14, "q e", line);
}

static void draw_scales(const struct wf_svg *svg, const struct scale *scale, int top, int lower)
{
    char text[WF_NUMBER_BYTES];
    wf_svg_text(svg, svg->left - 6, top + 10, "q e", wf_number_count(text, llround(scale->gpus)));
    wf_svg_text(svg, svg->left - 6, top + USED, "q e", "0");
    wf_svg_text(svg, svg->left - 6, lower + 10, "q e",
                wf_number_count(text, llround(scale->waiting)));
}

static void draw_panel(const struct wf_svg *svg, const struct wf_report *report,
                       const struct scale *scale, uint32_t run, int y)
{
    char class[48];
    const struct wf_outcome_cluster *cluster = &report->config.runs[run].cluster;
    int top = y + HEAD;
    int middle = top + USED;
    int lower = middle + BETWEEN;
    draw_head(svg, report, run, y);
    if (cluster->series.count == 0) {
        wf_svg_text(svg, svg->left, top + USED / 2, "q", "not known over time");
        return;
    }
    draw_area(svg, scale, cluster, PART_GPUS, (struct strip){middle, USED, "idle"});
    draw_area(svg, scale, cluster, PART_TAKEN, (struct strip){middle, USED, "hatch10"});
    snprintf(class, sizeof class, "area %s", wf_plot_class(report, run));
    draw_area(svg, scale, cluster, PART_USED, (struct strip){middle, USED, class});
    draw_area(svg, scale, cluster, PART_WAITING,
              (struct strip){lower + WAITING, WAITING, "waiting"});
    wf_svg_line(svg, svg->left, middle, svg->right, middle, "axis");
    wf_svg_line(svg, svg->left, lower + WAITING, svg->right, lower + WAITING, "axis");
    draw_scales(svg, scale, top, lower);
}

static void draw_use(struct wf_svg *svg, const struct wf_report *report, const struct scale *scale)
{
    const int pitch = HEAD + USED + BETWEEN + WAITING + PANEL_GAP;
    int panels = (int)report->config.run_count;
    svg->left = 52;
    svg->right = svg->width - 8;
    svg->height = panels * pitch + AXIS;
    wf_svg_open(svg,
                "GPUs used, free, and asked for by waiting jobs, over time, one panel for each "
                "run. The table of the runs has the figures.");
    draw_ticks(svg, report, scale, HEAD, panels * pitch - PANEL_GAP, true);
    for (int i = 0; i < panels; i++) {
        draw_panel(svg, report, scale, (uint32_t)i, i * pitch);
    }
    wf_svg_close(svg);
}

void wf_plot_use(FILE *out, const struct wf_report *report)
{
    struct scale scale = make_scale(report);
    if (scale.end_ms <= scale.begin_ms) {
        fputs("<p class=\"note\">How the GPUs were used over time is not known.</p>\n", out);
        return;
    }
    for (int wide = 1; wide >= 0; wide--) {
        struct wf_svg svg = {
            .out = out, .wide = wide != 0, .width = wide ? WF_SVG_WIDE : WF_SVG_NARROW};
        draw_use(&svg, report, &scale);
    }
}
