// SPDX-License-Identifier: Apache-2.0
// A node as the policy sees it for one request: what explanations and quotes say of choices comes
// from here. Internal to the core.
#pragma once

#include "core/policy/policy.h"

struct wf_core;

struct wf_sight {
    const struct wf_policy *policy;
    struct wf_outlook outlook;
    int64_t base; // see wf_policy.request_base
};

struct wf_sight wf_sight_make(const struct wf_core *core, const struct wf_request *request);

// Returns how good it is to put a task on a node of the pool in this state, which fits; the request
// is as the pool serves it. 0 where the policy places at random.
int64_t wf_sight_score(const struct wf_sight *sight, const struct wf_pool *pool,
                       const struct wf_state *state, const struct wf_request *served);

// The same in its terms; score is what wf_sight_score returned.
void wf_sight_terms(const struct wf_sight *sight, const struct wf_pool *pool,
                    const struct wf_state *state, const struct wf_request *served, int64_t score,
                    struct wf_terms *terms_out);
