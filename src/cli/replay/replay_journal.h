// SPDX-License-Identifier: Apache-2.0
// The journal of a replay: what it is made from, so that only the same replay goes on with it.
#pragma once

#include "base/error.h"
#include "sim/rerun/rerun_journal.h"

struct wf_replay_inputs {
    const char *history, *cluster, *prices; // paths; NULL: none
    const char *options;                    // what else the run depends on, in one line; may be ""
};

// Opens the journal at path. The caller closes it. Errors: also WF_INVALID for inputs that can be
// read but once.
enum wf_status wf_replay_journal_open(const char *path, const struct wf_replay_inputs *inputs,
                                      struct wf_rerun_journal **journal_out,
                                      struct wf_error *err) WF_MUST_USE;

// Says on stderr what was found in it, where anything was.
void wf_replay_journal_tell(const char *path, const struct wf_rerun_journal *journal);
