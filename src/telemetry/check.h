// SPDX-License-Identifier: Apache-2.0
// Adds findings to a list; the two halves of wf_machine_check.
#pragma once

#include "telemetry/telemetry.h"

// Codes of findings, in the order of docs/doctor.md.
#define WF_CODE_MACHINE "machine"
#define WF_CODE_SYSTEMD "systemd"
#define WF_CODE_CLOCK "clock"
#define WF_CODE_DISK "disk"
#define WF_CODE_CGROUP "cgroup"
#define WF_CODE_CGROUP_CONTROLLERS "cgroup-controllers"
#define WF_CODE_CGROUP_DELEGATION "cgroup-delegation"
#define WF_CODE_DEVICE_FILTER "device-filter"
#define WF_CODE_LIMIT_FILES "limit-files"
#define WF_CODE_LIMIT_PROCESSES "limit-processes"
#define WF_CODE_LIMIT_LOCKED "limit-locked-memory"
#define WF_CODE_LIMIT_MAPS "limit-maps"
#define WF_CODE_GPU_NONE "gpu-none"
#define WF_CODE_GPU_SOURCE "gpu-source"
#define WF_CODE_GPU "gpu"
#define WF_CODE_GPU_DRIVER "gpu-driver"
#define WF_CODE_GPU_FILES "gpu-files"
#define WF_CODE_GPU_UNUSABLE "gpu-unusable"
#define WF_CODE_GPU_NAME "gpu-name"
#define WF_CODE_GPU_SHARES "gpu-shares"
#define WF_CODE_GPU_COUNT "gpu-count"

// Adds one and returns it, so that its mend can be written. Past the end of the list the last one
// is overwritten: there is room for everything that a machine can have.
struct wf_finding *wf_findings_add(struct wf_findings *findings, enum wf_severity severity,
                                   const char *code, const char *format, ...) WF_PRINTF(4, 5);

void wf_finding_mend(struct wf_finding *finding, const char *format, ...) WF_PRINTF(2, 3);

void wf_check_gpus(const struct wf_machine *machine, struct wf_findings *findings);
