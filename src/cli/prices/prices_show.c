// SPDX-License-Identifier: Apache-2.0
// What the store of prices holds: by source, and row by row.
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/json.h"
#include "cli/live/grid.h"
#include "cli/live/words.h"
#include "cli/prices/prices.h"
#include "gpu/gpu_name.h"
#include "store/store.h"
#include "text/moment.h"

struct view {
    const struct wf_prices *prices;
    struct wf_grid grid;
    struct wf_json json;
    json_t *list;
    struct wf_gpu_name gpu;
    uint64_t rows;
};

static json_t *moment(int64_t ms)
{
    char text[WF_MOMENT_BYTES];
    return ms > 0 ? json_string(wf_moment_seconds(text, ms)) : json_null();
}

static bool add_source(void *context, const struct wf_price_source *source)
{
    struct view *view = context;
    char text[WF_WORD_BYTES];
    view->rows++;
    if (view->prices->json) {
        json_t *object = json_object();
        wf_json_set(&view->json, object, "source", json_string(source->source));
        wf_json_set(&view->json, object, "own", json_boolean(source->own));
        wf_json_set(&view->json, object, "on_demand",
                    json_integer((json_int_t)source->rows[WF_PRICE_ON_DEMAND]));
        wf_json_set(&view->json, object, "spot",
                    json_integer((json_int_t)source->rows[WF_PRICE_SPOT]));
        wf_json_set(&view->json, object, "first", moment(source->first_ms));
        wf_json_set(&view->json, object, "last", moment(source->last_ms));
        wf_json_set(&view->json, object, "seen", moment(source->seen_ms));
        wf_json_append(&view->json, view->list, object);
        return true;
    }
    wf_grid_add(&view->grid, source->source);
    wf_grid_add(&view->grid, wf_number_count(text, (int64_t)source->rows[WF_PRICE_ON_DEMAND]));
    wf_grid_add(&view->grid, wf_number_count(text, (int64_t)source->rows[WF_PRICE_SPOT]));
    wf_grid_add(&view->grid, wf_moment_date(text, source->first_ms));
    wf_grid_add(&view->grid, wf_moment_date(text, source->last_ms));
    wf_grid_add(&view->grid, wf_word_age(text, source->seen_ms, view->prices->now_ms));
    return true;
}

static bool is_asked(const struct view *view, const struct wf_price_row *row)
{
    struct wf_gpu_name gpu;
    const struct wf_prices *prices = view->prices;
    return (!prices->provider || strcmp(prices->provider, row->provider) == 0) &&
           (!prices->region || fnmatch(prices->region, row->region, 0) == 0) &&
           (!prices->gpu || (wf_gpu_name_read(row->model, &gpu) &&
                             wf_gpu_name_match(&view->gpu, &gpu) != WF_GPU_DIFFERS));
}

static void add_row_json(struct view *view, const struct wf_price_row *row)
{
    json_t *object = json_object();
    struct wf_json *json = &view->json;
    wf_json_set(json, object, "provider", json_string(row->provider));
    wf_json_set(json, object, "region", json_string(row->region));
    wf_json_set(json, object, "zone", json_string(row->zone));
    wf_json_set(json, object, "instance", json_string(row->instance));
    wf_json_set(json, object, "gpu", json_string(row->model));
    wf_json_set(json, object, "gpus", json_real((double)row->gpu_milli * 1e-3));
    wf_json_set(json, object, "kind", json_string(wf_price_kind_word(row->kind)));
    wf_json_set(json, object, "nanousd_per_hour", json_integer(row->nanousd_per_hour));
    wf_json_set(json, object, "from", moment(row->from_ms));
    wf_json_set(json, object, "until", moment(row->until_ms));
    wf_json_set(json, object, "seen", moment(row->seen_ms));
    wf_json_set(json, object, "own", json_boolean(row->own));
    wf_json_set(json, object, "source", json_string(row->source));
    wf_json_append(json, view->list, object);
}

static bool add_row(void *context, const struct wf_price_row *row)
{
    struct view *view = context;
    char text[WF_WORD_BYTES];
    if (!is_asked(view, row)) {
        return true;
    }
    view->rows++;
    if (view->prices->json) {
        add_row_json(view, row);
        return true;
    }
    wf_grid_add(&view->grid, wf_moment_seconds(text, row->from_ms));
    wf_grid_add(&view->grid, row->provider);
    wf_grid_add(&view->grid, row->zone[0] ? row->zone : row->region[0] ? row->region : "all");
    wf_grid_add(&view->grid, row->instance[0] ? row->instance : "any");
    char gpus[WF_NUMBER_BYTES], machine[WF_GPU_NAME_BYTES + WF_NUMBER_BYTES + 4];
    snprintf(machine, sizeof machine, "%s x %s", wf_number_thousandths(gpus, row->gpu_milli),
             row->model);
    wf_grid_add(&view->grid, machine);
    wf_grid_add(&view->grid, wf_price_kind_word(row->kind));
    wf_grid_add(&view->grid, wf_word_usd(text, row->nanousd_per_hour));
    wf_grid_add(&view->grid, row->source);
    return true;
}

static enum wf_status finish(struct view *view, const char *name, struct wf_error *err)
{
    enum wf_status status;
    if (view->prices->json) {
        json_t *root = json_object();
        wf_json_set(&view->json, root, "store", json_string(view->prices->store));
        wf_json_set(&view->json, root, name, view->list);
        status = wf_json_print(&view->json, root, err);
    } else if (view->rows > 0) {
        json_decref(view->list);
        status = wf_grid_print(&view->grid, stdout, err);
    } else {
        json_decref(view->list);
        status = WF_OK;
        printf("There is no such price in %s.\n", view->prices->store);
    }
    wf_grid_finish(&view->grid);
    return status;
}

static enum wf_status give_up(struct view *view, enum wf_status status)
{
    json_decref(view->list);
    wf_grid_finish(&view->grid);
    return status;
}

enum wf_status wf_prices_list(const struct wf_prices *prices, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"SOURCE", false, 70}, {"ON-DEMAND", true, 0}, {"SPOT", true, 0},
        {"FIRST", false, 0},   {"LAST", false, 0},     {"SEEN", false, 0},
    };
    struct view view = {.prices = prices, .list = json_array()};
    struct wf_price_store *store;
    wf_grid_init(&view.grid, columns, WF_COUNT_OF(columns));
    enum wf_status status = wf_price_store_open(prices->store, false, &store, err);
    if (status == WF_OK) {
        status = wf_price_store_sources(store, add_source, &view, err);
        wf_price_store_close(store);
    }
    return status == WF_OK ? finish(&view, "sources", err) : give_up(&view, status);
}

enum wf_status wf_prices_show(const struct wf_prices *prices, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"FROM", false, 0}, {"PROVIDER", false, 20}, {"PLACE", false, 30}, {"MACHINE", false, 40},
        {"GPUS", false, 0}, {"KIND", false, 0},      {"$/H", true, 0},     {"SOURCE", false, 60},
    };
    struct view view = {.prices = prices, .list = json_array()};
    struct wf_price_store *store;
    wf_grid_init(&view.grid, columns, WF_COUNT_OF(columns));
    enum wf_status status = WF_OK;
    if (prices->gpu && !wf_gpu_name_read(prices->gpu, &view.gpu)) {
        status = wf_fail(err, WF_INVALID, "--gpu '%.40s' is no name of a GPU model", prices->gpu);
    }
    status = status == WF_OK ? wf_price_store_open(prices->store, false, &store, err) : status;
    if (status == WF_OK) {
        status = wf_price_store_all(store, add_row, &view, err);
        wf_price_store_close(store);
    }
    return status == WF_OK ? finish(&view, "prices", err) : give_up(&view, status);
}
