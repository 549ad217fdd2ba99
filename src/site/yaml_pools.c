// SPDX-License-Identifier: Apache-2.0
#include "site/yaml_pools.h"

#include <string.h>

#include "site/hostlist.h"
#include "text/csv.h"

enum { QUOTE_SHOWN = 48 };

static const char *const pool_keys[] = {
    "name",
    "gpu",
    "vendor",
    "nodes",
    "gpus_per_node",
    "slices",
    "speed",
    "site",
    "cpus_per_node",
    "memory_gib_per_node",
    "region",
    "zone",
    "group",
    "group_size",
    "groups",
    "labels",
    "owned",
    "rent_by_use",
    "usd_per_gpu_hour",
    "price_source",
    "price_date",
    "offer",
    NULL,
};

// One pool while it is read.
struct reader {
    struct wf_yaml *yaml;
    const yaml_node_t *map;
    struct wf_site_builder *builder;
    struct wf_node_spec node;   // of each of its nodes
    uint32_t first;             // its first node
    int64_t group_size;         // nodes in a group; 0: not told
    const char *name;           // of the pool
    const yaml_node_t *labels;  // list, or NULL
    struct wf_names *own_nodes; // by name, only where groups are told by name
    uint16_t group;             // that is being told
    const char *group_name;
};

static enum wf_status take_numbers(struct reader *reader, struct wf_pool_spec *spec,
                                   struct wf_site_pool_kind *kind, struct wf_error *err)
{
    // A size that nobody tells must not stand in anybody's way.
    int64_t gpus = 0;
    int64_t cpu_milli = WF_CPU_MILLI_MAX;
    int64_t memory = INT64_C(1000) * (WF_MEMORY_MIB_MAX / 1024);
    int64_t slices = 0;
    int64_t speed = 0;
    const struct {
        const char *key;
        struct wf_yaml_range range;
        int64_t *value;
    } numbers[] = {
        {"gpus_per_node", {0, 0, WF_NODE_GPUS_MAX, "WF_NODE_GPUS_MAX"}, &gpus},
        {"cpus_per_node", {3, 1, WF_CPU_MILLI_MAX, "WF_CPU_MILLI_MAX"}, &cpu_milli},
        {"memory_gib_per_node", {3, 1, memory, "WF_MEMORY_MIB_MAX"}, &memory},
        {"slices", {0, 0, WF_SLICES_MAX, "WF_SLICES_MAX"}, &slices},
        {"speed", {3, 1, UINT16_MAX, NULL}, &speed},
        {"group_size", {0, 1, WF_SITE_NODES_MAX, "WF_SITE_NODES_MAX"}, &reader->group_size},
    };
    enum wf_status status = WF_OK;
    for (size_t i = 0; i < WF_COUNT_OF(numbers) && status == WF_OK; i++) {
        status = wf_yaml_number(reader->yaml, reader->map, numbers[i].key, numbers[i].range,
                                numbers[i].value, err);
    }
    spec->slices = (uint8_t)slices;
    spec->speed_permille = (uint16_t)speed;
    kind->gpus = (uint32_t)gpus;
    kind->cpu_milli = (uint32_t)cpu_milli;
    kind->memory_mib = (uint32_t)(memory * 1024 / 1000);
    return status;
}

static enum wf_status take_vendor(struct reader *reader, struct wf_gpu_name *gpu,
                                  struct wf_error *err)
{
    const char *vendor = NULL;
    enum wf_status status = wf_yaml_text(reader->yaml, reader->map, "vendor", &vendor, err);
    if (status != WF_OK || !vendor) {
        return status;
    }
    bool amd = strcmp(vendor, "amd") == 0 || strcmp(vendor, "AMD") == 0;
    if (!amd && strcmp(vendor, "nvidia") != 0 && strcmp(vendor, "NVIDIA") != 0) {
        char quoted[QUOTE_SHOWN];
        wf_csv_quote(vendor, quoted, sizeof quoted);
        return wf_yaml_fail(reader->yaml, wf_yaml_get(reader->yaml, reader->map, "vendor"), err,
                            WF_INVALID, "'vendor' is '%s', it must be nvidia or amd", quoted);
    }
    gpu->vendor = amd ? WF_VENDOR_AMD : WF_VENDOR_NVIDIA;
    return WF_OK;
}

static enum wf_status take_gpu(struct reader *reader, struct wf_pool_spec *spec,
                               const struct wf_site_pool_kind *kind, struct wf_error *err)
{
    const char *text = NULL;
    enum wf_status status = wf_yaml_text(reader->yaml, reader->map, "gpu", &text, err);
    if (status != WF_OK) {
        return status;
    }
    if (!text != !kind->gpus) {
        return wf_yaml_fail(reader->yaml, reader->map, err, WF_INVALID,
                            text ? "the pool names a GPU, so it must tell 'gpus_per_node'"
                                 : "the pool tells 'gpus_per_node', so it must name its 'gpu'");
    }
    struct wf_gpu_name gpu;
    if (!text) {
        return WF_OK;
    }
    if (!wf_gpu_name_read(text, &gpu)) {
        char quoted[QUOTE_SHOWN];
        wf_csv_quote(text, quoted, sizeof quoted);
        return wf_yaml_fail(reader->yaml, wf_yaml_get(reader->yaml, reader->map, "gpu"), err,
                            WF_INVALID, "'gpu' is '%s', which is no name of a GPU model", quoted);
    }
    status = take_vendor(reader, &gpu, err);
    spec->vendor = gpu.vendor;
    return status == WF_OK ? wf_site_add_model(reader->builder, &gpu, &spec->model, err) : status;
}

static enum wf_status take_place(struct reader *reader, struct wf_pool_spec *spec,
                                 struct wf_error *err)
{
    const char *places[3] = {NULL};
    static const char *const keys[] = {"site", "region", "zone"};
    enum wf_status status = WF_OK;
    for (size_t i = 0; i < WF_COUNT_OF(keys) && status == WF_OK; i++) {
        status = wf_yaml_text(reader->yaml, reader->map, keys[i], &places[i], err);
    }
    return status == WF_OK ? wf_site_add_place(reader->builder, places[0], places[1], places[2],
                                               &spec->place, err)
                           : status;
}

static enum wf_status take_labels(struct reader *reader, struct wf_error *err)
{
    struct wf_site_builder *builder = reader->builder;
    uint32_t at = 0;
    for (const yaml_node_t *item; (item = wf_yaml_item(reader->yaml, reader->labels, &at));) {
        const char *label = wf_yaml_scalar(item);
        builder->line = wf_yaml_line(item);
        enum wf_status status = wf_site_check_name(builder, "a label", label ? label : "", err);
        if (status == WF_OK && label && strpbrk(label, "&|")) {
            status = wf_site_fail(builder, err, WF_INVALID, "a label may hold neither '&' nor '|'");
        }
        if (status == WF_OK && label) {
            status = wf_site_add_label(builder, label, strlen(label), err);
        }
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

// A node of the pool that is being read.
static enum wf_status take_node(void *context, const char *name, struct wf_error *err)
{
    struct reader *reader = context;
    struct wf_site_builder *builder = reader->builder;
    struct wf_node_spec spec = reader->node;
    enum wf_status status = WF_OK;
    if (reader->group_size > 0) {
        char group[WF_SITE_NAME_BYTES_MAX + 16];
        int64_t number = (builder->site->node_count - reader->first) / reader->group_size;
        snprintf(group, sizeof group, "%.200s/%lld", reader->name, (long long)number + 1);
        status = wf_site_add_group(builder, group, &spec.group, err);
    }
    uint64_t line = builder->line;
    if (status == WF_OK) {
        status = wf_site_add_node(builder, name, &spec, err);
    }
    if (status == WF_OK && reader->labels) {
        status = take_labels(reader, err);
    }
    builder->line = line;
    return status;
}

// "nodes: 16" names them after the pool.
static enum wf_status make_nodes(struct reader *reader, struct wf_error *err)
{
    int64_t count = 0;
    const struct wf_yaml_range range = {0, 1, WF_SITE_NODES_MAX, "WF_SITE_NODES_MAX"};
    char name[WF_SITE_NAME_BYTES_MAX + 16];
    enum wf_status status = wf_yaml_number(reader->yaml, reader->map, "nodes", range, &count, err);
    int width = count < 1000 ? 3 : count < 10000 ? 4 : count < 100000 ? 5 : 6;
    for (int64_t i = 1; i <= count && status == WF_OK; i++) {
        snprintf(name, sizeof name, "%.240s-%0*d", reader->name, width, (int)i);
        status = take_node(reader, name, err);
    }
    return status;
}

// Calls take for the names in a text, or in the texts of a list.
static enum wf_status take_names(struct reader *reader, const yaml_node_t *node,
                                 wf_hostlist_take *take, struct wf_error *err)
{
    struct wf_site_builder *builder = reader->builder;
    const char *text = wf_yaml_scalar(node);
    enum wf_status status = WF_OK;
    builder->line = wf_yaml_line(node);
    if (text) {
        return wf_hostlist_read(builder, text, take, reader, err);
    }
    if (node->type != YAML_SEQUENCE_NODE) {
        return wf_yaml_fail(reader->yaml, node, err, WF_INVALID,
                            "nodes are told as a count, a range gpu[001-016] or a list of names");
    }
    uint32_t at = 0;
    for (const yaml_node_t *item;
         status == WF_OK && (item = wf_yaml_item(reader->yaml, node, &at));) {
        text = wf_yaml_scalar(item);
        builder->line = wf_yaml_line(item);
        status = wf_hostlist_read(builder, text ? text : "", take, reader, err);
    }
    return status;
}

static enum wf_status take_nodes(struct reader *reader, struct wf_error *err)
{
    const yaml_node_t *node = wf_yaml_get(reader->yaml, reader->map, "nodes");
    if (!node) {
        return wf_yaml_fail(reader->yaml, reader->map, err, WF_INVALID,
                            "the pool must tell its 'nodes'");
    }
    const char *text = wf_yaml_scalar(node);
    bool count = text && strspn(text, "-.0123456789") == strlen(text);
    reader->builder->line = wf_yaml_line(node);
    enum wf_status status =
        count ? make_nodes(reader, err) : take_names(reader, node, take_node, err);
    if (status == WF_OK && reader->builder->site->node_count == reader->first) {
        status = wf_yaml_fail(reader->yaml, node, err, WF_INVALID, "the pool has no node");
    }
    return status;
}

static enum wf_status put_in_group(void *context, const char *name, struct wf_error *err)
{
    const struct reader *reader = context;
    uint32_t number = wf_names_find(reader->own_nodes, name);
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(name, quoted, sizeof quoted);
    if (number == UINT32_MAX) {
        return wf_site_fail(reader->builder, err, WF_INVALID,
                            "the group '%.48s' names '%s', which is no node of this pool",
                            reader->group_name, quoted);
    }
    struct wf_node_spec *spec = &reader->builder->site->nodes[reader->first + number - 1].spec;
    if (spec->group != 0) {
        return wf_site_fail(reader->builder, err, WF_INVALID, "the node '%s' is in two groups",
                            quoted);
    }
    spec->group = reader->group;
    return WF_OK;
}

static enum wf_status tell_groups(struct reader *reader, const yaml_node_t *groups,
                                  struct wf_error *err)
{
    const struct wf_site *site = reader->builder->site;
    uint32_t number;
    enum wf_status status = wf_names_create(&reader->own_nodes, err);
    for (uint32_t i = reader->first; status == WF_OK && i < site->node_count; i++) {
        const char *name = site->nodes[i].name;
        status = wf_names_add(reader->own_nodes, name, strlen(name), &number, err);
        if (status == WF_OK && number != i - reader->first + 1) {
            status = wf_yaml_fail(reader->yaml, wf_yaml_get(reader->yaml, reader->map, "nodes"),
                                  err, WF_EXISTS, "the node '%.48s' is there twice", name);
        }
    }
    yaml_node_t *value;
    uint32_t at = 0;
    while (status == WF_OK &&
           (reader->group_name = wf_yaml_pair(reader->yaml, groups, &at, &value))) {
        reader->builder->line = wf_yaml_line(value);
        status =
            wf_site_check_name(reader->builder, "the name of a group", reader->group_name, err);
        if (status == WF_OK) {
            status = wf_site_add_group(reader->builder, reader->group_name, &reader->group, err);
        }
        if (status == WF_OK) {
            status = take_names(reader, value, put_in_group, err);
        }
    }
    wf_names_destroy(reader->own_nodes);
    return status;
}

// Nodes are told to stand together in one of three ways.
static enum wf_status check_groups(const struct reader *reader, const yaml_node_t *groups,
                                   const char *group, struct wf_error *err)
{
    if (!!groups + !!group + (reader->group_size > 0) > 1) {
        return wf_yaml_fail(reader->yaml, reader->map, err, WF_INVALID,
                            "the pool may tell one of 'group', 'group_size' and 'groups'");
    }
    if (groups && groups->type != YAML_MAPPING_NODE) {
        return wf_yaml_fail(reader->yaml, groups, err, WF_INVALID,
                            "'groups' must be a map, such as 'rack1: gpu[001-008]'");
    }
    return WF_OK;
}

static enum wf_status read_nodes(struct reader *reader, struct wf_error *err)
{
    const yaml_node_t *groups = wf_yaml_get(reader->yaml, reader->map, "groups");
    const char *group = NULL;
    reader->first = reader->builder->site->node_count;
    reader->labels = wf_yaml_get(reader->yaml, reader->map, "labels");
    enum wf_status status = wf_yaml_text(reader->yaml, reader->map, "group", &group, err);
    if (status == WF_OK) {
        status = check_groups(reader, groups, group, err);
    }
    if (status == WF_OK && group) {
        status = wf_site_add_group(reader->builder, group, &reader->node.group, err);
    }
    if (status == WF_OK && reader->labels) {
        status = wf_yaml_check_list(reader->yaml, reader->labels, "labels", err);
    }
    if (status == WF_OK) {
        status = take_nodes(reader, err);
    }
    return status == WF_OK && groups ? tell_groups(reader, groups, err) : status;
}

static bool has_name(const struct wf_site *site, const char *name)
{
    uint32_t pool = 0;
    while (pool < site->pool_count && strcmp(site->pools[pool].name, name) != 0) {
        pool++;
    }
    return pool < site->pool_count;
}

static enum wf_status add_pool(struct reader *reader, const struct wf_pool_spec *spec,
                               const struct wf_site_pool_kind *kind, struct wf_error *err)
{
    struct wf_site *site = reader->builder->site;
    const char *name = NULL;
    enum wf_status status = wf_yaml_text(reader->yaml, reader->map, "name", &name, err);
    reader->builder->line = wf_yaml_line(reader->map);
    if (status == WF_OK && name) {
        status = wf_site_check_name(reader->builder, "the name of a pool", name, err);
    }
    if (status == WF_OK && name && has_name(site, name)) {
        char quoted[QUOTE_SHOWN];
        wf_csv_quote(name, quoted, sizeof quoted);
        status = wf_yaml_fail(reader->yaml, wf_yaml_get(reader->yaml, reader->map, "name"), err,
                              WF_EXISTS, "the pool '%s' is there already", quoted);
    }
    if (status == WF_OK) {
        status = wf_site_add_pool(reader->builder, name, spec, kind, err);
    }
    if (status == WF_OK) {
        reader->node = (struct wf_node_spec){.pool = {site->pool_count - 1},
                                             .cpu_milli = kind->cpu_milli,
                                             .memory_mib = kind->memory_mib,
                                             .gpus = (uint8_t)kind->gpus};
        reader->name = site->pools[site->pool_count - 1].name;
    }
    return status;
}

// A size that is not told is said once, with the origin.
static void note_untold(const struct reader *reader)
{
    if (!wf_yaml_get(reader->yaml, reader->map, "cpus_per_node") ||
        !wf_yaml_get(reader->yaml, reader->map, "memory_gib_per_node")) {
        snprintf(reader->builder->note, sizeof reader->builder->note,
                 "CPU and memory that are not told stand in nobody's way");
    }
}

static enum wf_status read_pool(struct wf_yaml *yaml, const yaml_node_t *map,
                                struct wf_site_builder *builder, struct wf_error *err)
{
    struct reader reader = {.yaml = yaml, .map = map, .builder = builder};
    struct wf_pool_spec spec = {0};
    struct wf_site_pool_kind kind = {0};
    enum wf_status status = wf_yaml_check_map(yaml, map, "a pool", pool_keys, err);
    if (status != WF_OK) {
        return status;
    }
    builder->line = wf_yaml_line(map);
    status = take_numbers(&reader, &spec, &kind, err);
    if (status == WF_OK) {
        status = take_gpu(&reader, &spec, &kind, err);
    }
    if (status == WF_OK) {
        status = take_place(&reader, &spec, err);
    }
    if (status == WF_OK) {
        status = add_pool(&reader, &spec, &kind, err);
    }
    if (status != WF_OK) {
        return status;
    }
    note_untold(&reader);
    uint32_t pool = builder->site->pool_count - 1;
    status = wf_yaml_read_pool_price(yaml, map, kind.gpus, &builder->site->pools[pool],
                                     &builder->kinds[pool].priced, err);
    const yaml_node_t *offer = wf_yaml_get(yaml, map, "offer");
    if (status == WF_OK && offer && builder->kinds[pool].priced) {
        status = wf_yaml_fail(yaml, offer, err, WF_INVALID,
                              "the pool tells its price, so it names no 'offer'");
    } else if (status == WF_OK && offer) {
        status = wf_yaml_read_offer(yaml, offer, builder, pool, err);
    }
    return status == WF_OK ? read_nodes(&reader, err) : status;
}

enum wf_status wf_yaml_read_pools(struct wf_yaml *yaml, const yaml_node_t *list,
                                  struct wf_site_builder *builder, struct wf_error *err)
{
    enum wf_status status = wf_yaml_check_list(yaml, list, "pools", err);
    uint32_t at = 0;
    for (const yaml_node_t *map; status == WF_OK && (map = wf_yaml_item(yaml, list, &at));) {
        status = read_pool(yaml, map, builder, err);
    }
    return status;
}
