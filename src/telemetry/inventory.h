// SPDX-License-Identifier: Apache-2.0
// What of a machine is given work: its GPUs as nodes of GPUs that are alike, as the core wants
// them. Most machines are one node; one with GPUs of both vendors, or with some that are cut into
// slices and some that are not, is several.
#pragma once

#include "telemetry/machine.h"

#define WF_INVENTORY_NODES_MAX 16
#define WF_GPU_HANDLE_BYTES 80
#define WF_NOT_THERE UINT8_MAX
#define WF_WHOLE_GPU UINT8_MAX

// What the core knows as one GPU: a GPU, or one slice where slices of a GPU are not alike.
struct wf_inventory_gpu {
    char name[WF_GPU_HANDLE_BYTES]; // UUID, or the address on the bus; stays as long as the machine
                                    // is up
    uint8_t gpu;                    // in the machine's list, or WF_NOT_THERE: it went
    uint8_t slice;                  // of that GPU, or WF_WHOLE_GPU
};

struct wf_inventory_node {
    enum wf_vendor vendor;
    char model[72];        // "H100", "H100 1g.10gb", "MI300X CPX"
    uint64_t memory_bytes; // of one of its GPUs
    uint8_t slices;        // as struct wf_pool_spec has it
    bool single;           // MIG: a process can use one slice, so that no task can have more
    uint8_t gpu_count;
    struct wf_inventory_gpu gpus[WF_NODE_GPUS_MAX]; // by the core's number
};

struct wf_inventory {
    uint32_t node_count;
    struct wf_inventory_node nodes[WF_INVENTORY_NODES_MAX];
    uint32_t left_out; // GPUs that no node has room for
};

// Takes what can be used. Where there was an inventory before (NULL: there was none), everything in
// it keeps its node and its number, since running jobs were given those; what went keeps an empty
// place, what is new comes last. before may be inventory_out.
void wf_telemetry_inventory(const struct wf_machine *machine, const struct wf_inventory *before,
                            struct wf_inventory *inventory_out);

// Prints the name of a GPU, or of its slice unless that is WF_WHOLE_GPU: "GPU-...", "MIG-...",
// "0000:05:00.0", "0000:05:00.0/3"; returns name.
const char *wf_gpu_name(const struct wf_gpu *gpu, uint8_t slice, char name[WF_GPU_HANDLE_BYTES]);
