// SPDX-License-Identifier: Apache-2.0
#include "text/csv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "text/lines.h"

enum { QUOTE_SHOWN = 48 };

struct wf_csv {
    struct wf_lines *lines;
    const struct wf_csv_column *columns;
    uint32_t column_count;
    uint32_t field_of[WF_CSV_COLUMNS_MAX]; // UINT32_MAX: not in this file
    uint32_t header_fields;
    uint32_t field_count;
    char *fields[WF_CSV_FIELDS_MAX];
};

// About a place in the line that no column is known for: columns are counted from 1.
static enum wf_status fail_line(const struct wf_csv *csv, uint32_t column, struct wf_error *err,
                                enum wf_status status, const char *text)
{
    uint64_t line = wf_csv_line(csv);
    return wf_fail(err, status, "%s, line %llu, column %u: %s", wf_lines_path(csv->lines),
                   (unsigned long long)(line ? line : 1), column, text);
}

enum wf_status wf_csv_fail_at(const struct wf_csv *csv, uint64_t line, uint32_t column,
                              struct wf_error *err, const char *text)
{
    return wf_fail(err, WF_INVALID, "%s, line %llu, column '%s': %s", wf_lines_path(csv->lines),
                   (unsigned long long)line, csv->columns[column].name, text);
}

enum wf_status wf_csv_fail(const struct wf_csv *csv, uint32_t column, struct wf_error *err,
                           enum wf_status status, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    wf_csv_fail_at(csv, wf_csv_line(csv), column, err, text);
    if (err) {
        err->status = status;
    }
    return status;
}

static enum wf_status next_line(struct wf_csv *csv, char **line_out, size_t *length_out,
                                struct wf_error *err)
{
    enum wf_status status = wf_lines_next(csv->lines, line_out, length_out, err);
    if (status != WF_OK) {
        status =
            wf_error_prefix(err, status, "%s, line %llu, column %u: ", wf_lines_path(csv->lines),
                            (unsigned long long)wf_csv_line(csv), wf_lines_field(csv->lines, ','));
    }
    return status;
}

// Takes one field, in quotes or not, from *at; leaves *at past its comma, or NULL after the last.
static const char *take_field(char **at, char **field_out)
{
    char *from = *at;
    char *to = from;
    *field_out = from;
    if (*from != '"') {
        char *comma = strchr(from, ',');
        if (comma) {
            *comma = '\0';
        }
        *at = comma ? comma + 1 : NULL;
        return NULL;
    }
    for (from++; *from; from++) {
        if (*from == '"' && from[1] != '"') {
            break;
        }
        from += *from == '"';
        *to++ = *from;
    }
    if (*from != '"') {
        return "the quoted field does not end on its line";
    }
    if (from[1] != ',' && from[1] != '\0') {
        return "something follows the closing quote of the field";
    }
    *at = from[1] ? from + 2 : NULL;
    *to = '\0';
    return NULL;
}

static enum wf_status split(struct wf_csv *csv, char *line, size_t length, struct wf_error *err)
{
    const char *zero = memchr(line, '\0', length);
    csv->field_count = 0;
    for (char *at = line; at;) {
        if (csv->field_count == WF_CSV_FIELDS_MAX) {
            char text[64];
            snprintf(text, sizeof text, "the line has more than %d fields", WF_CSV_FIELDS_MAX);
            return fail_line(csv, csv->field_count + 1, err, WF_LIMIT, text);
        }
        char *field_start = at;
        const char *wrong = take_field(&at, &csv->fields[csv->field_count++]);
        if (zero && field_start + strlen(field_start) == zero) {
            wrong = "the field holds a zero byte, this is no text file";
        }
        if (wrong) {
            return fail_line(csv, csv->field_count, err, WF_INVALID, wrong);
        }
    }
    return WF_OK;
}

static enum wf_status find_columns(struct wf_csv *csv, struct wf_error *err)
{
    for (uint32_t column = 0; column < csv->column_count; column++) {
        csv->field_of[column] = UINT32_MAX;
        for (uint32_t field = 0; field < csv->field_count; field++) {
            if (strcmp(csv->fields[field], csv->columns[column].name) != 0) {
                continue;
            }
            if (csv->field_of[column] != UINT32_MAX) {
                return wf_csv_fail(csv, column, err, WF_INVALID, "the column is there twice");
            }
            csv->field_of[column] = field;
        }
        if (csv->field_of[column] == UINT32_MAX && !csv->columns[column].optional) {
            return wf_csv_fail(csv, column, err, WF_INVALID, "the column is missing");
        }
    }
    csv->header_fields = csv->field_count;
    return WF_OK;
}

static enum wf_status read_header(struct wf_csv *csv, struct wf_error *err)
{
    char *line;
    size_t length = 0;
    enum wf_status status = next_line(csv, &line, &length, err);
    if (status != WF_OK) {
        return status;
    }
    if (!line) {
        return fail_line(csv, 1, err, WF_INVALID, "the file is empty");
    }
    status = split(csv, line, length, err);
    return status == WF_OK ? find_columns(csv, err) : status;
}

enum wf_status wf_csv_open(const char *path, const struct wf_csv_column *columns, uint32_t count,
                           struct wf_csv **csv_out, struct wf_error *err)
{
    WF_ASSERT(count <= WF_CSV_COLUMNS_MAX);
    struct wf_csv *csv = calloc(1, sizeof *csv);
    if (!csv) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    }
    csv->columns = columns;
    csv->column_count = count;
    enum wf_status status = wf_lines_open(path, WF_CSV_LINE_BYTES_MAX, &csv->lines, err);
    if (status == WF_OK) {
        status = read_header(csv, err);
    }
    if (status != WF_OK) {
        wf_csv_close(csv);
        return status;
    }
    *csv_out = csv;
    return WF_OK;
}

void wf_csv_close(struct wf_csv *csv)
{
    if (csv) {
        wf_lines_close(csv->lines);
        free(csv);
    }
}

enum wf_status wf_csv_next(struct wf_csv *csv, bool *row_out, struct wf_error *err)
{
    char *line;
    size_t length = 0;
    enum wf_status status = next_line(csv, &line, &length, err);
    *row_out = status == WF_OK && line;
    if (!*row_out) {
        return status;
    }
    status = split(csv, line, length, err);
    if (status == WF_OK && csv->field_count != csv->header_fields) {
        char text[80];
        snprintf(text, sizeof text, "the line has %u fields, the header has %u", csv->field_count,
                 csv->header_fields);
        uint32_t fewer =
            csv->field_count < csv->header_fields ? csv->field_count : csv->header_fields;
        status = fail_line(csv, fewer + 1, err, WF_INVALID, text);
    }
    return status;
}

uint64_t wf_csv_line(const struct wf_csv *csv)
{
    return wf_lines_number(csv->lines);
}

const char *wf_csv_text(const struct wf_csv *csv, uint32_t column)
{
    uint32_t field = csv->field_of[column];
    return field == UINT32_MAX ? "" : csv->fields[field];
}

enum wf_status wf_csv_number(const struct wf_csv *csv, uint32_t column, struct wf_csv_range range,
                             int64_t *number_out, struct wf_error *err)
{
    const char *text = wf_csv_text(csv, column);
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(text, quoted, sizeof quoted);
    bool negative = text[0] == '-';
    const char *digits = text + negative;
    int64_t number = 0;
    bool past = false;
    uint32_t length = 0;
    for (; digits[length] >= '0' && digits[length] <= '9'; length++) {
        past = past || __builtin_mul_overflow(number, 10, &number) ||
               __builtin_add_overflow(number, digits[length] - '0', &number);
    }
    if (text[0] == '\0') {
        return wf_csv_fail(csv, column, err, WF_INVALID, "the number is missing");
    }
    if (length == 0 || digits[length] != '\0') {
        return wf_csv_fail(csv, column, err, WF_INVALID, "'%s' is not a whole number", quoted);
    }
    if (negative) {
        return wf_csv_fail(csv, column, err, WF_INVALID, "%s is negative", quoted);
    }
    if (past || number > range.max) {
        return wf_csv_fail(csv, column, err, WF_LIMIT, "%s is more than %lld%s%s", quoted,
                           (long long)range.max, range.limit ? ", the limit " : "",
                           range.limit ? range.limit : "");
    }
    *number_out = number;
    return WF_OK;
}
