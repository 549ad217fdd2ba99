// SPDX-License-Identifier: Apache-2.0
// Prices from the store of prices (store/price_store.h): of a model, as a table of offers gives
// them, and of one offer that a pool names.
#pragma once

#include "market/market.h"
#include "site/price.h"

struct wf_site_market {
    struct wf_market market;
    char shown[176]; // the store's path as sentences show it
    int64_t at_ms;
    bool open;
};

// Reads what held at a time; at_ms below 0: now. age_ms_max 0: as market.h has it. Errors: those of
// wf_market_read.
enum wf_status wf_site_market_open(const char *path, int64_t at_ms, int64_t age_ms_max,
                                   struct wf_site_market *market_out,
                                   struct wf_error *err) WF_MUST_USE;
void wf_site_market_close(struct wf_site_market *market);

// The lowest price of one's own for each model; of models without one the median over clouds of
// what they list on demand. Stale prices are not used. Errors: WF_NOMEM.
enum wf_status wf_site_market_prices(const struct wf_site_market *market,
                                     struct wf_site_prices *prices,
                                     struct wf_error *err) WF_MUST_USE;

// One offer, NULL where nothing is told. Where several fit, the cheapest.
struct wf_site_offer_wish {
    const char *provider, *region, *zone, *instance;
    struct wf_gpu_name gpu;
    enum wf_price_kind kind;
};

// Errors: WF_NOTFOUND (nobody sells it, or at stale prices alone: the sentence says which).
enum wf_status wf_site_market_offer(const struct wf_site_market *market,
                                    const struct wf_site_offer_wish *wish, int64_t *nanousd_out,
                                    char *source, size_t size, struct wf_error *err) WF_MUST_USE;
