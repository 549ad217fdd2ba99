// SPDX-License-Identifier: Apache-2.0
#include "base/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

enum {
    FIRST_NAMES = 64,
    FIRST_SLOTS = 128, // a power of two
    CHUNK_BYTES = 65536,
};

// Texts stand one after the other in chunks, which never move.
struct chunk {
    struct chunk *before;
    size_t used, size;
    char text[];
};

struct wf_names {
    const char **texts; // by number
    uint32_t count, capacity;
    uint32_t *slots; // numbers by hash, the next free place taken; 0: free
    uint32_t slot_mask;
    struct chunk *chunk; // the last one
};

static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t hash = length;
    for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t), text += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text, sizeof word);
        hash = wf_hash_add(hash, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, text, length);
    return wf_hash_add(hash, rest);
}

static bool same(const char *known, const char *text, size_t length)
{
    return strncmp(known, text, length) == 0 && known[length] == '\0';
}

// Returns the slot of a name, or the free one where it belongs.
static uint32_t find_slot(const struct wf_names *names, const char *text, size_t length)
{
    uint32_t slot = (uint32_t)hash_text(text, length) & names->slot_mask;
    while (names->slots[slot] != 0 && !same(names->texts[names->slots[slot]], text, length)) {
        slot = (slot + 1) & names->slot_mask;
    }
    return slot;
}

static enum wf_status fail_memory(struct wf_error *err)
{
    return wf_fail(err, WF_NOMEM, "no memory for a further name");
}

// At most three of four slots are taken.
static bool grow_slots(struct wf_names *names)
{
    uint32_t slot_count = names->slot_mask + 1;
    if (slot_count / 4 * 3 > names->count) {
        return true;
    }
    uint32_t *slots = slot_count > UINT32_MAX / 2 ? NULL : calloc(slot_count, 2 * sizeof *slots);
    if (!slots) {
        return false;
    }
    free(names->slots);
    names->slots = slots;
    names->slot_mask = 2 * slot_count - 1;
    for (uint32_t number = 1; number < names->count; number++) {
        const char *text = names->texts[number];
        names->slots[find_slot(names, text, strlen(text))] = number;
    }
    return true;
}

static bool grow_texts(struct wf_names *names)
{
    if (names->count < names->capacity) {
        return true;
    }
    size_t capacity = (size_t)names->capacity + names->capacity / 2;
    capacity = capacity < UINT32_MAX ? capacity : UINT32_MAX;
    const char **texts = realloc(names->texts, capacity * sizeof *texts);
    if (texts) {
        names->texts = texts;
        names->capacity = (uint32_t)capacity;
    }
    return texts != NULL;
}

static const char *keep_text(struct wf_names *names, const char *text, size_t length)
{
    struct chunk *chunk = names->chunk;
    if (!chunk || chunk->size - chunk->used < length + 1) {
        size_t size = length + 1 > CHUNK_BYTES ? length + 1 : CHUNK_BYTES;
        chunk = malloc(sizeof *chunk + size);
        if (!chunk) {
            return NULL;
        }
        *chunk = (struct chunk){.before = names->chunk, .size = size};
        names->chunk = chunk;
    }
    char *kept = chunk->text + chunk->used;
    memcpy(kept, text, length);
    kept[length] = '\0';
    chunk->used += length + 1;
    return kept;
}

enum wf_status wf_names_create(struct wf_names **names_out, struct wf_error *err)
{
    struct wf_names *names = calloc(1, sizeof *names);
    if (!names) {
        return fail_memory(err);
    }
    names->texts = malloc(FIRST_NAMES * sizeof *names->texts);
    names->slots = calloc(FIRST_SLOTS, sizeof *names->slots);
    if (!names->texts || !names->slots) {
        wf_names_destroy(names);
        return fail_memory(err);
    }
    names->capacity = FIRST_NAMES;
    names->slot_mask = FIRST_SLOTS - 1;
    names->texts[0] = "";
    names->count = 1;
    *names_out = names;
    return WF_OK;
}

void wf_names_destroy(struct wf_names *names)
{
    if (!names) {
        return;
    }
    while (names->chunk) {
        struct chunk *chunk = names->chunk;
        names->chunk = chunk->before;
        free(chunk);
    }
    free(names->texts);
    free(names->slots);
    free(names);
}

enum wf_status wf_names_add(struct wf_names *names, const char *name, size_t length,
                            uint32_t *number_out, struct wf_error *err)
{
    WF_ASSERT(memchr(name, '\0', length) == NULL);
    *number_out = 0;
    if (length == 0) {
        return WF_OK;
    }
    uint32_t slot = find_slot(names, name, length);
    if (names->slots[slot] == 0) {
        if (names->count == UINT32_MAX) {
            return wf_fail(err, WF_LIMIT, "there are more than %u names", UINT32_MAX - 1);
        }
        bool room = grow_texts(names) && grow_slots(names);
        const char *text = room ? keep_text(names, name, length) : NULL;
        if (!text) {
            return fail_memory(err);
        }
        slot = find_slot(names, name, length);
        names->texts[names->count] = text;
        names->slots[slot] = names->count++;
    }
    *number_out = names->slots[slot];
    return WF_OK;
}

uint32_t wf_names_find(const struct wf_names *names, const char *name)
{
    if (name[0] == '\0') {
        return 0;
    }
    uint32_t number = names->slots[find_slot(names, name, strlen(name))];
    return number != 0 ? number : UINT32_MAX;
}

const char *wf_names_text(const struct wf_names *names, uint32_t number)
{
    WF_ASSERT(number < names->count);
    return names->texts[number];
}

uint32_t wf_names_count(const struct wf_names *names)
{
    return names->count;
}
