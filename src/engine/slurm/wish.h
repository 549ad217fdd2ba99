// SPDX-License-Identifier: Apache-2.0
// Words that people write into texts of Slurm's for WhaleFlux: how a job wants to save its work, in
// its comment; that a node is to be taken away, in the reason for which it is drained.
#pragma once

#include "engine/slurm/record.h"

#define WF_SLURM_SAVE_MS 30000   // time for saving where no other is told,
#define WF_SLURM_NOTICE_MS 30000 // and from a notice until the node goes

// Of "whaleflux:checkpoint=USR1@30" anywhere in a comment: a signal by its name or number, "B:"
// before it where it is for the batch script and not for the job's steps, and how many seconds
// saving may take.
struct wf_slurm_checkpoint {
    uint32_t signal; // 0: none is asked for
    bool to_batch;
    int64_t save_ms;
};
struct wf_slurm_checkpoint wf_slurm_read_checkpoint(const char *comment);

// When a node goes, in milliseconds since 1970; 0: nobody says that it does. It does where it is
// drained and the reason begins with "reclaim": then at "2026-11-23T08:22:00Z", or so long after
// the reason was written ("120s", "2m"), or after WF_SLURM_NOTICE_MS.
int64_t wf_slurm_gone_ms(const struct wf_slurm_node *node);
