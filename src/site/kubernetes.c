// SPDX-License-Identifier: Apache-2.0
// What `kubectl get nodes -o json` prints: a List of Node objects, or one Node. GPUs are counted
// by capacity, as a device that is ill for a while was there for the history; CPU and memory by
// allocatable, which is what pods can get.
#include <string.h>

#include <jansson.h>

#include "base/assert.h"
#include "gpu/gpu_parts.h"
#include "site/builder.h"
#include "text/csv.h"
#include "text/quantity.h"

enum { QUOTE_SHOWN = 64, LABEL_BYTES = 2 * WF_SITE_NAME_BYTES_MAX };

#define MIB INT64_C(1048576)

// Labels that name a node's GPU, whoever wrote them; the first that is there counts.
static const char *const model_labels[] = {
    "nvidia.com/gpu.product",
    "amd.com/gpu.product-name",
    "beta.amd.com/gpu.product-name",
    "cloud.google.com/gke-accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
    "gpu.nvidia.com/model",
};

// Labels that tell which nodes stand close together, the closest first.
static const char *const group_labels[] = {
    "nvidia.com/gpu.clique",
    "topology.kubernetes.io/rack",
    "cloud.google.com/gce-topology-subblock",
    "topology.k8s.aws/network-node-layer-3",
};

struct reader {
    struct wf_site_builder *builder;
    const json_t *capacity, *allocatable, *labels; // of the node; may be NULL
    const char *name;
    uint32_t cordoned;
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const char *first_label(const struct reader *reader, const char *const *keys, size_t count)
{
    const char *text = NULL;
    for (size_t i = 0; i < count && !text; i++) {
        text = text_of(reader->labels, keys[i]);
        text = text && *text ? text : NULL;
    }
    return text;
}

static enum wf_status fail_value(const struct reader *reader, const char *key, const char *text,
                                 struct wf_error *err)
{
    char quoted[QUOTE_SHOWN];
    char name[QUOTE_SHOWN];
    char what[QUOTE_SHOWN];
    wf_csv_quote(text, quoted, sizeof quoted);
    wf_csv_quote(reader->name, name, sizeof name);
    wf_csv_quote(key, what, sizeof what);
    return wf_site_fail(reader->builder, err, WF_INVALID,
                        "the node '%s' has '%s' of '%s', which is no quantity", name, quoted, what);
}

// A quantity of one of two objects, in thousandths; 0 where it is in neither.
static enum wf_status take_quantity(const struct reader *reader, const json_t *first,
                                    const json_t *second, const char *key, int64_t *milli_out,
                                    struct wf_error *err)
{
    const json_t *value = json_object_get(first, key);
    value = value ? value : json_object_get(second, key);
    *milli_out = 0;
    if (!value) {
        return WF_OK;
    }
    char number[32];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    }
    return text && wf_quantity_read(text, milli_out)
               ? WF_OK
               : fail_value(reader, key, text ? text : "", err);
}

// How many GPUs one resource stands for: devices, parts, or replicas that share a device.
static enum wf_status take_resource(const struct reader *reader, const char *key,
                                    struct wf_gpu_name *gpu, struct wf_gpu_parts *parts,
                                    struct wf_error *err)
{
    static const char *const prefixes[] = {"nvidia.com/mig-", "nvidia.com/gpu", "amd.com/gpu"};
    int64_t count;
    size_t kind = 0;
    while (kind < WF_COUNT_OF(prefixes) &&
           strncmp(key, prefixes[kind], strlen(prefixes[kind])) != 0) {
        kind++;
    }
    const char *rest = kind < WF_COUNT_OF(prefixes) ? key + strlen(prefixes[kind]) : "";
    if (kind == WF_COUNT_OF(prefixes) ||
        (kind > 0 && *rest != '\0' && strcmp(rest, ".shared") != 0)) {
        return WF_OK;
    }
    enum wf_status status =
        take_quantity(reader, reader->capacity, reader->allocatable, key, &count, err);
    count /= 1000;
    if (status != WF_OK || count == 0) {
        return status;
    }
    if (kind == 2) {
        gpu->vendor = WF_VENDOR_AMD;
    }
    struct wf_gpu_name part = *gpu;
    if (kind == 0) {
        struct wf_gpu_name profile;
        if (!wf_gpu_name_read(rest, &profile) || profile.part_units == 0) {
            return fail_value(reader, "a MIG profile", key, err);
        }
        part.part_units = profile.part_units;
        part.part_gib = profile.part_gib;
    }
    if (part.part_units > 0) {
        wf_gpu_parts_add(parts, &part, count);
    } else {
        parts->whole += count;
    }
    return WF_OK;
}

// Devices that several pods share in turns are counted once for each pod that fits on them.
static enum wf_status undo_replicas(const struct reader *reader, struct wf_site_machine *machine,
                                    struct wf_error *err)
{
    const char *text = text_of(reader->labels, "nvidia.com/gpu.replicas");
    int64_t replicas = 1000;
    if (text && !wf_quantity_read(text, &replicas)) {
        return fail_value(reader, "nvidia.com/gpu.replicas", text, err);
    }
    replicas /= 1000;
    if (replicas > 1 && machine->slices == 0 && machine->gpus > 0) {
        machine->gpus = (machine->gpus + replicas - 1) / replicas;
        machine->slices = replicas <= WF_SLICES_MAX ? replicas : 0;
    }
    return WF_OK;
}

static enum wf_status take_gpus(const struct reader *reader, struct wf_site_machine *machine,
                                struct wf_error *err)
{
    struct wf_gpu_parts parts = {0};
    const char *model = first_label(reader, model_labels, WF_COUNT_OF(model_labels));
    bool named = model && wf_gpu_name_read(model, &machine->gpu);
    if (!named) {
        bool read = wf_gpu_name_read("GPU", &machine->gpu);
        WF_ASSERT(read);
    }
    const json_t *resources = reader->capacity ? reader->capacity : reader->allocatable;
    const char *key;
    json_t *value;
    enum wf_status status = WF_OK;
    json_object_foreach((json_t *)resources, key, value)
    {
        if (status == WF_OK) {
            status = take_resource(reader, key, &machine->gpu, &parts, err);
        }
    }
    if (status == WF_OK) {
        wf_gpu_parts_sum(&parts, &machine->gpu, &machine->gpus, &machine->slices);
        status = undo_replicas(reader, machine, err);
    }
    return status;
}

static enum wf_status add_labels(const struct reader *reader, struct wf_error *err)
{
    const char *key;
    json_t *value;
    enum wf_status status = WF_OK;
    char label[LABEL_BYTES];
    json_object_foreach((json_t *)reader->labels, key, value)
    {
        const char *text = json_string_value(value);
        size_t length = text ? (size_t)snprintf(label, sizeof label, "%s=%s", key, text) : 0;
        if (status == WF_OK && length > 0 && length < sizeof label) {
            status = wf_site_add_label(reader->builder, label, length, err);
        }
    }
    return status;
}

static enum wf_status take_node(struct reader *reader, const json_t *node, struct wf_error *err)
{
    const json_t *metadata = json_object_get(node, "metadata");
    const json_t *status_of = json_object_get(node, "status");
    const char *kind = text_of(node, "kind");
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(kind ? kind : "nothing", quoted, sizeof quoted);
    if (!kind || strcmp(kind, "Node") != 0) {
        return wf_site_fail(reader->builder, err, WF_INVALID, "this is %s, not a Node", quoted);
    }
    reader->capacity = json_object_get(status_of, "capacity");
    reader->allocatable = json_object_get(status_of, "allocatable");
    reader->labels = json_object_get(metadata, "labels");
    reader->name = text_of(metadata, "name");
    reader->cordoned +=
        json_is_true(json_object_get(json_object_get(node, "spec"), "unschedulable"));
    if (!reader->name) {
        return wf_site_fail(reader->builder, err, WF_INVALID, "the node has no metadata.name");
    }
    struct wf_site_machine machine = {
        .name = reader->name,
        .pool = text_of(reader->labels, "node.kubernetes.io/instance-type"),
        .region = text_of(reader->labels, "topology.kubernetes.io/region"),
        .zone = text_of(reader->labels, "topology.kubernetes.io/zone"),
        .group = first_label(reader, group_labels, WF_COUNT_OF(group_labels)),
    };
    machine.pool = machine.pool && *machine.pool ? machine.pool : NULL;
    enum wf_status status = take_quantity(reader, reader->allocatable, reader->capacity, "cpu",
                                          &machine.cpu_milli, err);
    if (status == WF_OK) {
        status = take_quantity(reader, reader->allocatable, reader->capacity, "memory",
                               &machine.memory_mib, err);
        machine.memory_mib /= 1000 * MIB;
    }
    if (status == WF_OK) {
        status = take_gpus(reader, &machine, err);
    }
    if (status == WF_OK) {
        status = wf_site_add_machine(reader->builder, &machine, err);
    }
    return status == WF_OK ? add_labels(reader, err) : status;
}

static enum wf_status take_items(struct reader *reader, const json_t *root, struct wf_error *err)
{
    const json_t *items = json_object_get(root, "items");
    char item[32] = "item 1";
    enum wf_status status = WF_OK;
    reader->builder->item = item;
    if (!items) {
        status = take_node(reader, root, err);
    }
    for (size_t i = 0; i < json_array_size(items) && status == WF_OK; i++) {
        snprintf(item, sizeof item, "item %zu", i + 1);
        status = take_node(reader, json_array_get(items, i), err);
    }
    reader->builder->item = NULL;
    if (status == WF_OK && reader->cordoned > 0) {
        snprintf(reader->builder->note, sizeof reader->builder->note,
                 "%u cordoned, kept as the history may have used them", reader->cordoned);
    }
    return status;
}

static enum wf_status read_list(const struct wf_source *source, struct wf_site_builder *builder,
                                struct wf_error *err)
{
    struct reader reader = {.builder = builder};
    json_error_t error;
    json_t *root = json_loadb(source->text, source->length, 0, &error);
    if (!root && json_error_code(&error) == json_error_out_of_memory) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", source->shown);
    }
    if (!root) {
        char quoted[160];
        wf_csv_quote(error.text, quoted, sizeof quoted);
        builder->line = error.line > 0 ? (uint64_t)error.line : 1;
        return wf_site_fail(builder, err, WF_INVALID, "this is no JSON: %s", quoted);
    }
    enum wf_status status = take_items(&reader, root, err);
    json_decref(root);
    return status;
}

static bool recognise(const struct wf_source *source)
{
    return source->text[strspn(source->text, " \t\r\n")] == '{';
}

const struct wf_site_format wf_site_kubernetes = {
    .name = "kubectl get nodes -o json", .recognise = recognise, .read = read_list};
