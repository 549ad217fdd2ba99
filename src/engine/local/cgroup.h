// SPDX-License-Identifier: Apache-2.0
// The control group (version 2) of a run: limits, and a way to end every process of it at once,
// however it hid. What the machine or our rights do not give is said, not pretended.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/local/state.h"
#include "engine/run.h"

// Finds (and makes) the folder under which this machine's runs get their groups. wish: see struct
// wf_engine_config. name tells engines apart. False: reason says why there are none.
bool wf_cgroup_find_parent(const char *wish, const char *name, char path[WF_CGROUP_BYTES],
                           char reason[256]);

struct wf_cgroup {
    int folder; // -1: none
    char path[WF_CGROUP_BYTES];
};

// Makes, or opens, the group id under parent. Otherwise cgroup_out->folder is -1 and run gets a
// warning.
void wf_cgroup_make(const char *parent, const char *id, struct wf_cgroup *cgroup_out,
                    struct wf_run *run);
// Opens one that may be there; false: it is not.
bool wf_cgroup_open(const char *path, struct wf_cgroup *cgroup_out);
void wf_cgroup_close(struct wf_cgroup *cgroup);

// Which limits the kernel keeps for a whole group.
struct wf_cgroup_kept {
    bool memory;
    bool processes;
};

// Sets what spec asks for and the machine can; warns of the rest.
struct wf_cgroup_kept wf_cgroup_limit(const struct wf_cgroup *cgroup,
                                      const struct wf_run_spec *spec, struct wf_run *run);

// All of these do nothing, and the questions answer no, where there is no group.
bool wf_cgroup_kill(const struct wf_cgroup *cgroup);
bool wf_cgroup_freeze(const struct wf_cgroup *cgroup, bool frozen);
bool wf_cgroup_is_populated(const struct wf_cgroup *cgroup);
bool wf_cgroup_ran_out_of_memory(const struct wf_cgroup *cgroup);
uint64_t wf_cgroup_memory(const struct wf_cgroup *cgroup); // of its processes, one by one
void wf_cgroup_usage(const struct wf_cgroup *cgroup, struct wf_run *run);

// Removes an empty group with all below it. False: something still runs in it.
bool wf_cgroup_remove(const char *path);
