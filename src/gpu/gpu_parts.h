// SPDX-License-Identifier: Apache-2.0
// GPUs of one model in a node, where an engine counts the parts they are cut into (MIG).
#pragma once

#include "gpu/gpu_name.h"

struct wf_gpu_parts {
    int64_t whole; // GPUs that are not cut
    int64_t parts; // of all the others
    int64_t units; // that these parts have
    int64_t
        slices; // parts of one GPU, where all parts are alike; 0: there are none; -1: they differ
};

// Counts parts of one kind, which name tells ("A100" of 1 unit with 5 GiB).
void wf_gpu_parts_add(struct wf_gpu_parts *parts, const struct wf_gpu_name *name, int64_t count);

// How many GPUs that is, and into how many equal slices the core is to take them as cut (0: none).
// Parts that differ, or stand beside whole GPUs, are on the grid of units they are all cut from.
void wf_gpu_parts_sum(const struct wf_gpu_parts *parts, const struct wf_gpu_name *name,
                      int64_t *gpus_out, int64_t *slices_out);
