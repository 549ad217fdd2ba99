// SPDX-License-Identifier: GPL-3.0-or-later
// What the adapter takes from libslurm's structs, for the build that has no libslurm: the same
// names, only those members that are read. Texts belong to the message that they came in.
#pragma once

#include <stdint.h>
#include <time.h>

#include <jansson.h>

#include "slurm/rest/words.h"

typedef struct {
    uint32_t job_id, array_job_id, array_task_id, array_max_tasks, het_job_id, het_job_offset;
    uint32_t user_id, job_state, state_reason, priority, nice;
    uint32_t num_nodes, max_nodes, num_tasks, num_cpus, time_limit, exit_code;
    uint16_t ntasks_per_node, cpus_per_task, pn_min_cpus, requeue, restart_cnt, batch_flag;
    uint16_t exclusive;
    uint64_t pn_min_memory;
    time_t submit_time, eligible_time, deadline, start_time, end_time, pre_sus_time;
    const char *array_task_str, *name, *user_name, *account, *qos, *partition, *nodes, *req_nodes,
        *exc_nodes, *features, *prefer, *licenses, *resv_name, *dependency, *comment,
        *admin_comment, *work_dir, *std_out, *tres_per_job, *tres_per_node, *tres_per_socket,
        *tres_per_task, *tres_alloc_str, *reason_word;
    const char **gres_detail_str; // one a node
    uint32_t gres_detail_cnt;
    const json_t *job_resrcs; // the nodes' shares
} slurm_job_info_t;

typedef struct {
    const char *name, *reason, *features, *features_act, *gres;
    uint32_t node_state, weight;
    uint16_t cpus, cpus_efctv;
    uint64_t real_memory, mem_spec_limit;
    time_t boot_time, reason_time;
    const json_t *partitions; // names
} node_info_t;

typedef struct {
    const char *name, *nodes;
    uint32_t state_up, flags, max_time, default_time, priority_tier;
} partition_info_t;

typedef struct {
    const char *name;
    uint32_t total, in_use, reserved;
} slurm_license_info_t;

typedef struct {
    const char *name, *node_list, *users, *accounts, *partition;
    time_t start_time, end_time;
    uint64_t flags;
} reserve_info_t;

// A message: body is what slurmrestd said, made what had to be put together from it.
#define WF_REST_MESSAGE                                                                            \
    time_t last_update;                                                                            \
    uint32_t record_count;                                                                         \
    json_t *body, *made

typedef struct {
    WF_REST_MESSAGE;
    slurm_job_info_t *job_array;
    const char **details;
} job_info_msg_t;

typedef struct {
    WF_REST_MESSAGE;
    node_info_t *node_array;
} node_info_msg_t;

typedef struct {
    WF_REST_MESSAGE;
    partition_info_t *partition_array;
} partition_info_msg_t;

typedef struct {
    WF_REST_MESSAGE;
    uint32_t num_lic;
    slurm_license_info_t *lic_array;
} license_info_msg_t;

typedef struct {
    WF_REST_MESSAGE;
    reserve_info_t *reservation_array;
} reserve_info_msg_t;

typedef struct {
    time_t last_update;
    json_t *body, *made;
    const char *version, *cluster_name, *accounting_storage_type, *sched_params, *select_type,
        *job_submit_plugins, *priority_type, *authinfo, *resume_program, *slurm_conf;
    uint32_t max_job_cnt, min_job_age, suspend_time, slurm_user_id;
    uint16_t msg_timeout, job_requeue, preempt_mode, private_data;
} slurm_conf_t;
