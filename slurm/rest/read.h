// SPDX-License-Identifier: GPL-3.0-or-later
// slurmrestd's answers as libslurm's messages. Each takes the body over, which may be anything; the
// message is the caller's, to be freed by its slurm_free call.
#pragma once

#include "slurm/rest/api.h"

job_info_msg_t *wf_rest_read_jobs(json_t *body);
node_info_msg_t *wf_rest_read_nodes(json_t *body);
partition_info_msg_t *wf_rest_read_partitions(json_t *body);
license_info_msg_t *wf_rest_read_licenses(json_t *body);
reserve_info_msg_t *wf_rest_read_reservations(json_t *body);
slurm_conf_t *wf_rest_read_conf(json_t *body);

// Those of bodies that are not NULL: associations, their use ("shares"), qos, users.
struct wf_rest_accounts {
    json_t *associations, *shares, *qos, *users;
};
assoc_mgr_info_msg_t *wf_rest_read_accounts(const struct wf_rest_accounts *bodies);

// The error that an answer tells, 0 for none; *text_out is slurmrestd's sentence, in the body.
int wf_rest_read_error(const json_t *body, const char **text_out);
