// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/spot/spot.h"

const struct wf_spot_policy *const wf_spot_policies[] = {
    &wf_spot_policy_on_demand,        &wf_spot_policy_greedy,    &wf_spot_policy_time_sliced,
    &wf_spot_policy_uniform_progress, &wf_spot_policy_foresight, NULL,
};

const struct wf_spot_policy *wf_spot_policy_find(const char *name)
{
    for (uint32_t i = 0; wf_spot_policies[i]; i++) {
        if (strcmp(wf_spot_policies[i]->name, name) == 0) {
            return wf_spot_policies[i];
        }
    }
    return NULL;
}
