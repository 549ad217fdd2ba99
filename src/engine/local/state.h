// SPDX-License-Identifier: Apache-2.0
// What a supervisor knows of its run, and what it was asked for: the files "state" and "request" of
// a run's folder. Whoever holds the lock on "lock" writes the state; the engine writes the request.
#pragma once

#include "base/error.h"
#include "engine/local/file.h"
#include "engine/local/process.h"
#include "engine/run.h"

#define WF_STATE_FILE "state"
#define WF_REQUEST_FILE "request"
#define WF_LOCK_FILE "lock"

#define WF_TOKEN_BYTES 33   // 32 digits
#define WF_CGROUP_BYTES 768 // the longest path of a cgroup that is used

struct wf_run_state {
    struct wf_run run;
    char boot[WF_BOOT_BYTES];     // which start of the machine this was written in
    char token[WF_TOKEN_BYTES];   // stands in the environment of each of its processes
    char cgroup[WF_CGROUP_BYTES]; // "" where there is none
    struct wf_process supervisor;
    uint32_t tasks; // how many leaders are known
    struct wf_process leaders[WF_RUN_TASKS_MAX];
};

// Adds a sentence to the warnings, once.
void wf_run_warn(struct wf_run *run, const char *format, ...) WF_PRINTF(2, 3);

enum wf_status wf_state_write(int folder, const struct wf_run_state *state, enum wf_keep keep,
                              struct wf_error *err) WF_MUST_USE;
// WF_NOTFOUND: none was written yet, or its first writer was killed before it had.
enum wf_status wf_state_read(int folder, struct wf_run_state *state_out,
                             struct wf_error *err) WF_MUST_USE;
// The same from memory; text is changed.
enum wf_status wf_state_parse(char *text, size_t length, struct wf_run_state *state_out,
                              struct wf_error *err) WF_MUST_USE;

// What is wanted of a run. The newest request holds all of it.
struct wf_run_request {
    bool stop;
    enum wf_run_stop why;
    uint32_t grace_ms;
    bool paused;
    uint32_t checkpoints; // how often it was to be told its checkpoint signal, while it runs on
};

enum wf_status wf_run_request_write(int folder, const struct wf_run_request *request,
                                    struct wf_error *err) WF_MUST_USE;
// No file: nothing is wanted.
enum wf_status wf_run_request_read(int folder, struct wf_run_request *request_out,
                                   struct wf_error *err) WF_MUST_USE;
enum wf_status wf_run_request_parse(char *text, size_t length, struct wf_run_request *request_out,
                                    struct wf_error *err) WF_MUST_USE;
