// SPDX-License-Identifier: Apache-2.0
// What it costs that machines are taken, and how long they lived: rows of the database, as rows.h
// has the others.
#pragma once

#include "store/database.h"

// Work of a run that has to be done again: since it was last known to be saved. Written once.
struct wf_loss_row {
    uint64_t job;
    uint32_t attempt;
    int64_t from_ms, to_ms; // saved or, where it never was, started; and ended
    const char *user;
    const char *queue;
    const char *why; // "notice": the machine was to be taken; else the engine's word
    uint64_t gpu_ms;
    int64_t cost_nanousd; // is in the ledger, too: what was paid for nothing
};

// A machine that may be taken, from its boot on, as far as it was watched. Written again as it goes
// on. Whether it was taken nobody is left to write: once another machine has followed it, it was,
// unless it was left with no notice standing.
struct wf_life_row {
    const char *boot; // the kernel's id of it
    const char *pool; // its type, in its zone
    int64_t booted_ms;
    int64_t from_ms; // watched since
    int64_t seen_ms; // there for the last time
    int64_t gone_ms; // a notice stands that it is taken then; 0: none
    bool left;       // its daemon was told to end: what became of it is not known
};

// As the others of batch.h.
void wf_batch_loss(struct wf_batch *batch, const struct wf_loss_row *row);
void wf_batch_life(struct wf_batch *batch, const struct wf_life_row *row);

// The readers, as those of database.h.

// Losses that ended from since_ms until before until_ms (0: without end), in the order of jobs.
typedef bool wf_loss_row_fn(void *context, const struct wf_loss_row *row);
enum wf_status wf_database_losses(struct wf_database *db, int64_t since_ms, int64_t until_ms,
                                  wf_loss_row_fn *fn, void *context,
                                  struct wf_error *err) WF_MUST_USE;

// The same losses of one user (NULL: of all), summed by why they were lost, the dearest first.
struct wf_loss_sum {
    const char *why;
    uint64_t count;
    uint64_t lost_ms; // of the clock
    uint64_t gpu_ms;  // times GPUs
    int64_t cost_nanousd;
};
struct wf_loss_query {
    int64_t since_ms, until_ms;
    const char *user;
};
typedef bool wf_loss_sum_fn(void *context, const struct wf_loss_sum *sum);
enum wf_status wf_database_loss_sums(struct wf_database *db, const struct wf_loss_query *query,
                                     wf_loss_sum_fn *fn, void *context,
                                     struct wf_error *err) WF_MUST_USE;

// Lives of machines, in the order in which they were watched.
typedef bool wf_life_row_fn(void *context, const struct wf_life_row *row);
enum wf_status wf_database_lives(struct wf_database *db, wf_life_row_fn *fn, void *context,
                                 struct wf_error *err) WF_MUST_USE;
