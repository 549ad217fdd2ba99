// SPDX-License-Identifier: Apache-2.0
// What one queue uses and has used. Time reaches a queue only when it is looked at: its sums are
// as of at_ms, and wf_queue_usage_advance brings them up to the clock. What they are then does not
// depend on when they were looked at before. Internal to the core.
#pragma once

#include "core/queue/money.h"
#include "core/queue_spec.h"

// What is the same for all queues.
struct wf_queue_clock {
    int64_t now_ms;
    int64_t slice_ms; // of core/queue/fade.h
    int64_t window_start_ms[WF_WINDOWS];
    int64_t window_end_ms[WF_WINDOWS];
};

struct wf_queue_usage {
    int64_t at_ms;
    int64_t gpu_milli;          // held now
    wf_int128 nanousd_per_hour; // what that costs
    wf_int128 gpu_milli_ms;     // GPU time, ever
    wf_int128 money;            // ever (core/queue/money.h)
    wf_int128 spent[WF_WINDOWS];
    wf_int128 share_gpu_milli_ms; // GPU time that fades
    wf_int128 share_money;        // money that fades

    // What the running jobs are still expected to cost, which falls as their costs accrue: at the
    // moment t it is due - due_per_ms * t. Jobs that have cost what was expected are not in it.
    wf_int128 due;
    wf_int128 due_per_ms;
};

// Starts the clock at now_ms, or sets it forward.
void wf_queue_clock_set(struct wf_queue_clock *clock, int64_t now_ms);

void wf_queue_usage_advance(struct wf_queue_usage *usage, const struct wf_queue_clock *clock);

// Adds (takes off) all that a queue below uses and has used. Both must be up to the clock.
void wf_queue_usage_add(struct wf_queue_usage *usage, const struct wf_queue_usage *below);
void wf_queue_usage_subtract(struct wf_queue_usage *usage, const struct wf_queue_usage *below);

// Returns what the running jobs are committed to: money not yet accrued.
static inline wf_int128 wf_queue_usage_committed(const struct wf_queue_usage *usage,
                                                 const struct wf_queue_clock *clock)
{
    return usage->due - usage->due_per_ms * clock->now_ms;
}

// Returns how much of that may accrue in so long a time as a window lasts: never less than what
// does, since no job costs more than its rate.
static inline wf_int128 wf_queue_usage_committed_in(const struct wf_queue_usage *usage,
                                                    const struct wf_queue_clock *clock,
                                                    enum wf_budget_window window)
{
    wf_int128 committed = wf_queue_usage_committed(usage, clock);
    wf_int128 most =
        usage->due_per_ms * (clock->window_end_ms[window] - clock->window_start_ms[window]);
    return committed < most ? committed : most;
}
