// SPDX-License-Identifier: Apache-2.0
// Texts and lists that live and go together: those of one document, those of one import.
#pragma once

#include <stddef.h>

#include "base/error.h"

struct wf_job_memory;

// The caller owns *memory_out. Errors: WF_NOMEM.
enum wf_status wf_job_memory_create(struct wf_job_memory **memory_out,
                                    struct wf_error *err) WF_MUST_USE;
void wf_job_memory_destroy(struct wf_job_memory *memory);

// Zeroed bytes for anything, or NULL.
void *wf_job_memory_take(struct wf_job_memory *memory, size_t bytes) WF_MUST_USE;

// The first length bytes of text with a zero behind them, or NULL.
const char *wf_job_memory_copy(struct wf_job_memory *memory, const char *text,
                               size_t length) WF_MUST_USE;
const char *wf_job_memory_print(struct wf_job_memory *memory, const char *format, ...)
    WF_PRINTF(2, 3) WF_MUST_USE;

// Says that there was no memory.
enum wf_status wf_job_memory_fail(struct wf_error *err);
