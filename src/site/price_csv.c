// SPDX-License-Identifier: Apache-2.0
// Prices from a table of offers: the median over clouds of each cloud's median.
#include <stdlib.h>
#include <string.h>

#include "site/price_offers.h"
#include "text/csv.h"
#include "text/decimal.h"

#define GPU_COUNT_MAX 1000000 // thousandths of a GPU in one offer

enum column { CLOUD, MODEL, COUNT, MEMORY, PRICE, DATE };
static const struct wf_csv_column columns[] = {
    {"cloud", false},      {"gpu_model", false},      {"gpu_count", false},
    {"gpu_mem_gib", true}, {"ondemand_usd_h", false}, {"date", true},
};

struct table {
    struct wf_site_offers offers;
    char newest[WF_OFFER_DATE_BYTES];
};

static enum wf_status take_decimal(const struct wf_csv *csv, uint32_t column, unsigned places,
                                   int64_t max, int64_t *number_out, struct wf_error *err)
{
    const char *text = wf_csv_text(csv, column);
    char quoted[48];
    wf_csv_quote(text, quoted, sizeof quoted);
    switch (wf_decimal_read(text, places, max, number_out)) {
    case WF_DECIMAL_READ:
        return WF_OK;
    case WF_DECIMAL_NEGATIVE:
        return wf_csv_fail(csv, column, err, WF_INVALID, "%s is negative", quoted);
    case WF_DECIMAL_TOO_LARGE:
        return wf_csv_fail(csv, column, err, WF_LIMIT, "%s is too large", quoted);
    case WF_DECIMAL_WRONG:
        break;
    }
    return wf_csv_fail(csv, column, err, WF_INVALID, "'%s' is not a number", quoted);
}

// The memory's size stands in a column of its own, or in the name.
static bool take_gpu(const struct wf_csv *csv, struct wf_gpu_name *gpu_out)
{
    char text[WF_GPU_NAME_BYTES + 16];
    const char *model = wf_csv_text(csv, MODEL);
    const char *memory = wf_csv_text(csv, MEMORY);
    size_t digits = strspn(memory, "0123456789");
    if (!wf_gpu_name_read(model, gpu_out)) {
        return false;
    }
    bool whole =
        digits > 0 && digits < 4 && strspn(memory + digits, ".0") == strlen(memory + digits);
    if (gpu_out->memory_gib > 0 || !whole) {
        return true;
    }
    snprintf(text, sizeof text, "%s-%.*sGB", gpu_out->text, (int)digits, memory);
    return wf_gpu_name_read(text, gpu_out);
}

// A date that is not YYYY-MM-DD is none; the table may hold words there.
static void take_date(const char *text, char *date_out)
{
    static const char shape[] = "dddd-dd-dd";
    bool fits = strlen(text) == strlen(shape);
    for (size_t i = 0; fits && shape[i]; i++) {
        fits = shape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i];
    }
    snprintf(date_out, WF_OFFER_DATE_BYTES, "%s", fits ? text : "");
}

static enum wf_status take_offer(const struct wf_csv *csv, struct table *table,
                                 struct wf_error *err)
{
    struct wf_site_offer offer = {0};
    int64_t count_milli = 0;
    int64_t price = 0;
    if (wf_csv_text(csv, PRICE)[0] == '\0' || wf_csv_text(csv, COUNT)[0] == '\0' ||
        !take_gpu(csv, &offer.gpu)) {
        return WF_OK; // not sold on demand, or no GPU that has a name
    }
    enum wf_status status = take_decimal(csv, COUNT, 3, GPU_COUNT_MAX, &count_milli, err);
    if (status == WF_OK) {
        status = take_decimal(csv, PRICE, 9, WF_PRICE_NANOUSD_MAX, &price, err);
    }
    if (status == WF_OK && price == 0) {
        return wf_csv_fail(csv, PRICE, err, WF_INVALID,
                           "the price is 0, and a price of nothing is never used");
    }
    if (status != WF_OK || count_milli < WF_GPU_MILLI) {
        return status; // a slice, sold at a price of its own kind
    }
    offer.nanousd_per_gpu = (int64_t)((wf_int128)price * WF_GPU_MILLI / count_milli);
    snprintf(offer.cloud, sizeof offer.cloud, "%s", wf_csv_text(csv, CLOUD));
    take_date(wf_csv_text(csv, DATE), offer.date);
    if (strcmp(offer.date, table->newest) > 0) {
        memcpy(table->newest, offer.date, sizeof table->newest);
    }
    return wf_site_offers_add(&table->offers, &offer)
               ? WF_OK
               : wf_csv_fail(csv, CLOUD, err, WF_NOMEM, "no memory to read further");
}

// Leaves out what is dated more than a year before the newest: ISO dates compare as texts.
static void drop_old(struct table *table)
{
    char oldest[WF_OFFER_DATE_BYTES] = "";
    if (table->newest[0]) {
        int year = (table->newest[0] - '0') * 1000 + (table->newest[1] - '0') * 100 +
                   (table->newest[2] - '0') * 10 + (table->newest[3] - '0');
        snprintf(oldest, sizeof oldest, "%04d%s", (year > 0 ? year - 1 : 0) % 10000,
                 table->newest + 4);
    }
    struct wf_site_offers *offers = &table->offers;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < offers->count; i++) {
        if (offers->rows[i].date[0] == '\0' || strcmp(offers->rows[i].date, oldest) >= 0) {
            offers->rows[kept++] = offers->rows[i];
        }
    }
    offers->count = kept;
}

enum wf_status wf_site_prices_read_csv(const char *path, const char *shown,
                                       struct wf_site_prices *prices, struct wf_error *err)
{
    struct wf_csv *csv;
    struct table table = {0};
    enum wf_status status = wf_csv_open(path, columns, WF_COUNT_OF(columns), &csv, err);
    if (status != WF_OK) {
        return status;
    }
    for (bool row = true; status == WF_OK && row;) {
        status = wf_csv_next(csv, &row, err);
        if (status == WF_OK && row) {
            status = take_offer(csv, &table, err);
        }
    }
    wf_csv_close(csv);
    if (status == WF_OK) {
        drop_old(&table);
        status =
            table.offers.count > 0
                ? wf_site_offers_price(&table.offers, shown, prices, err)
                : wf_fail(err, WF_INVALID, "%s: there is no offer of a whole GPU on demand", shown);
    }
    wf_site_offers_finish(&table.offers);
    return status;
}
