// SPDX-License-Identifier: Apache-2.0
#include "cli/offers/offers_market.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/json.h"
#include "cli/live/grid.h"
#include "cli/live/words.h"
#include "cli/paragraph.h"
#include "cli/prices/prices.h"
#include "cli/replay/explain_replay.h"
#include "market/market.h"
#include "text/moment.h"

enum { WIDTH = 100, SOURCES_MAX = 24 };

struct listing {
    const struct wf_offers_market *wanted;
    struct wf_market market;
    int64_t at_ms;
    uint32_t shown, stale, stale_only;
};

static enum wf_status read_models(const char *list, struct wf_gpu_name *models, uint32_t *count_out,
                                  struct wf_error *err)
{
    uint32_t count = 0;
    for (const char *at = list; *at;) {
        char name[WF_GPU_NAME_BYTES];
        size_t length = strcspn(at, "|");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (count == WF_MARKET_MODELS_MAX) {
            return wf_fail(err, WF_LIMIT,
                           "more than %d models are named, the limit WF_MARKET_MODELS_MAX",
                           WF_MARKET_MODELS_MAX);
        }
        if (length >= sizeof name || !wf_gpu_name_read(name, &models[count])) {
            return wf_fail(err, WF_INVALID, "'%.40s' is no name of a GPU model", name);
        }
        count++;
        at += length + (at[length] == '|');
    }
    *count_out = count;
    return WF_OK;
}

static enum wf_status ask(struct listing *listing, struct wf_error *err)
{
    const struct wf_offers_market *wanted = listing->wanted;
    struct wf_gpu_name models[WF_MARKET_MODELS_MAX];
    char path[PATH_MAX];
    int64_t now_ms = wf_word_now_ms();
    struct wf_market_question question = {
        .store = path,
        .models = models,
        .gpu_milli = wanted->gpu_milli,
        .provider = wanted->provider,
        .region = wanted->region,
    };
    enum wf_status status = wf_prices_path(wanted->store, path, err);
    status =
        status == WF_OK ? read_models(wanted->models, models, &question.model_count, err) : status;
    if (status != WF_OK) {
        return status;
    }
    listing->at_ms = now_ms;
    if (wanted->at && !wf_word_read_time(wanted->at, now_ms, &listing->at_ms)) {
        return wf_fail(err, WF_INVALID,
                       "--at '%.40s' is no time: 2026-05-20, 2026-05-20T12:00:00Z or 30d, which "
                       "is thirty days ago",
                       wanted->at);
    }
    if (wanted->age_max && !wf_explain_read_span(wanted->age_max, &question.age_ms_max)) {
        return wf_fail(err, WF_INVALID, "--max-age '%.40s' is no time like 90d or 12h",
                       wanted->age_max);
    }
    question.at_ms = listing->at_ms;
    status = wf_market_read(&question, &listing->market, err);
    if (status == WF_NOTFOUND) {
        return wf_error_prefix(err, status,
                               "what is for sale is not known (`whaleflux prices import FILE` "
                               "reads price lists; with --cluster FILE one's own machines are "
                               "asked): ");
    }
    return status;
}

static const char *name_of(const struct listing *listing, uint32_t number)
{
    return wf_market_name(&listing->market, number);
}

static const char *place_of(const struct listing *listing, const struct wf_market_offer *offer)
{
    uint32_t number = offer->zone ? offer->zone : offer->region;
    return number ? name_of(listing, number) : "all";
}

// "< 5 %", "5-10 %", "> 20 %" a month; "unknown" where nobody published it.
static const char *risk_words(char *text, const struct wf_market_offer *offer)
{
    uint32_t low = offer->risk_low_permille / 10, high = offer->risk_high_permille / 10;
    if (!offer->risk_known) {
        return "unknown";
    }
    if (low == 0) {
        snprintf(text, WF_WORD_BYTES, "<%u %%/month", high);
    } else if (high >= 100) {
        snprintf(text, WF_WORD_BYTES, ">%u %%/month", low);
    } else {
        snprintf(text, WF_WORD_BYTES, "%u-%u %%/month", low, high);
    }
    return text;
}

// Cents matter by the GPU-hour, whatever the sum: "$11.62", "$0.063".
static const char *usd(char *text, int64_t nanousd)
{
    int64_t cents = nanousd / 10000000 + (nanousd % 10000000 >= 5000000);
    if (cents < 10) {
        return wf_word_usd(text, nanousd);
    }
    snprintf(text, WF_WORD_BYTES, "$%lld.%02lld", (long long)(cents / 100),
             (long long)(cents % 100));
    return text;
}

// "4.16 187 d old, stale" in two cells: the price by the GPU-hour, and how old it is.
static void add_price(struct listing *listing, struct wf_grid *grid,
                      const struct wf_market_offer *offer, enum wf_price_kind kind)
{
    const struct wf_market_price *price = &offer->prices[kind];
    char text[WF_WORD_BYTES], age[WF_WORD_BYTES + 16];
    if (price->nanousd_per_hour == 0) {
        wf_grid_add(grid, "-");
        wf_grid_add(grid, "");
        return;
    }
    listing->stale += price->stale;
    wf_grid_add_shaded(grid, usd(text, wf_market_per_gpu(offer, kind)),
                       price->stale ? WF_SHADE_FAINT : WF_SHADE_NONE);
    snprintf(age, sizeof age, "%s%s", price->own ? "own" : wf_word_span(text, price->age_ms),
             price->stale ? " stale" : "");
    wf_grid_add_shaded(grid, age, price->stale ? WF_SHADE_BAD : WF_SHADE_NONE);
}

static void add_offer(struct listing *listing, struct wf_grid *grid,
                      const struct wf_market_offer *offer)
{
    char text[WF_WORD_BYTES], machine[WF_GPU_NAME_BYTES + WF_NUMBER_BYTES + 4];
    enum wf_price_kind kind;
    bool priced = wf_market_best(offer, &kind);
    listing->stale_only += !priced;
    wf_grid_add(grid, name_of(listing, offer->provider));
    wf_grid_add(grid, place_of(listing, offer));
    wf_grid_add(grid, offer->instance ? name_of(listing, offer->instance) : "any");
    snprintf(machine, sizeof machine, "%s x %s", wf_number_thousandths(text, offer->gpu_milli),
             offer->gpu.text);
    wf_grid_add(grid, machine);
    add_price(listing, grid, offer, WF_PRICE_ON_DEMAND);
    add_price(listing, grid, offer, WF_PRICE_SPOT);
    wf_grid_add(grid, offer->prices[WF_PRICE_SPOT].nanousd_per_hour ? risk_words(text, offer) : "");
}

// Every source of what was shown, once, with the newest date it has among it.
static void print_sources(const struct listing *listing)
{
    uint32_t sources[SOURCES_MAX] = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < listing->shown; i++) {
        const struct wf_market_offer *offer = &listing->market.offers[i];
        const uint32_t named[] = {offer->prices[WF_PRICE_ON_DEMAND].source,
                                  offer->prices[WF_PRICE_SPOT].source,
                                  offer->risk_known ? offer->risk_source : 0};
        for (uint32_t k = 0; k < WF_COUNT_OF(named); k++) {
            bool known = named[k] == 0;
            for (uint32_t s = 0; s < count && !known; s++) {
                known = sources[s] == named[k];
            }
            if (!known && count < SOURCES_MAX) {
                sources[count++] = named[k];
            }
        }
    }
    for (uint32_t s = 0; s < count; s++) {
        printf("%s%s", s ? "; " : "Sources: ", name_of(listing, sources[s]));
    }
    puts(count ? "." : "");
}

static void print_summary(const struct listing *listing)
{
    const struct wf_market *market = &listing->market;
    char text[WF_WORD_BYTES], told[400], day[WF_MOMENT_BYTES];
    enum wf_price_kind kind;
    if (market->count > 0 && wf_market_best(&market->offers[0], &kind)) {
        const struct wf_market_offer *best = &market->offers[0];
        const struct wf_market_price *price = &best->prices[kind];
        snprintf(told, sizeof told, "Cheapest: %s a GPU-hour %s at %.40s%s%.60s, %s %s.",
                 usd(text, wf_market_per_gpu(best, kind)), wf_price_kind_word(kind),
                 name_of(listing, best->provider), best->region ? ", " : "",
                 best->region ? place_of(listing, best) : "", price->own ? "since" : "as of",
                 wf_moment_date(day, price->own ? price->from_ms : price->seen_ms));
        wf_paragraph_print(stdout, told, WIDTH);
    }
    if (listing->stale > 0) {
        snprintf(told, sizeof told,
                 "%u prices are stale: seen to hold too long before this time. They are shown, and "
                 "are used for nothing; --max-age says how old a price may be.",
                 listing->stale);
        wf_paragraph_print(stdout, told, WIDTH);
    }
    if (listing->shown < market->count) {
        printf("%u of %u offers are shown; --rows 0 shows all.\n", listing->shown, market->count);
    }
    print_sources(listing);
}

static enum wf_status print(struct listing *listing, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"PROVIDER", false, 20}, {"PLACE", false, 30},   {"MACHINE", false, 36},
        {"GPUS", false, 0},      {"ON-DEMAND", true, 0}, {"AGE", false, 0},
        {"SPOT", true, 0},       {"AGE", false, 0},      {"TAKEN BACK", false, 0},
    };
    struct wf_grid grid;
    if (listing->market.count == 0) {
        puts("Nothing of the kind is for sale in the store of prices at that time.");
        return WF_OK;
    }
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (uint32_t i = 0; i < listing->shown; i++) {
        add_offer(listing, &grid, &listing->market.offers[i]);
    }
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    if (status == WF_OK) {
        puts("\nPrices are dollars for one GPU and one hour, its machine included.");
        print_summary(listing);
    }
    return status;
}

static json_t *moment(int64_t ms)
{
    char text[WF_MOMENT_BYTES];
    return json_string(wf_moment_seconds(text, ms));
}

static json_t *make_price(struct wf_json *json, const struct listing *listing,
                          const struct wf_market_offer *offer, enum wf_price_kind kind)
{
    const struct wf_market_price *price = &offer->prices[kind];
    if (price->nanousd_per_hour == 0) {
        return json_null();
    }
    json_t *object = json_object();
    wf_json_set(json, object, "nanousd_per_hour", json_integer(price->nanousd_per_hour));
    wf_json_set(json, object, "nanousd_per_gpu_hour", json_integer(wf_market_per_gpu(offer, kind)));
    wf_json_set(json, object, "from", moment(price->from_ms));
    wf_json_set(json, object, "seen", moment(price->seen_ms));
    wf_json_set(json, object, "age_s", json_integer(price->age_ms / 1000));
    wf_json_set(json, object, "stale", json_boolean(price->stale));
    wf_json_set(json, object, "own", json_boolean(price->own));
    wf_json_set(json, object, "source", json_string(name_of(listing, price->source)));
    return object;
}

static json_t *make_risk(struct wf_json *json, const struct listing *listing,
                         const struct wf_market_offer *offer)
{
    if (!offer->risk_known) {
        return json_null();
    }
    json_t *object = json_object();
    wf_json_set(json, object, "taken_back_permille_low", json_integer(offer->risk_low_permille));
    wf_json_set(json, object, "taken_back_permille_high", json_integer(offer->risk_high_permille));
    wf_json_set(json, object, "of", json_string("month"));
    wf_json_set(json, object, "as_of", moment(offer->risk_from_ms));
    wf_json_set(json, object, "source", json_string(name_of(listing, offer->risk_source)));
    return object;
}

static json_t *make_offer(struct wf_json *json, const struct listing *listing,
                          const struct wf_market_offer *offer)
{
    json_t *object = json_object();
    wf_json_set(json, object, "provider", json_string(name_of(listing, offer->provider)));
    wf_json_set(json, object, "region", json_string(name_of(listing, offer->region)));
    wf_json_set(json, object, "zone", json_string(name_of(listing, offer->zone)));
    wf_json_set(json, object, "instance", json_string(name_of(listing, offer->instance)));
    wf_json_set(json, object, "gpu", json_string(offer->gpu.text));
    wf_json_set(json, object, "gpus", json_real((double)offer->gpu_milli * 1e-3));
    wf_json_set(json, object, "on_demand", make_price(json, listing, offer, WF_PRICE_ON_DEMAND));
    wf_json_set(json, object, "spot", make_price(json, listing, offer, WF_PRICE_SPOT));
    wf_json_set(json, object, "spot_risk", make_risk(json, listing, offer));
    return object;
}

static enum wf_status print_json(const struct listing *listing, struct wf_error *err)
{
    struct wf_json json = {0};
    json_t *root = json_object();
    json_t *offers = json_array();
    for (uint32_t i = 0; i < listing->shown; i++) {
        wf_json_append(&json, offers, make_offer(&json, listing, &listing->market.offers[i]));
    }
    wf_json_set(&json, root, "at", moment(listing->at_ms));
    wf_json_set(&json, root, "count", json_integer(listing->market.count));
    wf_json_set(&json, root, "offers", offers);
    return wf_json_print(&json, root, err);
}

enum wf_status wf_offers_market(const struct wf_offers_market *wanted, struct wf_error *err)
{
    struct listing listing = {.wanted = wanted};
    enum wf_status status = ask(&listing, err);
    if (status != WF_OK) {
        return status;
    }
    uint32_t count = listing.market.count;
    listing.shown = wanted->limit > 0 && wanted->limit < count ? wanted->limit : count;
    status = wanted->json ? print_json(&listing, err) : print(&listing, err);
    wf_market_finish(&listing.market);
    return status;
}
