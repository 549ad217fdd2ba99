// SPDX-License-Identifier: Apache-2.0
// Programs that run beside each other in one libuv loop, each with a time limit and bounded output.
// Standard input is /dev/null.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"

#define WF_PROCESS_OUTPUT_BYTES 131072 // what is kept of each stream; the rest is read and dropped

struct wf_process_result {
    bool timed_out;
    int64_t status;                 // of its exit; -1 when a signal ended it
    const char *output, *complaint; // stdout and stderr, each with a zero at its end
};

struct wf_process;

struct wf_process_call {
    const char *const *argv; // ends with NULL; argv[0] is looked up in PATH
    uint32_t timeout_ms;
    // Called once, from the loop; what it gets is gone afterwards.
    void (*end)(void *context, const struct wf_process_result *result);
    void *context;
    int output;        // a descriptor that standard output goes to; 0: it is kept for the result
    uint32_t grace_ms; // between SIGTERM and SIGKILL when its time is over; 0: SIGKILL at once
};

// Starts a program. Errors: WF_UNFIT (it cannot be started), WF_NOMEM; end is not called then.
enum wf_status wf_process_start(uv_loop_t *loop, const struct wf_process_call *call,
                                struct wf_process **process_out, struct wf_error *err) WF_MUST_USE;

// Ends it and those it started, for good; end is called as usual.
void wf_process_kill(struct wf_process *process);

// Tells it to end (SIGTERM), and ends it so much later.
void wf_process_stop(struct wf_process *process, uint32_t grace_ms);
