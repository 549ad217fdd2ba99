// SPDX-License-Identifier: Apache-2.0
// From a spec to running processes: all that happens between fork and exec.
#pragma once

#include "engine/local/cgroup.h"
#include "engine/local/spec.h"

struct wf_launch {
    const struct wf_run_spec *spec;
    const struct wf_cgroup *cgroup;
    const char *token; // see struct wf_run_state
    // Where no cgroup keeps the limits; 0: none.
    uint64_t data_limit_bytes; // of each process
    uint64_t process_limit;    // of the user, threads counted
};

// The environment of one task: the submitter's without what chooses GPUs, then ours, then what the
// spec sets; the last of several with one name wins. Returns NULL without memory; freed by
// wf_environment_free.
char **wf_environment_make(const struct wf_launch *launch, uint32_t task);
void wf_environment_free(char **environment);

// Starts a task as the leader of a session of its own, its output going into a pipe whose other end
// is *output_out. Returns once the command itself runs. err says why it does not.
enum wf_status wf_launch_task(const struct wf_launch *launch, uint32_t task,
                              struct wf_process *leader_out, int *output_out,
                              struct wf_error *err) WF_MUST_USE;
