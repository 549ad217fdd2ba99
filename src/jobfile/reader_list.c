// SPDX-License-Identifier: Apache-2.0
// Lists of texts: commands, labels, environments.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobfile/reader.h"

static enum wf_status read_item(struct wf_job_reader *reader, const json_t *item,
                                const struct wf_job_list_limits *limits, const char **out,
                                size_t *bytes)
{
    enum wf_status status =
        wf_job_read_text(reader, item, limits->item_bytes_max, limits->item_limit, out);
    *bytes += status == WF_OK ? strlen(*out) + 1 : 0;
    return status;
}

static enum wf_status fail_bytes(struct wf_job_reader *reader,
                                 const struct wf_job_list_limits *limits)
{
    return wf_job_reader_fail(reader, WF_LIMIT, "comes to more than %zu bytes, the limit %s",
                              limits->bytes_max, limits->bytes_limit);
}

static enum wf_status fail_count(struct wf_job_reader *reader, size_t count,
                                 const struct wf_job_list_limits *limits)
{
    return wf_job_reader_fail(reader, WF_LIMIT, "has %zu items, more than %zu, the limit %s", count,
                              limits->count_max, limits->count_limit);
}

enum wf_status wf_job_read_list(struct wf_job_reader *reader, const json_t *value,
                                const struct wf_job_list_limits *limits, wf_job_texts *out,
                                uint32_t *count_out)
{
    size_t count = json_array_size(value);
    size_t bytes = 0;
    if (!json_is_array(value)) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be a list of texts");
    }
    if (count > limits->count_max) {
        return fail_count(reader, count, limits);
    }
    const char **list = wf_job_memory_take(reader->document->memory, (count + 1) * sizeof *list);
    if (!list) {
        return wf_job_reader_no_memory(reader);
    }
    for (size_t i = 0; i < count; i++) {
        size_t length = wf_job_reader_enter_item(reader, i);
        enum wf_status status =
            read_item(reader, json_array_get(value, i), limits, &list[i], &bytes);
        if (status != WF_OK) {
            return status;
        }
        wf_job_reader_leave(reader, length);
    }
    if (bytes > limits->bytes_max) {
        return fail_bytes(reader, limits);
    }
    *out = list;
    *count_out = (uint32_t)count;
    return WF_OK;
}

// A number is its digits, so that PORT: 8080 needs no quotes.
static enum wf_status print_value(struct wf_job_reader *reader, const json_t *value,
                                  const char *name, const char **out)
{
    struct wf_job_memory *memory = reader->document->memory;
    if (json_is_string(value)) {
        if (strlen(json_string_value(value)) != json_string_length(value)) {
            return wf_job_reader_fail(reader, WF_INVALID, "has a zero byte in it");
        }
        *out = wf_job_memory_print(memory, "%s=%s", name, json_string_value(value));
    } else if (json_is_integer(value)) {
        *out = wf_job_memory_print(memory, "%s=%lld", name, (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        *out = wf_job_memory_print(memory, "%s=%.15g", name, json_real_value(value));
    } else if (json_is_boolean(value)) {
        *out = wf_job_memory_print(memory, "%s=%s", name, json_is_true(value) ? "true" : "false");
    } else if (json_is_null(value)) {
        *out = wf_job_memory_print(memory, "%s=", name);
    } else {
        return wf_job_reader_fail(reader, WF_INVALID, "must be a text or a number");
    }
    if (!*out) {
        wf_job_reader_no_memory(reader);
        return WF_NOMEM;
    }
    return WF_OK;
}

static enum wf_status read_variable(struct wf_job_reader *reader, const char *name,
                                    const json_t *value, const char **out)
{
    bool plain = isalpha((unsigned char)name[0]) || name[0] == '_';
    for (const char *at = name; *at; at++) {
        plain = plain && (isalnum((unsigned char)*at) || strchr("_-.", *at));
    }
    if (!plain) {
        return wf_job_reader_fail(
            reader, WF_INVALID,
            "is no name of a variable: letters, digits and '_', not a digit first");
    }
    enum wf_status status = print_value(reader, value, name, out);
    if (status == WF_OK && strlen(*out) > WF_JOB_ARGUMENT_BYTES_MAX) {
        return wf_job_reader_fail(reader, WF_LIMIT,
                                  "is %zu bytes long with its name, more than %d, the limit "
                                  "WF_JOB_ARGUMENT_BYTES_MAX",
                                  strlen(*out), WF_JOB_ARGUMENT_BYTES_MAX);
    }
    return status;
}

static int compare(const void *a, const void *b)
{
    const char *const *first = a;
    const char *const *second = b;
    return strcmp(*first, *second);
}

enum wf_status wf_job_read_environment(struct wf_job_reader *reader, const json_t *value,
                                       wf_job_texts *out, uint32_t *count_out)
{
    static const struct wf_job_list_limits limits = {
        .count_max = WF_JOB_VARIABLES_MAX,
        .count_limit = "WF_JOB_VARIABLES_MAX",
        .bytes_max = WF_JOB_VARIABLES_BYTES_MAX,
        .bytes_limit = "WF_JOB_VARIABLES_BYTES_MAX",
    };
    const char *key;
    json_t *item;
    size_t count = json_object_size(value);
    size_t bytes = 0;
    uint32_t i = 0;
    if (!json_is_object(value)) {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must be a map, such as {\"NAME\": \"value\"}");
    }
    if (count > limits.count_max) {
        return fail_count(reader, count, &limits);
    }
    const char **list = wf_job_memory_take(reader->document->memory, (count + 1) * sizeof *list);
    if (!list) {
        return wf_job_reader_no_memory(reader);
    }
    json_object_foreach((json_t *)value, key, item)
    {
        size_t length = wf_job_reader_enter(reader, key);
        enum wf_status status = read_variable(reader, key, item, &list[i]);
        if (status != WF_OK) {
            return status;
        }
        bytes += strlen(list[i++]) + 1;
        wf_job_reader_leave(reader, length);
    }
    if (bytes > limits.bytes_max) {
        return fail_bytes(reader, &limits);
    }
    qsort(list, count, sizeof *list, compare);
    *out = list;
    *count_out = (uint32_t)count;
    return WF_OK;
}

enum wf_status wf_job_read_command(struct wf_job_reader *reader, const json_t *value,
                                   wf_job_texts *out, uint32_t *count_out)
{
    static const struct wf_job_list_limits limits = {
        .count_max = WF_JOB_ARGUMENTS_MAX,
        .count_limit = "WF_JOB_ARGUMENTS_MAX",
        .item_bytes_max = WF_JOB_ARGUMENT_BYTES_MAX,
        .item_limit = "WF_JOB_ARGUMENT_BYTES_MAX",
        .bytes_max = WF_JOB_COMMAND_BYTES_MAX,
        .bytes_limit = "WF_JOB_COMMAND_BYTES_MAX",
    };
    if (!json_is_string(value)) {
        return wf_job_read_list(reader, value, &limits, out, count_out);
    }
    const char **list = wf_job_memory_take(reader->document->memory, 4 * sizeof *list);
    if (!list) {
        return wf_job_reader_no_memory(reader);
    }
    list[0] = "/bin/sh";
    list[1] = "-c";
    *out = list;
    *count_out = 3;
    return wf_job_read_text(reader, value, WF_JOB_ARGUMENT_BYTES_MAX, "WF_JOB_ARGUMENT_BYTES_MAX",
                            &list[2]);
}
