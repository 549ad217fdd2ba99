// SPDX-License-Identifier: Apache-2.0
// What importers of prices share. Internal to the provider.
#pragma once

#include "provider/provider.h"

#define WF_PRICE_HEAD_BYTES 65536

struct wf_price_reading {
    const struct wf_price_import *import;
    struct wf_price_imported *count;
    const char *file;  // the path's last part
    char shown[168];   // the path as sentences show it
    char provider[64]; // as the user told it or the path has it; "" otherwise
};

struct wf_price_importer {
    const char *name; // "SkyPilot catalogue"
    const char *from; // for people: what gives such files
    // Looks at the beginning of a file's text, which ends with a zero.
    bool (*recognise)(const char *head);
    enum wf_status (*read)(struct wf_price_reading *reading, struct wf_error *err);
};

extern const struct wf_price_importer wf_price_aws_products;
extern const struct wf_price_importer wf_price_aws_risk;
extern const struct wf_price_importer wf_price_aws_spot;
extern const struct wf_price_importer wf_price_azure;
extern const struct wf_price_importer wf_price_gcp_skus;
extern const struct wf_price_importer wf_price_offers_csv;
extern const struct wf_price_importer wf_price_own;
extern const struct wf_price_importer wf_price_skypilot;

extern const struct wf_price_importer *const wf_price_importers[]; // ends with NULL

// Where something stands in the file; field may be NULL.
struct wf_price_place {
    uint64_t line;
    const char *field;
};

// Leaves a price out and says why: "FILE, line N, FIELD: ...".
void wf_price_leave_out(struct wf_price_reading *reading, struct wf_price_place place,
                        const char *format, ...) WF_PRINTF(3, 4);

// Reads dollars exactly. Returns false, and leaves the price out, where it is no number above zero.
bool wf_price_money(struct wf_price_reading *reading, struct wf_price_place place, const char *text,
                    int64_t *nanousd_out) WF_MUST_USE;

// Gives the price away, of gpu as the file calls it, once it is known to make sense by the GPU;
// else leaves it out. What row tells of the model is filled in here; 0 in seen_ms is filled in,
// too.
enum wf_status wf_price_take(struct wf_price_reading *reading, struct wf_price_place place,
                             const char *gpu, struct wf_price_row *row,
                             struct wf_error *err) WF_MUST_USE;

// "SkyPilot catalogue of aws, vms.csv"
const char *wf_price_source_text(const struct wf_price_reading *reading, const char *what,
                                 char *text, size_t size);

// When what the file told from from_ms on was last seen to hold.
int64_t wf_price_seen(const struct wf_price_reading *reading, int64_t from_ms);

// Which GPUs a machine of a cloud has: facts of that cloud's documents. NULL: not known here.
struct wf_instance_fact {
    const char *name;
    const char *gpu;
    uint32_t gpu_milli;
};
const struct wf_instance_fact *wf_instance_of_aws(const char *name);
const struct wf_instance_fact *wf_instance_of_azure(const char *name);
