// SPDX-License-Identifier: Apache-2.0
// A replay's arguments, read once more for `explain`: the history, the machines and who schedules,
// but nothing is run.
#pragma once

#include "sim/rerun/replayer.h"
#include "sim/rerun/rerun.h"

struct wf_replay_again {
    struct wf_history *history;
    struct wf_site site;
    struct wf_rerun_jobs jobs;
    struct wf_replayers replayers; // the history's own first, where there is one
    struct wf_outages outages;
    bool has_outages;
    int64_t start_delay_ms;
    bool preempt, moves, plain;
    bool has_relative_times; // they count from the history's beginning
};

// argv as the verb replay gets it; its words may be put in another order. The caller finishes
// *again_out. Errors: those of the verb.
enum wf_status wf_replay_again_read(int argc, char **argv, struct wf_replay_again *again_out,
                                    struct wf_error *err) WF_MUST_USE;
void wf_replay_again_finish(struct wf_replay_again *again);
