// SPDX-License-Identifier: Apache-2.0
// What a policy saves, stated against the history's own policy replayed in the same simulator, and
// beside each saving how far that replay lies from what really happened. A saving smaller than that
// error cannot be told from the simulator's own mistakes, and says so.
//
// All runs are on the same machines at the same prices: what is saved here is saved by scheduling.
#pragma once

#include <stdbool.h>

#include "sim/outcome/measures.h"

enum wf_saving_kind {
    WF_SAVING_WAIT_MEAN, // ms
    WF_SAVING_WAIT_P95,  // ms
    WF_SAVING_USED_PCT,
    WF_SAVING_MAKESPAN,                // ms
    WF_SAVING_USD,                     // for all machines, while the run took
    WF_SAVING_UNUSED_USD,              // of it, for GPU time that no job held
    WF_SAVING_USD_PER_USEFUL_GPU_HOUR, // all of it, over the work that was of use
    WF_SAVING_KINDS,
};

struct wf_saving {
    double before, after;
    bool change_known; // not when it was nothing before and is something now
    double change;     // (after - before) / before: -0.25 is a quarter less
    bool error_known;  // there is something that really happened to compare with
    double error;      // (replayed - really) / really
    bool better;       // less, or of use: more
    bool worse;
    bool distinguishable; // changed by more than the error
};

const char *wf_saving_text(enum wf_saving_kind kind); // for people: "mean wait"
const char *wf_saving_key(enum wf_saving_kind kind);  // for programs: "wait_mean_ms"
double wf_saving_value(const struct wf_measures *measures, enum wf_saving_kind kind);

// Tells the policy's measures against those of the baseline; happened may be NULL.
struct wf_saving wf_saving_make(enum wf_saving_kind kind, const struct wf_measures *happened,
                                const struct wf_measures *baseline,
                                const struct wf_measures *policy);
