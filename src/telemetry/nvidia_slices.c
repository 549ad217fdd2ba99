// SPDX-License-Identifier: Apache-2.0
// MIG devices, and the device files that let a job at them.
#include <stdio.h>
#include <string.h>

#include "telemetry/nvidia.h"

bool wf_nvidia_capability_minor(const char *text, uint32_t *minor_out)
{
    static const char key[] = "DeviceFileMinor:";
    const char *found = strstr(text, key);
    if (!found) {
        return false;
    }
    found += strlen(key);
    found += strspn(found, " \t");
    uint64_t number;
    if (!wf_text_number(found, &number) || number > 1048575) { // 20 bits, as Linux has them
        return false;
    }
    *minor_out = (uint32_t)number;
    return true;
}

static void add_capability(const struct wf_nvidia *nvidia, struct wf_gpu_slice *slice,
                           const char *capability)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char text[256];
    char file[64];
    uint32_t minor;
    if (wf_file_bytes(wf_sysroot_path(&nvidia->view->sysroot, path, "%s", capability), text,
                      sizeof text) <= 0 ||
        !wf_nvidia_capability_minor(text, &minor)) {
        return;
    }
    snprintf(file, sizeof file, "/dev/nvidia-caps/nvidia-cap%u", minor);
    // Only read: the driver makes these files with the mode 0444.
    wf_device_look(&nvidia->view->sysroot, &nvidia->view->identity, file, 4,
                   &slice->files[slice->file_count++]);
}

// The folder is named by the number of the GPU's own device file.
static void add_files(const struct wf_nvidia *nvidia, const struct wf_gpu *gpu,
                      struct wf_gpu_slice *slice)
{
    char capability[128];
    uint64_t number;
    if (gpu->file_count == 0 ||
        !wf_text_number(gpu->files[0].path + strlen("/dev/nvidia"), &number)) {
        return;
    }
    unsigned long long gpu_number = number;
    snprintf(capability, sizeof capability,
             "/proc/driver/nvidia/capabilities/gpu%llu/mig/gi%u/access", gpu_number,
             slice->instance);
    add_capability(nvidia, slice, capability);
    snprintf(capability, sizeof capability,
             "/proc/driver/nvidia/capabilities/gpu%llu/mig/gi%u/ci%u/access", gpu_number,
             slice->instance, slice->compute_instance);
    add_capability(nvidia, slice, capability);
}

// "NVIDIA H100 80GB HBM3 MIG 1g.10gb" is how the driver names a MIG device; where it does not, the
// profile is made of slices and memory as NVIDIA makes the names.
static void name_profile(const struct wf_nvml *nvml, wf_nvml_device device,
                         struct wf_gpu_slice *slice)
{
    char name[97] = {0};
    if (nvml->name && nvml->name(device, name, sizeof name - 1) == WF_NVML_SUCCESS) {
        const char *mig = strstr(name, "MIG ");
        if (mig) {
            wf_text_copy(slice->profile, sizeof slice->profile, mig + strlen("MIG "));
        }
    }
    struct wf_nvml_attributes attributes = {0};
    if (!nvml->attributes || nvml->attributes(device, &attributes) != WF_NVML_SUCCESS) {
        return;
    }
    slice->compute_units = attributes.multiprocessors;
    slice->memory_bytes = attributes.memory_mib << 20;
    if (!slice->profile[0]) {
        snprintf(slice->profile, sizeof slice->profile, "%ug.%llugb",
                 attributes.gpu_instance_slices,
                 (unsigned long long)((attributes.memory_mib + 1023) / 1024));
    }
}

static void describe_slice(const struct wf_nvidia *nvidia, wf_nvml_device device,
                           struct wf_gpu *gpu)
{
    const struct wf_nvml *nvml = &nvidia->nvml;
    struct wf_gpu_slice *slice = &gpu->slices[gpu->slice_count];
    if (!nvml->uuid || nvml->uuid(device, slice->uuid, sizeof slice->uuid - 1) != WF_NVML_SUCCESS) {
        return; // without a UUID no job can be given it
    }
    gpu->slice_count++;
    if (nvml->gpu_instance) {
        (void)nvml->gpu_instance(device, &slice->instance);
    }
    if (nvml->compute_instance) {
        (void)nvml->compute_instance(device, &slice->compute_instance);
    }
    name_profile(nvml, device, slice);
    if (slice->memory_bytes == 0) {
        struct wf_nvml_memory memory;
        (void)wf_nvml_memory(nvml, device, &memory);
        slice->memory_bytes = memory.total;
    }
    add_files(nvidia, gpu, slice);
}

void wf_nvidia_describe_slices(const struct wf_nvidia *nvidia, wf_nvml_device device,
                               struct wf_gpu *gpu)
{
    const struct wf_nvml *nvml = &nvidia->nvml;
    uint32_t places = 0;
    if (gpu->mig != WF_ON || !nvml->mig_max || !nvml->mig_by_index ||
        nvml->mig_max(device, &places) != WF_NVML_SUCCESS) {
        return;
    }
    // Places may be empty between devices: all are asked.
    for (uint32_t i = 0; i < places && gpu->slice_count < WF_GPU_SLICES_SEEN_MAX; i++) {
        wf_nvml_device slice = NULL;
        if (nvml->mig_by_index(device, i, &slice) == WF_NVML_SUCCESS) {
            describe_slice(nvidia, slice, gpu);
        }
    }
    if (gpu->slice_count == 0) {
        wf_gpu_unusable(gpu, "MIG is on, but no MIG device was made");
    }
}
