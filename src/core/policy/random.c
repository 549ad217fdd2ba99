// SPDX-License-Identifier: Apache-2.0
#include "core/policy/policy.h"

const struct wf_policy wf_policy_random = {
    .name = "random",
    .summary = "any node that fits",
    .at_random = true,
};
