// SPDX-License-Identifier: Apache-2.0
#include "daemon/desk/directory.h"

#include <stdlib.h>
#include <string.h>

#include "core/ids.h"

enum wf_status wf_directory_add(struct wf_directory *directory, enum wf_journal_named what,
                                uint32_t number, const char *name, struct wf_error *err)
{
    struct wf_directory_list *list = &directory->lists[what];
    uint32_t known = wf_directory_find(directory, what, name);
    if (known == number) {
        return WF_OK;
    }
    if (known != WF_NONE) {
        return wf_fail(err, WF_EXISTS, "the %s %s has the number %u already, not %u",
                       wf_journal_named_word(what), name, known, number);
    }
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity > 0 ? 2 * list->capacity : 8;
        struct wf_directory_entry *entries =
            realloc(list->entries, capacity * sizeof *list->entries);
        if (!entries) {
            return wf_fail(err, WF_NOMEM, "no memory for names");
        }
        list->entries = entries;
        list->capacity = capacity;
    }
    struct wf_directory_entry entry = {strdup(name), number};
    if (!entry.name) {
        return wf_fail(err, WF_NOMEM, "no memory for names");
    }
    list->entries[list->count++] = entry;
    list->end = number >= list->end ? number + 1 : list->end;
    return WF_OK;
}

uint32_t wf_directory_find(const struct wf_directory *directory, enum wf_journal_named what,
                           const char *name)
{
    const struct wf_directory_list *list = &directory->lists[what];
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].name, name) == 0) {
            return list->entries[i].number;
        }
    }
    return WF_NONE;
}

const char *wf_directory_name(const struct wf_directory *directory, enum wf_journal_named what,
                              uint32_t number)
{
    const struct wf_directory_list *list = &directory->lists[what];
    if (number < list->count && list->entries[number].number == number) {
        return list->entries[number].name; // nearly always in order
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->entries[i].number == number) {
            return list->entries[i].name;
        }
    }
    return NULL;
}

// Each entry: its kind in a byte, its number in four, its name and a zero.
enum { ENTRY_BYTES = 1 + sizeof(uint32_t) };

enum wf_status wf_directory_write(const struct wf_directory *directory, char **bytes_out,
                                  size_t *size_out, struct wf_error *err)
{
    size_t size = 0;
    for (uint32_t kind = 0; kind < WF_DIRECTORY_KINDS; kind++) {
        for (uint32_t i = 0; i < directory->lists[kind].count; i++) {
            size += ENTRY_BYTES + strlen(directory->lists[kind].entries[i].name) + 1;
        }
    }
    char *bytes = malloc(size + 1);
    if (!bytes) {
        return wf_fail(err, WF_NOMEM, "no memory for names");
    }
    char *at = bytes;
    for (uint32_t kind = 0; kind < WF_DIRECTORY_KINDS; kind++) {
        for (uint32_t i = 0; i < directory->lists[kind].count; i++) {
            const struct wf_directory_entry *entry = &directory->lists[kind].entries[i];
            size_t length = strlen(entry->name) + 1;
            *at = (char)kind;
            memcpy(at + 1, &entry->number, sizeof entry->number);
            memcpy(at + ENTRY_BYTES, entry->name, length);
            at += ENTRY_BYTES + length;
        }
    }
    *bytes_out = bytes;
    *size_out = size;
    return WF_OK;
}

enum wf_status wf_directory_read(struct wf_directory *directory, const char *bytes, size_t size,
                                 struct wf_error *err)
{
    enum wf_status status = WF_OK;
    while (size > 0 && status == WF_OK) {
        uint32_t number = 0, kind = (unsigned char)bytes[0];
        const char *name = bytes + ENTRY_BYTES;
        const char *end = size > ENTRY_BYTES ? memchr(name, '\0', size - ENTRY_BYTES) : NULL;
        if (!end || kind >= WF_DIRECTORY_KINDS) {
            return wf_fail(err, WF_INVALID, "the names in it are damaged");
        }
        memcpy(&number, bytes + 1, sizeof number);
        status = wf_directory_add(directory, (enum wf_journal_named)kind, number, name, err);
        size -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    return status;
}

void wf_directory_finish(struct wf_directory *directory)
{
    for (uint32_t i = 0; i < WF_DIRECTORY_KINDS; i++) {
        struct wf_directory_list *list = &directory->lists[i];
        for (uint32_t k = 0; k < list->count; k++) {
            free(list->entries[k].name);
        }
        free(list->entries);
    }
    *directory = (struct wf_directory){0};
}
