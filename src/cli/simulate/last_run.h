// SPDX-License-Identifier: Apache-2.0
// The arguments of the last simulation or replay, kept in a small JSON file in the user's state
// folder
// ($XDG_STATE_HOME/whaleflux, else ~/.local/state/whaleflux), so that `explain` can run it again up
// to any of its tasks.
#pragma once

#include "cli/simulate/simulation.h"

#define WF_LAST_RUN_WORDS_MAX 32

struct wf_last_run {
    bool is_replay;
    struct wf_simulation_options options; // of a simulation; points into the record
    char *words[WF_LAST_RUN_WORDS_MAX];   // of a replay, its verb first
    int word_count;
    void *record;
};

// One argument of a replay: an option and its value, or one of both alone. A value of NULL is left
// out, with its option.
struct wf_last_run_word {
    const char *option;
    const char *value;
    bool is_file;
};

// Keeps the arguments of a run that ended well, with a digest of each file it read.
enum wf_status wf_last_run_keep(const struct wf_simulation_options *options,
                                struct wf_error *err) WF_MUST_USE;

enum wf_status wf_last_run_keep_replay(const struct wf_last_run_word *words, uint32_t count,
                                       struct wf_error *err) WF_MUST_USE;

// Reads them back; the caller forgets them. Errors: WF_NOTFOUND (there was no run), WF_INVALID (the
// record is damaged, or a file that the run read is not the same any more), WF_IO.
enum wf_status wf_last_run_recall(struct wf_last_run *last_out, struct wf_error *err) WF_MUST_USE;
void wf_last_run_forget(struct wf_last_run *last);
