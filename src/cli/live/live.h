// SPDX-License-Identifier: Apache-2.0
// What the verbs that ask a daemon have in common: where it is, how failures become exit statuses,
// and reading its answers.
#pragma once

#include <jansson.h>
#include <whaleflux.h>

#include "cli/commands.h"

struct wf_live {
    const char *data_folder, *url; // NULL: the usual ones
    bool json;
    struct whaleflux *daemon;
};

// Rows of a table of options, and who takes them: false for an option that is none of these.
#define WF_LIVE_OPTIONS                                                                            \
    {"data-dir", "DIR", "asks the daemon with this data folder (~/.whaleflux)"},                   \
        {"url", "URL", "asks the daemon at https://host:7171, with $WHALEFLUX_TOKEN"}
#define WF_LIVE_JSON {"json", NULL, "prints JSON instead of text"}
bool wf_live_take(struct wf_live *live, const char *name, const char *value);

// Writes short options ("-f") as the long ones they stand for; pairs ends with NULL: "f",
// "--follow".
void wf_live_letters(int argc, char **argv, const char *const *pairs);

// How many words there may be beside the options.
struct wf_live_words {
    int min, max;
};
// Reads options and words; *first_out is where the words begin.
enum wf_status wf_live_parse(const struct wf_option_reader *reader, struct wf_live_words words,
                             int argc, char **argv, int *first_out,
                             struct wf_error *err) WF_MUST_USE;

enum wf_status wf_live_open(struct wf_live *live, struct wf_error *err) WF_MUST_USE;
void wf_live_close(struct wf_live *live);

// Takes over what the library says, and sets the exit status. Never returns WF_OK.
enum wf_status wf_live_fail(const struct whaleflux_error *why, struct wf_error *err);

struct wf_live_request {
    const char *method, *path;
    const char *json; // NULL: no body
};
// Asks, and gives the answer's tree (borrowed). The caller frees *answer_out.
enum wf_status wf_live_ask(struct wf_live *live, const struct wf_live_request *request,
                           struct whaleflux_answer **answer_out, json_t **tree_out,
                           struct wf_error *err) WF_MUST_USE;
json_t *wf_live_tree(const struct whaleflux_answer *answer);
// Prints an answer as JSON for people and programs.
enum wf_status wf_live_print(const json_t *tree, struct wf_error *err) WF_MUST_USE;

// A field of an object: "" and 0 where it is not there, or null.
const char *wf_live_text(const json_t *object, const char *name);
int64_t wf_live_number(const json_t *object, const char *name);
