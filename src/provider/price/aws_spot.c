// SPDX-License-Identifier: Apache-2.0
// `aws ec2 describe-spot-price-history`: what a machine cost on the spot market in a zone, from a
// time on until the next row of that zone.
#include <string.h>

#include "provider/price/json_list.h"

static const char *const keys[] = {"SpotPriceHistory", NULL};

static bool recognise(const char *head)
{
    return wf_price_has_key(head, "SpotPriceHistory");
}

// "us-east-1b" is in us-east-1, "us-west-2-lax-1a" in us-west-2: a region's name ends with the
// first of its parts that is a number.
static void cut_region(const char *zone, char *region, size_t size)
{
    size_t length = 0;
    while (zone[length] && !(zone[length] >= '0' && zone[length] <= '9')) {
        length++;
    }
    while (zone[length] >= '0' && zone[length] <= '9') {
        length++;
    }
    snprintf(region, size, "%.*s", (int)length, zone);
}

static enum wf_status take(void *context, struct wf_price_reading *reading, uint64_t line,
                           const json_t *record, struct wf_error *err)
{
    const char *source = context;
    char region[48];
    const char *instance = wf_price_text(record, "InstanceType");
    const struct wf_instance_fact *fact = wf_instance_of_aws(instance);
    const char *system = wf_price_text(record, "ProductDescription");
    struct wf_price_row row = {
        .provider = "aws",
        .region = region,
        .zone = wf_price_text(record, "AvailabilityZone"),
        .instance = instance,
        .gpu_milli = fact ? fact->gpu_milli : 0,
        .kind = WF_PRICE_SPOT,
        .source = source,
    };
    if (!fact || (system[0] && strncmp(system, "Linux/UNIX", 10) != 0)) {
        reading->count->other++;
        return WF_OK;
    }
    if (!row.zone[0] || strlen(row.zone) >= sizeof region) {
        wf_price_leave_out(reading, (struct wf_price_place){line, "AvailabilityZone"},
                           "the price of %.40s is that of no zone", instance);
        return WF_OK;
    }
    cut_region(row.zone, region, sizeof region);
    const struct wf_price_place place = {line, "SpotPrice"};
    return wf_price_date(reading, line, record, "Timestamp", &row.from_ms) &&
                   wf_price_money(reading, place, wf_price_text(record, "SpotPrice"),
                                  &row.nanousd_per_hour)
               ? wf_price_take(reading, place, fact->gpu, &row, err)
               : WF_OK;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    char source[128];
    wf_price_source_text(reading, "AWS spot price history", source, sizeof source);
    return wf_price_each_record(reading, keys, take, source, err);
}

const struct wf_price_importer wf_price_aws_spot = {
    .name = "AWS spot price history",
    .from = "aws ec2 describe-spot-price-history ...",
    .recognise = recognise,
    .read = read,
};
