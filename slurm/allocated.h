// SPDX-License-Identifier: GPL-3.0-or-later
// What a job has on each of its nodes.
#pragma once

#include <jansson.h>

#include "slurm/compat.h"

// One entry a node; empty for a job that has nothing now.
json_t *wf_allocated(const slurm_job_info_t *job);
