// SPDX-License-Identifier: Apache-2.0
// The verb ps: the jobs there are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/live/grid.h"
#include "cli/live/job_words.h"
#include "cli/live/live.h"
#include "cli/live/words.h"
#include "client/path.h"

enum { LIMIT = 200, PAGE = 1000 };

static const struct wf_option options[] = {
    {"all", NULL, "also jobs that are over, newest first"},
    {"state", "STATE[,..]", "waiting, held, running, ending, done, failed, cancelled, lost"},
    {"user", "USER", "of this user"},
    {"queue", "QUEUE", "in this queue"},
    {"name", "NAME", "of this name"},
    {"limit", "N", "at most so many (200)"},
    {"output", "FORM", "-o wide: more columns; json is --json"},
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct listing {
    struct wf_live live;
    bool all, wide;
    const char *state, *user, *queue, *name;
    uint64_t limit;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct listing *listing = context;
    if (wf_live_take(&listing->live, name, value)) {
        return WF_OK;
    }
    if (strcmp(name, "all") == 0) {
        listing->all = true;
    } else if (strcmp(name, "state") == 0) {
        listing->state = value;
    } else if (strcmp(name, "user") == 0) {
        listing->user = value;
    } else if (strcmp(name, "queue") == 0) {
        listing->queue = value;
    } else if (strcmp(name, "name") == 0) {
        listing->name = value;
    } else if (strcmp(name, "limit") == 0) {
        return wf_option_number("--limit", value, 1, 1000000, &listing->limit, err);
    } else if (strcmp(value, "wide") == 0) {
        listing->wide = true;
    } else if (strcmp(value, "json") == 0) {
        listing->live.json = true;
    } else {
        return wf_fail(err, WF_INVALID, "-o is '%.40s', it must be wide or json", value);
    }
    return WF_OK;
}

static void add_filter(struct wf_path *path, const char *name, const char *value)
{
    if (value) {
        wf_path_add(path, name);
        wf_path_escape(path, value);
    }
}

// Pages until there are no more, or as many as are wanted.
static enum wf_status gather(struct listing *listing, json_t *jobs, bool *more_out,
                             struct wf_error *err)
{
    const char *state = listing->state ? listing->state : listing->all ? "all" : "live";
    int64_t after = 0;
    do {
        struct wf_path path = {.length = 0};
        struct whaleflux_answer *answer;
        json_t *tree;
        uint64_t left = listing->limit - json_array_size(jobs);
        wf_path_add(&path, "/v1/jobs?order=newest&limit=");
        wf_path_number(&path, left < PAGE ? (int64_t)left : PAGE);
        add_filter(&path, "&state=", state);
        add_filter(&path, "&user=", listing->user);
        add_filter(&path, "&queue=", listing->queue);
        add_filter(&path, "&name=", listing->name);
        if (after > 0) {
            wf_path_add(&path, "&after=");
            wf_path_number(&path, after);
        }
        enum wf_status status = wf_live_ask(
            &listing->live, &(struct wf_live_request){"GET", path.text, NULL}, &answer, &tree, err);
        if (status != WF_OK) {
            return status;
        }
        int failed = json_array_extend(jobs, json_object_get(tree, "jobs"));
        after = wf_live_number(tree, "next");
        whaleflux_answer_free(answer);
        if (failed) {
            return wf_fail(err, WF_NOMEM, "there is no memory for so many jobs");
        }
    } while (after > 0 && json_array_size(jobs) < listing->limit);
    *more_out = after > 0;
    return WF_OK;
}

static void add_number(struct wf_grid *grid, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    wf_grid_add(grid, text);
}

// "soft, by MPS"
static const char *share_word(char *text, const json_t *sharing)
{
    const char *level = wf_live_text(sharing, "level");
    bool kept = strcmp(level, "none") != 0;
    snprintf(text, WF_JOB_WORD_BYTES, "%s%s%s", kept ? level : "not kept", kept ? ", by " : "",
             kept ? wf_live_text(sharing, "by") : "");
    return text;
}

static void add_job(struct wf_grid *grid, const json_t *job, bool wide, int64_t now_ms)
{
    char text[WF_JOB_WORD_BYTES];
    const char *state = wf_live_text(job, "state"), *key = wf_live_text(job, "key");
    if (key[0]) { // work that others asked for goes by their number
        snprintf(text, sizeof text, "%s:%s", wf_live_text(job, "engine"), key);
        wf_grid_add(grid, text);
    } else {
        add_number(grid, wf_live_number(job, "id"));
    }
    wf_grid_add(grid, wf_live_text(job, "name"));
    wf_grid_add(grid, wf_live_text(job, "user"));
    wf_grid_add(grid, wf_live_text(job, "queue"));
    wf_grid_add_shaded(grid, state, wf_shade_of_state(state));
    wf_grid_add(grid, wf_job_word_gpus(text, job));
    wf_grid_add(grid, wf_job_word_time(text, job, now_ms));
    wf_grid_add(grid, wf_word_usd(text, wf_live_number(job, "cost_nanousd")));
    if (wide) {
        const json_t *sharing = json_object_get(job, "sharing");
        const char *level = sharing ? wf_live_text(sharing, "level") : "";
        const char *node = wf_live_text(job, "node");
        wf_grid_add(grid, node[0] ? node : "-");
        wf_grid_add(grid, level[0] ? share_word(text, sharing) : "-");
        add_number(grid, wf_live_number(job, "attempt"));
        add_number(grid, wf_live_number(job, "priority"));
        wf_grid_add(grid, wf_word_utc(text, wf_live_number(job, "submitted_ms")));
        wf_grid_add(grid, wf_word_utc(text, wf_live_number(job, "ended_ms")));
    } else {
        wf_grid_add(grid, wf_word_age(text, wf_live_number(job, "submitted_ms"), now_ms));
    }
    wf_grid_add(grid, wf_job_word_why(text, job));
}

static const struct wf_grid_column columns[] = {
    {"ID", true, 0},         {"NAME", false, 24}, {"USER", false, 16}, {"QUEUE", false, 20},
    {"STATE", false, 0},     {"GPUS", false, 24}, {"TIME", false, 0},  {"COST", true, 0},
    {"SUBMITTED", false, 0}, {"WHY", false, 100},
};
static const struct wf_grid_column wide_columns[] = {
    {"ID", true, 0},         {"NAME", false, 0},       {"USER", false, 0},   {"QUEUE", false, 0},
    {"STATE", false, 0},     {"GPUS", false, 0},       {"TIME", false, 0},   {"COST", true, 0},
    {"NODE", false, 0},      {"SHARE KEPT", false, 0}, {"ATTEMPT", true, 0}, {"PRIORITY", true, 0},
    {"SUBMITTED", false, 0}, {"ENDED", false, 0},      {"WHY", false, 0},
};

static enum wf_status print(const struct listing *listing, const json_t *jobs, bool more,
                            struct wf_error *err)
{
    struct wf_grid grid;
    int64_t now_ms = wf_word_now_ms();
    size_t count = json_array_size(jobs);
    if (count == 0) {
        puts(listing->all || listing->state ? "There are no such jobs."
                                            : "No job waits or runs; --all shows those before.");
        return WF_OK;
    }
    wf_grid_init(&grid, listing->wide ? wide_columns : columns,
                 listing->wide ? WF_COUNT_OF(wide_columns) : WF_COUNT_OF(columns));
    for (size_t i = 0; i < count; i++) {
        add_job(&grid, json_array_get(jobs, i), listing->wide, now_ms);
    }
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    if (status == WF_OK && more) {
        printf("... and more: --limit N shows more of them\n");
    }
    return status;
}

static enum wf_status list(struct listing *listing, struct wf_error *err)
{
    bool more = false;
    json_t *root = json_object();
    json_t *jobs = json_array();
    if (!root || !jobs || json_object_set(root, "jobs", jobs) != 0) {
        json_decref(root);
        json_decref(jobs);
        return wf_fail(err, WF_NOMEM, "there is no memory for the jobs");
    }
    enum wf_status status = gather(listing, jobs, &more, err);
    if (status == WF_OK && listing->live.json) {
        (void)json_object_set_new(root, "more", json_boolean(more));
        status = wf_live_print(root, err);
    } else if (status == WF_OK) {
        status = print(listing, jobs, more, err);
    }
    json_decref(jobs);
    json_decref(root);
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    static const char *const letters[] = {"a", "--all", "o", "--output", NULL};
    struct listing listing = {.limit = LIMIT};
    const struct wf_option_reader reader = {options, take, &listing};
    int first;
    wf_live_letters(argc, argv, letters);
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){0, 0}, argc, argv, &first, err);
    if (status == WF_OK) {
        status = wf_live_open(&listing.live, err);
    }
    if (status == WF_OK) {
        status = list(&listing, err);
    }
    wf_live_close(&listing.live);
    return status;
}

const struct wf_command wf_command_ps = {
    .name = "ps",
    .usage = "[--all] [--state S] [--user U] [--queue Q] [-o wide] [--json]",
    .summary = "lists jobs: those that wait or run, or all",
    .options = options,
    .more = "Example: whaleflux ps --state waiting,held --queue research -o wide\n",
    .run = run,
};
