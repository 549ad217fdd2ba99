// SPDX-License-Identifier: Apache-2.0
// How a fleet is shown: as a table, while it is at work and at its end, and as JSON.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cli/live/grid.h"
#include "hags/fleet.h"

// How many machines are in each state.
struct wf_hags_counts {
    uint32_t of[WF_HAGS_STATE_COUNT];
    uint32_t all, chosen; // chosen: without those that run another Windows
    bool good;            // every one is where it should be
};
struct wf_hags_counts wf_hags_count(const struct wf_fleet *fleet, enum wf_hags_goal goal);

// Errors: WF_NOMEM.
enum wf_status wf_hags_table_print(const struct wf_fleet *fleet,
                                   const struct wf_hags_counts *counts, enum wf_hags_goal goal,
                                   struct wf_error *err) WF_MUST_USE;
enum wf_status wf_hags_json_print(const struct wf_fleet *fleet, const struct wf_hags_counts *counts,
                                  enum wf_hags_goal goal, struct wf_error *err) WF_MUST_USE;
// Writes Prometheus' text format to a file. Errors: WF_IO, WF_NOMEM.
enum wf_status wf_hags_metrics_write(const struct wf_fleet *fleet, const char *path,
                                     struct wf_error *err) WF_MUST_USE;
const char *wf_hags_goal_name(enum wf_hags_goal goal);

// How a state is shown, by its name; one that is not known is faint.
enum wf_shade wf_hags_shade_of(const char *state);

// The verb `hags watched`.
enum wf_status wf_hags_watched(int argc, char **argv, struct wf_error *err) WF_MUST_USE;

// A table on stderr that is written over, where that is a terminal.
struct wf_hags_progress {
    bool shown;
    uint32_t lines; // that stand there
    int64_t next_ms;
};
void wf_hags_progress_init(struct wf_hags_progress *progress);
void wf_hags_progress_tell(struct wf_hags_progress *progress, const struct wf_fleet *fleet);
void wf_hags_progress_finish(struct wf_hags_progress *progress);
