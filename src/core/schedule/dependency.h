// SPDX-License-Identifier: Apache-2.0
// Who waits for whom: what must have become of other jobs before a job may start. Jobs go by their
// slots. Internal to the core.
#pragma once

#include "base/region.h"
#include "core/types.h"

struct wf_dependent {
    uint32_t job;   // that waits
    uint32_t other; // that it waits for
    enum wf_after after;
    uint32_t next, previous; // of those that wait for the same; next: of the free ones
    uint32_t next_of_job;    // of what the same job waits for
};

struct wf_dependencies {
    struct wf_dependent *list;
    uint32_t *first_dependent;  // by slot: of those that wait for the job, or WF_NONE
    uint32_t *first_dependency; // by slot: of those that the job waits for
    uint32_t max, fresh, free;
};

// As many as there are jobs can be kept. Errors: WF_NOMEM.
enum wf_status wf_dependencies_init(struct wf_dependencies *dependencies, struct wf_region *region,
                                    uint32_t jobs, struct wf_error *err) WF_MUST_USE;

// Whether so many more can be kept.
bool wf_dependencies_have_room(const struct wf_dependencies *dependencies, uint32_t count);

// A job waits for another. There must be room.
void wf_dependencies_add(struct wf_dependencies *dependencies, uint32_t job, uint32_t other,
                         enum wf_after after);

// Forgets one that waits for this kind of news of a job: returns whether there was one.
bool wf_dependencies_take(struct wf_dependencies *dependencies, uint32_t other, enum wf_after after,
                          uint32_t *job_out);

// Forgets all that a job waits for.
void wf_dependencies_forget(struct wf_dependencies *dependencies, uint32_t job);
