// SPDX-License-Identifier: Apache-2.0
// One run's own process: starts the tasks, keeps their output, limits and stops them, and writes
// down how the run went. It needs nobody: an engine that dies and comes back finds it by its lock.
#pragma once

#include "engine/local/cgroup.h"
#include "engine/local/log.h"
#include "engine/local/spec.h"
#include "engine/local/state.h"

// The descriptor that a supervisor inherits to tell its engine: 'R' that the state is worth
// reading, or 'E' and a sentence that it gives up and nothing was begun.
#define WF_READY_DESCRIPTOR 3

enum wf_stop_step {
    WF_STOP_NOT,
    WF_STOP_CHECKPOINT, // told to save itself
    WF_STOP_TERM,
    WF_STOP_KILL,
};

struct wf_supervised_task {
    struct wf_log log;
    int output; // -1: closed
    bool alive;
};

struct wf_supervisor {
    int folder;
    int ready;
    int signals;
    const char *cgroup_parent; // "": none
    const char *cgroup_reason; // why
    struct wf_spec_store store;
    struct wf_run_state state;
    struct wf_cgroup cgroup;
    struct wf_supervised_task tasks[WF_RUN_TASKS_MAX]; // their leaders are in the state
    uint32_t launched;
    uint32_t alive;
    bool failed; // one task failed: the state has its exit
    bool paused;
    uint32_t checkpoints; // how often the tasks were told to make one and to run on

    bool memory_is_kept; // by the kernel; otherwise we look at it again and again
    bool processes_are_kept;
    bool memory_is_over;
    int64_t look_at_ms;
    uint64_t reaped_cpu_us;
    uint64_t reaped_peak_bytes;

    int64_t started_at_ms; // by the clock of wf_clock_ms
    enum wf_stop_step step;
    enum wf_run_end stop_end;
    int64_t step_at_ms; // when the next step is due
    uint32_t grace_ms;
};

// Milliseconds since the machine started, sleep included.
int64_t wf_clock_ms(void);
// Milliseconds since 1970, for people.
int64_t wf_date_ms(void);

// Runs the job to its end, state included. Holds the lock. Returns the exit status.
int wf_supervisor_run(struct wf_supervisor *supervisor);

// Ends what a dead supervisor left behind and writes down how the run ended. Holds the lock.
int wf_supervisor_clean_up(struct wf_supervisor *supervisor);

// Tells the engine, once.
void wf_supervisor_tell(struct wf_supervisor *supervisor, char what, const char *sentence);

// Writes the last state, again and again until the disk takes it, then removes the cgroup.
void wf_supervisor_write_end(struct wf_supervisor *supervisor);

// Starts to stop, or stops sooner than planned.
void wf_supervisor_stop(struct wf_supervisor *supervisor, enum wf_run_end end, uint32_t grace_ms,
                        const char *detail);
// Reads the request and does what it wants.
void wf_supervisor_obey(struct wf_supervisor *supervisor);
// Takes the steps that are due: of a stop, of the time limit, of watching the memory.
void wf_supervisor_step(struct wf_supervisor *supervisor);
// When the next of them is: milliseconds from now, -1: never.
int wf_supervisor_wait_ms(const struct wf_supervisor *supervisor);
// Sends SIGKILL to every process of the run. thorough: also to those that left the cgroup.
void wf_supervisor_kill_all(struct wf_supervisor *supervisor, bool thorough);
