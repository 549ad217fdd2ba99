// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/told.h"

#include <stdlib.h>
#include <string.h>

#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#include "base/assert.h"
#include "base/hash.h"

struct thing {
    uint64_t hash, round;
    UT_hash_handle hh;
    char key[];
};

struct group {
    char name[32];
    uint64_t round;
    struct thing *things;
};

#define GROUPS_MAX 16

struct wf_told {
    struct group groups[GROUPS_MAX];
    uint32_t count;
};

struct wf_told *wf_told_create(void)
{
    struct wf_told *told = calloc(1, sizeof(*told));

    WF_ASSERT(told != NULL);
    return told;
}

static void clear(struct group *group)
{
    struct thing *thing, *next;

    for (thing = group->things; thing != NULL && (next = thing->hh.next, true); thing = next) {
        HASH_DEL(group->things, thing);
        free(thing);
    }
}

void wf_told_forget(struct wf_told *told)
{
    for (uint32_t i = 0; i < told->count; i++) {
        clear(&told->groups[i]);
    }
}

void wf_told_destroy(struct wf_told *told)
{
    if (told == NULL) {
        return;
    }
    wf_told_forget(told);
    free(told);
}

static struct group *find(struct wf_told *told, const char *name)
{
    for (uint32_t i = 0; i < told->count; i++) {
        if (strcmp(told->groups[i].name, name) == 0) {
            return &told->groups[i];
        }
    }
    WF_ASSERT(told->count < GROUPS_MAX && strlen(name) < sizeof(told->groups[0].name));
    struct group *const group = &told->groups[told->count++];
    snprintf(group->name, sizeof(group->name), "%s", name);
    return group;
}

static void add_bytes(uint64_t *hash, const char *bytes, size_t size)
{
    uint64_t word;

    *hash = wf_hash_add(*hash, size);
    for (; size >= sizeof(word); size -= sizeof(word), bytes += sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        *hash = wf_hash_add(*hash, word);
    }
    word = 0;
    memcpy(&word, bytes, size);
    *hash = wf_hash_add(*hash, word);
}

bool wf_told_is_news(struct wf_told *told, const char *group_name, const char *key,
                     const json_t *line)
{
    struct group *const group = find(told, group_name);
    struct thing *thing;
    uint64_t hash = 0;
    char *text = json_dumps(line, JSON_COMPACT);

    WF_ASSERT(text != NULL);
    add_bytes(&hash, text, strlen(text));
    free(text);
    HASH_FIND_STR(group->things, key, thing);
    if (thing != NULL) {
        const bool news = thing->hash != hash;
        thing->hash = hash;
        thing->round = group->round;
        return news;
    }
    thing = malloc(sizeof(*thing) + strlen(key) + 1);
    WF_ASSERT(thing != NULL);
    memcpy(thing->key, key, strlen(key) + 1);
    thing->hash = hash;
    thing->round = group->round;
    HASH_ADD_STR(group->things, key, thing);
    return true;
}

void wf_told_begin(struct wf_told *told, const char *group)
{
    find(told, group)->round++;
}

void wf_told_end(struct wf_told *told, const char *group_name,
                 void (*gone)(void *context, const char *group, const char *key), void *context)
{
    struct group *const group = find(told, group_name);
    struct thing *thing, *next;

    for (thing = group->things; thing != NULL && (next = thing->hh.next, true); thing = next) {
        if (thing->round == group->round) {
            continue;
        }
        gone(context, group->name, thing->key);
        HASH_DEL(group->things, thing);
        free(thing);
    }
}
