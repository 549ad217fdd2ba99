// SPDX-License-Identifier: Apache-2.0
// Which GPU has which number of which node. The journal and every run that goes on speak in these
// numbers, so they are kept in DATA/gpus.json from one daemon to the next, by the GPUs' own names.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "daemon/host_parts.h"

enum { FILE_VERSION = 1 };
#define FILE_NAME "gpus.json"

static bool is_there(const struct wf_machine *machine, const struct wf_inventory_gpu *gpu)
{
    return gpu->gpu < machine->gpu_count && machine->gpus[gpu->gpu].usable;
}

// Nothing runs here: GPUs that are gone lose their numbers, and nodes without any their names.
static void forget_missing(struct wf_host_nodes *nodes, const struct wf_machine *machine)
{
    struct wf_inventory *inventory = &nodes->inventory;
    uint32_t kept_nodes = 0;
    for (uint32_t i = 0; i < inventory->node_count; i++) {
        struct wf_inventory_node *node = &inventory->nodes[i];
        uint8_t kept = 0;
        for (uint32_t j = 0; j < node->gpu_count; j++) {
            if (is_there(machine, &node->gpus[j])) {
                node->gpus[kept++] = node->gpus[j];
            }
        }
        node->gpu_count = kept;
        if (kept == 0) {
            continue;
        }
        if (kept_nodes < i) {
            inventory->nodes[kept_nodes] = *node;
            memcpy(nodes->names[kept_nodes], nodes->names[i], sizeof nodes->names[i]);
            nodes->was_closed[kept_nodes] = nodes->was_closed[i];
        }
        kept_nodes++;
    }
    for (uint32_t i = kept_nodes; i < WF_INVENTORY_NODES_MAX; i++) {
        nodes->names[i][0] = '\0';
        nodes->was_closed[i] = false;
    }
    inventory->node_count = kept_nodes;
}

// Work runs here: what is new has to wait, and so has what is left of a node that misses a GPU.
static void keep_numbers(struct wf_host_nodes *nodes, const struct wf_inventory *before,
                         const struct wf_machine *machine)
{
    struct wf_inventory *inventory = &nodes->inventory;
    nodes->waits = inventory->node_count > before->node_count;
    inventory->node_count = before->node_count;
    for (uint32_t i = 0; i < inventory->node_count; i++) {
        struct wf_inventory_node *node = &inventory->nodes[i];
        nodes->waits = nodes->waits || node->gpu_count > before->nodes[i].gpu_count;
        node->gpu_count = before->nodes[i].gpu_count;
        for (uint32_t j = 0; j < node->gpu_count; j++) {
            const struct wf_inventory_gpu *gpu = &node->gpus[j];
            if (!is_there(machine, gpu) && !nodes->closed[i][0]) {
                snprintf(nodes->closed[i], sizeof nodes->closed[i],
                         "its GPU %u (%s) %s: no new work until what runs here has ended, then "
                         "its GPUs are counted anew",
                         j, gpu->name,
                         gpu->gpu < machine->gpu_count ? "cannot be used"
                                                       : "is not there any more");
                nodes->waits = true;
            }
        }
    }
}

static bool is_taken(const struct wf_host_nodes *nodes, const char *name)
{
    for (uint32_t i = 0; i < nodes->inventory.node_count; i++) {
        if (strcmp(nodes->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

// The first node of a machine has its name, the others a number behind it. Names stay.
static void name_nodes(struct wf_host_nodes *nodes, const struct wf_machine *machine)
{
    uint32_t count = nodes->inventory.node_count;
    for (uint32_t i = 0; i < count; i++) {
        char name[WF_HOST_NODE_BYTES];
        if (nodes->names[i][0]) {
            continue;
        }
        snprintf(name, sizeof name, "%s", machine->hostname);
        for (uint32_t number = 0; count > 1 || is_taken(nodes, name); number++) {
            snprintf(name, sizeof name, "%s-%u", machine->hostname, number);
            if (!is_taken(nodes, name)) {
                break;
            }
        }
        memcpy(nodes->names[i], name, sizeof name);
    }
}

void wf_host_nodes_look(struct wf_host_nodes *nodes, const struct wf_machine *machine, bool busy)
{
    struct wf_inventory before = nodes->inventory;
    for (uint32_t i = 0; i < WF_INVENTORY_NODES_MAX; i++) {
        nodes->was_closed[i] = nodes->closed[i][0] != '\0';
        nodes->closed[i][0] = '\0';
    }
    nodes->waits = false;
    wf_telemetry_inventory(machine, &before, &nodes->inventory);
    if (busy && before.node_count > 0) {
        keep_numbers(nodes, &before, machine);
    } else {
        forget_missing(nodes, machine);
    }
    name_nodes(nodes, machine);
}

static enum wf_status refuse(const char *path, struct wf_error *err)
{
    return wf_fail(err, WF_INVALID,
                   "%s is not as a daemon writes it; without it GPUs are numbered anew, so remove "
                   "it only while nothing runs",
                   path);
}

// The number of that name, from 0 to most; else -1.
static json_int_t number_in(const json_t *root, const char *name, json_int_t most)
{
    json_int_t number = json_integer_value(json_object_get(root, name));
    return number >= 0 && number <= most ? number : -1;
}

static bool text_in(const json_t *text, char *into, size_t size)
{
    const char *value = json_string_value(text);
    int length = value ? snprintf(into, size, "%s", value) : 0;
    return length > 0 && (size_t)length < size;
}

static bool take_gpus(struct wf_inventory_node *node, const json_t *gpus)
{
    size_t count = json_array_size(gpus);
    bool good = count > 0 && count <= WF_NODE_GPUS_MAX;
    for (size_t i = 0; i < count && good; i++) {
        struct wf_inventory_gpu *place = &node->gpus[node->gpu_count++];
        *place = (struct wf_inventory_gpu){.gpu = WF_NOT_THERE, .slice = WF_WHOLE_GPU};
        good = text_in(json_array_get(gpus, i), place->name, sizeof place->name);
    }
    return good;
}

static bool take_node(struct wf_host_nodes *nodes, const json_t *root)
{
    uint32_t i = nodes->inventory.node_count;
    struct wf_inventory_node *node = &nodes->inventory.nodes[i];
    json_int_t vendor = number_in(root, "vendor", UINT8_MAX);
    json_int_t memory = number_in(root, "memory_bytes", INT64_MAX);
    json_int_t slices = number_in(root, "slices", WF_GPU_SLICES_SEEN_MAX);
    if (i == WF_INVENTORY_NODES_MAX || vendor < 0 || memory < 0 || slices < 0) {
        return false;
    }
    *node = (struct wf_inventory_node){
        .vendor = (enum wf_vendor)vendor,
        .memory_bytes = (uint64_t)memory,
        .slices = (uint8_t)slices,
        .single = json_is_true(json_object_get(root, "single")),
    };
    if (json_is_true(json_object_get(root, "closed"))) {
        snprintf(nodes->closed[i], sizeof nodes->closed[i], "it missed a GPU");
    }
    nodes->inventory.node_count++;
    return text_in(json_object_get(root, "model"), node->model, sizeof node->model) &&
           text_in(json_object_get(root, "name"), nodes->names[i], sizeof nodes->names[i]) &&
           take_gpus(node, json_object_get(root, "gpus"));
}

enum wf_status wf_host_nodes_read(struct wf_host_nodes *nodes, const char *data,
                                  struct wf_error *err)
{
    char path[4352];
    json_error_t why;
    snprintf(path, sizeof path, "%s/" FILE_NAME, data);
    FILE *file = fopen(path, "re");
    if (!file) {
        return errno == ENOENT
                   ? WF_OK
                   : wf_fail(err, WF_IO, "%s cannot be read: %s", path, strerror(errno));
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &why);
    fclose(file);
    const json_t *list = json_object_get(root, "nodes");
    bool good =
        json_integer_value(json_object_get(root, "version")) == FILE_VERSION && json_is_array(list);
    for (size_t i = 0; i < json_array_size(list) && good; i++) {
        good = take_node(nodes, json_array_get(list, i));
    }
    json_decref(root);
    if (!good) {
        *nodes = (struct wf_host_nodes){.waits = false};
        return refuse(path, err);
    }
    return WF_OK;
}

static json_t *tell_node(const struct wf_host_nodes *nodes, uint32_t i)
{
    const struct wf_inventory_node *node = &nodes->inventory.nodes[i];
    json_t *gpus = json_array();
    for (uint32_t j = 0; j < node->gpu_count; j++) {
        (void)json_array_append_new(gpus, json_string(node->gpus[j].name));
    }
    return json_pack("{s:s, s:i, s:s, s:I, s:i, s:b, s:b, s:o}", "name", nodes->names[i], "vendor",
                     (int)node->vendor, "model", node->model, "memory_bytes",
                     (json_int_t)node->memory_bytes, "slices", (int)node->slices, "single",
                     (int)node->single, "closed", nodes->closed[i][0] != '\0', "gpus", gpus);
}

// As a whole or not at all, whatever dies.
static enum wf_status write_whole(const char *data, const char *text, struct wf_error *err)
{
    char path[4352], draft[4368];
    snprintf(path, sizeof path, "%s/" FILE_NAME, data);
    snprintf(draft, sizeof draft, "%s.new", path);
    int file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t length = strlen(text);
    bool good = file >= 0 && write(file, text, length) == (ssize_t)length && fsync(file) == 0;
    if (file >= 0) {
        good = close(file) == 0 && good;
    }
    good = good && rename(draft, path) == 0;
    return good ? WF_OK : wf_fail(err, WF_IO, "%s cannot be written: %s", path, strerror(errno));
}

enum wf_status wf_host_nodes_write(const struct wf_host_nodes *nodes, const char *data,
                                   struct wf_error *err)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < nodes->inventory.node_count; i++) {
        (void)json_array_append_new(list, tell_node(nodes, i));
    }
    bool all = json_array_size(list) == nodes->inventory.node_count;
    json_t *root = json_pack("{s:i, s:o}", "version", FILE_VERSION, "nodes", list);
    char *text = all && root ? json_dumps(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    if (!text) {
        return wf_fail(err, WF_NOMEM, "no memory to write down which GPU is which");
    }
    enum wf_status status = write_whole(data, text, err);
    free(text);
    return status;
}
