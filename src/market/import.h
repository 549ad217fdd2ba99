// SPDX-License-Identifier: Apache-2.0
// Files of prices into the store.
#pragma once

#include <stdint.h>

#include "base/error.h"

struct wf_market_import {
    const char *store; // its path; made where it is not there
    const char *file;
    const char *provider; // or NULL, as in provider/provider.h
    int64_t as_of_ms;     // or WF_PRICE_NOT_TOLD
    int64_t now_ms;
    // Told each sentence about a price that cannot be used.
    void (*leave_out)(void *context, const char *sentence);
    void *context;
};

struct wf_market_imported {
    const char *format;
    uint64_t added;    // to the store
    uint64_t known;    // there already
    uint64_t left_out; // each had its sentence
    uint64_t other;    // no price of a machine with GPUs
};

// All of a file or nothing of it is in the store afterwards. A file of which every price had to be
// left out is refused. Errors: those of both sides; WF_INVALID for a price in the future.
enum wf_status wf_market_import(const struct wf_market_import *import,
                                struct wf_market_imported *imported_out,
                                struct wf_error *err) WF_MUST_USE;
