// SPDX-License-Identifier: Apache-2.0
// Prices from the store of prices, as a description names it and its pools name offers in it.
#include <stdlib.h>
#include <string.h>

#include "site/yaml_pools.h"
#include "text/moment.h"

static const char *const market_keys[] = {"store", "at", "max_age_days", NULL};
static const char *const offer_keys[] = {"provider", "region", "zone", "instance", "kind", NULL};

enum wf_status wf_yaml_read_market(struct wf_yaml *yaml, const yaml_node_t *map,
                                   struct wf_site_builder *builder, struct wf_error *err)
{
    const char *path = NULL, *at = NULL;
    int64_t at_ms = -1, days = 0;
    const struct wf_yaml_range range = {0, 1, 36500, NULL};
    enum wf_status status = wf_yaml_check_map(yaml, map, "'prices_from'", market_keys, err);
    status = status == WF_OK ? wf_yaml_text(yaml, map, "store", &path, err) : status;
    status = status == WF_OK ? wf_yaml_text(yaml, map, "at", &at, err) : status;
    status =
        status == WF_OK ? wf_yaml_number(yaml, map, "max_age_days", range, &days, err) : status;
    if (status != WF_OK) {
        return status;
    }
    if (!path) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID,
                            "'prices_from' must tell its 'store', the path of a store of prices");
    }
    if (at && !wf_moment_read(at, &at_ms)) {
        return wf_yaml_fail(yaml, wf_yaml_get(yaml, map, "at"), err, WF_INVALID,
                            "'at' must be a date like 2026-05-20");
    }
    struct wf_error inner = {0};
    status = wf_site_market_open(path, at_ms, days * WF_MARKET_DAY_MS, &builder->market, &inner);
    if (status != WF_OK) {
        return wf_yaml_fail(yaml, map, err, status, "%s", inner.text);
    }
    return wf_site_market_prices(&builder->market, &builder->stored, err);
}

static enum wf_status read_wish(struct wf_yaml *yaml, const yaml_node_t *map,
                                struct wf_site_offer_wish *wish, struct wf_error *err)
{
    const char *kind = NULL;
    const struct {
        const char *key;
        const char **text;
    } texts[] = {
        {"provider", &wish->provider}, {"region", &wish->region}, {"zone", &wish->zone},
        {"instance", &wish->instance}, {"kind", &kind},
    };
    enum wf_status status = wf_yaml_check_map(yaml, map, "'offer'", offer_keys, err);
    for (uint32_t i = 0; i < WF_COUNT_OF(texts) && status == WF_OK; i++) {
        status = wf_yaml_text(yaml, map, texts[i].key, texts[i].text, err);
    }
    wish->kind = kind && strcmp(kind, "spot") == 0 ? WF_PRICE_SPOT : WF_PRICE_ON_DEMAND;
    if (status == WF_OK && kind && strcmp(kind, wf_price_kind_word(wish->kind)) != 0) {
        status = wf_yaml_fail(yaml, wf_yaml_get(yaml, map, "kind"), err, WF_INVALID,
                              "'kind' must be on-demand or spot");
    }
    return status == WF_OK && !wish->provider
               ? wf_yaml_fail(yaml, map, err, WF_INVALID, "'offer' must tell its 'provider'")
               : status;
}

enum wf_status wf_yaml_read_offer(struct wf_yaml *yaml, const yaml_node_t *map,
                                  struct wf_site_builder *builder, uint32_t pool,
                                  struct wf_error *err)
{
    struct wf_site_pool *priced = &builder->site->pools[pool];
    struct wf_site_offer_wish wish = {.gpu = builder->models[priced->spec.model]};
    const struct wf_site_market *market =
        builder->given && builder->given->open ? builder->given : &builder->market;
    char source[640];
    enum wf_status status = read_wish(yaml, map, &wish, err);
    if (status != WF_OK) {
        return status;
    }
    if (builder->kinds[pool].gpus == 0) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID,
                            "'offer' is a price by the GPU, and the pool has none");
    }
    if (!market->open) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID,
                            "an 'offer' is priced by a store of prices, and none is named: "
                            "'prices_from' or --prices");
    }
    struct wf_error inner = {0};
    status = wf_site_market_offer(market, &wish, &priced->spec.price_nanousd_per_gpu_hour, source,
                                  sizeof source, &inner);
    if (status != WF_OK) {
        return wf_yaml_fail(yaml, map, err, status, "%s", inner.text);
    }
    priced->price_source = wf_site_copy(source);
    builder->kinds[pool].priced = true;
    return priced->price_source
               ? WF_OK
               : wf_yaml_fail(yaml, map, err, WF_NOMEM, "no memory to read further");
}
