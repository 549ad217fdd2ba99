// SPDX-License-Identifier: Apache-2.0
// What a picture says in numbers, counted from its cells, so that figures and cells cannot differ.
// Internal to the picture.
#pragma once

#include "cli/picture.h"

#define WF_PICTURE_TEXT_BYTES 64

struct wf_picture_count {
    uint32_t gpus;
    int64_t used_milli, stranded_milli;
    int64_t stranded_nanousd_per_hour;
    bool assumed;  // some of the dollars rest on assumed prices
    bool unpriced; // some stranded GPUs have no price and are not in the dollars
};

// Counts the cells of one pool, or of all when pool is WF_PICTURE_POOLS_MAX.
struct wf_picture_count wf_picture_count(const struct wf_picture *picture, uint32_t panel,
                                         uint32_t pool);

// Each prints into text (WF_PICTURE_TEXT_BYTES) and returns it.
// "1,234"
const char *wf_picture_number(char *text, int64_t number);
// "12.3 %" of parts in whole; "0.0 %" of nothing
const char *wf_picture_percent(char *text, int64_t parts, int64_t whole);
// "$1,234", or "$1.23" below ten dollars
const char *wf_picture_dollars(char *text, int64_t nanousd);
