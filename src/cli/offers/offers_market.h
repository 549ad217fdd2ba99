// SPDX-License-Identifier: Apache-2.0
// The other use of the verb offers: what is for sale, where no cluster is named.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct wf_offers_market {
    const char *store;             // its path, or NULL: the usual one
    const char *models;            // with '|' between; "": any
    uint32_t gpu_milli;            // of a machine; 0: any
    const char *provider, *region; // NULL: any
    const char *at;                // a time; NULL: now
    const char *age_max;           // "90d"; NULL: as market.h has it
    uint32_t limit;                // rows shown; 0: all
    bool json;
};

enum wf_status wf_offers_market(const struct wf_offers_market *wanted,
                                struct wf_error *err) WF_MUST_USE;
