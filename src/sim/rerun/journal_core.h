// SPDX-License-Identifier: Apache-2.0
// Steps the records of a journal through a core that is made as the one that took them first.
#pragma once

#include "core/core.h"
#include "store/store.h"

// Errors: WF_NOTFOUND (another program's policy), WF_INVALID, WF_NOMEM.
enum wf_status wf_journal_core_create(const struct wf_journal_maker *maker,
                                      struct wf_core **core_out, struct wf_error *err) WF_MUST_USE;

// All zero at the beginning.
struct wf_journal_steps {
    uint64_t events, hash;
    uint64_t hashes;   // met in the journal
    uint64_t unhashed; // events since the last of them
};

// Takes one record in; *decisions_out are those of an event, none for others. Errors: WF_INVALID:
// the core refuses the event, or decided otherwise than the journal's hash says. The sentence does
// not say where.
enum wf_status wf_journal_step(struct wf_journal_steps *steps, struct wf_core *core,
                               const struct wf_journal_record *record,
                               struct wf_decisions *decisions_out,
                               struct wf_error *err) WF_MUST_USE;
