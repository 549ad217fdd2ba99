// SPDX-License-Identifier: Apache-2.0
// From the core's numbers to devices, and how well a share of them is kept.
#include "telemetry/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry/grant_parts.h"
#include "telemetry/telemetry.h"

bool wf_machine_filters(const struct wf_machine *machine)
{
    const struct wf_cgroup *cgroup = &machine->cgroup;
    return machine->limits.may_load_bpf && cgroup->delegated &&
           (cgroup->version == WF_CGROUP_V2 || cgroup->version == WF_CGROUP_HYBRID);
}

void wf_grant_warn(struct wf_grant *grant, const char *format, ...)
{
    char sentence[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    size_t length = strlen(grant->warnings);
    if (!strstr(grant->warnings, sentence)) {
        snprintf(grant->warnings + length, sizeof grant->warnings - length, "%s%s",
                 length ? "; " : "", sentence);
    }
}

static uint16_t share_of(const struct wf_grant_want *want)
{
    return want->gpu_milli ? want->gpu_milli : WF_GPU_MILLI;
}

static void add_device(struct wf_grant_task *task, uint8_t gpu, uint8_t slice)
{
    task->devices[task->device_count++] = (struct wf_grant_device){gpu, slice};
}

// The lowest slices that are free: those that are free stay beside each other.
static enum wf_status choose_slices(const struct wf_grant_want *want, uint32_t number,
                                    struct wf_grant_task *task, struct wf_error *err)
{
    const struct wf_inventory_gpu *place = &want->node->gpus[number];
    uint32_t count = want->node->slices;
    uint32_t wanted = (share_of(want) * count + WF_GPU_MILLI - 1) / WF_GPU_MILLI;
    uint32_t taken = want->taken ? want->taken[number] : 0;
    uint32_t given = 0;
    for (uint32_t i = 0; i < count && given < wanted; i++) {
        if ((taken & 1u << i) == 0) {
            add_device(task, place->gpu, (uint8_t)i);
            taken |= 1u << i;
            given++;
        }
    }
    if (given < wanted) {
        return wf_fail(err, WF_LIMIT, "GPU %u (%s) has %u slices free, and %u are granted", number,
                       place->name, given, wanted);
    }
    if (want->taken) {
        want->taken[number] = taken;
    }
    return WF_OK;
}

static enum wf_status add_gpu(const struct wf_machine *machine, const struct wf_grant_want *want,
                              uint32_t number, struct wf_grant_task *task, struct wf_error *err)
{
    if (number >= want->node->gpu_count || want->node->gpus[number].gpu >= machine->gpu_count) {
        return wf_fail(err, WF_NOTFOUND, "GPU %u (%s) is not there any more", number,
                       number < want->node->gpu_count ? want->node->gpus[number].name : "unknown");
    }
    const struct wf_inventory_gpu *place = &want->node->gpus[number];
    const struct wf_gpu *gpu = &machine->gpus[place->gpu];
    if (!gpu->usable) {
        return wf_fail(err, WF_NOTFOUND, "GPU %u (%s) cannot be used: %s", number, place->name,
                       gpu->why_not);
    }
    if (place->slice != WF_WHOLE_GPU || want->node->slices == 0) {
        add_device(task, place->gpu, place->slice);
        return WF_OK;
    }
    return choose_slices(want, number, task, err);
}

// CUDA shows a process the first MIG device of its list and no other.
static enum wf_status check_single(const struct wf_grant_want *want,
                                   const struct wf_grant_task *task, struct wf_error *err)
{
    if (want->node->single && task->device_count > 1) {
        return wf_fail(err, WF_INVALID,
                       "a task would have %u MIG devices of %s, and a process can use only one: "
                       "ask for at most %d thousandths of one GPU",
                       task->device_count, want->node->model,
                       want->node->slices ? WF_GPU_MILLI / want->node->slices : WF_GPU_MILLI);
    }
    return WF_OK;
}

static enum wf_status choose_devices(const struct wf_machine *machine,
                                     const struct wf_grant_want *want, struct wf_grant *grant,
                                     struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < want->task_count && status == WF_OK; i++) {
        uint32_t set = want->task_gpus[i];
        for (uint32_t number = 0; number < 32 && status == WF_OK; number++) {
            if (set & 1u << number) {
                status = add_gpu(machine, want, number, &grant->tasks[i], err);
            }
        }
        if (status == WF_OK && set) {
            status = check_single(want, &grant->tasks[i], err);
        }
    }
    return status;
}

static void keep(struct wf_grant *grant, enum wf_enforcement enforcement, const char *by)
{
    grant->enforcement = enforcement;
    snprintf(grant->enforced_by, sizeof grant->enforced_by, "%s", by);
}

// Several tasks of a run may have shares of one GPU: its cgroup is one for all of them.
static void limit_memory(struct wf_grant *grant, const char *region, uint64_t bytes)
{
    uint32_t i = 0;
    while (i < grant->memory_count && strcmp(grant->memory[i].region, region) != 0) {
        i++;
    }
    if (i == WF_NODE_GPUS_MAX) {
        return;
    }
    if (i == grant->memory_count) {
        grant->memory_count++;
        snprintf(grant->memory[i].region, sizeof grant->memory[i].region, "%s", region);
    }
    grant->memory[i].bytes += bytes;
}

uint64_t wf_grant_share_bytes(const struct wf_gpu *gpu, uint16_t milli)
{
    return gpu->memory_bytes / WF_GPU_MILLI * milli;
}

// A share of a GPU that is in one piece: as well as this machine can, and told as it is.
static void keep_share(const struct wf_machine *machine, const struct wf_grant_want *want,
                       const struct wf_gpu *gpu, struct wf_grant *grant)
{
    char name[WF_GPU_HANDLE_BYTES];
    uint16_t milli = share_of(want);
    unsigned long long mebibytes = wf_grant_share_bytes(gpu, milli) >> 20;
    wf_gpu_name(gpu, WF_WHOLE_GPU, name);
    if (want->dmem && gpu->dmem_region[0]) {
        keep(grant, WF_ENFORCE_HARD, "dmem cgroup");
        limit_memory(grant, gpu->dmem_region, wf_grant_share_bytes(gpu, milli));
    } else if (wf_grant_uses_mps(machine, gpu)) {
        keep(grant, WF_ENFORCE_SOFT, "MPS");
        wf_grant_warn(grant,
                      "MPS keeps it to %llu MiB of %s, which a job that drops its variables can "
                      "get around",
                      mebibytes, name);
    } else {
        keep(grant, WF_ENFORCE_NONE, "nothing");
        wf_grant_warn(grant, "nothing keeps it to its share (%llu MiB) of the memory of %s",
                      mebibytes, name);
    }
    if (gpu->compute_mode == WF_COMPUTE_EXCLUSIVE) {
        wf_grant_warn(grant,
                      "%s takes one process at a time (its compute mode), so that nobody "
                      "can share it",
                      name);
    }
}

static void keep_all(const struct wf_machine *machine, const struct wf_grant_want *want,
                     struct wf_grant *grant)
{
    keep(grant, WF_ENFORCE_HARD, "whole GPUs");
    for (uint32_t i = 0; i < grant->task_count; i++) {
        const struct wf_grant_task *task = &grant->tasks[i];
        for (uint32_t j = 0; j < task->device_count; j++) {
            const struct wf_gpu *gpu = &machine->gpus[task->devices[j].gpu];
            if (task->devices[j].slice != WF_WHOLE_GPU) {
                keep(grant, WF_ENFORCE_HARD, gpu->mig == WF_ON ? "MIG" : "partitions");
            } else if (share_of(want) < WF_GPU_MILLI) {
                keep_share(machine, want, gpu, grant);
            }
        }
    }
}

enum wf_status wf_telemetry_grant(const struct wf_machine *machine,
                                  const struct wf_grant_want *want, struct wf_grant *grant_out,
                                  struct wf_error *err)
{
    *grant_out = (struct wf_grant){.task_count = want->task_count};
    grant_out->tasks = calloc(want->task_count ? want->task_count : 1, sizeof *grant_out->tasks);
    if (!grant_out->tasks) {
        grant_out->task_count = 0;
        return wf_fail(err, WF_NOMEM, "no memory for what %u tasks are granted", want->task_count);
    }
    enum wf_status status = choose_devices(machine, want, grant_out, err);
    if (status == WF_OK) {
        keep_all(machine, want, grant_out);
        status = wf_grant_variables(machine, want, grant_out, err);
    }
    if (status == WF_OK) {
        status = wf_grant_rules(machine, want, grant_out, err);
    }
    return status;
}

void wf_grant_finish(struct wf_grant *grant)
{
    for (uint32_t i = 0; i < grant->task_count; i++) {
        for (uint32_t j = 0; j < grant->tasks[i].variable_count; j++) {
            free(grant->tasks[i].variables[j]);
        }
        free(grant->tasks[i].names);
    }
    free(grant->tasks);
    *grant = (struct wf_grant){0};
}

// Goes to the next of some words with commas between them; its length, 0 at the end.
static size_t next_word(const char **at, const char *before)
{
    *at = before + (*before == ',');
    return strcspn(*at, ",");
}

void wf_grant_taken(const struct wf_machine *machine, const struct wf_inventory_node *node,
                    const char *names, uint32_t taken[WF_NODE_GPUS_MAX])
{
    const char *word = names;
    for (size_t length = next_word(&word, names); length > 0;
         length = next_word(&word, word + length)) {
        for (uint32_t i = 0; i < node->gpu_count; i++) {
            if (node->gpus[i].gpu >= machine->gpu_count || node->gpus[i].slice != WF_WHOLE_GPU) {
                continue;
            }
            const struct wf_gpu *gpu = &machine->gpus[node->gpus[i].gpu];
            for (uint32_t j = 0; j < gpu->slice_count; j++) {
                char name[WF_GPU_HANDLE_BYTES];
                wf_gpu_name(gpu, (uint8_t)j, name);
                if (strlen(name) == length && strncmp(name, word, length) == 0) {
                    taken[i] |= 1u << j;
                }
            }
        }
    }
}
