// SPDX-License-Identifier: Apache-2.0
// Prices of one's own in YAML: contracts with clouds and hardware that is owned. They win over
// every list. What is written by hand is refused as a whole where a part of it is wrong.
#include <string.h>

#include "base/assert.h"
#include "core/limits.h"
#include "gpu/gpu_name.h"
#include "gpu/owned.h"
#include "provider/price/importer.h"
#include "text/lines.h"
#include "text/moment.h"
#include "text/yaml_file.h"

#define USD INT64_C(1000000000)
#define USD_MAX (INT64_C(1000000000) * USD) // of one node, by the node and year

static const char *const root_keys[] = {"contracts", "owned", NULL};
static const char *const contract_keys[] = {
    "provider",     "region",           "zone",   "instance", "gpu", "gpus", "kind", "from",
    "usd_per_hour", "usd_per_gpu_hour", "source", "until",    NULL,
};
static const char *const owned_keys[] = {
    "name",         "region", "zone",           "instance",    "gpu",          "gpus",
    "usd_per_node", "years",  "watts_per_node", "usd_per_kwh", "usd_per_year", "usd_per_gpu_hour",
    "from",         "until",  "source",         NULL,
};

struct own {
    struct wf_price_reading *reading;
    struct wf_yaml *yaml;
};

static bool recognise(const char *head)
{
    for (const char *line = head; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "contracts:", 10) == 0 || strncmp(line, "owned:", 6) == 0) {
            return true;
        }
    }
    return false;
}

static enum wf_status fail_key(const struct own *own, const yaml_node_t *map, const char *key,
                               const char *why, struct wf_error *err)
{
    const yaml_node_t *node = wf_yaml_get(own->yaml, map, key);
    return wf_yaml_fail(own->yaml, node ? node : map, err, WF_INVALID, "'%s' %s", key, why);
}

static enum wf_status take_time(const struct own *own, const yaml_node_t *map, const char *key,
                                int64_t *ms_out, struct wf_error *err)
{
    const char *text = NULL;
    enum wf_status status = wf_yaml_text(own->yaml, map, key, &text, err);
    return status == WF_OK && text && !wf_moment_read(text, ms_out)
               ? fail_key(own, map, key, "must be a date like 2026-01-31", err)
               : status;
}

// A contract or an owned machine while it is read.
struct item {
    struct wf_price_row row;
    const char *gpu;
    int64_t gpus; // 0: not told
};

// The texts and times that contracts and owned machines have in common.
static enum wf_status take_common(const struct own *own, const yaml_node_t *map,
                                  const char *provider_key, struct item *item, struct wf_error *err)
{
    struct wf_price_row *row = &item->row;
    const struct {
        const char *key;
        const char **text;
    } texts[] = {
        {provider_key, &row->provider}, {"region", &row->region}, {"zone", &row->zone},
        {"instance", &row->instance},   {"gpu", &item->gpu},      {"source", &row->source},
    };
    const struct wf_yaml_range range = {0, 1, WF_PRICE_GPUS_MAX, "WF_PRICE_GPUS_MAX"};
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < WF_COUNT_OF(texts) && status == WF_OK; i++) {
        status = wf_yaml_text(own->yaml, map, texts[i].key, texts[i].text, err);
    }
    row->from_ms = own->reading->import->as_of_ms;
    status = status == WF_OK ? take_time(own, map, "from", &row->from_ms, err) : status;
    status = status == WF_OK ? take_time(own, map, "until", &row->until_ms, err) : status;
    status =
        status == WF_OK ? wf_yaml_number(own->yaml, map, "gpus", range, &item->gpus, err) : status;
    struct wf_gpu_name name;
    if (status != WF_OK) {
        return status;
    }
    if (!row->provider || !item->gpu) {
        return fail_key(own, map, row->provider ? "gpu" : provider_key, "is missing", err);
    }
    if (!wf_gpu_name_read(item->gpu, &name)) {
        return fail_key(own, map, "gpu", "is no name of a GPU model", err);
    }
    if (row->from_ms == WF_PRICE_NOT_TOLD) {
        return fail_key(own, map, "from", "is missing: since when the price holds", err);
    }
    return row->until_ms != 0 && row->until_ms <= row->from_ms
               ? fail_key(own, map, "until", "is not after 'from'", err)
               : WF_OK;
}

static enum wf_status take_kind(const struct own *own, const yaml_node_t *map,
                                enum wf_price_kind *kind_out, struct wf_error *err)
{
    const char *kind = NULL;
    enum wf_status status = wf_yaml_text(own->yaml, map, "kind", &kind, err);
    *kind_out = kind && strcmp(kind, "spot") == 0 ? WF_PRICE_SPOT : WF_PRICE_ON_DEMAND;
    return status == WF_OK && kind && *kind_out != WF_PRICE_SPOT &&
                   strcmp(kind, wf_price_kind_word(WF_PRICE_ON_DEMAND)) != 0
               ? fail_key(own, map, "kind", "must be on-demand or spot", err)
               : status;
}

// Gives the row away with where it stands in its source. A price that makes no sense ends it all.
static enum wf_status take(const struct own *own, const yaml_node_t *map, const char *key,
                           const char *gpu, const struct wf_price_row *told, struct wf_error *err)
{
    struct wf_price_row copy = *told, *row = &copy;
    WF_ASSERT(row->gpu_milli > 0);
    char file[48], said[80], source[192];
    wf_lines_quote(own->reading->file, file, sizeof file);
    wf_lines_quote(row->source ? row->source : "", said, sizeof said);
    snprintf(source, sizeof source, "own prices, %s%s%s", file, said[0] ? ", " : "", said);
    row->source = source;
    row->region = row->region ? row->region : "";
    row->zone = row->zone ? row->zone : "";
    row->instance = row->instance ? row->instance : "";
    row->own = true;
    wf_int128 per_gpu = (wf_int128)row->nanousd_per_hour * WF_GPU_MILLI / row->gpu_milli;
    if (row->nanousd_per_hour == 0) {
        return fail_key(own, map, key, "is 0: a price of nothing is never used", err);
    }
    if (per_gpu < WF_PRICE_ABSURD_LOW_NANOUSD || per_gpu > WF_PRICE_ABSURD_HIGH_NANOUSD) {
        return fail_key(own, map, key,
                        "comes to less than $0.001 or more than $1,000 a GPU-hour, which is absurd",
                        err);
    }
    return wf_price_take(own->reading, (struct wf_price_place){wf_yaml_line(map), key}, gpu, row,
                         err);
}

static enum wf_status take_contract(const struct own *own, const yaml_node_t *map,
                                    struct wf_error *err)
{
    struct item item = {.gpus = 0};
    int64_t whole = -1, each = -1;
    const struct wf_yaml_range range = {9, 0, WF_PRICE_NANOUSD_MAX, "WF_PRICE_NANOUSD_MAX"};
    const struct wf_yaml_range whole_range = {9, 0, WF_PRICE_NANOUSD_MAX * 16, NULL};
    enum wf_status status = wf_yaml_check_map(own->yaml, map, "a contract", contract_keys, err);
    status = status == WF_OK ? take_common(own, map, "provider", &item, err) : status;
    status = status == WF_OK ? take_kind(own, map, &item.row.kind, err) : status;
    status = status == WF_OK
                 ? wf_yaml_number(own->yaml, map, "usd_per_hour", whole_range, &whole, err)
                 : status;
    status = status == WF_OK ? wf_yaml_number(own->yaml, map, "usd_per_gpu_hour", range, &each, err)
                             : status;
    if (status != WF_OK) {
        return status;
    }
    if ((whole < 0) == (each < 0)) {
        return wf_yaml_fail(own->yaml, map, err, WF_INVALID,
                            "a contract must tell one of 'usd_per_hour' and 'usd_per_gpu_hour'");
    }
    if ((whole >= 0 || item.row.instance) && item.gpus == 0) {
        return fail_key(own, map, "gpus", "is missing: how many GPUs the machine of that price has",
                        err);
    }
    // A price by the GPU for machines of whatever size is kept as that of one GPU.
    item.gpus = item.gpus > 0 ? item.gpus : 1;
    item.row.gpu_milli = (uint32_t)item.gpus * WF_GPU_MILLI;
    item.row.nanousd_per_hour = whole >= 0 ? whole : each * item.gpus;
    return take(own, map, whole >= 0 ? "usd_per_hour" : "usd_per_gpu_hour", item.gpu, &item.row,
                err);
}

static enum wf_status take_cost(const struct own *own, const yaml_node_t *map, int64_t gpus,
                                int64_t *nanousd_out, const char **key_out, struct wf_error *err)
{
    struct wf_owned_node node = {.nanousd_per_node = -1, .nanousd_per_kwh = -1};
    int64_t each = -1;
    const struct {
        const char *key;
        struct wf_yaml_range range;
        int64_t *value;
    } numbers[] = {
        {"usd_per_gpu_hour", {9, 0, WF_PRICE_NANOUSD_MAX, "WF_PRICE_NANOUSD_MAX"}, &each},
        {"usd_per_node", {9, 0, USD_MAX, NULL}, &node.nanousd_per_node},
        {"years", {3, 1, 100000, NULL}, &node.years_milli},
        {"watts_per_node", {0, 0, 1000000, NULL}, &node.watts_per_node},
        {"usd_per_kwh", {9, 0, 100 * USD, NULL}, &node.nanousd_per_kwh},
        {"usd_per_year", {9, 0, USD_MAX, NULL}, &node.nanousd_per_year},
    };
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < WF_COUNT_OF(numbers) && status == WF_OK; i++) {
        status =
            wf_yaml_number(own->yaml, map, numbers[i].key, numbers[i].range, numbers[i].value, err);
    }
    if (status != WF_OK) {
        return status;
    }
    *key_out = each >= 0 ? "usd_per_gpu_hour" : "usd_per_node";
    if ((each >= 0) == (node.nanousd_per_node >= 0)) {
        return wf_yaml_fail(own->yaml, map, err, WF_INVALID,
                            "what is owned must tell one of 'usd_per_gpu_hour' and 'usd_per_node'");
    }
    if (each < 0 && node.years_milli == 0) {
        return fail_key(own, map, "years", "is missing: over how many it is written off", err);
    }
    if (each < 0 && node.watts_per_node > 0 && node.nanousd_per_kwh < 0) {
        return fail_key(own, map, "usd_per_kwh", "is missing: what its watts cost", err);
    }
    node.nanousd_per_kwh = node.nanousd_per_kwh < 0 ? 0 : node.nanousd_per_kwh;
    each = each >= 0 ? each : wf_owned_price(&node, (uint32_t)gpus);
    *nanousd_out = each > WF_PRICE_NANOUSD_MAX ? WF_PRICE_NANOUSD_MAX * gpus : each * gpus;
    return WF_OK;
}

static enum wf_status take_owned(const struct own *own, const yaml_node_t *map,
                                 struct wf_error *err)
{
    struct item item = {.row = {.kind = WF_PRICE_ON_DEMAND}};
    const char *key = NULL;
    enum wf_status status = wf_yaml_check_map(own->yaml, map, "what is owned", owned_keys, err);
    status = status == WF_OK ? take_common(own, map, "name", &item, err) : status;
    if (status == WF_OK && item.gpus == 0) {
        status = fail_key(own, map, "gpus", "is missing: how many GPUs a node has", err);
    }
    status = status == WF_OK ? take_cost(own, map, item.gpus, &item.row.nanousd_per_hour, &key, err)
                             : status;
    item.row.gpu_milli = (uint32_t)item.gpus * WF_GPU_MILLI;
    return status == WF_OK ? take(own, map, key, item.gpu, &item.row, err) : status;
}

static enum wf_status take_list(const struct own *own, const char *key,
                                enum wf_status (*take_item)(const struct own *own,
                                                            const yaml_node_t *map,
                                                            struct wf_error *err),
                                struct wf_error *err)
{
    const yaml_node_t *list = wf_yaml_get(own->yaml, wf_yaml_root(own->yaml), key);
    uint32_t at = 0;
    if (!list) {
        return WF_OK;
    }
    enum wf_status status = wf_yaml_check_list(own->yaml, list, key, err);
    for (const yaml_node_t *map; status == WF_OK && (map = wf_yaml_item(own->yaml, list, &at));) {
        status = take_item(own, map, err);
    }
    return status;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    struct wf_source source;
    struct wf_yaml yaml;
    enum wf_status status = wf_source_read(reading->import->path, &source, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_yaml_read(&source, &yaml, err);
    if (status == WF_OK) {
        const struct own own = {reading, &yaml};
        status = wf_yaml_check_map(&yaml, wf_yaml_root(&yaml), "the file", root_keys, err);
        status = status == WF_OK ? take_list(&own, "contracts", take_contract, err) : status;
        status = status == WF_OK ? take_list(&own, "owned", take_owned, err) : status;
        wf_yaml_finish(&yaml);
    }
    wf_source_finish(&source);
    return status;
}

const struct wf_price_importer wf_price_own = {
    .name = "own prices",
    .from = "a YAML file with `contracts:` and `owned:`, which wins over every list",
    .recognise = recognise,
    .read = read,
};
