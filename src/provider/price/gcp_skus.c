// SPDX-License-Identifier: Apache-2.0
// SKUs of Compute Engine as Google Cloud's billing catalogue lists them (service 6F81-5844-456A),
// by gcloud or from https://cloudbilling.googleapis.com. A SKU prices a core, a GiB or a GPU of a
// series of machines in some regions; a machine is the sum of its parts (gcp_machines.c), and one
// of which a part has no price is left out.
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "provider/price/gcp.h"
#include "provider/price/json_list.h"

enum { REGION_BYTES = 48, PARTS_MAX = 1000000 };

static const char *const keys[] = {"skus", NULL};

// A part's price in one region. of is a series, or a GPU as gcp_machines.c names them.
enum what { CORE, MEMORY, GPU };
struct part {
    char region[REGION_BYTES];
    const char *of;
    enum what what;
    enum wf_price_kind kind;
    int64_t nanousd, from_ms;
    uint64_t line;
};

struct skus {
    struct part *parts;
    uint32_t count, capacity;
    char source[128];
};

// Words of descriptions, the longer ones first where one holds another.
static const struct {
    const char *word, *gpu;
} gpu_words[] = {
    {"H100 80GB Mega", "H100-MEGA"},
    {"H100 Mega 80GB", "H100-MEGA"},
    {"H100 80GB Plus", "H100-MEGA"},
    {"H100 80GB", "H100"},
    {"H200 141GB", "H200"},
    {"B200", "B200"},
    {"A100 80GB", "A100-80GB"},
    {"A100", "A100"},
    {"V100", "V100"},
    {"P100", "P100"},
    {"L4 GPU", "L4"},
    {"T4 GPU", "T4"},
    {"P4 GPU", "P4"},
};
static const struct {
    const char *word, *series;
} series_words[] = {
    {"A3Plus Instance", "A3Plus"},
    {"A3Ultra Instance", "A3Ultra"},
    {"A3 Instance", "A3"},
    {"A2 Instance", "A2"},
    {"A4 Instance", "A4"},
    {"G2 Instance", "G2"},
    {"N1 Predefined Instance", "N1"},
};
static const char *const other_words[] = {
    "Custom",        "Premium", "Sole Tenancy",        "Reserved", "Commitment", "DWS",
    "Calendar Mode", "Upgrade", "Virtual Workstation",
};

static bool recognise(const char *head)
{
    return wf_price_has_key(head, "pricingInfo") && wf_price_has_key(head, "serviceRegions");
}

static bool is_other(const char *words)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(other_words); i++) {
        if (wf_price_holds(words, other_words[i])) {
            return true;
        }
    }
    return false;
}

static const char *find_gpu(const char *words)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(gpu_words); i++) {
        if (wf_price_holds(words, gpu_words[i].word)) {
            return gpu_words[i].gpu;
        }
    }
    return NULL;
}

static const char *find_series(const char *words)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(series_words); i++) {
        if (wf_price_holds(words, series_words[i].word)) {
            return series_words[i].series;
        }
    }
    return NULL;
}

// Says which part a SKU prices; false: none of a machine with GPUs.
static bool find_part(const json_t *record, struct part *part)
{
    const json_t *category = json_object_get(record, "category");
    const char *words = wf_price_text(record, "description");
    const char *usage = wf_price_text(category, "usageType");
    part->kind = strcmp(usage, "Preemptible") == 0 ? WF_PRICE_SPOT : WF_PRICE_ON_DEMAND;
    if (strcmp(wf_price_text(category, "resourceFamily"), "Compute") != 0 || is_other(words) ||
        (part->kind == WF_PRICE_ON_DEMAND && strcmp(usage, "OnDemand") != 0)) {
        return false;
    }
    if (strcmp(wf_price_text(category, "resourceGroup"), "GPU") == 0) {
        part->what = GPU;
        part->of = find_gpu(words);
        return part->of;
    }
    part->what = wf_price_holds(words, " Core") ? CORE : MEMORY;
    part->of = part->what == CORE || wf_price_holds(words, " Ram") ? find_series(words) : NULL;
    return part->of;
}

// {"currencyCode": "USD", "units": "2", "nanos": 933908000}
static bool read_price(struct wf_price_reading *reading, uint64_t line, const json_t *expression,
                       int64_t *nanousd_out)
{
    const struct wf_price_place place = {line, "unitPrice"};
    const json_t *rate = json_array_get(json_object_get(expression, "tieredRates"), 0);
    const json_t *price = json_object_get(rate, "unitPrice");
    const json_t *units = json_object_get(price, "units");
    int64_t nanos = json_integer_value(json_object_get(price, "nanos"));
    const char *currency = wf_price_text(price, "currencyCode");
    if (!price || strcmp(currency, "USD") != 0) {
        wf_price_leave_out(reading, place, "%s%.8s",
                           price ? "the price is not in dollars but in " : "there is no price",
                           currency);
        return false;
    }
    // Units come as a text, as numbers of 64 bits do in this cloud's JSON.
    char text[48];
    if (json_is_integer(units)) {
        snprintf(text, sizeof text, "%lld.%09lld", (long long)json_integer_value(units),
                 (long long)nanos);
    } else {
        const char *whole = wf_price_text(price, "units");
        snprintf(text, sizeof text, "%.24s.%09lld", whole[0] ? whole : "0", (long long)nanos);
    }
    if (nanos < 0 || nanos > 999999999) {
        wf_price_leave_out(reading, place, "'nanos' is %lld, no part of a dollar",
                           (long long)nanos);
        return false;
    }
    if (!wf_price_money(reading, place, text, nanousd_out)) {
        return false;
    }
    if (*nanousd_out > WF_PRICE_ABSURD_HIGH_NANOUSD) {
        wf_price_leave_out(reading, place, "the price of a part is absurd: above $1,000 an hour");
        return false;
    }
    return true;
}

static enum wf_status add_part(struct skus *skus, const struct part *part, struct wf_error *err)
{
    if (skus->count == skus->capacity) {
        uint32_t wanted = skus->capacity ? skus->capacity * 2 : 1024;
        void *grown = wanted <= 2 * PARTS_MAX ? realloc(skus->parts, wanted * sizeof *part) : NULL;
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for the prices of line %llu",
                           (unsigned long long)part->line);
        }
        skus->parts = grown;
        skus->capacity = wanted;
    }
    skus->parts[skus->count++] = *part;
    return WF_OK;
}

static enum wf_status take(void *context, struct wf_price_reading *reading, uint64_t line,
                           const json_t *record, struct wf_error *err)
{
    struct skus *skus = context;
    struct part part = {.line = line};
    const json_t *info = json_array_get(json_object_get(record, "pricingInfo"), 0);
    const json_t *expression = json_object_get(info, "pricingExpression");
    if (!find_part(record, &part)) {
        reading->count->other++;
        return WF_OK;
    }
    const char *unit = wf_price_text(expression, "usageUnit");
    if (strcmp(unit, part.what == MEMORY ? "GiBy.h" : "h") != 0) {
        wf_price_leave_out(reading, (struct wf_price_place){line, "usageUnit"},
                           "the price is by '%.16s', not by the hour", unit);
        return WF_OK;
    }
    if (!read_price(reading, line, expression, &part.nanousd) ||
        !wf_price_date(reading, line, info, "effectiveTime", &part.from_ms)) {
        return WF_OK;
    }
    enum wf_status status = WF_OK;
    size_t at;
    json_t *region;
    json_array_foreach(json_object_get(record, "serviceRegions"), at, region)
    {
        const char *name = json_string_value(region);
        if (status == WF_OK && name && name[0] && strlen(name) < sizeof part.region) {
            snprintf(part.region, sizeof part.region, "%s", name);
            status = add_part(skus, &part, err);
        }
    }
    return status;
}

static int compare_parts(const void *left, const void *right)
{
    const struct part *a = left;
    const struct part *b = right;
    int order = strcmp(a->region, b->region);
    order = order ? order : (a->line > b->line) - (a->line < b->line);
    return order;
}

// The part with the latest price, among those of one region.
static const struct part *find(const struct part *first, const struct part *end, enum what what,
                               const char *of, enum wf_price_kind kind)
{
    const struct part *best = NULL;
    for (const struct part *part = first; part < end; part++) {
        if (part->what == what && part->kind == kind && strcmp(part->of, of) == 0 &&
            (!best || part->from_ms > best->from_ms)) {
            best = part;
        }
    }
    return best;
}

static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// The parts of one region.
struct region {
    const char *source;
    const struct part *first, *end;
};

static enum wf_status take_machine(const struct region *region, struct wf_price_reading *reading,
                                   const struct wf_gcp_machine *machine, enum wf_price_kind kind,
                                   struct wf_error *err)
{
    const struct part *first = region->first, *end = region->end;
    const struct part *gpu = find(first, end, GPU, machine->gpu, kind);
    const struct part *core = find(first, end, CORE, machine->series, kind);
    const struct part *memory = find(first, end, MEMORY, machine->series, kind);
    if (!gpu) {
        return WF_OK; // not sold here
    }
    if (!core || !memory) {
        wf_price_leave_out(reading, (struct wf_price_place){gpu->line, "description"},
                           "the GPUs of %s in %s are priced %s, and its %s not", machine->name,
                           first->region, wf_price_kind_word(kind), core ? "memory" : "cores");
        return WF_OK;
    }
    struct wf_price_row row = {
        .provider = "gcp",
        .region = first->region,
        .zone = "",
        .instance = machine->name,
        .gpu_milli = machine->gpus * WF_GPU_MILLI,
        .kind = kind,
        .nanousd_per_hour = gpu->nanousd * machine->gpus + core->nanousd * machine->cores +
                            memory->nanousd * machine->memory_gib,
        .from_ms = latest(gpu->from_ms, latest(core->from_ms, memory->from_ms)),
        .source = region->source,
    };
    return wf_price_take(reading, (struct wf_price_place){gpu->line, "unitPrice"}, machine->gpu,
                         &row, err);
}

static enum wf_status take_machines(struct skus *skus, struct wf_price_reading *reading,
                                    struct wf_error *err)
{
    enum wf_status status = WF_OK;
    if (skus->count == 0) {
        return WF_OK;
    }
    qsort(skus->parts, skus->count, sizeof *skus->parts, compare_parts);
    const struct part *last = skus->parts + skus->count;
    for (const struct part *first = skus->parts, *end; first < last; first = end) {
        for (end = first; end < last && strcmp(end->region, first->region) == 0;) {
            end++;
        }
        for (uint32_t i = 0; i < wf_gcp_machine_count * WF_PRICE_KIND_COUNT && status == WF_OK;
             i++) {
            const struct region region = {skus->source, first, end};
            status = take_machine(&region, reading, &wf_gcp_machines[i / WF_PRICE_KIND_COUNT],
                                  (enum wf_price_kind)(i % WF_PRICE_KIND_COUNT), err);
        }
    }
    return status;
}

static enum wf_status read(struct wf_price_reading *reading, struct wf_error *err)
{
    struct skus skus = {0};
    wf_price_source_text(reading, "Google Cloud SKUs", skus.source, sizeof skus.source);
    enum wf_status status = wf_price_each_record(reading, keys, take, &skus, err);
    if (status == WF_OK) {
        status = take_machines(&skus, reading, err);
    }
    free(skus.parts);
    return status;
}

const struct wf_price_importer wf_price_gcp_skus = {
    .name = "Google Cloud SKUs",
    .from = "the billing catalogue's SKUs of service 6F81-5844-456A, by gcloud or curl",
    .recognise = recognise,
    .read = read,
};
