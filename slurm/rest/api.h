// SPDX-License-Identifier: GPL-3.0-or-later
// Those calls of libslurm that the adapter makes, carried out over slurmrestd: same names, same
// meaning, for the build that has no libslurm. See slurm/README.md.
#pragma once

#include "slurm/rest/things.h"

typedef struct {
    uint32_t command_id;
} stats_info_request_msg_t;

typedef struct {
    time_t req_time;
    uint32_t dbd_agent_queue_size;
} stats_info_response_msg_t;

// Lists: arrays of pointers, ended by NULL.
typedef struct wf_rest_list {
    void **items;
} list_t;
typedef struct {
    void **next;
} list_itr_t;

typedef struct {
    uint32_t id, priority, grp_jobs, max_jobs_pu, max_submit_jobs_pu, max_wall_pj;
    const char *name, *grp_tres, *max_tres_pu, *max_tres_pj;
} slurmdb_qos_rec_t;

typedef struct {
    double shares_norm;
    double usage_norm;
} slurmdb_assoc_usage_t;

typedef struct {
    uint32_t id, shares_raw, grp_jobs, max_jobs, max_submit_jobs, max_wall_pj, def_qos_id;
    const char *acct, *user, *parent_acct, *partition, *grp_tres, *max_tres_pj;
    slurmdb_assoc_usage_t *usage;
    list_t *qos_list;
} slurmdb_assoc_rec_t;

typedef struct {
    const char *name;
    uint16_t admin_level;
} slurmdb_user_rec_t;

typedef struct {
    uint32_t flags;
} assoc_mgr_info_request_msg_t;

typedef struct {
    list_t *assoc_list, *qos_list, *user_list;
    json_t *bodies, *made;
} assoc_mgr_info_msg_t;

typedef struct {
    uint32_t job_id, min_nodes, max_nodes, priority, alloc_sid;
    time_t begin_time;
    char *job_id_str, *req_nodes, *comment, *admin_comment;
} job_desc_msg_t;

typedef struct {
    uint32_t job_array_count;
    uint32_t *error_code;
} job_array_resp_msg_t;

typedef struct {
    char *node_names, *reason;
    uint32_t node_state;
} update_node_msg_t;

const char *slurm_strerror(int errnum);

int slurm_load_jobs(time_t updated, job_info_msg_t **found, uint16_t flags);
int slurm_load_job(job_info_msg_t **found, uint32_t id, uint16_t flags);
void slurm_free_job_info_msg(job_info_msg_t *message);
int slurm_job_cpus_allocated_on_node_id(const json_t *resources, int node);
int slurm_load_node(time_t updated, node_info_msg_t **found, uint16_t flags);
int slurm_load_node_single(node_info_msg_t **found, char *name, uint16_t flags);
void slurm_free_node_info_msg(node_info_msg_t *message);
int slurm_load_partitions(time_t updated, partition_info_msg_t **found, uint16_t flags);
void slurm_free_partition_info_msg(partition_info_msg_t *message);
int slurm_load_licenses(time_t updated, license_info_msg_t **found, uint16_t flags);
void slurm_free_license_info_msg(license_info_msg_t *message);
int slurm_load_reservations(time_t updated, reserve_info_msg_t **found);
void slurm_free_reservation_info_msg(reserve_info_msg_t *message);
int slurm_load_ctl_conf(time_t updated, slurm_conf_t **found);
void slurm_free_conf(slurm_conf_t *conf);
int slurm_get_statistics(stats_info_response_msg_t **found, stats_info_request_msg_t *request);
void slurm_free_stats_response_msg(stats_info_response_msg_t *message);

int slurm_load_assoc_mgr_info(assoc_mgr_info_request_msg_t *request, assoc_mgr_info_msg_t **found);
void slurm_free_assoc_mgr_info_msg(assoc_mgr_info_msg_t *message);
list_itr_t *slurm_list_iterator_create(list_t *list);
void *slurm_list_next(list_itr_t *iterator);
void slurm_list_iterator_destroy(list_itr_t *iterator);

void slurm_init_job_desc_msg(job_desc_msg_t *change);
int slurm_update_job(job_desc_msg_t *change);
int slurm_update_job2(job_desc_msg_t *change, job_array_resp_msg_t **answers);
int slurm_kill_job2(const char *name, uint16_t signal, uint16_t flags, const char *sibling);
int slurm_requeue2(const char *name, uint32_t flags, job_array_resp_msg_t **answers);
void slurm_free_job_array_resp(job_array_resp_msg_t *answers);
void slurm_init_update_node_msg(update_node_msg_t *change);
int slurm_update_node(update_node_msg_t *change);
