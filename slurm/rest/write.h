// SPDX-License-Identifier: GPL-3.0-or-later
// Changes as slurmrestd takes them. What is made is the caller's.
#pragma once

#include "slurm/rest/api.h"

json_t *wf_rest_write_job(const job_desc_msg_t *change);
json_t *wf_rest_write_kill(const char *name, uint16_t signal, uint16_t flags);
json_t *wf_rest_write_requeue(const char *name, uint32_t flags);
json_t *wf_rest_write_node(const update_node_msg_t *change);
char *wf_rest_node_path(const char *name);
