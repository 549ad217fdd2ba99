// SPDX-License-Identifier: Apache-2.0
// The program that supervisors are: `whaleflux-supervisor`, a small one, so that a run costs little
// however much the daemon's program is linked with.
#pragma once

#include "base/error.h"

// Opens what is executed as `PROGRAM supervise ...` (O_PATH): wish, or when that is NULL the
// supervisor beside this very program, the one where it is installed, or else this very program.
// An open one stays the same when a newer version is put in its place. Returns -1 on an error.
int wf_program_open(const char *wish, struct wf_error *err) WF_MUST_USE;

// Where to find an open one again, for exec.
#define WF_PROGRAM_PATH_BYTES 40
void wf_program_path(int program, char path[WF_PROGRAM_PATH_BYTES]);
