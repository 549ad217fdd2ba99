// SPDX-License-Identifier: Apache-2.0
// The verb token: who may come in over the network, and as what.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/live/grid.h"
#include "cli/live/live.h"
#include "cli/live/words.h"
#include "client/path.h"

static const struct wf_option options[] = {
    {"role", "ROLE", "of a new one: viewer, submitter (if nothing is said), operator, admin"},
    {"user", "USER", "of a new one: whose jobs it submits (yours)"},
    {"days", "N", "of a new one: it is good for so many days (for ever)"},
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct tokens {
    struct wf_live live;
    const char *role, *user;
    uint64_t days;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct tokens *tokens = context;
    if (wf_live_take(&tokens->live, name, value)) {
        return WF_OK;
    }
    if (strcmp(name, "role") == 0) {
        tokens->role = value;
    } else if (strcmp(name, "user") == 0) {
        tokens->user = value;
    } else {
        return wf_option_number("--days", value, 1, 36500, &tokens->days, err);
    }
    return WF_OK;
}

static enum wf_status create(struct tokens *tokens, const char *name, struct wf_error *err)
{
    struct whaleflux_answer *answer;
    json_t *tree;
    json_t *wish =
        json_pack("{s:s,s:s}", "name", name, "role", tokens->role ? tokens->role : "submitter");
    if (wish && tokens->user) {
        json_object_set_new(wish, "user", json_string(tokens->user));
    }
    if (wish && tokens->days > 0) {
        json_object_set_new(wish, "days", json_integer((json_int_t)tokens->days));
    }
    char *text = wish ? json_dumps(wish, JSON_COMPACT) : NULL;
    json_decref(wish);
    if (!text) {
        return wf_fail(err, WF_INVALID, "'%.60s' is no name of a token: it is no UTF-8", name);
    }
    enum wf_status status = wf_live_ask(
        &tokens->live, &(struct wf_live_request){"POST", "/v1/tokens", text}, &answer, &tree, err);
    free(text);
    if (status != WF_OK) {
        return status;
    }
    if (tokens->live.json) {
        status = wf_live_print(tree, err);
    } else {
        fprintf(stderr, "Token %lld (%s), %s for work of %s. It is shown this once only:\n",
                (long long)wf_live_number(tree, "id"), wf_live_text(tree, "name"),
                wf_live_text(tree, "role"), wf_live_text(tree, "user"));
        puts(wf_live_text(tree, "token"));
    }
    whaleflux_answer_free(answer);
    return status;
}

static enum wf_status print(const json_t *tree, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"ID", true, 0},       {"NAME", false, 40},   {"ROLE", false, 0},    {"USER", false, 30},
        {"CREATED", false, 0}, {"EXPIRES", false, 0}, {"REVOKED", false, 0},
    };
    struct wf_grid grid;
    const json_t *list = json_object_get(tree, "tokens");
    int64_t now_ms = wf_word_now_ms();
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *token = json_array_get(list, i);
        char text[WF_WORD_BYTES];
        int64_t expires_ms = wf_live_number(token, "expires_ms");
        snprintf(text, sizeof text, "%lld", (long long)wf_live_number(token, "id"));
        wf_grid_add(&grid, text);
        wf_grid_add(&grid, wf_live_text(token, "name"));
        wf_grid_add(&grid, wf_live_text(token, "role"));
        wf_grid_add(&grid, wf_live_text(token, "user"));
        wf_grid_add(&grid, wf_word_age(text, wf_live_number(token, "created_ms"), now_ms));
        wf_grid_add(&grid, expires_ms > 0 ? wf_word_age(text, expires_ms, now_ms) : "never");
        wf_grid_add(&grid, wf_word_age(text, wf_live_number(token, "revoked_ms"), now_ms));
    }
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    return status;
}

static enum wf_status list(struct tokens *tokens, struct wf_error *err)
{
    struct whaleflux_answer *answer;
    json_t *tree;
    enum wf_status status = wf_live_ask(
        &tokens->live, &(struct wf_live_request){"GET", "/v1/tokens", NULL}, &answer, &tree, err);
    if (status != WF_OK) {
        return status;
    }
    status = tokens->live.json ? wf_live_print(tree, err) : print(tree, err);
    whaleflux_answer_free(answer);
    return status;
}

static enum wf_status revoke(struct tokens *tokens, const char *id, struct wf_error *err)
{
    struct wf_path path = {.length = 0};
    struct whaleflux_answer *answer;
    json_t *tree;
    wf_path_add(&path, "/v1/tokens/");
    wf_path_escape(&path, id);
    enum wf_status status = wf_live_ask(
        &tokens->live, &(struct wf_live_request){"DELETE", path.text, NULL}, &answer, &tree, err);
    if (status != WF_OK) {
        return status;
    }
    if (tokens->live.json) {
        status = wf_live_print(tree, err);
    } else {
        printf("Token %s is revoked.\n", id);
    }
    whaleflux_answer_free(answer);
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct tokens tokens = {.days = 0};
    const struct wf_option_reader reader = {options, take, &tokens};
    int first;
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){1, 2}, argc, argv, &first, err);
    if (status != WF_OK) {
        return status;
    }
    const char *what = argv[first];
    bool is_list = strcmp(what, "list") == 0;
    if (!is_list && strcmp(what, "create") != 0 && strcmp(what, "revoke") != 0) {
        return wf_fail(err, WF_INVALID, "token '%.40s' means nothing: create, list or revoke",
                       what);
    }
    if ((argc - first == 2) == is_list) {
        return wf_fail(err, WF_INVALID,
                       is_list ? "token list takes nothing more"
                               : "token %s which? create NAME, revoke ID",
                       what);
    }
    status = wf_live_open(&tokens.live, err);
    if (status == WF_OK) {
        status = is_list                       ? list(&tokens, err)
                 : strcmp(what, "create") == 0 ? create(&tokens, argv[first + 1], err)
                                               : revoke(&tokens, argv[first + 1], err);
    }
    wf_live_close(&tokens.live);
    return status;
}

const struct wf_command wf_command_token = {
    .name = "token",
    .usage = "create NAME [--role R] [--user U] [--days N] | list | revoke ID",
    .summary = "gives and takes the tokens that let people in over the network",
    .options = options,
    .more = "The secret of a new token is alone on stdout.\n"
            "Example: whaleflux token create laptop --role submitter --user ada --days 90\n",
    .run = run,
};
