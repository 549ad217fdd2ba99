// SPDX-License-Identifier: Apache-2.0
#include "site/price_offers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/builder.h"

enum { CLOUDS_MAX = 256 };

bool wf_site_offers_add(struct wf_site_offers *offers, const struct wf_site_offer *offer)
{
    void *rows = offers->rows;
    bool room = wf_site_make_room(&rows, sizeof *offer, offers->count, &offers->capacity);
    offers->rows = rows;
    if (room) {
        offers->rows[offers->count++] = *offer;
    }
    return room;
}

void wf_site_offers_finish(struct wf_site_offers *offers)
{
    free(offers->rows);
    *offers = (struct wf_site_offers){0};
}

static int compare_offers(const void *left, const void *right)
{
    const struct wf_site_offer *a = left;
    const struct wf_site_offer *b = right;
    int order = strcmp(a->gpu.text, b->gpu.text);
    order = order ? order : strcmp(a->cloud, b->cloud);
    return order ? order
                 : (a->nanousd_per_gpu > b->nanousd_per_gpu) -
                       (a->nanousd_per_gpu < b->nanousd_per_gpu);
}

static int compare_prices(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;
    return (*a > *b) - (*a < *b);
}

// Of an even count the mean of the two in the middle; low and high are its neighbours there.
static int64_t middle(int64_t low, int64_t high)
{
    return low + (high - low) / 2;
}

// The offers of one model, sorted by cloud and price.
static enum wf_status add_model(const struct wf_site_offer *rows, uint32_t count, const char *shown,
                                struct wf_site_prices *prices, struct wf_error *err)
{
    int64_t medians[CLOUDS_MAX] = {0};
    uint32_t clouds = 0;
    const char *oldest = "";
    const char *newest = "";
    for (uint32_t from = 0, to; from < count && clouds < CLOUDS_MAX; from = to) {
        for (to = from; to < count && strcmp(rows[to].cloud, rows[from].cloud) == 0; to++) {
            if (rows[to].date[0] && (!*oldest || strcmp(rows[to].date, oldest) < 0)) {
                oldest = rows[to].date;
            }
            newest = strcmp(rows[to].date, newest) > 0 ? rows[to].date : newest;
        }
        uint32_t last = to - from - 1;
        medians[clouds++] = middle(rows[from + last / 2].nanousd_per_gpu,
                                   rows[from + (last + 1) / 2].nanousd_per_gpu);
    }
    qsort(medians, clouds, sizeof *medians, compare_prices);
    char source[320];
    bool one_date = strcmp(oldest, newest) == 0;
    snprintf(source, sizeof source, "%s, median of %u cloud%s on demand, %s%s%s%s", shown, clouds,
             clouds == 1 ? "" : "s", *newest ? "as of " : "no date told", oldest,
             one_date ? "" : " to ", one_date ? "" : newest);
    return wf_site_prices_add(prices, &rows->gpu,
                              middle(medians[(clouds - 1) / 2], medians[clouds / 2]), source, err);
}

enum wf_status wf_site_offers_price(struct wf_site_offers *offers, const char *shown,
                                    struct wf_site_prices *prices, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    if (offers->count > 0) {
        qsort(offers->rows, offers->count, sizeof *offers->rows, compare_offers);
    }
    for (uint32_t from = 0, to; from < offers->count && status == WF_OK; from = to) {
        for (to = from; to < offers->count &&
                        strcmp(offers->rows[to].gpu.text, offers->rows[from].gpu.text) == 0;
             to++) {
        }
        status = add_model(offers->rows + from, to - from, shown, prices, err);
    }
    return status;
}
