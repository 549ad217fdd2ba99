// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/hosts.h"
#include "slurm/tasks.h"

static void finish(struct wf_facts *facts)
{
    free(facts->tasks);
    free(facts->partition);
    free(facts->required);
    free(facts->excluded);
    free(facts->comment);
    wf_mark_finish(&facts->mark);
}

static char *copy(const char *text)
{
    char *made = strdup(text != NULL ? text : "");

    WF_ASSERT(made != NULL);
    return made;
}

struct wf_facts *wf_jobs_find(const struct wf_jobs *jobs, uint32_t id)
{
    struct wf_facts *facts;

    HASH_FIND(hh, jobs->table, &id, sizeof(id), facts);
    return facts;
}

struct wf_facts *wf_jobs_take(struct wf_jobs *jobs, const slurm_job_info_t *job, uint64_t digest)
{
    const uint32_t id = wf_slurm_job_id(job);
    struct wf_facts *facts = wf_jobs_find(jobs, id);

    if (facts == NULL) {
        facts = calloc(1, sizeof(*facts));
        WF_ASSERT(facts != NULL);
        facts->id = id;
        HASH_ADD(hh, jobs->table, id, sizeof(facts->id), facts);
    } else {
        finish(facts);
    }
    facts->array = job->array_job_id;
    facts->task = job->array_task_id;
    facts->tasks_count = 0;
    facts->tasks = job->array_task_str != NULL && job->array_task_str[0] != '\0'
                       ? wf_tasks_plain(job->array_task_str, &facts->tasks_count)
                       : NULL;
    facts->het = job->het_job_id != 0 && job->het_job_id != NO_VAL;
    facts->requeue = job->requeue != 0;
    facts->state = job->job_state;
    facts->reason = (uint32_t)job->state_reason;
    facts->priority = job->priority;
    facts->restarts = job->restart_cnt;
    facts->nodes_min = job->num_nodes;
    facts->nodes_max = job->max_nodes;
    facts->begin = job->eligible_time;
    facts->partition = copy(job->partition);
    facts->required = copy(job->req_nodes);
    facts->excluded = copy(job->exc_nodes);
    facts->comment = copy(job->comment);
    wf_mark_read(job->admin_comment, &facts->mark);
    facts->digest = digest;
    facts->round = jobs->round;
    return facts;
}

void wf_jobs_remove(struct wf_jobs *jobs, struct wf_facts *facts)
{
    HASH_DEL(jobs->table, facts);
    finish(facts);
    free(facts);
}

void wf_jobs_begin(struct wf_jobs *jobs)
{
    jobs->round++;
}

void wf_jobs_end(struct wf_jobs *jobs, void (*gone)(void *context, uint32_t id), void *context)
{
    struct wf_facts *facts, *next;

    jobs->held_count = 0;
    for (facts = jobs->table; facts != NULL && (next = facts->hh.next, true); facts = next) {
        if (facts->round != jobs->round) {
            gone(context, facts->id);
            wf_jobs_remove(jobs, facts);
        } else {
            jobs->held_count += facts->mark.ours && wf_facts_is_pending(facts);
        }
    }
}

void wf_jobs_untell(struct wf_jobs *jobs)
{
    struct wf_facts *facts, *next;

    for (facts = jobs->table; facts != NULL && (next = facts->hh.next, true); facts = next) {
        facts->digest = 0;
    }
}

void wf_jobs_clear(struct wf_jobs *jobs)
{
    struct wf_facts *facts, *next;

    for (facts = jobs->table; facts != NULL && (next = facts->hh.next, true); facts = next) {
        wf_jobs_remove(jobs, facts);
    }
}

bool wf_facts_is_pending(const struct wf_facts *facts)
{
    return (facts->state & JOB_STATE_BASE) == JOB_PENDING && (facts->state & JOB_COMPLETING) == 0;
}

bool wf_facts_is_running(const struct wf_facts *facts)
{
    const uint32_t base = facts->state & JOB_STATE_BASE;

    return (base == JOB_RUNNING || base == JOB_SUSPENDED) && (facts->state & JOB_COMPLETING) == 0;
}

bool wf_facts_is_held(const struct wf_facts *facts)
{
    return facts->priority == 0;
}

bool wf_facts_is_edited(const struct wf_facts *facts)
{
    const struct wf_mark *const mark = &facts->mark;

    if (!mark->ours || !wf_facts_is_pending(facts)) {
        return false;
    }
    if (mark->decision[0] == '\0') {
        return !wf_facts_is_held(facts);
    }
    return wf_facts_is_held(facts) ||
           (mark->pin != NULL && !wf_hosts_same(mark->pin, facts->required));
}

bool wf_facts_is_held_by_us(const struct wf_facts *facts)
{
    return facts->mark.ours && facts->mark.decision[0] == '\0' && wf_facts_is_held(facts);
}

const char *wf_facts_wanted(const struct wf_facts *facts)
{
    if (!facts->mark.ours || facts->mark.pin == NULL) {
        return facts->required;
    }
    return facts->mark.was != NULL ? facts->mark.was : "";
}

uint32_t wf_facts_nodes_min(const struct wf_facts *facts)
{
    return facts->mark.spans ? facts->mark.nodes_min : facts->nodes_min;
}

uint32_t wf_facts_nodes_max(const struct wf_facts *facts)
{
    return facts->mark.spans ? facts->mark.nodes_max : facts->nodes_max;
}
