// SPDX-License-Identifier: Apache-2.0
// Prices from a table of offers: the median over clouds of each cloud's median.
#include <stdlib.h>
#include <string.h>

#include "site/builder.h"
#include "text/csv.h"
#include "text/decimal.h"

#define GPU_COUNT_MAX 1000000 // thousandths of a GPU in one offer
enum { CLOUDS_MAX = 256, CLOUD_BYTES = 32, DATE_BYTES = 11 };

enum column { CLOUD, MODEL, COUNT, MEMORY, PRICE, DATE };
static const struct wf_csv_column columns[] = {
    {"cloud", false},      {"gpu_model", false},      {"gpu_count", false},
    {"gpu_mem_gib", true}, {"ondemand_usd_h", false}, {"date", true},
};

struct offer {
    struct wf_gpu_name gpu;
    char cloud[CLOUD_BYTES];
    char date[DATE_BYTES]; // "": not told
    int64_t nanousd_per_gpu;
};

struct offers {
    struct offer *rows;
    uint32_t count, capacity;
    char newest[DATE_BYTES];
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
    snprintf(date_out, DATE_BYTES, "%s", fits ? text : "");
}

static enum wf_status take_offer(const struct wf_csv *csv, struct offers *offers,
                                 struct wf_error *err)
{
    struct offer offer = {0};
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
    if (status != WF_OK || count_milli < WF_GPU_MILLI || price == 0) {
        return status; // a slice, sold at a price of its own kind
    }
    offer.nanousd_per_gpu = (int64_t)((wf_int128)price * WF_GPU_MILLI / count_milli);
    snprintf(offer.cloud, sizeof offer.cloud, "%s", wf_csv_text(csv, CLOUD));
    take_date(wf_csv_text(csv, DATE), offer.date);
    if (strcmp(offer.date, offers->newest) > 0) {
        memcpy(offers->newest, offer.date, sizeof offers->newest);
    }
    void *rows = offers->rows;
    bool room = wf_site_make_room(&rows, sizeof offer, offers->count, &offers->capacity);
    offers->rows = rows;
    if (!room) {
        return wf_csv_fail(csv, CLOUD, err, WF_NOMEM, "no memory to read further");
    }
    offers->rows[offers->count++] = offer;
    return WF_OK;
}

static int compare_offers(const void *left, const void *right)
{
    const struct offer *a = left;
    const struct offer *b = right;
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

// Leaves out what is dated more than a year before the newest: ISO dates compare as texts.
static void drop_old(struct offers *offers)
{
    char oldest[DATE_BYTES] = "";
    if (offers->newest[0]) {
        int year = (offers->newest[0] - '0') * 1000 + (offers->newest[1] - '0') * 100 +
                   (offers->newest[2] - '0') * 10 + (offers->newest[3] - '0');
        snprintf(oldest, sizeof oldest, "%04d%s", (year > 0 ? year - 1 : 0) % 10000,
                 offers->newest + 4);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < offers->count; i++) {
        if (offers->rows[i].date[0] == '\0' || strcmp(offers->rows[i].date, oldest) >= 0) {
            offers->rows[kept++] = offers->rows[i];
        }
    }
    offers->count = kept;
}

// Of an even count the mean of the two in the middle; low and high are its neighbours there.
static int64_t middle(int64_t low, int64_t high)
{
    return low + (high - low) / 2;
}

// The offers of one model, sorted by cloud and price.
static enum wf_status add_model(const struct offer *rows, uint32_t count, const char *shown,
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

static enum wf_status add_models(struct offers *offers, const char *shown,
                                 struct wf_site_prices *prices, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    drop_old(offers);
    if (offers->count == 0) {
        return wf_fail(err, WF_INVALID, "%s: there is no offer of a whole GPU on demand", shown);
    }
    qsort(offers->rows, offers->count, sizeof *offers->rows, compare_offers);
    for (uint32_t from = 0, to; from < offers->count && status == WF_OK; from = to) {
        for (to = from; to < offers->count &&
                        strcmp(offers->rows[to].gpu.text, offers->rows[from].gpu.text) == 0;
             to++) {
        }
        status = add_model(offers->rows + from, to - from, shown, prices, err);
    }
    return status;
}

enum wf_status wf_site_prices_read_csv(const char *path, const char *shown,
                                       struct wf_site_prices *prices, struct wf_error *err)
{
    struct wf_csv *csv;
    struct offers offers = {0};
    enum wf_status status = wf_csv_open(path, columns, WF_COUNT_OF(columns), &csv, err);
    if (status != WF_OK) {
        return status;
    }
    for (bool row = true; status == WF_OK && row;) {
        status = wf_csv_next(csv, &row, err);
        if (status == WF_OK && row) {
            status = take_offer(csv, &offers, err);
        }
    }
    wf_csv_close(csv);
    if (status == WF_OK) {
        status = add_models(&offers, shown, prices, err);
    }
    free(offers.rows);
    return status;
}
