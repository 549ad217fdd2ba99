// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon asks for, one line each.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

#define WF_LINE_MAX (1 << 20)

enum wf_do {
    WF_DO_MODE,
    WF_DO_ALIVE,
    WF_DO_START,
    WF_DO_LEAVE,
    WF_DO_HOLD,
    WF_DO_ADVISE,
    WF_DO_SIGNAL,
    WF_DO_REQUEUE,
    WF_DO_CANCEL,
    WF_DO_DRAIN,
    WF_DO_RESUME,
    WF_DO_POWER_UP,
    WF_DO_POWER_DOWN,
};

enum wf_slurm_mode { WF_OBSERVE, WF_ADVISE, WF_DECIDE };

#define WF_NO_TASK UINT32_MAX

struct wf_request {
    struct wf_request *next;
    enum wf_do what;
    int64_t number;          // 0 for mode and alive
    uint32_t job, task;      // task WF_NO_TASK: none
    const char *node, *text; // text: of advise, or a node's reason; borrowed from line
    const char *decision;
    const json_t *nodes, *partitions; // arrays of names; partitions may be NULL
    int signal;
    bool to_batch, to_steps, anyway;
    enum wf_slurm_mode mode;
    int64_t silence_ms;
    json_t *line;
};

// The caller owns *request_out. Where it fails, *number_out is the line's request number as far as
// it could be read, *code_out the word for the answer, and err says what is wrong.
enum wf_status wf_request_read(const char *text, size_t length, struct wf_request **request_out,
                               int64_t *number_out, const char **code_out,
                               struct wf_error *err) WF_MUST_USE;
void wf_request_destroy(struct wf_request *request);

// "start"
const char *wf_request_word(enum wf_do what);
// The least mode in which it may be done.
enum wf_slurm_mode wf_request_mode(enum wf_do what);
