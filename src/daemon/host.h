// SPDX-License-Identifier: Apache-2.0
// This machine as the desk sees it: a site of one machine, whose GPUs are nodes, at the prices and
// with the queues that a description gives, or the program's own price table; and what GPUs that
// are granted mean here.
#pragma once

#include "daemon/desk/desk.h"

struct wf_host;

struct wf_host_config {
    const char *site;    // a description with prices and queues; NULL: none
    const char *sysroot; // as struct wf_telemetry_config has it, and the next
    const char *nvml_path;
    bool open;           // the engine has no cgroups, so that no device file is closed to anybody
    const char *data;    // folder: which slices runs have is kept below it
    const char *program; // this program, to start commands through its self-test
    // Whether anything runs here, so that GPUs must keep their numbers. NULL: nothing does.
    bool (*is_busy)(void *context);
    void *context;
};

// Looks at the machine, which may take seconds where a driver is slow. All texts are borrowed as
// long as the host lives. Errors: what telemetry and site say, WF_NOMEM.
enum wf_status wf_host_open(const struct wf_host_config *config, struct wf_host **host_out,
                            struct wf_error *err) WF_MUST_USE;
void wf_host_close(struct wf_host *host);

// Looks again. GPUs keep their numbers as long as work runs here, and from one daemon to the next.
// Errors: as above; everything stays as it was then.
enum wf_status wf_host_look_again(struct wf_host *host, struct wf_error *err) WF_MUST_USE;

// Whether it is to be looked at again once nothing runs: GPUs came or went meanwhile.
bool wf_host_waits(const struct wf_host *host);

// Borrowed until it is looked at again.
const struct wf_site *wf_host_site(const struct wf_host *host);
const uint64_t *wf_host_model_memory_mib(const struct wf_host *host);
const struct wf_desk_granter *wf_host_granter(const struct wf_host *host);
