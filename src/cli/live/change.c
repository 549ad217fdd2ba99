// SPDX-License-Identifier: Apache-2.0
// The verbs cancel, hold and release: what can be done to a job that is there.
#include <stdio.h>
#include <string.h>

#include "cli/live/job_words.h"
#include "cli/live/live.h"
#include "client/path.h"

static const struct wf_option options[] = {
    {"dry-run", NULL, "tells whether it could be done, and does nothing"},
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct change {
    struct wf_live live;
    const char *verb, *done;
    bool dry_run;
    json_t *answers;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct change *change = context;
    (void)err;
    if (!wf_live_take(&change->live, name, value)) {
        change->dry_run = true;
    }
    return WF_OK;
}

static enum wf_status change_one(struct change *change, const char *job, struct wf_error *err)
{
    struct wf_path path;
    struct whaleflux_error why;
    struct whaleflux_answer *answer;
    json_t *tree;
    char after[40];
    snprintf(after, sizeof after, "/%s%s", change->verb, change->dry_run ? "?dry_run=true" : "");
    if (wf_path_job(&path, job, after, &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    enum wf_status status = wf_live_ask(
        &change->live, &(struct wf_live_request){"POST", path.text, NULL}, &answer, &tree, err);
    if (status != WF_OK) {
        return status;
    }
    if (change->live.json) {
        (void)json_array_append(change->answers, tree);
    } else {
        const char *state = wf_live_text(tree, "state");
        state = strcmp(state, change->done) == 0 ? "" : state;
        printf("Job %lld %s%s%s%s.\n", (long long)wf_live_number(tree, "id"),
               change->dry_run ? "could be " : "is ", change->done, state[0] ? ": it " : "",
               wf_job_word_state(state));
    }
    whaleflux_answer_free(answer);
    return WF_OK;
}

// All of them, also when one fails; the last failure is the command's.
static enum wf_status change_all(struct change *change, char **jobs, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    change->answers = json_array();
    for (; *jobs; jobs++) {
        if (status != WF_OK) {
            fprintf(stderr, "whaleflux: %s\n", err->text);
        }
        struct wf_error failed;
        enum wf_status one = change_one(change, *jobs, &failed);
        if (one != WF_OK) {
            status = one;
            *err = failed;
        } else if (status != WF_OK && !jobs[1]) {
            break;
        }
    }
    if (change->live.json && json_array_size(change->answers) > 0) {
        struct wf_error failed;
        (void)!wf_live_print(json_array_size(change->answers) == 1
                                 ? json_array_get(change->answers, 0)
                                 : change->answers,
                             &failed);
    }
    json_decref(change->answers);
    return status;
}

static enum wf_status run(struct change *change, int argc, char **argv, struct wf_error *err)
{
    const struct wf_option_reader reader = {options, take, change};
    int first;
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){1, argc}, argc, argv, &first, err);
    if (status == WF_OK) {
        status = wf_live_open(&change->live, err);
    }
    if (status == WF_OK) {
        status = change_all(change, argv + first, err);
    }
    wf_live_close(&change->live);
    return status;
}

static enum wf_status cancel(int argc, char **argv, struct wf_error *err)
{
    return run(&(struct change){.verb = "cancel", .done = "cancelled"}, argc, argv, err);
}

static enum wf_status hold(int argc, char **argv, struct wf_error *err)
{
    return run(&(struct change){.verb = "hold", .done = "held back"}, argc, argv, err);
}

static enum wf_status release(int argc, char **argv, struct wf_error *err)
{
    return run(&(struct change){.verb = "release", .done = "released"}, argc, argv, err);
}

const struct wf_command wf_command_cancel = {
    .name = "cancel",
    .usage = "JOB... [--dry-run] [--json]",
    .summary = "ends jobs: what waits never starts, what runs gets its time to stop",
    .options = options,
    .more = "Example: whaleflux cancel 17 train\n",
    .run = cancel,
};

const struct wf_command wf_command_hold = {
    .name = "hold",
    .usage = "JOB... [--dry-run] [--json]",
    .summary = "keeps waiting jobs from starting until they are released",
    .options = options,
    .more = "Example: whaleflux hold 17\n",
    .run = hold,
};

const struct wf_command wf_command_release = {
    .name = "release",
    .usage = "JOB... [--dry-run] [--json]",
    .summary = "lets jobs that are held start again",
    .options = options,
    .more = "Example: whaleflux release 17\n",
    .run = release,
};
