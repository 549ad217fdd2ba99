// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/free.h"

#include <inttypes.h>
#include <stdio.h>

#include "slurm/look.h"
#include "slurm/pin.h"

bool wf_free_is_due(const struct wf_facts *facts)
{
    return facts->mark.ours && wf_facts_is_pending(facts);
}

// Whether it could be given back, or has gone or started meanwhile and needs nothing any more.
// *away_out: slurmctld does not answer.
static bool free_one(struct wf_adapter *adapter, struct wf_facts *facts, bool *away_out)
{
    const uint32_t id = facts->id;
    const int errnum = wf_pin_leave(adapter, facts, WF_NO_TASK);
    struct wf_facts *now;

    *away_out = wf_is_away(errnum);
    if (errnum == 0 || *away_out) {
        return errnum == 0;
    }
    if (wf_look_job(adapter, id, &now) == 0 && (now == NULL || !wf_facts_is_pending(now))) {
        return true;
    }
    fprintf(stderr, "whaleflux-slurm: job %" PRIu32 " could not be given back: %s\n", id,
            slurm_strerror(errnum));
    return false;
}

uint32_t wf_free_all(struct wf_adapter *adapter)
{
    struct wf_facts *facts, *next;
    uint32_t freed = 0;
    bool away = false;

    for (facts = adapter->jobs.table; facts != NULL && (next = facts->hh.next, true);
         facts = next) {
        if (!away && wf_free_is_due(facts)) {
            freed += free_one(adapter, facts, &away);
        }
    }
    return freed;
}

static uint32_t count_due(const struct wf_adapter *adapter, bool show)
{
    const struct wf_facts *facts, *next;
    uint32_t due = 0;

    for (facts = adapter->jobs.table; facts != NULL && (next = facts->hh.next, true);
         facts = next) {
        if (!wf_free_is_due(facts)) {
            continue;
        }
        due++;
        if (show) {
            printf("job %" PRIu32 ": would be given back (%s%s%s)\n", facts->id,
                   wf_facts_is_held_by_us(facts) ? "held by us" : "marked by us",
                   facts->mark.pin != NULL ? ", pinned to " : "",
                   facts->mark.pin != NULL ? facts->mark.pin : "");
        }
    }
    return due;
}

int wf_free_once(bool dry_run)
{
    struct wf_adapter adapter;
    int status = 0;

    wf_adapter_init(&adapter, NULL);
    wf_look_round(&adapter, wf_monotonic_ms());
    if (!adapter.told_all) {
        status = 1; // said already why
    } else if (dry_run) {
        printf("%" PRIu32 " jobs would be given back to plain Slurm\n", count_due(&adapter, true));
    } else {
        const uint32_t due = count_due(&adapter, false), freed = wf_free_all(&adapter);
        printf("%" PRIu32 " of %" PRIu32 " jobs given back to plain Slurm\n", freed, due);
        status = freed == due ? 0 : 1;
    }
    wf_adapter_finish(&adapter);
    return status;
}
