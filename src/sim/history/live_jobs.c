// SPDX-License-Identifier: Apache-2.0
// An open table: a job stands at its hash or in the next free place behind it.
#include "sim/history/live_jobs.h"

#include <stdlib.h>

#include "base/hash.h"

enum { FIRST_PLACES = 256 };

static uint32_t place_of(const struct wf_live_jobs *jobs, uint64_t number)
{
    return (uint32_t)wf_hash_mix(number) & (jobs->capacity - 1);
}

static uint32_t next(const struct wf_live_jobs *jobs, uint32_t place)
{
    return (place + 1) & (jobs->capacity - 1);
}

struct wf_live_job *wf_live_jobs_find(const struct wf_live_jobs *jobs, uint64_t number)
{
    if (jobs->capacity == 0) {
        return NULL;
    }
    uint32_t place = place_of(jobs, number);
    while (jobs->table[place].used && jobs->table[place].number != number) {
        place = next(jobs, place);
    }
    return jobs->table[place].used ? &jobs->table[place] : NULL;
}

static void put(struct wf_live_jobs *jobs, struct wf_live_job job)
{
    uint32_t place = place_of(jobs, job.number);
    while (jobs->table[place].used) {
        place = next(jobs, place);
    }
    jobs->table[place] = job;
}

// At most half of the places are taken.
static enum wf_status grow(struct wf_live_jobs *jobs, struct wf_error *err)
{
    struct wf_live_jobs larger = {.capacity = jobs->capacity ? jobs->capacity * 2 : FIRST_PLACES,
                                  .count = jobs->count};
    larger.table = calloc(larger.capacity, sizeof *larger.table);
    if (!larger.table) {
        return wf_fail(err, WF_NOMEM, "no memory to find %u jobs", jobs->count);
    }
    for (uint32_t i = 0; i < jobs->capacity; i++) {
        if (jobs->table[i].used) {
            put(&larger, jobs->table[i]);
        }
    }
    free(jobs->table);
    *jobs = larger;
    return WF_OK;
}

enum wf_status wf_live_jobs_add(struct wf_live_jobs *jobs, uint64_t number, uint32_t index,
                                struct wf_error *err)
{
    enum wf_status status = jobs->count >= jobs->capacity / 2 ? grow(jobs, err) : WF_OK;
    if (status == WF_OK) {
        put(jobs, (struct wf_live_job){.number = number, .index = index, .used = true});
        jobs->count++;
    }
    return status;
}

// Those behind move up, so that none is cut off from its hash.
void wf_live_jobs_remove(struct wf_live_jobs *jobs, const struct wf_live_job *job)
{
    uint32_t hole = (uint32_t)(job - jobs->table);
    uint32_t last = jobs->capacity - 1;
    for (uint32_t i = next(jobs, hole); jobs->table[i].used; i = next(jobs, i)) {
        uint32_t wanted = place_of(jobs, jobs->table[i].number);
        // It may move when its hash is not between the hole and where it stands.
        if (((i - wanted) & last) >= ((i - hole) & last)) {
            jobs->table[hole] = jobs->table[i];
            hole = i;
        }
    }
    jobs->table[hole].used = false;
    jobs->count--;
}

void wf_live_jobs_finish(struct wf_live_jobs *jobs)
{
    free(jobs->table);
    *jobs = (struct wf_live_jobs){0};
}
