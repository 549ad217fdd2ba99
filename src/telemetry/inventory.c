// SPDX-License-Identifier: Apache-2.0
#include "telemetry/inventory.h"

#include <stdio.h>
#include <string.h>

#include "telemetry/telemetry.h"

const char *wf_gpu_name(const struct wf_gpu *gpu, uint8_t slice, char name[WF_GPU_HANDLE_BYTES])
{
    const char *own = gpu->uuid[0] ? gpu->uuid : gpu->pci;
    if (slice == WF_WHOLE_GPU) {
        snprintf(name, WF_GPU_HANDLE_BYTES, "%s", own);
    } else if (gpu->slices[slice].uuid[0]) {
        snprintf(name, WF_GPU_HANDLE_BYTES, "%s", gpu->slices[slice].uuid);
    } else {
        snprintf(name, WF_GPU_HANDLE_BYTES, "%s/%u", own, gpu->slices[slice].instance);
    }
    return name;
}

// The slices of an AMD GPU are named after their number ("CPX 3"); what they are comes before it.
static int profile_length(const struct wf_gpu *gpu, const struct wf_gpu_slice *slice)
{
    return (int)(gpu->vendor == WF_VENDOR_AMD ? strcspn(slice->profile, " ")
                                              : strlen(slice->profile));
}

static bool slices_alike(const struct wf_gpu *gpu)
{
    const struct wf_gpu_slice *first = &gpu->slices[0];
    for (uint32_t i = 1; i < gpu->slice_count; i++) {
        const struct wf_gpu_slice *slice = &gpu->slices[i];
        int length = profile_length(gpu, slice);
        if (slice->memory_bytes != first->memory_bytes ||
            slice->compute_units != first->compute_units || length != profile_length(gpu, first) ||
            strncmp(slice->profile, first->profile, (size_t)length) != 0) {
            return false;
        }
    }
    return true;
}

// The node that the core would want for this GPU, or slice, still without GPUs.
static void shape_of(const struct wf_gpu *gpu, uint8_t slice, struct wf_inventory_node *shape)
{
    *shape = (struct wf_inventory_node){
        .vendor = gpu->vendor, .memory_bytes = gpu->memory_bytes, .single = gpu->mig == WF_ON};
    if (gpu->slice_count == 0) {
        snprintf(shape->model, sizeof shape->model, "%s", gpu->model);
        return;
    }
    const struct wf_gpu_slice *named = &gpu->slices[slice == WF_WHOLE_GPU ? 0 : slice];
    shape->slices = slice == WF_WHOLE_GPU ? (uint8_t)gpu->slice_count : 1;
    shape->memory_bytes = slice == WF_WHOLE_GPU ? gpu->memory_bytes : named->memory_bytes;
    snprintf(shape->model, sizeof shape->model, "%s %.*s", gpu->model, profile_length(gpu, named),
             named->profile);
}

static uint64_t gibibytes(uint64_t bytes)
{
    return (bytes + (UINT64_C(1) << 29)) >> 30;
}

// Two GPUs of one model may differ by some megabytes, by what their firmware keeps.
static bool alike(const struct wf_inventory_node *a, const struct wf_inventory_node *b)
{
    return a->vendor == b->vendor && a->slices == b->slices && a->single == b->single &&
           gibibytes(a->memory_bytes) == gibibytes(b->memory_bytes) &&
           strcmp(a->model, b->model) == 0;
}

static struct wf_inventory_gpu *known_place(struct wf_inventory *inventory,
                                            const struct wf_inventory_node *shape, const char *name)
{
    for (uint32_t i = 0; i < inventory->node_count; i++) {
        struct wf_inventory_node *node = &inventory->nodes[i];
        for (uint32_t j = 0; alike(node, shape) && j < node->gpu_count; j++) {
            if (strcmp(node->gpus[j].name, name) == 0) {
                return &node->gpus[j];
            }
        }
    }
    return NULL;
}

static struct wf_inventory_gpu *new_place(struct wf_inventory *inventory,
                                          const struct wf_inventory_node *shape)
{
    for (uint32_t i = 0; i < inventory->node_count; i++) {
        struct wf_inventory_node *node = &inventory->nodes[i];
        if (alike(node, shape) && node->gpu_count < WF_NODE_GPUS_MAX) {
            return &node->gpus[node->gpu_count++];
        }
    }
    if (inventory->node_count == WF_INVENTORY_NODES_MAX) {
        return NULL;
    }
    struct wf_inventory_node *node = &inventory->nodes[inventory->node_count++];
    *node = *shape;
    return &node->gpus[node->gpu_count++];
}

static void take(struct wf_inventory *inventory, const struct wf_gpu *gpu, uint8_t number,
                 uint8_t slice)
{
    struct wf_inventory_node shape;
    char name[WF_GPU_HANDLE_BYTES];
    shape_of(gpu, slice, &shape);
    wf_gpu_name(gpu, slice, name);
    struct wf_inventory_gpu *place = known_place(inventory, &shape, name);
    if (!place && gpu->usable) {
        place = new_place(inventory, &shape);
        inventory->left_out += place == NULL;
    }
    if (place) {
        memcpy(place->name, name, sizeof name);
        place->gpu = number;
        place->slice = slice;
    }
}

void wf_telemetry_inventory(const struct wf_machine *machine, const struct wf_inventory *before,
                            struct wf_inventory *inventory_out)
{
    if (!before) {
        *inventory_out = (struct wf_inventory){0};
    } else if (before != inventory_out) {
        *inventory_out = *before;
    }
    inventory_out->left_out = 0;
    for (uint32_t i = 0; i < inventory_out->node_count; i++) {
        struct wf_inventory_node *node = &inventory_out->nodes[i];
        for (uint32_t j = 0; j < node->gpu_count; j++) {
            node->gpus[j].gpu = WF_NOT_THERE;
        }
    }
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        if (slices_alike(gpu)) {
            take(inventory_out, gpu, (uint8_t)i, WF_WHOLE_GPU);
            continue;
        }
        for (uint32_t j = 0; j < gpu->slice_count; j++) {
            take(inventory_out, gpu, (uint8_t)i, (uint8_t)j);
        }
    }
}
