// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "slurm/rest/read.h"
#include "slurm/rest/value.h"

static uint32_t state_of(const json_t *words)
{
    static const struct {
        const char *word;
        uint32_t state;
    } states[] = {
        {"RUNNING", JOB_RUNNING},
        {"SUSPENDED", JOB_SUSPENDED},
        {"COMPLETED", JOB_COMPLETE},
        {"CANCELLED", JOB_CANCELLED},
        {"FAILED", JOB_FAILED},
        {"TIMEOUT", JOB_TIMEOUT},
        {"NODE_FAIL", JOB_NODE_FAIL},
        {"PREEMPTED", JOB_PREEMPTED},
        {"BOOT_FAIL", JOB_BOOT_FAIL},
        {"DEADLINE", JOB_DEADLINE},
        {"OUT_OF_MEMORY", JOB_OOM},
        {"COMPLETING", JOB_COMPLETING},
        {"CONFIGURING", JOB_CONFIGURING},
        {"REQUEUED", JOB_REQUEUE},
        {"REQUEUE_HOLD", JOB_REQUEUE_HOLD},
    };
    uint32_t state = JOB_PENDING;

    for (size_t i = 0; i < WF_COUNT_OF(states); i++) {
        state |= wf_rest_has(words, states[i].word) ? states[i].state : 0;
    }
    return state;
}

static uint32_t reason_of(const char *word)
{
    uint64_t hash = 1;

    if (word == NULL || strcmp(word, "None") == 0) {
        return WAIT_NO_REASON;
    }
    if (strcmp(word, "JobHeldUser") == 0) {
        return WAIT_HELD_USER;
    }
    for (size_t i = 0; word[i] != '\0'; i++) {
        hash = wf_hash_add(hash, (unsigned char)word[i]);
    }
    return (uint32_t)(hash | 0x100);
}

// As wait() has it.
static uint32_t status_of(const json_t *exit)
{
    const uint32_t code = wf_rest_count(exit, "return_code");

    return (code & 0xff) << 8 | (wf_rest_count(exit, "signal/id") & 0x7f);
}

// v0.0.45 does not tell it: neither of the two members that its own description names is there. The
// line of the submission has it, unless the script has.
static uint16_t is_exclusive(const json_t *job)
{
    static const char option[] = "--exclusive";
    const char *const line = wf_rest_text(job, "submit_line");
    const char *const found = line != NULL ? strstr(line, option) : NULL;

    if (wf_rest_has(json_object_get(job, "shared"), "none") ||
        wf_rest_flag(job, "job_resources/nodes/whole")) {
        return 1;
    }
    return found != NULL && (found[sizeof(option) - 1] == ' ' || found[sizeof(option) - 1] == '\0');
}

static uint64_t memory_of(const json_t *job)
{
    const uint64_t cpu = wf_rest_number(job, "memory_per_cpu", NO_VAL64, NO_VAL64);

    return cpu != NO_VAL64 ? cpu | MEM_PER_CPU
                           : wf_rest_number(job, "memory_per_node", NO_VAL64, NO_VAL64);
}

static void read_texts(const json_t *from, slurm_job_info_t *job, json_t *made)
{
    job->array_task_str = wf_rest_text(from, "array_task_string");
    job->name = wf_rest_text(from, "name");
    job->user_name = wf_rest_text(from, "user_name");
    job->account = wf_rest_text(from, "account");
    job->qos = wf_rest_text(from, "qos");
    job->partition = wf_rest_text(from, "partition");
    job->nodes = wf_rest_text(from, "nodes");
    job->req_nodes = wf_rest_joined(from, "required_nodes", made);
    job->exc_nodes = wf_rest_joined(from, "excluded_nodes", made);
    job->features = wf_rest_text(from, "features");
    job->prefer = wf_rest_text(from, "prefer");
    job->licenses = wf_rest_text(from, "licenses");
    job->resv_name = wf_rest_text(from, "resv_name");
    job->dependency = wf_rest_text(from, "dependency");
    job->comment = wf_rest_text(from, "comment");
    job->admin_comment = wf_rest_text(from, "admin_comment");
    job->work_dir = wf_rest_text(from, "current_working_directory");
    job->std_out = wf_rest_text(from, "standard_output");
    job->tres_per_job = wf_rest_text(from, "tres_per_job");
    job->tres_per_node = wf_rest_text(from, "tres_per_node");
    job->tres_per_socket = wf_rest_text(from, "tres_per_socket");
    job->tres_per_task = wf_rest_text(from, "tres_per_task");
    job->tres_alloc_str = wf_rest_text(from, "tres_alloc_str");
    job->reason_word = wf_rest_text(from, "state_reason");
}

static void read_numbers(const json_t *from, slurm_job_info_t *job)
{
    const int64_t nice = json_integer_value(json_object_get(from, "nice"));

    job->job_id = wf_rest_count(from, "job_id");
    job->array_job_id = wf_rest_count(from, "array_job_id");
    job->array_task_id = wf_rest_number32(from, "array_task_id");
    job->array_max_tasks = wf_rest_count(from, "array_max_tasks");
    job->het_job_id = wf_rest_count(from, "het_job_id");
    job->het_job_offset = wf_rest_count(from, "het_job_offset");
    job->user_id = wf_rest_count(from, "user_id");
    job->job_state = state_of(json_object_get(from, "job_state"));
    job->state_reason = reason_of(job->reason_word);
    job->priority = wf_rest_flag(from, "hold") ? 0 : wf_rest_number32(from, "priority");
    job->nice = nice > -(int64_t)NICE_OFFSET && nice < (int64_t)NICE_OFFSET - 3
                    ? (uint32_t)(nice + (int64_t)NICE_OFFSET)
                    : NO_VAL;
    job->num_nodes = wf_rest_count(from, "node_count");
    job->max_nodes = wf_rest_count(from, "max_nodes");
    job->num_tasks = wf_rest_count(from, "tasks");
    job->num_cpus = wf_rest_count(from, "cpus");
    job->ntasks_per_node = wf_rest_number16(from, "tasks_per_node");
    job->cpus_per_task = wf_rest_number16(from, "cpus_per_task");
    job->pn_min_cpus = wf_rest_number16(from, "minimum_cpus_per_node");
    job->pn_min_memory = memory_of(from);
    job->exclusive = is_exclusive(from);
    job->requeue = wf_rest_flag(from, "requeue");
    job->restart_cnt = wf_rest_number16(from, "restart_cnt");
    job->batch_flag = wf_rest_flag(from, "batch_flag");
    job->exit_code = status_of(json_object_get(from, "exit_code"));
}

static void read_times(const json_t *from, slurm_job_info_t *job)
{
    job->time_limit = wf_rest_number32(from, "time_limit");
    job->submit_time = wf_rest_time(from, "submit_time");
    job->eligible_time = wf_rest_time(from, "eligible_time");
    job->deadline = wf_rest_time(from, "deadline");
    job->start_time = wf_rest_time(from, "start_time");
    job->end_time = wf_rest_time(from, "end_time");
    job->pre_sus_time = wf_rest_time(from, "pre_sus_time");
}

static size_t count_details(const json_t *jobs)
{
    size_t i, count = 0;
    const json_t *job;

    for (i = 0; (job = json_array_get(jobs, i)) != NULL; i++) {
        count += json_array_size(json_object_get(job, "gres_detail"));
    }
    return count;
}

job_info_msg_t *wf_rest_read_jobs(json_t *body)
{
    const json_t *const jobs = json_object_get(body, "jobs");
    const size_t count = json_array_size(jobs);
    job_info_msg_t *message = calloc(1, sizeof(*message));
    size_t details = 0, i, j;

    WF_ASSERT(message != NULL);
    message->body = body;
    message->made = json_array();
    message->last_update = wf_rest_time(body, "last_update");
    message->job_array = calloc(count + 1, sizeof(*message->job_array));
    message->details = calloc(count_details(jobs) + 1, sizeof(*message->details));
    WF_ASSERT(message->made != NULL && message->job_array != NULL && message->details != NULL);
    for (i = 0; i < count; i++) {
        const json_t *const from = json_array_get(jobs, i);
        const json_t *const gres = json_object_get(from, "gres_detail");
        slurm_job_info_t *const job = &message->job_array[message->record_count];
        read_texts(from, job, message->made);
        read_numbers(from, job);
        read_times(from, job);
        job->gres_detail_str = message->details + details;
        job->gres_detail_cnt = (uint32_t)json_array_size(gres);
        for (j = 0; j < job->gres_detail_cnt; j++) {
            message->details[details++] = json_string_value(json_array_get(gres, j));
        }
        job->job_resrcs = wf_rest_at(from, "job_resources/nodes/allocation");
        message->record_count += job->job_id != 0;
    }
    return message;
}

void slurm_free_job_info_msg(job_info_msg_t *message)
{
    json_decref(message->body);
    json_decref(message->made);
    free(message->details);
    free(message->job_array);
    free(message);
}

int slurm_job_cpus_allocated_on_node_id(const json_t *resources, int node)
{
    return (int)wf_rest_number(json_array_get(resources, (size_t)node), "cpus/count", 0, INT32_MAX);
}
