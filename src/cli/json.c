// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"

#include <stdio.h>
#include <stdlib.h>

void wf_json_set(struct wf_json *json, json_t *object, const char *name, json_t *value)
{
    json->failed |= json_object_set_new(object, name, value) != 0;
}

void wf_json_append(struct wf_json *json, json_t *array, json_t *value)
{
    json->failed |= json_array_append_new(array, value) != 0;
}

enum wf_status wf_json_print(struct wf_json *json, json_t *root, struct wf_error *err)
{
    char *text = json->failed ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    json_decref(root);
    if (!text) {
        return wf_fail(err, WF_NOMEM, "the results cannot be written as JSON");
    }
    puts(text);
    free(text);
    return WF_OK;
}
