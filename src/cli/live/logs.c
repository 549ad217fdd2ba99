// SPDX-License-Identifier: Apache-2.0
// The verb logs: what a job wrote, byte for byte.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/live/live.h"

static const struct wf_option options[] = {
    {"follow", NULL, "-f: and what it writes from now on, until it ends"},
    {"task", "N", "of this task (0)"},
    {"attempt", "N", "of this attempt at the job (the newest)"},
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct reading {
    struct wf_live live;
    struct whaleflux_log log;
    bool is_full; // stdout takes no more
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct reading *reading = context;
    uint64_t number = 0;
    enum wf_status status = WF_OK;
    if (wf_live_take(&reading->live, name, value)) {
        return WF_OK;
    }
    if (strcmp(name, "follow") == 0) {
        reading->log.follow = true;
    } else if (strcmp(name, "task") == 0) {
        status = wf_option_number("--task", value, 0, INT32_MAX, &number, err);
        reading->log.task = (int)number;
    } else {
        status = wf_option_number("--attempt", value, 1, INT32_MAX, &number, err);
        reading->log.attempt = (int)number;
    }
    return status;
}

static bool print(void *context, const char *bytes, size_t length)
{
    struct reading *reading = context;
    reading->is_full = fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0;
    return !reading->is_full;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    static const char *const letters[] = {"f", "--follow", NULL};
    struct reading reading = {.log = {.size = sizeof reading.log}};
    const struct wf_option_reader reader = {options, take, &reading};
    struct whaleflux_error why;
    int first;
    wf_live_letters(argc, argv, letters);
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){1, 1}, argc, argv, &first, err);
    if (status == WF_OK) {
        status = wf_live_open(&reading.live, err);
    }
    if (status == WF_OK && whaleflux_logs(reading.live.daemon, argv[first], &reading.log, print,
                                          &reading, &why) != WHALEFLUX_OK) {
        status = reading.is_full ? wf_fail(err, WF_NOMEM, "the output cannot be written")
                                 : wf_live_fail(&why, err);
    }
    wf_live_close(&reading.live);
    return status;
}

const struct wf_command wf_command_logs = {
    .name = "logs",
    .usage = "JOB [-f] [--task N] [--attempt N]",
    .summary = "prints what a job wrote, and with -f what it writes",
    .options = options,
    .more = "Example: whaleflux logs -f train --task 3\n",
    .run = run,
};
