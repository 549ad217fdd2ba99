// SPDX-License-Identifier: Apache-2.0
// What stands between method and version in a request's first line, taken apart: the path's
// segments and the query's parameters, decoded. Strict, so that nothing further in has to doubt
// them: a text is UTF-8 without control characters, a segment has no "/" and is neither "." nor
// "..".
#pragma once

#include <stdint.h>

#include "base/error.h"

#define WF_TARGET_BYTES_MAX 8192
#define WF_TARGET_SEGMENTS_MAX 8
#define WF_TARGET_PARAMETERS_MAX 24

struct wf_target_parameter {
    const char *name;
    const char *value;
};

struct wf_target {
    char text[WF_TARGET_BYTES_MAX + 1]; // what the pointers below point into
    uint32_t segments;
    uint32_t parameters;
    const char *segment[WF_TARGET_SEGMENTS_MAX];
    struct wf_target_parameter parameter[WF_TARGET_PARAMETERS_MAX];
};

// Takes apart length bytes: "/v1/jobs?user=ada&limit=10". Errors: WF_INVALID, when something is
// not as said above, or a parameter stands there twice; WF_LIMIT, when something is too long or
// too much.
enum wf_status wf_target_parse(const char *text, size_t length, struct wf_target *target_out,
                               struct wf_error *err) WF_MUST_USE;

// Returns the value of a parameter, "" if it has none; NULL when it is not there.
const char *wf_target_find(const struct wf_target *target, const char *name);
