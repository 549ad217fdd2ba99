// SPDX-License-Identifier: Apache-2.0
// Tells on a terminal how far a long run is: one line on stderr that is written over, and gone at
// the end. Nothing when stderr is no terminal.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compat.h"

struct wf_progress {
    bool shown;
    char what[96];
    uint32_t runs_done, runs; // of how many
    int64_t next_ms;
};

void wf_progress_init(struct wf_progress *progress, uint32_t runs);

// Names what begins.
void wf_progress_begin(struct wf_progress *progress, const char *format, ...) WF_PRINTF(2, 3);

// To be called now and then; write ten times a second at most. context is a wf_progress. The second
// is for what has no known end.
void wf_progress_tell(void *context, uint32_t done, uint32_t all);
void wf_progress_count(void *context, uint64_t lines);

void wf_progress_finish(struct wf_progress *progress);
