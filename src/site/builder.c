// SPDX-License-Identifier: Apache-2.0
#include "site/builder.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "text/csv.h"

enum {
    QUOTE_SHOWN = 64,
    PLACES_MAX = WF_ANYWHERE - 1, // sites, regions, zones: WF_ANYWHERE is none of them
    GROUPS_MAX = UINT16_MAX,
};

bool wf_site_make_room(void **items, size_t item_size, uint32_t count, uint32_t *capacity)
{
    if (count < *capacity) {
        return true;
    }
    uint32_t larger = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(*items, larger * item_size);
    if (grown) {
        *items = grown;
        *capacity = larger;
    }
    return grown != NULL;
}

char *wf_site_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

enum wf_status wf_site_fail(const struct wf_site_builder *builder, struct wf_error *err,
                            enum wf_status status, const char *format, ...)
{
    char text[400];
    char place[64] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (builder->line > 0) {
        snprintf(place, sizeof place, ", line %llu", (unsigned long long)builder->line);
    } else if (builder->item) {
        snprintf(place, sizeof place, ", %s", builder->item);
    }
    return wf_fail(err, status, "%s%s: %s", builder->source->shown, place, text);
}

static enum wf_status fail_memory(const struct wf_site_builder *builder, struct wf_error *err)
{
    return wf_site_fail(builder, err, WF_NOMEM, "no memory to read further");
}

enum wf_status wf_site_builder_init(struct wf_site *site, const struct wf_source *source,
                                    struct wf_site_builder *builder_out, struct wf_error *err)
{
    *builder_out = (struct wf_site_builder){.site = site, .source = source};
    struct wf_names **tables[] = {&builder_out->groups, &builder_out->zones, &builder_out->sites,
                                  &builder_out->regions, &builder_out->labels};
    for (size_t i = 0; i < WF_COUNT_OF(tables); i++) {
        enum wf_status status = wf_names_create(tables[i], err);
        if (status != WF_OK) {
            wf_site_builder_finish(builder_out);
            return wf_error_prefix(err, status, "%s: ", source->shown);
        }
    }
    return WF_OK;
}

void wf_site_builder_finish(struct wf_site_builder *builder)
{
    if (builder) {
        wf_names_destroy(builder->groups);
        wf_names_destroy(builder->zones);
        wf_names_destroy(builder->sites);
        wf_names_destroy(builder->regions);
        wf_names_destroy(builder->labels);
        free(builder->kinds);
        free(builder->node_lines);
        free(builder->label_uses);
        free(builder->marks);
        wf_site_prices_finish(&builder->prices);
        wf_site_prices_finish(&builder->stored);
        wf_site_market_close(&builder->market);
        *builder = (struct wf_site_builder){0};
    }
}

enum wf_status wf_site_check_name(const struct wf_site_builder *builder, const char *what,
                                  const char *name, struct wf_error *err)
{
    if (name[0] == '\0') {
        return wf_site_fail(builder, err, WF_INVALID, "%s is missing", what);
    }
    if (strlen(name) > WF_SITE_NAME_BYTES_MAX) {
        return wf_site_fail(builder, err, WF_LIMIT,
                            "%s is longer than %d bytes, the limit WF_SITE_NAME_BYTES_MAX", what,
                            WF_SITE_NAME_BYTES_MAX);
    }
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return wf_site_fail(builder, err, WF_INVALID, "%s holds a control character", what);
        }
    }
    return WF_OK;
}

enum wf_status wf_site_add_model(struct wf_site_builder *builder, const struct wf_gpu_name *gpu,
                                 uint8_t *model_out, struct wf_error *err)
{
    struct wf_site *site = builder->site;
    uint32_t model = 0;
    while (model < site->model_count && strcmp(site->models[model], gpu->text) != 0) {
        model++;
    }
    *model_out = (uint8_t)model;
    if (model < site->model_count) {
        return WF_OK;
    }
    if (model == WF_MODELS_MAX) {
        return wf_site_fail(builder, err, WF_LIMIT,
                            "'%s' is one GPU model more than %d, the limit WF_MODELS_MAX",
                            gpu->text, WF_MODELS_MAX);
    }
    site->models[model] = wf_site_copy(gpu->text);
    if (!site->models[model]) {
        return fail_memory(builder, err);
    }
    builder->models[model] = *gpu;
    site->model_count++;
    return WF_OK;
}

// Numbers from 0; the table's own 0 is "".
static enum wf_status number_place(struct wf_site_builder *builder, struct wf_names *names,
                                   const char *path, uint16_t *number_out, struct wf_error *err)
{
    uint32_t number;
    enum wf_status status = wf_names_add(names, path, strlen(path), &number, err);
    if (status != WF_OK) {
        return fail_memory(builder, err);
    }
    if (number > PLACES_MAX) {
        return wf_site_fail(builder, err, WF_LIMIT,
                            "there are more than %d sites, regions or zones", PLACES_MAX);
    }
    *number_out = (uint16_t)(number - 1);
    return WF_OK;
}

enum wf_status wf_site_add_place(struct wf_site_builder *builder, const char *site,
                                 const char *region, const char *zone, struct wf_place *place_out,
                                 struct wf_error *err)
{
    const char *parts[] = {site && *site ? site : "local", region ? region : "", zone ? zone : ""};
    static const char *const words[] = {"the name of a site", "the name of a region",
                                        "the name of a zone"};
    for (size_t i = 0; i < WF_COUNT_OF(parts); i++) {
        enum wf_status status =
            parts[i][0] ? wf_site_check_name(builder, words[i], parts[i], err) : WF_OK;
        if (status != WF_OK) {
            return status;
        }
        if (strchr(parts[i], '/')) {
            return wf_site_fail(builder, err, WF_INVALID, "%s may not hold '/'", words[i]);
        }
    }
    char path[3 * WF_SITE_NAME_BYTES_MAX + 3];
    snprintf(path, sizeof path, "%s/%s/%s", parts[0], parts[1], parts[2]);
    for (size_t end = strlen(path); path[end - 1] == '/'; end--) {
        path[end - 1] = '\0';
    }
    enum wf_status status = number_place(builder, builder->zones, path, &place_out->zone, err);
    if (status == WF_OK) {
        snprintf(path, sizeof path, "%s/%s", parts[0], parts[1]);
        status = number_place(builder, builder->regions, path, &place_out->region, err);
    }
    return status == WF_OK ? number_place(builder, builder->sites, parts[0], &place_out->site, err)
                           : status;
}

enum wf_status wf_site_add_group(struct wf_site_builder *builder, const char *group,
                                 uint16_t *group_out, struct wf_error *err)
{
    *group_out = 0;
    if (!group || !*group) {
        return WF_OK;
    }
    uint32_t number;
    enum wf_status status = wf_site_check_name(builder, "the name of a group", group, err);
    if (status != WF_OK) {
        return status;
    }
    if (wf_names_add(builder->groups, group, strlen(group), &number, err) != WF_OK) {
        return fail_memory(builder, err);
    }
    if (number > GROUPS_MAX) {
        return wf_site_fail(builder, err, WF_LIMIT, "there are more than %d groups of nodes",
                            GROUPS_MAX);
    }
    *group_out = (uint16_t)number;
    return WF_OK;
}

static bool has_pool(const struct wf_site *site, const char *name)
{
    for (uint32_t i = 0; i < site->pool_count; i++) {
        if (strcmp(site->pools[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

// "H100x8"; where there is one already, "H100x8-128c-2048g" after cores and GiB, then with its
// number.
static char *make_pool_name(const struct wf_site *site, const char *wanted,
                            const struct wf_pool_spec *spec, const struct wf_site_pool_kind *kind)
{
    char base[WF_SITE_NAME_BYTES_MAX + 1];
    char name[WF_SITE_NAME_BYTES_MAX + 64];
    if (wanted) {
        snprintf(base, sizeof base, "%s", wanted);
    } else if (kind->gpus > 0) {
        snprintf(base, sizeof base, "%sx%u", site->models[spec->model], kind->gpus);
    } else {
        snprintf(base, sizeof base, "cpu");
    }
    snprintf(name, sizeof name, "%s", base);
    if (has_pool(site, name)) {
        snprintf(name, sizeof name, "%s-%uc-%ug", base, kind->cpu_milli / 1000,
                 kind->memory_mib / 1024);
    }
    for (uint32_t i = site->pool_count + 1; has_pool(site, name); i++) {
        snprintf(name, sizeof name, "%s-%uc-%ug-%u", base, kind->cpu_milli / 1000,
                 kind->memory_mib / 1024, i);
    }
    return wf_site_copy(name);
}

enum wf_status wf_site_add_pool(struct wf_site_builder *builder, const char *name,
                                const struct wf_pool_spec *spec,
                                const struct wf_site_pool_kind *kind, struct wf_error *err)
{
    struct wf_site *site = builder->site;
    if (site->pool_count == WF_POOLS_MAX) {
        return wf_site_fail(builder, err, WF_LIMIT,
                            "there are more than %d pools, the limit WF_POOLS_MAX", WF_POOLS_MAX);
    }
    uint32_t capacity = builder->pool_capacity;
    void *pools = site->pools;
    bool room = wf_site_make_room(&pools, sizeof *site->pools, site->pool_count, &capacity);
    site->pools = pools;
    if (room) {
        void *kinds = builder->kinds;
        room = wf_site_make_room(&kinds, sizeof *builder->kinds, site->pool_count,
                                 &builder->pool_capacity);
        builder->kinds = kinds;
    }
    char *copy = room ? make_pool_name(site, name, spec, kind) : NULL;
    if (!copy) {
        return fail_memory(builder, err);
    }
    builder->kinds[site->pool_count] = *kind;
    site->pools[site->pool_count++] = (struct wf_site_pool){.name = copy, .spec = *spec};
    return WF_OK;
}

enum wf_status wf_site_add_node(struct wf_site_builder *builder, const char *name,
                                const struct wf_node_spec *spec, struct wf_error *err)
{
    struct wf_site *site = builder->site;
    enum wf_status status = wf_site_check_name(builder, "the name of a node", name, err);
    if (status != WF_OK) {
        return status;
    }
    if (site->node_count == WF_SITE_NODES_MAX) {
        return wf_site_fail(builder, err, WF_LIMIT,
                            "there are more than %d nodes, the limit WF_SITE_NODES_MAX",
                            WF_SITE_NODES_MAX);
    }
    uint32_t capacity = builder->node_capacity;
    void *nodes = site->nodes;
    bool room = wf_site_make_room(&nodes, sizeof *site->nodes, site->node_count, &capacity);
    site->nodes = nodes;
    if (room) {
        void *lines = builder->node_lines;
        room = wf_site_make_room(&lines, sizeof *builder->node_lines, site->node_count,
                                 &builder->node_capacity);
        builder->node_lines = lines;
    }
    char *copy = room ? wf_site_copy(name) : NULL;
    if (!copy) {
        return fail_memory(builder, err);
    }
    builder->node_lines[site->node_count] = builder->line;
    site->nodes[site->node_count++] = (struct wf_site_node){.name = copy, .spec = *spec};
    return WF_OK;
}

static enum wf_status check_machine(const struct wf_site_builder *builder,
                                    const struct wf_site_machine *machine, struct wf_error *err)
{
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(machine->name, quoted, sizeof quoted);
    const struct {
        const char *what, *limit;
        int64_t value, max;
    } numbers[] = {
        {"GPUs", "WF_NODE_GPUS_MAX", machine->gpus, WF_NODE_GPUS_MAX},
        {"slices of each GPU", "WF_SLICES_MAX", machine->slices, WF_SLICES_MAX},
        {"thousandths of a core", "WF_CPU_MILLI_MAX", machine->cpu_milli, WF_CPU_MILLI_MAX},
        {"MiB of memory", "WF_MEMORY_MIB_MAX", machine->memory_mib, WF_MEMORY_MIB_MAX},
    };
    for (size_t i = 0; i < WF_COUNT_OF(numbers); i++) {
        WF_ASSERT(numbers[i].value >= 0);
        if (numbers[i].value > numbers[i].max) {
            return wf_site_fail(builder, err, WF_LIMIT,
                                "the node '%s' has %lld %s, more than %lld, the limit %s", quoted,
                                (long long)numbers[i].value, numbers[i].what,
                                (long long)numbers[i].max, numbers[i].limit);
        }
    }
    return WF_OK;
}

static bool is_alike(const struct wf_site_builder *builder, uint32_t pool,
                     const struct wf_pool_spec *spec, const struct wf_site_machine *machine)
{
    const struct wf_pool_spec *have = &builder->site->pools[pool].spec;
    const struct wf_site_pool_kind *kind = &builder->kinds[pool];
    int64_t more = machine->memory_mib - (int64_t)kind->memory_mib;
    return kind->made && have->model == spec->model && have->vendor == spec->vendor &&
           have->slices == spec->slices && have->rent_by_use == spec->rent_by_use &&
           have->place.zone == spec->place.zone && kind->gpus == machine->gpus &&
           kind->cpu_milli == machine->cpu_milli &&
           (more < 0 ? -more : more) * 20 <= (int64_t)kind->memory_mib;
}

// The nodes of a kind often follow each other: the last one's pool is asked first.
static uint32_t find_pool(const struct wf_site_builder *builder, const struct wf_pool_spec *spec,
                          const struct wf_site_machine *machine)
{
    const struct wf_site *site = builder->site;
    if (site->node_count > 0) {
        uint32_t last = site->nodes[site->node_count - 1].spec.pool.index;
        if (is_alike(builder, last, spec, machine)) {
            return last;
        }
    }
    uint32_t pool = 0;
    while (pool < site->pool_count && !is_alike(builder, pool, spec, machine)) {
        pool++;
    }
    return pool;
}

enum wf_status wf_site_add_machine(struct wf_site_builder *builder,
                                   const struct wf_site_machine *machine, struct wf_error *err)
{
    struct wf_pool_spec spec = {.rent_by_use = machine->rent_by_use};
    struct wf_node_spec node = {0};
    enum wf_status status = check_machine(builder, machine, err);
    if (status == WF_OK) {
        status = wf_site_add_place(builder, machine->site, machine->region, machine->zone,
                                   &spec.place, err);
    }
    if (status == WF_OK && machine->gpus > 0) {
        spec.vendor = machine->gpu.vendor;
        spec.slices = (uint8_t)machine->slices;
        status = wf_site_add_model(builder, &machine->gpu, &spec.model, err);
    }
    if (status == WF_OK) {
        status = wf_site_add_group(builder, machine->group, &node.group, err);
    }
    if (status != WF_OK) {
        return status;
    }
    node.gpus = (uint8_t)machine->gpus;
    node.cpu_milli = (uint32_t)machine->cpu_milli;
    node.memory_mib = (uint32_t)machine->memory_mib;
    node.pool.index = find_pool(builder, &spec, machine);
    if (node.pool.index == builder->site->pool_count) {
        const struct wf_site_pool_kind kind = {.gpus = node.gpus,
                                               .cpu_milli = node.cpu_milli,
                                               .memory_mib = node.memory_mib,
                                               .made = true};
        status = wf_site_add_pool(builder, machine->pool, &spec, &kind, err);
    }
    return status == WF_OK ? wf_site_add_node(builder, machine->name, &node, err) : status;
}
