// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/discipline/discipline.h"

const struct wf_discipline *const wf_disciplines[] = {
    &wf_discipline_fifo,
    &wf_discipline_easy,
    &wf_discipline_conservative,
    &wf_discipline_slurm_like,
    &wf_discipline_kubernetes_like,
    &wf_discipline_kueue_like,
    &wf_discipline_foresight,
    NULL,
};

struct wf_urgency wf_discipline_urgency(const struct wf_discipline *discipline,
                                        const struct wf_standing *standing)
{
    return discipline->urgency && standing->ticket->spec.wait.deadline_ms > 0
               ? discipline->urgency(standing)
               : (struct wf_urgency){INT64_MAX, INT64_MAX};
}

bool wf_discipline_urges(const struct wf_discipline *discipline, const struct wf_standing *standing)
{
    struct wf_urgency urgency = wf_discipline_urgency(discipline, standing);
    return urgency.from_ms <= standing->now_ms && standing->now_ms < urgency.until_ms;
}

int64_t wf_discipline_turn_ms(const struct wf_discipline *discipline,
                              const struct wf_standing *standing)
{
    struct wf_urgency urgency = wf_discipline_urgency(discipline, standing);
    if (urgency.until_ms <= urgency.from_ms || urgency.until_ms <= standing->now_ms) {
        return INT64_MAX;
    }
    return urgency.from_ms > standing->now_ms ? urgency.from_ms : urgency.until_ms;
}

const struct wf_discipline *wf_discipline_find(const char *name)
{
    for (uint32_t i = 0; wf_disciplines[i]; i++) {
        if (strcmp(name, wf_disciplines[i]->name) == 0) {
            return wf_disciplines[i];
        }
    }
    return NULL;
}
