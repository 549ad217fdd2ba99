// SPDX-License-Identifier: Apache-2.0
// What a job waits for of other jobs, in Slurm's words. Slurm looks at it again only once the job
// is not held any more, so for jobs that we hold it is worked out from the picture. Internal to the
// daemon.
#pragma once

#include "engine/engine.h"

enum wf_slurm_depends {
    WF_SLURM_DEPENDS_MET,     // or on nothing
    WF_SLURM_DEPENDS_WAITS,   // some of them have not ended, or begun, yet
    WF_SLURM_DEPENDS_NEVER,   // one of them has ended otherwise than it wishes
    WF_SLURM_DEPENDS_STRANGE, // it is more than we understand
};

// A job that is not known any more counts as one that ended as it should: Slurm knows better, and
// looks when the job is to start.
enum wf_slurm_depends wf_slurm_depends(const struct wf_slurm_picture *picture, const char *text);
