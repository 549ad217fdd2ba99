// SPDX-License-Identifier: Apache-2.0
// What GPUs that the core granted mean on this machine: which variables the command gets, which it
// must not inherit, which device files it may open, and how well its share is kept.
#pragma once

#include "base/error.h"
#include "telemetry/inventory.h"

#define WF_GRANT_DEVICES_MAX (WF_NODE_GPUS_MAX * WF_GPU_SLICES_SEEN_MAX)
#define WF_GRANT_VARIABLES_MAX 8
#define WF_GRANT_RULES_MAX WF_RUN_DEVICE_RULES_MAX

struct wf_grant_want {
    const struct wf_inventory_node *node;
    const uint32_t *task_gpus; // by task: set of the node's GPUs; 0: none, and none is visible
    uint32_t task_count;
    uint16_t gpu_milli; // share of each GPU; 0 is 1000
    // Which slices of each GPU of the node other runs have (bit 0: its first slice); what this run
    // is given is added. NULL where the node has no slices, or nothing of it is in use.
    uint32_t *taken;
    bool filtered; // the engine closes device files by the rules
    bool dmem;     // the engine writes the limits of memory into dmem.max
};

struct wf_grant_device {
    uint8_t gpu;   // in the machine's list
    uint8_t slice; // or WF_WHOLE_GPU
};

struct wf_grant_task {
    uint32_t device_count;
    struct wf_grant_device devices[WF_GRANT_DEVICES_MAX];
    char *names; // of its devices in the order in which it sees them, commas between, or "none":
                 // what wf_telemetry_self_test expects
    uint32_t variable_count;
    char *variables[WF_GRANT_VARIABLES_MAX]; // NAME=value
};

// For character devices; the first that matches decides, a file that none matches is allowed.
struct wf_grant_rule {
    int32_t major_number;
    int32_t minor_number; // -1: any
    bool allow;
};

// A limit for the dmem controller of the run's cgroup: "region bytes" in dmem.max.
struct wf_grant_memory {
    char region[64];
    uint64_t bytes;
};

struct wf_grant {
    uint32_t task_count;
    struct wf_grant_task *tasks;
    uint32_t rule_count;
    struct wf_grant_rule rules[WF_GRANT_RULES_MAX];
    uint32_t memory_count;
    struct wf_grant_memory memory[WF_NODE_GPUS_MAX]; // only where the want says dmem
    enum wf_enforcement enforcement;                 // of its share; hard where it has whole GPUs
    char enforced_by[48]; // "whole GPUs", "MIG", "partitions", "dmem cgroup", "MPS", "nothing"
    char warnings[512];   // what is not kept, sentences with "; " between, or ""
};

// Fills the grant; wf_grant_finish frees what it holds, also after an error. Errors: WF_NOTFOUND (a
// GPU is not there any more, or cannot be used), WF_LIMIT (too few slices are free, or too many
// rules are needed), WF_INVALID (a task is to have more than one MIG device), WF_NOMEM.
enum wf_status wf_telemetry_grant(const struct wf_machine *machine,
                                  const struct wf_grant_want *want, struct wf_grant *grant_out,
                                  struct wf_error *err) WF_MUST_USE;
void wf_grant_finish(struct wf_grant *grant);

// Variables that choose or renumber GPUs, ending with NULL: a command must not inherit them, since
// what was true for who submitted it is not true for what was granted.
const char *const *wf_grant_unset(void);

// Whether rules about device files can be kept here at all.
bool wf_machine_filters(const struct wf_machine *machine);

// Marks in taken (by GPU of the node) the slices that a task was given, by the names of its grant:
// for who finds running tasks again. Names of other nodes are passed over.
void wf_grant_taken(const struct wf_machine *machine, const struct wf_inventory_node *node,
                    const char *names, uint32_t taken[WF_NODE_GPUS_MAX]);

// Called by a task just before its command begins: compares what the command will see on the
// machine as this process sees it, under these variables (NAME=value, ends with NULL), with the
// names that were granted. filtered: what was not granted must not open. Errors: WF_UNFIT, with
// everything that is different in one sentence.
enum wf_status wf_telemetry_self_test(const struct wf_machine *machine,
                                      const char *const *environment, const char *names,
                                      bool filtered, struct wf_error *err) WF_MUST_USE;
