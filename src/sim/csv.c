// SPDX-License-Identifier: Apache-2.0
#include "sim/csv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/assert.h"

enum {
    BUFFER_BYTES = WF_CSV_LINE_BYTES_MAX + 2, // a line and its CRLF
    PATH_SHOWN = 160,
    QUOTE_SHOWN = 48,
};

struct wf_csv {
    gzFile file;
    char path[PATH_SHOWN + 4]; // as sentences show it
    uint64_t line;
    const struct wf_csv_column *columns;
    uint32_t column_count;
    uint32_t field_of[WF_CSV_COLUMNS_MAX]; // UINT32_MAX: not in this file
    uint32_t header_fields;
    uint32_t field_count;
    char *fields[WF_CSV_FIELDS_MAX];
    uint32_t start, end; // what is read but not used yet
    bool ended;
    char buffer[BUFFER_BYTES + 1];
};

void wf_csv_quote(const char *text, char *quoted_out, uint32_t size)
{
    uint32_t length = 0;
    for (; text[length] && length + 1 < size; length++) {
        unsigned char letter = (unsigned char)text[length];
        quoted_out[length] = '?';
        if (letter >= 0x20 && letter < 0x7f) {
            quoted_out[length] = text[length];
        }
    }
    if (text[length] && length >= 3) {
        memcpy(quoted_out + length - 3, "...", 3);
    }
    quoted_out[length] = '\0';
}

// About a place in the line that no column is known for: columns are counted from 1.
static enum wf_status fail_line(const struct wf_csv *csv, uint32_t column, struct wf_error *err,
                                enum wf_status status, const char *text)
{
    return wf_fail(err, status, "%s, line %llu, column %u: %s", csv->path,
                   (unsigned long long)csv->line, column, text);
}

enum wf_status wf_csv_fail_at(const struct wf_csv *csv, uint64_t line, uint32_t column,
                              struct wf_error *err, const char *text)
{
    return wf_fail(err, WF_INVALID, "%s, line %llu, column '%s': %s", csv->path,
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
    wf_csv_fail_at(csv, csv->line, column, err, text);
    if (err) {
        err->status = status;
    }
    return status;
}

// In which field, from 1, the first length bytes of what is read but not used yet end.
static uint32_t column_at(const struct wf_csv *csv, uint32_t length)
{
    uint32_t column = 1;
    for (uint32_t i = 0; i < length; i++) {
        column =
            csv->buffer[csv->start + i] == '\n' ? 1 : column + (csv->buffer[csv->start + i] == ',');
    }
    return column;
}

// Names the place at which reading stopped, which may be some lines past the current one.
static enum wf_status fail_read(struct wf_csv *csv, int code, struct wf_error *err)
{
    const char *reason = code == Z_ERRNO ? strerror(errno) : "reading failed";
    for (uint32_t i = csv->start; i < csv->end; i++) {
        csv->line += csv->buffer[i] == '\n';
    }
    uint32_t column = column_at(csv, csv->end - csv->start);
    if (code == Z_BUF_ERROR) {
        return fail_line(csv, column, err, WF_INVALID,
                         "the gzip data stops before its end, the file is truncated");
    }
    if (code == Z_DATA_ERROR) {
        return fail_line(csv, column, err, WF_INVALID, "the gzip data is damaged");
    }
    return fail_line(csv, column, err, WF_IO, reason);
}

// Reads until the buffer is full or the file ends.
static enum wf_status fill(struct wf_csv *csv, struct wf_error *err)
{
    memmove(csv->buffer, csv->buffer + csv->start, csv->end - csv->start);
    csv->end -= csv->start;
    csv->start = 0;
    while (!csv->ended && csv->end < BUFFER_BYTES) {
        int length = gzread(csv->file, csv->buffer + csv->end, BUFFER_BYTES - csv->end);
        int code = Z_OK;
        gzerror(csv->file, &code);
        if (length > 0) {
            csv->end += (uint32_t)length;
        }
        csv->ended = length <= 0;
        if (length < 0 || (csv->ended && code != Z_OK && code != Z_STREAM_END)) {
            return fail_read(csv, code, err);
        }
    }
    return WF_OK;
}

// Finds the next line that is not empty; *line_out is NULL at the end. It ends with a zero.
static enum wf_status next_line(struct wf_csv *csv, char **line_out, uint32_t *length_out,
                                struct wf_error *err)
{
    *line_out = NULL;
    for (;;) {
        csv->line++;
        char *line = csv->buffer + csv->start;
        char *newline = memchr(line, '\n', csv->end - csv->start);
        if (!newline) {
            enum wf_status status = fill(csv, err);
            if (status != WF_OK) {
                return status;
            }
            line = csv->buffer;
            newline = memchr(line, '\n', csv->end);
        }
        if (!newline && csv->end == 0) {
            csv->line--; // what is said at the end is said about the last line
            return WF_OK;
        }
        uint32_t length = newline ? (uint32_t)(newline - line) : csv->end - csv->start;
        uint32_t used = length + (newline ? 1 : 0);
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        if (length > WF_CSV_LINE_BYTES_MAX) {
            char text[64];
            snprintf(text, sizeof text, "the line is longer than %d bytes", WF_CSV_LINE_BYTES_MAX);
            return fail_line(csv, column_at(csv, length), err, WF_LIMIT, text);
        }
        csv->start += used;
        line[length] = '\0';
        if (length > 0) {
            *line_out = line;
            *length_out = length;
            return WF_OK;
        }
    }
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

static enum wf_status split(struct wf_csv *csv, char *line, uint32_t length, struct wf_error *err)
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
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    enum wf_status status = fill(csv, err);
    if (status != WF_OK) {
        return status;
    }
    if (csv->end >= 3 && memcmp(csv->buffer, byte_order_mark, 3) == 0) {
        csv->start = 3;
    }
    char *line;
    uint32_t length = 0;
    csv->line = 0;
    status = next_line(csv, &line, &length, err);
    if (status != WF_OK) {
        return status;
    }
    if (!line) {
        csv->line = 1;
        return fail_line(csv, 1, err, WF_INVALID, "the file is empty");
    }
    status = split(csv, line, length, err);
    return status == WF_OK ? find_columns(csv, err) : status;
}

static void keep_path(struct wf_csv *csv, const char *path)
{
    size_t length = strlen(path);
    const char *tail = length > PATH_SHOWN ? path + length - PATH_SHOWN : path;
    char shown[PATH_SHOWN + 1];
    wf_csv_quote(tail, shown, sizeof shown);
    snprintf(csv->path, sizeof csv->path, "%s%s", tail == path ? "" : "...", shown);
}

enum wf_status wf_csv_open(const char *path, const struct wf_csv_column *columns, uint32_t count,
                           struct wf_csv **csv_out, struct wf_error *err)
{
    WF_ASSERT(count <= WF_CSV_COLUMNS_MAX);
    struct wf_csv *csv = calloc(1, sizeof *csv);
    if (!csv) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    }
    keep_path(csv, path);
    csv->columns = columns;
    csv->column_count = count;
    csv->line = 1;
    errno = 0;
    csv->file = gzopen(path, "rb");
    enum wf_status status;
    if (!csv->file) {
        status = wf_fail(err, WF_IO, "%s cannot be opened: %s", csv->path,
                         errno ? strerror(errno) : "out of memory");
    } else {
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
        if (csv->file) {
            gzclose(csv->file);
        }
        free(csv);
    }
}

enum wf_status wf_csv_next(struct wf_csv *csv, bool *row_out, struct wf_error *err)
{
    char *line;
    uint32_t length = 0;
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
    return csv->line;
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
