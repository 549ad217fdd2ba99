// SPDX-License-Identifier: Apache-2.0
// Rows are given out from the top: totals, nodes, jobs, and what is left to events.
#include <ncurses.h>

#include <string.h>

#include "base/number.h"
#include "cli/clean.h"
#include "cli/live/job_words.h"
#include "cli/live/top.h"
#include "cli/live/words.h"

enum { BAR_WIDTH = 20, NODES_MAX = 8, EVENTS_MIN = 4, LINE_BYTES = 1024 };

struct sums {
    int64_t gpu_milli, gpu_used_milli;
    int64_t cpu_milli, cpu_used_milli;
    int64_t nanousd_per_hour;
    int64_t nanousd; // of jobs that run
    int64_t running, waiting, held;
};

static int64_t free_gpu_milli(const json_t *node)
{
    const json_t *list = json_object_get(node, "gpus_free_milli");
    int64_t milli = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        milli += json_integer_value(json_array_get(list, i));
    }
    return milli;
}

static void add_nodes(struct sums *sums, const json_t *nodes, int64_t core_price)
{
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        int64_t gpu_milli = 1000 * wf_live_number(node, "gpus");
        int64_t used_milli = gpu_milli - free_gpu_milli(node);
        int64_t cpu_milli = wf_live_number(node, "cpu_milli");
        int64_t cpu_used_milli = cpu_milli - wf_live_number(node, "cpu_free_milli");
        sums->gpu_milli += gpu_milli;
        sums->gpu_used_milli += used_milli;
        sums->cpu_milli += cpu_milli;
        sums->cpu_used_milli += cpu_used_milli;
        sums->nanousd_per_hour +=
            wf_live_number(node, "price_nanousd_per_gpu_hour") / 1000 * used_milli;
        sums->nanousd_per_hour += core_price / 1000 * cpu_used_milli;
    }
}

static struct sums sum_up(const struct wf_top *top)
{
    struct sums sums = {.gpu_milli = 0};
    const json_t *jobs = json_object_get(top->jobs, "jobs");
    add_nodes(&sums, json_object_get(top->nodes, "nodes"),
              wf_live_number(top->spent, "price_nanousd_per_core_hour"));
    for (size_t i = 0; i < json_array_size(jobs); i++) {
        const json_t *job = json_array_get(jobs, i);
        const char *state = wf_live_text(job, "state");
        bool runs = strcmp(state, "running") == 0 || strcmp(state, "ending") == 0;
        sums.running += runs;
        sums.waiting += strcmp(state, "waiting") == 0;
        sums.held += strcmp(state, "held") == 0;
        sums.nanousd += runs ? wf_live_number(job, "cost_nanousd") : 0;
    }
    return sums;
}

// Prints as much of a line as the screen is wide.
static void put(int row, const char *text, int attributes)
{
    char line[LINE_BYTES];
    if (row >= LINES || COLS < 2) {
        return;
    }
    wf_clean_text(line, sizeof line, text, (uint32_t)COLS - 1);
    attron(attributes);
    mvaddstr(row, 0, line);
    attroff(attributes);
}

static void put_head(int row, const char *text)
{
    char line[LINE_BYTES];
    snprintf(line, sizeof line, "%-*s", COLS - 1, text);
    put(row, line, A_REVERSE);
}

static int draw_totals(const struct wf_top *top, const struct sums *sums)
{
    char line[LINE_BYTES];
    char texts[5][WF_WORD_BYTES];
    snprintf(line, sizeof line, "whaleflux  %s  %s", whaleflux_where(top->live.daemon),
             wf_word_utc(texts[0], top->asked_ms));
    put(0, line, A_BOLD);
    snprintf(line, sizeof line,
             "GPUs %s of %s   cores %s of %s   jobs %lld run, %lld wait, %lld held",
             wf_number_thousandths(texts[0], (uint64_t)sums->gpu_used_milli),
             wf_number_thousandths(texts[1], (uint64_t)sums->gpu_milli),
             wf_number_thousandths(texts[2], (uint64_t)sums->cpu_used_milli),
             wf_number_thousandths(texts[3], (uint64_t)sums->cpu_milli), (long long)sums->running,
             (long long)sums->waiting, (long long)sums->held);
    put(1, line, 0);
    snprintf(line, sizeof line, "%s an hour now   %s so far by what runs   %s today (UTC)",
             wf_word_usd(texts[0], sums->nanousd_per_hour), wf_word_usd(texts[1], sums->nanousd),
             wf_word_usd(texts[2],
                         wf_live_number(json_object_get(top->spent, "total"), "cost_nanousd")));
    put(2, line, 0);
    put(3, top->trouble, A_BOLD);
    return 4;
}

static void draw_node(int row, const json_t *node)
{
    char line[LINE_BYTES];
    char bar[BAR_WIDTH + 1];
    char used[WF_NUMBER_BYTES];
    char all[WF_NUMBER_BYTES];
    int64_t gpus = wf_live_number(node, "gpus");
    int64_t whole = gpus > 0 ? 1000 * gpus : wf_live_number(node, "cpu_milli");
    int64_t busy =
        whole - (gpus > 0 ? free_gpu_milli(node) : wf_live_number(node, "cpu_free_milli"));
    int filled = whole > 0 ? (int)(busy * BAR_WIDTH / whole) : 0;
    filled = filled < 0 ? 0 : filled > BAR_WIDTH ? BAR_WIDTH : filled;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    bar[BAR_WIDTH] = '\0';
    snprintf(line, sizeof line, "%-20.20s %-8.8s [%s] %s of %s %s", wf_live_text(node, "name"),
             wf_live_text(node, "state"), bar,
             wf_number_thousandths(used, (uint64_t)(busy > 0 ? busy : 0)),
             wf_number_thousandths(all, (uint64_t)(whole > 0 ? whole : 0)),
             gpus > 0 ? wf_live_text(node, "model") : "cores");
    put(row, line, 0);
}

static int draw_nodes(const struct wf_top *top, int row)
{
    char line[LINE_BYTES];
    const json_t *nodes = json_object_get(top->nodes, "nodes");
    size_t count = json_array_size(nodes);
    size_t shown = count < NODES_MAX ? count : NODES_MAX;
    shown = (int)shown > LINES / 4 ? (size_t)(LINES / 4) : shown;
    put_head(row++, "NODE                 STATE    IN USE");
    for (size_t i = 0; i < shown; i++) {
        draw_node(row++, json_array_get(nodes, i));
    }
    if (shown < count) {
        snprintf(line, sizeof line, "... and %zu more", count - shown);
        put(row++, line, A_DIM);
    }
    return row;
}

// Whose jobs they are is told where there is room for it.
static bool has_room_for_users(void)
{
    return COLS >= 100;
}

static void draw_job(int row, const json_t *job, int64_t now_ms)
{
    char line[2 * LINE_BYTES];
    char user[32] = "";
    char gpus[WF_JOB_WORD_BYTES];
    char time[WF_JOB_WORD_BYTES];
    char why[WF_JOB_WORD_BYTES];
    char money[WF_WORD_BYTES];
    if (has_room_for_users()) {
        snprintf(user, sizeof user, "%-12.12s ", wf_live_text(job, "user"));
    }
    snprintf(line, sizeof line, "%6lld %-14.14s %s%-8.8s %-9.9s %-12.12s %9.9s  %s",
             (long long)wf_live_number(job, "id"), wf_live_text(job, "name"), user,
             wf_live_text(job, "state"), wf_job_word_gpus(gpus, job),
             wf_job_word_time(time, job, now_ms),
             wf_word_usd(money, wf_live_number(job, "cost_nanousd")), wf_job_word_why(why, job));
    put(row, line, 0);
}

// Those that run before those that wait. Returns the first row that is left.
static int draw_jobs(const struct wf_top *top, int row)
{
    const json_t *jobs = json_object_get(top->jobs, "jobs");
    size_t count = json_array_size(jobs);
    size_t drawn = 0;
    int last = LINES - EVENTS_MIN - 2;
    put_head(row++, has_room_for_users()
                        ? "    ID NAME           USER         STATE    GPUS      TIME         "
                          "     COST  WHY"
                        : "    ID NAME           STATE    GPUS      TIME              COST  WHY");
    for (int waiting = 0; waiting < 2; waiting++) {
        for (size_t i = 0; i < count && row < last; i++) {
            const json_t *job = json_array_get(jobs, i);
            const char *state = wf_live_text(job, "state");
            if ((strcmp(state, "waiting") == 0 || strcmp(state, "held") == 0) == waiting) {
                draw_job(row++, job, wf_word_now_ms());
                drawn++;
            }
        }
    }
    if (drawn < count) {
        char line[LINE_BYTES];
        snprintf(line, sizeof line, "... and %zu more%s", count - drawn,
                 json_is_null(json_object_get(top->jobs, "next")) ? "" : ", and others");
        put(row++, line, A_DIM);
    }
    return row;
}

static void draw_events(struct wf_top *top, int row)
{
    put_head(row++, "EVENTS                                                             q quits");
    pthread_mutex_lock(&top->events.lock);
    uint32_t count = top->events.count;
    uint32_t room = row < LINES ? (uint32_t)(LINES - row) : 0;
    uint32_t shown = count < room ? count : room;
    shown = shown < WF_TOP_EVENTS ? shown : WF_TOP_EVENTS;
    for (uint32_t i = 0; i < shown; i++) {
        put(row++, top->events.ring[(count - 1 - i) % WF_TOP_EVENTS], 0);
    }
    pthread_mutex_unlock(&top->events.lock);
    if (shown == 0) {
        put(row, "none since this screen was opened", A_DIM);
    }
}

void wf_top_draw(struct wf_top *top)
{
    struct sums sums = sum_up(top);
    erase();
    int row = draw_totals(top, &sums);
    row = draw_nodes(top, row);
    row = draw_jobs(top, row);
    draw_events(top, row);
    refresh();
}
