// SPDX-License-Identifier: Apache-2.0
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "sim/spot/spot_trace_parts.h"

enum { TICK_S_MAX = 86400 };

// jansson does not say where a value stood: its line is found again by counting commas.
static uint32_t line_of(const char *text, size_t index)
{
    const char *data = strstr(text, "\"data\"");
    const char *at = data ? strchr(data, '[') : NULL;
    uint32_t line = 1;
    bool quoted = false;
    for (const char *c = text; at && c <= at; c++) {
        line += *c == '\n';
    }
    for (at = at ? at + 1 : ""; *at && index > 0; at++) {
        quoted = *at == '"' ? !quoted : quoted;
        index -= *at == ',' && !quoted;
        line += *at == '\n';
    }
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') {
        line += *at++ == '\n';
    }
    return line;
}

static enum wf_status read_tick(const char *name, json_t *root, struct wf_spot_trace *trace,
                                struct wf_error *err)
{
    json_t *gap = json_object_get(json_object_get(root, "metadata"), "gap_seconds");
    if (!json_is_integer(gap) || json_integer_value(gap) < 1 ||
        json_integer_value(gap) > TICK_S_MAX) {
        return wf_fail(err, WF_INVALID,
                       "%s: line 1: metadata.gap_seconds is %s, it must be whole seconds from 1 to "
                       "%d",
                       name, gap ? "something else" : "missing", TICK_S_MAX);
    }
    trace->tick_s = (uint32_t)json_integer_value(gap);
    return WF_OK;
}

static enum wf_status fail_count(const char *name, const char *text, json_t *value, size_t index,
                                 struct wf_error *err)
{
    char what[64] = "no whole number";
    if (json_is_null(value)) {
        snprintf(what, sizeof what, "null: a gap, of which nothing is known");
    } else if (json_is_string(value)) {
        snprintf(what, sizeof what, "text ('%.20s')", json_string_value(value));
    } else if (json_is_real(value)) {
        snprintf(what, sizeof what, "%g, no whole number", json_real_value(value));
    } else if (json_is_integer(value)) {
        snprintf(what, sizeof what, "%lld", (long long)json_integer_value(value));
    }
    return wf_fail(err, WF_INVALID,
                   "%s: line %u: data[%zu] is %s; it must be a number of machines, 0 to %d", name,
                   line_of(text, index), index, what, WF_SPOT_COUNT_MAX);
}

static enum wf_status read_counts(const char *name, const char *text, json_t *root,
                                  struct wf_spot_trace *trace, struct wf_error *err)
{
    json_t *data = json_object_get(root, "data");
    enum wf_status status = WF_OK;
    if (!json_is_array(data) || json_array_size(data) == 0) {
        return wf_fail(err, WF_INVALID, "%s: line 1: data is not a list of counts", name);
    }
    for (size_t i = 0; i < json_array_size(data) && status == WF_OK; i++) {
        json_t *value = json_array_get(data, i);
        json_int_t count = json_is_integer(value) ? json_integer_value(value) : -1;
        status = count < 0 || count > WF_SPOT_COUNT_MAX
                     ? fail_count(name, text, value, i, err)
                     : wf_spot_trace_add(name, trace, (uint32_t)count, err);
    }
    return status;
}

enum wf_status wf_spot_trace_json(const char *name, const char *text, struct wf_spot_trace *trace,
                                  struct wf_error *err)
{
    json_error_t problem;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    if (!root) {
        return wf_fail(err, WF_INVALID, "%s: line %d: %s", name, problem.line, problem.text);
    }
    enum wf_status status = read_tick(name, root, trace, err);
    status = status == WF_OK ? read_counts(name, text, root, trace, err) : status;
    json_decref(root);
    return status;
}
