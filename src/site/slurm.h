// SPDX-License-Identifier: Apache-2.0
// What scontrol's nodes and slurm.conf have in common: a node as Slurm speaks of it.
#pragma once

#include "site/builder.h"

#define WF_SLURM_VALUE_BYTES 4096 // of one value that is looked at: gres, features, partitions

struct wf_slurm_node {
    const char *name;
    const char *gres;       // "gpu:h100:8(S:0-1),shard:64"; "" or "(null)": none
    const char *features;   // with ',' between them
    const char *partitions; // likewise; ""
    int64_t cpus, memory_mib;
    bool cloud; // rented while it is up
};

// Adds it; a node with GPUs of several models becomes one node for each, as a pool has one model:
// they share its CPU and memory by their GPUs, and all but the first are named "node:MODEL". Counts
// such nodes in *split.
enum wf_status wf_slurm_add_node(struct wf_site_builder *builder, const struct wf_slurm_node *node,
                                 uint32_t *split, struct wf_error *err) WF_MUST_USE;
