// SPDX-License-Identifier: Apache-2.0
// Which job has a name: numbers of names to indices of jobs.
#pragma once

#include <stdint.h>

#include "base/error.h"

struct wf_index {
    uint32_t *places; // index + 1 by number; 0: none
    uint32_t capacity;
};

// Returns UINT32_MAX when the name has no job.
uint32_t wf_index_find(const struct wf_index *index, uint32_t name);

// Errors: WF_NOMEM.
enum wf_status wf_index_set(struct wf_index *index, uint32_t name, uint32_t job,
                            struct wf_error *err) WF_MUST_USE;

void wf_index_finish(struct wf_index *index);
