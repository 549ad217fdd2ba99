// SPDX-License-Identifier: Apache-2.0
// The variables that a task sees beside those of its document: what it is, and, where its file came
// from another scheduler, the same in that scheduler's words.
//
// WHALEFLUX_JOB_ID, _JOB_NAME, _ATTEMPT, _TASK, _TASKS, _QUEUE, _NODE, _GPUS, and of an array
// _ARRAY_ID, _ARRAY_INDEX, _ARRAY_COUNT. docs/jobs.md has those of the dialects.
#pragma once

#include "jobfile/document.h"

// A run as its scheduler knows it.
struct wf_job_facts {
    uint64_t id;
    uint32_t attempt; // from 1
    uint32_t task;    // from 0
    const char *user;
    const char *queue;
    const char *const *nodes;     // of each task
    const char *const *addresses; // likewise; NULL: not known, the names are told
    uint64_t array_id;            // number of the first job of its array; 0: no array
    uint32_t array_place;         // which of the document's indices is this job's, from 0
};

// Hands each variable to add as name and value, both borrowed for the call.
void wf_job_variables(const struct wf_job_document *document, const struct wf_job_facts *facts,
                      void (*add)(void *context, const char *name, const char *value),
                      void *context);
