// SPDX-License-Identifier: Apache-2.0
// Rows of a catalogue that tell half of a machine: Google Cloud's GPUs, and its machines without
// them. A price of the GPUs alone would make this cloud look far too cheap.
#include "provider/price/skypilot.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "provider/price/gcp.h"

#define PARTS_MAX 1000000 // rows of halves in one file

static bool is_known(const char *name, bool gpu)
{
    for (uint32_t i = 0; i < wf_gcp_machine_count; i++) {
        const struct wf_gcp_machine *machine = &wf_gcp_machines[i];
        if (strcmp(name, gpu ? machine->gpu : machine->name) == 0) {
            return true;
        }
    }
    return false;
}

static bool make_room(struct wf_skypilot *sky)
{
    if (sky->part_count < sky->part_capacity) {
        return true;
    }
    uint32_t wanted = sky->part_capacity ? sky->part_capacity * 2 : 1024;
    void *grown = wanted <= 2 * PARTS_MAX ? realloc(sky->parts, wanted * sizeof *sky->parts) : NULL;
    if (grown) {
        sky->parts = grown;
        sky->part_capacity = wanted;
    }
    return grown != NULL;
}

enum wf_status wf_skypilot_keep(struct wf_skypilot *sky, const struct wf_csv_column *columns,
                                uint32_t gpu_milli, struct wf_error *err)
{
    const char *gpu = wf_csv_text(sky->csv, WF_SKYPILOT_GPU);
    const char *name = gpu[0] ? gpu : wf_csv_text(sky->csv, WF_SKYPILOT_INSTANCE);
    if (!is_known(name, gpu[0] != '\0') || (gpu[0] && gpu_milli % WF_GPU_MILLI != 0)) {
        sky->reading->count->other++;
        return WF_OK;
    }
    if (!make_room(sky)) {
        return wf_csv_fail(sky->csv, WF_SKYPILOT_INSTANCE, err, WF_NOMEM,
                           "no memory to read further");
    }
    struct wf_skypilot_part part = {
        .line = wf_csv_line(sky->csv),
        .gpus = gpu[0] ? gpu_milli / WF_GPU_MILLI : 0,
    };
    snprintf(part.name, sizeof part.name, "%s", name);
    snprintf(part.region, sizeof part.region, "%s", wf_csv_text(sky->csv, WF_SKYPILOT_REGION));
    snprintf(part.zone, sizeof part.zone, "%s", wf_csv_text(sky->csv, WF_SKYPILOT_ZONE));
    for (uint32_t kind = 0; kind < WF_PRICE_KIND_COUNT; kind++) {
        uint32_t column = kind == WF_PRICE_SPOT ? WF_SKYPILOT_SPOT_PRICE : WF_SKYPILOT_PRICE;
        const char *text = wf_csv_text(sky->csv, column);
        const struct wf_price_place place = {part.line, columns[column].name};
        if (text[0] && !wf_price_money(sky->reading, place, text, &part.nanousd[kind])) {
            part.nanousd[kind] = 0;
        }
    }
    sky->parts[sky->part_count++] = part;
    return WF_OK;
}

static int compare_parts(const void *left, const void *right)
{
    const struct wf_skypilot_part *a = left;
    const struct wf_skypilot_part *b = right;
    int order = strcmp(a->zone, b->zone);
    order = order ? order : strcmp(a->region, b->region);
    order = order ? order : strcmp(a->name, b->name);
    order = order ? order : (a->gpus > b->gpus) - (a->gpus < b->gpus);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

static bool same_place(const struct wf_skypilot_part *a, const struct wf_skypilot_part *b)
{
    return strcmp(a->zone, b->zone) == 0 && strcmp(a->region, b->region) == 0;
}

static enum wf_status take_machine(struct wf_skypilot *sky, const struct wf_gcp_machine *machine,
                                   const struct wf_skypilot_part *gpus,
                                   const struct wf_skypilot_part *host, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t kind = 0; kind < WF_PRICE_KIND_COUNT && status == WF_OK; kind++) {
        struct wf_price_row row = {
            .provider = sky->reading->provider,
            .region = gpus->region,
            .zone = gpus->zone,
            .instance = machine->name,
            .gpu_milli = machine->gpus * WF_GPU_MILLI,
            .kind = (enum wf_price_kind)kind,
            .nanousd_per_hour = gpus->nanousd[kind] + host->nanousd[kind],
            .from_ms = sky->reading->import->as_of_ms,
            .source = sky->source,
        };
        if (gpus->nanousd[kind] > 0 && host->nanousd[kind] > 0) {
            status = wf_price_take(sky->reading, (struct wf_price_place){gpus->line, "Price"},
                                   machine->gpu, &row, err);
        }
    }
    return status;
}

// Of the rows of one place all machines for the GPUs of one row.
static enum wf_status join_gpus(struct wf_skypilot *sky, const struct wf_skypilot_part *first,
                                const struct wf_skypilot_part *end,
                                const struct wf_skypilot_part *gpus, struct wf_error *err)
{
    bool any = false, exists = false;
    for (uint32_t i = 0; i < wf_gcp_machine_count; i++) {
        const struct wf_gcp_machine *machine = &wf_gcp_machines[i];
        if (strcmp(machine->gpu, gpus->name) != 0 || machine->gpus != gpus->gpus) {
            continue;
        }
        exists = true;
        for (const struct wf_skypilot_part *host = first; host < end; host++) {
            if (host->gpus == 0 && strcmp(host->name, machine->name) == 0) {
                any = true;
                enum wf_status status = take_machine(sky, machine, gpus, host, err);
                if (status != WF_OK) {
                    return status;
                }
                break;
            }
        }
    }
    if (exists && !any) {
        wf_price_leave_out(sky->reading, (struct wf_price_place){gpus->line, "Price"},
                           "%u %s are priced without their machine, and no row of %s prices that",
                           gpus->gpus, gpus->name, gpus->zone[0] ? gpus->zone : gpus->region);
    } else if (!exists) {
        sky->reading->count->other++;
    }
    return WF_OK;
}

enum wf_status wf_skypilot_join(struct wf_skypilot *sky, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    if (sky->part_count == 0) {
        return WF_OK;
    }
    qsort(sky->parts, sky->part_count, sizeof *sky->parts, compare_parts);
    const struct wf_skypilot_part *last = sky->parts + sky->part_count;
    for (const struct wf_skypilot_part *first = sky->parts, *end; first < last; first = end) {
        for (end = first; end < last && same_place(first, end);) {
            end++;
        }
        for (const struct wf_skypilot_part *gpus = first; gpus < end && status == WF_OK; gpus++) {
            if (gpus->gpus > 0) {
                status = join_gpus(sky, first, end, gpus, err);
            }
        }
    }
    return status;
}

void wf_skypilot_finish(struct wf_skypilot *sky)
{
    free(sky->parts);
}
