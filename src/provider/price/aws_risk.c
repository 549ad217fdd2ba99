// SPDX-License-Identifier: Apache-2.0
// AWS's Spot Instance Advisor: of the machines of a kind that ran in a region last month, how many
// were taken back. Either the advisor's own JSON (spot-advisor-data.json), or a table with region,
// instance_type and interruption_bucket. The file has no date.
#include <string.h>

#include "provider/price/table.h"
#include "text/source.h"

#include "provider/price/json_list.h"

enum { BUCKETS = 5 };
// What the advisor calls its buckets: below 5 %, 5-10, 10-15, 15-20, above 20 %.
static const uint32_t limits[BUCKETS + 1] = {0, 50, 100, 150, 200, 1000};

enum column { REGION, INSTANCE, BUCKET };
static const struct wf_csv_column columns[] = {
    {"region", false}, {"instance_type", false}, {"interruption_bucket", false}};

static bool recognise(const char *head)
{
    return wf_price_has_column(head, "interruption_bucket") ||
           wf_price_has_key(head, "spot_advisor");
}

static enum wf_status take(struct wf_price_reading *reading, const char *source, const char *region,
                           const char *instance, int64_t bucket, struct wf_error *err)
{
    const struct wf_risk_row row = {
        .provider = "aws",
        .region = region,
        .instance = instance,
        .low_permille = limits[bucket],
        .high_permille = limits[bucket + 1],
        .from_ms = reading->import->as_of_ms,
        .source = source,
    };
    if (!wf_instance_of_aws(instance)) {
        reading->count->other++;
        return WF_OK;
    }
    reading->count->taken++;
    return reading->import->take_risk(reading->import->context, &row, err);
}

static enum wf_status read_table(struct wf_price_reading *reading, const char *source,
                                 struct wf_error *err)
{
    struct wf_csv *csv;
    enum wf_status status =
        wf_csv_open(reading->import->path, columns, WF_COUNT_OF(columns), &csv, err);
    if (status != WF_OK) {
        return status;
    }
    for (bool row = true; status == WF_OK && row;) {
        const struct wf_csv_range range = {BUCKETS - 1, "of five buckets"};
        int64_t bucket = 0;
        status = wf_csv_next(csv, &row, err);
        if (status == WF_OK && row) {
            status = wf_csv_number(csv, BUCKET, range, &bucket, err);
        }
        if (status == WF_OK && row) {
            status = take(reading, source, wf_csv_text(csv, REGION), wf_csv_text(csv, INSTANCE),
                          bucket, err);
        }
    }
    wf_csv_close(csv);
    return status;
}

// {"us-east-1": {"Linux": {"p3.2xlarge": {"r": 3, "s": 70}}}}
static enum wf_status take_regions(struct wf_price_reading *reading, const char *source,
                                   json_t *regions, struct wf_error *err)
{
    const char *region, *instance;
    json_t *systems, *told;
    enum wf_status status = WF_OK;
    json_object_foreach(regions, region, systems)
    {
        json_t *linux_machines = json_object_get(systems, "Linux");
        json_object_foreach(linux_machines, instance, told)
        {
            const json_t *rate = json_object_get(told, "r");
            int64_t bucket = json_integer_value(rate);
            if (!json_is_integer(rate) || bucket < 0 || bucket >= BUCKETS) {
                wf_price_leave_out(reading, (struct wf_price_place){1, "r"},
                                   "%.40s in %.40s has no rate from 0 to 4", instance, region);
            } else if (status == WF_OK) {
                status = take(reading, source, region, instance, bucket, err);
            }
        }
    }
    return status;
}

static enum wf_status read_json(struct wf_price_reading *reading, const char *source,
                                struct wf_error *err)
{
    struct wf_source text;
    enum wf_status status = wf_source_read(reading->import->path, &text, err);
    if (status != WF_OK) {
        return status;
    }
    json_error_t why;
    json_t *root = json_loadb(text.text, text.length, 0, &why);
    wf_source_finish(&text);
    if (!root) {
        return wf_fail(err, WF_INVALID, "%s, line %d: this is no JSON", reading->shown, why.line);
    }
    status = take_regions(reading, source, json_object_get(root, "spot_advisor"), err);
    json_decref(root);
    return status;
}

static bool is_table(const struct wf_price_reading *reading)
{
    struct wf_source text;
    struct wf_error ignored;
    bool table = wf_source_read(reading->import->path, &text, &ignored) == WF_OK &&
                 wf_price_has_column(text.text, "interruption_bucket");
    wf_source_finish(&text);
    return table;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    char source[128];
    if (reading->import->as_of_ms == WF_PRICE_NOT_TOLD) {
        return wf_fail(err, WF_INVALID,
                       "%s (AWS Spot Instance Advisor): the file does not say of when it is: "
                       "--as-of 2025-07-28, or --as-of now where it was fetched just now",
                       reading->shown);
    }
    wf_price_source_text(reading, "AWS Spot Instance Advisor", source, sizeof source);
    return is_table(reading) ? read_table(reading, source, err) : read_json(reading, source, err);
}

const struct wf_price_importer wf_price_aws_risk = {
    .name = "AWS Spot Instance Advisor",
    .from = "https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json (risk, no prices)",
    .recognise = recognise,
    .read = read,
};
