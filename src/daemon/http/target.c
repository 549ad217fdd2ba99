// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/target.h"

#include <stdbool.h>

#include "base/utf8.h"

struct cursor {
    const char *text;
    const char *end;
    char *out; // where decoded bytes go, one for one at most
};

static int digit_of(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter >= 'a' && letter <= 'f') {
        return letter - 'a' + 10;
    }
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

static bool ends_at(const char *stops, char letter)
{
    return strchr(stops, letter) && letter;
}

// Decodes up to one of the stops or the end, with a final zero. Gives NULL after a broken "%", and
// for bytes that do not belong in a target at all.
static const char *decode(struct cursor *cursor, const char *stops, bool plus_is_space)
{
    const char *start = cursor->out;

    while (cursor->text < cursor->end && !ends_at(stops, *cursor->text)) {
        char letter = *cursor->text++;

        if (letter == '%') {
            if (cursor->end - cursor->text < 2 || digit_of(cursor->text[0]) < 0 ||
                digit_of(cursor->text[1]) < 0) {
                return NULL;
            }
            letter = (char)(digit_of(cursor->text[0]) * 16 + digit_of(cursor->text[1]));
            cursor->text += 2;
        } else if (letter == '#' || (unsigned char)letter <= ' ') {
            return NULL;
        } else if (letter == '+' && plus_is_space) {
            letter = ' ';
        }
        *cursor->out++ = letter;
    }
    if (!wf_utf8_is_plain(start, (size_t)(cursor->out - start))) {
        return NULL;
    }
    *cursor->out++ = '\0';
    return start;
}

static enum wf_status parse_path(struct cursor *cursor, struct wf_target *target,
                                 struct wf_error *err)
{
    if (cursor->text == cursor->end || *cursor->text != '/') {
        return wf_fail(err, WF_INVALID, "the path does not begin with '/'");
    }
    if (cursor->text + 1 == cursor->end || cursor->text[1] == '?') {
        cursor->text++;
        return WF_OK;
    }
    while (cursor->text < cursor->end && *cursor->text == '/') {
        const char *segment;

        cursor->text++;
        segment = decode(cursor, "/?", false);
        if (!segment) {
            return wf_fail(err, WF_INVALID,
                           "the path has a broken '%%', or bytes that are no UTF-8 text");
        }
        if (!*segment || strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0 ||
            strchr(segment, '/')) {
            return wf_fail(err, WF_INVALID,
                           "a part of the path is empty, '.', '..' or has a '/' in it");
        }
        if (target->segments == WF_TARGET_SEGMENTS_MAX) {
            return wf_fail(err, WF_NOTFOUND, "nothing has a path of more than %d parts",
                           WF_TARGET_SEGMENTS_MAX);
        }
        target->segment[target->segments++] = segment;
    }
    return WF_OK;
}

static enum wf_status parse_parameter(struct cursor *cursor, struct wf_target *target,
                                      struct wf_error *err)
{
    const char *name = decode(cursor, "=&", true);
    const char *value = "";

    if (!name || !*name) {
        return wf_fail(err, WF_INVALID, "the query has a parameter without a readable name");
    }
    if (cursor->text < cursor->end && *cursor->text == '=') {
        cursor->text++;
        value = decode(cursor, "&", true);
    }
    if (!value) {
        return wf_fail(err, WF_INVALID,
                       "the value of '%s' has a broken '%%', or bytes that are no UTF-8 text",
                       name);
    }
    if (wf_target_find(target, name)) {
        return wf_fail(err, WF_INVALID, "'%s' stands there twice", name);
    }
    if (target->parameters == WF_TARGET_PARAMETERS_MAX) {
        return wf_fail(err, WF_LIMIT, "the query has more than %d parameters",
                       WF_TARGET_PARAMETERS_MAX);
    }
    target->parameter[target->parameters++] = (struct wf_target_parameter){name, value};
    return WF_OK;
}

enum wf_status wf_target_parse(const char *text, size_t length, struct wf_target *target_out,
                               struct wf_error *err)
{
    struct cursor cursor = {text, text + length, target_out->text};
    enum wf_status status;

    target_out->segments = 0;
    target_out->parameters = 0;
    if (length > WF_TARGET_BYTES_MAX) {
        return wf_fail(err, WF_LIMIT, "the path and its query have more than %d bytes",
                       WF_TARGET_BYTES_MAX);
    }
    status = parse_path(&cursor, target_out, err);
    // Each '/' gives room for the zero after its segment, '?', '=' and '&' for theirs.
    while (status == WF_OK && cursor.text < cursor.end) {
        cursor.text++; // '?' or '&'
        if (cursor.text < cursor.end) {
            status = parse_parameter(&cursor, target_out, err);
        }
    }
    return status;
}

const char *wf_target_find(const struct wf_target *target, const char *name)
{
    for (uint32_t i = 0; i < target->parameters; i++) {
        if (strcmp(target->parameter[i].name, name) == 0) {
            return target->parameter[i].value;
        }
    }
    return NULL;
}
