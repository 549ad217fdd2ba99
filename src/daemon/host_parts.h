// SPDX-License-Identifier: Apache-2.0
// The host from within. Internal to the daemon.
#pragma once

#include "daemon/host.h"
#include "telemetry/telemetry.h"

#define WF_HOST_NODE_BYTES 80

// The nodes of this machine, whose names and GPUs keep their places from one daemon to the next.
struct wf_host_nodes {
    struct wf_inventory inventory;
    char names[WF_INVENTORY_NODES_MAX][WF_HOST_NODE_BYTES];
    char closed[WF_INVENTORY_NODES_MAX][256]; // why it takes no new work, or ""
    bool was_closed[WF_INVENTORY_NODES_MAX];  // for such a reason, when it was looked at before
    bool waits; // more is to change as soon as nothing runs: GPUs that came, or went
};

struct wf_host {
    struct wf_host_config config;
    struct wf_telemetry *telemetry;
    struct wf_host_nodes nodes;
    struct wf_site site;
    uint64_t memory_mib[WF_MODELS_MAX];
    struct wf_desk_granter granter;
    bool unwritten;        // which GPU is which is not on the disk yet
    const char *prefix[9]; // a command is started by these words
};

// Makes the granter for the machine as telemetry has it now.
void wf_host_set_granter(struct wf_host *host);

// host_nodes.c. What the nodes are with the machine as it is now. busy: work runs here, so that no
// number of a GPU may mean another one: nothing is added to a node or taken off it, and one that
// misses a GPU is closed.
void wf_host_nodes_look(struct wf_host_nodes *nodes, const struct wf_machine *machine, bool busy);
// Reads DATA/gpus.json, if there is one. Errors: WF_IO, WF_INVALID (it is none of ours).
enum wf_status wf_host_nodes_read(struct wf_host_nodes *nodes, const char *data,
                                  struct wf_error *err) WF_MUST_USE;
// Errors: WF_IO, WF_NOMEM.
enum wf_status wf_host_nodes_write(const struct wf_host_nodes *nodes, const char *data,
                                   struct wf_error *err) WF_MUST_USE;
