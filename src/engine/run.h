// SPDX-License-Identifier: Apache-2.0
// What an engine is told to run, and what it tells of a run.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"

#define WF_EVERY_TASK UINT32_MAX

// NAME=value for one task, or for every task.
struct wf_run_variable {
    uint32_t task;
    const char *text;
};

// The first rule that matches a device file decides; a file that no rule matches is allowed.
struct wf_device_rule {
    int32_t major; // -1: any
    int32_t minor; // -1: any
    char type;     // 'c' or 'b'
    bool allow;
};

// So much of a GPU's memory and no more; region is what the kernel's dmem controller calls it.
struct wf_gpu_memory {
    const char *region; // "drm/0000:03:00.0/vram0"
    uint64_t bytes;
};

// What to run. The engine copies it.
struct wf_run_spec {
    const char *id;                 // letters, digits, '-', '_', '.', not '.' first
    uint32_t tasks;                 // 1 to WF_RUN_TASKS_MAX, all with the same command
    const char *const *arguments;   // the command, found by the PATH of its environment; NULL ends
    const char *const *environment; // the submitter's, NULL ends; what chooses GPUs is left out
    const struct wf_run_variable *variables; // set afterwards, so these win
    uint32_t variable_count;
    const char *folder; // where it starts: absolute

    bool switch_user; // only root may
    uint32_t user;
    uint32_t group;
    const uint32_t *groups; // supplementary ones
    uint32_t group_count;
    bool no_new_privileges; // set-user-id programs get no rights
    uint32_t file_mask;     // umask
    int32_t nice;           // 0 to 19

    uint64_t memory_bytes; // of all its tasks; 0: no limit, in this and the next three
    uint32_t cpu_milli;    // thousandths of a core, at most
    uint32_t cpu_weight;   // 1 to 10000: its share of CPUs that others want too
    uint32_t processes;
    const struct wf_device_rule *devices;
    uint32_t device_count;
    const struct wf_gpu_memory *gpu_memory; // of all its tasks together
    uint32_t gpu_memory_count;

    uint64_t log_bytes; // a log that reaches this is put aside; 0: never
    uint32_t log_files; // how many logs of one task are kept, the current one included; at least 1

    uint32_t checkpoint_signal; // told first to a run that is stopped; 0: none
    uint32_t checkpoint_ms;     // how long it may take over that
    uint32_t stop_ms;           // from SIGTERM to SIGKILL at its time limit
    uint64_t time_limit_ms;     // 0: none

    // Of work that others asked for, which the engine knows by this key, and where it is to run: a
    // node for each task. Nothing above but id and tasks is told then. NULL for all other work.
    const char *key;
    const char *const *nodes;
};

// X(NAME, text): how far a run is.
#define WF_RUN_PHASES(X)                                                                           \
    X(INTENDED, "intended") /* written down, not begun: start again, or forget */                  \
    X(STARTING, "starting") /* may run already */                                                  \
    X(RUNNING, "running")                                                                          \
    X(FINISHING, "finishing") /* its outcome is known, its last processes are being ended */       \
    X(ENDED, "ended")         /* no process of it is left */

// X(NAME, text): why a run ended. Exactly one.
#define WF_RUN_ENDS(X)                                                                             \
    X(NONE, "none")                                                                                \
    X(EXIT, "exit")                                                                                \
    X(SIGNAL, "signal")                                                                            \
    X(OUT_OF_MEMORY, "out of memory")                                                              \
    X(TIME_LIMIT, "time limit")                                                                    \
    X(PREEMPTED, "preempted")                                                                      \
    X(CANCELLED, "cancelled")                                                                      \
    X(NOT_STARTED, "not started") /* detail says why; the command never ran */                     \
    X(RESTARTED, "machine restarted")                                                              \
    X(UNKNOWN, "unknown") /* its supervisor was killed: it was running, then ended by us */

enum wf_run_phase {
#define WF_RUN_PHASE_ENUM(name, text) WF_RUN_##name,
    WF_RUN_PHASES(WF_RUN_PHASE_ENUM)
#undef WF_RUN_PHASE_ENUM
};
enum wf_run_end {
#define WF_RUN_END_ENUM(name, text) WF_RUN_END_##name,
    WF_RUN_ENDS(WF_RUN_END_ENUM)
#undef WF_RUN_END_ENUM
};

struct wf_run {
    char id[WF_RUN_ID_MAX + 1];
    enum wf_run_phase phase;
    enum wf_run_end end;
    uint32_t task;      // whose exit or signal it is
    int32_t exit_code;  // -1: it did not exit by itself; also kept when it was stopped
    int32_t signal;     // 0: none
    int64_t started_ms; // since 1970; 0: not yet
    int64_t ended_ms;
    uint64_t cpu_ms;
    uint64_t memory_peak_bytes;
    uint64_t log_dropped_bytes; // output that no disk had room for
    char detail[256];           // a sentence about the end, or ""
    char warnings[1024];        // what could not be enforced, "; " between them, or ""
};

// A piece of what a task wrote. Offsets count from the first byte it ever wrote.
struct wf_log_piece {
    uint32_t task;
    uint64_t offset; // where to begin; later than that afterwards, where the parts before are gone
    char *bytes;     // the caller's
    uint32_t bytes_max; // 0: only to know first and end
    // What comes of it:
    uint32_t length; // offset + length is where to go on
    bool complete;   // nothing comes after the piece, now or later
    uint64_t first;  // the oldest byte that is still kept
    uint64_t end;    // how much was written so far
};

enum wf_run_stop {
    WF_RUN_STOP_PREEMPTED,
    WF_RUN_STOP_CANCELLED, // wins over the others
    // Its start is taken back where it has not come; what has begun meanwhile goes on. Loses to the
    // others, and is told only of work that others asked for (engine.h, end_work).
    WF_RUN_STOP_WITHDRAWN,
};

const char *wf_run_phase_text(enum wf_run_phase phase);
const char *wf_run_end_text(enum wf_run_end end);
