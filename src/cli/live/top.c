// SPDX-License-Identifier: Apache-2.0
// The verb top: GPUs, nodes, jobs, money and events on a screen that is drawn anew each second.
#include "cli/live/top.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ncurses.h>
#include <term.h>

#include "cli/clean.h"
#include "cli/live/words.h"
#include "client/path.h"

enum { TURN_MS = 1000, LOST_MS = 2000000000 };

#define DAY_MS INT64_C(86400000)

static const struct wf_option options[] = {
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct wf_top *top = context;
    (void)err;
    (void)wf_live_take(&top->live, name, value);
    return WF_OK;
}

static bool ask(struct wf_top *top, const char *path, json_t **kept)
{
    struct whaleflux_answer *answer;
    struct wf_error err;
    json_t *tree;
    if (wf_live_ask(&top->live, &(struct wf_live_request){"GET", path, NULL}, &answer, &tree,
                    &err) != WF_OK) {
        snprintf(top->trouble, sizeof top->trouble, "%s", err.text);
        return false;
    }
    json_decref(*kept);
    *kept = json_incref(tree);
    whaleflux_answer_free(answer);
    return true;
}

static void ask_all(struct wf_top *top)
{
    struct wf_path path = {.length = 0};
    int64_t now_ms = wf_word_now_ms();
    wf_path_add(&path, "/v1/cost?limit=1&since=");
    wf_path_number(&path, now_ms - now_ms % DAY_MS);
    if (ask(top, "/v1/nodes", &top->nodes) &&
        ask(top, "/v1/jobs?state=live&limit=1000", &top->jobs) &&
        ask(top, path.text, &top->spent)) {
        top->trouble[0] = '\0';
        top->asked_ms = now_ms;
    }
    wf_exit_set(-1); // a daemon that is away for a moment is shown, not an exit status
}

static bool on_event(void *context, const struct whaleflux_event *event)
{
    struct wf_top_events *events = context;
    json_t *tree = json_loads(event->json, 0, NULL);
    const json_t *data = json_object_get(tree, "data");
    const char *reason = wf_live_text(data, "reason");
    char utc[WF_WORD_BYTES];
    char line[2 * WF_TOP_EVENT_BYTES];
    snprintf(line, sizeof line, "%.8s  %s %lld %.60s  %.40s%s%.80s",
             wf_word_utc(utc, wf_live_number(tree, "time_ms")) + 11,
             wf_live_number(tree, "job") > 0 ? "job" : "node",
             (long long)wf_live_number(tree, "job"), wf_live_text(data, "name"), event->kind,
             reason[0] ? ": " : "", reason);
    pthread_mutex_lock(&events->lock);
    wf_clean_text(events->ring[events->count++ % WF_TOP_EVENTS], WF_TOP_EVENT_BYTES, line,
                  WF_TOP_EVENT_BYTES / 4);
    pthread_mutex_unlock(&events->lock);
    json_decref(tree);
    return true;
}

struct following {
    struct wf_top *top;
    struct whaleflux *daemon; // a handle of its own
};

static void *follow_events(void *context)
{
    struct following *following = context;
    struct whaleflux_watch watch = {
        .size = sizeof watch, .after = WHALEFLUX_FROM_NOW, .lost_ms = LOST_MS};
    (void)whaleflux_events(following->daemon, &watch, on_event, &following->top->events, NULL);
    return NULL;
}

static void show(struct wf_top *top)
{
    for (int key = ERR; key != 'q' && key != 'Q' && key != 27;) {
        ask_all(top);
        do {
            wf_top_draw(top);
            key = getch();
        } while (key == KEY_RESIZE);
    }
}

static enum wf_status run_screen(struct wf_top *top, struct whaleflux *daemon, struct wf_error *err)
{
    struct following following = {top, daemon};
    pthread_t thread;
    (void)setlocale(LC_ALL, "");
    // initscr ends the program where the terminal is not known, newterm leaves memory behind.
    int known;
    bool is_known = setupterm(NULL, STDOUT_FILENO, &known) == OK;
    if (is_known) {
        (void)del_curterm(cur_term);
    }
    SCREEN *screen = is_known ? newterm(NULL, stdout, stdin) : NULL;
    if (!screen) {
        return wf_fail(err, WF_INVALID,
                       "top does not know this terminal (TERM is '%.40s'); `whaleflux ps` and "
                       "`whaleflux nodes` show the same once",
                       getenv("TERM") ? getenv("TERM") : "");
    }
    bool followed = pthread_create(&thread, NULL, follow_events, &following) == 0;
    cbreak();
    noecho();
    keypad(stdscr, true);
    curs_set(0);
    set_escdelay(50);
    timeout(TURN_MS);
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    show(top);
    endwin();
    delscreen(screen);
    if (followed) {
        whaleflux_stop(daemon);
        pthread_join(thread, NULL);
    }
    return WF_OK;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct wf_top top = {.events = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    const struct wf_option_reader reader = {options, take, &top};
    struct wf_live second;
    int first;
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){0, 0}, argc, argv, &first, err);
    if (status != WF_OK) {
        return status;
    }
    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
        return wf_fail(err, WF_INVALID,
                       "top needs a terminal; `whaleflux ps` and `whaleflux nodes` show the same "
                       "once");
    }
    second = top.live;
    status = wf_live_open(&top.live, err);
    if (status == WF_OK) {
        status = wf_live_open(&second, err);
    }
    if (status == WF_OK) {
        // What is wrong at once is said without a screen.
        struct whaleflux_error why;
        status = whaleflux_list(top.live.daemon, "limit=1", NULL, &why) == WHALEFLUX_OK
                     ? WF_OK
                     : wf_live_fail(&why, err);
    }
    if (status == WF_OK) {
        status = run_screen(&top, second.daemon, err);
    }
    json_decref(top.nodes);
    json_decref(top.jobs);
    json_decref(top.spent);
    wf_live_close(&second);
    wf_live_close(&top.live);
    return status;
}

const struct wf_command wf_command_top = {
    .name = "top",
    .usage = "",
    .summary = "shows nodes, jobs, money and events live on the terminal; q quits",
    .options = options,
    .more = "Example: whaleflux top\n",
    .run = run,
};
