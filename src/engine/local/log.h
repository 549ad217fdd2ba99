// SPDX-License-Identifier: Apache-2.0
// What a task writes, kept in parts: each is named after where it begins in all that was written,
// and never renamed, so that whoever reads can go on from an offset at any time. What the disk does
// not take is counted, and held against nobody.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/run.h"

#define WF_LOG_NAME_BYTES 48

struct wf_log {
    int folder;
    uint32_t task;
    int file;           // -1: none could be opened so far
    uint64_t start;     // of the current part
    uint64_t bytes;     // in it
    uint64_t bytes_max; // of a part; 0: no bound
    uint32_t files_max;
    uint64_t dropped_bytes;
};

// The name of the part of a task's log that begins at start.
void wf_log_name(uint32_t task, uint64_t start, char name[WF_LOG_NAME_BYTES]);

void wf_log_open(struct wf_log *log, int folder, uint32_t task, uint64_t bytes_max,
                 uint32_t files_max);
void wf_log_write(struct wf_log *log, const char *bytes, size_t length);
void wf_log_close(struct wf_log *log);

// Fills in a piece, all but piece->complete. No log is an empty one.
enum wf_status wf_log_read(int folder, struct wf_log_piece *piece,
                           struct wf_error *err) WF_MUST_USE;
