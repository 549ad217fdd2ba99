// SPDX-License-Identifier: Apache-2.0
// The verb prices: fills the store of prices and shows what is in it. What can be had at these
// prices, the verb offers tells.
#include "cli/prices/prices.h"

#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/live/words.h"

static const struct wf_option options[] = {
    {"as-of", "TIME", "of import: when the files were fetched (now, 2026-05-20, 2d ago as 2d)"},
    {"provider", "P", "of import: whose prices a SkyPilot catalogue has; of show: this one's"},
    {"gpu", "MODEL", "of show: this GPU model's"},
    {"region", "R", "of show: this region's"},
    {"prices", "FILE", "the store (WHALEFLUX_PRICES, or ~/.local/share/whaleflux/prices.db)"},
    {"json", NULL, "prints JSON instead of a table"},
    {NULL, NULL, NULL},
};

struct reading {
    struct wf_prices prices;
    const char *store;
};

enum wf_status wf_prices_path(const char *told, char path[PATH_MAX], struct wf_error *err)
{
    const char *named = told ? told : getenv("WHALEFLUX_PRICES");
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int length = -1;
    if (named && named[0]) {
        length = snprintf(path, PATH_MAX, "%s", named);
    } else if (data && data[0] == '/') {
        length = snprintf(path, PATH_MAX, "%s/whaleflux/prices.db", data);
    } else if (home && home[0] == '/') {
        length = snprintf(path, PATH_MAX, "%s/.local/share/whaleflux/prices.db", home);
    }
    return length > 0 && length < PATH_MAX
               ? WF_OK
               : wf_fail(err, WF_INVALID,
                         "neither --prices, WHALEFLUX_PRICES, XDG_DATA_HOME nor HOME says where "
                         "the store of prices is");
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct reading *reading = context;
    struct wf_prices *prices = &reading->prices;
    if (strcmp(name, "json") == 0) {
        prices->json = true;
    } else if (strcmp(name, "gpu") == 0) {
        prices->gpu = value;
    } else if (strcmp(name, "provider") == 0) {
        prices->provider = value;
    } else if (strcmp(name, "region") == 0) {
        prices->region = value;
    } else if (strcmp(name, "prices") == 0) {
        reading->store = value;
    } else if (strcmp(value, "now") == 0) {
        prices->as_of_ms = prices->now_ms;
    } else if (!wf_word_read_time(value, prices->now_ms, &prices->as_of_ms)) {
        return wf_fail(err, WF_INVALID,
                       "--as-of '%.40s' is no time: now, 2026-05-20 or 2d, which is two days ago",
                       value);
    }
    return WF_OK;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct reading reading = {.prices = {.as_of_ms = -1, .now_ms = wf_word_now_ms()}};
    const struct wf_option_reader reader = {options, take, &reading};
    int first;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &first, err);
    status = status == WF_OK ? wf_prices_path(reading.store, reading.prices.store, err) : status;
    if (status != WF_OK) {
        return status;
    }
    const char *what = first < argc ? argv[first] : "";
    int words = argc - first - 1;
    if (strcmp(what, "import") == 0) {
        return wf_prices_import(&reading.prices, argv + first + 1, words, err);
    }
    if (words > 0) {
        return wf_fail(err, WF_INVALID, "'%.60s' is one word too many", argv[first + 1]);
    }
    if (strcmp(what, "list") == 0) {
        return wf_prices_list(&reading.prices, err);
    }
    if (strcmp(what, "show") == 0) {
        return wf_prices_show(&reading.prices, err);
    }
    return wf_fail(err, WF_INVALID, "prices does one of import FILE..., list and show, not '%.40s'",
                   what);
}

const struct wf_command wf_command_prices = {
    .name = "prices",
    .usage = "import FILE... [--as-of TIME] | list | show --gpu MODEL",
    .summary = "keeps what machines cost, by whose word and since when",
    .options = options,
    .more = "import reads catalogues of SkyPilot, what aws, gcloud and Azure's price list print, a "
            "CSV\nor YAML of one's own; docs/prices.md has them all.\n"
            "Example: whaleflux prices import ~/.sky/catalogs/v8/gcp/vms.csv --as-of now\n",
    .run = run,
};
