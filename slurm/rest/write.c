// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/rest/write.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/hosts.h"
#include "slurm/line.h"

void slurm_init_job_desc_msg(job_desc_msg_t *change)
{
    *change = (job_desc_msg_t){
        .min_nodes = NO_VAL, .max_nodes = NO_VAL, .priority = NO_VAL, .alloc_sid = NO_VAL};
}

void slurm_init_update_node_msg(update_node_msg_t *change)
{
    *change = (update_node_msg_t){0};
}

static json_t *object(void)
{
    json_t *made = json_object();

    WF_ASSERT(made != NULL);
    return made;
}

static void set(json_t *change, const char *key, json_t *value)
{
    WF_ASSERT(value != NULL && json_object_set_new(change, key, value) == 0);
}

static json_t *words(const char *word, const char *other)
{
    json_t *array = json_array();

    WF_ASSERT(array != NULL &&
              json_array_append_new(array, wf_line_string(word, strlen(word))) == 0);
    if (other != NULL) {
        WF_ASSERT(json_array_append_new(array, json_string(other)) == 0);
    }
    return array;
}

static void set_text(json_t *change, const char *key, const char *text)
{
    if (text != NULL) {
        set(change, key, wf_line_string(text, strlen(text)));
    }
}

// An empty list would change nothing: one empty name takes the pin off.
static json_t *pin(const char *nodes)
{
    return nodes[0] != '\0' ? wf_hosts_names(nodes) : words("", NULL);
}

json_t *wf_rest_write_job(const job_desc_msg_t *job)
{
    json_t *change = object();

    set_text(change, "admin_comment", job->admin_comment);
    set_text(change, "comment", job->comment);
    if (job->req_nodes != NULL) {
        set(change, "required_nodes", pin(job->req_nodes));
    }
    if (job->min_nodes != NO_VAL) {
        set(change, "minimum_nodes", json_integer(job->min_nodes));
    }
    if (job->max_nodes != NO_VAL) {
        set(change, "maximum_nodes", json_integer(job->max_nodes));
    }
    if (job->priority != NO_VAL) {
        set(change, "hold", json_boolean(job->priority == 0));
    }
    if (job->begin_time != 0) {
        json_t *const begin = object();
        set(begin, "set", json_true());
        set(begin, "number", json_integer((json_int_t)job->begin_time));
        set(change, "begin_time", begin);
    }
    return change;
}

json_t *wf_rest_write_kill(const char *name, uint16_t signal, uint16_t flags)
{
    json_t *change = object();
    char number[8];

    set(change, "jobs", words(name, NULL));
    snprintf(number, sizeof(number), "%u", (unsigned)signal);
    set_text(change, "signal", number);
    if (flags != 0) {
        set(change, "flags", words(flags == KILL_JOB_BATCH ? "BATCH_JOB" : "FULL_JOB", NULL));
    }
    return change;
}

json_t *wf_rest_write_requeue(const char *name, uint32_t flags)
{
    json_t *change = object();

    set(change, "jobs", words(name, NULL));
    if ((flags & JOB_REQUEUE_HOLD) != 0) {
        set(change, "flags", words("Hold", NULL));
    }
    return change;
}

json_t *wf_rest_write_node(const update_node_msg_t *node)
{
    json_t *change = object();

    if ((node->node_state & NODE_STATE_DRAIN) != 0) {
        set(change, "state", words("DRAIN", NULL));
    } else if ((node->node_state & NODE_RESUME) != 0) {
        set(change, "state", words("RESUME", NULL));
    } else if ((node->node_state & NODE_STATE_POWER_UP) != 0) {
        set(change, "state", words("POWER_UP", NULL));
    } else {
        set(change, "state", words("POWER_DOWN", "POWER_DRAIN"));
    }
    set_text(change, "reason", node->reason);
    return change;
}

char *wf_rest_node_path(const char *name)
{
    char *path = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&path, &length);

    WF_ASSERT(out != NULL);
    fputs("/slurm/node/", out);
    for (; *name != '\0'; name++) {
        if (isalnum((unsigned char)*name) || strchr("-_.", *name) != NULL) {
            fputc(*name, out);
        } else {
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*name);
        }
    }
    WF_ASSERT(fclose(out) == 0);
    return path;
}
