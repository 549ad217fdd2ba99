// SPDX-License-Identifier: Apache-2.0
// Any bytes as the variables of a command and the names of what it was granted: the first line has
// the names, each further line a variable. No crash, and a list of no more than there is passes.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "telemetry/telemetry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VARIABLES_MAX = 8 };

static void add_file(struct wf_device_file *file, const char *path, bool open)
{
    snprintf(file->path, sizeof file->path, "%s", path);
    file->access = open ? WF_FILE_OPEN : WF_FILE_DENIED;
}

// Three whole GPUs of NVIDIA, one with MIG, one of AMD in four partitions, one of AMD in the whole.
static void make_machine(struct wf_machine *machine)
{
    machine->gpu_count = 6;
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        struct wf_gpu *gpu = &machine->gpus[i];
        gpu->vendor = i < 4 ? WF_VENDOR_NVIDIA : WF_VENDOR_AMD;
        gpu->index = i < 4 ? i : i - 4;
        gpu->number = i < 4 ? i : (i - 4) * 4;
        gpu->usable = true;
        snprintf(gpu->uuid, sizeof gpu->uuid, "GPU-0%u", i);
        snprintf(gpu->model, sizeof gpu->model, "X");
        gpu->file_count = 1;
        add_file(&gpu->files[0], "/dev/x", i != 2);
        gpu->slice_count = i == 3 || i == 4 ? 4 : 0;
        gpu->mig = i == 3 ? WF_ON : WF_OFF;
        for (uint32_t j = 0; j < gpu->slice_count; j++) {
            struct wf_gpu_slice *slice = &gpu->slices[j];
            slice->instance = j;
            slice->number = gpu->number + j;
            if (i == 3) {
                snprintf(slice->uuid, sizeof slice->uuid, "MIG-0%u", j);
            }
            slice->file_count = 1;
            add_file(&slice->files[0], "/dev/y", j != 1);
        }
    }
}

static void check(const struct wf_machine *machine, const char *const *environment,
                  const char *names)
{
    struct wf_error err = {0};
    static struct wf_inventory inventory;
    for (int filtered = 0; filtered < 2; filtered++) {
        if (wf_telemetry_self_test(machine, environment, names, filtered, &err) != WF_OK) {
            WF_ASSERT(strlen(err.text) > 0 && strlen(err.text) < sizeof err.text);
        } else {
            WF_ASSERT(strlen(names) < 256);
        }
    }
    wf_telemetry_inventory(machine, NULL, &inventory);
    for (uint32_t i = 0; i < inventory.node_count; i++) {
        const struct wf_inventory_node *node = &inventory.nodes[i];
        uint32_t taken[WF_NODE_GPUS_MAX] = {0};
        wf_grant_taken(machine, node, names, taken);
        for (uint32_t j = 0; j < WF_NODE_GPUS_MAX; j++) {
            WF_ASSERT(taken[j] == 0 || (j < node->gpu_count && taken[j] >> node->slices == 0));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wf_machine machine;
    const char *environment[VARIABLES_MAX + 1] = {NULL};
    if (machine.gpu_count == 0) {
        make_machine(&machine);
    }
    char *text = malloc(size + 1);
    WF_ASSERT(text);
    memcpy(text, data, size);
    text[size] = '\0';
    char *line = strchr(text, '\n');
    for (uint32_t i = 0; line && i < VARIABLES_MAX; i++) {
        *line = '\0';
        environment[i] = line + 1;
        line = strchr(line + 1, '\n');
    }
    check(&machine, environment, text);
    free(text);
    return 0;
}
