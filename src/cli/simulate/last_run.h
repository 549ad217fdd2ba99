// SPDX-License-Identifier: Apache-2.0
// The arguments of the last simulation, kept in a small JSON file in the user's state folder
// ($XDG_STATE_HOME/whaleflux, else ~/.local/state/whaleflux), so that `explain` can run it again up
// to any of its tasks.
#pragma once

#include "cli/simulate/simulation.h"

struct wf_last_run {
    struct wf_simulation_options options; // points into the record
    void *record;
};

// Keeps the arguments of a run that ended well, with a digest of each file it read.
enum wf_status wf_last_run_keep(const struct wf_simulation_options *options,
                                struct wf_error *err) WF_MUST_USE;

// Reads them back; the caller forgets them. Errors: WF_NOTFOUND (there was no run), WF_INVALID (the
// record is damaged, or a file that the run read is not the same any more), WF_IO.
enum wf_status wf_last_run_recall(struct wf_last_run *last_out, struct wf_error *err) WF_MUST_USE;
void wf_last_run_forget(struct wf_last_run *last);
