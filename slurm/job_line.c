// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/job_line.h"

#include <pwd.h>
#include <string.h>
#include <sys/wait.h>

#include "base/assert.h"
#include "base/hash.h"
#include "slurm/allocated.h"
#include "slurm/asks.h"
#include "slurm/hosts.h"
#include "slurm/line.h"

static uint64_t add_text(uint64_t hash, const char *text)
{
    const size_t length = text != NULL ? strlen(text) : 0;
    uint64_t word;
    size_t i = 0;

    hash = wf_hash_add(hash, length);
    for (; i + sizeof(word) <= length; i += sizeof(word)) {
        memcpy(&word, text + i, sizeof(word));
        hash = wf_hash_add(hash, word);
    }
    word = 0;
    if (i < length) {
        memcpy(&word, text + i, length - i);
    }
    return wf_hash_add(hash, word);
}

static uint64_t add_texts(uint64_t hash, const slurm_job_info_t *job)
{
    const char *const texts[] = {
        job->array_task_str,
        job->name,
        job->user_name,
        job->account,
        job->qos,
        job->partition,
        job->nodes,
        job->req_nodes,
        job->exc_nodes,
        job->features,
        job->prefer,
        job->licenses,
        job->resv_name,
        job->dependency,
        job->comment,
        job->admin_comment,
        job->work_dir,
        job->std_out,
        job->tres_per_job,
        job->tres_per_node,
        job->tres_per_socket,
        job->tres_per_task,
        job->tres_alloc_str,
    };

    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        hash = add_text(hash, texts[i]);
    }
    for (uint32_t i = 0; job->gres_detail_str != NULL && i < job->gres_detail_cnt; i++) {
        hash = add_text(hash, job->gres_detail_str[i]);
    }
    return hash;
}

uint64_t wf_job_digest(const slurm_job_info_t *job)
{
    const bool waits = (job->job_state & JOB_STATE_BASE) == JOB_PENDING;
    const uint64_t numbers[] = {
        wf_slurm_job_id(job),
        job->array_job_id,
        job->array_task_id,
        job->array_max_tasks,
        job->het_job_id,
        job->het_job_offset,
        job->user_id,
        job->job_state,
        (uint64_t)job->state_reason,
        job->priority,
        job->nice,
        job->num_nodes,
        job->max_nodes,
        job->num_tasks,
        job->ntasks_per_node,
        job->num_cpus,
        job->cpus_per_task,
        job->pn_min_cpus,
        job->pn_min_memory,
        wf_slurm_is_exclusive(job),
        job->time_limit,
        (uint64_t)job->submit_time,
        (uint64_t)job->eligible_time,
        (uint64_t)job->deadline,
        waits ? 0 : (uint64_t)job->start_time, // a guess while it waits
        waits ? 0 : (uint64_t)job->end_time,
        (uint64_t)job->pre_sus_time,
        job->exit_code,
        job->requeue,
        job->restart_cnt,
        job->batch_flag,
    };
    uint64_t hash = 1;

    for (size_t i = 0; i < WF_COUNT_OF(numbers); i++) {
        hash = wf_hash_add(hash, numbers[i]);
    }
    return add_texts(hash, job);
}

static const char *base_word(uint32_t state)
{
    static const char *const words[] = {
        [JOB_PENDING] = "pending",     [JOB_RUNNING] = "running",     [JOB_SUSPENDED] = "suspended",
        [JOB_COMPLETE] = "completed",  [JOB_CANCELLED] = "cancelled", [JOB_FAILED] = "failed",
        [JOB_TIMEOUT] = "timeout",     [JOB_NODE_FAIL] = "node_fail", [JOB_PREEMPTED] = "preempted",
        [JOB_BOOT_FAIL] = "boot_fail", [JOB_DEADLINE] = "deadline",   [JOB_OOM] = "out_of_memory",
    };
    const uint32_t base = state & JOB_STATE_BASE;

    return base < WF_COUNT_OF(words) && words[base] != NULL ? words[base] : "failed";
}

static uint32_t value(uint32_t number)
{
    return number == NO_VAL || number == INFINITE ? 0 : number;
}

static uint32_t value16(uint16_t number)
{
    return number == NO_VAL16 || number == INFINITE16 ? 0 : number;
}

static void add_user(json_t *line, const slurm_job_info_t *job)
{
    char space[4096];
    struct passwd entry, *found = NULL;

    if (job->user_name != NULL && job->user_name[0] != '\0') {
        wf_line_text(line, "user", job->user_name);
    } else if (getpwuid_r(job->user_id, &entry, space, sizeof(space), &found) == 0 &&
               found != NULL) {
        wf_line_text(line, "user", found->pw_name);
    }
    json_object_set_new(line, "uid", json_integer(job->user_id));
}

static json_t *array_of(const slurm_job_info_t *job, const struct wf_facts *facts)
{
    if (facts->array == 0 || facts->array == NO_VAL) {
        return NULL;
    }
    json_t *array = json_object();
    WF_ASSERT(array != NULL);
    wf_line_number(array, "id", facts->array);
    json_object_set_new(array, "task",
                        json_integer(facts->task == NO_VAL ? -1 : (json_int_t)facts->task));
    wf_line_text(array, "tasks", facts->tasks);
    wf_line_number(array, "at_most", value(job->array_max_tasks));
    return array;
}

static void add_state(json_t *line, const slurm_job_info_t *job, const struct wf_facts *facts)
{
    const bool ending = (job->job_state & JOB_COMPLETING) != 0;

    wf_line_text(line, "state", ending ? "completing" : base_word(job->job_state));
    wf_line_text(line, "base", base_word(job->job_state));
    wf_line_flag(line, "configuring", (job->job_state & JOB_CONFIGURING) != 0);
    if (job->state_reason != WAIT_NO_REASON) {
        wf_line_text(line, "reason", wf_slurm_reason(job));
    }
    const bool waits = (job->job_state & JOB_STATE_BASE) == JOB_PENDING;
    wf_line_text(line, "held",
                 !waits || !wf_facts_is_held(facts)    ? "no"
                 : job->state_reason == WAIT_HELD_USER ? "user"
                                                       : "admin");
    wf_line_flag(line, "ours", facts->mark.ours);
    wf_line_text(line, "decision", facts->mark.decision);
    wf_line_flag(line, "edited", wf_facts_is_edited(facts));
    if (waits && facts->tasks != NULL) {
        wf_line_text(line, "unstartable", WF_SLURM_TASKS_WHY);
    }
    wf_line_number(line, "priority", value(job->priority));
    wf_line_number(line, "nice", job->nice == NO_VAL ? 0 : (int64_t)job->nice - NICE_OFFSET);
}

static void add_nodes(json_t *line, const slurm_job_info_t *job, const struct wf_facts *facts)
{
    wf_line_value(line, "nodes", wf_hosts_names(job->nodes));
    wf_line_value(line, "allocated", wf_allocated(job));
    wf_line_value(line, "required_nodes", wf_hosts_names(job->req_nodes));
    wf_line_flag(line, "pinned", facts->mark.ours && facts->mark.pin != NULL);
    if (facts->mark.pin != NULL) {
        wf_line_value(line, "wanted_nodes", wf_hosts_names(facts->mark.was));
    }
    wf_line_value(line, "excluded_nodes", wf_hosts_names(job->exc_nodes));
    wf_line_number(line, "nodes_min", value(wf_facts_nodes_min(facts)));
    wf_line_number(line, "nodes_max", value(wf_facts_nodes_max(facts)));
}

static void add_asks(json_t *line, const slurm_job_info_t *job)
{
    const uint64_t memory = job->pn_min_memory;

    wf_line_number(line, "tasks", value(job->num_tasks));
    wf_line_number(line, "tasks_per_node", value16(job->ntasks_per_node));
    wf_line_number(line, "cpus_min", value(job->num_cpus));
    wf_line_number(line, "cpus_per_task", value16(job->cpus_per_task));
    wf_line_number(line, "cpus_per_node_min", value16(job->pn_min_cpus));
    if (memory != NO_VAL64 && (memory & MEM_PER_CPU) != 0) {
        wf_line_number(line, "memory_mib_per_cpu", (int64_t)(memory & ~MEM_PER_CPU));
    } else if (memory != NO_VAL64) {
        wf_line_number(line, "memory_mib_per_node", (int64_t)memory);
    }
    wf_asks_add(line, job);
    wf_line_text(line, "features", job->features);
    wf_line_text(line, "prefer", job->prefer);
    wf_line_text(line, "licenses", job->licenses);
    wf_line_text(line, "reservation", job->resv_name);
    wf_line_text(line, "dependency", job->dependency);
    wf_line_flag(line, "exclusive", wf_slurm_is_exclusive(job));
}

static void add_times(json_t *line, const slurm_job_info_t *job, time_t now)
{
    const uint32_t base = job->job_state & JOB_STATE_BASE;
    const bool waits = base == JOB_PENDING;

    if (job->time_limit == INFINITE) {
        wf_line_number(line, "limit_ms", -1);
    } else {
        wf_line_number(line, "limit_ms", (int64_t)value(job->time_limit) * 60000);
    }
    wf_line_time(line, "submit_ms", job->submit_time);
    wf_line_time(line, "eligible_ms", job->eligible_time);
    if (waits && job->eligible_time > now && job->eligible_time != (time_t)INFINITE) {
        wf_line_time(line, "begin_ms", job->eligible_time);
    }
    wf_line_time(line, "deadline_ms", job->deadline);
    if (!waits) {
        wf_line_time(line, "start_ms", job->start_time);
    }
    if (base >= JOB_COMPLETE && base < JOB_END) {
        wf_line_time(line, "end_ms", job->end_time);
    }
    if (base == JOB_SUSPENDED) {
        wf_line_time(line, "suspended_ms", job->pre_sus_time);
    }
    if (base >= JOB_COMPLETE && base < JOB_END) {
        const int status = (int)job->exit_code;
        json_t *const exit = json_object();
        WF_ASSERT(exit != NULL);
        json_object_set_new(exit, "code",
                            json_integer(WIFEXITED(status) ? WEXITSTATUS(status) : 0));
        json_object_set_new(exit, "signal",
                            json_integer(WIFSIGNALED(status) ? WTERMSIG(status) : 0));
        wf_line_value(line, "exit", exit);
    }
}

json_t *wf_job_line(const slurm_job_info_t *job, const struct wf_facts *facts, time_t now)
{
    json_t *line = wf_line_create("job");

    wf_line_number(line, "id", facts->id);
    wf_line_value(line, "array", array_of(job, facts));
    if (facts->het) {
        json_t *const het = json_object();
        WF_ASSERT(het != NULL);
        wf_line_number(het, "id", job->het_job_id);
        json_object_set_new(het, "offset", json_integer(job->het_job_offset));
        wf_line_value(line, "het", het);
    }
    wf_line_text(line, "name", job->name);
    add_user(line, job);
    wf_line_text(line, "account", job->account);
    wf_line_text(line, "qos", job->qos);
    wf_line_text(line, "partition", job->partition);
    add_state(line, job, facts);
    add_nodes(line, job, facts);
    add_asks(line, job);
    add_times(line, job, now);
    wf_line_flag(line, "requeue", job->requeue != 0 && job->requeue != NO_VAL16);
    wf_line_number(line, "restarts", value16(job->restart_cnt));
    wf_line_text(line, "comment", job->comment);
    wf_line_text(line, "admin_comment", job->admin_comment);
    wf_line_flag(line, "batch", job->batch_flag != 0);
    wf_line_text(line, "folder", job->work_dir);
    if (job->batch_flag != 0) {
        wf_line_text(line, "output", job->std_out);
    }
    return line;
}

void wf_job_line_guess(json_t *line, const slurm_job_info_t *job)
{
    if ((job->job_state & JOB_STATE_BASE) == JOB_PENDING) {
        wf_line_time(line, "expected_ms", job->start_time);
    }
}
