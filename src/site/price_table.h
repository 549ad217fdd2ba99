// SPDX-License-Identifier: Apache-2.0
// What a GPU of a model costs by the hour where nobody has said: list prices as facts, each with
// its date and source, or an assumption that says that it is one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct wf_price_fact {
    const char *model;
    int64_t price_nanousd_per_gpu_hour;
    const char *date;   // of the price list, YYYY-MM-DD
    const char *source; // who sells it at that price and which catalogue says so; for an
                        // assumption, what it is taken from and why
    bool assumed;
};

// The table in the order of the models' names, and what rule its prices follow, in one sentence.
extern const struct wf_price_fact wf_price_facts[];
extern const unsigned wf_price_fact_count;
extern const char wf_price_rule[];

// Returns the price of the model, exactly as named in traces, or NULL: no price is known, and the
// caller says so or asks for one.
const struct wf_price_fact *wf_price_fact_find(const char *model);
