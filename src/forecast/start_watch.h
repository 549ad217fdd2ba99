// SPDX-License-Identifier: Apache-2.0
// Watches a core, of a replay or of the daemon, and learns from jobs that wait in it how far
// estimates of their start are off, so that the start of any one of them can be told as a range. It
// asks nothing of the discipline: what it goes by is who stands before a job, what is believed of
// those that run, and the start time that is kept for it, if one is.
#pragma once

#include "core/core.h"
#include "forecast/start_time.h"

struct wf_start_watch;

// Waiting jobs are looked at every interval_ms. The caller owns *watch_out. Errors: WF_NOMEM.
enum wf_status wf_start_watch_create(int64_t interval_ms, struct wf_start_watch **watch_out,
                                     struct wf_error *err) WF_MUST_USE;
void wf_start_watch_destroy(struct wf_start_watch *watch);

// Returns how often to look in a run of that length: a few thousand times.
int64_t wf_start_watch_interval_ms(int64_t span_ms);

// Takes note of what the core decided: to be called after every event.
void wf_start_watch_note(struct wf_start_watch *watch, const struct wf_core *core,
                         const struct wf_event *event, const struct wf_decisions *decisions);

// Tells how much longer a waiting job (its slot in the core's cluster) waits.
void wf_start_watch_tell(const struct wf_start_watch *watch, const struct wf_core *core,
                         uint32_t job, struct wf_start_time_points *points_out);

// The plain estimate behind it, in milliseconds from now.
int64_t wf_start_watch_estimate_ms(const struct wf_core *core, uint32_t job);
