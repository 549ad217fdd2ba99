// SPDX-License-Identifier: Apache-2.0
#include "text/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "text/lines.h"

enum { PATH_SHOWN = 160, READ_BYTES = 65536, FIRST_BYTES = 4096, NONE = -1 };

struct wf_records {
    gzFile file;
    const char *const *keys;
    char path[PATH_SHOWN + 4];
    uint64_t line, element_line;
    bool in_list, in_object, met_list;
    uint32_t start, end; // of what is read and not used yet
    unsigned char buffer[READ_BYTES];
    char *text; // the element
    size_t length, capacity;
};

static enum wf_status fail(const struct wf_records *records, struct wf_error *err,
                           enum wf_status status, const char *text)
{
    return wf_fail(err, status, "%s, line %llu: %s", records->path,
                   (unsigned long long)records->line, text);
}

static enum wf_status fill(struct wf_records *records, struct wf_error *err)
{
    int length = gzread(records->file, records->buffer, READ_BYTES);
    int code = Z_OK;
    gzerror(records->file, &code);
    records->start = 0;
    records->end = length > 0 ? (uint32_t)length : 0;
    if (length < 0 || (length == 0 && code != Z_OK && code != Z_STREAM_END)) {
        if (code == Z_BUF_ERROR) {
            return fail(records, err, WF_INVALID,
                        "the gzip data stops before its end, the file is truncated");
        }
        return fail(records, err, code == Z_DATA_ERROR ? WF_INVALID : WF_IO,
                    code == Z_DATA_ERROR ? "the gzip data is damaged"
                    : code == Z_ERRNO    ? strerror(errno)
                                         : "reading failed");
    }
    return WF_OK;
}

// The next byte without taking it; NONE at the end.
static enum wf_status peek(struct wf_records *records, int *byte_out, struct wf_error *err)
{
    enum wf_status status = records->start == records->end ? fill(records, err) : WF_OK;
    *byte_out = records->start < records->end ? records->buffer[records->start] : NONE;
    return status;
}

static void skip(struct wf_records *records)
{
    records->line += records->buffer[records->start] == '\n';
    records->start++;
}

static enum wf_status skip_blanks(struct wf_records *records, int *byte_out, struct wf_error *err)
{
    enum wf_status status = peek(records, byte_out, err);
    while (status == WF_OK && *byte_out != NONE && strchr(" \t\r\n", *byte_out) && *byte_out) {
        skip(records);
        status = peek(records, byte_out, err);
    }
    return status;
}

static enum wf_status keep(struct wf_records *records, int byte, struct wf_error *err)
{
    if (records->length + 1 >= records->capacity) {
        size_t wanted = records->capacity ? records->capacity * 2 : FIRST_BYTES;
        char *grown = wanted <= 2 * WF_RECORD_BYTES_MAX ? realloc(records->text, wanted) : NULL;
        if (!grown) {
            return wanted > 2 * WF_RECORD_BYTES_MAX
                       ? fail(records, err, WF_LIMIT,
                              "a record is longer than 4 MiB, the limit WF_RECORD_BYTES_MAX")
                       : fail(records, err, WF_NOMEM, "no memory to read further");
        }
        records->text = grown;
        records->capacity = wanted;
    }
    records->text[records->length++] = (char)byte;
    records->text[records->length] = '\0';
    return WF_OK;
}

static bool ends_value(int byte)
{
    return byte == NONE || strchr(" \t\r\n,]}", byte) != NULL;
}

// How far into a value the bytes are that were taken.
struct within {
    uint32_t depth;
    bool string, escaped;
};

static enum wf_status follow(struct wf_records *records, int byte, struct within *within,
                             struct wf_error *err)
{
    if (within->string) {
        within->string = within->escaped || byte != '"';
        within->escaped = !within->escaped && byte == '\\';
    } else if (byte == '"') {
        within->string = true;
    } else if (byte == '{' || byte == '[') {
        if (++within->depth > WF_RECORD_DEPTH_MAX) {
            return fail(records, err, WF_LIMIT,
                        "more than 64 lists and objects are within each other");
        }
    } else if (byte == '}' || byte == ']') {
        if (within->depth-- == 0) {
            return fail(records, err, WF_INVALID, "a bracket closes what nothing opened");
        }
    }
    return WF_OK;
}

// The next byte of a value, taken: *byte_out is NONE where a number or a word has ended.
static enum wf_status take_byte(struct wf_records *records, bool simple, int *byte_out,
                                struct wf_error *err)
{
    enum wf_status status = peek(records, byte_out, err);
    if (status != WF_OK) {
        return status;
    }
    if (simple && ends_value(*byte_out)) {
        *byte_out = NONE;
        return WF_OK;
    }
    if (*byte_out == NONE || *byte_out == 0) {
        return fail(records, err, WF_INVALID,
                    *byte_out ? "the file ends within a value"
                              : "there is a zero byte, this is no JSON");
    }
    skip(records);
    return WF_OK;
}

// Takes one value, whatever it is, and keeps its text where it is wanted.
static enum wf_status take_value(struct wf_records *records, bool wanted, struct wf_error *err)
{
    struct within within = {0};
    int byte;
    records->length = 0;
    enum wf_status status = skip_blanks(records, &byte, err);
    records->element_line = records->line;
    bool simple = byte != '{' && byte != '[' && byte != '"';
    for (bool any = false; status == WF_OK; any = true) {
        status = take_byte(records, simple, &byte, err);
        if (status == WF_OK && byte == NONE) {
            return any ? WF_OK : fail(records, err, WF_INVALID, "a value is missing");
        }
        status = status == WF_OK && wanted ? keep(records, byte, err) : status;
        status = status == WF_OK ? follow(records, byte, &within, err) : status;
        if (status == WF_OK && !simple && !within.string && within.depth == 0) {
            return WF_OK;
        }
    }
    return status;
}

static bool is_wanted(const struct wf_records *records)
{
    for (const char *const *key = records->keys; *key; key++) {
        size_t length = strlen(*key);
        if (records->length == length + 2 && memcmp(records->text + 1, *key, length) == 0) {
            return true;
        }
    }
    return false;
}

// Takes a name and its colon, and its value, too, where that is not the list that is looked for.
static enum wf_status take_member(struct wf_records *records, struct wf_error *err)
{
    int byte;
    enum wf_status status = take_value(records, true, err);
    bool wanted = status == WF_OK && is_wanted(records);
    status = status == WF_OK ? skip_blanks(records, &byte, err) : status;
    if (status == WF_OK && byte != ':') {
        status = fail(records, err, WF_INVALID, "a ':' is missing, this is no JSON");
    }
    if (status != WF_OK) {
        return status;
    }
    skip(records);
    status = skip_blanks(records, &byte, err);
    if (status == WF_OK && wanted && byte == '[') {
        skip(records);
        records->in_list = records->met_list = true;
        return WF_OK;
    }
    return status == WF_OK ? take_value(records, false, err) : status;
}

// Within an object: goes on until the list begins or the object ends.
static enum wf_status find_list(struct wf_records *records, bool *ended_out, struct wf_error *err)
{
    int byte;
    enum wf_status status = WF_OK;
    *ended_out = false;
    while (status == WF_OK && !records->in_list) {
        status = skip_blanks(records, &byte, err);
        if (status == WF_OK && byte == ',') {
            skip(records);
        } else if (status == WF_OK && byte == '}') {
            skip(records);
            *ended_out = true;
            return WF_OK;
        } else if (status == WF_OK && byte != '"') {
            return fail(records, err, WF_INVALID,
                        byte == NONE ? "the file ends within an object"
                                     : "the name of a value is missing, this is no JSON");
        } else if (status == WF_OK) {
            status = take_member(records, err);
        }
    }
    return status;
}

enum wf_status wf_records_open(const char *path, const char *const *keys,
                               struct wf_records **records_out, struct wf_error *err)
{
    struct wf_records *records = calloc(1, sizeof *records);
    if (!records) {
        return wf_fail(err, WF_NOMEM, "no memory to read a file");
    }
    size_t length = strlen(path);
    wf_lines_quote(length > PATH_SHOWN ? path + length - PATH_SHOWN : path, records->path,
                   sizeof records->path);
    records->keys = keys;
    records->line = 1;
    errno = 0;
    records->file = gzopen(path, "rb");
    if (!records->file) {
        enum wf_status status = wf_fail(err, errno ? WF_IO : WF_NOMEM, "%s cannot be opened: %s",
                                        records->path, errno ? strerror(errno) : "no memory");
        free(records);
        return status;
    }
    *records_out = records;
    return WF_OK;
}

void wf_records_close(struct wf_records *records)
{
    if (records) {
        gzclose(records->file);
        free(records->text);
        free(records);
    }
}

// Between documents and within the object that holds the list; *more_out: the list has begun.
static enum wf_status begin_list(struct wf_records *records, bool *more_out, struct wf_error *err)
{
    int byte;
    bool ended = false;
    *more_out = false;
    enum wf_status status = WF_OK;
    if (!records->in_object) {
        status = skip_blanks(records, &byte, err);
        if (status != WF_OK || byte == NONE) {
            return status;
        }
        if (byte != '[' && byte != '{') {
            return fail(records, err, WF_INVALID, "this is no list and no object in JSON");
        }
        skip(records);
        records->in_object = byte == '{';
        if (byte == '[') {
            records->in_list = records->met_list = *more_out = true;
            return WF_OK;
        }
    }
    status = find_list(records, &ended, err);
    records->in_object = !ended;
    *more_out = true;
    return status;
}

enum wf_status wf_records_next(struct wf_records *records, const char **text_out,
                               size_t *length_out, struct wf_error *err)
{
    *text_out = NULL;
    int byte;
    for (;;) {
        bool more = true;
        enum wf_status status = WF_OK;
        if (!records->in_list) {
            status = begin_list(records, &more, err);
            if (status != WF_OK || !more) {
                return status;
            }
            continue;
        }
        status = skip_blanks(records, &byte, err);
        if (status != WF_OK) {
            return status;
        }
        if (byte == ',') {
            skip(records);
        } else if (byte == ']') {
            skip(records);
            records->in_list = false;
        } else if (byte == NONE) {
            return fail(records, err, WF_INVALID, "the file ends within a list");
        } else {
            status = take_value(records, true, err);
            *text_out = status == WF_OK ? records->text : NULL;
            *length_out = records->length;
            return status;
        }
    }
}

uint64_t wf_records_line(const struct wf_records *records)
{
    return records->element_line;
}

const char *wf_records_path(const struct wf_records *records)
{
    return records->path;
}

bool wf_records_met_list(const struct wf_records *records)
{
    return records->met_list;
}
