// SPDX-License-Identifier: Apache-2.0
// Azure's retail prices, https://prices.azure.com/api/retail/prices, as `az rest` or curl prints
// its pages. Taken are machines with Linux by the hour, on demand and spot.
#include <string.h>

#include "core/limits.h"
#include "provider/price/json_list.h"

static const char *const keys[] = {"Items", "value", NULL};

static bool recognise(const char *head)
{
    return wf_price_has_key(head, "armSkuName") && wf_price_has_key(head, "retailPrice");
}

static bool is_other(const json_t *record)
{
    const char *meter = wf_price_text(record, "meterName");
    const char *type = wf_price_text(record, "type");
    return (type[0] && strcmp(type, "Consumption") != 0) ||
           strcmp(wf_price_text(record, "unitOfMeasure"), "1 Hour") != 0 ||
           wf_price_holds(wf_price_text(record, "productName"), "Windows") ||
           wf_price_holds(meter, "Low Priority") ||
           wf_price_holds(wf_price_text(record, "skuName"), "Low Priority") ||
           json_is_false(json_object_get(record, "isPrimaryMeterRegion"));
}

// The price is a number in JSON. A decimal of at most 15 digits comes back exactly when it is
// rounded to nano-dollars, and no price has more.
static bool read_price(struct wf_price_reading *reading, struct wf_price_place place,
                       const json_t *value, int64_t *nanousd_out)
{
    double usd = json_number_value(value);
    if (!json_is_number(value)) {
        wf_price_leave_out(reading, place, "there is no price");
        return false;
    }
    if (!(usd > 0)) {
        wf_price_leave_out(reading, place,
                           usd < 0
                               ? "the price is negative"
                               : "the price is 0 dollars, and a price of nothing is never used");
        return false;
    }
    if (usd > 1e6) {
        wf_price_leave_out(reading, place, "the price is absurd: above a million dollars an hour");
        return false;
    }
    *nanousd_out = (int64_t)(usd * 1e9 + 0.5);
    if (*nanousd_out == 0) {
        wf_price_leave_out(reading, place, "the price is absurd: below a billionth of a dollar");
    }
    return *nanousd_out > 0;
}

static enum wf_status take(void *context, struct wf_price_reading *reading, uint64_t line,
                           const json_t *record, struct wf_error *err)
{
    const char *source = context;
    const char *machine = wf_price_text(record, "armSkuName");
    const struct wf_instance_fact *fact = wf_instance_of_azure(machine);
    bool spot = wf_price_holds(wf_price_text(record, "skuName"), "Spot") ||
                wf_price_holds(wf_price_text(record, "meterName"), "Spot");
    struct wf_price_row row = {
        .provider = "azure",
        .region = wf_price_text(record, "armRegionName"),
        .zone = "",
        .instance = machine,
        .gpu_milli = fact ? fact->gpu_milli : 0,
        .kind = spot ? WF_PRICE_SPOT : WF_PRICE_ON_DEMAND,
        .source = source,
    };
    if (is_other(record) || (!fact && strncmp(machine, "Standard_N", 10) != 0)) {
        reading->count->other++;
        return WF_OK;
    }
    if (!fact || !row.region[0]) {
        wf_price_leave_out(
            reading, (struct wf_price_place){line, fact ? "armRegionName" : "armSkuName"},
            fact ? "%.40s tells no region" : "which GPUs %.40s has is not known here", machine);
        return WF_OK;
    }
    const char *currency = wf_price_text(record, "currencyCode");
    if (currency[0] && strcmp(currency, "USD") != 0) {
        wf_price_leave_out(reading, (struct wf_price_place){line, "currencyCode"},
                           "the price is in %.8s, and only dollars are taken", currency);
        return WF_OK;
    }
    const struct wf_price_place place = {line, "retailPrice"};
    return read_price(reading, place, json_object_get(record, "retailPrice"),
                      &row.nanousd_per_hour) &&
                   wf_price_date(reading, line, record, "effectiveStartDate", &row.from_ms)
               ? wf_price_take(reading, place, fact->gpu, &row, err)
               : WF_OK;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    char source[128];
    wf_price_source_text(reading, "Azure retail prices", source, sizeof source);
    return wf_price_each_record(reading, keys, take, source, err);
}

const struct wf_price_importer wf_price_azure = {
    .name = "Azure retail prices",
    .from = "https://prices.azure.com/api/retail/prices, by curl or az rest, page after page",
    .recognise = recognise,
    .read = read,
};
