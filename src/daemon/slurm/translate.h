// SPDX-License-Identifier: Apache-2.0
// A job of Slurm in our words: what a job has on one node is a task. What we have no word for, or
// could only guess at, is not decided by us: it gets a sentence and is left to Slurm. Internal to
// the daemon.
#pragma once

#include "daemon/slurm/cluster.h"
#include "jobfile/document.h"

struct wf_slurm_words {
    struct wf_job_document document; // the caller finishes it
    bool left;                       // to Slurm, for this reason:
    char why[WF_SLURM_WHY_BYTES];
    bool waits; // it is ours, and Slurm sees to what it waits for, such as other jobs: see why
};

// What is asked for is in the document also where the job is left to Slurm, as far as it is known.
// Errors: WF_NOMEM; WF_INVALID, WF_LIMIT (no document can hold it).
enum wf_status wf_slurm_translate(const struct wf_slurm_cluster *cluster,
                                  const struct wf_slurm_view *view, const struct wf_slurm_job *job,
                                  struct wf_slurm_words *words_out,
                                  struct wf_error *err) WF_MUST_USE;
