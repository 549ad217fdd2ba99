// SPDX-License-Identifier: Apache-2.0
#include "site/price_market.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "site/price_offers.h"
#include "text/lines.h"
#include "text/moment.h"

enum { SOURCE_SHOWN = 200 };

enum wf_status wf_site_market_open(const char *path, int64_t at_ms, int64_t age_ms_max,
                                   struct wf_site_market *market_out, struct wf_error *err)
{
    const struct wf_market_question question = {
        .store = path,
        .at_ms = at_ms < 0 ? (int64_t)time(NULL) * 1000 : at_ms,
        .age_ms_max = age_ms_max,
    };
    *market_out = (struct wf_site_market){.at_ms = question.at_ms};
    wf_lines_quote(path, market_out->shown, sizeof market_out->shown - 8);
    enum wf_status status = wf_market_read(&question, &market_out->market, err);
    market_out->open = status == WF_OK;
    return status;
}

void wf_site_market_close(struct wf_site_market *market)
{
    wf_market_finish(&market->market);
    market->open = false;
}

// "prices.db, own prices, contracts.yaml, since 2026-01-01"
static void tell(const struct wf_site_market *market, const struct wf_market_offer *offer,
                 enum wf_price_kind kind, char *source, size_t size)
{
    const struct wf_market_price *price = &offer->prices[kind];
    char day[WF_MOMENT_BYTES];
    char said[SOURCE_SHOWN];
    wf_lines_quote(wf_market_name(&market->market, price->source), said, sizeof said);
    snprintf(source, size, "%s, %s, %s %s", market->shown, said, price->own ? "since" : "as of",
             wf_moment_date(day, price->own ? price->from_ms : price->seen_ms));
}

static struct wf_site_price *find_same(const struct wf_site_prices *prices, uint32_t from,
                                       const struct wf_gpu_name *gpu)
{
    for (uint32_t i = from; i < prices->count; i++) {
        if (strcmp(prices->rows[i].gpu.text, gpu->text) == 0) {
            return &prices->rows[i];
        }
    }
    return NULL;
}

static const struct wf_market_offer *cheapest_own(const struct wf_site_market *market,
                                                  const struct wf_market_offer *than)
{
    const struct wf_market_offer *best = than;
    for (uint32_t i = 0; i < market->market.count; i++) {
        const struct wf_market_offer *offer = &market->market.offers[i];
        if (offer->prices[WF_PRICE_ON_DEMAND].own && strcmp(offer->gpu.text, than->gpu.text) == 0 &&
            wf_market_per_gpu(offer, WF_PRICE_ON_DEMAND) <
                wf_market_per_gpu(best, WF_PRICE_ON_DEMAND)) {
            best = offer;
        }
    }
    return best;
}

static enum wf_status add_own(const struct wf_site_market *market, struct wf_site_prices *prices,
                              struct wf_error *err)
{
    enum wf_status status = WF_OK;
    uint32_t first = prices->count;
    for (uint32_t i = 0; i < market->market.count && status == WF_OK; i++) {
        const struct wf_market_offer *offer = &market->market.offers[i];
        char source[SOURCE_SHOWN * 2 + 64];
        if (offer->prices[WF_PRICE_ON_DEMAND].own && !find_same(prices, first, &offer->gpu)) {
            const struct wf_market_offer *best = cheapest_own(market, offer);
            tell(market, best, WF_PRICE_ON_DEMAND, source, sizeof source);
            status = wf_site_prices_add(prices, &offer->gpu,
                                        wf_market_per_gpu(best, WF_PRICE_ON_DEMAND), source, err);
        }
    }
    return status;
}

enum wf_status wf_site_market_prices(const struct wf_site_market *market,
                                     struct wf_site_prices *prices, struct wf_error *err)
{
    struct wf_site_offers offers = {0};
    uint32_t first = prices->count;
    enum wf_status status = add_own(market, prices, err);
    for (uint32_t i = 0; i < market->market.count && status == WF_OK; i++) {
        const struct wf_market_offer *offer = &market->market.offers[i];
        const struct wf_market_price *price = &offer->prices[WF_PRICE_ON_DEMAND];
        struct wf_site_offer row = {
            .gpu = offer->gpu,
            .nanousd_per_gpu = wf_market_per_gpu(offer, WF_PRICE_ON_DEMAND),
        };
        // A slice is sold at a price of its own kind.
        if (price->nanousd_per_hour == 0 || price->stale || offer->gpu_milli < WF_GPU_MILLI ||
            find_same(prices, first, &offer->gpu)) {
            continue;
        }
        char day[WF_MOMENT_BYTES];
        snprintf(row.cloud, sizeof row.cloud, "%s",
                 wf_market_name(&market->market, offer->provider));
        snprintf(row.date, sizeof row.date, "%.10s", wf_moment_date(day, price->seen_ms));
        status = wf_site_offers_add(&offers, &row)
                     ? WF_OK
                     : wf_fail(err, WF_NOMEM, "no memory for the prices of %s", market->shown);
    }
    status = status == WF_OK ? wf_site_offers_price(&offers, market->shown, prices, err) : status;
    wf_site_offers_finish(&offers);
    return status;
}

static bool is_named(const struct wf_market *market, uint32_t number, const char *wanted)
{
    return !wanted || strcmp(wf_market_name(market, number), wanted) == 0;
}

static bool fits(const struct wf_market *market, const struct wf_market_offer *offer,
                 const struct wf_site_offer_wish *wish)
{
    return is_named(market, offer->provider, wish->provider) &&
           is_named(market, offer->region, wish->region) &&
           is_named(market, offer->zone, wish->zone) &&
           is_named(market, offer->instance, wish->instance) &&
           wf_gpu_name_match(&wish->gpu, &offer->gpu) != WF_GPU_DIFFERS &&
           offer->prices[wish->kind].nanousd_per_hour > 0;
}

enum wf_status wf_site_market_offer(const struct wf_site_market *market,
                                    const struct wf_site_offer_wish *wish, int64_t *nanousd_out,
                                    char *source, size_t size, struct wf_error *err)
{
    const struct wf_market_offer *best = NULL;
    uint32_t stale = 0;
    for (uint32_t i = 0; i < market->market.count; i++) {
        const struct wf_market_offer *offer = &market->market.offers[i];
        if (!fits(&market->market, offer, wish)) {
            continue;
        }
        stale += offer->prices[wish->kind].stale;
        if (!offer->prices[wish->kind].stale &&
            (!best || wf_market_per_gpu(offer, wish->kind) < wf_market_per_gpu(best, wish->kind))) {
            best = offer;
        }
    }
    char day[WF_MOMENT_BYTES];
    if (!best) {
        return wf_fail(err, WF_NOTFOUND,
                       stale > 0 ? "the %s price of %s of this offer in %s is stale on %s, and "
                                   "stale prices are not used: import newer ones, or set "
                                   "'max_age_days'"
                                 : "there is no %s price of %s of such an offer in %s on %s",
                       wf_price_kind_word(wish->kind), wish->gpu.text, market->shown,
                       wf_moment_date(day, market->at_ms));
    }
    *nanousd_out = wf_market_per_gpu(best, wish->kind);
    tell(market, best, wish->kind, source, size);
    size_t length = strlen(source);
    snprintf(source + length, size - length, ", %s", wf_price_kind_word(wish->kind));
    return WF_OK;
}
