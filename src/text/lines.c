// SPDX-License-Identifier: Apache-2.0
#include "text/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PATH_SHOWN = 160 };

struct wf_lines {
    gzFile file;                   // NULL: from the source
    struct wf_lines_source source; // all NULL: from the file
    char path[PATH_SHOWN + 4];     // as sentences show it
    uint64_t number;
    uint32_t bytes_max;
    uint32_t buffer_bytes; // a line and its CRLF
    uint32_t start, end;   // what is read but not used yet
    uint32_t stopped;      // of it, what the last failure is about
    bool begun, ended;
    char *buffer; // one byte more, for a zero
};

void wf_lines_quote(const char *text, char *quoted_out, uint32_t size)
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

uint32_t wf_lines_field(const struct wf_lines *lines, char separator)
{
    uint32_t field = 1;
    for (uint32_t i = 0; i < lines->stopped; i++) {
        char letter = lines->buffer[lines->start + i];
        field = letter == '\n' ? 1 : field + (letter == separator);
    }
    return field;
}

// Names the place at which reading stopped, which may be some lines past the current one.
static enum wf_status fail_read(struct wf_lines *lines, int code, struct wf_error *err)
{
    const char *reason = code == Z_ERRNO ? strerror(errno) : "reading failed";
    for (uint32_t i = lines->start; i < lines->end; i++) {
        lines->number += lines->buffer[i] == '\n';
    }
    lines->stopped = lines->end - lines->start;
    if (code == Z_BUF_ERROR) {
        return wf_fail(err, WF_INVALID,
                       "the gzip data stops before its end, the file is truncated");
    }
    if (code == Z_DATA_ERROR) {
        return wf_fail(err, WF_INVALID, "the gzip data is damaged");
    }
    return wf_fail(err, WF_IO, "%s", reason);
}

static enum wf_status read_source(struct wf_lines *lines, struct wf_error *err)
{
    size_t length = 0;
    enum wf_status status = lines->source.read(lines->source.context, lines->buffer + lines->end,
                                               lines->buffer_bytes - lines->end, &length, err);
    lines->end += (uint32_t)length;
    lines->ended = status != WF_OK || length == 0;
    lines->stopped = status != WF_OK ? lines->end - lines->start : 0;
    return status;
}

static enum wf_status read_file(struct wf_lines *lines, struct wf_error *err)
{
    int length = gzread(lines->file, lines->buffer + lines->end, lines->buffer_bytes - lines->end);
    int code = Z_OK;
    gzerror(lines->file, &code);
    if (length > 0) {
        lines->end += (uint32_t)length;
    }
    lines->ended = length <= 0;
    if (length < 0 || (lines->ended && code != Z_OK && code != Z_STREAM_END)) {
        return fail_read(lines, code, err);
    }
    return WF_OK;
}

// Reads until the buffer is full or the file ends.
static enum wf_status fill(struct wf_lines *lines, struct wf_error *err)
{
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
    enum wf_status status = WF_OK;
    while (status == WF_OK && !lines->ended && lines->end < lines->buffer_bytes) {
        status = lines->file ? read_file(lines, err) : read_source(lines, err);
    }
    return status;
}

static enum wf_status begin(struct wf_lines *lines, struct wf_error *err)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    lines->begun = true;
    enum wf_status status = fill(lines, err);
    if (status == WF_OK && lines->end >= 3 && memcmp(lines->buffer, byte_order_mark, 3) == 0) {
        lines->start = 3;
    }
    return status;
}

// Finds the end of the line that begins at start; *newline_out is NULL where the file ends first.
static enum wf_status find_end(struct wf_lines *lines, char **newline_out, struct wf_error *err)
{
    enum wf_status status = lines->begun ? WF_OK : begin(lines, err);
    if (status != WF_OK) {
        return status;
    }
    *newline_out = memchr(lines->buffer + lines->start, '\n', lines->end - lines->start);
    if (!*newline_out) {
        status = fill(lines, err);
        *newline_out = memchr(lines->buffer, '\n', lines->end);
    }
    return status;
}

enum wf_status wf_lines_next(struct wf_lines *lines, char **line_out, size_t *length_out,
                             struct wf_error *err)
{
    *line_out = NULL;
    for (;;) {
        lines->number++;
        char *newline;
        enum wf_status status = find_end(lines, &newline, err);
        if (status != WF_OK) {
            return status;
        }
        if (!newline && lines->end == 0) {
            lines->number--; // what is said at the end is said about the last line
            return WF_OK;
        }
        char *line = lines->buffer + lines->start;
        uint32_t length = newline ? (uint32_t)(newline - line) : lines->end - lines->start;
        uint32_t used = length + (newline ? 1 : 0);
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        if (length > lines->bytes_max) {
            lines->stopped = length;
            return wf_fail(err, WF_LIMIT, "the line is longer than %u bytes", lines->bytes_max);
        }
        lines->start += used;
        line[length] = '\0';
        if (length > 0) {
            *line_out = line;
            if (length_out) {
                *length_out = length;
            }
            return WF_OK;
        }
    }
}

static void keep_path(struct wf_lines *lines, const char *path)
{
    size_t length = strlen(path);
    const char *tail = length > PATH_SHOWN ? path + length - PATH_SHOWN : path;
    char shown[PATH_SHOWN + 1];
    wf_lines_quote(tail, shown, sizeof shown);
    snprintf(lines->path, sizeof lines->path, "%s%s", tail == path ? "" : "...", shown);
}

// Returns NULL without memory.
static struct wf_lines *create(const char *path, uint32_t bytes_max)
{
    struct wf_lines *lines = calloc(1, sizeof *lines);
    char *buffer = lines ? malloc((size_t)bytes_max + 3) : NULL;
    if (!buffer) {
        free(lines);
        return NULL;
    }
    keep_path(lines, path);
    lines->buffer = buffer;
    lines->bytes_max = bytes_max;
    lines->buffer_bytes = bytes_max + 2;
    return lines;
}

enum wf_status wf_lines_open(const char *path, uint32_t bytes_max, struct wf_lines **lines_out,
                             struct wf_error *err)
{
    struct wf_lines *lines = create(path, bytes_max);
    if (!lines) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    }
    errno = 0;
    lines->file = gzopen(path, "rb");
    if (!lines->file) {
        enum wf_status status = wf_fail(err, WF_IO, "%s cannot be opened: %s", lines->path,
                                        errno ? strerror(errno) : "out of memory");
        wf_lines_close(lines);
        return status;
    }
    *lines_out = lines;
    return WF_OK;
}

enum wf_status wf_lines_open_source(const char *path, const struct wf_lines_source *source,
                                    uint32_t bytes_max, struct wf_lines **lines_out,
                                    struct wf_error *err)
{
    struct wf_lines *lines = create(path, bytes_max);
    if (!lines) {
        source->close(source->context);
        return wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    }
    lines->source = *source;
    *lines_out = lines;
    return WF_OK;
}

void wf_lines_close(struct wf_lines *lines)
{
    if (lines) {
        if (lines->file) {
            gzclose(lines->file);
        }
        if (lines->source.close) {
            lines->source.close(lines->source.context);
        }
        free(lines->buffer);
        free(lines);
    }
}

uint64_t wf_lines_number(const struct wf_lines *lines)
{
    return lines->number;
}

const char *wf_lines_path(const struct wf_lines *lines)
{
    return lines->path;
}
