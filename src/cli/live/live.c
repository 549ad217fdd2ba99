// SPDX-License-Identifier: Apache-2.0
#include "cli/live/live.h"

#include <stdlib.h>
#include <string.h>

#include "client/client.h"

bool wf_live_take(struct wf_live *live, const char *name, const char *value)
{
    if (strcmp(name, "data-dir") == 0) {
        live->data_folder = value;
    } else if (strcmp(name, "url") == 0) {
        live->url = value;
    } else if (strcmp(name, "json") == 0) {
        live->json = true;
    } else {
        return false;
    }
    return true;
}

void wf_live_letters(int argc, char **argv, const char *const *pairs)
{
    static char texts[8][24];
    size_t used = 0;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        for (const char *const *pair = pairs; *pair && used < WF_COUNT_OF(texts); pair += 2) {
            if (argv[i][0] == '-' && strcmp(argv[i] + 1, pair[0]) == 0) {
                snprintf(texts[used], sizeof texts[used], "%s", pair[1]);
                argv[i] = texts[used++];
                break;
            }
        }
    }
}

enum wf_status wf_live_parse(const struct wf_option_reader *reader, struct wf_live_words words,
                             int argc, char **argv, int *first_out, struct wf_error *err)
{
    enum wf_status status = wf_options_parse(reader, argc, argv, first_out, err);
    if (status != WF_OK) {
        return status;
    }
    int count = argc - *first_out;
    if (count > words.max) {
        return wf_fail(err, WF_INVALID, "'%.60s' is one word too many",
                       argv[*first_out + words.max]);
    }
    if (count < words.min) {
        return wf_fail(err, WF_INVALID, "%s what? `whaleflux help %s` tells more", argv[0],
                       argv[0]);
    }
    return WF_OK;
}

enum wf_status wf_live_fail(const struct whaleflux_error *why, struct wf_error *err)
{
    switch (why->status) {
    case WHALEFLUX_INVALID:
        wf_exit_set(WF_EXIT_BAD_INPUT);
        return wf_fail(err, WF_INVALID, "%s", why->text);
    case WHALEFLUX_NOTFOUND:
        wf_exit_set(WF_EXIT_NOT_FOUND);
        return wf_fail(err, WF_NOTFOUND, "%s", why->text);
    case WHALEFLUX_REFUSED:
        wf_exit_set(WF_EXIT_REFUSED);
        break;
    case WHALEFLUX_UNREACHABLE:
        wf_exit_set(WF_EXIT_UNREACHABLE);
        break;
    case WHALEFLUX_OK:
    case WHALEFLUX_FAILED:
    case WHALEFLUX_STOPPED:
        wf_exit_set(WF_EXIT_FAILED);
        break;
    }
    return wf_fail(err, WF_IO, "%s", why->text);
}

enum wf_status wf_live_open(struct wf_live *live, struct wf_error *err)
{
    struct whaleflux_config config = {
        .size = sizeof config, .url = live->url, .data_folder = live->data_folder};
    struct whaleflux_error why;
    if (whaleflux_open(&config, &live->daemon, &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    return WF_OK;
}

void wf_live_close(struct wf_live *live)
{
    whaleflux_close(live->daemon);
    live->daemon = NULL;
}

enum wf_status wf_live_ask(struct wf_live *live, const struct wf_live_request *request,
                           struct whaleflux_answer **answer_out, json_t **tree_out,
                           struct wf_error *err)
{
    struct whaleflux_error why;
    if (whaleflux_ask(live->daemon, request->method, request->path, request->json, answer_out,
                      &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    *tree_out = wf_client_tree(*answer_out);
    return WF_OK;
}

json_t *wf_live_tree(const struct whaleflux_answer *answer)
{
    return wf_client_tree(answer);
}

enum wf_status wf_live_print(const json_t *tree, struct wf_error *err)
{
    char *text = json_dumps(tree, JSON_INDENT(2) | JSON_ENCODE_ANY);
    if (!text) {
        return wf_fail(err, WF_NOMEM, "there is no memory to print the answer");
    }
    puts(text);
    free(text);
    return WF_OK;
}

const char *wf_live_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

int64_t wf_live_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}
