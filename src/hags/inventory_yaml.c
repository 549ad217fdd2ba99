// SPDX-License-Identifier: Apache-2.0
// Inventories in YAML: our own ("clusters", "groups") and Ansible's (groups with "hosts", "vars"
// and "children").
#include <stdlib.h>
#include <string.h>

#include "hags/inventory_build.h"
#include "text/yaml_file.h"

// Aliases may name a node many times over: how often groups and hosts are met is bounded.
enum { DEPTH_MAX = 50, WORDS_MAX = 32, STEPS_MAX = 4 * WF_INVENTORY_HOSTS_MAX };

static const char *const root_keys[] = {"clusters", "groups", NULL};
static const char *const cluster_keys[] = {"hosts",       "user", "port",  "key",     "jump",
                                           "known_hosts", "os",   "drain", "undrain", NULL};
static const char *const host_keys[] = {"name", "address", "user",        "port",
                                        "key",  "jump",    "known_hosts", "os",
                                        "tags", "drain",   "undrain",     NULL};

struct reading {
    struct wf_yaml yaml;
    struct wf_inventory *inventory;
    uint32_t steps;
};

static enum wf_status keep(struct reading *reading, const char *text, const char **out,
                           struct wf_error *err)
{
    *out = wf_inventory_text(reading->inventory, text, strlen(text));
    return *out ? WF_OK : wf_fail(err, WF_NOMEM, "there is no memory for the inventory");
}

// A command as a list of words: no shell reads it.
static enum wf_status take_command(struct reading *reading, const yaml_node_t *map, const char *key,
                                   const char *const **out, struct wf_error *err)
{
    const yaml_node_t *list = wf_yaml_get(&reading->yaml, map, key);
    const char *words[WORDS_MAX + 1] = {NULL};
    uint32_t count = 0;
    uint32_t at = 0;
    if (!list) {
        return WF_OK;
    }
    enum wf_status status = wf_yaml_check_list(&reading->yaml, list, key, err);
    const yaml_node_t *item;
    while (status == WF_OK && (item = wf_yaml_item(&reading->yaml, list, &at))) {
        const char *word = wf_yaml_scalar(item);
        if (!word || count == WORDS_MAX) {
            return wf_yaml_fail(&reading->yaml, item, err, WF_INVALID,
                                "'%s' is a list of at most %d words", key, WORDS_MAX);
        }
        status = keep(reading, word, &words[count++], err);
    }
    if (status == WF_OK && count == 0) {
        return wf_yaml_fail(&reading->yaml, list, err, WF_INVALID, "'%s' names no command", key);
    }
    // Kept as a text is: its bytes are the pointers.
    void *copy = status == WF_OK
                     ? wf_inventory_bytes(reading->inventory, words, (count + 1) * sizeof *words)
                     : NULL;
    *out = copy;
    return status != WF_OK || copy ? status
                                   : wf_fail(err, WF_NOMEM, "there is no memory for the inventory");
}

static enum wf_status take_ways(struct reading *reading, const yaml_node_t *map,
                                struct wf_host_ways *ways, struct wf_error *err)
{
    const struct {
        const char *key;
        const char **place;
    } texts[] = {{"address", &ways->address}, {"user", &ways->user},
                 {"key", &ways->key},         {"jump", &ways->jump},
                 {"os", &ways->os},           {"known_hosts", &ways->known_hosts}};
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < WF_COUNT_OF(texts) && status == WF_OK; i++) {
        const char *text = NULL;
        status = wf_yaml_text(&reading->yaml, map, texts[i].key, &text, err);
        if (status == WF_OK && text) {
            status = keep(reading, text, texts[i].place, err);
        }
    }
    int64_t port = ways->port;
    if (status == WF_OK) {
        status = wf_yaml_number(&reading->yaml, map, "port",
                                (struct wf_yaml_range){.min = 1, .max = 65535}, &port, err);
        ways->port = (uint32_t)port;
    }
    status = status == WF_OK ? take_command(reading, map, "drain", &ways->drain, err) : status;
    return status == WF_OK ? take_command(reading, map, "undrain", &ways->undrain, err) : status;
}

static enum wf_status take_tags(struct reading *reading, const yaml_node_t *map, uint32_t host,
                                struct wf_error *err)
{
    const yaml_node_t *list = wf_yaml_get(&reading->yaml, map, "tags");
    uint32_t at = 0;
    if (!list) {
        return WF_OK;
    }
    enum wf_status status = wf_yaml_check_list(&reading->yaml, list, "tags", err);
    const yaml_node_t *item;
    while (status == WF_OK && (item = wf_yaml_item(&reading->yaml, list, &at))) {
        const char *tag = wf_yaml_scalar(item);
        uint32_t group;
        if (!tag) {
            return wf_yaml_fail(&reading->yaml, item, err, WF_INVALID, "a tag is a word");
        }
        status = wf_inventory_add_group(reading->inventory, tag, &group, err);
        status = status == WF_OK ? wf_inventory_join(reading->inventory, group, host, err) : status;
    }
    return status;
}

// A host is a name alone, or a map.
static enum wf_status take_host(struct reading *reading, const yaml_node_t *item, uint32_t cluster,
                                struct wf_error *err)
{
    const char *name = wf_yaml_scalar(item);
    enum wf_status status = WF_OK;
    uint32_t host;
    if (!name) {
        status = wf_yaml_check_map(&reading->yaml, item, "a host", host_keys, err);
        status = status == WF_OK ? wf_yaml_text(&reading->yaml, item, "name", &name, err) : status;
    }
    if (status == WF_OK && !name) {
        return wf_yaml_fail(&reading->yaml, item, err, WF_INVALID, "a host must have a 'name'");
    }
    if (status != WF_OK) {
        return status;
    }
    if (wf_inventory_find_host(reading->inventory, name) != UINT32_MAX) {
        return wf_yaml_fail(&reading->yaml, item, err, WF_INVALID,
                            "there are two hosts '%.60s'; 'groups' can name one again", name);
    }
    status = wf_inventory_add_host(reading->inventory, name, &host, err);
    if (status != WF_OK) {
        return wf_error_prefix(err, status, "line %llu: ", (unsigned long long)wf_yaml_line(item));
    }
    status = wf_inventory_join(reading->inventory, cluster, host, err);
    if (status == WF_OK && !wf_yaml_scalar(item)) {
        struct wf_host_ways ways = {0};
        status = take_ways(reading, item, &ways, err);
        *wf_inventory_host_ways(reading->inventory, host) = ways;
        status = status == WF_OK ? take_tags(reading, item, host, err) : status;
    }
    return status;
}

static enum wf_status take_cluster(struct reading *reading, const char *name,
                                   const yaml_node_t *map, struct wf_error *err)
{
    uint32_t group;
    uint32_t at = 0;
    struct wf_host_ways ways = {0};
    enum wf_status status = wf_yaml_check_map(&reading->yaml, map, "a cluster", cluster_keys, err);
    status =
        status == WF_OK ? wf_inventory_add_group(reading->inventory, name, &group, err) : status;
    status = status == WF_OK ? take_ways(reading, map, &ways, err) : status;
    if (status != WF_OK) {
        return status;
    }
    *wf_inventory_group_ways(reading->inventory, group) = ways;
    const yaml_node_t *hosts = wf_yaml_get(&reading->yaml, map, "hosts");
    if (!hosts) {
        return wf_yaml_fail(&reading->yaml, map, err, WF_INVALID, "a cluster must have 'hosts'");
    }
    status = wf_yaml_check_list(&reading->yaml, hosts, "hosts", err);
    const yaml_node_t *item;
    while (status == WF_OK && (item = wf_yaml_item(&reading->yaml, hosts, &at))) {
        status = take_host(reading, item, group, err);
    }
    return status;
}

// A group names hosts, or clusters and groups told before it.
static enum wf_status take_group(struct reading *reading, const char *name, const yaml_node_t *list,
                                 struct wf_error *err)
{
    uint32_t group;
    uint32_t at = 0;
    enum wf_status status = wf_yaml_check_list(&reading->yaml, list, name, err);
    status =
        status == WF_OK ? wf_inventory_add_group(reading->inventory, name, &group, err) : status;
    const yaml_node_t *item;
    while (status == WF_OK && (item = wf_yaml_item(&reading->yaml, list, &at))) {
        const char *member = wf_yaml_scalar(item);
        uint32_t host = member ? wf_inventory_find_host(reading->inventory, member) : UINT32_MAX;
        uint32_t below = member ? wf_inventory_find_group(reading->inventory, member) : UINT32_MAX;
        if (host != UINT32_MAX) {
            status = wf_inventory_join(reading->inventory, group, host, err);
        } else if (below != UINT32_MAX && below != group) {
            status = wf_inventory_nest(reading->inventory, group, below, err);
        } else {
            return wf_yaml_fail(&reading->yaml, item, err, WF_INVALID,
                                "'%.60s' is no host, cluster or group told before",
                                member ? member : "a list or map");
        }
    }
    return status;
}

static enum wf_status read_ours(struct reading *reading, const yaml_node_t *root,
                                struct wf_error *err)
{
    const yaml_node_t *clusters = wf_yaml_get(&reading->yaml, root, "clusters");
    const yaml_node_t *groups = wf_yaml_get(&reading->yaml, root, "groups");
    yaml_node_t *value;
    uint32_t at = 0;
    enum wf_status status = wf_yaml_check_map(&reading->yaml, root, "the file", root_keys, err);
    if (status == WF_OK &&
        (clusters->type != YAML_MAPPING_NODE || (groups && groups->type != YAML_MAPPING_NODE))) {
        return wf_yaml_fail(&reading->yaml, root, err, WF_INVALID,
                            "'clusters' and 'groups' are maps: a name, and what is in it");
    }
    for (const char *name;
         status == WF_OK && (name = wf_yaml_pair(&reading->yaml, clusters, &at, &value));) {
        status = take_cluster(reading, name, value, err);
    }
    at = 0;
    for (const char *name;
         groups && status == WF_OK && (name = wf_yaml_pair(&reading->yaml, groups, &at, &value));) {
        status = take_group(reading, name, value, err);
    }
    return status;
}

static enum wf_status take_variables(struct reading *reading, const yaml_node_t *map,
                                     struct wf_host_ways *ways, struct wf_error *err)
{
    yaml_node_t *value;
    uint32_t at = 0;
    enum wf_status status = WF_OK;
    if (map->type != YAML_MAPPING_NODE) {
        return WF_OK; // "vars:" with nothing below it
    }
    for (const char *key;
         status == WF_OK && (key = wf_yaml_pair(&reading->yaml, map, &at, &value));) {
        if (wf_yaml_scalar(value)) {
            status =
                wf_inventory_ansible(reading->inventory, ways, key, wf_yaml_scalar(value), err);
        }
    }
    return status;
}

struct pattern {
    struct reading *reading;
    uint32_t group;
    const yaml_node_t *variables;
};

static enum wf_status take_ansible_host(void *context, const char *name, struct wf_error *err)
{
    const struct pattern *pattern = context;
    struct wf_inventory *inventory = pattern->reading->inventory;
    uint32_t host;
    if (++pattern->reading->steps > STEPS_MAX) {
        return wf_fail(err, WF_LIMIT, "the inventory names hosts and groups too often");
    }
    enum wf_status status = wf_inventory_add_host(inventory, name, &host, err);
    status = status == WF_OK ? wf_inventory_join(inventory, pattern->group, host, err) : status;
    if (status != WF_OK) {
        return status;
    }
    struct wf_host_ways ways = *wf_inventory_host_ways(inventory, host);
    status = take_variables(pattern->reading, pattern->variables, &ways, err);
    *wf_inventory_host_ways(inventory, host) = ways;
    return status;
}

static enum wf_status take_ansible_group(struct reading *reading, const char *name,
                                         const yaml_node_t *map, uint32_t depth,
                                         struct wf_error *err);

static enum wf_status take_children(struct reading *reading, const yaml_node_t *children,
                                    uint32_t group, uint32_t depth, struct wf_error *err)
{
    yaml_node_t *value;
    uint32_t at = 0;
    enum wf_status status = WF_OK;
    for (const char *name;
         status == WF_OK && (name = wf_yaml_pair(&reading->yaml, children, &at, &value));) {
        uint32_t below;
        status = take_ansible_group(reading, name, value, depth + 1, err);
        status = status == WF_OK ? wf_inventory_add_group(reading->inventory, name, &below, err)
                                 : status;
        status =
            status == WF_OK ? wf_inventory_nest(reading->inventory, group, below, err) : status;
    }
    return status;
}

static enum wf_status take_ansible_group(struct reading *reading, const char *name,
                                         const yaml_node_t *map, uint32_t depth,
                                         struct wf_error *err)
{
    uint32_t group;
    uint32_t at = 0;
    yaml_node_t *value;
    enum wf_status status = wf_inventory_add_group(reading->inventory, name, &group, err);
    if (status != WF_OK || map->type != YAML_MAPPING_NODE) {
        return status; // a group named again, with nothing below it
    }
    if (depth > DEPTH_MAX || ++reading->steps > STEPS_MAX) {
        return wf_yaml_fail(&reading->yaml, map, err, WF_LIMIT,
                            "groups are more than %d deep, or too many", DEPTH_MAX);
    }
    const yaml_node_t *hosts = wf_yaml_get(&reading->yaml, map, "hosts");
    const yaml_node_t *vars = wf_yaml_get(&reading->yaml, map, "vars");
    const yaml_node_t *children = wf_yaml_get(&reading->yaml, map, "children");
    if (vars) {
        struct wf_host_ways ways = *wf_inventory_group_ways(reading->inventory, group);
        status = take_variables(reading, vars, &ways, err);
        *wf_inventory_group_ways(reading->inventory, group) = ways;
    }
    bool has_hosts = hosts && hosts->type == YAML_MAPPING_NODE;
    for (const char *host; has_hosts && status == WF_OK &&
                           (host = wf_yaml_pair(&reading->yaml, hosts, &at, &value));) {
        status = wf_inventory_range(host, take_ansible_host,
                                    &(struct pattern){reading, group, value}, err);
    }
    if (status == WF_OK && children && children->type == YAML_MAPPING_NODE) {
        status = take_children(reading, children, group, depth, err);
    }
    return status;
}

static enum wf_status read_ansible(struct reading *reading, const yaml_node_t *root,
                                   struct wf_error *err)
{
    yaml_node_t *value;
    uint32_t at = 0;
    enum wf_status status = WF_OK;
    for (const char *name;
         status == WF_OK && (name = wf_yaml_pair(&reading->yaml, root, &at, &value));) {
        if (value->type != YAML_MAPPING_NODE) {
            return wf_yaml_fail(&reading->yaml, root, err, WF_INVALID,
                                "'%.60s' is no group; our own form begins with 'clusters:', "
                                "Ansible's with 'all:'",
                                name);
        }
        status = take_ansible_group(reading, name, value, 0, err);
    }
    return status;
}

enum wf_status wf_inventory_read_yaml(const struct wf_source *source,
                                      struct wf_inventory *inventory, struct wf_error *err)
{
    struct reading reading = {.inventory = inventory};
    enum wf_status status = wf_yaml_read(source, &reading.yaml, err);
    if (status != WF_OK) {
        return status;
    }
    const yaml_node_t *root = wf_yaml_root(&reading.yaml);
    bool ours = wf_yaml_get(&reading.yaml, root, "clusters") != NULL;
    status = ours ? read_ours(&reading, root, err) : read_ansible(&reading, root, err);
    if (status != WF_OK && err && !strstr(err->text, source->shown)) {
        status = wf_error_prefix(err, status, "%s: ", source->shown);
    }
    wf_yaml_finish(&reading.yaml);
    return status;
}
