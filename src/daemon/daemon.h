// SPDX-License-Identifier: Apache-2.0
// The daemon's loop: one thread that owns the desk, a worker that writes batches, the engine's
// descriptor, timers and signals. SIGTERM and SIGINT end it and leave runs running; SIGHUP has it
// look at the machine and its files again.
//
// What speaks to the world is the front (HTTP): it lives in the same loop and calls the desk as it
// likes; the loop sees to batches before it sleeps.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

typedef struct uv_loop_s uv_loop_t;
struct wf_desk;
struct wf_slurm_config;
struct wf_hags_watch;

// What a front is given; all of it outlives the front.
struct wf_daemon_parts {
    uv_loop_t *loop;
    struct wf_desk *desk;
    const struct wf_hags_watch *hags; // NULL: no Windows hosts are watched
    const char *data;                 // the data folder
    const char *listen;               // address as the user gave it; NULL: the default
    const char *version;
    bool users; // runs are started as those whose work they are: the daemon is root
    void (*log)(void *context, const char *line);
    void *log_context;
    int64_t (*now_ms)(void *context); // the wall clock, with now_context
    void *now_context;
};

struct wf_daemon_front {
    enum wf_status (*open)(const struct wf_daemon_parts *parts, void **front_out,
                           struct wf_error *err);
    // Says where one reaches it and, the first time, with which token: a few lines.
    void (*greet)(void *front, FILE *out);
    // Reads again what it has from files, its certificate (SIGHUP). NULL: there is nothing.
    enum wf_status (*renew)(void *front, struct wf_error *err);
    // Stops: its handles are closed when the loop has run on. The desk is still there.
    void (*close)(void *front);
    // After the loop: frees it.
    void (*destroy)(void *front);
};

struct wf_daemon_config {
    const char *data;  // NULL: ~/.whaleflux
    const char *site;  // a description of prices and queues; NULL: none
    const char *watch; // which Windows hosts are looked at, and when; NULL: none
    const char *listen;
    const char *version;
    const char *policy, *discipline; // NULL: the usual ones
    const char *spot;       // who says that this machine is taken: see struct wf_spot_config
    const char *supervisor; // as struct wf_engine_config has program, and the next
    const char *cgroup;     // as struct wf_engine_config has it
    const char *sysroot;    // as struct wf_telemetry_config has it, and the next
    const char *nvml_path;
    int64_t core_price_nanousd_per_hour; // of a CPU core; 0: none is set
    bool moves;                          // as struct wf_desk_config has it, and the next
    int64_t move_cost_max_nanousd;
    uint64_t snapshot_lines; // of the journal between two snapshots; 0: the usual
    // A Slurm cluster in place of this machine; NULL: none. Its context and say are not looked at.
    const struct wf_slurm_config *slurm;
    const struct wf_daemon_front *front; // NULL: none, for tests
    FILE *out;                           // greeting and log lines
    int ready;                           // a descriptor that gets one byte when it is up; -1: none
};

// Runs until it is told to end. Errors: WF_EXISTS (another daemon has the data folder), and what
// its parts say.
enum wf_status wf_daemon_serve(const struct wf_daemon_config *config,
                               struct wf_error *err) WF_MUST_USE;
