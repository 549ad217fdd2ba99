// SPDX-License-Identifier: Apache-2.0
// The decisions of one step, and the hash of all decisions ever made. Internal to the core.
#pragma once

#include "base/region.h"
#include "core/decision.h"

struct wf_record {
    struct wf_decision *list;
    uint32_t count, max;
    uint64_t hash;
};

// Takes memory for so many decisions in one step. Errors: WF_NOMEM.
enum wf_status wf_record_init(struct wf_record *record, struct wf_region *region, uint32_t max,
                              struct wf_error *err) WF_MUST_USE;

// Adds a decision. There must be room.
void wf_record_add(struct wf_record *record, struct wf_decision decision);

// Forgets the decisions after the first count of this step; hash is what it was then.
void wf_record_undo(struct wf_record *record, uint32_t count, uint64_t hash);
