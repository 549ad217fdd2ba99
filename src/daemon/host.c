// SPDX-License-Identifier: Apache-2.0
#include "daemon/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host_parts.h"
#include "daemon/list_price.h"

// What is put together while it is looked at.
struct sketch {
    struct wf_host *host;
    const struct wf_machine *machine;
    struct wf_site *site; // to be
    struct wf_list_prices prices;
    uint64_t memory_mib[WF_MODELS_MAX];
    bool out_of_memory;
};

static char *copy(struct sketch *sketch, const char *text)
{
    char *copied = strdup(text);
    sketch->out_of_memory = sketch->out_of_memory || !copied;
    return copied;
}

static uint32_t find_model(struct sketch *sketch, const char *model)
{
    struct wf_site *site = sketch->site;
    for (uint32_t i = 0; i < site->model_count; i++) {
        if (site->models[i] && strcmp(site->models[i], model) == 0) {
            return i;
        }
    }
    site->models[site->model_count] = copy(sketch, model);
    return site->model_count++;
}

static void add_node(struct sketch *sketch, const struct wf_inventory_node *node, const char *name,
                     uint32_t gpus_all)
{
    struct wf_site *site = sketch->site;
    const struct wf_machine *machine = sketch->machine;
    uint64_t part = node ? node->gpu_count : 1, whole = node ? gpus_all : 1;
    uint32_t model = node ? find_model(sketch, node->model) : 0;
    struct wf_site_pool *pool = &site->pools[site->pool_count];
    pool->name = copy(sketch, node ? node->model : "cpu");
    if (node) {
        pool->spec = (struct wf_pool_spec){
            .model = (uint8_t)model, .vendor = (uint8_t)node->vendor, .slices = node->slices};
        const char *source;
        pool->spec.price_nanousd_per_gpu_hour =
            wf_list_price(&sketch->prices, node->model, &source);
        pool->price_source = copy(sketch, source);
        sketch->memory_mib[model] = node->memory_bytes >> 20;
    } else {
        pool->price_source = copy(sketch, "no GPUs");
    }
    struct wf_site_node *made = &site->nodes[site->node_count++];
    made->name = copy(sketch, name);
    made->spec = (struct wf_node_spec){
        .pool = {site->pool_count++},
        .cpu_milli = (uint32_t)((uint64_t)machine->cores * 1000 * part / whole),
        .memory_mib = (uint32_t)((machine->memory_bytes >> 20) * part / whole),
        .gpus = node ? node->gpu_count : 0,
    };
}

static void add_nodes(struct sketch *sketch)
{
    const struct wf_host_nodes *nodes = &sketch->host->nodes;
    const struct wf_inventory *inventory = &nodes->inventory;
    uint32_t gpus = 0;
    for (uint32_t i = 0; i < inventory->node_count; i++) {
        gpus += inventory->nodes[i].gpu_count;
    }
    for (uint32_t i = 0; i < inventory->node_count; i++) {
        add_node(sketch, &inventory->nodes[i], nodes->names[i], gpus);
    }
    if (inventory->node_count == 0) {
        add_node(sketch, NULL, sketch->machine->hostname, 1);
    }
}

static void add_queues(struct sketch *sketch)
{
    const struct wf_site *described = &sketch->prices.described;
    struct wf_site *site = sketch->site;
    site->queues = calloc(described->queue_count + 1, sizeof *site->queues);
    sketch->out_of_memory = sketch->out_of_memory || !site->queues;
    for (uint32_t i = 0; i < described->queue_count && site->queues; i++) {
        site->queues[i].name = copy(sketch, described->queues[i].name);
        site->queues[i].spec = described->queues[i].spec;
        site->queue_count++;
    }
}

static enum wf_status make_site(struct sketch *sketch, struct wf_error *err)
{
    const struct wf_host_config *config = &sketch->host->config;
    struct wf_site *site = sketch->site;
    uint32_t nodes = sketch->host->nodes.inventory.node_count + 1;
    enum wf_status status = wf_list_prices_init(&sketch->prices, config->site, err);
    site->pools = calloc(nodes, sizeof *site->pools);
    site->nodes = calloc(nodes, sizeof *site->nodes);
    if (status == WF_OK && site->pools && site->nodes) {
        add_nodes(sketch);
        add_queues(sketch);
        site->origin = copy(sketch, "this machine");
    }
    bool good = site->pools && site->nodes && !sketch->out_of_memory;
    return status != WF_OK || good ? status : wf_fail(err, WF_NOMEM, "no memory for the machine");
}

enum wf_status wf_host_look_again(struct wf_host *host, struct wf_error *err)
{
    struct wf_telemetry *telemetry = NULL;
    struct wf_telemetry_config config = {.sysroot = host->config.sysroot,
                                         .nvml_path = host->config.nvml_path,
                                         .data_folder = host->config.data};
    enum wf_status status = wf_telemetry_open(&config, &telemetry, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_host_nodes before = host->nodes;
    struct wf_site site = {0};
    struct sketch sketch = {
        .host = host, .machine = wf_telemetry_machine(telemetry), .site = &site};
    bool busy = host->config.is_busy && host->config.is_busy(host->config.context);
    wf_host_nodes_look(&host->nodes, sketch.machine, busy);
    status = make_site(&sketch, err);
    wf_list_prices_finish(&sketch.prices);
    if (status != WF_OK) {
        host->nodes = before;
        wf_site_finish(&site);
        wf_telemetry_close(telemetry);
        return status;
    }
    wf_site_finish(&host->site);
    wf_telemetry_close(host->telemetry);
    host->site = site;
    host->telemetry = telemetry;
    wf_host_set_granter(host);
    memcpy(host->memory_mib, sketch.memory_mib, sizeof host->memory_mib);
    // A full disk keeps nobody from starting: what is not written down now is with the next look.
    host->unwritten = wf_host_nodes_write(&host->nodes, host->config.data, NULL) != WF_OK;
    return WF_OK;
}

bool wf_host_waits(const struct wf_host *host)
{
    return host->nodes.waits || host->unwritten;
}

enum wf_status wf_host_open(const struct wf_host_config *config, struct wf_host **host_out,
                            struct wf_error *err)
{
    struct wf_host *host = calloc(1, sizeof *host);
    if (!host) {
        return wf_fail(err, WF_NOMEM, "no memory for the machine");
    }
    host->config = *config;
    enum wf_status status = wf_host_nodes_read(&host->nodes, config->data, err);
    status = status == WF_OK ? wf_host_look_again(host, err) : status;
    if (status != WF_OK) {
        wf_host_close(host);
        return status;
    }
    *host_out = host;
    return WF_OK;
}

void wf_host_close(struct wf_host *host)
{
    if (host) {
        wf_site_finish(&host->site);
        wf_telemetry_close(host->telemetry);
        free(host);
    }
}

const struct wf_site *wf_host_site(const struct wf_host *host)
{
    return &host->site;
}

const uint64_t *wf_host_model_memory_mib(const struct wf_host *host)
{
    return host->memory_mib;
}

const struct wf_desk_granter *wf_host_granter(const struct wf_host *host)
{
    return &host->granter;
}
