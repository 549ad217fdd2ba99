// SPDX-License-Identifier: Apache-2.0
// A rerun that is kept in a journal, and goes on where a journal stops. A rerun is a function of
// its inputs, so it is resumed by running it again: as far as the journal goes, each line must be
// the one that the run gives now; from there on lines are added.
#pragma once

#include "core/core.h"
#include "site/site.h"

#define WF_RERUN_JOURNAL_HASH_EVERY 1024 // events

struct wf_rerun_journal;

struct wf_rerun_journal_config {
    const char *path;    // made where there is none
    const char *program; // version
    const char *driver;  // what the run is made from, in one line: inputs with their sums, options
};

// How it went; complete when the run is.
struct wf_rerun_journal_told {
    uint64_t events;     // in the journal now
    uint64_t found;      // of them, those that it had before
    uint64_t torn_bytes; // of a last line that had been cut short
};

// The caller owns *journal_out, which borrows the path. Errors: as wf_journal_open.
enum wf_status wf_rerun_journal_open(const struct wf_rerun_journal_config *config,
                                     struct wf_rerun_journal **journal_out,
                                     struct wf_error *err) WF_MUST_USE;
// Closes it; what is not ended may be lost, and is made again when the run is resumed.
void wf_rerun_journal_close(struct wf_rerun_journal *journal);

// What a rerun tells, in this order. Errors: WF_INVALID (the journal is of another run; the
// sentence says what differs), WF_IO.
enum wf_status wf_rerun_journal_begin(struct wf_rerun_journal *journal,
                                      const struct wf_core_config *core, const struct wf_site *site,
                                      struct wf_error *err) WF_MUST_USE;
enum wf_status wf_rerun_journal_take(struct wf_rerun_journal *journal, const struct wf_event *event,
                                     uint64_t hash, struct wf_error *err) WF_MUST_USE;
// All of it is on the disk when this returns.
enum wf_status wf_rerun_journal_end(struct wf_rerun_journal *journal, uint64_t hash,
                                    struct wf_error *err) WF_MUST_USE;

struct wf_rerun_journal_told wf_rerun_journal_told(const struct wf_rerun_journal *journal);
