// SPDX-License-Identifier: Apache-2.0
// Rows that are about more than one thing: a contract for all machines of a cloud with a GPU, and
// on-demand prices, which most clouds have by the region while spot prices are by the zone.
#include "market/market_parts.h"

#include <string.h>

// Whether a contract is about several things, told by what it leaves open.
static bool is_wide(const struct wf_market_offer *offer)
{
    return (offer->region == 0 || offer->zone == 0) &&
           (offer->prices[WF_PRICE_ON_DEMAND].own || offer->prices[WF_PRICE_SPOT].own);
}

static bool fits(uint32_t wide, uint32_t narrow)
{
    return wide == 0 || wide == narrow;
}

// A contract without a machine's name is by the GPU where it is told for one GPU.
static bool covers(const struct wf_market_offer *wide, const struct wf_market_offer *offer)
{
    bool by_gpu = wide->instance == 0 && wide->gpu_milli == WF_GPU_MILLI;
    return wide->provider == offer->provider && fits(wide->region, offer->region) &&
           fits(wide->zone, offer->zone) && fits(wide->instance, offer->instance) &&
           (by_gpu || wide->gpu_milli == offer->gpu_milli) &&
           wf_gpu_name_match(&wide->gpu, &offer->gpu) != WF_GPU_DIFFERS;
}

// How narrowly a contract is told: the narrower one wins over the wider.
static unsigned narrowness(const struct wf_market_offer *offer)
{
    return (offer->instance != 0) * 4u + (offer->zone != 0) * 2u + (offer->region != 0);
}

static void put_price(const struct wf_market_offer *from, struct wf_market_offer *offer,
                      enum wf_price_kind kind)
{
    const struct wf_market_price *price = &from->prices[kind];
    offer->prices[kind] = *price;
    offer->prices[kind].nanousd_per_hour =
        (int64_t)((wf_int128)price->nanousd_per_hour * offer->gpu_milli / from->gpu_milli);
}

// Returns whether the offer took anything of the contract's, or has something narrower.
static bool take_contract(const struct wf_market_offer *wide, struct wf_market_offer *offer,
                          unsigned (*taken)[WF_PRICE_KIND_COUNT])
{
    bool any = false;
    for (uint32_t kind = 0; kind < WF_PRICE_KIND_COUNT; kind++) {
        unsigned narrow = narrowness(wide) + 1;
        if (!wide->prices[kind].own) {
            continue;
        }
        any = true;
        if (!offer->prices[kind].own || (*taken)[kind] > 0) {
            if ((*taken)[kind] < narrow) {
                put_price(wide, offer, (enum wf_price_kind)kind);
                (*taken)[kind] = narrow;
            }
        }
    }
    return any;
}

static void remove_marked(struct wf_market *market)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < market->count; i++) {
        if (market->offers[i].gpu_milli > 0) {
            market->offers[kept++] = market->offers[i];
        }
    }
    market->count = kept;
}

static void cover_contracts(struct wf_market *market)
{
    enum { WIDE_MAX = 256 };
    uint32_t wide[WIDE_MAX];
    bool used[WIDE_MAX] = {false};
    uint32_t count = 0;
    for (uint32_t i = 0; i < market->count && count < WIDE_MAX; i++) {
        if (is_wide(&market->offers[i])) {
            wide[count++] = i;
        }
    }
    for (uint32_t i = 0; i < market->count && count > 0; i++) {
        struct wf_market_offer *offer = &market->offers[i];
        unsigned taken[WF_PRICE_KIND_COUNT] = {0};
        for (uint32_t k = 0; k < count; k++) {
            const struct wf_market_offer *contract = &market->offers[wide[k]];
            if (wide[k] != i && narrowness(contract) < narrowness(offer) &&
                covers(contract, offer)) {
                used[k] |= take_contract(contract, offer, &taken);
            }
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        struct wf_market_offer *contract = &market->offers[wide[k]];
        // One that names a machine is an offer by itself.
        contract->gpu_milli = used[k] && contract->instance == 0 ? 0 : contract->gpu_milli;
    }
    remove_marked(market);
}

static bool is_zone_of(const struct wf_market_offer *region, const struct wf_market_offer *zone)
{
    return zone->zone != 0 && zone->provider == region->provider &&
           zone->region == region->region && zone->instance == region->instance &&
           zone->gpu_milli == region->gpu_milli && strcmp(zone->gpu.text, region->gpu.text) == 0;
}

// Offers are in the order of providers, models and regions, so that zones stand right behind their
// region: those of one region and model are one stretch.
static void cover_zones(struct wf_market *market)
{
    for (uint32_t i = 0; i < market->count; i++) {
        struct wf_market_offer *region = &market->offers[i];
        bool inherited = region->zone == 0;
        bool any = false;
        for (uint32_t k = i + 1; region->zone == 0 && k < market->count; k++) {
            struct wf_market_offer *zone = &market->offers[k];
            if (zone->provider != region->provider || zone->region != region->region ||
                strcmp(zone->gpu.text, region->gpu.text) != 0) {
                break;
            }
            if (!is_zone_of(region, zone)) {
                continue;
            }
            any = true;
            for (uint32_t kind = 0; kind < WF_PRICE_KIND_COUNT; kind++) {
                if (zone->prices[kind].nanousd_per_hour == 0) {
                    zone->prices[kind] = region->prices[kind];
                }
            }
        }
        // A spot price of the whole region is nobody's in particular, and stays.
        inherited &= any && region->prices[WF_PRICE_SPOT].nanousd_per_hour == 0;
        region->gpu_milli = inherited ? 0 : region->gpu_milli;
    }
    remove_marked(market);
}

void wf_market_cover(struct wf_market *market)
{
    // In this order: a contract for a region is about its zones, too, and is then no offer beside
    // them.
    cover_contracts(market);
    cover_zones(market);
}
