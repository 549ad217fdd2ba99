// SPDX-License-Identifier: Apache-2.0
// A cluster as one SVG picture: every GPU a cell, and in it what is used, what is free and usable,
// and what is stranded: free, but not usable by the requests that are expected. One run, or two
// runs over the same machines side by side. Knows nothing of the core; no scripts, no fonts of its
// own, and it follows the viewer's choice of light or dark.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_PICTURE_PANELS_MAX 2
#define WF_PICTURE_POOLS_MAX 64
#define WF_PICTURE_GPUS_MAX 100000 // past this a picture has cells that nobody can see

// Cells are grouped by pool, the pools with most GPUs first.
struct wf_picture_pool {
    const char *name;
    int64_t price_nanousd_per_gpu_hour; // 0: not known; the pool is left out of the dollars
    bool assumed;                       // the price is an assumption, and is marked as one
};

struct wf_picture_gpu {
    uint16_t pool;           // index into wf_picture.pools
    uint16_t free_milli;     // 0 to 1000
    uint16_t stranded_milli; // 0 to free_milli: the part of it that is of no use
};

struct wf_picture_panel {
    const char *policy;
    uint32_t load_pct; // demand that arrived, as part of all GPUs
    const struct wf_picture_gpu *gpus;
    uint32_t gpu_count;
};

// All strings are UTF-8; what is too long for its place is cut, and shown as cut.
struct wf_picture {
    const char *title;
    const char *subtitle;
    const char *footnote; // where cluster, tasks and prices are from
    const struct wf_picture_pool *pools;
    uint32_t pool_count;
    struct wf_picture_panel panels[WF_PICTURE_PANELS_MAX];
    uint32_t panel_count; // 1, or 2: then the second is told against the first
};

// Writes the picture to path, whole or not at all: what stood there stays until the new picture is
// complete. Errors: WF_INVALID (a value out of its range), WF_LIMIT, WF_NOMEM, WF_IO.
enum wf_status wf_picture_write(const struct wf_picture *picture, const char *path,
                                struct wf_error *err) WF_MUST_USE;
