// SPDX-License-Identifier: GPL-3.0-or-later
// What Slurm writes about generic resources, in all its spellings: "gpu:h100:8(S:0-1),shard:64" of
// a node, "gres:gpu:h100:2" (22.05) and "gres/gpu:h100=2" (24.11) of a request,
// "gpu:h100:2(IDX:0-1)" of an allocation.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wf_gres {
    char name[64]; // "gpu"; what is longer is cut
    char type[64]; // "h100", "" where none is said
    uint64_t count;
    char index[256];  // "0-1" of "(IDX:0-1)", "" where none is said
    const char *text; // the entry as Slurm wrote it, borrowed, with its length
    size_t length;
};

// Reads the entry at *text and moves *text to the next. Returns false at the end. Entries without a
// count count one; K, M and G multiply by 1024 as Slurm has it.
bool wf_gres_next(const char **text, struct wf_gres *gres);

// What is left of a resource's word after "gres:" or "gres/".
const char *wf_gres_bare(const char *text);
