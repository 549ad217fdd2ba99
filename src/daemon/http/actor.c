// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/actor.h"

#include "base/assert.h"

static const char *const names[WF_ROLES] = {
    [WF_ROLE_NONE] = "none",         [WF_ROLE_VIEWER] = "viewer", [WF_ROLE_SUBMITTER] = "submitter",
    [WF_ROLE_OPERATOR] = "operator", [WF_ROLE_ADMIN] = "admin",
};

const char *wf_role_name(enum wf_role role)
{
    WF_ASSERT(role < WF_ROLES);
    return names[role];
}

bool wf_role_find(const char *name, enum wf_role *role_out)
{
    for (uint32_t i = WF_ROLE_NONE + 1; i < WF_ROLES; i++) {
        if (strcmp(names[i], name) == 0) {
            *role_out = (enum wf_role)i;
            return true;
        }
    }
    return false;
}
