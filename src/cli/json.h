// SPDX-License-Identifier: Apache-2.0
// JSON that is made whole in memory before the first byte is printed.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

// Remembers whether anything failed, so that the parts need no checks of their own: jansson takes a
// NULL for a value and returns an error, which is kept here.
struct wf_json {
    bool failed;
};

// Each takes the value over.
void wf_json_set(struct wf_json *json, json_t *object, const char *name, json_t *value);
void wf_json_append(struct wf_json *json, json_t *array, json_t *value);

// Prints root to stdout and takes it over. Errors: WF_NOMEM, when anything failed.
enum wf_status wf_json_print(struct wf_json *json, json_t *root, struct wf_error *err) WF_MUST_USE;
