// SPDX-License-Identifier: Apache-2.0
// The parts of the nvidia source: describing a GPU, its MIG devices, and reading it.
#pragma once

#include "telemetry/nvml.h"
#include "telemetry/source.h"

struct wf_nvidia {
    const struct wf_source_view *view;
    struct wf_nvml nvml;
    bool started;
};

void wf_nvidia_describe_slices(const struct wf_nvidia *nvidia, wf_nvml_device device,
                               struct wf_gpu *gpu);

// state is a struct wf_nvidia.
void wf_nvidia_read(void *state, uint32_t index, struct wf_gpu_reading *reading);

// Finds "DeviceFileMinor: N" in what /proc/driver/nvidia/capabilities says of a MIG instance.
bool wf_nvidia_capability_minor(const char *text, uint32_t *minor_out);
