// SPDX-License-Identifier: Apache-2.0
// `aws pricing get-products --service-code AmazonEC2`: each product is JSON within a text. Taken is
// what an hour of a whole machine with Linux costs on demand, with nothing installed on it and
// nobody's hardware alone.
#include <string.h>

#include "provider/price/json_list.h"

static const char *const keys[] = {"PriceList", NULL};

static bool recognise(const char *head)
{
    return wf_price_has_key(head, "PriceList");
}

// Whether an attribute is as wanted, or is not told.
static bool is(const json_t *attributes, const char *name, const char *wanted)
{
    const char *value = wf_price_text(attributes, name);
    return !value[0] || strcmp(value, wanted) == 0;
}

static bool is_plain_machine(const json_t *attributes)
{
    return wf_price_text(attributes, "instanceType")[0] &&
           is(attributes, "operatingSystem", "Linux") && is(attributes, "preInstalledSw", "NA") &&
           is(attributes, "tenancy", "Shared") && is(attributes, "capacitystatus", "Used") &&
           is(attributes, "marketoption", "OnDemand");
}

struct product {
    struct wf_price_reading *reading;
    uint64_t line;
    const struct wf_instance_fact *fact;
    struct wf_price_row row;
};

static enum wf_status take_dimension(struct product *product, const json_t *dimension,
                                     struct wf_error *err)
{
    struct wf_price_row row = product->row;
    const json_t *prices = json_object_get(dimension, "pricePerUnit");
    const struct wf_price_place place = {product->line, "pricePerUnit"};
    if (strcmp(wf_price_text(dimension, "unit"), "Hrs") != 0) {
        product->reading->count->other++;
        return WF_OK;
    }
    if (!wf_price_text(prices, "USD")[0]) {
        wf_price_leave_out(product->reading, place, "%.40s has no price in USD", row.instance);
        return WF_OK;
    }
    return wf_price_money(product->reading, place, wf_price_text(prices, "USD"),
                          &row.nanousd_per_hour)
               ? wf_price_take(product->reading, place, product->fact->gpu, &row, err)
               : WF_OK;
}

static enum wf_status take_term(struct product *product, const json_t *record, json_t *term,
                                struct wf_error *err)
{
    const char *name;
    json_t *dimension;
    int64_t published_ms = 0;
    enum wf_status status = WF_OK;
    if (!wf_price_date(product->reading, product->line, term, "effectiveDate",
                       &product->row.from_ms)) {
        return WF_OK;
    }
    // The list was made when it was published, and says so in each product.
    product->row.seen_ms = wf_price_seen(product->reading, product->row.from_ms);
    if (product->reading->import->as_of_ms == WF_PRICE_NOT_TOLD &&
        wf_price_text(record, "publicationDate")[0]) {
        if (!wf_price_date(product->reading, product->line, record, "publicationDate",
                           &published_ms)) {
            return WF_OK;
        }
        product->row.seen_ms =
            published_ms > product->row.from_ms ? published_ms : product->row.from_ms;
    }
    json_t *dimensions = json_object_get(term, "priceDimensions");
    json_object_foreach(dimensions, name, dimension)
    {
        status = status == WF_OK ? take_dimension(product, dimension, err) : status;
    }
    return status;
}

static enum wf_status take(void *context, struct wf_price_reading *reading, uint64_t line,
                           const json_t *record, struct wf_error *err)
{
    const char *source = context;
    const json_t *attributes = json_object_get(json_object_get(record, "product"), "attributes");
    const char *instance = wf_price_text(attributes, "instanceType");
    struct product product = {
        .reading = reading,
        .line = line,
        .fact = wf_instance_of_aws(instance),
        .row = {.provider = "aws",
                .region = wf_price_text(attributes, "regionCode"),
                .zone = "",
                .instance = instance,
                .kind = WF_PRICE_ON_DEMAND,
                .source = source},
    };
    const char *gpus = wf_price_text(attributes, "gpu");
    if (!is_plain_machine(attributes) || (!product.fact && !gpus[0])) {
        reading->count->other++;
        return WF_OK;
    }
    if (!product.fact || !product.row.region[0]) {
        wf_price_leave_out(
            reading, (struct wf_price_place){line, product.fact ? "regionCode" : "instanceType"},
            product.fact ? "%.40s tells no region" : "which GPUs %.40s has is not known here",
            instance);
        return WF_OK;
    }
    product.row.gpu_milli = product.fact->gpu_milli;
    const char *name;
    json_t *term;
    json_t *terms = json_object_get(json_object_get(record, "terms"), "OnDemand");
    enum wf_status status = WF_OK;
    json_object_foreach(terms, name, term)
    {
        status = status == WF_OK ? take_term(&product, record, term, err) : status;
    }
    return status;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    char source[128];
    wf_price_source_text(reading, "AWS price list", source, sizeof source);
    return wf_price_each_record(reading, keys, take, source, err);
}

const struct wf_price_importer wf_price_aws_products = {
    .name = "AWS price list",
    .from = "aws pricing get-products --service-code AmazonEC2 ...",
    .recognise = recognise,
    .read = read,
};
