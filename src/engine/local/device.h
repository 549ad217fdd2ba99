// SPDX-License-Identifier: Apache-2.0
// Which device files a group's processes may open, kept by the kernel: a program of a few
// instructions, made here and attached to the group. A program that is refused makes an open fail
// with "operation not permitted", and GPU libraries then report that there is no device.
#pragma once

#include "engine/local/cgroup.h"

// One instruction of the kernel's, as <linux/bpf.h> lays it out.
struct bpf_insn;

#define WF_DEVICE_PROGRAM_MAX (6 + WF_RUN_DEVICE_RULES_MAX * 6)

// Makes the program; returns its length.
uint32_t wf_device_program(const struct wf_device_rule *rules, uint32_t count,
                           struct bpf_insn *program);

// Attaches it; nothing where there are no rules. Warns where that is not possible.
void wf_device_limit(const struct wf_cgroup *cgroup, const struct wf_run_spec *spec,
                     struct wf_run *run);
