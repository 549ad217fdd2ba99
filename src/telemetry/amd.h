// SPDX-License-Identifier: Apache-2.0
// The parts of the amd source: nodes of the kernel's compute driver (KFD) put together to GPUs,
// names, the binary table of measurements, and reading.
#pragma once

#include "telemetry/source.h"

#define WF_AMD_NODES_MAX 128

// One node of KFD that computes: a GPU, or a partition of one.
struct wf_amd_node {
    uint32_t kfd_number;   // its folder in the topology
    uint32_t number;       // among the nodes that compute: what ROCR counts
    uint32_t gpu_id;       // KFD's own name for it, in the files of processes
    uint32_t render_minor; // /dev/dri/renderD...
    uint32_t device_id;
    uint32_t target; // 90402 is gfx942
    uint32_t compute_units;
    uint32_t address; // domain, bus and device of PCI; partitions of one GPU have the same
    uint64_t unique_id;
    uint64_t memory_bytes;
};

struct wf_amd {
    const struct wf_source_view *view;
    uint32_t node_count;
    struct wf_amd_node nodes[WF_AMD_NODES_MAX]; // sorted: the nodes of one GPU beside each other
    uint32_t gpu_count;
    uint32_t first[WF_AMD_NODES_MAX + 1]; // nodes first[g] to first[g + 1] - 1 are GPU g
};

// "0000:c1:00.0"
const char *wf_amd_pci(const struct wf_amd_node *node, char pci[WF_PCI_BYTES]);

// Reads the text of a node's properties. False: it does not compute.
bool wf_amd_node_parse(const char *text, struct wf_amd_node *node);

// "gfx942" of 90402
void wf_amd_target_text(uint32_t target, char *text, size_t size);

// The model of a PCI device number, NULL when it is not in the table.
const char *wf_amd_model(uint32_t device_id);

// What the driver's table of measurements (gpu_metrics) tells beyond sysfs.
struct wf_amd_metrics {
    bool has_energy;
    bool has_throttle;
    uint64_t energy_mj;
    uint32_t throttle; // set of WF_THROTTLE_...
};

// False: no table, or of a version that is not known; then nothing is told.
bool wf_amd_metrics_parse(const void *bytes, size_t length, struct wf_amd_metrics *metrics);

// state is a struct wf_amd.
void wf_amd_read(void *state, uint32_t index, struct wf_gpu_reading *reading);
