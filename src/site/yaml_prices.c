// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "gpu/owned.h"
#include "site/yaml_pools.h"
#include "text/csv.h"

#define USD INT64_C(1000000000)
#define USD_MAX (INT64_C(1000000000) * USD) // of one node, by the node and year

static const struct wf_yaml_range price_range = {9, 0, WF_PRICE_NANOUSD_MAX,
                                                 "WF_PRICE_NANOUSD_MAX"};

static const char *const owned_keys[] = {
    "usd_per_node", "years", "watts_per_node", "usd_per_kwh", "usd_per_year", NULL,
};

static const char *const price_keys[] = {"gpu", "usd_per_gpu_hour", "source", "date", NULL};

// "cluster.yaml, line 7, the 2025 contract, as of 2025-11-01"
static void tell_source(const struct wf_yaml *yaml, const yaml_node_t *node, const char *source,
                        const char *date, char *text, size_t size)
{
    snprintf(text, size, "%s, line %llu%s%.100s%s%.40s", yaml->source->shown,
             (unsigned long long)wf_yaml_line(node), source ? ", " : "", source ? source : "",
             date ? ", as of " : ", no date told", date ? date : "");
}

static enum wf_status read_owned(struct wf_yaml *yaml, const yaml_node_t *map,
                                 struct wf_owned_node *owned, struct wf_error *err)
{
    *owned = (struct wf_owned_node){.nanousd_per_node = -1, .nanousd_per_kwh = -1};
    const struct {
        const char *key;
        struct wf_yaml_range range;
        int64_t *value;
    } numbers[] = {
        {"usd_per_node", {9, 0, USD_MAX, NULL}, &owned->nanousd_per_node},
        {"years", {3, 1, 100000, NULL}, &owned->years_milli},
        {"watts_per_node", {0, 0, 1000000, NULL}, &owned->watts_per_node},
        {"usd_per_kwh", {9, 0, 100 * USD, NULL}, &owned->nanousd_per_kwh},
        {"usd_per_year", {9, 0, USD_MAX, NULL}, &owned->nanousd_per_year},
    };
    enum wf_status status = wf_yaml_check_map(yaml, map, "'owned'", owned_keys, err);
    for (size_t i = 0; i < WF_COUNT_OF(numbers) && status == WF_OK; i++) {
        status = wf_yaml_number(yaml, map, numbers[i].key, numbers[i].range, numbers[i].value, err);
    }
    const char *missing = NULL;
    if (owned->nanousd_per_node < 0) {
        missing = "usd_per_node";
    } else if (owned->years_milli == 0) {
        missing = "years";
    } else if (owned->watts_per_node > 0 && owned->nanousd_per_kwh < 0) {
        missing = "usd_per_kwh";
    }
    if (status == WF_OK && missing) {
        status = wf_yaml_fail(yaml, map, err, WF_INVALID, "'owned' must tell '%s'", missing);
    }
    owned->nanousd_per_kwh = owned->nanousd_per_kwh < 0 ? 0 : owned->nanousd_per_kwh;
    return status;
}

static enum wf_status price_owned(struct wf_yaml *yaml, const yaml_node_t *map, uint32_t gpus,
                                  struct wf_site_pool *pool, struct wf_error *err)
{
    struct wf_owned_node owned;
    enum wf_status status = read_owned(yaml, map, &owned, err);
    if (status != WF_OK) {
        return status;
    }
    if (gpus == 0) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID,
                            "'owned' is a price by the GPU, and the pool has none");
    }
    int64_t price = wf_owned_price(&owned, gpus);
    if (price > WF_PRICE_NANOUSD_MAX) {
        return wf_yaml_fail(yaml, map, err, WF_LIMIT,
                            "'owned' comes to more than $10,000 by the GPU and hour, the limit "
                            "WF_PRICE_NANOUSD_MAX");
    }
    char numbers[4][WF_NUMBER_BYTES];
    char text[480];
    snprintf(text, sizeof text,
             "%s, line %llu: owned, %s a node over %s years, %lld W at %s a kWh, %s a year more",
             yaml->source->shown, (unsigned long long)wf_yaml_line(map),
             wf_number_dollars(numbers[0], owned.nanousd_per_node),
             wf_number_thousandths(numbers[1], (uint64_t)owned.years_milli),
             (long long)owned.watts_per_node, wf_number_dollars(numbers[2], owned.nanousd_per_kwh),
             wf_number_dollars(numbers[3], owned.nanousd_per_year));
    pool->spec.price_nanousd_per_gpu_hour = price;
    pool->price_source = wf_site_copy(text);
    return pool->price_source ? WF_OK
                              : wf_yaml_fail(yaml, map, err, WF_NOMEM, "no memory to read further");
}

static enum wf_status price_rented(struct wf_yaml *yaml, const yaml_node_t *map,
                                   const yaml_node_t *price, uint32_t gpus,
                                   struct wf_site_pool *pool, struct wf_error *err)
{
    const char *source = NULL;
    const char *date = NULL;
    char text[480];
    enum wf_status status = wf_yaml_number(yaml, map, "usd_per_gpu_hour", price_range,
                                           &pool->spec.price_nanousd_per_gpu_hour, err);
    if (status == WF_OK && gpus == 0) {
        status = wf_yaml_fail(yaml, price, err, WF_INVALID,
                              "'usd_per_gpu_hour' is a price by the GPU, and the pool has none");
    }
    if (status == WF_OK) {
        status = wf_yaml_text(yaml, map, "price_source", &source, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_text(yaml, map, "price_date", &date, err);
    }
    if (status != WF_OK) {
        return status;
    }
    tell_source(yaml, price, source, date, text, sizeof text);
    pool->price_source = wf_site_copy(text);
    return pool->price_source
               ? WF_OK
               : wf_yaml_fail(yaml, price, err, WF_NOMEM, "no memory to read further");
}

enum wf_status wf_yaml_read_pool_price(struct wf_yaml *yaml, const yaml_node_t *pool_map,
                                       uint32_t gpus, struct wf_site_pool *pool, bool *priced_out,
                                       struct wf_error *err)
{
    const yaml_node_t *rented = wf_yaml_get(yaml, pool_map, "usd_per_gpu_hour");
    const yaml_node_t *owned = wf_yaml_get(yaml, pool_map, "owned");
    *priced_out = rented || owned;
    enum wf_status status =
        wf_yaml_bool(yaml, pool_map, "rent_by_use", &pool->spec.rent_by_use, err);
    if (status != WF_OK) {
        return status;
    }
    if (rented && owned) {
        return wf_yaml_fail(yaml, owned, err, WF_INVALID,
                            "the pool may tell one of 'usd_per_gpu_hour' and 'owned'");
    }
    if (owned && pool->spec.rent_by_use) {
        return wf_yaml_fail(yaml, owned, err, WF_INVALID,
                            "a pool that is 'owned' is paid at all hours, it cannot be "
                            "'rent_by_use'");
    }
    if (!rented) {
        for (const char *const *key = (const char *const[]){"price_source", "price_date", NULL};
             *key; key++) {
            const yaml_node_t *node = wf_yaml_get(yaml, pool_map, *key);
            if (node) {
                return wf_yaml_fail(yaml, node, err, WF_INVALID,
                                    "'%s' is told, and no 'usd_per_gpu_hour'", *key);
            }
        }
    }
    if (rented) {
        return price_rented(yaml, pool_map, rented, gpus, pool, err);
    }
    return owned ? price_owned(yaml, owned, gpus, pool, err) : WF_OK;
}

static enum wf_status read_price(struct wf_yaml *yaml, const yaml_node_t *map,
                                 struct wf_site_prices *prices, struct wf_error *err)
{
    const char *model = NULL;
    const char *source = NULL;
    const char *date = NULL;
    int64_t price = -1;
    enum wf_status status = wf_yaml_check_map(yaml, map, "a price", price_keys, err);
    if (status == WF_OK) {
        status = wf_yaml_text(yaml, map, "gpu", &model, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_text(yaml, map, "source", &source, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_text(yaml, map, "date", &date, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_number(yaml, map, "usd_per_gpu_hour", price_range, &price, err);
    }
    if (status != WF_OK) {
        return status;
    }
    struct wf_gpu_name gpu;
    if (!model || price < 0) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID, "the price must tell '%s'",
                            model ? "usd_per_gpu_hour" : "gpu");
    }
    if (price == 0) {
        return wf_yaml_fail(yaml, wf_yaml_get(yaml, map, "usd_per_gpu_hour"), err, WF_INVALID,
                            "'usd_per_gpu_hour' is 0: a price of nothing is never used");
    }
    if (!wf_gpu_name_read(model, &gpu)) {
        char quoted[48];
        wf_csv_quote(model, quoted, sizeof quoted);
        return wf_yaml_fail(yaml, map, err, WF_INVALID,
                            "'gpu' is '%s', which is no name of a GPU model", quoted);
    }
    for (uint32_t i = 0; i < prices->count; i++) {
        if (strcmp(prices->rows[i].gpu.text, gpu.text) == 0) {
            return wf_yaml_fail(yaml, map, err, WF_EXISTS, "%s has a price already", gpu.text);
        }
    }
    char text[480];
    tell_source(yaml, map, source, date, text, sizeof text);
    return wf_site_prices_add(prices, &gpu, price, text, err);
}

enum wf_status wf_yaml_read_prices(struct wf_yaml *yaml, const yaml_node_t *list,
                                   struct wf_site_prices *prices, struct wf_error *err)
{
    enum wf_status status = wf_yaml_check_list(yaml, list, "prices", err);
    uint32_t at = 0;
    for (const yaml_node_t *map; status == WF_OK && (map = wf_yaml_item(yaml, list, &at));) {
        status = read_price(yaml, map, prices, err);
    }
    return status;
}

static enum wf_status read_yaml(const struct wf_source *source, struct wf_site_prices *prices,
                                struct wf_error *err)
{
    struct wf_yaml yaml;
    enum wf_status status = wf_yaml_read(source, &yaml, err);
    if (status != WF_OK) {
        return status;
    }
    const yaml_node_t *list = wf_yaml_get(&yaml, wf_yaml_root(&yaml), "prices");
    if (list) {
        status = wf_yaml_read_prices(&yaml, list, prices, err);
    } else {
        status = wf_yaml_fail(&yaml, wf_yaml_root(&yaml), err, WF_INVALID,
                              "a file of prices must have the key 'prices'");
    }
    wf_yaml_finish(&yaml);
    return status;
}

enum wf_status wf_site_prices_read(const char *path, struct wf_site_prices *prices,
                                   struct wf_error *err)
{
    struct wf_source source;
    enum wf_status status = wf_source_read(path, &source, err);
    if (status != WF_OK) {
        return status;
    }
    const char *column = strstr(source.text, "gpu_model");
    bool table = column && column < source.text + strcspn(source.text, "\n");
    status = table ? wf_site_prices_read_csv(path, source.shown, prices, err)
                   : read_yaml(&source, prices, err);
    wf_source_finish(&source);
    return status;
}
