// SPDX-License-Identifier: Apache-2.0
#include "market/market.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "market/market_parts.h"

struct reading {
    const struct wf_market_question *question;
    struct wf_market *market;
    enum wf_status failed;
};

const char *wf_market_name(const struct wf_market *market, uint32_t number)
{
    return wf_names_text(market->names, number);
}

int64_t wf_market_per_gpu(const struct wf_market_offer *offer, enum wf_price_kind kind)
{
    return (int64_t)((wf_int128)offer->prices[kind].nanousd_per_hour * WF_GPU_MILLI /
                     offer->gpu_milli);
}

bool wf_market_best(const struct wf_market_offer *offer, enum wf_price_kind *kind_out)
{
    int64_t best = INT64_MAX;
    for (uint32_t kind = 0; kind < WF_PRICE_KIND_COUNT; kind++) {
        const struct wf_market_price *price = &offer->prices[kind];
        if (price->nanousd_per_hour > 0 && !price->stale && price->nanousd_per_hour < best) {
            best = price->nanousd_per_hour;
            *kind_out = (enum wf_price_kind)kind;
        }
    }
    return best < INT64_MAX;
}

static bool is_asked(const struct wf_market_question *question, const struct wf_price_row *row,
                     const struct wf_gpu_name *gpu)
{
    bool model = question->model_count == 0;
    for (uint32_t i = 0; i < question->model_count && !model; i++) {
        model = wf_gpu_name_match(&question->models[i], gpu) != WF_GPU_DIFFERS;
    }
    // A contract may be about every region and machine; whether it is about one is seen later.
    bool wide = row->own && (!row->region[0] || !row->instance[0]);
    return model && (!question->provider || strcmp(question->provider, row->provider) == 0) &&
           (wide || !question->region || fnmatch(question->region, row->region, 0) == 0) &&
           (wide || question->gpu_milli == 0 || question->gpu_milli == row->gpu_milli);
}

static bool add_name(struct reading *reading, const char *text, uint32_t *number_out)
{
    struct wf_error ignored;
    enum wf_status status =
        wf_names_add(reading->market->names, text, strlen(text), number_out, &ignored);
    reading->failed = status != WF_OK ? status : reading->failed;
    return status == WF_OK;
}

static bool make_room(struct reading *reading)
{
    struct wf_market *market = reading->market;
    if (market->count < market->capacity) {
        return true;
    }
    uint32_t wanted = market->capacity ? market->capacity * 2 : 1024;
    if (wanted > 2 * WF_MARKET_OFFERS_MAX) {
        reading->failed = WF_LIMIT;
        return false;
    }
    void *grown = realloc(market->offers, wanted * sizeof *market->offers);
    if (!grown) {
        reading->failed = WF_NOMEM;
        return false;
    }
    market->offers = grown;
    market->capacity = wanted;
    return true;
}

static bool is_same(const struct wf_market_offer *a, const struct wf_market_offer *b)
{
    return a->provider == b->provider && a->region == b->region && a->zone == b->zone &&
           a->instance == b->instance && a->gpu_milli == b->gpu_milli &&
           strcmp(a->gpu.text, b->gpu.text) == 0;
}

static void set_price(const struct wf_market_question *question, const struct wf_price_row *row,
                      uint32_t source, struct wf_market_price *price)
{
    int64_t age = question->at_ms - row->seen_ms;
    int64_t most = question->age_ms_max         ? question->age_ms_max
                   : row->kind == WF_PRICE_SPOT ? WF_MARKET_AGE_SPOT_MS
                                                : WF_MARKET_AGE_ON_DEMAND_MS;
    // A contract holds until it ends, whenever it was written down.
    *price = (struct wf_market_price){
        .nanousd_per_hour = row->nanousd_per_hour,
        .from_ms = row->from_ms,
        .seen_ms = row->seen_ms,
        .age_ms = row->own || age < 0 ? 0 : age,
        .source = source,
        .own = row->own,
        .stale = !row->own && age > most,
    };
}

// Both kinds of one thing come one after the other.
static bool take_price(void *context, const struct wf_price_row *row)
{
    struct reading *reading = context;
    struct wf_market *market = reading->market;
    struct wf_market_offer offer = {.gpu_milli = row->gpu_milli};
    uint32_t source;
    if (!wf_gpu_name_read(row->model, &offer.gpu) ||
        !is_asked(reading->question, row, &offer.gpu)) {
        return true;
    }
    if (!add_name(reading, row->provider, &offer.provider) ||
        !add_name(reading, row->region, &offer.region) ||
        !add_name(reading, row->zone, &offer.zone) ||
        !add_name(reading, row->instance, &offer.instance) ||
        !add_name(reading, row->source, &source)) {
        return false;
    }
    if (market->count == 0 || !is_same(&market->offers[market->count - 1], &offer)) {
        if (!make_room(reading)) {
            return false;
        }
        market->offers[market->count++] = offer;
    }
    set_price(reading->question, row, source, &market->offers[market->count - 1].prices[row->kind]);
    return true;
}

static bool take_risk(void *context, const struct wf_risk_row *row)
{
    struct reading *reading = context;
    struct wf_market *market = reading->market;
    uint32_t provider = wf_names_find(market->names, row->provider);
    uint32_t region = wf_names_find(market->names, row->region);
    uint32_t instance = wf_names_find(market->names, row->instance);
    uint32_t source;
    for (uint32_t i = 0; i < market->count && instance != UINT32_MAX; i++) {
        struct wf_market_offer *offer = &market->offers[i];
        if (offer->provider != provider || offer->region != region || offer->instance != instance) {
            continue;
        }
        if (!add_name(reading, row->source, &source)) {
            return false;
        }
        offer->risk_known = true;
        offer->risk_low_permille = row->low_permille;
        offer->risk_high_permille = row->high_permille;
        offer->risk_from_ms = row->from_ms;
        offer->risk_source = source;
    }
    return true;
}

// By what a GPU-hour costs at best; what has stale prices alone comes last.
static int64_t rank(const struct wf_market_offer *offer)
{
    enum wf_price_kind kind;
    return wf_market_best(offer, &kind) ? wf_market_per_gpu(offer, kind) : INT64_MAX;
}

static int64_t cheapest(const struct wf_market_offer *offer)
{
    int64_t on_demand = wf_market_per_gpu(offer, WF_PRICE_ON_DEMAND);
    int64_t spot = wf_market_per_gpu(offer, WF_PRICE_SPOT);
    return spot > 0 && (on_demand == 0 || spot < on_demand) ? spot : on_demand;
}

static int compare_offers(const void *left, const void *right)
{
    const struct wf_market_offer *a = left;
    const struct wf_market_offer *b = right;
    int64_t keys[][2] = {
        {rank(a), rank(b)},         {cheapest(a), cheapest(b)}, {a->gpu_milli, b->gpu_milli},
        {a->provider, b->provider}, {a->region, b->region},     {a->zone, b->zone},
        {a->instance, b->instance},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(keys); i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return strcmp(a->gpu.text, b->gpu.text);
}

static enum wf_status read_rows(struct reading *reading, struct wf_price_store *store,
                                struct wf_error *err)
{
    int64_t at_ms = reading->question->at_ms;
    enum wf_status status = wf_price_store_at(store, at_ms, take_price, reading, err);
    if (status == WF_OK && reading->failed == WF_OK) {
        status = wf_price_store_risks(store, at_ms, take_risk, reading, err);
    }
    if (status == WF_OK && reading->failed == WF_LIMIT) {
        status =
            wf_fail(err, WF_LIMIT, "%s has more than %d offers, the limit WF_MARKET_OFFERS_MAX",
                    reading->question->store, WF_MARKET_OFFERS_MAX);
    } else if (status == WF_OK && reading->failed != WF_OK) {
        status = wf_fail(err, WF_NOMEM, "no memory for the offers of %s", reading->question->store);
    }
    return status;
}

// A contract that covers other offers may have been read for a region or size that nobody asked
// for.
static void drop_not_asked(struct wf_market *market, const struct wf_market_question *question)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < market->count; i++) {
        const struct wf_market_offer *offer = &market->offers[i];
        const char *region = wf_market_name(market, offer->region);
        bool anywhere =
            offer->region == 0 || !question->region || fnmatch(question->region, region, 0) == 0;
        bool size = question->gpu_milli == 0 || offer->gpu_milli == question->gpu_milli ||
                    (offer->instance == 0 && offer->gpu_milli == WF_GPU_MILLI);
        if (anywhere && size) {
            market->offers[kept++] = *offer;
        }
    }
    market->count = kept;
}

enum wf_status wf_market_read(const struct wf_market_question *question,
                              struct wf_market *market_out, struct wf_error *err)
{
    struct reading reading = {question, market_out, WF_OK};
    struct wf_price_store *store = NULL;
    *market_out = (struct wf_market){0};
    enum wf_status status = wf_names_create(&market_out->names, err);
    status = status == WF_OK ? wf_price_store_open(question->store, false, &store, err) : status;
    status = status == WF_OK ? read_rows(&reading, store, err) : status;
    wf_price_store_close(store);
    if (status != WF_OK) {
        wf_market_finish(market_out);
        return status;
    }
    wf_market_cover(market_out);
    drop_not_asked(market_out, question);
    if (market_out->count > 0) {
        qsort(market_out->offers, market_out->count, sizeof *market_out->offers, compare_offers);
    }
    return WF_OK;
}

void wf_market_finish(struct wf_market *market)
{
    if (market) {
        free(market->offers);
        wf_names_destroy(market->names);
        *market = (struct wf_market){0};
    }
}
