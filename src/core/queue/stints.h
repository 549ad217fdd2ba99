// SPDX-License-Identifier: Apache-2.0
// Stints: the times during which a job holds GPUs. Kept here are those that last, and, as a heap,
// when each will have cost what it was expected to: from then on it is committed to nothing more.
// Internal to the core.
#pragma once

#include "base/region.h"
#include "core/queue_spec.h"

struct wf_stint {
    wf_queue_id queue;
    int64_t gpu_milli;        // of all its tasks together
    int64_t nanousd_per_hour; // likewise; at most WF_STINT_NANOUSD_MAX
    int64_t cost_nanousd;     // what it is expected to cost in all; 0: not known
};

struct wf_stint_slot {
    struct wf_stint stint;
    int64_t start_ms;
    int64_t paid_ms;  // when its cost will have accrued; INT64_MAX: not in our times
    uint32_t heap_at; // WF_NONE: it is committed to nothing, or free
    uint32_t next_free;
    bool used;
};

struct wf_stints {
    struct wf_stint_slot *slots;
    uint32_t *heap; // slots, the one that is paid first at 0
    uint32_t heap_count;
    uint32_t first_free;
};

enum wf_status wf_stints_init(struct wf_stints *stints, struct wf_region *region,
                              uint32_t stints_max, struct wf_error *err) WF_MUST_USE;

// Returns the slot, or WF_NONE when all are taken.
uint32_t wf_stints_add(struct wf_stints *stints, const struct wf_stint *stint, int64_t now_ms);
void wf_stints_remove(struct wf_stints *stints, uint32_t slot);

// Returns whether a stint runs that has not yet cost what it is expected to.
static inline bool wf_stint_is_committed(const struct wf_stints *stints, uint32_t slot)
{
    return stints->slots[slot].heap_at != WF_NONE;
}

// Takes one stint that is paid by now_ms out of those with a commitment and returns its slot, or
// WF_NONE.
uint32_t wf_stints_take_paid(struct wf_stints *stints, int64_t now_ms);
