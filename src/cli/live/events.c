// SPDX-License-Identifier: Apache-2.0
// The verb events: what happened, and what happens.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "cli/clean.h"
#include "cli/live/job_words.h"
#include "cli/live/live.h"
#include "cli/live/words.h"

enum { QUIET_US = 400000, LOST_MS = 600000 };

static const struct wf_option options[] = {
    {"follow", NULL, "-f: what happens from now on, until you stop it"},
    {"after", "N", "those after number N (with -f: and on from there)"},
    {"job", "JOB", "of this job"},
    {"json", NULL, "prints one JSON object a line"},
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct watching {
    struct wf_live live;
    bool follow;
    const char *job;
    uint64_t after;
    bool after_told;
    bool is_full; // stdout takes no more
};

// What is on the disk comes without a pause: a pause is its end. The handler stops the stream.
static struct whaleflux *quiet;

static void on_quiet(int signal)
{
    (void)signal;
    whaleflux_stop(quiet);
}

static void expect_quiet(struct watching *watching)
{
    struct itimerval timer = {.it_value = {.tv_usec = QUIET_US}};
    quiet = watching->live.daemon;
    (void)sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_quiet}, NULL);
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct watching *watching = context;
    if (wf_live_take(&watching->live, name, value)) {
        return WF_OK;
    }
    if (strcmp(name, "follow") == 0) {
        watching->follow = true;
    } else if (strcmp(name, "job") == 0) {
        watching->job = value;
    } else {
        watching->after_told = true;
        return wf_option_number("--after", value, 0, INT64_MAX, &watching->after, err);
    }
    return WF_OK;
}

static void print_event(const struct whaleflux_event *event)
{
    char utc[WF_WORD_BYTES];
    char text[WF_JOB_WORD_BYTES];
    json_t *tree = json_loads(event->json, 0, NULL);
    const json_t *data = json_object_get(tree, "data");
    const char *node = wf_live_text(data, "node");
    const char *reason = wf_live_text(data, "reason");
    printf("%8llu  %s  ", (unsigned long long)event->number,
           wf_word_utc(utc, wf_live_number(tree, "time_ms")));
    if (wf_live_number(tree, "job") > 0) {
        printf("job %lld (%s) ", (long long)wf_live_number(tree, "job"),
               wf_clean_text(text, sizeof text, wf_live_text(data, "name"), 40));
    } else if (node[0]) {
        printf("node %s ", wf_clean_text(text, sizeof text, node, 40));
        node = "";
    }
    printf("%s", wf_clean_text(text, sizeof text, event->kind, 40));
    if (node[0]) {
        printf(" on %s", wf_clean_text(text, sizeof text, node, 40));
    }
    if (reason[0]) {
        printf(": %s", wf_clean_text(text, sizeof text, reason, 120));
    }
    putchar('\n');
    json_decref(tree);
}

static bool take_event(void *context, const struct whaleflux_event *event)
{
    struct watching *watching = context;
    if (watching->live.json) {
        puts(event->json);
    } else {
        print_event(event);
    }
    if (!watching->follow) {
        expect_quiet(watching);
    }
    watching->is_full = fflush(stdout) != 0;
    return !watching->is_full;
}

static enum wf_status print_events(struct watching *watching, struct wf_error *err)
{
    struct whaleflux_error why;
    bool from_now = watching->follow && !watching->after_told;
    struct whaleflux_watch watch = {.size = sizeof watch,
                                    .job = watching->job,
                                    .after = from_now ? WHALEFLUX_FROM_NOW : watching->after,
                                    .lost_ms = watching->follow ? LOST_MS : 0};
    if (!watching->follow) {
        expect_quiet(watching);
    }
    enum whaleflux_status status =
        whaleflux_events(watching->live.daemon, &watch, take_event, watching, &why);
    if (watching->is_full) {
        return wf_fail(err, WF_NOMEM, "the output cannot be written");
    }
    bool done = status == WHALEFLUX_OK || (status == WHALEFLUX_STOPPED && !watching->follow);
    return done ? WF_OK : wf_live_fail(&why, err);
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    static const char *const letters[] = {"f", "--follow", NULL};
    struct watching watching = {.follow = false};
    const struct wf_option_reader reader = {options, take, &watching};
    int first;
    wf_live_letters(argc, argv, letters);
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){0, 0}, argc, argv, &first, err);
    if (status == WF_OK) {
        status = wf_live_open(&watching.live, err);
    }
    if (status == WF_OK) {
        status = print_events(&watching, err);
        (void)setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_sec = 0}}, NULL);
        quiet = NULL;
    }
    wf_live_close(&watching.live);
    return status;
}

const struct wf_command wf_command_events = {
    .name = "events",
    .usage = "[-f] [--after N] [--job JOB] [--json]",
    .summary = "prints what happened, or with -f what happens",
    .options = options,
    .more = "A connection that breaks is made again and goes on where it was.\n"
            "Example: whaleflux events -f --job train\n",
    .run = run,
};
