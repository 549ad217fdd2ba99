// SPDX-License-Identifier: Apache-2.0
// The variables of a grant. What was measured (an H100, CUDA 13): CUDA cuts the list at the first
// entry that it does not know, refuses to start on one that stands there twice, and shows nothing
// for an empty list. The ROCm runtime reads its list alike; an empty one shows nothing, too.
//
// HIP takes CUDA_VISIBLE_DEVICES for its own where HIP_VISIBLE_DEVICES is not set, and counts in
// the list that ROCR_VISIBLE_DEVICES has cut already: an AMD job gets ROCR_VISIBLE_DEVICES alone.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "telemetry/grant_parts.h"
#include "telemetry/telemetry.h"

const char *const *wf_grant_unset(void)
{
    static const char *const names[] = {
        "CUDA_VISIBLE_DEVICES",
        "CUDA_DEVICE_ORDER",
        "NVIDIA_VISIBLE_DEVICES",
        "ROCR_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES",
        "GPU_DEVICE_ORDINAL",
        "CUDA_MPS_PIPE_DIRECTORY",
        "CUDA_MPS_LOG_DIRECTORY",
        "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT",
        "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
        NULL,
    };
    return names;
}

bool wf_grant_uses_mps(const struct wf_machine *machine, const struct wf_gpu *gpu)
{
    return machine->mps_folder[0] && strcmp(gpu->enforced_by, "MPS") == 0;
}

static bool has_vendor(const struct wf_machine *machine, enum wf_vendor vendor)
{
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        if (machine->gpus[i].vendor == vendor) {
            return true;
        }
    }
    return false;
}

// Where the ROCm runtime counts an AMD device: among those whose files it may open. A device filter
// takes the others out of the count.
static uint32_t place_of(const struct wf_machine *machine, const struct wf_grant *grant,
                         bool filtered, uint32_t number)
{
    uint32_t before = 0;
    if (!filtered) {
        return number;
    }
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        if (gpu->vendor != WF_VENDOR_AMD) {
            continue;
        }
        if (gpu->slice_count == 0) {
            before += gpu->number < number && wf_grant_has(grant, i, WF_WHOLE_GPU);
        }
        for (uint32_t j = 0; j < gpu->slice_count; j++) {
            before += gpu->slices[j].number < number && wf_grant_has(grant, i, (uint8_t)j);
        }
    }
    return before;
}

// How a variable chooses a device: by its UUID, or, where it has none, by its place.
static void choose(const struct wf_machine *machine, const struct wf_grant_want *want,
                   const struct wf_grant *grant, const struct wf_grant_device *device,
                   char name[WF_GPU_HANDLE_BYTES])
{
    const struct wf_gpu *gpu = &machine->gpus[device->gpu];
    bool whole = device->slice == WF_WHOLE_GPU;
    const char *uuid = whole ? gpu->uuid : gpu->slices[device->slice].uuid;
    if (uuid[0]) {
        snprintf(name, WF_GPU_HANDLE_BYTES, "%s", uuid);
        return;
    }
    uint32_t number = whole ? gpu->number : gpu->slices[device->slice].number;
    snprintf(name, WF_GPU_HANDLE_BYTES, "%u", place_of(machine, grant, want->filtered, number));
}

// "PREFIXa,b,c", of malloc; chosen: as a variable chooses them, else by their names.
static char *list(const struct wf_machine *machine, const struct wf_grant_want *want,
                  const struct wf_grant *grant, const struct wf_grant_task *task,
                  const char *prefix, bool chosen)
{
    size_t room = strlen(prefix) + (size_t)task->device_count * WF_GPU_HANDLE_BYTES + 1;
    char *text = malloc(room);
    size_t length = text ? (size_t)snprintf(text, room, "%s", prefix) : 0;
    for (uint32_t i = 0; text && i < task->device_count; i++) {
        char name[WF_GPU_HANDLE_BYTES];
        const struct wf_grant_device *device = &task->devices[i];
        if (chosen) {
            choose(machine, want, grant, device, name);
        } else {
            wf_gpu_name(&machine->gpus[device->gpu], device->slice, name);
        }
        length += (size_t)snprintf(text + length, room - length, "%s%s", i ? "," : "", name);
    }
    return text;
}

// Takes text over; false: NULL, there was no memory for it.
static bool put(struct wf_grant_task *task, char *text)
{
    if (text) {
        WF_ASSERT(task->variable_count < WF_GRANT_VARIABLES_MAX);
        task->variables[task->variable_count++] = text;
    }
    return text != NULL;
}

static bool put_nvidia(const struct wf_machine *machine, const struct wf_grant_want *want,
                       const struct wf_grant *grant, struct wf_grant_task *task)
{
    char text[256];
    const struct wf_grant_device *first = &task->devices[0];
    bool good = put(task, list(machine, want, grant, task, "CUDA_VISIBLE_DEVICES=", true)) &&
                // nvidia-smi and CUDA then count alike.
                put(task, strdup("CUDA_DEVICE_ORDER=PCI_BUS_ID")) &&
                // For the containers that a job starts.
                put(task, list(machine, want, grant, task, "NVIDIA_VISIBLE_DEVICES=", true));
    if (!good || strcmp(grant->enforced_by, "MPS") != 0) {
        return good;
    }
    unsigned milli = want->gpu_milli;
    unsigned long long mebibytes =
        wf_grant_share_bytes(&machine->gpus[first->gpu], want->gpu_milli) >> 20;
    snprintf(text, sizeof text, "CUDA_MPS_PIPE_DIRECTORY=%s", machine->mps_folder);
    good = put(task, strdup(text));
    snprintf(text, sizeof text, "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT=0=%lluM", mebibytes);
    good = good && put(task, strdup(text));
    snprintf(text, sizeof text, "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=%u",
             milli < 10 ? 1 : milli / 10);
    return good && put(task, strdup(text));
}

static bool put_task(const struct wf_machine *machine, const struct wf_grant_want *want,
                     const struct wf_grant *grant, struct wf_grant_task *task)
{
    bool nvidia = has_vendor(machine, WF_VENDOR_NVIDIA);
    bool amd = has_vendor(machine, WF_VENDOR_AMD);
    task->names = task->device_count ? list(machine, want, grant, task, "", false) : strdup("none");
    bool good = task->names != NULL;
    if (task->device_count == 0) {
        good = good && (!nvidia || (put(task, strdup("CUDA_VISIBLE_DEVICES=")) &&
                                    put(task, strdup("NVIDIA_VISIBLE_DEVICES=void"))));
        return good && (!amd || put(task, strdup("ROCR_VISIBLE_DEVICES=")));
    }
    if (want->node->vendor == WF_VENDOR_NVIDIA) {
        good = good && put_nvidia(machine, want, grant, task);
        return good && (!amd || put(task, strdup("ROCR_VISIBLE_DEVICES=")));
    }
    good = good && put(task, list(machine, want, grant, task, "ROCR_VISIBLE_DEVICES=", true));
    return good && (!nvidia || put(task, strdup("NVIDIA_VISIBLE_DEVICES=void")));
}

enum wf_status wf_grant_variables(const struct wf_machine *machine,
                                  const struct wf_grant_want *want, struct wf_grant *grant,
                                  struct wf_error *err)
{
    for (uint32_t i = 0; i < grant->task_count; i++) {
        if (!put_task(machine, want, grant, &grant->tasks[i])) {
            return wf_fail(err, WF_NOMEM, "no memory for the variables of task %u", i);
        }
    }
    return WF_OK;
}
