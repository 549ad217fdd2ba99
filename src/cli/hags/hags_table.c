// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/clean.h"
#include "cli/hags/hags_view.h"
#include "cli/live/grid.h"
#include "cli/live/words.h"

enum { PAUSE_MS = 200, LINES_MAX = 20 };

struct wf_hags_counts wf_hags_count(const struct wf_fleet *fleet, enum wf_hags_goal goal)
{
    struct wf_hags_counts counts = {.all = wf_fleet_count(fleet), .good = true};
    for (uint32_t i = 0; i < counts.all; i++) {
        enum wf_hags_state state = wf_fleet_row(fleet, i)->state;
        counts.of[state]++;
        counts.good = counts.good && wf_hags_state_good(state, goal);
    }
    counts.chosen = counts.all - counts.of[WF_HAGS_OTHER_OS];
    return counts;
}

static enum wf_shade shade_of(enum wf_hags_state state)
{
    switch (state) {
    case WF_HAGS_OFF_VERIFIED:
    case WF_HAGS_ON_VERIFIED:
    case WF_HAGS_ALREADY_OFF:
    case WF_HAGS_ALREADY_ON:
    case WF_HAGS_RESTORED:
        return WF_SHADE_GOOD;
    case WF_HAGS_PENDING_REBOOT:
    case WF_HAGS_WOULD_CHANGE:
    case WF_HAGS_CHANGE:
        return WF_SHADE_WAIT;
    case WF_HAGS_FAILED:
    case WF_HAGS_UNREACHABLE:
    case WF_HAGS_DRIFTED:
    case WF_HAGS_REFUSED:
    case WF_HAGS_NO_SUCH_SETTING:
        return WF_SHADE_BAD;
    case WF_HAGS_UNKNOWN:
    case WF_HAGS_UNSUPPORTED:
    case WF_HAGS_NOT_APPLICABLE:
    case WF_HAGS_OTHER_OS:
    case WF_HAGS_UNTOUCHED:
    case WF_HAGS_STATE_COUNT:
        break;
    }
    return WF_SHADE_FAINT;
}

enum wf_shade wf_hags_shade_of(const char *state)
{
    for (int at = 0; at < WF_HAGS_STATE_COUNT; at++) {
        if (strcmp(state, wf_hags_state_name((enum wf_hags_state)at)) == 0) {
            return shade_of((enum wf_hags_state)at);
        }
    }
    return WF_SHADE_FAINT;
}

static void add_row(struct wf_grid *grid, const struct wf_fleet_row *row)
{
    const struct wf_hags_report *report = row->report;
    char windows[40] = "-";
    char timeouts[32] = "-";
    if (report && report->build) {
        snprintf(windows, sizeof windows, "%s %u", wf_hags_os_name(report), report->build);
    }
    if (report && report->timeouts_in_30_days >= 0) {
        snprintf(timeouts, sizeof timeouts, "%lld", (long long)report->timeouts_in_30_days);
    }
    wf_grid_add(grid, row->host->name);
    wf_grid_add_shaded(grid, wf_hags_state_name(row->state), shade_of(row->state));
    wf_grid_add(grid, report ? wf_hags_value_word(report->configured) : "-");
    wf_grid_add(grid, report ? wf_hags_effect_name(wf_hags_effect(report)) : "-");
    wf_grid_add(grid, windows);
    wf_grid_add(grid, timeouts);
    wf_grid_add(grid, row->reason[0] ? row->reason : wf_hags_state_text(row->state));
}

static void print_counts(const struct wf_hags_counts *counts)
{
    printf("\n%u host%s:", counts->all, counts->all == 1 ? "" : "s");
    const char *comma = " ";
    for (uint32_t i = 0; i < WF_HAGS_STATE_COUNT; i++) {
        if (counts->of[i] > 0) {
            printf("%s%u %s", comma, counts->of[i], wf_hags_state_name((enum wf_hags_state)i));
            comma = ", ";
        }
    }
    puts(".");
}

static void print_end(const struct wf_hags_counts *counts, enum wf_hags_goal goal)
{
    print_counts(counts);
    if (counts->of[WF_HAGS_NO_SUCH_SETTING] > 0) {
        puts("GPU scheduling by hardware is a setting of Windows: on Linux it does not exist, and "
             "nothing was done there.");
    }
    if (counts->of[WF_HAGS_PENDING_REBOOT] > 0) {
        puts("What is set takes effect when a machine restarts; `hags status` then says whether "
             "it did.");
    }
    if (goal == WF_HAGS_LOOK || counts->chosen == 0) {
        return;
    }
    puts(counts->good ? "Every host is where it should be."
                      : "Not every host is where it should be.");
}

enum wf_status wf_hags_table_print(const struct wf_fleet *fleet,
                                   const struct wf_hags_counts *counts, enum wf_hags_goal goal,
                                   struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"host", false, 40},   {"state", false, 0},   {"set to", false, 0},
        {"at work", false, 0}, {"windows", false, 0}, {"timeouts/30d", true, 0},
        {"", false, 100},
    };
    struct wf_grid grid;
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (uint32_t i = 0; i < counts->all; i++) {
        const struct wf_fleet_row *row = wf_fleet_row(fleet, i);
        if (row->state != WF_HAGS_OTHER_OS) {
            add_row(&grid, row);
        }
    }
    enum wf_status status = counts->chosen > 0 ? wf_grid_print(&grid, stdout, err) : WF_OK;
    wf_grid_finish(&grid);
    if (status == WF_OK) {
        print_end(counts, goal);
    }
    return status;
}

void wf_hags_progress_init(struct wf_hags_progress *progress)
{
    *progress = (struct wf_hags_progress){.shown = isatty(STDERR_FILENO) == 1};
}

static void clear_lines(struct wf_hags_progress *progress)
{
    if (progress->lines > 0) {
        fprintf(stderr, "\x1b[%uA\x1b[J", progress->lines);
    }
    progress->lines = 0;
}

static void put_line(struct wf_hags_progress *progress, uint32_t width, const char *text)
{
    char clean[512];
    fprintf(stderr, "%s\n", wf_clean_text(clean, sizeof clean, text, width));
    progress->lines++;
}

void wf_hags_progress_tell(struct wf_hags_progress *progress, const struct wf_fleet *fleet)
{
    struct winsize size = {0};
    int64_t now_ms = wf_word_now_ms();
    if (!progress->shown || now_ms < progress->next_ms) {
        return;
    }
    progress->next_ms = now_ms + PAUSE_MS;
    bool sized = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 4;
    uint32_t lines = sized && size.ws_row - 3 < LINES_MAX ? size.ws_row - 3U : LINES_MAX;
    uint32_t width = sized && size.ws_col > 20 ? size.ws_col - 1U : 79;
    uint32_t count = wf_fleet_count(fleet);
    uint32_t done = 0;
    clear_lines(progress);
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_fleet_row *row = wf_fleet_row(fleet, i);
        char line[512];
        done += row->step == WF_FLEET_DONE;
        if (row->step == WF_FLEET_DONE || progress->lines + 1 >= lines) {
            continue;
        }
        snprintf(line, sizeof line, "%-24.40s %-28s %s", row->host->name,
                 wf_fleet_step_text(row->step), row->reason);
        put_line(progress, width, line);
    }
    char sum[80];
    snprintf(sum, sizeof sum, "%u of %u hosts are done", done, count);
    put_line(progress, width, sum);
}

void wf_hags_progress_finish(struct wf_hags_progress *progress)
{
    clear_lines(progress);
}
