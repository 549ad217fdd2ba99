// SPDX-License-Identifier: Apache-2.0
#include "engine/local/sheet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

// "end " and sixteen digits and the line's end.
#define SEAL_BYTES 21

static uint64_t sum_of(const char *text, size_t length)
{
    uint64_t sum = length;
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = 0;
        for (size_t j = i; j < i + 8 && j < length; j++) {
            word = word << 8 | (unsigned char)text[j];
        }
        sum = wf_hash_add(sum, word);
    }
    return sum;
}

static void append(struct wf_sheet *sheet, const char *bytes, size_t length)
{
    if (!sheet->text) {
        return;
    }
    if (sheet->capacity - sheet->length < length) {
        size_t capacity = sheet->capacity * 2 + length;
        char *text = realloc(sheet->text, capacity);
        if (!text) {
            free(sheet->text);
            sheet->text = NULL;
            return;
        }
        sheet->text = text;
        sheet->capacity = capacity;
    }
    memcpy(sheet->text + sheet->length, bytes, length);
    sheet->length += length;
}

void wf_sheet_init(struct wf_sheet *sheet, const char *kind)
{
    *sheet = (struct wf_sheet){.text = malloc(1024), .capacity = 1024};
    append(sheet, kind, strlen(kind));
    append(sheet, "\n", 1);
}

void wf_sheet_finish(struct wf_sheet *sheet)
{
    free(sheet->text);
    *sheet = (struct wf_sheet){0};
}

void wf_sheet_add(struct wf_sheet *sheet, const char *name, const char *value)
{
    append(sheet, name, strlen(name));
    append(sheet, " ", 1);
    while (*value) {
        size_t plain = strcspn(value, "\\\n");
        append(sheet, value, plain);
        value += plain;
        if (*value) {
            append(sheet, *value == '\n' ? "\\n" : "\\\\", 2);
            value++;
        }
    }
    append(sheet, "\n", 1);
}

void wf_sheet_add_number(struct wf_sheet *sheet, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    wf_sheet_add(sheet, name, text);
}

enum wf_status wf_sheet_seal(struct wf_sheet *sheet, struct wf_error *err)
{
    if (sheet->text) {
        char seal[SEAL_BYTES + 1];
        snprintf(seal, sizeof seal, "end %016" PRIx64 "\n", sum_of(sheet->text, sheet->length));
        append(sheet, seal, SEAL_BYTES);
    }
    return sheet->text ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for a sheet");
}

// "name value", every backslash followed by one that it protects or by an n.
static bool line_is_good(const char *line, const char *end)
{
    const char *space = memchr(line, ' ', (size_t)(end - line));
    if (!space || space == line) {
        return false;
    }
    for (const char *at = line; at < end; at++) {
        if (*at == '\0') {
            return false;
        }
        if (*at == '\\') {
            at++;
            if (at == end || at < space || (*at != 'n' && *at != '\\')) {
                return false;
            }
        }
    }
    return true;
}

enum wf_status wf_sheet_open(struct wf_sheet_reader *reader, char *text, size_t length,
                             const char *kind, struct wf_error *err)
{
    size_t head = strlen(kind);
    if (length < head + 1 + SEAL_BYTES || memcmp(text, kind, head) != 0 || text[head] != '\n') {
        return wf_fail(err, WF_INVALID, "it is not a whole %s", kind);
    }
    size_t body = length - SEAL_BYTES;
    char seal[SEAL_BYTES + 1];
    snprintf(seal, sizeof seal, "end %016" PRIx64 "\n", sum_of(text, body));
    if (memcmp(text + body, seal, SEAL_BYTES) != 0 || text[body - 1] != '\n') {
        return wf_fail(err, WF_INVALID, "it is damaged: its sum is wrong");
    }
    *reader = (struct wf_sheet_reader){text + head + 1, text + body};
    for (char *line = reader->next; line < reader->end;) {
        char *end = memchr(line, '\n', (size_t)(reader->end - line));
        if (!end || !line_is_good(line, end)) {
            return wf_fail(err, WF_INVALID, "it has a line that is no name and value");
        }
        line = end + 1;
    }
    return WF_OK;
}

const char *wf_sheet_next(struct wf_sheet_reader *reader, const char **value_out)
{
    if (reader->next == reader->end) {
        return NULL;
    }
    char *name = reader->next;
    char *end = memchr(name, '\n', (size_t)(reader->end - name));
    char *space = memchr(name, ' ', (size_t)(reader->end - name));
    WF_ASSERT(end && space && space < end);
    *space = '\0';
    *end = '\0';
    char *to = space + 1;
    *value_out = to;
    for (const char *from = to; from < end; from++) {
        if (*from == '\\') {
            from++;
            *to++ = *from == 'n' ? '\n' : '\\';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    reader->next = end + 1;
    return name;
}

enum wf_status wf_sheet_number(const char *name, const char *value, int64_t min, int64_t max,
                               int64_t *number_out, struct wf_error *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    bool starts = value[0] == '-' || (value[0] >= '0' && value[0] <= '9');
    if (!starts || *end != '\0' || errno != 0 || number < min || number > max) {
        return wf_fail(err, WF_INVALID, "%s is '%.40s', not a number from %" PRId64 " to %" PRId64,
                       name, value, min, max);
    }
    *number_out = number;
    return WF_OK;
}
