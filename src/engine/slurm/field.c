// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/field.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "core/limits.h"

// What the texts and lists of a value need at most.
static size_t measure(const json_t *value)
{
    const char *key;
    json_t *member;
    size_t index, bytes = 0;
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_length(value) + 1;
    case JSON_ARRAY:
        json_array_foreach(value, index, member)
        {
            bytes += sizeof(struct wf_slurm_part) + measure(member);
        }
        return bytes + alignof(max_align_t);
    case JSON_OBJECT:
        json_object_foreach((json_t *)value, key, member)
        {
            bytes += measure(member);
        }
        return bytes + alignof(max_align_t);
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return 0;
}

void wf_slurm_fields_init(struct wf_slurm_fields *fields, const json_t *object, const char *what,
                          size_t front, struct wf_error *err)
{
    *fields = (struct wf_slurm_fields){.object = object, .what = what, .err = err};
    fields->size = front + measure(object) + alignof(max_align_t);
    fields->used = front;
    fields->block = calloc(1, fields->size);
    if (!fields->block) {
        fields->status = wf_fail(err, WF_NOMEM, "no memory for a %s of Slurm", what);
    }
}

void *wf_slurm_front(const struct wf_slurm_fields *fields)
{
    return fields->block;
}

void *wf_slurm_take(struct wf_slurm_fields *fields, size_t bytes, size_t align)
{
    size_t at = (fields->used + align - 1) / align * align;
    WF_ASSERT(fields->block && at + bytes <= fields->size);
    fields->used = at + bytes;
    return fields->block + at;
}

void wf_slurm_wrong(struct wf_slurm_fields *fields, const char *name, const char *why)
{
    if (fields->status == WF_OK) {
        fields->status =
            wf_fail(fields->err, WF_INVALID, "a %s of Slurm: %s %s", fields->what, name, why);
    }
}

static const json_t *member(const struct wf_slurm_fields *fields, const char *name)
{
    const json_t *value = fields->status == WF_OK ? json_object_get(fields->object, name) : NULL;
    return value && !json_is_null(value) ? value : NULL;
}

static const char *copy(struct wf_slurm_fields *fields, const json_t *value)
{
    size_t length = json_string_length(value);
    char *text = wf_slurm_take(fields, length + 1, 1);
    memcpy(text, json_string_value(value), length + 1);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            text[i] = ' ';
        }
    }
    return text;
}

const char *wf_slurm_text(struct wf_slurm_fields *fields, const char *name)
{
    const json_t *value = member(fields, name);
    if (value && !json_is_string(value)) {
        wf_slurm_wrong(fields, name, "is no text");
        return "";
    }
    return value ? copy(fields, value) : "";
}

const char *wf_slurm_name(struct wf_slurm_fields *fields, const char *name)
{
    const char *text = wf_slurm_text(fields, name);
    if (text[0] == '\0') {
        wf_slurm_wrong(fields, name, "is missing");
    }
    return text;
}

int64_t wf_slurm_number(struct wf_slurm_fields *fields, const char *name, int64_t min, int64_t max,
                        int64_t missing)
{
    const json_t *value = member(fields, name);
    if (!value) {
        return missing;
    }
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < min || number > max) {
        wf_slurm_wrong(fields, name, "is no number that it can be");
        return missing;
    }
    return number;
}

uint32_t wf_slurm_count(struct wf_slurm_fields *fields, const char *name)
{
    return (uint32_t)wf_slurm_number(fields, name, 0, UINT32_MAX, 0);
}

int64_t wf_slurm_time(struct wf_slurm_fields *fields, const char *name)
{
    // -1 is how Slurm says that there is no limit.
    int64_t time_ms = wf_slurm_number(fields, name, -1, WF_TIME_MS_MAX, 0);
    return time_ms > 0 ? time_ms : 0;
}

bool wf_slurm_flag(struct wf_slurm_fields *fields, const char *name)
{
    const json_t *value = member(fields, name);
    if (value && !json_is_boolean(value)) {
        wf_slurm_wrong(fields, name, "is neither true nor false");
    }
    return value == json_true();
}

static const json_t *list(struct wf_slurm_fields *fields, const char *name, uint32_t *count_out)
{
    const json_t *value = member(fields, name);
    *count_out = 0;
    if (value && !json_is_array(value)) {
        wf_slurm_wrong(fields, name, "is no list");
        return NULL;
    }
    *count_out = (uint32_t)json_array_size(value);
    return value;
}

wf_slurm_texts wf_slurm_list(struct wf_slurm_fields *fields, const char *name, uint32_t *count_out)
{
    const json_t *value = list(fields, name, count_out);
    if (*count_out == 0) {
        return NULL;
    }
    const char **texts = wf_slurm_take(fields, *count_out * sizeof *texts, alignof(const char *));
    for (uint32_t i = 0; i < *count_out; i++) {
        const json_t *text = json_array_get(value, i);
        texts[i] = json_is_string(text) ? copy(fields, text) : "";
        if (texts[i][0] == '\0') {
            wf_slurm_wrong(fields, name, "has something in it that is no name");
        }
    }
    return texts;
}

int wf_slurm_word(struct wf_slurm_fields *fields, const char *name, const char *const *words,
                  int missing)
{
    const json_t *value = member(fields, name);
    const char *text = json_string_value(value);
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    if (value) {
        wf_slurm_wrong(fields, name, "is no word that is known");
    }
    return missing;
}

static void read_gpus(struct wf_slurm_fields *fields, const char *name, const json_t *object,
                      struct wf_slurm_gpus *gpus_out)
{
    const json_t *type = json_object_get(object, "type"), *count = json_object_get(object, "count");
    int64_t number = json_integer_value(count);
    *gpus_out = (struct wf_slurm_gpus){.type = ""};
    if (!json_is_integer(count) || number < 0 || number > UINT32_MAX ||
        (type && !json_is_string(type) && !json_is_null(type))) {
        wf_slurm_wrong(fields, name, "has no type and count");
        return;
    }
    gpus_out->type = json_is_string(type) ? copy(fields, type) : "";
    gpus_out->count = (uint32_t)number;
}

bool wf_slurm_gpu_count(struct wf_slurm_fields *fields, const char *name,
                        struct wf_slurm_gpus *gpus_out)
{
    const json_t *value = member(fields, name);
    *gpus_out = (struct wf_slurm_gpus){.type = ""};
    if (json_is_array(value)) {
        if (json_array_size(value) != 1) {
            return json_array_size(value) == 0;
        }
        value = json_array_get(value, 0);
    }
    if (value) {
        read_gpus(fields, name, value, gpus_out);
    }
    return true;
}

const json_t *wf_slurm_objects(struct wf_slurm_fields *fields, const char *name,
                               uint32_t *count_out)
{
    const json_t *value = list(fields, name, count_out);
    for (uint32_t i = 0; i < *count_out; i++) {
        if (!json_is_object(json_array_get(value, i))) {
            wf_slurm_wrong(fields, name, "has something in it that is no object");
        }
    }
    return value;
}
