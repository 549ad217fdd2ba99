// SPDX-License-Identifier: GPL-3.0-or-later
// What slurm/compat.h has of libslurm, of the calls over slurmrestd.
#pragma once

#include "slurm/rest/api.h"
#include "slurm/rest/http.h"
#include "slurm/rest/value.h"

typedef list_t *wf_list;
typedef list_itr_t *wf_list_iterator;

#define wf_slurm_job_id(job) ((job)->job_id)
#define wf_slurm_desc_job_id(desc) ((desc)->job_id)
#define wf_slurm_load_job slurm_load_job
#define wf_slurm_free_jobs slurm_free_job_info_msg
#define wf_slurm_free_conf slurm_free_conf
#define wf_slurm_reason(job) ((job)->reason_word)
#define wf_slurm_is_exclusive(job) ((job)->exclusive != 0)
#define wf_slurm_user wf_rest_user
#define WF_SLURM_SHOWS_CLOUD 0
#define WF_SLURM_HAS_CPUS_ON_NODE
#define WF_SLURM_HAS_STEP_IDS // as 26.05 has it: nobody need say who gives a reason

// Most of a call's time is slurmrestd's own, which writes 8 KB of JSON a job, and not slurmctld's.
#define WF_SLURM_LOOK_SHARE 4
#define WF_SLURM_JOBS_MS 1000 // it tells all jobs whenever one has changed

#define WF_SLURM_TASKS_WHY "slurmrestd changes an array as a whole only, not one task of it"

static inline const char *wf_slurm_version(char *space, size_t size)
{
    const char *const parser = wf_rest_version();

    snprintf(space, size, "%s%s", parser[0] != '\0' ? "REST v" : "26.05 or later", parser);
    return space;
}

static inline bool wf_slurm_node_is_in(const node_info_t *node, int32_t index,
                                       const partition_info_t *partition)
{
    (void)index;
    return wf_rest_has(node->partitions, partition->name);
}
