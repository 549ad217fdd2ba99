// SPDX-License-Identifier: Apache-2.0
// What a task writes, kept in files of bounded size: task0.log, before it task0.log.1 and so on.
// A disk that is full costs output, never the run.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WF_LOG_NAME_BYTES 32

struct wf_log {
    int folder;
    uint32_t task;
    int file; // -1: none could be opened
    uint64_t bytes;
    uint64_t bytes_max; // 0: no bound
    uint32_t files_max;
    uint64_t dropped_bytes;
};

// The name of a task's log; age 0 is the current one.
void wf_log_name(uint32_t task, uint32_t age, char name[WF_LOG_NAME_BYTES]);

void wf_log_open(struct wf_log *log, int folder, uint32_t task, uint64_t bytes_max,
                 uint32_t files_max);
void wf_log_write(struct wf_log *log, const char *bytes, size_t length);
void wf_log_close(struct wf_log *log);
