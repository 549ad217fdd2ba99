// SPDX-License-Identifier: Apache-2.0
// Google Cloud sells machines and GPUs apart: which belong together. Internal to the provider.
#pragma once

#include "provider/price/importer.h"

struct wf_gcp_machine {
    const char *name;
    const char *series; // by which the cloud prices cores and memory: "A2"
    const char *gpu;    // as catalogues call it
    uint32_t gpus;
    uint32_t cores;
    uint32_t memory_gib;
};

extern const struct wf_gcp_machine wf_gcp_machines[];
extern const uint32_t wf_gcp_machine_count;
