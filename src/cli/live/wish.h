// SPDX-License-Identifier: Apache-2.0
// What somebody says on the command line about a job: the options that submit and run share, as
// fields of a job document.
#pragma once

#include <jansson.h>

#include "cli/options.h"

#define WF_WISH_OPTIONS                                                                            \
    {"name", "NAME", "what the job is called"},                                                    \
        {"gpus", "GPUS", "of each task: 2, H100:8, H100:0.5, 24GB..80GB:1, H100:8|MI300X:8"},      \
        {"cpus", "N", "cores of each task"}, {"memory", "SIZE", "of each task: 8GiB"},             \
        {"tasks", "N", "that start together (1)"}, {"queue", "QUEUE", "it goes into"},             \
        {"priority", "N", "before others of its queue"},                                           \
        {"limit", "TIME", "it is stopped after so long: 1h30m"},                                   \
        {"expect", "TIME", "it will probably run so long"}, {"begin", "TIME", "not before then"},  \
        {"deadline", "TIME", "it should be done by then"},                                         \
        {"after", "JOB[:WHEN]",                                                                    \
         "starts on end (or start, success, failure) of others; with "                             \
         "commas"},                                                                                \
        {"array", "0-9[%N]", "one job for each number, N of them at once"},                        \
        {"env", "NAME[=VALUE]",                                                                    \
         "sets a variable; without a value as it is set here; again for "                          \
         "more"},                                                                                  \
        {"hold", NULL, "does not start until it is released"},                                     \
        {"preemptible", NULL, "may be stopped for others, and then runs again"}

// How far a submission goes.
struct wf_wish {
    json_t *fields; // of the document, as told; owned
    bool yes;       // nothing is asked
    bool dry_run;
    bool parsable;
    bool failed; // no memory
};
#define WF_WISH_STEPS                                                                              \
    {"yes", NULL, "-y: does not ask before it costs money"},                                       \
        {"dry-run", NULL, "tells what it would cost, and starts nothing"}

enum wf_status wf_wish_init(struct wf_wish *wish, struct wf_error *err) WF_MUST_USE;
void wf_wish_finish(struct wf_wish *wish);

// Takes an option of those above. *taken_out: whether it is one.
enum wf_status wf_wish_take(struct wf_wish *wish, const char *name, const char *value,
                            bool *taken_out, struct wf_error *err) WF_MUST_USE;

// Lays what is wished over a document (which it changes), checks the whole, and writes it in its
// one form; the caller frees *text_out. Errors: WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_wish_document(const struct wf_wish *wish, json_t *document, char **text_out,
                                struct wf_error *err) WF_MUST_USE;
