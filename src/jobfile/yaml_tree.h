// SPDX-License-Identifier: Apache-2.0
// YAML as trees of JSON, so that both are read by the same code. A plain word is a number where it
// is a whole one as JSON writes it, a truth where it is true or false, nothing where it is null or
// ~; all else is text, as it stands ("0.50", "007", "1e3", "yes").
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

#define WF_YAML_NODES_MAX 100000 // values in a file, those that an alias repeats counted again
#define WF_YAML_DEPTH_MAX 64     // lists and maps within each other

// Reads all documents of a text as a list. The caller frees *all_out with json_decref. Errors (the
// sentence begins with the line): WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_yaml_trees(const char *text, size_t length, json_t **all_out,
                             struct wf_error *err) WF_MUST_USE;
