// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/policy/policy.h"

const struct wf_policy *const wf_policies[] = {
    &wf_policy_random,         &wf_policy_dot_product,
    &wf_policy_gpu_clustering, &wf_policy_gpu_packing,
    &wf_policy_best_fit,       &wf_policy_fgd,
    &wf_policy_cost_first,     &wf_policy_speed_first,
    &wf_policy_balanced,       NULL,
};

const struct wf_policy *wf_policy_find(const char *name)
{
    for (uint32_t i = 0; wf_policies[i]; i++) {
        if (strcmp(wf_policies[i]->name, name) == 0) {
            return wf_policies[i];
        }
    }
    return NULL;
}
