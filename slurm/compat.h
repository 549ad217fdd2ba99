// SPDX-License-Identifier: GPL-3.0-or-later
// Where the versions of libslurm differ (22.05 to 26.05): all of it here, found out by meson, so
// that no other file asks for a version.
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#ifndef WF_SLURM_REST

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <slurm/slurm_version.h>
#include <slurm/slurmdb.h>

// Lists are pointers behind a typedef in 22.05 and plain pointers later.
typedef __typeof__(slurm_hostlist_create((const char *)0)) wf_hostlist;
typedef __typeof__(((assoc_mgr_info_msg_t *)0)->qos_list) wf_list;
typedef __typeof__(slurm_list_iterator_create((wf_list)0)) wf_list_iterator;

// Exported by every version, declared by none.
void slurm_free_stats_response_msg(stats_info_response_msg_t *message);
void slurm_xfree_ptr(void *pointer);

// 26.05 names jobs by a struct.
#ifdef WF_SLURM_HAS_STEP_IDS
#define wf_slurm_job_id(job) ((job)->step_id.job_id)
#define wf_slurm_desc_job_id(desc) ((desc)->step_id.job_id)
#else
#define wf_slurm_job_id(job) ((job)->job_id)
#define wf_slurm_desc_job_id(desc) ((desc)->job_id)
#endif

static inline int wf_slurm_load_job(job_info_msg_t **jobs, uint32_t id, uint16_t flags)
{
#ifdef WF_SLURM_HAS_STEP_IDS
    slurm_step_id_t step = SLURM_STEP_ID_INITIALIZER;
    step.job_id = id;
    return slurm_load_job(jobs, step, flags);
#else
    return slurm_load_job(jobs, id, flags);
#endif
}

// 22.05's own call leaves two texts of every job behind, which comes to gigabytes a day.
static inline void wf_slurm_free_jobs(job_info_msg_t *jobs)
{
    for (uint32_t i = 0; i < jobs->record_count; i++) {
        slurm_xfree_ptr(jobs->job_array[i].admin_comment);
        slurm_xfree_ptr(jobs->job_array[i].prefer);
        jobs->job_array[i].admin_comment = NULL;
        jobs->job_array[i].prefer = NULL;
    }
    slurm_free_job_info_msg(jobs);
}

// Older versions hide cloud nodes that are off, unless this is in PrivateData.
#ifdef PRIVATE_CLOUD_NODES
#define WF_SLURM_SHOWS_CLOUD PRIVATE_CLOUD_NODES
#else
#define WF_SLURM_SHOWS_CLOUD 0
#endif

#ifdef WF_SLURM_HAS_FREE_CONF
#define wf_slurm_free_conf slurm_free_conf
#else
#define wf_slurm_free_conf slurm_free_ctl_conf
#endif

#ifdef WF_SLURM_HAS_STATE_REASON
const char *slurm_job_state_reason_string(enum job_state_reason reason);
#define wf_slurm_reason(job)                                                                       \
    slurm_job_state_reason_string((enum job_state_reason)(job)->state_reason)
#else
const char *slurm_job_reason_string(enum job_state_reason reason);
#define wf_slurm_reason(job) slurm_job_reason_string((enum job_state_reason)(job)->state_reason)
#endif

// "22.05.8"; space takes 16 bytes.
static inline const char *wf_slurm_version(char *space, size_t size)
{
    snprintf(space, size, "%d.%02d.%d", SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
             SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER), SLURM_VERSION_MICRO(SLURM_VERSION_NUMBER));
    return space;
}

// Jobs that have nodes of their own for good; older versions say it by `shared` alone.
#ifdef WF_SLURM_HAS_EXCLUSIVE
#define wf_slurm_is_exclusive(job) ((job)->exclusive == JOB_EXCLUSIVE_NODE)
#else
#define wf_slurm_is_exclusive(job) ((job)->shared == JOB_SHARED_NONE)
#endif

// One part of the time in so many may be spent in calls.
#define WF_SLURM_LOOK_SHARE 20
// Between two looks at jobs where we decide.
#define WF_SLURM_JOBS_MS 250

// Whom Slurm takes us for.
#define wf_slurm_user geteuid

// Why a single task of a waiting array cannot be started; NULL: it can.
#define WF_SLURM_TASKS_WHY NULL

static inline bool wf_slurm_node_is_in(const node_info_t *node, int32_t index,
                                       const partition_info_t *partition)
{
    const int32_t *pair = partition->node_inx;

    (void)node;
    for (; pair != NULL && pair[0] >= 0; pair += 2) {
        if (index >= pair[0] && index <= pair[1]) {
            return true;
        }
    }
    return false;
}

#else // without libslurm its calls go over slurmrestd
#include "slurm/rest/compat.h"
#endif
