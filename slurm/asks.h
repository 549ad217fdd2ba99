// SPDX-License-Identifier: GPL-3.0-or-later
// The GPUs, shards and other generic resources that a job asks for.
#pragma once

#include <jansson.h>

#include "slurm/compat.h"

// Adds gpus_per_node, gpus_per_task, gpus_per_socket, gpus_total, shards_... and gres_other.
void wf_asks_add(json_t *line, const slurm_job_info_t *job);

// [{"type","count"}] of a node's gres; *shards_out is their number.
json_t *wf_asks_of_node(const char *gres, int64_t *shards_out);
