// SPDX-License-Identifier: GPL-3.0-or-later
// The line that tells the daemon of a job.
#pragma once

#include <jansson.h>

#include "slurm/facts.h"

// facts are those of the same job. With now (seconds) for what lies in the future.
json_t *wf_job_line(const slurm_job_info_t *job, const struct wf_facts *facts, time_t now);

// A hash of all that the line tells. Looks bring every job again when one has changed: lines are
// made only for those whose hash is another one.
uint64_t wf_job_digest(const slurm_job_info_t *job);

// Members that change all the time and are no news by themselves: added once a line is told.
void wf_job_line_guess(json_t *line, const slurm_job_info_t *job);
