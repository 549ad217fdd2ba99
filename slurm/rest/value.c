// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/rest/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/rest/words.h"

const json_t *wf_rest_at(const json_t *object, const char *path)
{
    char key[64];

    while (object != NULL && path[0] != '\0') {
        const size_t length = strcspn(path, "/");
        WF_ASSERT(length < sizeof(key));
        memcpy(key, path, length);
        key[length] = '\0';
        object = json_object_get(object, key);
        path += length + (path[length] == '/');
    }
    return object;
}

const char *wf_rest_text(const json_t *object, const char *path)
{
    const char *const text = json_string_value(wf_rest_at(object, path));

    return text != NULL && text[0] != '\0' ? text : NULL;
}

uint64_t wf_rest_number(const json_t *object, const char *path, uint64_t none, uint64_t most)
{
    const json_t *value = wf_rest_at(object, path);

    if (json_is_object(value)) {
        if (json_is_true(json_object_get(value, "infinite"))) {
            return most;
        }
        if (json_is_false(json_object_get(value, "set"))) {
            return none;
        }
        value = json_object_get(value, "number");
    }
    if (!json_is_number(value)) {
        return none;
    }
    if (json_is_real(value)) {
        const double real = json_real_value(value);
        return real >= 0 && real < 9e18 && (uint64_t)real < most ? (uint64_t)real : none;
    }
    const json_int_t number = json_integer_value(value);
    return number < 0 ? none : (uint64_t)number > most ? most : (uint64_t)number;
}

uint32_t wf_rest_number32(const json_t *object, const char *path)
{
    return (uint32_t)wf_rest_number(object, path, NO_VAL, INFINITE);
}

uint16_t wf_rest_number16(const json_t *object, const char *path)
{
    return (uint16_t)wf_rest_number(object, path, NO_VAL16, INFINITE16);
}

uint32_t wf_rest_count(const json_t *object, const char *path)
{
    return (uint32_t)wf_rest_number(object, path, 0, INFINITE);
}

time_t wf_rest_time(const json_t *object, const char *path)
{
    return (time_t)wf_rest_number(object, path, 0, INFINITE);
}

bool wf_rest_flag(const json_t *object, const char *path)
{
    return json_is_true(wf_rest_at(object, path));
}

bool wf_rest_has(const json_t *words, const char *word)
{
    size_t i;
    const json_t *value;

    for (i = 0; (value = json_array_get(words, i)) != NULL; i++) {
        if (json_is_string(value) && strcmp(json_string_value(value), word) == 0) {
            return true;
        }
    }
    return false;
}

const char *wf_rest_joined(const json_t *object, const char *path, json_t *made)
{
    const json_t *const words = wf_rest_at(object, path);
    char *text = NULL;
    size_t length = 0, i;
    const json_t *value;

    if (!json_is_array(words)) {
        return wf_rest_text(object, path);
    }
    FILE *out = open_memstream(&text, &length);
    WF_ASSERT(out != NULL);
    for (i = 0; (value = json_array_get(words, i)) != NULL; i++) {
        if (json_is_string(value)) {
            fprintf(out, "%s%s", i > 0 ? "," : "", json_string_value(value));
        }
    }
    WF_ASSERT(fclose(out) == 0);
    json_t *const string = text[0] != '\0' ? json_string(text) : NULL;
    free(text);
    if (string == NULL) {
        return NULL;
    }
    WF_ASSERT(json_array_append_new(made, string) == 0);
    return json_string_value(string);
}
