// SPDX-License-Identifier: Apache-2.0
// Engines carry decisions out. An engine starts runs: one run is one attempt at a job, with an id
// of its own that is never used for another. Every call is idempotent by that id, so that whoever
// was killed in the middle may simply say everything again. Engines are the truth about what runs.
//
// An engine belongs to one thread and never blocks it for long: a start costs that of a small
// process, a look at a log that of a few file calls. It has one descriptor to poll. When that is
// readable, ask next() until it is false, then next_log() until it is false. An end makes it
// readable as it happens, whoever caused it, and whichever process started the run.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/run.h"
#include "engine/slurm/slurm.h"

struct wf_engine_config {
    const char *data;    // its folder; runs are kept in data/jobs
    const char *program; // executed as `PROGRAM supervise ...`; NULL: whaleflux-supervisor, found
    const char *cgroup;  // folder under which runs get their cgroups; NULL: found out; "none"
    const struct wf_slurm_config *slurm; // of the Slurm engine, which needs no other but data
};

struct wf_engine;

struct wf_engine_kind {
    const char *name;
    // Finds what earlier processes with the same data left running, and takes it on.
    enum wf_status (*open)(const struct wf_engine_config *config, struct wf_engine **engine_out,
                           struct wf_error *err);
    // Leaves all runs running. NULL is allowed.
    void (*close)(struct wf_engine *engine);
    // Has started it when next() says so. Again with the same spec: nothing; with another one:
    // WF_EXISTS. Bad specs are WF_INVALID or WF_LIMIT, a full disk WF_IO; then there is no run.
    enum wf_status (*start)(struct wf_engine *engine, const struct wf_run_spec *spec,
                            struct wf_error *err);
    // Checkpoint signal, its time, SIGTERM, grace, SIGKILL. A second stop can only be sooner: with
    // a shorter grace the time for the checkpoint is over, too.
    enum wf_status (*stop)(struct wf_engine *engine, const char *id, enum wf_run_stop why,
                           uint32_t grace_ms, struct wf_error *err);
    // Holds its processes, or lets them go on. Work that a GPU has taken goes on.
    enum wf_status (*pause)(struct wf_engine *engine, const char *id, bool paused,
                            struct wf_error *err);
    // Tells it its checkpoint signal and lets it run on. Nothing where it has none, or is stopped.
    enum wf_status (*checkpoint)(struct wf_engine *engine, const char *id, struct wf_error *err);
    // Calls visit for each run, in the order of their ids.
    void (*list)(struct wf_engine *engine, void (*visit)(void *context, const struct wf_run *run),
                 void *context);
    // Readable when next() or next_log() has something to say. Good for poll; owned by the engine.
    int (*descriptor)(const struct wf_engine *engine);
    // Tells a run that began or ended since it was last told. After open(): each run there is.
    bool (*next)(struct wf_engine *engine, struct wf_run *run_out);
    // Reads what a task wrote. No output yet is an empty piece.
    enum wf_status (*log_read)(struct wf_engine *engine, const char *id, struct wf_log_piece *piece,
                               struct wf_error *err);
    // Has next_log() tell, once, that the task wrote more than offset bytes, or that no more will
    // come. Again for the same task: the offset is replaced.
    enum wf_status (*log_await)(struct wf_engine *engine, const char *id, uint32_t task,
                                uint64_t offset, struct wf_error *err);
    // To be asked after next(). What it tells may have been forgotten meanwhile.
    bool (*next_log)(struct wf_engine *engine, char id_out[WF_RUN_ID_MAX + 1], uint32_t *task_out);
    // Removes all that is kept of a run that ended or never began. Unknown ids are forgotten
    // already.
    enum wf_status (*forget)(struct wf_engine *engine, const char *id, struct wf_error *err);
    // Engines that run work which others asked for, of which they know more than the runs they
    // started: ends the work with that key. PREEMPTED: it waits again, and is not started by others
    // meanwhile; CANCELLED: for good, also while it waits; WITHDRAWN: it goes on waiting, or
    // runs where it has begun to. NULL: an engine that runs what it is
    // told and nothing else.
    enum wf_status (*end_work)(struct wf_engine *engine, const char *key, enum wf_run_stop why,
                               uint32_t grace_ms, struct wf_error *err);
};

extern const struct wf_engine_kind wf_engine_local;
extern const struct wf_engine_kind wf_engine_slurm;          // engine/slurm/slurm.h
extern const struct wf_engine_kind *const wf_engine_kinds[]; // ends with NULL

// What `PROGRAM supervise` does: arguments are those after the verb. Returns the exit status.
int wf_engine_supervise(int argc, char **argv);
