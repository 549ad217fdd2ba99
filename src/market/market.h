// SPDX-License-Identifier: Apache-2.0
// What can be had, from whom and at what price, at one time: the rows of the store as offers, each
// with both ways to buy it. One's own contracts stand in for the list prices they are about; a
// price that was seen too long ago is marked, so that nobody uses it unawares.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/names.h"
#include "gpu/gpu_name.h"
#include "store/store.h"

#define WF_MARKET_DAY_MS INT64_C(86400000)
// So old may a price be, counted from when its source last said so. Lists change by the quarter;
// a spot price of last week says little.
#define WF_MARKET_AGE_ON_DEMAND_MS (90 * WF_MARKET_DAY_MS)
#define WF_MARKET_AGE_SPOT_MS (7 * WF_MARKET_DAY_MS)

#define WF_MARKET_OFFERS_MAX 4000000
#define WF_MARKET_MODELS_MAX 16

struct wf_market_price {
    int64_t nanousd_per_hour; // of the whole machine; 0: not known, and all else is empty
    int64_t from_ms, seen_ms;
    int64_t age_ms;  // at the time that was asked about; 0 for one's own
    uint32_t source; // a name
    bool own, stale;
};

struct wf_market_offer {
    uint32_t provider, region, zone, instance; // names; 0, which is "": of all, or not told
    struct wf_gpu_name gpu;
    uint32_t gpu_milli;
    struct wf_market_price prices[WF_PRICE_KIND_COUNT];

    // How many of such machines were taken back in a month when bought spot, as published.
    bool risk_known;
    uint32_t risk_low_permille, risk_high_permille;
    int64_t risk_from_ms;
    uint32_t risk_source;
};

struct wf_market {
    struct wf_market_offer *offers;
    uint32_t count, capacity;
    struct wf_names *names; // of all that the offers name by number
};

struct wf_market_question {
    const char *store; // its path
    int64_t at_ms;
    const struct wf_gpu_name *models; // any of them; a name without memory or board means all
    uint32_t model_count;             // 0: any model
    uint32_t gpu_milli;               // of a machine; 0: any
    const char *provider, *region;    // NULL: any; a region may hold '*'
    int64_t age_ms_max;               // in place of both ages above; 0: those
};

// The caller finishes *market_out. The cheapest by the GPU-hour come first, those with nothing but
// stale prices last. Errors: WF_NOTFOUND (no store), WF_IO, WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_market_read(const struct wf_market_question *question,
                              struct wf_market *market_out, struct wf_error *err) WF_MUST_USE;
void wf_market_finish(struct wf_market *market);

// The name of a number; never NULL.
const char *wf_market_name(const struct wf_market *market, uint32_t number);

// Nano-dollars of one GPU for an hour; 0 where no price is known.
int64_t wf_market_per_gpu(const struct wf_market_offer *offer, enum wf_price_kind kind);

// The cheaper price that is known and not stale; false: there is none.
bool wf_market_best(const struct wf_market_offer *offer, enum wf_price_kind *kind_out);
