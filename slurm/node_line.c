// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/node_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/asks.h"
#include "slurm/hosts.h"
#include "slurm/line.h"

static const char *base_word(uint32_t state)
{
    switch (state & NODE_STATE_BASE) {
    case NODE_STATE_DOWN:
        return "down";
    case NODE_STATE_IDLE:
        return "idle";
    case NODE_STATE_ALLOCATED:
        return "allocated";
    case NODE_STATE_ERROR:
        return "error";
    case NODE_STATE_MIXED:
        return "mixed";
    case NODE_STATE_FUTURE:
        return "future";
    default:
        return "unknown";
    }
}

static const char *power_word(uint32_t state)
{
    if ((state & (NODE_STATE_POWERING_DOWN | NODE_STATE_POWER_DOWN)) != 0) {
        return "going";
    }
    if ((state & NODE_STATE_POWERING_UP) != 0) {
        return "coming";
    }
    if ((state & NODE_STATE_POWERED_DOWN) == 0) {
        return "up"; // 22.05 leaves a wish for power standing that came while the node came up
    }
    return (state & NODE_STATE_POWER_UP) != 0 ? "coming" : "down";
}

bool wf_node_has_power(uint32_t state)
{
    const char *const word = power_word(state);

    return strcmp(word, "up") == 0 || strcmp(word, "coming") == 0;
}

static bool is_down(uint32_t state)
{
    const uint32_t base = state & NODE_STATE_BASE;

    return base == NODE_STATE_DOWN || base == NODE_STATE_ERROR || base == NODE_STATE_FUTURE ||
           base == NODE_STATE_UNKNOWN ||
           (state & (NODE_STATE_NO_RESPOND | NODE_STATE_FAIL | NODE_STATE_INVALID_REG |
                     NODE_STATE_REBOOT_ISSUED)) != 0;
}

json_t *wf_node_line(const node_info_t *node, int32_t index, const partition_info_msg_t *partitions)
{
    const uint32_t state = node->node_state;
    json_t *line = wf_line_create("node"), *names = json_array();
    int64_t shards;

    WF_ASSERT(names != NULL);
    wf_line_text(line, "name", node->name);
    wf_line_text(line, "state", base_word(state));
    wf_line_flag(line, "down", is_down(state));
    wf_line_flag(line, "drain", (state & (NODE_STATE_DRAIN | NODE_STATE_POWER_DRAIN)) != 0);
    wf_line_text(line, "reason", node->reason);
    wf_line_time(line, "reason_ms", node->reason_time);
    wf_line_text(line, "power", power_word(state));
    wf_line_flag(line, "cloud", (state & NODE_STATE_CLOUD) != 0);
    wf_line_number(line, "cpus", node->cpus_efctv != 0 ? node->cpus_efctv : node->cpus);
    wf_line_number(line, "memory_mib",
                   node->mem_spec_limit < node->real_memory
                       ? (int64_t)(node->real_memory - node->mem_spec_limit)
                       : 0);
    wf_line_names(line, "features",
                  node->features_act != NULL ? node->features_act : node->features);
    wf_line_value(line, "gpus", wf_asks_of_node(node->gres, &shards));
    wf_line_number(line, "shards", shards);
    for (uint32_t i = 0; partitions != NULL && i < partitions->record_count; i++) {
        const partition_info_t *const partition = &partitions->partition_array[i];
        if (partition->name != NULL && wf_slurm_node_is_in(node, index, partition)) {
            json_array_append_new(names, wf_line_string(partition->name, strlen(partition->name)));
        }
    }
    wf_line_value(line, "partitions", names);
    wf_line_number(line, "weight", node->weight);
    wf_line_time(line, "boot_ms", node->boot_time);
    wf_line_text(line, "gres", node->gres);
    return line;
}

static void add_minutes(json_t *line, const char *key, uint32_t minutes)
{
    if (minutes == INFINITE) {
        wf_line_number(line, key, -1);
    } else if (minutes != NO_VAL) {
        wf_line_number(line, key, (int64_t)minutes * 60000);
    }
}

json_t *wf_partition_line(const partition_info_t *partition)
{
    json_t *line = wf_line_create("partition");

    wf_line_text(line, "name", partition->name);
    wf_line_text(line, "state",
                 partition->state_up == PARTITION_UP      ? "up"
                 : partition->state_up == PARTITION_DOWN  ? "down"
                 : partition->state_up == PARTITION_DRAIN ? "drain"
                                                          : "inactive");
    wf_line_value(line, "nodes", wf_hosts_names(partition->nodes));
    wf_line_flag(line, "default", (partition->flags & PART_FLAG_DEFAULT) != 0);
    add_minutes(line, "limit_ms", partition->max_time);
    add_minutes(line, "default_limit_ms", partition->default_time);
    wf_line_number(line, "priority", partition->priority_tier);
    return line;
}

json_t *wf_license_line(const slurm_license_info_t *license)
{
    json_t *line = wf_line_create("license");

    wf_line_text(line, "name", license->name);
    wf_line_number(line, "total", license->total);
    wf_line_number(line, "used", license->in_use);
    wf_line_number(line, "reserved", license->reserved);
    return line;
}

// Only those flags that change where and when a job may run.
static void add_flags(json_t *line, uint64_t flags)
{
    static const struct {
        uint64_t flag;
        const char *word;
    } words[] = {
        {RESERVE_FLAG_MAINT, "MAINT"},         {RESERVE_FLAG_DAILY, "DAILY"},
        {RESERVE_FLAG_WEEKLY, "WEEKLY"},       {RESERVE_FLAG_IGN_JOBS, "IGNORE_JOBS"},
        {RESERVE_FLAG_FLEX, "FLEX"},           {RESERVE_FLAG_MAGNETIC, "MAGNETIC"},
        {RESERVE_FLAG_OVERLAP, "OVERLAP"},     {RESERVE_FLAG_SPEC_NODES, "SPEC_NODES"},
        {RESERVE_FLAG_ALL_NODES, "ALL_NODES"},
    };
    json_t *array = json_array();

    WF_ASSERT(array != NULL);
    for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
        if ((flags & words[i].flag) != 0) {
            json_array_append_new(array, json_string(words[i].word));
        }
    }
    wf_line_value(line, "flags", array);
}

json_t *wf_reservation_line(const reserve_info_t *reservation)
{
    json_t *line = wf_line_create("reservation");

    wf_line_text(line, "name", reservation->name);
    wf_line_value(line, "nodes", wf_hosts_names(reservation->node_list));
    wf_line_time(line, "start_ms", reservation->start_time);
    wf_line_time(line, "end_ms", reservation->end_time);
    wf_line_names(line, "users", reservation->users);
    wf_line_names(line, "accounts", reservation->accounts);
    wf_line_text(line, "partition", reservation->partition);
    add_flags(line, reservation->flags);
    return line;
}
