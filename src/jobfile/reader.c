// SPDX-License-Identifier: Apache-2.0
#include "jobfile/reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/nearest.h"
#include "jobfile/spelling.h"
#include "text/decimal.h"
#include "text/lines.h"

enum { FIELDS_MAX = 64, SHOWN = 60 };

enum wf_status wf_job_reader_fail(struct wf_job_reader *reader, enum wf_status status,
                                  const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (reader->length == 0) {
        return wf_fail(reader->err, status, "%s", text);
    }
    return wf_fail(reader->err, status, "%s: %s", reader->path, text);
}

enum wf_status wf_job_reader_no_memory(struct wf_job_reader *reader)
{
    return wf_job_memory_fail(reader->err);
}

// Adds to the path what can stand in it; the rest is a question mark.
static void add_to_path(struct wf_job_reader *reader, const char *text)
{
    for (; *text && reader->length + 1 < sizeof reader->path; text++) {
        bool plain = isalnum((unsigned char)*text) || strchr("_-.[]/", *text);
        reader->path[reader->length++] = '?';
        if (plain) {
            reader->path[reader->length - 1] = *text;
        }
    }
    reader->path[reader->length] = '\0';
}

size_t wf_job_reader_enter(struct wf_job_reader *reader, const char *name)
{
    size_t length = reader->length;
    char shown[SHOWN];
    wf_lines_quote(name, shown, sizeof shown);
    add_to_path(reader, length > 0 ? "." : "");
    add_to_path(reader, shown);
    return length;
}

size_t wf_job_reader_enter_item(struct wf_job_reader *reader, size_t item)
{
    size_t length = reader->length;
    char text[32];
    snprintf(text, sizeof text, "[%zu]", item);
    add_to_path(reader, text);
    return length;
}

void wf_job_reader_leave(struct wf_job_reader *reader, size_t length)
{
    reader->length = length;
    reader->path[length] = '\0';
}

static enum wf_status fail_field(struct wf_job_reader *reader, const char *key,
                                 const struct wf_job_field *fields, uint32_t count)
{
    const char *names[FIELDS_MAX] = {NULL};
    for (uint32_t i = 0; i < count; i++) {
        names[i] = fields[i].name;
    }
    uint32_t near = wf_nearest_name(key, names, count);
    if (near != UINT32_MAX) {
        return wf_job_reader_fail(reader, WF_INVALID, "there is no such field (did you mean '%s'?)",
                                  names[near]);
    }
    char known[400] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < count && length < sizeof known - 40; i++) {
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "",
                                   names[i]);
    }
    return wf_job_reader_fail(reader, WF_INVALID, "there is no such field (there are: %s)", known);
}

enum wf_status wf_job_read_map(struct wf_job_reader *reader, const json_t *value,
                               const struct wf_job_field *fields, uint32_t count)
{
    const char *key;
    json_t *item;
    WF_ASSERT(count <= FIELDS_MAX);
    if (!json_is_object(value)) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be a map, such as {\"%s\": ...}",
                                  fields[0].name);
    }
    json_object_foreach((json_t *)value, key, item)
    {
        size_t length = wf_job_reader_enter(reader, key);
        uint32_t i = 0;
        while (i < count && strcmp(fields[i].name, key) != 0) {
            i++;
        }
        enum wf_status status = WF_OK;
        if (i == count) {
            status = fail_field(reader, key, fields, count);
        } else if (!json_is_null(item)) {
            status = fields[i].take(reader, item);
        }
        if (status != WF_OK) {
            return status;
        }
        wf_job_reader_leave(reader, length);
    }
    return WF_OK;
}

enum wf_status wf_job_read_text(struct wf_job_reader *reader, const json_t *value, size_t bytes_max,
                                const char *limit, const char **out)
{
    const char *text = json_string_value(value);
    if (!text) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be a text");
    }
    size_t length = json_string_length(value);
    if (length > bytes_max) {
        return wf_job_reader_fail(reader, WF_LIMIT,
                                  "is %zu bytes long, more than %zu, the limit %s", length,
                                  bytes_max, limit);
    }
    if (strlen(text) != length) {
        return wf_job_reader_fail(reader, WF_INVALID, "has a zero byte in it");
    }
    *out = wf_job_memory_copy(reader->document->memory, text, length);
    if (!*out) {
        wf_job_reader_no_memory(reader);
        return WF_NOMEM;
    }
    return WF_OK;
}

enum wf_status wf_job_read_name(struct wf_job_reader *reader, const json_t *value, const char **out)
{
    enum wf_status status =
        wf_job_read_text(reader, value, WF_JOB_NAME_BYTES_MAX, "WF_JOB_NAME_BYTES_MAX", out);
    if (status != WF_OK) {
        return status;
    }
    if (!isalnum((unsigned char)(*out)[0]) && (*out)[0] != '_') {
        return wf_job_reader_fail(reader, WF_INVALID, "must begin with a letter, a digit or '_'");
    }
    for (const char *at = *out; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("_-.", *at)) {
            return wf_job_reader_fail(reader, WF_INVALID,
                                      "may have letters, digits, '_', '-' and '.' only");
        }
    }
    return WF_OK;
}

enum wf_status wf_job_read_path(struct wf_job_reader *reader, const json_t *value, const char **out)
{
    enum wf_status status =
        wf_job_read_text(reader, value, WF_JOB_PATH_BYTES_MAX, "WF_JOB_PATH_BYTES_MAX", out);
    if (status == WF_OK && (*out)[0] != '/') {
        return wf_job_reader_fail(reader, WF_INVALID, "must be absolute: begin with '/'");
    }
    return status;
}

enum wf_status wf_job_read_flag(struct wf_job_reader *reader, const json_t *value, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    const char *text = json_string_value(value);
    if (json_is_boolean(value)) {
        *out = json_is_true(value);
        return WF_OK;
    }
    for (size_t i = 0; text && i < WF_COUNT_OF(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return WF_OK;
        }
    }
    return wf_job_reader_fail(reader, WF_INVALID, "must be true or false");
}

static enum wf_status check_range(struct wf_job_reader *reader, int64_t number,
                                  struct wf_job_range range, const char *unit)
{
    if (number < range.min) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be at least %lld%s",
                                  (long long)range.min, unit);
    }
    if (number > range.max) {
        return wf_job_reader_fail(reader, WF_LIMIT, "is %lld%s, more than %lld%s%s",
                                  (long long)number, unit, (long long)range.max,
                                  range.limit ? ", the limit " : "",
                                  range.limit ? range.limit : "");
    }
    return WF_OK;
}

enum wf_status wf_job_read_number(struct wf_job_reader *reader, const json_t *value,
                                  struct wf_job_range range, int64_t *out)
{
    const char *text = json_string_value(value);
    int64_t number = json_integer_value(value);
    bool minus = text && text[0] == '-';
    enum wf_decimal read =
        text ? wf_decimal_read(text + minus, 0, INT64_MAX - 1, &number) : WF_DECIMAL_READ;
    if ((!text && !json_is_integer(value)) || read == WF_DECIMAL_WRONG ||
        read == WF_DECIMAL_NEGATIVE) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be a whole number");
    }
    number = read == WF_DECIMAL_TOO_LARGE ? INT64_MAX : number;
    *out = minus ? -number : number;
    return check_range(reader, *out, range, "");
}

enum wf_status wf_job_read_milli(struct wf_job_reader *reader, const json_t *value,
                                 struct wf_job_range range, int64_t *out)
{
    enum wf_decimal read = WF_DECIMAL_WRONG;
    *out = 0;
    if (json_is_string(value)) {
        read = wf_decimal_read(json_string_value(value), 3, INT64_MAX / 2, out);
    } else if (json_is_number(value)) {
        double number = json_number_value(value);
        read = number < 0 ? WF_DECIMAL_NEGATIVE : WF_DECIMAL_READ;
        *out = number < 0 || number > 1e12 ? INT64_MAX / 2 : (int64_t)(number * 1000 + 0.5);
    }
    if (read == WF_DECIMAL_WRONG || read == WF_DECIMAL_NEGATIVE || *out < range.min) {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must be a number such as 4 or 0.5, at least 0.%03lld",
                                  (long long)range.min);
    }
    if (read == WF_DECIMAL_TOO_LARGE || *out > range.max) {
        return wf_job_reader_fail(reader, WF_LIMIT, "is more than %lld, the limit %s",
                                  (long long)range.max / 1000, range.limit);
    }
    return WF_OK;
}

enum wf_status wf_job_read_span(struct wf_job_reader *reader, const json_t *value,
                                struct wf_job_range range, int64_t *out)
{
    const char *text = json_string_value(value);
    *out = json_integer_value(value);
    if (!json_is_integer(value) && (!text || !wf_job_span_read(text, out))) {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must be a time such as '1h30m', '90s' or '2d', or milliseconds");
    }
    return check_range(reader, *out, range, " ms");
}

enum wf_status wf_job_read_time(struct wf_job_reader *reader, const json_t *value, int64_t *out)
{
    const char *text = json_string_value(value);
    *out = json_integer_value(value);
    if (!json_is_integer(value) && (!text || !wf_job_time_read(text, out))) {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must be a time such as '2026-08-23T10:00:00Z', or milliseconds "
                                  "since 1970");
    }
    return check_range(reader, *out, (struct wf_job_range){1, WF_TIME_MS_MAX, "WF_TIME_MS_MAX"},
                       " ms");
}

enum wf_status wf_job_read_bytes(struct wf_job_reader *reader, const json_t *value,
                                 struct wf_job_range range, int64_t *out)
{
    const char *text = json_string_value(value);
    *out = json_integer_value(value);
    if (!json_is_integer(value) && (!text || !wf_job_bytes_read(text, out))) {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must be a size such as '8GiB' or '512MiB', or bytes");
    }
    return check_range(reader, *out, range, " bytes");
}

enum wf_status wf_job_read_word(struct wf_job_reader *reader, const json_t *value,
                                const char *const *words, uint32_t count, uint32_t *out)
{
    const char *text = json_string_value(value);
    char all[200] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (text && strcmp(text, words[i]) == 0) {
            *out = i;
            return WF_OK;
        }
        if (length < sizeof all) {
            length += (size_t)snprintf(all + length, sizeof all - length, "%s'%s'",
                                       i == 0           ? ""
                                       : i + 1 == count ? " or "
                                                        : ", ",
                                       words[i]);
        }
    }
    return wf_job_reader_fail(reader, WF_INVALID, "must be %s", all);
}
