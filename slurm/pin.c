// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/pin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/hosts.h"

static char *copy(const char *text)
{
    char *made = text != NULL && text[0] != '\0' ? strdup(text) : NULL;

    WF_ASSERT(made != NULL || text == NULL || text[0] == '\0');
    return made;
}

char *wf_pin_name(const struct wf_facts *facts, uint32_t task)
{
    char *name = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&name, &length);

    WF_ASSERT(out != NULL);
    // The bare id of an array would mean all of its tasks, running ones too.
    if (facts->array == 0 || facts->array == NO_VAL) {
        fprintf(out, "%" PRIu32, facts->id);
    } else if (task != WF_NO_TASK) {
        fprintf(out, "%" PRIu32 "_%" PRIu32, facts->array, task);
    } else if (facts->tasks != NULL) {
        fprintf(out, "%" PRIu32 "_[%s]", facts->array, facts->tasks);
    } else {
        fprintf(out, "%" PRIu32 "_%" PRIu32, facts->array, facts->task);
    }
    WF_ASSERT(fclose(out) == 0);
    return name;
}

// One update. Of an array's record a task is addressed by its name, the record by its number.
static int update(struct wf_adapter *adapter, const struct wf_facts *facts, uint32_t task,
                  job_desc_msg_t *change)
{
    job_array_resp_msg_t *answers = NULL;
    int errnum;

    if (task == WF_NO_TASK) {
        wf_slurm_desc_job_id(change) = facts->id;
        wf_call_begin(adapter);
        return wf_call_end(adapter, slurm_update_job(change));
    }
    change->job_id_str = wf_pin_name(facts, task);
    wf_call_begin(adapter);
    errnum = wf_call_end(adapter, slurm_update_job2(change, &answers));
    for (uint32_t i = 0; answers != NULL && i < answers->job_array_count && errnum == 0; i++) {
        errnum = (int)answers->error_code[i];
    }
    if (answers != NULL) {
        slurm_free_job_array_resp(answers);
    }
    free(change->job_id_str);
    change->job_id_str = NULL;
    return errnum;
}

// Sends the change with the mark in it; where Slurm takes it, the facts are so too.
static int update_marked(struct wf_adapter *adapter, struct wf_facts *facts, uint32_t task,
                         job_desc_msg_t *change, struct wf_mark *mark)
{
    change->admin_comment = wf_mark_write(mark);
    const int errnum = update(adapter, facts, task, change);
    free(change->admin_comment);
    if (errnum != 0 || task != WF_NO_TASK) {
        wf_mark_finish(mark);
        return errnum;
    }
    // What is asked for may stand in the old mark: it goes last.
    if (change->req_nodes != NULL) {
        char *const required = strdup(change->req_nodes);
        WF_ASSERT(required != NULL);
        free(facts->required);
        facts->required = required;
    }
    wf_mark_finish(&facts->mark);
    facts->mark = *mark;
    facts->digest = 0; // the next look says what Slurm made of it
    if (change->min_nodes != NO_VAL) {
        facts->nodes_min = change->min_nodes;
    }
    if (change->max_nodes != NO_VAL) {
        facts->nodes_max = change->max_nodes;
    }
    if (change->priority != NO_VAL) {
        facts->priority = change->priority == INFINITE ? 1 : change->priority;
    }
    return 0;
}

// What is asked for beside the pin, for the new mark.
static struct wf_mark renew(const struct wf_facts *facts, const char *decision)
{
    struct wf_mark mark = {.ours = true,
                           .rest = copy(facts->mark.rest),
                           .spans = facts->mark.spans,
                           .nodes_min = facts->mark.nodes_min,
                           .nodes_max = facts->mark.nodes_max};

    snprintf(mark.decision, sizeof(mark.decision), "%s", decision);
    return mark;
}

// Slurm lets a requeued job wait for a while, job_submit.lua one that its owner has let go (for 30
// s, until we take it). A begin that its owner wants is not touched.
static bool begins_late_by_others(const struct wf_facts *facts, time_t now)
{
    return facts->begin > now && ((facts->mark.ours && facts->restarts > 0) ||
                                  (facts->mark.users && facts->begin <= now + 30));
}

int wf_pin_start(struct wf_adapter *adapter, struct wf_facts *facts, uint32_t task,
                 const char *nodes, uint32_t count, const char *decision)
{
    const uint32_t least = wf_facts_nodes_min(facts), most = wf_facts_nodes_max(facts);
    struct wf_mark mark = renew(facts, decision);
    const time_t now = wf_adapter_slurm_now(adapter);
    job_desc_msg_t change;

    slurm_init_job_desc_msg(&change);
    change.req_nodes = (char *)nodes;
    change.priority = INFINITE;
    mark.pin = copy(nodes);
    mark.was = copy(wf_facts_wanted(facts));
    // More nodes than the pin names may be taken where the number is open: it is closed, also where
    // it seems to be, for Slurm 24.11 tells of an open one that it is the least. Once a job has
    // run, Slurm tells the number that it had and not what was asked for: the mark knows.
    mark.spans = true;
    mark.nodes_min = least;
    mark.nodes_max = most;
    change.min_nodes = count;
    change.max_nodes = count;
    if (begins_late_by_others(facts, now)) {
        change.begin_time = now;
    }
    return update_marked(adapter, facts, task, &change, &mark);
}

// Takes the pin off a change unless somebody has replaced it by hand.
static void unpin(const struct wf_facts *facts, job_desc_msg_t *change)
{
    if (facts->mark.pin == NULL) {
        return;
    }
    if (wf_hosts_same(facts->mark.pin, facts->required)) {
        change->req_nodes = (char *)wf_facts_wanted(facts);
    }
    if (facts->mark.spans) {
        change->min_nodes = facts->mark.nodes_min;
        change->max_nodes = facts->mark.nodes_max;
    }
}

int wf_pin_leave(struct wf_adapter *adapter, struct wf_facts *facts, uint32_t task)
{
    struct wf_mark mark = renew(facts, "");
    job_desc_msg_t change;

    slurm_init_job_desc_msg(&change);
    mark.ours = false;
    unpin(facts, &change);
    if (wf_facts_is_held_by_us(facts)) {
        change.priority = INFINITE;
    }
    return update_marked(adapter, facts, task, &change, &mark);
}

int wf_pin_hold(struct wf_adapter *adapter, struct wf_facts *facts, uint32_t task)
{
    struct wf_mark mark = renew(facts, "");
    const time_t now = wf_adapter_slurm_now(adapter);
    job_desc_msg_t change;

    slurm_init_job_desc_msg(&change);
    unpin(facts, &change);
    if (begins_late_by_others(facts, now)) {
        change.begin_time = now;
    }
    change.priority = 0;
    change.alloc_sid = ALLOC_SID_ADMIN_HOLD;
    return update_marked(adapter, facts, task, &change, &mark);
}

int wf_pin_requeued(struct wf_adapter *adapter, struct wf_facts *facts)
{
    struct wf_mark mark = renew(facts, "");
    job_desc_msg_t change;

    slurm_init_job_desc_msg(&change);
    unpin(facts, &change);
    change.begin_time = wf_adapter_slurm_now(adapter);
    return update_marked(adapter, facts, WF_NO_TASK, &change, &mark);
}

int wf_pin_mark_held(struct wf_adapter *adapter, struct wf_facts *facts)
{
    struct wf_mark mark = renew(facts, "");
    job_desc_msg_t change;

    slurm_init_job_desc_msg(&change);
    mark.pin = copy(facts->mark.pin);
    mark.was = copy(facts->mark.was);
    return update_marked(adapter, facts, WF_NO_TASK, &change, &mark);
}

int wf_pin_comment(struct wf_adapter *adapter, struct wf_facts *facts, const char *comment)
{
    job_desc_msg_t change;

    slurm_init_job_desc_msg(&change);
    change.comment = (char *)comment;
    const int errnum = update(adapter, facts, WF_NO_TASK, &change);
    if (errnum == 0) {
        facts->digest = 0;
        free(facts->comment);
        facts->comment = strdup(comment);
        WF_ASSERT(facts->comment != NULL);
    }
    return errnum;
}
