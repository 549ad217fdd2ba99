// SPDX-License-Identifier: Apache-2.0
// The host from within. Internal to the daemon.
#pragma once

#include "daemon/host.h"
#include "telemetry/telemetry.h"

struct wf_host {
    struct wf_host_config config;
    struct wf_telemetry *telemetry;
    struct wf_inventory inventory;
    char node_names[WF_INVENTORY_NODES_MAX][80];
    struct wf_site site;
    uint64_t memory_mib[WF_MODELS_MAX];
    struct wf_desk_granter granter;
    const char *prefix[9]; // a command is started by these words
};

// Makes the granter for the machine as telemetry has it now.
void wf_host_set_granter(struct wf_host *host);
