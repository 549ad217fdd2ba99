// SPDX-License-Identifier: Apache-2.0
// What else Slurm is said to have that decides where and when jobs may start, as plain values, with
// texts as in record.h.
#pragma once

#include "engine/slurm/record.h"

// Nodes that are kept for some at a time. Who may run in it Slurm sees to.
struct wf_slurm_reservation {
    const char *name;
    wf_slurm_texts nodes; // whole ones to us, also where Slurm keeps only some of their cores
    uint32_t node_count;
    int64_t start_ms, end_ms;
};

// Something of which there is a number for the whole cluster.
struct wf_slurm_license {
    const char *name;
    uint32_t total, used, reserved;
};
