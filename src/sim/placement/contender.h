// SPDX-License-Identifier: Apache-2.0
// Who takes part in a comparison: a placement policy, and where its demand forecast is from.
// Written as the policy's name, with ":learned" behind it for a policy that uses the forecast and
// shall not be given the published one but live from what it learns from the arrivals.
#pragma once

#include "base/error.h"
#include "core/policy/policy.h"

#define WF_CONTENDERS_MAX 32
#define WF_CONTENDER_NAME_BYTES 64

struct wf_contender {
    char name[WF_CONTENDER_NAME_BYTES]; // as written
    const struct wf_policy *policy;
    bool learned;
};

struct wf_contenders {
    struct wf_contender list[WF_CONTENDERS_MAX];
    uint32_t count;
};

// Reads "fgd,cost-first,cost-first:learned"; "all" in the list stands for every policy there is
// that is not named beside it. Errors: WF_NOTFOUND (no such policy; the sentence suggests one),
// WF_INVALID, WF_EXISTS (named twice), WF_LIMIT.
enum wf_status wf_contenders_parse(const char *text, struct wf_contenders *contenders_out,
                                   struct wf_error *err) WF_MUST_USE;

// Returns the name and the one-line summary of a policy by its place in the list; NULL past its
// end.
const char *wf_contender_policy_name(uint32_t index);
const char *wf_contender_policy_summary(uint32_t index);
