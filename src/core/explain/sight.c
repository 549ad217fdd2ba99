// SPDX-License-Identifier: Apache-2.0
#include "core/explain/sight.h"

#include "core/core.h"

struct wf_sight wf_sight_make(const struct wf_core *core, const struct wf_request *request)
{
    struct wf_sight sight = {.policy = wf_core_policy(core), .outlook = wf_core_outlook(core)};
    sight.base = wf_policy_request_base(sight.policy, &sight.outlook, request);
    return sight;
}

int64_t wf_sight_score(const struct wf_sight *sight, const struct wf_pool *pool,
                       const struct wf_state *state, const struct wf_request *served)
{
    const struct wf_policy *policy = sight->policy;
    if (policy->at_random) {
        return 0;
    }
    uint32_t gpu;
    return policy->score(&sight->outlook, pool, state, served, &gpu) +
           wf_policy_pool_score(policy, &sight->outlook, pool, served, sight->base);
}

void wf_sight_terms(const struct wf_sight *sight, const struct wf_pool *pool,
                    const struct wf_state *state, const struct wf_request *served, int64_t score,
                    struct wf_terms *terms_out)
{
    const struct wf_policy *policy = sight->policy;
    terms_out->count = 0;
    if (policy->terms) {
        policy->terms(&sight->outlook, pool, state, served, sight->base, terms_out);
    } else if (!policy->at_random) {
        terms_out->list[terms_out->count++] = (struct wf_term_value){WF_TERM_SCORE, score};
    }
}
