// SPDX-License-Identifier: Apache-2.0
// What `kubectl get nodes -o json` prints: the nodes whose label says Windows. Each label of theirs
// but their own name is a group, "pool=render".
#include <jansson.h>
#include <string.h>

#include "hags/inventory_build.h"

// Of a list of {type, address}, the one of that type.
static const char *address_of(const json_t *addresses, const char *type)
{
    size_t index;
    json_t *entry;
    json_array_foreach(addresses, index, entry)
    {
        const char *told = json_string_value(json_object_get(entry, "type"));
        if (told && strcmp(told, type) == 0) {
            return json_string_value(json_object_get(entry, "address"));
        }
    }
    return NULL;
}

static enum wf_status join_labels(struct wf_inventory *inventory, json_t *labels, uint32_t host,
                                  struct wf_error *err)
{
    const char *key;
    json_t *value;
    enum wf_status status = WF_OK;
    json_object_foreach(labels, key, value)
    {
        char name[512];
        uint32_t group;
        if (!json_is_string(value) || strcmp(key, "kubernetes.io/hostname") == 0) {
            continue;
        }
        snprintf(name, sizeof name, "%s=%s", key, json_string_value(value));
        status = wf_inventory_add_group(inventory, name, &group, err);
        status = status == WF_OK ? wf_inventory_join(inventory, group, host, err) : status;
        if (status != WF_OK) {
            break;
        }
    }
    return status;
}

// kubectl's own drain, since the scheduler of that cluster is who moves the work.
static void set_drain(struct wf_host_ways *ways)
{
    static const char *const drain[] = {
        "kubectl", "drain", "--ignore-daemonsets", "--timeout=10m", "--", "{host}", NULL};
    static const char *const undrain[] = {"kubectl", "uncordon", "--", "{host}", NULL};
    ways->drain = drain;
    ways->undrain = undrain;
}

static enum wf_status take_node(struct wf_inventory *inventory, const json_t *node,
                                struct wf_error *err)
{
    const json_t *metadata = json_object_get(node, "metadata");
    const json_t *state = json_object_get(node, "status");
    json_t *labels = json_object_get(metadata, "labels");
    const char *system = json_string_value(json_object_get(labels, "kubernetes.io/os"));
    const char *name = json_string_value(json_object_get(metadata, "name"));
    uint32_t host;
    if (!name || !system || strcmp(system, "windows") != 0) {
        return WF_OK;
    }
    enum wf_status status = wf_inventory_add_host(inventory, name, &host, err);
    if (status != WF_OK) {
        return status;
    }
    const json_t *addresses = json_object_get(state, "addresses");
    const char *address = address_of(addresses, "InternalIP");
    address = address ? address : address_of(addresses, "Hostname");
    const char *os =
        json_string_value(json_object_get(json_object_get(state, "nodeInfo"), "osImage"));
    struct wf_host_ways *ways = wf_inventory_host_ways(inventory, host);
    wf_inventory_set_kubernetes(inventory, host);
    set_drain(ways);
    ways->address = address ? wf_inventory_text(inventory, address, strlen(address)) : NULL;
    ways->os = os ? wf_inventory_text(inventory, os, strlen(os)) : NULL;
    if ((address && !ways->address) || (os && !ways->os)) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the inventory");
    }
    return join_labels(inventory, labels, host, err);
}

enum wf_status wf_inventory_read_json(const struct wf_source *source,
                                      struct wf_inventory *inventory, struct wf_error *err)
{
    json_error_t why;
    json_t *root = json_loadb(source->text, source->length, JSON_REJECT_DUPLICATES, &why);
    const json_t *items = json_object_get(root, "items");
    enum wf_status status = WF_OK;
    size_t index;
    json_t *node;
    if (!root) {
        return wf_fail(err, WF_INVALID, "%s: line %d: %s", source->shown, why.line, why.text);
    }
    if (!json_is_array(items)) {
        status = wf_fail(err, WF_INVALID,
                         "%s: no list 'items' is in it; `kubectl get nodes -o json` prints one",
                         source->shown);
    }
    json_array_foreach(items, index, node)
    {
        status = take_node(inventory, node, err);
        if (status != WF_OK) {
            status = wf_error_prefix(err, status, "%s: ", source->shown);
            break;
        }
    }
    if (status == WF_OK && wf_inventory_count(inventory) == 0) {
        status = wf_fail(err, WF_INVALID, "%s: of %zu nodes none has kubernetes.io/os=windows",
                         source->shown, json_array_size(items));
    }
    json_decref(root);
    return status;
}
