// SPDX-License-Identifier: GPL-3.0-or-later
// libslurm's calls over slurmrestd.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/rest/http.h"
#include "slurm/rest/read.h"
#include "slurm/rest/value.h"
#include "slurm/rest/write.h"

// A look at all of something. That nothing is newer than `updated` slurmrestd says by the status
// 304 or, of jobs, by telling of nothing at all, as of the year 1970.
static int look(const char *path, time_t updated, json_t **answer_out)
{
    char whole[128];

    if (updated > 0) {
        snprintf(whole, sizeof(whole), "%s?update_time=%" PRId64, path, (int64_t)updated);
    } else {
        snprintf(whole, sizeof(whole), "%s", path);
    }
    const int errnum = wf_rest_call("GET", whole, NULL, answer_out);
    if (errnum == 0 && updated > 0 && wf_rest_time(*answer_out, "last_update") == 0) {
        json_decref(*answer_out);
        *answer_out = NULL;
        return SLURM_NO_CHANGE_IN_DATA;
    }
    return errnum;
}

int slurm_load_jobs(time_t updated, job_info_msg_t **found, uint16_t flags)
{
    json_t *answer;
    const int errnum = look("/slurm/jobs/", updated, &answer);

    (void)flags;
    if (errnum == 0) {
        *found = wf_rest_read_jobs(answer);
    }
    return errnum;
}

int slurm_load_job(job_info_msg_t **found, uint32_t id, uint16_t flags)
{
    char path[64];
    json_t *answer;

    (void)flags;
    snprintf(path, sizeof(path), "/slurm/job/%" PRIu32, id);
    const int errnum = wf_rest_call("GET", path, NULL, &answer);
    if (errnum == 0) {
        *found = wf_rest_read_jobs(answer);
    }
    return errnum;
}

int slurm_load_node(time_t updated, node_info_msg_t **found, uint16_t flags)
{
    json_t *answer;
    const int errnum = look("/slurm/nodes/", updated, &answer);

    (void)flags;
    if (errnum == 0) {
        *found = wf_rest_read_nodes(answer);
    }
    return errnum;
}

int slurm_load_node_single(node_info_msg_t **found, char *name, uint16_t flags)
{
    char *const path = wf_rest_node_path(name);
    json_t *answer;

    (void)flags;
    const int errnum = wf_rest_call("GET", path, NULL, &answer);
    free(path);
    if (errnum == 0) {
        *found = wf_rest_read_nodes(answer);
    }
    return errnum;
}

int slurm_load_partitions(time_t updated, partition_info_msg_t **found, uint16_t flags)
{
    json_t *answer;
    const int errnum = look("/slurm/partitions/", updated, &answer);

    (void)flags;
    if (errnum == 0) {
        *found = wf_rest_read_partitions(answer);
    }
    return errnum;
}

// Not by what changed: slurmrestd cannot be asked so.
int slurm_load_licenses(time_t updated, license_info_msg_t **found, uint16_t flags)
{
    json_t *answer;
    const int errnum = look("/slurm/licenses/", 0, &answer);

    (void)updated;
    (void)flags;
    if (errnum == 0) {
        *found = wf_rest_read_licenses(answer);
    }
    return errnum;
}

int slurm_load_reservations(time_t updated, reserve_info_msg_t **found)
{
    json_t *answer;
    const int errnum = look("/slurm/reservations/", updated, &answer);

    if (errnum == 0) {
        *found = wf_rest_read_reservations(answer);
    }
    return errnum;
}

int slurm_load_ctl_conf(time_t updated, slurm_conf_t **found)
{
    json_t *answer;
    const int errnum = wf_rest_call("GET", "/slurm/conf", NULL, &answer);

    (void)updated; // whose account it is may have changed
    if (errnum == 0) {
        *found = wf_rest_read_conf(answer);
    }
    return errnum;
}

int slurm_get_statistics(stats_info_response_msg_t **found, stats_info_request_msg_t *request)
{
    json_t *answer;
    const int errnum = wf_rest_call("GET", "/slurm/diag/", NULL, &answer);

    (void)request;
    if (errnum != 0) {
        return errnum;
    }
    *found = calloc(1, sizeof(**found));
    WF_ASSERT(*found != NULL);
    (*found)->req_time = wf_rest_time(answer, "statistics/req_time");
    (*found)->dbd_agent_queue_size = wf_rest_count(answer, "statistics/dbd_agent_queue_size");
    json_decref(answer);
    return 0;
}

void slurm_free_stats_response_msg(stats_info_response_msg_t *message)
{
    free(message);
}

int slurm_load_assoc_mgr_info(assoc_mgr_info_request_msg_t *request, assoc_mgr_info_msg_t **found)
{
    struct wf_rest_accounts bodies = {0};
    int errnum = 0;

    if ((request->flags & ASSOC_MGR_INFO_FLAG_USERS) != 0) {
        errnum = wf_rest_call("GET", "/slurmdb/users/", NULL, &bodies.users);
    }
    if (errnum == 0 && (request->flags & ASSOC_MGR_INFO_FLAG_QOS) != 0) {
        errnum = wf_rest_call("GET", "/slurmdb/qos/", NULL, &bodies.qos);
    }
    if (errnum == 0 && (request->flags & ASSOC_MGR_INFO_FLAG_ASSOC) != 0) {
        errnum = wf_rest_call("GET", "/slurmdb/associations/", NULL, &bodies.associations);
    }
    if (errnum == 0 && (request->flags & ASSOC_MGR_INFO_FLAG_ASSOC) != 0) {
        errnum = wf_rest_call("GET", "/slurm/shares", NULL, &bodies.shares);
    }
    assoc_mgr_info_msg_t *const message = wf_rest_read_accounts(&bodies);
    if (errnum != 0) {
        slurm_free_assoc_mgr_info_msg(message);
    } else {
        *found = message;
    }
    return errnum;
}

// Takes the change over.
static int send_change(const char *method, const char *path, json_t *change)
{
    json_t *answer;
    const int errnum = wf_rest_call(method, path, change, &answer);

    json_decref(change);
    json_decref(answer);
    return errnum;
}

int slurm_update_job(job_desc_msg_t *change)
{
    char path[64];

    snprintf(path, sizeof(path), "/slurm/job/%" PRIu32, change->job_id);
    return send_change("POST", path, wf_rest_write_job(change));
}

// By a task's name: slurmrestd takes only a whole array.
int slurm_update_job2(job_desc_msg_t *change, job_array_resp_msg_t **answers)
{
    (void)change;
    *answers = NULL;
    return ESLURM_NOT_SUPPORTED;
}

// Several tasks of an array have a name with brackets, which only this takes.
int slurm_kill_job2(const char *name, uint16_t signal, uint16_t flags, const char *sibling)
{
    (void)sibling;
    return send_change("DELETE", "/slurm/jobs/", wf_rest_write_kill(name, signal, flags));
}

int slurm_requeue2(const char *name, uint32_t flags, job_array_resp_msg_t **answers)
{
    *answers = NULL;
    return send_change("POST", "/slurm/jobs/requeue", wf_rest_write_requeue(name, flags));
}

void slurm_free_job_array_resp(job_array_resp_msg_t *answers)
{
    (void)answers; // none is ever made
}

int slurm_update_node(update_node_msg_t *change)
{
    char *const path = wf_rest_node_path(change->node_names);
    const int errnum = send_change("POST", path, wf_rest_write_node(change));

    free(path);
    return errnum;
}
