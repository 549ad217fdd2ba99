// SPDX-License-Identifier: Apache-2.0
// Who schedules in a replay: a discipline, which says who starts when, and a placement policy,
// which says where. Written as "easy", "fgd" or "easy/fgd": a discipline alone brings its own
// placement, a placement policy alone goes with our own discipline.
#pragma once

#include "base/error.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"

#define WF_REPLAYERS_MAX 24

struct wf_replayer {
    char name[64];
    const struct wf_discipline *discipline;
    const struct wf_policy *placement;
};

struct wf_replayers {
    struct wf_replayer list[WF_REPLAYERS_MAX];
    uint32_t count;
};

// Reads one name. Errors: WF_NOTFOUND, with what may have been meant; WF_INVALID for the placement
// policy that places at random, which a queue cannot plan with.
enum wf_status wf_replayer_parse(const char *name, struct wf_replayer *replayer_out,
                                 struct wf_error *err) WF_MUST_USE;

// Reads a list with commas; "all" stands for every discipline. Errors: also WF_EXISTS (named
// twice), WF_LIMIT.
enum wf_status wf_replayers_parse(const char *names, struct wf_replayers *replayers_out,
                                  struct wf_error *err) WF_MUST_USE;
