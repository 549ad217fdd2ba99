// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/spot/service.h"

const struct wf_service_policy *const wf_service_policies[] = {
    &wf_service_policy_round_robin,
    &wf_service_policy_spot_hedge,
    &wf_service_policy_hedge,
    NULL,
};

const struct wf_service_policy *wf_service_policy_find(const char *name)
{
    for (uint32_t i = 0; wf_service_policies[i]; i++) {
        if (strcmp(wf_service_policies[i]->name, name) == 0) {
            return wf_service_policies[i];
        }
    }
    return NULL;
}
