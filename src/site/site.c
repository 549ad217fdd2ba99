// SPDX-License-Identifier: Apache-2.0
#include "site/site.h"

#include <stdlib.h>
#include <string.h>

#include "site/builder.h"
#include "site/journal.h"

// The order matters where a text could be two of them.
static const struct wf_site_format *const formats[] = {
    &wf_site_kubernetes, &wf_site_slurm_nodes, &wf_site_slurm_conf, &wf_site_openb, &wf_site_yaml,
};

enum { WORDS_BYTES = 640 };

static enum wf_status find_format(const struct wf_source *source,
                                  const struct wf_site_format **format_out, struct wf_error *err)
{
    char names[200] = "";
    size_t length = 0;
    for (size_t i = 0; i < WF_COUNT_OF(formats); i++) {
        if (formats[i]->recognise(source)) {
            *format_out = formats[i];
            return WF_OK;
        }
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "",
                                   formats[i]->name);
    }
    return wf_fail(err, WF_INVALID,
                   "%s, line 1: this is no description of a cluster that is known (%s)",
                   source->shown, names);
}

// The prices that hold for pools which the description does not price, those that win first.
struct price_lists {
    struct wf_site_prices given, table;
    struct wf_site_market market; // where what is given is a store
};

static enum wf_status read_prices(const char *path, struct price_lists *lists, struct wf_error *err)
{
    *lists = (struct price_lists){0};
    enum wf_status status = wf_site_prices_of_table(&lists->table, err);
    if (status != WF_OK || !path) {
        return status;
    }
    if (!wf_price_store_is(path)) {
        return wf_site_prices_read(path, &lists->given, err);
    }
    status = wf_site_market_open(path, -1, 0, &lists->market, err);
    return status == WF_OK ? wf_site_market_prices(&lists->market, &lists->given, err) : status;
}

static void finish_prices(struct price_lists *lists)
{
    wf_site_prices_finish(&lists->given);
    wf_site_market_close(&lists->market);
    wf_site_prices_finish(&lists->table);
}

// Prices a pool by its model, and says by whose word.
static enum wf_status price_pool(const struct wf_site_builder *builder, uint32_t number,
                                 const struct price_lists *lists, struct wf_error *err)
{
    struct wf_site_pool *pool = &builder->site->pools[number];
    const struct wf_gpu_name *gpu = &builder->models[pool->spec.model];
    const struct wf_site_prices *asked[] = {&builder->prices, &lists->given, &builder->stored,
                                            &lists->table};
    const struct wf_site_price *price = NULL;
    bool gpus = builder->kinds[number].gpus > 0;
    for (size_t i = 0; i < WF_COUNT_OF(asked) && gpus && !price; i++) {
        price = wf_site_prices_find(asked[i], gpu);
    }
    char text[WORDS_BYTES];
    if (!gpus) {
        snprintf(text, sizeof text, "it has no GPUs, and the price is by the GPU");
    } else if (!price) {
        snprintf(text, sizeof text, "no price is known");
    } else if (wf_gpu_name_match(gpu, &price->gpu) == WF_GPU_IS) {
        snprintf(text, sizeof text, "%s", price->source);
    } else {
        snprintf(text, sizeof text, "as %s, the lowest that %s may be: %s", price->gpu.text,
                 gpu->text, price->source);
    }
    pool->spec.price_nanousd_per_gpu_hour = price ? price->nanousd_per_gpu_hour : 0;
    pool->price_source = wf_site_copy(text);
    return pool->price_source
               ? WF_OK
               : wf_fail(err, WF_NOMEM, "no memory to read %s", builder->source->shown);
}

static enum wf_status price_pools(const struct wf_site_builder *builder,
                                  const struct price_lists *lists, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < builder->site->pool_count && status == WF_OK; i++) {
        if (!builder->kinds[i].priced) {
            status = price_pool(builder, i, lists, err);
        }
    }
    return status;
}

// "nodes.txt (scontrol show node): 12 nodes with 96 GPUs in 3 pools; 1 down or drained, kept ..."
static enum wf_status tell_origin(struct wf_site_builder *builder, const char *format,
                                  struct wf_error *err)
{
    struct wf_site *site = builder->site;
    char text[WORDS_BYTES];
    char dropped[96] = "";
    uint64_t gpus = 0;
    for (uint32_t i = 0; i < site->node_count; i++) {
        gpus += site->nodes[i].spec.gpus;
    }
    if (site->labels_dropped > 0) {
        snprintf(dropped, sizeof dropped, "; %u labels of the fewest nodes left out",
                 site->labels_dropped);
    }
    snprintf(text, sizeof text, "%s (%s): %u node%s with %llu GPU%s in %u pool%s%s%s%s",
             builder->source->shown, format, site->node_count, site->node_count == 1 ? "" : "s",
             (unsigned long long)gpus, gpus == 1 ? "" : "s", site->pool_count,
             site->pool_count == 1 ? "" : "s", builder->note[0] ? "; " : "", builder->note,
             dropped);
    site->origin = wf_site_copy(text);
    return site->origin ? WF_OK
                        : wf_fail(err, WF_NOMEM, "no memory to read %s", builder->source->shown);
}

static enum wf_status read_source(const struct wf_source *source, const struct price_lists *lists,
                                  struct wf_site *site, struct wf_error *err)
{
    const struct wf_site_format *format = NULL;
    struct wf_site_builder builder;
    enum wf_status status = find_format(source, &format, err);
    if (status == WF_OK) {
        status = wf_site_builder_init(site, source, &builder, err);
    }
    if (status != WF_OK) {
        return status;
    }
    builder.given = &lists->market;
    status = format->read(source, &builder, err);
    if (status == WF_OK) {
        status = wf_site_builder_close(&builder, err);
    }
    if (status == WF_OK) {
        status = price_pools(&builder, lists, err);
    }
    if (status == WF_OK) {
        status = tell_origin(&builder, format->name, err);
    }
    wf_site_builder_finish(&builder);
    return status;
}

enum wf_status wf_site_read(const struct wf_site_config *config, struct wf_site *site_out,
                            struct wf_error *err)
{
    struct wf_source source;
    struct price_lists lists;
    *site_out = (struct wf_site){0};
    // A journal may be larger than what is kept in memory as a whole, and is priced.
    bool is_journal;
    enum wf_status status = wf_site_find_journal(config->path, &is_journal, err);
    if (status != WF_OK || is_journal) {
        return status == WF_OK ? wf_site_of_journal(config->path, site_out, err) : status;
    }
    status = wf_source_read(config->path, &source, err);
    if (status != WF_OK) {
        return status;
    }
    status = read_prices(config->prices_path, &lists, err);
    if (status == WF_OK) {
        status = read_source(&source, &lists, site_out, err);
    }
    finish_prices(&lists);
    wf_source_finish(&source);
    if (status != WF_OK) {
        wf_site_finish(site_out);
    }
    return status;
}

static void free_texts(char **texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

void wf_site_finish(struct wf_site *site)
{
    if (!site) {
        return;
    }
    for (uint32_t i = 0; i < site->pool_count; i++) {
        free(site->pools[i].name);
        free(site->pools[i].price_source);
    }
    for (uint32_t i = 0; i < site->node_count; i++) {
        free(site->nodes[i].name);
    }
    for (uint32_t i = 0; i < site->queue_count; i++) {
        free(site->queues[i].name);
    }
    for (uint32_t i = 0; i < site->model_count; i++) {
        free(site->models[i]);
    }
    for (uint32_t i = 0; i < site->label_count; i++) {
        free(site->labels[i].name);
    }
    free_texts(site->groups, site->group_count);
    free_texts(site->zones, site->zone_count);
    free(site->pools);
    free(site->nodes);
    free(site->queues);
    free(site->labels);
    free(site->origin);
    *site = (struct wf_site){0};
}
