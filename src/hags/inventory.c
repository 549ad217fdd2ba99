// SPDX-License-Identifier: Apache-2.0
#include "hags/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/nearest.h"
#include "hags/inventory_build.h"
#include "text/decimal.h"
#include "text/lines.h"

enum { DEPTH_MAX = 100 }; // of groups in groups

struct numbers {
    uint32_t *list, count, room;
};

struct group {
    struct wf_host_ways ways;
    struct numbers hosts, below;
    uint32_t depth; // how far below the topmost group
};

struct wf_inventory {
    struct wf_names *host_names, *group_names; // number 0 is "", so all count from 1
    struct wf_host *hosts;
    struct group *groups;
    uint32_t host_count, host_room, group_count, group_room;
    char **texts;
    uint32_t text_count, text_room, passwords;
    char note[120];
};

static bool grow(void **list, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room) {
        return true;
    }
    uint32_t larger = *room ? *room * 2 : 8;
    void *moved = reallocarray(*list, larger, size);
    if (moved) {
        *list = moved;
        *room = larger;
    }
    return moved != NULL;
}

static enum wf_status fail_memory(struct wf_error *err)
{
    return wf_fail(err, WF_NOMEM, "there is no memory for the inventory");
}

void *wf_inventory_bytes(struct wf_inventory *inventory, const void *bytes, size_t length)
{
    char *copy = grow((void **)&inventory->texts, inventory->text_count, &inventory->text_room,
                      sizeof *inventory->texts)
                     ? malloc(length + 1)
                     : NULL;
    if (copy) {
        memcpy(copy, bytes, length);
        copy[length] = '\0';
        inventory->texts[inventory->text_count++] = copy;
    }
    return copy;
}

const char *wf_inventory_text(struct wf_inventory *inventory, const char *text, size_t length)
{
    return wf_inventory_bytes(inventory, text, strnlen(text, length));
}

// What goes into ssh's configuration may not end its line or its quotes.
static bool is_fit(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > WF_INVENTORY_TEXT_BYTES_MAX || text[0] == '-') {
        return false;
    }
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '"') {
            return false;
        }
    }
    return true;
}

static enum wf_status check_fit(const char *what, const char *of, const char *text,
                                struct wf_error *err)
{
    char quoted[64];
    char owner[64];
    if (!text || is_fit(text)) {
        return WF_OK;
    }
    wf_lines_quote(text, quoted, sizeof quoted);
    wf_lines_quote(of, owner, sizeof owner);
    return wf_fail(err, WF_INVALID,
                   "%s%s%s '%s' cannot be used: it is empty, too long, begins with '-', or has a "
                   "double quote or a control character",
                   what, of[0] ? " of " : "", owner, quoted);
}

enum wf_status wf_inventory_add_host(struct wf_inventory *inventory, const char *name,
                                     uint32_t *host_out, struct wf_error *err)
{
    uint32_t number;
    enum wf_status status = check_fit("the name of a host", "", name, err);
    if (status == WF_OK) {
        status = wf_names_add(inventory->host_names, name, strlen(name), &number, err);
    }
    if (status != WF_OK) {
        return status;
    }
    *host_out = number - 1;
    if (number <= inventory->host_count) {
        return WF_OK;
    }
    if (number > WF_INVENTORY_HOSTS_MAX) {
        return wf_fail(err, WF_LIMIT, "more than %d hosts are in the inventory",
                       WF_INVENTORY_HOSTS_MAX);
    }
    const char *copy = wf_inventory_text(inventory, name, strlen(name));
    if (!copy || !grow((void **)&inventory->hosts, inventory->host_count, &inventory->host_room,
                       sizeof *inventory->hosts)) {
        return fail_memory(err);
    }
    inventory->hosts[inventory->host_count++] = (struct wf_host){.name = copy};
    return WF_OK;
}

enum wf_status wf_inventory_add_group(struct wf_inventory *inventory, const char *name,
                                      uint32_t *group_out, struct wf_error *err)
{
    uint32_t number;
    enum wf_status status = check_fit("the name of a group", "", name, err);
    if (status == WF_OK) {
        status = wf_names_add(inventory->group_names, name, strlen(name), &number, err);
    }
    if (status != WF_OK) {
        return status;
    }
    *group_out = number - 1;
    if (number <= inventory->group_count) {
        return WF_OK;
    }
    if (number > WF_INVENTORY_GROUPS_MAX) {
        return wf_fail(err, WF_LIMIT, "more than %d groups are in the inventory",
                       WF_INVENTORY_GROUPS_MAX);
    }
    if (!grow((void **)&inventory->groups, inventory->group_count, &inventory->group_room,
              sizeof *inventory->groups)) {
        return fail_memory(err);
    }
    inventory->groups[inventory->group_count++] = (struct group){.depth = 0};
    return WF_OK;
}

static uint32_t find(const struct wf_names *names, const char *name)
{
    uint32_t number = wf_names_find(names, name);
    return number == UINT32_MAX || number == 0 ? UINT32_MAX : number - 1;
}

uint32_t wf_inventory_find_host(const struct wf_inventory *inventory, const char *name)
{
    return find(inventory->host_names, name);
}

uint32_t wf_inventory_find_group(const struct wf_inventory *inventory, const char *name)
{
    return find(inventory->group_names, name);
}

static enum wf_status append(struct numbers *numbers, uint32_t number, struct wf_error *err)
{
    if (!grow((void **)&numbers->list, numbers->count, &numbers->room, sizeof *numbers->list)) {
        return fail_memory(err);
    }
    numbers->list[numbers->count++] = number;
    return WF_OK;
}

enum wf_status wf_inventory_join(struct wf_inventory *inventory, uint32_t group, uint32_t host,
                                 struct wf_error *err)
{
    return append(&inventory->groups[group].hosts, host, err);
}

enum wf_status wf_inventory_nest(struct wf_inventory *inventory, uint32_t group, uint32_t below,
                                 struct wf_error *err)
{
    return append(&inventory->groups[group].below, below, err);
}

struct wf_host_ways *wf_inventory_host_ways(struct wf_inventory *inventory, uint32_t host)
{
    return &inventory->hosts[host].ways;
}

struct wf_host_ways *wf_inventory_group_ways(struct wf_inventory *inventory, uint32_t group)
{
    return &inventory->groups[group].ways;
}

void wf_inventory_set_kubernetes(struct wf_inventory *inventory, uint32_t host)
{
    inventory->hosts[host].kubernetes = true;
}

// The word after "-J", or after "ProxyJump=", in arguments for ssh. All else that may stand there
// is not taken over: it could be a command.
static enum wf_status take_jump(struct wf_inventory *inventory, struct wf_host_ways *ways,
                                const char *arguments, struct wf_error *err)
{
    static const char *const marks[] = {"ProxyJump=", "-J "};
    for (uint32_t i = 0; i < WF_COUNT_OF(marks); i++) {
        const char *found = strstr(arguments, marks[i]);
        if (found) {
            found += strlen(marks[i]);
            found += strspn(found, " ");
            ways->jump = wf_inventory_text(inventory, found, strcspn(found, " \t\"'"));
            return ways->jump ? WF_OK : fail_memory(err);
        }
    }
    return WF_OK;
}

enum wf_status wf_inventory_ansible(struct wf_inventory *inventory, struct wf_host_ways *ways,
                                    const char *key, const char *value, struct wf_error *err)
{
    const struct {
        const char *key;
        const char **place;
    } texts[] = {
        {"ansible_host", &ways->address},
        {"ansible_ssh_host", &ways->address},
        {"ansible_user", &ways->user},
        {"ansible_ssh_user", &ways->user},
        {"ansible_ssh_private_key_file", &ways->key},
        {"ansible_private_key_file", &ways->key},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        if (strcmp(key, texts[i].key) == 0) {
            *texts[i].place = wf_inventory_text(inventory, value, strlen(value));
            return *texts[i].place ? WF_OK : fail_memory(err);
        }
    }
    if (strcmp(key, "ansible_port") == 0 || strcmp(key, "ansible_ssh_port") == 0) {
        int64_t port;
        if (wf_decimal_read(value, 0, 65535, &port) != WF_DECIMAL_READ || port == 0) {
            return wf_fail(err, WF_INVALID, "'%s' is '%.20s', it must be a port", key, value);
        }
        ways->port = (uint32_t)port;
    }
    if (strcmp(key, "ansible_ssh_common_args") == 0 || strcmp(key, "ansible_ssh_extra_args") == 0) {
        return take_jump(inventory, ways, value, err);
    }
    inventory->passwords += strstr(key, "pass") != NULL;
    return WF_OK;
}

// Fills what is not told yet from the groups above.
static void inherit(struct wf_host_ways *ways, const struct wf_host_ways *from)
{
#define INHERIT(field) ways->field = ways->field ? ways->field : from->field
    INHERIT(address);
    INHERIT(user);
    INHERIT(key);
    INHERIT(jump);
    INHERIT(known_hosts);
    INHERIT(os);
    INHERIT(port);
    INHERIT(drain);
    INHERIT(undrain);
#undef INHERIT
}

// Depths grow until they stand still; groups that contain themselves would never let them.
static enum wf_status find_depths(struct wf_inventory *inventory, struct wf_error *err)
{
    bool changed = true;
    for (uint32_t round = 0; changed; round++) {
        if (round > DEPTH_MAX) {
            return wf_fail(err, WF_INVALID,
                           "a group of the inventory contains itself, or groups are more than %d "
                           "deep",
                           DEPTH_MAX);
        }
        changed = false;
        for (uint32_t i = 0; i < inventory->group_count; i++) {
            const struct group *group = &inventory->groups[i];
            for (uint32_t j = 0; j < group->below.count; j++) {
                struct group *below = &inventory->groups[group->below.list[j]];
                if (below->depth <= group->depth) {
                    below->depth = group->depth + 1;
                    changed = true;
                }
            }
        }
    }
    return WF_OK;
}

// seen: which groups were gone through, since one may be below several.
static void mark_below(const struct wf_inventory *inventory, uint32_t number, bool *marks,
                       bool *seen)
{
    const struct group *group = &inventory->groups[number];
    if (seen[number]) {
        return;
    }
    seen[number] = true;
    for (uint32_t i = 0; i < group->hosts.count; i++) {
        marks[group->hosts.list[i]] = true;
    }
    for (uint32_t i = 0; i < group->below.count; i++) {
        mark_below(inventory, group->below.list[i], marks, seen);
    }
}

static enum wf_status mark(const struct wf_inventory *inventory, uint32_t number, bool *marks,
                           struct wf_error *err)
{
    bool *seen = calloc(inventory->group_count, 1);
    if (!seen) {
        return fail_memory(err);
    }
    memset(marks, 0, inventory->host_count);
    mark_below(inventory, number, marks, seen);
    free(seen);
    return WF_OK;
}

static bool tells_ways(const struct wf_host_ways *ways)
{
    return ways->address || ways->user || ways->key || ways->jump || ways->known_hosts ||
           ways->os || ways->port || ways->drain || ways->undrain;
}

static enum wf_status hand_down(struct wf_inventory *inventory, uint32_t number, bool *marks,
                                struct wf_error *err)
{
    enum wf_status status = mark(inventory, number, marks, err);
    for (uint32_t i = 0; i < inventory->host_count && status == WF_OK; i++) {
        if (marks[i]) {
            inherit(&inventory->hosts[i].ways, &inventory->groups[number].ways);
        }
    }
    return status;
}

// The deepest groups first: what they tell stands before what those above them tell.
static enum wf_status resolve(struct wf_inventory *inventory, struct wf_error *err)
{
    enum wf_status status = find_depths(inventory, err);
    bool *marks = calloc(inventory->host_count + 1, 1);
    if (status != WF_OK || !marks) {
        free(marks);
        return status != WF_OK ? status : fail_memory(err);
    }
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < inventory->group_count; i++) {
        deepest = inventory->groups[i].depth > deepest ? inventory->groups[i].depth : deepest;
    }
    for (uint32_t depth = deepest + 1; depth-- > 0;) {
        for (uint32_t i = 0; i < inventory->group_count && status == WF_OK; i++) {
            if (inventory->groups[i].depth == depth && tells_ways(&inventory->groups[i].ways)) {
                status = hand_down(inventory, i, marks, err);
            }
        }
    }
    free(marks);
    return status;
}

static enum wf_status check_host(struct wf_host *host, struct wf_error *err)
{
    struct wf_host_ways *ways = &host->ways;
    ways->address = ways->address ? ways->address : host->name;
    const char *const texts[] = {ways->address, ways->user, ways->key, ways->jump,
                                 ways->known_hosts};
    static const char *const names[] = {"the address", "the user", "the key file", "the jump host",
                                        "the file of known hosts"};
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        enum wf_status status = check_fit(names[i], host->name, texts[i], err);
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static enum wf_status read_any(const struct wf_source *source, struct wf_inventory *inventory,
                               struct wf_error *err)
{
    const char *start = source->text + strspn(source->text, " \t\r\n");
    if (*start == '{') {
        return wf_inventory_read_json(source, inventory, err);
    }
    // A section in brackets, or a line whose first word is not followed by a colon, is INI.
    uint64_t number = 0;
    const char *at = source->text;
    size_t length;
    for (const char *line; (line = wf_source_line(&at, &length, &number));) {
        size_t blank = strspn(line, " \t");
        if (blank >= length || line[blank] == '#' || line[blank] == ';') {
            continue;
        }
        size_t word = blank + strcspn(line + blank, " \t\r\n:=");
        bool yaml = line[blank] == '-' || line[blank] == '%' ||
                    (word < length && line[word] == ':' &&
                     (word + 1 >= length || strchr(" \t\r", line[word + 1])));
        return yaml && line[blank] != '[' ? wf_inventory_read_yaml(source, inventory, err)
                                          : wf_inventory_read_ini(source, inventory, err);
    }
    return wf_fail(err, WF_INVALID, "%s: there is no host in it", source->shown);
}

static enum wf_status read_source(const struct wf_source *source, struct wf_inventory *inventory,
                                  struct wf_error *err)
{
    enum wf_status status = wf_names_create(&inventory->host_names, err);
    status = status == WF_OK ? wf_names_create(&inventory->group_names, err) : status;
    status = status == WF_OK ? read_any(source, inventory, err) : status;
    status = status == WF_OK ? resolve(inventory, err) : status;
    for (uint32_t i = 0; i < inventory->host_count && status == WF_OK; i++) {
        status = check_host(&inventory->hosts[i], err);
    }
    if (status == WF_OK && inventory->host_count == 0) {
        status = wf_fail(err, WF_INVALID, "%s: there is no host in it", source->shown);
    }
    if (inventory->passwords > 0) {
        snprintf(inventory->note, sizeof inventory->note,
                 "%u passwords in the inventory were not read: ssh asks keys and agents only",
                 inventory->passwords);
    }
    return status;
}

enum wf_status wf_inventory_read(const char *path, struct wf_inventory **inventory_out,
                                 struct wf_error *err)
{
    struct wf_source source;
    *inventory_out = NULL;
    enum wf_status status = wf_source_read(path, &source, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_inventory *inventory = calloc(1, sizeof *inventory);
    status = inventory ? read_source(&source, inventory, err) : fail_memory(err);
    wf_source_finish(&source);
    if (status != WF_OK) {
        wf_inventory_destroy(inventory);
        return status;
    }
    *inventory_out = inventory;
    return WF_OK;
}

void wf_inventory_destroy(struct wf_inventory *inventory)
{
    if (!inventory) {
        return;
    }
    for (uint32_t i = 0; i < inventory->group_count; i++) {
        free(inventory->groups[i].hosts.list);
        free(inventory->groups[i].below.list);
    }
    for (uint32_t i = 0; i < inventory->text_count; i++) {
        free(inventory->texts[i]);
    }
    free((void *)inventory->texts);
    free(inventory->groups);
    free(inventory->hosts);
    wf_names_destroy(inventory->host_names);
    wf_names_destroy(inventory->group_names);
    free(inventory);
}

uint32_t wf_inventory_count(const struct wf_inventory *inventory)
{
    return inventory->host_count;
}

const struct wf_host *wf_inventory_host(const struct wf_inventory *inventory, uint32_t index)
{
    return &inventory->hosts[index];
}

const char *wf_inventory_note(const struct wf_inventory *inventory)
{
    return inventory->note;
}

static enum wf_status fail_group(const struct wf_inventory *inventory, const char *group,
                                 struct wf_error *err)
{
    const char *names[256];
    uint32_t count = 0;
    char quoted[64];
    for (; count < inventory->group_count && count < WF_COUNT_OF(names); count++) {
        names[count] = wf_names_text(inventory->group_names, count + 1);
    }
    uint32_t near = wf_nearest_name(group, names, count);
    wf_lines_quote(group, quoted, sizeof quoted);
    return wf_fail(err, WF_NOTFOUND, "the inventory has no cluster or group '%s'%s%s%s", quoted,
                   near != UINT32_MAX ? " (did you mean '" : "",
                   near != UINT32_MAX ? names[near] : "", near != UINT32_MAX ? "'?)" : "");
}

enum wf_status wf_inventory_choose(const struct wf_inventory *inventory, const char *group,
                                   bool *chosen_out, struct wf_error *err)
{
    uint32_t number = wf_inventory_find_group(inventory, group);
    bool all = number == UINT32_MAX && strcmp(group, "all") == 0;
    memset(chosen_out, all, inventory->host_count);
    if (number == UINT32_MAX) {
        return all ? WF_OK : fail_group(inventory, group, err);
    }
    return mark(inventory, number, chosen_out, err);
}
