// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/timers.h"

enum wf_status wf_timers_init(struct wf_timers *timers, struct wf_region *region, uint32_t jobs,
                              struct wf_error *err)
{
    *timers = (struct wf_timers){0};
    timers->at_ms = wf_region_take(region, jobs, sizeof *timers->at_ms);
    timers->heap = wf_region_take(region, jobs, sizeof *timers->heap);
    timers->place = wf_region_take(region, jobs, sizeof *timers->place);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for the times of %u jobs", jobs);
    }
    return WF_OK;
}

static bool is_before(const struct wf_timers *timers, uint32_t a, uint32_t b)
{
    return timers->at_ms[a] != timers->at_ms[b] ? timers->at_ms[a] < timers->at_ms[b] : a < b;
}

// place counts from 1, so that memory of zeros says that no job has a time.
static void put(struct wf_timers *timers, uint32_t at, uint32_t job)
{
    timers->heap[at] = job;
    timers->place[job] = at + 1;
}

static void rise(struct wf_timers *timers, uint32_t at, uint32_t job)
{
    for (; at > 0 && is_before(timers, job, timers->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        put(timers, at, timers->heap[(at - 1) / 2]);
    }
    put(timers, at, job);
}

static void sink(struct wf_timers *timers, uint32_t at, uint32_t job)
{
    for (uint32_t child = 2 * at + 1; child < timers->count; child = 2 * at + 1) {
        if (child + 1 < timers->count &&
            is_before(timers, timers->heap[child + 1], timers->heap[child])) {
            child++;
        }
        if (!is_before(timers, timers->heap[child], job)) {
            break;
        }
        put(timers, at, timers->heap[child]);
        at = child;
    }
    put(timers, at, job);
}

static void drop(struct wf_timers *timers, uint32_t job)
{
    uint32_t at = timers->place[job] - 1;
    timers->place[job] = 0;
    uint32_t last = timers->heap[--timers->count];
    if (last == job) {
        return;
    }
    if (is_before(timers, last, job)) {
        rise(timers, at, last);
    } else {
        sink(timers, at, last);
    }
}

void wf_timers_set(struct wf_timers *timers, uint32_t job, int64_t at_ms)
{
    if (timers->place[job] > 0) {
        drop(timers, job);
    }
    if (at_ms < INT64_MAX) {
        timers->at_ms[job] = at_ms;
        rise(timers, timers->count++, job);
    }
}

int64_t wf_timers_first(const struct wf_timers *timers, uint32_t *job_out)
{
    if (timers->count == 0) {
        return INT64_MAX;
    }
    *job_out = timers->heap[0];
    return timers->at_ms[timers->heap[0]];
}
