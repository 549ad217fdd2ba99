// SPDX-License-Identifier: Apache-2.0
// What a picture says in numbers, counted from its cells, so that figures and cells cannot differ.
// Internal to the picture.
#pragma once

#include "cli/simulate/picture.h"

struct wf_picture_count {
    uint32_t gpus;
    int64_t used_milli, stranded_milli;
    int64_t used_nanousd_per_hour, stranded_nanousd_per_hour;
    bool assumed;  // some of the stranded dollars rest on assumed prices
    bool unpriced; // some stranded GPUs have no price and are not in the dollars
};

// Counts the cells of one pool, or of all when pool is WF_PICTURE_POOLS_MAX.
struct wf_picture_count wf_picture_count(const struct wf_picture *picture, uint32_t panel,
                                         uint32_t pool);

// Returns how many whole GPUs all that is stranded comes to, rounded.
uint32_t wf_picture_stranded_gpus(const struct wf_picture_count *count);
