// SPDX-License-Identifier: Apache-2.0
// Somebody asks something of the desk and wants to know what became of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "store/store.h"

// Who asks. Texts are borrowed for the call.
struct wf_asker {
    const char *name; // of the token or the user, for the audit
    const char *role; // likewise
    const char *over; // likewise: "socket", "tls", "loopback"
    const char *user; // whose work it submits, a user of this machine
    uint32_t uid;     // of that user; UINT32_MAX: looked up by name
    bool all;         // may change work of others (operator, admin)
};

struct wf_desk_answer {
    enum wf_status status; // WF_OK, or WF_IO: it is not on the disk, and nothing was done
    const char *why;       // a sentence where it is not WF_OK
    uint64_t id;           // of the job (of an array: its first), or of the token
    uint32_t count;        // jobs of the array, or 1
    enum wf_job_state state;
};

struct wf_desk_ask {
    const struct wf_asker *actor; // borrowed for the call
    bool dry_run;
    void (*done)(void *context, const struct wf_desk_answer *answer); // NULL: nobody waits
    void *context;
    // Out, where it is refused at once:
    char field[64]; // of the document; "": none in particular
    bool denied;    // the actor may not
};

// What the GPUs that the core grants mean on this machine: variables and rules about device files.
struct wf_desk_want {
    const char *id; // of the run
    const char *node;
    const uint32_t *task_gpus; // by task: set of the node's GPUs; 0: none, and none is visible
    uint32_t tasks;
    uint16_t gpu_milli; // share of each
};
#define WF_DESK_DEVICES_MAX WF_RUN_DEVICE_RULES_MAX
#define WF_DESK_REGION_BYTES 64
struct wf_desk_made {
    struct wf_run_variable *variables; // each text and the list are of malloc: the desk frees them
    uint32_t variable_count;
    struct wf_device_rule devices[WF_DESK_DEVICES_MAX];
    uint32_t device_count;
    struct wf_gpu_memory gpu_memory[WF_NODE_GPUS_MAX];
    char regions[WF_NODE_GPUS_MAX][WF_DESK_REGION_BYTES]; // that those point to
    uint32_t gpu_memory_count;
    char *warnings;            // of malloc, the desk frees it: what cannot be kept apart, or NULL
    const char *const *prefix; // words before the command, NULL ends; borrowed. NULL: none
};
// Of a share of a GPU: kept by hardware or kernel, by a library that a job can get around, or not.
enum wf_desk_sharing_level { WF_DESK_SHARING_NONE, WF_DESK_SHARING_SOFT, WF_DESK_SHARING_HARD };
struct wf_desk_sharing {
    enum wf_desk_sharing_level level;
    char by[48]; // "MIG", "partitions", "dmem cgroup", "MPS", "nothing"
};
enum wf_desk_wish {
    WF_DESK_WISH_NOTHING,
    WF_DESK_WISH_CLOSED,
    WF_DESK_WISH_OPEN, // what it was closed for is over
};
struct wf_desk_granter {
    // Errors: WF_NOTFOUND (a GPU is not there any more), WF_LIMIT, WF_INVALID: the run will never
    // start; WF_NOMEM, WF_IO: it is tried again.
    enum wf_status (*grant)(void *context, const struct wf_desk_want *want,
                            struct wf_desk_made *made_out, struct wf_error *err);
    // The run has ended, or never began.
    void (*release)(void *context, const char *id);
    // How well a share of one of the node's GPUs is kept. False: it has none, or nobody knows.
    // NULL: nobody does, of any node; likewise of the next.
    bool (*sharing)(void *context, const char *node, struct wf_desk_sharing *out);
    // Whether the node is to take new work, for reasons of its GPUs; why gets a sentence.
    enum wf_desk_wish (*wish)(void *context, const char *node, char *why, size_t size);
    void *context;
};
