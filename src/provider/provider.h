// SPDX-License-Identifier: Apache-2.0
// What outsiders offer. So far: prices, read from the files that catalogues and the command lines
// of clouds give, and from a file of one's own contracts and machines. Nothing here asks a network.
//
// A format is one file with one `const struct wf_price_importer`, in the list of importers.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

// Prices of a GPU-hour outside of these are taken for mistakes: a price by the month, or in cents.
#define WF_PRICE_ABSURD_LOW_NANOUSD INT64_C(1000000)        // $0.001
#define WF_PRICE_ABSURD_HIGH_NANOUSD INT64_C(1000000000000) // $1,000
#define WF_PRICE_GPUS_MAX 1024                              // of one machine
#define WF_PRICE_NOT_TOLD (-1)

struct wf_price_import {
    const char *path;     // plain or gzipped
    const char *provider; // whose prices these are, where the file does not tell; or NULL
    // When the file was fetched, in milliseconds since 1970, or WF_PRICE_NOT_TOLD. It is when
    // prices of a file without dates begin to hold, and until when others were seen to hold.
    int64_t as_of_ms;

    // Called for each price and each published risk. What they return ends the import.
    enum wf_status (*take)(void *context, const struct wf_price_row *row, struct wf_error *err);
    enum wf_status (*take_risk)(void *context, const struct wf_risk_row *row, struct wf_error *err);
    // Called with a sentence for each price that is there and cannot be used.
    void (*leave_out)(void *context, const char *sentence);
    void *context;
};

// What a file came to.
struct wf_price_imported {
    const char *format; // its name; NULL: not recognised
    uint64_t taken;     // prices and risks
    uint64_t left_out;  // there, and cannot be used: each had its sentence
    uint64_t other;     // no price of a machine with GPUs that is rented by the hour
};

// Reads a file in whichever format it is. A file of one's own prices must be right as a whole; in a
// list of a thousand prices by others one that is wrong is left out. Errors: WF_IO, WF_INVALID (not
// recognised, broken, or there is no price in it), WF_LIMIT, WF_NOMEM, or what a callback returned.
enum wf_status wf_price_import(const struct wf_price_import *import,
                               struct wf_price_imported *imported_out,
                               struct wf_error *err) WF_MUST_USE;

// The formats there are, one by one from 0: its name and, for people, where it comes from. Returns
// false past the last.
bool wf_price_format(unsigned number, const char **name_out, const char **from_out);
