// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "client/client.h"

struct whaleflux_answer {
    char *text;
    json_t *tree;
};

enum whaleflux_status wf_client_answer(char *text, struct whaleflux_answer **answer_out,
                                       struct whaleflux_error *err)
{
    json_error_t why;
    struct whaleflux_answer *answer = calloc(1, sizeof *answer);
    json_t *tree = text ? json_loads(text, JSON_DECODE_ANY, &why) : NULL;
    if (!answer || !text) {
        json_decref(tree);
        free(answer);
        free(text);
        return wf_client_no_memory(err);
    }
    if (!tree) {
        free(answer);
        free(text);
        return wf_client_fail(err, WHALEFLUX_FAILED,
                              "what answered is no WhaleFlux: its answer is no JSON (%s)",
                              why.text);
    }
    answer->text = text;
    answer->tree = tree;
    *answer_out = answer;
    return WHALEFLUX_OK;
}

json_t *wf_client_tree(const struct whaleflux_answer *answer)
{
    return answer->tree;
}

void whaleflux_answer_free(struct whaleflux_answer *answer)
{
    if (answer) {
        json_decref(answer->tree);
        free(answer->text);
        free(answer);
    }
}

const char *whaleflux_answer_json(const struct whaleflux_answer *answer)
{
    return answer ? answer->text : NULL;
}

static json_t *find(const struct whaleflux_answer *answer, const char *path)
{
    json_t *at = answer ? answer->tree : NULL;
    while (at && *path) {
        char name[64];
        size_t length = strcspn(path, ".");
        if (length >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        if (json_is_array(at)) {
            char *end;
            unsigned long index = strtoul(name, &end, 10);
            at = length > 0 && *end == '\0' ? json_array_get(at, index) : NULL;
        } else {
            at = json_object_get(at, name);
        }
        path += length + (path[length] == '.');
    }
    return at;
}

const char *whaleflux_answer_text(const struct whaleflux_answer *answer, const char *path)
{
    return json_string_value(find(answer, path));
}

int64_t whaleflux_answer_number(const struct whaleflux_answer *answer, const char *path,
                                int64_t otherwise)
{
    json_t *found = find(answer, path);
    return json_is_integer(found) ? json_integer_value(found) : otherwise;
}

bool whaleflux_answer_flag(const struct whaleflux_answer *answer, const char *path)
{
    return json_is_true(find(answer, path));
}

size_t whaleflux_answer_count(const struct whaleflux_answer *answer, const char *path)
{
    return json_array_size(find(answer, path));
}
