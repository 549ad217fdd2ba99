// SPDX-License-Identifier: Apache-2.0
// The verbs drain and undrain: taking a node out of use, and waiting until its work is over.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/live/live.h"
#include "cli/live/words.h"
#include "client/path.h"

enum { PAUSE_MS = 500 };

static const struct wf_option drain_options[] = {
    {"wait", "SECONDS", "waits until nothing runs there any more, so long at most"},
    {"dry-run", NULL, "tells whether it could be done, and does nothing"},
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

// undrain waits for nothing.
#define UNDRAIN_OPTIONS (drain_options + 1)

struct draining {
    struct wf_live live;
    bool dry_run;
    uint64_t wait_s; // 0: it does not wait
};

// What runs on a node.
struct rest {
    uint64_t count;
    int64_t job; // one of them
};

static enum wf_status take_drain(void *context, const char *name, const char *value,
                                 struct wf_error *err)
{
    struct draining *draining = context;
    if (strcmp(name, "wait") == 0) {
        return wf_option_number("--wait", value, 1, 604800, &draining->wait_s, err);
    }
    if (!wf_live_take(&draining->live, name, value)) {
        draining->dry_run = true;
    }
    return WF_OK;
}

static enum wf_status count_in_state(struct wf_live *live, const char *node, const char *state,
                                     struct rest *rest, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (int64_t after = 0; after >= 0 && status == WF_OK;) {
        struct whaleflux_answer *answer = NULL;
        json_t *tree = NULL;
        struct wf_path path = {.length = 0};
        wf_path_add(&path, "/v1/jobs?limit=1000&state=");
        wf_path_add(&path, state);
        wf_path_add(&path, "&after=");
        wf_path_number(&path, after);
        status = wf_live_ask(live, &(struct wf_live_request){"GET", path.text, NULL}, &answer,
                             &tree, err);
        const json_t *jobs = json_object_get(tree, "jobs");
        for (size_t i = 0; status == WF_OK && i < json_array_size(jobs); i++) {
            const json_t *job = json_array_get(jobs, i);
            if (strcmp(wf_live_text(job, "node"), node) == 0) {
                rest->count++;
                rest->job = wf_live_number(job, "id");
            }
        }
        const json_t *next = status == WF_OK ? json_object_get(tree, "next") : NULL;
        after = json_is_integer(next) ? json_integer_value(next) : -1;
        whaleflux_answer_free(answer);
    }
    return status;
}

// A run that was told to end holds its GPUs until its last process is gone.
static enum wf_status wait_until_empty(struct draining *draining, const char *node,
                                       struct wf_error *err)
{
    static const struct timespec pause = {0, PAUSE_MS * 1000000L};
    int64_t until_ms = wf_word_now_ms() + (int64_t)draining->wait_s * 1000;
    for (;;) {
        struct rest rest = {0};
        enum wf_status status = count_in_state(&draining->live, node, "running", &rest, err);
        if (status == WF_OK) {
            status = count_in_state(&draining->live, node, "ending", &rest, err);
        }
        if (status != WF_OK || rest.count == 0) {
            return status;
        }
        if (wf_word_now_ms() >= until_ms) {
            wf_exit_set(WF_EXIT_FAILED);
            return wf_fail(err, WF_LIMIT,
                           "after %llu s %llu job%s still run%s on node %.60s, job %lld%s",
                           (unsigned long long)draining->wait_s, (unsigned long long)rest.count,
                           rest.count == 1 ? "" : "s", rest.count == 1 ? "s" : "", node,
                           (long long)rest.job, rest.count == 1 ? "" : " for one");
        }
        (void)nanosleep(&pause, NULL);
    }
}

static enum wf_status change(const struct wf_option *options, int argc, char **argv,
                             const char *verb, const char *done, struct wf_error *err)
{
    struct draining draining = {.dry_run = false};
    const struct wf_option_reader reader = {options, take_drain, &draining};
    struct whaleflux_answer *answer = NULL;
    json_t *tree;
    int first;
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){1, 1}, argc, argv, &first, err);
    if (status == WF_OK) {
        status = wf_live_open(&draining.live, err);
    }
    if (status == WF_OK) {
        struct wf_path path = {.length = 0};
        wf_path_add(&path, "/v1/nodes/");
        wf_path_escape(&path, argv[first]);
        wf_path_add(&path, verb);
        wf_path_add(&path, draining.dry_run ? "?dry_run=true" : "");
        status = wf_live_ask(&draining.live, &(struct wf_live_request){"POST", path.text, NULL},
                             &answer, &tree, err);
    }
    bool waits = draining.wait_s > 0 && !draining.dry_run;
    if (status == WF_OK && waits) {
        status = wait_until_empty(&draining, argv[first], err);
    }
    if (status == WF_OK && draining.live.json) {
        status = wf_live_print(tree, err);
    } else if (status == WF_OK) {
        printf("Node %s%s %s.\n", argv[first], draining.dry_run ? " would be one that" : "",
               waits ? "takes no new work, and nothing runs there" : done);
    }
    whaleflux_answer_free(answer);
    wf_live_close(&draining.live);
    return status;
}

static enum wf_status drain(int argc, char **argv, struct wf_error *err)
{
    return change(drain_options, argc, argv, "/drain", "takes no new work; what runs there runs on",
                  err);
}

static enum wf_status undrain(int argc, char **argv, struct wf_error *err)
{
    return change(UNDRAIN_OPTIONS, argc, argv, "/undrain", "takes work again", err);
}

const struct wf_command wf_command_drain = {
    .name = "drain",
    .usage = "NODE [--wait SECONDS] [--dry-run] [--json]",
    .summary = "keeps new work off a node; what runs there runs on",
    .options = drain_options,
    .more = "With --wait the exit status is 1 where work is left when the time is over; the node "
            "stays drained.\n"
            "Example: whaleflux drain gpu-3 --wait 3600\n",
    .run = drain,
};

const struct wf_command wf_command_undrain = {
    .name = "undrain",
    .usage = "NODE [--dry-run] [--json]",
    .summary = "lets a node take work again",
    .options = UNDRAIN_OPTIONS,
    .more = "Example: whaleflux undrain gpu-3\n",
    .run = undrain,
};
