// SPDX-License-Identifier: Apache-2.0
// The last few run times of each of a bounded number of kinds of jobs. A kind is a 64-bit hash;
// when there is no room for another, the kind that has gone longest without a new run is forgotten.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "forecast/log_grid.h"

#define WF_RUN_SAMPLES 64 // of one kind; older ones are overwritten

struct wf_run_samples {
    uint64_t kind;
    double trust;                   // the caller's; 0 in a new entry
    uint64_t cut;                   // bit i: run i was stopped then, and would have gone on
    uint32_t chain;                 // next entry with the same place in the table
    uint32_t older, newer;          // by when they were last added to
    uint8_t count;                  // of runs held
    uint8_t newest;                 // place of the last run; the one before stands before it
    uint8_t bucket[WF_RUN_SAMPLES]; // of the grid
};

struct wf_run_sample_table;

// Takes all its memory (about 120 bytes a kind). The caller owns *table_out. Errors: WF_NOMEM.
enum wf_status wf_run_sample_table_create(uint32_t kinds_max,
                                          struct wf_run_sample_table **table_out,
                                          struct wf_error *err) WF_MUST_USE;
void wf_run_sample_table_destroy(struct wf_run_sample_table *table);

// Returns the runs of a kind, or NULL; valid until the next addition.
const struct wf_run_samples *wf_run_samples_find(const struct wf_run_sample_table *table,
                                                 uint64_t kind);

// Returns the kind's entry, valid until the next addition.
struct wf_run_samples *wf_run_samples_add(struct wf_run_sample_table *table, uint64_t kind,
                                          uint32_t bucket, bool cut);

// How many kinds are held.
uint32_t wf_run_sample_table_count(const struct wf_run_sample_table *table);
