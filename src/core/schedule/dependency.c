// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/dependency.h"

#include "base/assert.h"

enum wf_status wf_dependencies_init(struct wf_dependencies *dependencies, struct wf_region *region,
                                    uint32_t jobs, struct wf_error *err)
{
    *dependencies = (struct wf_dependencies){.max = jobs, .free = WF_NONE};
    dependencies->list = wf_region_take(region, jobs, sizeof *dependencies->list);
    dependencies->first_dependent =
        wf_region_take(region, jobs, sizeof *dependencies->first_dependent);
    dependencies->first_dependency =
        wf_region_take(region, jobs, sizeof *dependencies->first_dependency);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for %u dependencies", jobs);
    }
    for (uint32_t job = 0; job < jobs; job++) {
        dependencies->first_dependent[job] = WF_NONE;
        dependencies->first_dependency[job] = WF_NONE;
    }
    return WF_OK;
}

bool wf_dependencies_have_room(const struct wf_dependencies *dependencies, uint32_t count)
{
    uint32_t room = dependencies->max - dependencies->fresh;
    for (uint32_t i = dependencies->free; i != WF_NONE && room < count;
         i = dependencies->list[i].next) {
        room++;
    }
    return room >= count;
}

void wf_dependencies_add(struct wf_dependencies *dependencies, uint32_t job, uint32_t other,
                         enum wf_after after)
{
    uint32_t at = dependencies->free;
    if (at != WF_NONE) {
        dependencies->free = dependencies->list[at].next;
    } else {
        WF_ASSERT(dependencies->fresh < dependencies->max);
        at = dependencies->fresh++;
    }
    uint32_t *first = &dependencies->first_dependent[other];
    dependencies->list[at] = (struct wf_dependent){
        .job = job,
        .other = other,
        .after = after,
        .next = *first,
        .previous = WF_NONE,
        .next_of_job = dependencies->first_dependency[job],
    };
    if (*first != WF_NONE) {
        dependencies->list[*first].previous = at;
    }
    *first = at;
    dependencies->first_dependency[job] = at;
}

// Takes one off the list of the job waited for, and frees it.
static void drop(struct wf_dependencies *dependencies, uint32_t at)
{
    struct wf_dependent *gone = &dependencies->list[at];
    if (gone->previous == WF_NONE) {
        dependencies->first_dependent[gone->other] = gone->next;
    } else {
        dependencies->list[gone->previous].next = gone->next;
    }
    if (gone->next != WF_NONE) {
        dependencies->list[gone->next].previous = gone->previous;
    }
    gone->next = dependencies->free;
    dependencies->free = at;
}

bool wf_dependencies_take(struct wf_dependencies *dependencies, uint32_t other, enum wf_after after,
                          uint32_t *job_out)
{
    uint32_t at = dependencies->first_dependent[other];
    while (at != WF_NONE && dependencies->list[at].after != after) {
        at = dependencies->list[at].next;
    }
    if (at == WF_NONE) {
        return false;
    }
    *job_out = dependencies->list[at].job;
    uint32_t *link = &dependencies->first_dependency[*job_out];
    while (*link != at) {
        link = &dependencies->list[*link].next_of_job;
    }
    *link = dependencies->list[at].next_of_job;
    drop(dependencies, at);
    return true;
}

void wf_dependencies_forget(struct wf_dependencies *dependencies, uint32_t job)
{
    uint32_t *first = &dependencies->first_dependency[job];
    while (*first != WF_NONE) {
        uint32_t at = *first;
        *first = dependencies->list[at].next_of_job;
        drop(dependencies, at);
    }
}
