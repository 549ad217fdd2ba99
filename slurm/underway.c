// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/underway.h"

#include <errno.h>
#include <string.h>

#include "slurm/carry.h"
#include "slurm/line.h"
#include "slurm/look.h"

// How long a start is watched; afterwards it is a job like others. A requeue lasts as long as the
// job takes to end.
#define START_MS 30000
#define REQUEUE_MS 86400000
// So many are asked for by their id after each look.
#define SINGLE_MAX 8

static void remove_at(struct wf_adapter *adapter, uint32_t index)
{
    adapter->underway_count--;
    memmove(&adapter->underway[index], &adapter->underway[index + 1],
            (adapter->underway_count - index) * sizeof(adapter->underway[0]));
}

void wf_underway_add(struct wf_adapter *adapter, uint32_t job, int64_t request)
{
    for (uint32_t i = 0; i < adapter->underway_count; i++) {
        if (adapter->underway[i].job == job && adapter->underway[i].request == 0) {
            remove_at(adapter, i);
            break;
        }
    }
    for (uint32_t i = 0; adapter->underway_count == WF_UNDERWAY_MAX && i < WF_UNDERWAY_MAX; i++) {
        if (adapter->underway[i].request == 0) {
            remove_at(adapter, i);
        }
    }
    if (adapter->underway_count == WF_UNDERWAY_MAX) {
        remove_at(adapter, 0);
    }
    adapter->underway[adapter->underway_count++] = (struct wf_underway){
        .job = job,
        .request = request,
        .until_ms = wf_monotonic_ms() + (request == 0 ? START_MS : REQUEUE_MS),
    };
}

void wf_underway_signalled(struct wf_adapter *adapter, uint32_t job)
{
    if (!wf_underway_requeues(adapter, job)) {
        wf_underway_add(adapter, job, 0);
        adapter->underway[adapter->underway_count - 1].ends = true;
    }
}

bool wf_underway_requeues(const struct wf_adapter *adapter, uint32_t job)
{
    for (uint32_t i = 0; i < adapter->underway_count; i++) {
        if (adapter->underway[i].job == job && adapter->underway[i].request != 0) {
            return true;
        }
    }
    return false;
}

void wf_underway_clear(struct wf_adapter *adapter)
{
    adapter->underway_count = 0;
}

// Whether it needs no watching any more.
static bool is_over(struct wf_adapter *adapter, const struct wf_underway *way,
                    struct wf_facts *facts)
{
    if (way->ends) {
        return facts == NULL ||
               (!wf_facts_is_running(facts) && (facts->state & JOB_COMPLETING) == 0);
    }
    if (way->request == 0) {
        return facts == NULL || !wf_facts_is_pending(facts);
    }
    if (facts != NULL && (facts->state & (JOB_COMPLETING | JOB_REQUEUE | JOB_REQUEUE_HOLD)) != 0) {
        return false;
    }
    if (facts != NULL && wf_facts_is_running(facts)) {
        return false;
    }
    wf_carry_requeued(adapter, way->request, way->job, facts);
    return true;
}

// Looks at some of them alone, others than the last time. Returns false when slurmctld is away.
static bool look_singly(struct wf_adapter *adapter)
{
    uint32_t jobs[SINGLE_MAX], count = 0;
    struct wf_facts *facts;

    for (; count < SINGLE_MAX && count < adapter->underway_count; count++) {
        jobs[count] =
            adapter->underway[(adapter->underway_turn + count) % adapter->underway_count].job;
    }
    adapter->underway_turn = (adapter->underway_turn + count) % adapter->underway_count;
    for (uint32_t i = 0; i < count; i++) {
        if (wf_look_job(adapter, jobs[i], &facts) != 0) {
            return false;
        }
    }
    return true;
}

void wf_underway_look(struct wf_adapter *adapter, bool singly)
{
    const int64_t now_ms = wf_monotonic_ms();

    if (adapter->underway_count == 0 || (singly && !look_singly(adapter))) {
        return;
    }
    for (uint32_t i = 0; i < adapter->underway_count;) {
        const struct wf_underway way = adapter->underway[i];
        if (is_over(adapter, &way, wf_jobs_find(&adapter->jobs, way.job)) ||
            now_ms > way.until_ms) {
            remove_at(adapter, i);
        } else {
            i++;
        }
    }
}
