// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes, partitions, licences, reservations and the configuration.
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/rest/read.h"
#include "slurm/rest/value.h"

static void *make(size_t count, size_t size)
{
    void *made = calloc(count, size);

    WF_ASSERT(made != NULL);
    return made;
}

static json_t *make_owner(void)
{
    json_t *made = json_array();

    WF_ASSERT(made != NULL);
    return made;
}

// Fills a new message, with room for each thing of the answer's array.
#define BEGIN_MESSAGE(message, body_given, key, array)                                             \
    do {                                                                                           \
        (message)->body = (body_given);                                                            \
        (message)->made = make_owner();                                                            \
        (message)->last_update = wf_rest_time((message)->body, "last_update");                     \
        (message)->array = make(json_array_size(json_object_get((message)->body, key)) + 1,        \
                                sizeof(*(message)->array));                                        \
    } while (0)
#define FREE_MESSAGE(message, array)                                                               \
    do {                                                                                           \
        json_decref((message)->body);                                                              \
        json_decref((message)->made);                                                              \
        free((message)->array);                                                                    \
        free(message);                                                                             \
    } while (0)

static uint32_t state_of(const json_t *words)
{
    static const struct {
        const char *word;
        uint32_t state;
    } states[] = {
        {"DOWN", NODE_STATE_DOWN},
        {"IDLE", NODE_STATE_IDLE},
        {"ALLOCATED", NODE_STATE_ALLOCATED},
        {"ERROR", NODE_STATE_ERROR},
        {"MIXED", NODE_STATE_MIXED},
        {"FUTURE", NODE_STATE_FUTURE},
        {"CLOUD", NODE_STATE_CLOUD},
        {"DRAIN", NODE_STATE_DRAIN},
        {"NOT_RESPONDING", NODE_STATE_NO_RESPOND},
        {"POWERED_DOWN", NODE_STATE_POWERED_DOWN},
        {"FAIL", NODE_STATE_FAIL},
        {"POWERING_UP", NODE_STATE_POWERING_UP},
        {"POWERING_DOWN", NODE_STATE_POWERING_DOWN},
        {"REBOOT_ISSUED", NODE_STATE_REBOOT_ISSUED},
        {"INVALID_REG", NODE_STATE_INVALID_REG},
        {"POWER_DOWN", NODE_STATE_POWER_DOWN},
        {"POWER_UP", NODE_STATE_POWER_UP},
        {"POWER_DRAIN", NODE_STATE_POWER_DRAIN},
    };
    uint32_t state = 0;

    for (size_t i = 0; i < WF_COUNT_OF(states); i++) {
        // Of two base states, which no version tells, the first counts.
        if ((states[i].state > NODE_STATE_BASE || (state & NODE_STATE_BASE) == 0) &&
            wf_rest_has(words, states[i].word)) {
            state |= states[i].state;
        }
    }
    return state;
}

node_info_msg_t *wf_rest_read_nodes(json_t *body)
{
    node_info_msg_t *message = make(1, sizeof(*message));
    size_t i;
    const json_t *from;

    BEGIN_MESSAGE(message, body, "nodes", node_array);
    for (i = 0; (from = json_array_get(json_object_get(body, "nodes"), i)) != NULL; i++) {
        node_info_t *const node = &message->node_array[message->record_count++];
        node->name = wf_rest_text(from, "name");
        node->reason = wf_rest_text(from, "reason");
        node->features = wf_rest_joined(from, "features", message->made);
        node->features_act = wf_rest_joined(from, "active_features", message->made);
        node->gres = wf_rest_text(from, "gres");
        node->node_state = state_of(json_object_get(from, "state"));
        node->weight = wf_rest_count(from, "weight");
        node->cpus = (uint16_t)wf_rest_number(from, "cpus", 0, UINT16_MAX);
        node->cpus_efctv = (uint16_t)wf_rest_number(from, "effective_cpus", 0, UINT16_MAX);
        node->real_memory = wf_rest_number(from, "real_memory", 0, INT64_MAX);
        node->mem_spec_limit = wf_rest_number(from, "specialized_memory", 0, INT64_MAX);
        node->boot_time = wf_rest_time(from, "boot_time");
        node->reason_time = wf_rest_time(from, "reason_changed_at");
        node->partitions = json_object_get(from, "partitions");
    }
    return message;
}

void slurm_free_node_info_msg(node_info_msg_t *message)
{
    FREE_MESSAGE(message, node_array);
}

partition_info_msg_t *wf_rest_read_partitions(json_t *body)
{
    partition_info_msg_t *message = make(1, sizeof(*message));
    size_t i;
    const json_t *from;

    BEGIN_MESSAGE(message, body, "partitions", partition_array);
    for (i = 0; (from = json_array_get(json_object_get(body, "partitions"), i)) != NULL; i++) {
        const json_t *const state = wf_rest_at(from, "partition/state");
        partition_info_t *const partition = &message->partition_array[message->record_count++];
        partition->name = wf_rest_text(from, "name");
        partition->nodes = wf_rest_text(from, "nodes/configured");
        partition->state_up = wf_rest_has(state, "UP")      ? PARTITION_UP
                              : wf_rest_has(state, "DOWN")  ? PARTITION_DOWN
                              : wf_rest_has(state, "DRAIN") ? PARTITION_DRAIN
                                                            : PARTITION_INACTIVE;
        partition->flags =
            wf_rest_has(json_object_get(from, "flags"), "DEFAULT") ? PART_FLAG_DEFAULT : 0;
        partition->max_time = wf_rest_number32(from, "maximums/time");
        partition->default_time = wf_rest_number32(from, "defaults/time");
        partition->priority_tier = wf_rest_count(from, "priority/tier");
    }
    return message;
}

void slurm_free_partition_info_msg(partition_info_msg_t *message)
{
    FREE_MESSAGE(message, partition_array);
}

license_info_msg_t *wf_rest_read_licenses(json_t *body)
{
    license_info_msg_t *message = make(1, sizeof(*message));
    size_t i;
    const json_t *from;

    BEGIN_MESSAGE(message, body, "licenses", lic_array);
    for (i = 0; (from = json_array_get(json_object_get(body, "licenses"), i)) != NULL; i++) {
        slurm_license_info_t *const license = &message->lic_array[message->num_lic++];
        license->name = wf_rest_text(from, "LicenseName");
        license->total = wf_rest_count(from, "Total");
        license->in_use = wf_rest_count(from, "Used");
        license->reserved = wf_rest_count(from, "Reserved");
    }
    return message;
}

void slurm_free_license_info_msg(license_info_msg_t *message)
{
    FREE_MESSAGE(message, lic_array);
}

static uint64_t flags_of(const json_t *words)
{
    static const struct {
        const char *word;
        uint64_t flag;
    } flags[] = {
        {"MAINT", RESERVE_FLAG_MAINT},         {"DAILY", RESERVE_FLAG_DAILY},
        {"WEEKLY", RESERVE_FLAG_WEEKLY},       {"IGNORE_JOBS", RESERVE_FLAG_IGN_JOBS},
        {"FLEX", RESERVE_FLAG_FLEX},           {"MAGNETIC", RESERVE_FLAG_MAGNETIC},
        {"OVERLAP", RESERVE_FLAG_OVERLAP},     {"SPEC_NODES", RESERVE_FLAG_SPEC_NODES},
        {"ALL_NODES", RESERVE_FLAG_ALL_NODES},
    };
    uint64_t found = 0;

    for (size_t i = 0; i < WF_COUNT_OF(flags); i++) {
        found |= wf_rest_has(words, flags[i].word) ? flags[i].flag : 0;
    }
    return found;
}

reserve_info_msg_t *wf_rest_read_reservations(json_t *body)
{
    reserve_info_msg_t *message = make(1, sizeof(*message));
    size_t i;
    const json_t *from;

    BEGIN_MESSAGE(message, body, "reservations", reservation_array);
    for (i = 0; (from = json_array_get(json_object_get(body, "reservations"), i)) != NULL; i++) {
        reserve_info_t *const reservation = &message->reservation_array[message->record_count++];
        reservation->name = wf_rest_text(from, "name");
        reservation->node_list = wf_rest_text(from, "node_list");
        reservation->users = wf_rest_text(from, "users");
        reservation->accounts = wf_rest_text(from, "accounts");
        reservation->partition = wf_rest_text(from, "partition");
        reservation->start_time = wf_rest_time(from, "start_time");
        reservation->end_time = wf_rest_time(from, "end_time");
        reservation->flags = flags_of(json_object_get(from, "flags"));
    }
    return message;
}

void slurm_free_reservation_info_msg(reserve_info_msg_t *message)
{
    FREE_MESSAGE(message, reservation_array);
}

slurm_conf_t *wf_rest_read_conf(json_t *body)
{
    const json_t *const from = json_object_get(body, "slurm_conf");
    slurm_conf_t *conf = make(1, sizeof(*conf));

    conf->body = body;
    conf->made = make_owner();
    conf->last_update = wf_rest_time(body, "slurm_conf_meta/LastUpdate");
    conf->version = wf_rest_text(body, "meta/slurm/release");
    conf->cluster_name = wf_rest_text(body, "meta/slurm/cluster");
    conf->slurm_conf = wf_rest_text(body, "slurm_conf_meta/SLURM_CONF");
    conf->accounting_storage_type = wf_rest_text(from, "AccountingStorageType");
    conf->sched_params = wf_rest_joined(from, "SchedulerParameters", conf->made);
    conf->select_type = wf_rest_text(from, "SelectType");
    conf->job_submit_plugins = wf_rest_joined(from, "JobSubmitPlugins", conf->made);
    conf->priority_type = wf_rest_text(from, "PriorityType");
    conf->authinfo = wf_rest_joined(from, "AuthInfo", conf->made);
    conf->resume_program = wf_rest_text(from, "ResumeProgram");
    conf->max_job_cnt = wf_rest_count(from, "MaxJobCount");
    conf->min_job_age = wf_rest_count(from, "MinJobAge");
    conf->suspend_time = wf_rest_number32(from, "SuspendTime");
    conf->slurm_user_id = (uint32_t)wf_rest_number(from, "SlurmUserId", 0, INFINITE);
    conf->msg_timeout = (uint16_t)wf_rest_number(from, "MessageTimeout", 10, UINT16_MAX);
    conf->job_requeue = wf_rest_flag(from, "JobRequeue");
    conf->preempt_mode = !wf_rest_has(json_object_get(from, "PreemptMode"), "DISABLED");
    conf->private_data = json_array_size(json_object_get(from, "PrivateData")) > 0;
    return conf;
}

void slurm_free_conf(slurm_conf_t *conf)
{
    json_decref(conf->body);
    json_decref(conf->made);
    free(conf);
}
