// SPDX-License-Identifier: Apache-2.0
// A table of offers of many clouds with a date in each row: cloud, region, zone, instance_type,
// gpu_model, gpu_count, gpu_mem_gib, ondemand_usd_h, spot_usd_h, date, source. It is what one's own
// scripts write with least effort, and what distilled catalogues are kept as.
#include <string.h>

#include "provider/price/table.h"
#include "text/moment.h"

enum column { CLOUD, REGION, ZONE, INSTANCE, MODEL, COUNT, MEMORY, ON_DEMAND, SPOT, DATE, SOURCE };
static const struct wf_csv_column columns[] = {
    [CLOUD] = {"cloud", false},       [REGION] = {"region", true},
    [ZONE] = {"zone", true},          [INSTANCE] = {"instance_type", true},
    [MODEL] = {"gpu_model", false},   [COUNT] = {"gpu_count", false},
    [MEMORY] = {"gpu_mem_gib", true}, [ON_DEMAND] = {"ondemand_usd_h", false},
    [SPOT] = {"spot_usd_h", true},    [DATE] = {"date", true},
    [SOURCE] = {"source", true},
};

enum { GPU_BYTES = 128 };

struct table {
    struct wf_price_reading *reading;
    struct wf_csv *csv;
    char source[128]; // of rows that tell none
};

static bool recognise(const char *head)
{
    return wf_price_has_column(head, "gpu_model") && wf_price_has_column(head, "ondemand_usd_h");
}

// The memory's size in a column of its own goes behind the name.
static void name_gpu(const struct wf_csv *csv, char *text)
{
    const char *memory = wf_csv_text(csv, MEMORY);
    size_t digits = strspn(memory, "0123456789");
    bool whole =
        digits > 0 && digits < 4 && strspn(memory + digits, ".0") == strlen(memory) - digits;
    const char *model = wf_csv_text(csv, MODEL);
    if (whole && !strstr(model, "GB")) {
        snprintf(text, GPU_BYTES, "%.80s-%.*sGB", model, (int)digits, memory);
    } else {
        snprintf(text, GPU_BYTES, "%.120s", model);
    }
}

static bool find_date(const struct table *table, int64_t *from_ms_out)
{
    const char *date = wf_csv_text(table->csv, DATE);
    *from_ms_out = table->reading->import->as_of_ms;
    if (!date[0] && *from_ms_out == WF_PRICE_NOT_TOLD) {
        wf_price_leave_out(table->reading, (struct wf_price_place){wf_csv_line(table->csv), "date"},
                           "the row does not say of when its price is (--as-of DATE says it for "
                           "such rows)");
        return false;
    }
    if (date[0] && !wf_moment_read(date, from_ms_out)) {
        char quoted[48];
        wf_csv_quote(date, quoted, sizeof quoted);
        wf_price_leave_out(table->reading, (struct wf_price_place){wf_csv_line(table->csv), "date"},
                           "'%s' is no date like 2026-05-20", quoted);
        return false;
    }
    return true;
}

static enum wf_status take_price(struct table *table, uint32_t column,
                                 const struct wf_price_row *told, const char *gpu,
                                 struct wf_error *err)
{
    const struct wf_price_place place = {wf_csv_line(table->csv), columns[column].name};
    const char *text = wf_csv_text(table->csv, column);
    struct wf_price_row row = *told;
    row.kind = column == SPOT ? WF_PRICE_SPOT : WF_PRICE_ON_DEMAND;
    return text[0] && wf_price_money(table->reading, place, text, &row.nanousd_per_hour)
               ? wf_price_take(table->reading, place, gpu, &row, err)
               : WF_OK;
}

static enum wf_status take_row(struct table *table, struct wf_error *err)
{
    const struct wf_csv *csv = table->csv;
    const struct wf_price_place place = {wf_csv_line(csv), "cloud"};
    struct wf_price_row row = {
        .provider = wf_csv_text(csv, CLOUD),
        .region = wf_csv_text(csv, REGION),
        .zone = wf_csv_text(csv, ZONE),
        .instance = wf_csv_text(csv, INSTANCE),
        .source = wf_csv_text(csv, SOURCE)[0] ? wf_csv_text(csv, SOURCE) : table->source,
    };
    char gpu[GPU_BYTES];
    if (!wf_csv_text(csv, MODEL)[0] || wf_price_is_other_device(wf_csv_text(csv, MODEL))) {
        table->reading->count->other++;
        return WF_OK;
    }
    if (!wf_price_gpus(table->reading, csv, columns, COUNT, &row.gpu_milli)) {
        return WF_OK;
    }
    if (row.gpu_milli == 0 || !row.provider[0]) {
        wf_price_leave_out(table->reading, place,
                           "the row must tell its cloud and a gpu_count "
                           "above 0");
        return WF_OK;
    }
    if (!wf_csv_text(csv, ON_DEMAND)[0] && !wf_csv_text(csv, SPOT)[0]) {
        wf_price_leave_out(table->reading, (struct wf_price_place){place.line, "ondemand_usd_h"},
                           "there is no price, on demand or spot");
        return WF_OK;
    }
    if (!find_date(table, &row.from_ms)) {
        return WF_OK;
    }
    name_gpu(csv, gpu);
    enum wf_status status = take_price(table, ON_DEMAND, &row, gpu, err);
    return status == WF_OK ? take_price(table, SPOT, &row, gpu, err) : status;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    struct table table = {.reading = reading};
    enum wf_status status =
        wf_csv_open(reading->import->path, columns, WF_COUNT_OF(columns), &table.csv, err);
    if (status != WF_OK) {
        return status;
    }
    wf_price_source_text(reading, "table of offers", table.source, sizeof table.source);
    for (bool row = true; status == WF_OK && row;) {
        status = wf_csv_next(table.csv, &row, err);
        if (status == WF_OK && row) {
            status = take_row(&table, err);
        }
    }
    wf_csv_close(table.csv);
    return status;
}

const struct wf_price_importer wf_price_offers_csv = {
    .name = "table of offers",
    .from = "a CSV of one's own with cloud, gpu_model, gpu_count, ondemand_usd_h, spot_usd_h, date",
    .recognise = recognise,
    .read = read,
};
