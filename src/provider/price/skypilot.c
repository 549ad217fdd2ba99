// SPDX-License-Identifier: Apache-2.0
// Catalogues of SkyPilot: a table for one cloud, whose name only the path tells, without a date.
// Columns come in more than one order. Where GPUs have rows of their own (Google Cloud), they are
// put together with their machines (skypilot_split.c).
#include "provider/price/skypilot.h"

#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "provider/price/table.h"
#include "text/decimal.h"

static const struct wf_csv_column columns[] = {
    [WF_SKYPILOT_INSTANCE] = {"InstanceType", false},
    [WF_SKYPILOT_GPU] = {"AcceleratorName", false},
    [WF_SKYPILOT_GPUS] = {"AcceleratorCount", false},
    [WF_SKYPILOT_PRICE] = {"Price", false},
    [WF_SKYPILOT_SPOT_PRICE] = {"SpotPrice", false},
    [WF_SKYPILOT_REGION] = {"Region", false},
    [WF_SKYPILOT_ZONE] = {"AvailabilityZone", true},
};

bool wf_price_has_column(const char *head, const char *name)
{
    size_t line = strcspn(head, "\r\n"), length = strlen(name);
    for (size_t at = 0; at < line;) {
        bool quoted = head[at] == '"';
        at += quoted;
        size_t field = strcspn(head + at, quoted ? "\"\r\n" : ",\r\n");
        if (field == length && memcmp(head + at, name, length) == 0) {
            return true;
        }
        at += field + quoted;
        at += at < line;
    }
    return false;
}

bool wf_price_gpus(struct wf_price_reading *reading, const struct wf_csv *csv,
                   const struct wf_csv_column *names, uint32_t column, uint32_t *gpu_milli_out)
{
    const char *text = wf_csv_text(csv, column);
    int64_t milli = 0;
    enum wf_decimal read = text[0]
                               ? wf_decimal_read(text, 3, INT64_C(1000) * WF_PRICE_GPUS_MAX, &milli)
                               : WF_DECIMAL_READ;
    *gpu_milli_out = (uint32_t)milli;
    if (read != WF_DECIMAL_READ) {
        char quoted[48];
        wf_csv_quote(text, quoted, sizeof quoted);
        wf_price_leave_out(reading, (struct wf_price_place){wf_csv_line(csv), names[column].name},
                           "'%s' is no number of GPUs from 0 to %d", quoted, WF_PRICE_GPUS_MAX);
        *gpu_milli_out = 0;
    }
    return read == WF_DECIMAL_READ;
}

bool wf_price_is_other_device(const char *name)
{
    static const char *const others[] = {"tpu",      "Trainium", "Inferentia", "Gaudi",
                                         "Qualcomm", "Virtex",   "Neuron"};
    for (uint32_t i = 0; i < WF_COUNT_OF(others); i++) {
        if (strncasecmp(name, others[i], strlen(others[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool recognise(const char *head)
{
    return wf_price_has_column(head, "InstanceType") &&
           wf_price_has_column(head, "AcceleratorName");
}

// ".../gcp/vms.csv" and "gcp.csv" are of gcp.
static enum wf_status find_provider(struct wf_price_reading *reading, struct wf_error *err)
{
    static const char *const known[] = {
        "aws",    "azure",  "cudo",    "do",        "fluidstack", "gcp",        "hyperbolic",
        "ibm",    "lambda", "mithril", "nebius",    "oci",        "paperspace", "primeintellect",
        "runpod", "scp",    "seeweb",  "shadeform", "vast",       "verda",      "vsphere",
        "yotta",
    };
    const char *path = reading->import->path;
    const char *start = reading->file;
    size_t length = strcspn(start, ".");
    if (reading->provider[0]) {
        return WF_OK;
    }
    if (length == 3 && memcmp(start, "vms", 3) == 0 && start - path > 1) {
        const char *end = start - 1;
        for (start = end; start > path && start[-1] != '/';) {
            start--;
        }
        length = (size_t)(end - start);
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(known); i++) {
        if (strlen(known[i]) == length && memcmp(known[i], start, length) == 0) {
            snprintf(reading->provider, sizeof reading->provider, "%s", known[i]);
            return WF_OK;
        }
    }
    return wf_fail(err, WF_INVALID,
                   "%s (SkyPilot catalogue): neither the file nor its path says of which cloud "
                   "its prices are: --provider NAME",
                   reading->shown);
}

// One purchase kind of a row. An empty field is one that is not sold.
static enum wf_status take_price(struct wf_skypilot *sky, uint32_t column, enum wf_price_kind kind,
                                 uint32_t gpu_milli, struct wf_error *err)
{
    const struct wf_csv *csv = sky->csv;
    const struct wf_price_place place = {wf_csv_line(csv), columns[column].name};
    struct wf_price_row row = {
        .provider = sky->reading->provider,
        .region = wf_csv_text(csv, WF_SKYPILOT_REGION),
        .zone = wf_csv_text(csv, WF_SKYPILOT_ZONE),
        .instance = wf_csv_text(csv, WF_SKYPILOT_INSTANCE),
        .gpu_milli = gpu_milli,
        .kind = kind,
        .from_ms = sky->reading->import->as_of_ms,
        .source = sky->source,
    };
    if (!wf_csv_text(csv, column)[0] ||
        !wf_price_money(sky->reading, place, wf_csv_text(csv, column), &row.nanousd_per_hour)) {
        return WF_OK;
    }
    return wf_price_take(sky->reading, place, wf_csv_text(csv, WF_SKYPILOT_GPU), &row, err);
}

static enum wf_status take_row(struct wf_skypilot *sky, struct wf_error *err)
{
    const char *gpu = wf_csv_text(sky->csv, WF_SKYPILOT_GPU);
    const char *instance = wf_csv_text(sky->csv, WF_SKYPILOT_INSTANCE);
    uint32_t gpu_milli;
    bool split = strcmp(sky->reading->provider, "gcp") == 0 && (!gpu[0] || !instance[0]);
    if ((!gpu[0] && !split) || wf_price_is_other_device(gpu)) {
        sky->reading->count->other++;
        return WF_OK;
    }
    if (!wf_price_gpus(sky->reading, sky->csv, columns, WF_SKYPILOT_GPUS, &gpu_milli)) {
        return WF_OK;
    }
    if (split) {
        return wf_skypilot_keep(sky, columns, gpu_milli, err);
    }
    const struct wf_price_place place = {wf_csv_line(sky->csv), "AcceleratorCount"};
    if (gpu_milli == 0) {
        wf_price_leave_out(sky->reading, place, "the GPU %.40s is told, and not how many", gpu);
        return WF_OK;
    }
    if (!wf_csv_text(sky->csv, WF_SKYPILOT_PRICE)[0] &&
        !wf_csv_text(sky->csv, WF_SKYPILOT_SPOT_PRICE)[0]) {
        wf_price_leave_out(sky->reading, (struct wf_price_place){place.line, "Price"},
                           "there is no price, on demand or spot");
        return WF_OK;
    }
    enum wf_status status = take_price(sky, WF_SKYPILOT_PRICE, WF_PRICE_ON_DEMAND, gpu_milli, err);
    return status == WF_OK ? take_price(sky, WF_SKYPILOT_SPOT_PRICE, WF_PRICE_SPOT, gpu_milli, err)
                           : status;
}

static enum wf_status read_rows(struct wf_skypilot *sky, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (bool row = true; status == WF_OK && row;) {
        status = wf_csv_next(sky->csv, &row, err);
        if (status == WF_OK && row) {
            status = take_row(sky, err);
        }
    }
    return status == WF_OK ? wf_skypilot_join(sky, err) : status;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    struct wf_skypilot sky = {.reading = reading};
    enum wf_status status = find_provider(reading, err);
    if (status == WF_OK && reading->import->as_of_ms == WF_PRICE_NOT_TOLD) {
        status = wf_fail(err, WF_INVALID,
                         "%s (SkyPilot catalogue): the file does not say of when its prices are: "
                         "--as-of 2026-05-20, or --as-of now where it was fetched just now",
                         reading->shown);
    }
    if (status == WF_OK) {
        status = wf_csv_open(reading->import->path, columns, WF_COUNT_OF(columns), &sky.csv, err);
    }
    if (status != WF_OK) {
        return status;
    }
    wf_price_source_text(reading, "SkyPilot catalogue", sky.source, sizeof sky.source);
    status = read_rows(&sky, err);
    wf_skypilot_finish(&sky);
    wf_csv_close(sky.csv);
    return status;
}

const struct wf_price_importer wf_price_skypilot = {
    .name = "SkyPilot catalogue",
    .from = "~/.sky/catalogs/VERSION/CLOUD/vms.csv, or skypilot-catalog's CLOUD/vms.csv",
    .recognise = recognise,
    .read = read,
};
