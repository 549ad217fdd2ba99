// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/discipline/discipline.h"

const struct wf_discipline *const wf_disciplines[] = {
    &wf_discipline_fifo,
    &wf_discipline_easy,
    &wf_discipline_conservative,
    &wf_discipline_kubernetes_like,
    &wf_discipline_kueue_like,
    &wf_discipline_foresight,
    NULL,
};

const struct wf_discipline *wf_discipline_find(const char *name)
{
    for (uint32_t i = 0; wf_disciplines[i]; i++) {
        if (strcmp(name, wf_disciplines[i]->name) == 0) {
            return wf_disciplines[i];
        }
    }
    return NULL;
}
