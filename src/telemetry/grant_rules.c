// SPDX-License-Identifier: Apache-2.0
// Which device files a run may open: what its tasks were granted, and of the same drivers nothing
// else. What is shared by all GPUs of a driver (nvidiactl, unified memory) stays open: to close
// nvidiactl makes the library report unknown errors instead of no device.
#include "telemetry/grant_parts.h"

#include "telemetry/telemetry.h"

enum { NVIDIA_CONTROL_MINOR = 255 };

bool wf_grant_has(const struct wf_grant *grant, uint32_t gpu, uint8_t slice)
{
    for (uint32_t i = 0; i < grant->task_count; i++) {
        const struct wf_grant_task *task = &grant->tasks[i];
        for (uint32_t j = 0; j < task->device_count; j++) {
            if (task->devices[j].gpu == gpu &&
                (slice == WF_WHOLE_GPU || task->devices[j].slice == slice)) {
                return true;
            }
        }
    }
    return false;
}

// Whether everything of a vendor was granted, so that there is nothing to close.
static bool has_all(const struct wf_machine *machine, const struct wf_grant *grant,
                    enum wf_vendor vendor)
{
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        if (gpu->vendor != vendor || gpu->file_count == 0) {
            continue; // what has no files, nobody can open
        }
        if (!wf_grant_has(grant, i, WF_WHOLE_GPU)) {
            return false;
        }
        for (uint32_t j = 0; j < gpu->slice_count; j++) {
            if (!wf_grant_has(grant, i, (uint8_t)j)) {
                return false;
            }
        }
    }
    return true;
}

// Rules are counted past the room for them, so that the caller can tell.
static void add_rule(struct wf_grant *grant, uint32_t major_number, int64_t minor_number,
                     bool allow)
{
    if (grant->rule_count < WF_GRANT_RULES_MAX) {
        grant->rules[grant->rule_count] = (struct wf_grant_rule){
            (int32_t)major_number, minor_number < 0 ? -1 : (int32_t)minor_number, allow};
    }
    grant->rule_count++;
}

static void allow_file(struct wf_grant *grant, const struct wf_device_file *file)
{
    if (file->device) {
        add_rule(grant, file->major_number, file->minor_number, true);
    }
}

static const struct wf_device_file *own_file(const struct wf_gpu *gpu)
{
    uint32_t place = gpu->vendor == WF_VENDOR_AMD ? 1 : 0; // of AMD, /dev/kfd is first
    return gpu->file_count > place && gpu->files[place].device ? &gpu->files[place] : NULL;
}

static const struct wf_device_file *slice_file(const struct wf_gpu *gpu)
{
    for (uint32_t i = 0; i < gpu->slice_count; i++) {
        for (uint32_t j = 0; j < gpu->slices[i].file_count; j++) {
            if (gpu->slices[i].files[j].device) {
                return &gpu->slices[i].files[j];
            }
        }
    }
    return NULL;
}

static void allow_slices(const struct wf_gpu *gpu, uint32_t index, struct wf_grant *grant)
{
    for (uint32_t i = 0; i < gpu->slice_count; i++) {
        for (uint32_t j = 0; j < gpu->slices[i].file_count; j++) {
            if (wf_grant_has(grant, index, (uint8_t)i)) {
                allow_file(grant, &gpu->slices[i].files[j]);
            }
        }
    }
}

// The files of NVIDIA's GPUs have one major number, those of MIG devices another.
static void nvidia_rules(const struct wf_machine *machine, struct wf_grant *grant)
{
    const struct wf_device_file *any = NULL;
    const struct wf_device_file *any_slice = NULL;
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        if (gpu->vendor != WF_VENDOR_NVIDIA) {
            continue;
        }
        const struct wf_device_file *file = own_file(gpu);
        any = file ? file : any;
        any_slice = slice_file(gpu) ? slice_file(gpu) : any_slice;
        if (file && wf_grant_has(grant, i, WF_WHOLE_GPU)) {
            allow_file(grant, file);
            allow_slices(gpu, i, grant);
        }
    }
    if (any) {
        add_rule(grant, any->major_number, NVIDIA_CONTROL_MINOR, true);
        add_rule(grant, any->major_number, -1, false);
    }
    if (any_slice) {
        add_rule(grant, any_slice->major_number, -1, false);
    }
}

// The kernel hides GPUs from a process in the topology, too, whose render files are closed to it.
static void amd_rules(const struct wf_machine *machine, struct wf_grant *grant)
{
    const struct wf_device_file *any = NULL;
    const struct wf_device_file *compute = NULL;
    bool granted = false;
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        if (gpu->vendor != WF_VENDOR_AMD) {
            continue;
        }
        const struct wf_device_file *file = gpu->slice_count ? slice_file(gpu) : own_file(gpu);
        any = file ? file : any;
        compute = gpu->file_count > 0 && gpu->files[0].device ? &gpu->files[0] : compute;
        if (file && wf_grant_has(grant, i, WF_WHOLE_GPU)) {
            granted = true;
            if (gpu->slice_count == 0) {
                allow_file(grant, file);
            }
            allow_slices(gpu, i, grant);
        }
    }
    if (any) {
        add_rule(grant, any->major_number, -1, false);
    }
    if (compute && !granted) {
        add_rule(grant, compute->major_number, compute->minor_number, false);
    }
}

enum wf_status wf_grant_rules(const struct wf_machine *machine, const struct wf_grant_want *want,
                              struct wf_grant *grant, struct wf_error *err)
{
    bool all_nvidia = has_all(machine, grant, WF_VENDOR_NVIDIA);
    bool all_amd = has_all(machine, grant, WF_VENDOR_AMD);
    if (!all_nvidia) {
        nvidia_rules(machine, grant);
    }
    if (!all_amd) {
        amd_rules(machine, grant);
    }
    if (!want->filtered && !(all_nvidia && all_amd)) {
        wf_grant_warn(grant, "nothing keeps it from GPUs that it was not given: device files are "
                             "not limited here");
    }
    if (grant->rule_count > WF_GRANT_RULES_MAX) {
        uint32_t needed = grant->rule_count;
        grant->rule_count = 0;
        return wf_fail(err, WF_LIMIT,
                       "%u rules about device files would be needed, and %d are the most: ask for "
                       "whole GPUs, or for all of them",
                       needed, WF_GRANT_RULES_MAX);
    }
    return WF_OK;
}
