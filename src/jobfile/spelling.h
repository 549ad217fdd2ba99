// SPDX-License-Identifier: Apache-2.0
// How people write times, sizes, signals and the indices of an array. Each reader takes the whole
// text or returns false.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct wf_job_memory;

// "1h30m", "90s", "2d", "500ms", "1.5h": weeks (w) to milliseconds (ms), the largest first.
bool wf_job_span_read(const char *text, int64_t *ms_out) WF_MUST_USE;

// "8GiB", "8G", "8Gi" (1,024s), "8GB" (1,000s), "4096" (bytes); at most 2^62.
bool wf_job_bytes_read(const char *text, int64_t *bytes_out) WF_MUST_USE;

// "2026-08-23T10:00:00Z", "2026-08-23 12:00:00.5+02:00", in milliseconds since 1970.
bool wf_job_time_read(const char *text, int64_t *ms_out) WF_MUST_USE;

// "USR1", "SIGUSR1", "sigusr1", "10".
bool wf_job_signal_read(const char *text, uint32_t *signal_out) WF_MUST_USE;

// "USR1" of 10; NULL where the number is none that a job can be told.
const char *wf_job_signal_name(uint32_t number);

// Indices of an array: ascending, each once.
struct wf_job_indices {
    const uint32_t *index; // lives in the memory it was read into
    uint32_t count;
    uint32_t at_most; // "%4" at the end; 0: not told
};

// "0-9,20", "0-100:10", "1-50%4". Errors (the sentence names no field): WF_INVALID, WF_LIMIT,
// WF_NOMEM.
enum wf_status wf_job_indices_read(const char *text, struct wf_job_memory *memory,
                                   struct wf_job_indices *indices_out,
                                   struct wf_error *err) WF_MUST_USE;

// The shortest such text, without "%". The caller frees it; NULL without memory.
char *wf_job_indices_write(const uint32_t *index, uint32_t count) WF_MUST_USE;
