// SPDX-License-Identifier: Apache-2.0
// What the machine is beside its GPUs.
#pragma once

#include "base/error.h"
#include "telemetry/sysroot.h"

// For whom to look: user is NULL (this process), a name or a number. Errors: WF_NOTFOUND.
enum wf_status wf_identity_find(const char *user, struct wf_identity *identity,
                                struct wf_error *err) WF_MUST_USE;

// Prints the home folder of the user, "" when there is none; returns home.
#define WF_HOME_BYTES 200
const char *wf_identity_home(const struct wf_identity *identity, char home[WF_HOME_BYTES]);

// Fills everything but sources and GPUs; machine->identity is set already.
void wf_machine_facts(const struct wf_sysroot *sysroot, const char *data_folder,
                      struct wf_machine *machine);

// Whether the daemon of MPS runs that has this folder: it leaves its socket behind when it ends,
// but takes its process number away.
bool wf_mps_runs(const struct wf_sysroot *sysroot, const char *folder);

// Which controllers a line like "cpuset cpu io memory pids" names.
uint32_t wf_controllers_of(const char *line);

// The path of the v2 cgroup in the text of /proc/PID/cgroup ("0::/user.slice"); false: there is
// none.
bool wf_cgroup_path_of(const char *text, char *path, size_t size);

// Into one line of text; PRETTY_NAME of /etc/os-release without its quotes.
void wf_os_name_of(const char *text, char *name, size_t size);
