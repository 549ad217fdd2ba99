// SPDX-License-Identifier: Apache-2.0
#include "jobfile/import_build.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/nearest.h"
#include "text/lines.h"

enum { NOTE_BYTES = 512, NOTES_FIRST = 16, SHOWN = 80, KEYS_MAX = 64 };

void wf_import_note(struct wf_import *import, const char *format, ...)
{
    char text[NOTE_BYTES];
    struct wf_job_import *out = import->out;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (uint32_t i = 0; i < out->note_count; i++) {
        if (strcmp(out->notes[i], text) == 0) {
            return;
        }
    }
    if (out->note_count == import->notes_max) {
        uint32_t max = import->notes_max > 0 ? 2 * import->notes_max : NOTES_FIRST;
        const char **notes = wf_job_memory_take(out->memory, max * sizeof *notes);
        if (!notes) {
            import->no_memory = true;
            return;
        }
        if (out->note_count > 0) {
            memcpy(notes, out->notes, out->note_count * sizeof *notes);
        }
        out->notes = notes;
        import->notes_max = max;
    }
    const char *copy = wf_job_memory_copy(out->memory, text, strlen(text));
    import->no_memory = import->no_memory || !copy;
    if (copy) {
        out->notes[out->note_count++] = copy;
    }
}

enum wf_status wf_import_fail(struct wf_import *import, const char *format, ...)
{
    char text[NOTE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return wf_fail(import->err, WF_INVALID, "%s", text);
}

void wf_import_set(struct wf_import *import, const char *field, json_t *value)
{
    import->no_memory = json_object_set_new(import->tree, field, value) != 0 || import->no_memory;
}

// A text that is no UTF-8 cannot stand in JSON; its odd bytes become question marks, which only
// happens to what a script says beside its commands.
static json_t *make_text(const char *text)
{
    json_t *value = json_string(text);
    if (!value) {
        char shown[NOTE_BYTES];
        wf_lines_quote(text, shown, sizeof shown);
        value = json_string(shown);
    }
    return value;
}

void wf_import_set_text(struct wf_import *import, const char *field, const char *text)
{
    wf_import_set(import, field, make_text(text));
}

void wf_import_variable(struct wf_import *import, const char *name, const char *value)
{
    import->no_memory =
        json_object_set_new(import->environment, name, make_text(value)) != 0 || import->no_memory;
}

void wf_import_variable_number(struct wf_import *import, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    wf_import_variable(import, name, text);
}

void wf_import_name(struct wf_import *import, const char *where, const char *name)
{
    char clean[WF_JOB_NAME_BYTES_MAX + 1];
    size_t length = 0;
    for (const char *at = name; *at && length < WF_JOB_NAME_BYTES_MAX; at++) {
        bool plain = isalnum((unsigned char)*at) || *at == '_' || (length && strchr("-.", *at));
        clean[length] = '-';
        if (plain) {
            clean[length] = *at;
        }
        length += plain || length > 0;
    }
    clean[length] = '\0';
    if (length > 0 && clean[strspn(clean, "0123456789")] == '\0') {
        memmove(clean + 1, clean, length < WF_JOB_NAME_BYTES_MAX ? length + 1 : length);
        clean[0] = '_';
        clean[WF_JOB_NAME_BYTES_MAX] = '\0';
    }
    if (strcmp(clean, name) != 0) {
        char shown[SHOWN];
        wf_lines_quote(name, shown, sizeof shown);
        wf_import_note(import, "%s: a job cannot be called '%s'; it is called '%s'", where, shown,
                       clean[0] ? clean : "job");
    }
    wf_import_set_text(import, "name", clean[0] ? clean : "job");
}

void wf_import_queue(struct wf_import *import, const char *where, const char *queue)
{
    char shown[SHOWN];
    wf_job_texts queues = import->config->queues;
    wf_lines_quote(queue, shown, sizeof shown);
    bool found = !queues;
    for (uint32_t i = 0; queues && queues[i] && !found; i++) {
        found = strcmp(queues[i], queue) == 0;
    }
    if (found) {
        wf_import_set_text(import, "queue", queue);
    } else {
        wf_import_note(import, "%s: there is no queue '%s' here; the job goes to the default one",
                       where, shown);
    }
}

const char *wf_import_path(struct wf_import *import, const char *path)
{
    struct wf_job_memory *memory = import->out->memory;
    const struct wf_job_import_config *config = import->config;
    bool home = path[0] == '~' && (path[1] == '/' || path[1] == '\0');
    if (path[0] == '/') {
        return wf_job_memory_print(memory, "%s", path);
    }
    if (home) {
        return config->home ? wf_job_memory_print(memory, "%s%s", config->home, path + 1) : NULL;
    }
    while (strncmp(path, "./", 2) == 0) {
        path += 2;
    }
    if (path[0] == '\0' || strcmp(path, ".") == 0) {
        return wf_job_memory_print(memory, "%s", config->folder);
    }
    return wf_job_memory_print(memory, "%s/%s", config->folder, path);
}

static enum wf_status fail_key(struct wf_import *import, const char *where, const char *name,
                               const struct wf_import_key *keys, uint32_t count)
{
    const char *names[KEYS_MAX] = {NULL};
    char shown[SHOWN];
    for (uint32_t i = 0; i < count; i++) {
        names[i] = keys[i].name;
    }
    uint32_t near = wf_nearest_name(name, names, count);
    wf_lines_quote(name, shown, sizeof shown);
    if (near != UINT32_MAX) {
        return wf_import_fail(import, "%s%s: there is no such key (did you mean '%s'?)", where,
                              shown, names[near]);
    }
    return wf_import_fail(import, "%s%s: there is no such key in %s", where, shown,
                          wf_job_format_text(import->out->format));
}

enum wf_status wf_import_check_keys(struct wf_import *import, const char *where, const json_t *map,
                                    const struct wf_import_key *keys, uint32_t count)
{
    const char *name;
    json_t *value;
    WF_ASSERT(count <= KEYS_MAX);
    if (!json_is_object(map)) {
        return wf_import_fail(import, "%s must be a map", where[0] ? where : "the file");
    }
    json_object_foreach((json_t *)map, name, value)
    {
        uint32_t i = 0;
        while (i < count && strcmp(keys[i].name, name) != 0) {
            i++;
        }
        if (i == count) {
            return fail_key(import, where, name, keys, count);
        }
        if (keys[i].what == WF_KEY_REFUSED && !json_is_null(value)) {
            return wf_import_fail(import, "%s%s: %s", where, name, keys[i].why);
        }
        if (keys[i].what == WF_KEY_NAMED && !json_is_null(value)) {
            wf_import_note(import, "%s%s: %s", where, name, keys[i].why);
        }
    }
    return WF_OK;
}

const char *wf_tree_text(const json_t *value, char *buffer, size_t size)
{
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_integer(value)) {
        snprintf(buffer, size, "%lld", (long long)json_integer_value(value));
        return buffer;
    }
    if (json_is_real(value)) {
        snprintf(buffer, size, "%.15g", json_real_value(value));
        return buffer;
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? "true" : "false";
    }
    return NULL;
}

bool wf_tree_flag(const json_t *value)
{
    char buffer[32];
    const char *text = wf_tree_text(value, buffer, sizeof buffer);
    return text && (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0 ||
                    strcasecmp(text, "on") == 0);
}
