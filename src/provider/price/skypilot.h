// SPDX-License-Identifier: Apache-2.0
// A catalogue of SkyPilot while it is read. Internal to the provider.
#pragma once

#include "provider/price/importer.h"
#include "text/csv.h"

enum wf_skypilot_column {
    WF_SKYPILOT_INSTANCE,
    WF_SKYPILOT_GPU,
    WF_SKYPILOT_GPUS,
    WF_SKYPILOT_PRICE,
    WF_SKYPILOT_SPOT_PRICE,
    WF_SKYPILOT_REGION,
    WF_SKYPILOT_ZONE,
};

#define WF_SKYPILOT_NAME_BYTES 48

// A row that tells half of a machine: the GPUs or all but the GPUs.
struct wf_skypilot_part {
    char name[WF_SKYPILOT_NAME_BYTES]; // of the machine, or of the GPU
    char region[WF_SKYPILOT_NAME_BYTES], zone[WF_SKYPILOT_NAME_BYTES];
    uint32_t gpus; // 0: a machine
    uint64_t line;
    int64_t nanousd[WF_PRICE_KIND_COUNT]; // 0: not sold so
};

struct wf_skypilot {
    struct wf_price_reading *reading;
    struct wf_csv *csv;
    char source[128];
    struct wf_skypilot_part *parts;
    uint32_t part_count, part_capacity;
};

// Keeps the current row until the end, where it is half of a machine that is known.
enum wf_status wf_skypilot_keep(struct wf_skypilot *sky, const struct wf_csv_column *columns,
                                uint32_t gpu_milli, struct wf_error *err) WF_MUST_USE;

// Takes each machine of which both halves were met in one zone, at the sum of both prices.
enum wf_status wf_skypilot_join(struct wf_skypilot *sky, struct wf_error *err) WF_MUST_USE;
void wf_skypilot_finish(struct wf_skypilot *sky);
