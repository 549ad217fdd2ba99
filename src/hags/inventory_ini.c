// SPDX-License-Identifier: Apache-2.0
// Ansible's inventory as INI: [group] with hosts, [group:vars], [group:children].
#include <string.h>

#include "hags/inventory_build.h"

enum { LINE_BYTES_MAX = 8192 };

enum section { HOSTS, VARIABLES, CHILDREN };

struct ini {
    struct wf_inventory *inventory;
    enum section section;
    uint32_t group;
    const char *rest; // of a host's line: its variables
};

// Takes the next word: blanks part words, and quotes keep them together, also in the middle. It is
// copied to word; *at goes behind it. Returns false at the end, or at a comment.
static bool next_word(const char **at, char *word, size_t size)
{
    const char *from = *at + strspn(*at, " \t\r");
    size_t length = 0;
    char quote = '\0';
    if (*from == '\0' || *from == '#') {
        return false;
    }
    for (; *from && (quote || !strchr(" \t\r", *from)); from++) {
        if (quote ? *from == quote : (*from == '"' || *from == '\'')) {
            quote = (char)(quote ? '\0' : *from);
        } else if (length + 1 < size) {
            word[length++] = *from;
        }
    }
    word[length] = '\0';
    *at = from;
    return true;
}

static enum wf_status take_host(void *context, const char *name, struct wf_error *err)
{
    struct ini *ini = context;
    uint32_t host;
    char word[LINE_BYTES_MAX];
    const char *rest = ini->rest;
    enum wf_status status = wf_inventory_add_host(ini->inventory, name, &host, err);
    status = status == WF_OK ? wf_inventory_join(ini->inventory, ini->group, host, err) : status;
    while (status == WF_OK && next_word(&rest, word, sizeof word)) {
        char *equals = strchr(word, '=');
        if (!equals) {
            return wf_fail(err, WF_INVALID, "'%.60s' is no variable: name=value", word);
        }
        *equals = '\0';
        status = wf_inventory_ansible(ini->inventory, wf_inventory_host_ways(ini->inventory, host),
                                      word, equals + 1, err);
    }
    return status;
}

static enum wf_status take_section(struct ini *ini, char *line, struct wf_error *err)
{
    char *close = strchr(line, ']');
    if (!close) {
        return wf_fail(err, WF_INVALID, "the section lacks its ']'");
    }
    *close = '\0';
    char *colon = strchr(line, ':');
    const char *kind = colon ? colon + 1 : "";
    ini->section = HOSTS;
    if (colon) {
        *colon = '\0';
        ini->section = strcmp(kind, "vars") == 0 ? VARIABLES : CHILDREN;
        if (ini->section == CHILDREN && strcmp(kind, "children") != 0) {
            return wf_fail(err, WF_INVALID,
                           "a section ends in ':vars' or ':children', not ':%.40s'", kind);
        }
    }
    return wf_inventory_add_group(ini->inventory, line + 1, &ini->group, err);
}

// name = value, where the value goes on to the end of the line.
static enum wf_status take_variable(struct ini *ini, char *line, struct wf_error *err)
{
    char *equals = strchr(line, '=');
    if (!equals) {
        return wf_fail(err, WF_INVALID, "'%.60s' is no variable: name=value", line);
    }
    char *end = equals;
    while (end > line && strchr(" \t", end[-1])) {
        end--;
    }
    *end = '\0';
    char *value = equals + 1 + strspn(equals + 1, " \t");
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t\r", value[length - 1])) {
        value[--length] = '\0';
    }
    if (length > 1 && (value[0] == '"' || value[0] == '\'') && value[length - 1] == value[0]) {
        value[length - 1] = '\0';
        value++;
    }
    return wf_inventory_ansible(ini->inventory, wf_inventory_group_ways(ini->inventory, ini->group),
                                line, value, err);
}

static enum wf_status take_line(struct ini *ini, char *line, struct wf_error *err)
{
    char word[LINE_BYTES_MAX];
    uint32_t below;
    line += strspn(line, " \t\r");
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';') {
        return WF_OK;
    }
    if (line[0] == '[') {
        return take_section(ini, line, err);
    }
    if (ini->section == VARIABLES) {
        return take_variable(ini, line, err);
    }
    ini->rest = line;
    if (!next_word(&ini->rest, word, sizeof word)) {
        return WF_OK;
    }
    if (ini->section == HOSTS) {
        return wf_inventory_range(word, take_host, ini, err);
    }
    enum wf_status status = wf_inventory_add_group(ini->inventory, word, &below, err);
    return status == WF_OK ? wf_inventory_nest(ini->inventory, ini->group, below, err) : status;
}

enum wf_status wf_inventory_read_ini(const struct wf_source *source, struct wf_inventory *inventory,
                                     struct wf_error *err)
{
    struct ini ini = {.inventory = inventory};
    const char *at = source->text;
    uint64_t number = 0;
    size_t length;
    enum wf_status status = wf_inventory_add_group(inventory, "ungrouped", &ini.group, err);
    for (const char *line; status == WF_OK && (line = wf_source_line(&at, &length, &number));) {
        char copy[LINE_BYTES_MAX];
        if (length >= sizeof copy) {
            return wf_fail(err, WF_LIMIT, "%s: line %llu is longer than %d bytes", source->shown,
                           (unsigned long long)number, LINE_BYTES_MAX);
        }
        memcpy(copy, line, length);
        copy[length] = '\0';
        status = take_line(&ini, copy, err);
        if (status != WF_OK) {
            return wf_error_prefix(err, status, "%s: line %llu: ", source->shown,
                                   (unsigned long long)number);
        }
    }
    return status;
}
