// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at what Slurm has, and tells the daemon what changed.
#pragma once

#include "slurm/adapter.h"

// Looks at whatever is due, tells it and ends with "synced". Returns when the next look is due
// (wf_monotonic_ms).
int64_t wf_look_round(struct wf_adapter *adapter, int64_t now_ms);
// When the next look is due, were nothing to happen.
int64_t wf_look_next(const struct wf_adapter *adapter);
// Everything is to be told again, as soon as may be.
void wf_look_restart(struct wf_adapter *adapter);

// Looks at one job alone and tells it. Returns 0 or Slurm's error number; *facts_out is NULL when
// there is no such job.
int wf_look_job(struct wf_adapter *adapter, uint32_t id, struct wf_facts **facts_out);

// For the looks in other files: tells the line where it is news; ends a group's round.
void wf_look_tell(struct wf_adapter *adapter, const char *group, const char *key, json_t *line);
void wf_look_ended(struct wf_adapter *adapter, const char *group);
