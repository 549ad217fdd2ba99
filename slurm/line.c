// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"

json_t *wf_line_create(const char *is)
{
    json_t *line = json_object();

    WF_ASSERT(line != NULL);
    wf_line_text(line, "is", is);
    return line;
}

json_t *wf_line_string(const char *text, size_t length)
{
    json_t *string = json_stringn(text, length);

    if (string == NULL) {
        char *plain = malloc(length + 1);
        WF_ASSERT(plain != NULL);
        for (size_t i = 0; i < length; i++) {
            plain[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
        }
        string = json_stringn(plain, length);
        free(plain);
    }
    WF_ASSERT(string != NULL);
    return string;
}

static void set(json_t *line, const char *key, json_t *value)
{
    WF_ASSERT(value != NULL);
    WF_ASSERT(json_object_set_new(line, key, value) == 0);
}

void wf_line_text(json_t *line, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        set(line, key, wf_line_string(text, strlen(text)));
    }
}

void wf_line_number(json_t *line, const char *key, int64_t number)
{
    if (number != 0) {
        set(line, key, json_integer(number));
    }
}

void wf_line_flag(json_t *line, const char *key, bool flag)
{
    if (flag) {
        set(line, key, json_true());
    }
}

void wf_line_value(json_t *line, const char *key, json_t *value)
{
    if (value == NULL) {
        return;
    }
    if ((json_is_array(value) && json_array_size(value) == 0) ||
        (json_is_object(value) && json_object_size(value) == 0)) {
        json_decref(value);
    } else {
        set(line, key, value);
    }
}

void wf_line_time(json_t *line, const char *key, time_t time)
{
    if (time > 0) {
        wf_line_number(line, key, (int64_t)time * 1000);
    }
}

void wf_line_names(json_t *line, const char *key, const char *names)
{
    json_t *array = json_array();

    WF_ASSERT(array != NULL);
    while (names != NULL && names[0] != '\0') {
        const size_t length = strcspn(names, ",");
        if (length > 0) {
            WF_ASSERT(json_array_append_new(array, wf_line_string(names, length)) == 0);
        }
        names += length;
        names += names[0] == ',';
    }
    wf_line_value(line, key, array);
}

json_t *wf_line_refused(int64_t number, const char *code, int errnum, const char *text)
{
    json_t *line = wf_line_create("refused");

    set(line, "request", json_integer(number));
    wf_line_text(line, "code", code);
    wf_line_text(line, "text", text);
    wf_line_number(line, "errno", errnum);
    return line;
}

json_t *wf_line_done(int64_t number)
{
    json_t *line = wf_line_create("done");

    set(line, "request", json_integer(number));
    return line;
}
