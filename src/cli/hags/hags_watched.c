// SPDX-License-Identifier: Apache-2.0
// `hags watched`: what the daemon's watches found, without asking a host.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/hags/hags_view.h"
#include "cli/live/grid.h"
#include "cli/live/live.h"
#include "cli/live/words.h"
#include "client/path.h"

static const struct wf_option options[] = {
    {"state", "NAMES", "only hosts in these states, with commas"},
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct wanted {
    struct wf_live live;
    const char *states;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct wanted *wanted = context;
    (void)err;
    if (!wf_live_take(&wanted->live, name, value)) {
        wanted->states = value;
    }
    return WF_OK;
}

static void add_watch(struct wf_grid *grid, const json_t *watch, int64_t now_ms)
{
    char text[WF_WORD_BYTES];
    char timeouts[96] = "-";
    const json_t *sums = json_object_get(watch, "driver_timeouts");
    const char *cluster = wf_live_text(watch, "cluster");
    const char *message = wf_live_text(watch, "message");
    int64_t drifted = wf_live_number(watch, "drifted");
    if (wf_live_number(sums, "hosts") > 0) {
        snprintf(timeouts, sizeof timeouts, "%lld, then %lld (%lld host%s)",
                 (long long)wf_live_number(sums, "before"),
                 (long long)wf_live_number(sums, "after"), (long long)wf_live_number(sums, "hosts"),
                 wf_live_number(sums, "hosts") == 1 ? "" : "s");
    }
    wf_grid_add(grid, wf_live_text(watch, "name"));
    wf_grid_add(grid, cluster[0] ? cluster : "all");
    snprintf(text, sizeof text, "%lld", (long long)wf_live_number(watch, "hosts"));
    wf_grid_add(grid, text);
    snprintf(text, sizeof text, "%lld", (long long)drifted);
    wf_grid_add_shaded(grid, text, drifted > 0 ? WF_SHADE_BAD : WF_SHADE_NONE);
    wf_grid_add(grid, wf_word_age(text, wf_live_number(watch, "looked_ms"), now_ms));
    bool looks = wf_live_number(watch, "started_ms") > 0;
    wf_grid_add(grid,
                looks ? "looks now" : wf_word_age(text, wf_live_number(watch, "next_ms"), now_ms));
    wf_grid_add(grid, timeouts);
    wf_grid_add_shaded(grid, message, WF_SHADE_BAD);
}

static enum wf_status print_watches(const json_t *tree, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"WATCH", false, 40},
        {"CLUSTER", false, 40},
        {"HOSTS", true, 0},
        {"DRIFTED", true, 0},
        {"LOOKED", false, 0},
        {"NEXT", false, 0},
        {"TIMEOUTS IN 30 D, BEFORE AND AFTER", false, 0},
        {"", false, 200},
    };
    struct wf_grid grid;
    const json_t *watches = json_object_get(tree, "watches");
    const char *message = wf_live_text(tree, "message");
    int64_t now_ms = wf_word_now_ms();
    if (message[0]) {
        printf("The daemon cannot take its file of watches: %s.\n", message);
    }
    if (json_array_size(watches) == 0) {
        puts("The daemon watches no Windows hosts: `whaleflux serve --watch FILE` does "
             "(docs/hags.md).");
        return WF_OK;
    }
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (size_t i = 0; i < json_array_size(watches); i++) {
        add_watch(&grid, json_array_get(watches, i), now_ms);
    }
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    return status;
}

static const char *count_word(char *text, size_t size, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    snprintf(text, size, "%lld", (long long)json_integer_value(value));
    return json_is_integer(value) ? text : "-";
}

// Whether the counts of before and now can be held against each other.
static const char *comparable_word(const json_t *host, const json_t *timeouts)
{
    if (!json_is_integer(json_object_get(timeouts, "before"))) {
        return "-"; // nothing was changed
    }
    if (json_is_true(json_object_get(host, "drifted"))) {
        return "no";
    }
    return json_is_true(json_object_get(timeouts, "comparable")) ? "yes" : "not yet";
}

static void add_host(struct wf_grid *grid, const json_t *host, int64_t now_ms)
{
    char text[WF_WORD_BYTES];
    const json_t *timeouts = json_object_get(host, "driver_timeouts");
    const char *state = wf_live_text(host, "state");
    const char *effect = wf_live_text(host, "effective");
    wf_grid_add(grid, wf_live_text(host, "host"));
    wf_grid_add_shaded(grid, state, wf_hags_shade_of(state));
    wf_grid_add(grid, wf_word_age(text, wf_live_number(host, "since_ms"), now_ms));
    wf_grid_add(grid, effect[0] ? effect : "-");
    wf_grid_add(grid, wf_word_age(text, wf_live_number(host, "seen_ms"), now_ms));
    wf_grid_add(grid, count_word(text, sizeof text, timeouts, "before"));
    wf_grid_add(grid, count_word(text, sizeof text, timeouts, "in_30_days"));
    wf_grid_add(grid, comparable_word(host, timeouts));
    wf_grid_add(grid, wf_live_text(host, "reason"));
}

// All pages of a watch's hosts, as one list.
static enum wf_status get_hosts(struct wanted *wanted, const char *watch, json_t *all,
                                struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (int64_t after = 0; after >= 0 && status == WF_OK;) {
        struct wf_path path = {.length = 0};
        struct whaleflux_answer *answer = NULL;
        json_t *tree = NULL;
        wf_path_add(&path, "/v1/hags/");
        wf_path_escape(&path, watch);
        wf_path_add(&path, "/hosts?limit=1000&after=");
        wf_path_number(&path, after);
        if (wanted->states) {
            wf_path_add(&path, "&state=");
            wf_path_escape(&path, wanted->states);
        }
        status = wf_live_ask(&wanted->live, &(struct wf_live_request){"GET", path.text, NULL},
                             &answer, &tree, err);
        const json_t *next = status == WF_OK ? json_object_get(tree, "next") : NULL;
        after = json_is_integer(next) ? json_integer_value(next) : -1;
        if (status == WF_OK && json_array_extend(all, json_object_get(tree, "hosts")) != 0) {
            status = wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
        }
        whaleflux_answer_free(answer);
    }
    return status;
}

static enum wf_status print_hosts(const json_t *hosts, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"HOST", false, 40},       {"STATE", false, 0},      {"SINCE", false, 0},
        {"AT WORK", false, 0},     {"ANSWERED", false, 0},   {"TIMEOUTS BEFORE", true, 0},
        {"IN LAST 30 D", true, 0}, {"COMPARABLE", false, 0}, {"", false, 100},
    };
    struct wf_grid grid;
    int64_t now_ms = wf_word_now_ms();
    if (json_array_size(hosts) == 0) {
        puts("No host is known: the first look is not over, or none is in such a state.");
        return WF_OK;
    }
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        add_host(&grid, json_array_get(hosts, i), now_ms);
    }
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    return status;
}

static enum wf_status show_watches(struct wanted *wanted, struct wf_error *err)
{
    struct whaleflux_answer *answer = NULL;
    json_t *tree;
    enum wf_status status = wf_live_ask(
        &wanted->live, &(struct wf_live_request){"GET", "/v1/hags", NULL}, &answer, &tree, err);
    if (status == WF_OK) {
        status = wanted->live.json ? wf_live_print(tree, err) : print_watches(tree, err);
    }
    whaleflux_answer_free(answer);
    return status;
}

static enum wf_status show_hosts(struct wanted *wanted, const char *watch, struct wf_error *err)
{
    json_t *all = json_object();
    json_t *hosts = json_array();
    if (json_object_set_new(all, "hosts", hosts) != 0) {
        json_decref(all);
        return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
    }
    enum wf_status status = get_hosts(wanted, watch, hosts, err);
    if (status == WF_OK) {
        status = wanted->live.json ? wf_live_print(all, err) : print_hosts(hosts, err);
    }
    json_decref(all);
    return status;
}

enum wf_status wf_hags_watched(int argc, char **argv, struct wf_error *err)
{
    struct wanted wanted = {.states = NULL};
    const struct wf_option_reader reader = {options, take, &wanted};
    int first;
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){0, 1}, argc, argv, &first, err);
    if (status == WF_OK && wanted.states && first == argc) {
        status = wf_fail(err, WF_INVALID, "--state is for the hosts of a watch, and none is named");
    }
    status = status == WF_OK ? wf_live_open(&wanted.live, err) : status;
    if (status == WF_OK) {
        status = first < argc ? show_hosts(&wanted, argv[first], err) : show_watches(&wanted, err);
    }
    wf_live_close(&wanted.live);
    return status;
}
