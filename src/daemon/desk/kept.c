// SPDX-License-Identifier: Apache-2.0
// Ended runs: the engine keeps their logs until they are the oldest of too many.
#include <stdio.h>

#include "daemon/desk/run_parts.h"

void wf_desk_run_id(uint64_t job, uint32_t attempt, char id[WF_RUN_ID_MAX + 1])
{
    snprintf(id, WF_RUN_ID_MAX + 1, "j%llu-%u", (unsigned long long)job, attempt);
}

void wf_desk_keep_run(struct wf_desk *desk, uint64_t job, uint32_t attempt)
{
    struct wf_kept_runs *kept = &desk->kept;
    wf_desk_clean_up_run(desk, job, attempt);
    if (kept->count == WF_DESK_RUNS_KEPT) {
        char id[WF_RUN_ID_MAX + 1];
        wf_desk_run_id(kept->ring[kept->first].job, kept->ring[kept->first].attempt, id);
        // What cannot be removed now is found again at the next start.
        (void)desk->config.kind->forget(desk->config.engine, id, NULL);
        kept->first = (kept->first + 1) % WF_DESK_RUNS_KEPT;
        kept->count--;
    }
    uint32_t at = (kept->first + kept->count++) % WF_DESK_RUNS_KEPT;
    kept->ring[at].job = job;
    kept->ring[at].attempt = attempt;
}
