// SPDX-License-Identifier: Apache-2.0
// AMD's GPUs by what the kernel tells in /sys: the topology of its compute driver (KFD) and the
// files of the PCI device. No library of AMD is loaded: those print and throw.
#include "telemetry/amd.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPOLOGY "/sys/class/kfd/kfd/topology/nodes"

static int compare_nodes(const void *left, const void *right)
{
    const struct wf_amd_node *one = left;
    const struct wf_amd_node *other = right;
    if (one->address != other->address) {
        return one->address < other->address ? -1 : 1;
    }
    return (one->kfd_number > other->kfd_number) - (one->kfd_number < other->kfd_number);
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t one = *(const uint32_t *)left;
    uint32_t other = *(const uint32_t *)right;
    return (one > other) - (one < other);
}

bool wf_amd_node_parse(const char *text, struct wf_amd_node *node)
{
    struct {
        const char *name;
        uint64_t value;
    } wanted[] = {
        {"simd_count", 0},       {"simd_per_cu", 0}, {"domain", 0},    {"location_id", 0},
        {"drm_render_minor", 0}, {"device_id", 0},   {"unique_id", 0}, {"gfx_target_version", 0},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(wanted); i++) {
        (void)wf_text_property(text, wanted[i].name, &wanted[i].value);
    }
    if (wanted[0].value == 0) {
        return false; // a processor
    }
    node->compute_units = (uint32_t)(wanted[0].value / (wanted[1].value ? wanted[1].value : 1));
    // Kernels write the number of a partition into bits 28 to 31 of the location, older ones into
    // the function (bits 0 to 2): bus and device alone tell GPUs apart.
    node->address = (uint32_t)((wanted[2].value & 0xffff) << 16 | (wanted[3].value & 0xfff8));
    node->render_minor = (uint32_t)wanted[4].value;
    node->device_id = (uint32_t)wanted[5].value;
    node->unique_id = wanted[6].value;
    node->target = (uint32_t)wanted[7].value;
    return true;
}

const char *wf_amd_pci(const struct wf_amd_node *node, char pci[WF_PCI_BYTES])
{
    uint32_t address = node->address;
    snprintf(pci, WF_PCI_BYTES, "%04x:%02x:%02x.0", address >> 16, address >> 8 & 0xff,
             address >> 3 & 0x1f);
    return pci;
}

void wf_amd_target_text(uint32_t target, char *text, size_t size)
{
    if (target == 0) {
        text[0] = '\0';
        return;
    }
    snprintf(text, size, "gfx%u%x%x", target / 10000, target / 100 % 100, target % 100);
}

static uint64_t node_memory(const struct wf_sysroot *sysroot, uint32_t number)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char text[1024];
    uint64_t total = 0;
    // Bank 0 and, where the host sees only a part of the memory, bank 1; heaps 1 and 2 are the
    // GPU's.
    for (uint32_t bank = 0; bank < 2; bank++) {
        uint64_t heap = 0;
        uint64_t size = 0;
        wf_sysroot_path(sysroot, path, TOPOLOGY "/%u/mem_banks/%u/properties", number, bank);
        if (wf_file_bytes(path, text, sizeof text) > 0 &&
            wf_text_property(text, "heap_type", &heap) && (heap == 1 || heap == 2) &&
            wf_text_property(text, "size_in_bytes", &size)) {
            total += size;
        }
    }
    return total;
}

// Returns 0, or the errno of a node that could not be read.
static int read_node(struct wf_amd *amd, uint32_t number)
{
    const struct wf_sysroot *sysroot = &amd->view->sysroot;
    char path[WF_SYSROOT_PATH_BYTES];
    char text[4096];
    struct wf_amd_node node = {.kfd_number = number, .number = amd->node_count};
    wf_sysroot_path(sysroot, path, TOPOLOGY "/%u/properties", number);
    if (wf_file_bytes(path, text, sizeof text) < 0) {
        return errno;
    }
    if (!wf_amd_node_parse(text, &node)) {
        return 0;
    }
    uint64_t gpu_id = 0;
    (void)wf_file_number(wf_sysroot_path(sysroot, path, TOPOLOGY "/%u/gpu_id", number), &gpu_id);
    node.gpu_id = (uint32_t)gpu_id;
    node.memory_bytes = node_memory(sysroot, number);
    amd->nodes[amd->node_count++] = node;
    return 0;
}

static uint32_t list_nodes(const struct wf_sysroot *sysroot, uint32_t numbers[WF_AMD_NODES_MAX])
{
    char path[WF_SYSROOT_PATH_BYTES];
    uint32_t count = 0;
    DIR *folder = opendir(wf_sysroot_path(sysroot, path, TOPOLOGY));
    if (!folder) {
        return 0;
    }
    for (struct dirent *entry = readdir(folder); entry && count < WF_AMD_NODES_MAX;
         entry = readdir(folder)) {
        uint64_t number;
        if (wf_text_number(entry->d_name, &number) && number < UINT32_MAX) {
            numbers[count++] = (uint32_t)number;
        }
    }
    closedir(folder);
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    return count;
}

static void group_nodes(struct wf_amd *amd)
{
    qsort(amd->nodes, amd->node_count, sizeof *amd->nodes, compare_nodes);
    for (uint32_t i = 0; i < amd->node_count; i++) {
        if (i == 0 || amd->nodes[i].address != amd->nodes[i - 1].address) {
            amd->first[amd->gpu_count++] = i;
        }
    }
    amd->first[amd->gpu_count] = amd->node_count;
}

static void amd_open(const struct wf_source_view *view, void **state_out, uint32_t *count_out,
                     struct wf_source_report *report)
{
    uint32_t numbers[WF_AMD_NODES_MAX];
    struct wf_amd *amd = calloc(1, sizeof *amd);
    *state_out = amd;
    if (!amd) {
        report->state = WF_SOURCE_FAILED;
        snprintf(report->why, sizeof report->why, "no memory");
        return;
    }
    amd->view = view;
    uint32_t count = list_nodes(&view->sysroot, numbers);
    int error = 0;
    for (uint32_t i = 0; i < count; i++) {
        int failed = read_node(amd, numbers[i]);
        error = failed ? failed : error;
    }
    group_nodes(amd);
    *count_out = amd->gpu_count;
    report->state = amd->gpu_count > 0 ? WF_SOURCE_READY : WF_SOURCE_ABSENT;
    if (error && amd->gpu_count == 0) {
        // The device filter of a cgroup hides nodes in this way.
        report->state = WF_SOURCE_FAILED;
        snprintf(report->why, sizeof report->why,
                 "the compute driver lists devices but hides what they are: %s", strerror(error));
    }
}

static void amd_close(void *state)
{
    free(state);
}

static void describe_names(const struct wf_amd *amd, const struct wf_amd_node *node,
                           struct wf_gpu *gpu)
{
    const struct wf_sysroot *sysroot = &amd->view->sysroot;
    char path[WF_SYSROOT_PATH_BYTES];
    char kernel[48];
    const char *model = wf_amd_model(node->device_id);
    wf_amd_target_text(node->target, gpu->architecture, sizeof gpu->architecture);
    wf_sysroot_path(sysroot, path, "/sys/bus/pci/devices/%s/product_name", gpu->pci);
    bool named = wf_file_line(path, gpu->name, sizeof gpu->name);
    if (model) {
        wf_text_copy(gpu->model, sizeof gpu->model, model);
    } else if (named) {
        wf_model_short(gpu->model, sizeof gpu->model, gpu->name);
    } else {
        wf_text_copy(gpu->model, sizeof gpu->model,
                     gpu->architecture[0] ? gpu->architecture : "AMD GPU");
    }
    if (!named) {
        snprintf(gpu->name, sizeof gpu->name, "AMD %s (device %04x)", gpu->model,
                 node->device_id & 0xffff);
    }
    // Only a driver that was installed beside the kernel has a version of its own.
    if (!wf_file_line(wf_sysroot_path(sysroot, path, "/sys/module/amdgpu/version"), gpu->driver,
                      sizeof gpu->driver) &&
        wf_file_line(wf_sysroot_path(sysroot, path, "/proc/sys/kernel/osrelease"), kernel,
                     sizeof kernel)) {
        snprintf(gpu->driver, sizeof gpu->driver, "kernel %s", kernel);
    }
}

static void check_file(struct wf_gpu *gpu, const struct wf_device_file *file)
{
    if (file->access != WF_FILE_OPEN) {
        wf_gpu_unusable(gpu, "%s %s", file->path,
                        file->access == WF_FILE_MISSING ? "is not there" : "may not be opened");
    }
}

// Whole GPUs have a unique id; partitions may share that of their GPU, and then it chooses nothing.
static void name_uuid(const struct wf_amd *amd, const struct wf_amd_node *node, char *uuid)
{
    for (uint32_t i = 0; i < amd->node_count; i++) {
        if (&amd->nodes[i] != node && amd->nodes[i].unique_id == node->unique_id) {
            return;
        }
    }
    if (node->unique_id) {
        snprintf(uuid, WF_UUID_BYTES, "GPU-%016llx", (unsigned long long)node->unique_id);
    }
}

static void describe_slices(const struct wf_amd *amd, uint32_t index, struct wf_gpu *gpu)
{
    char path[64];
    for (uint32_t i = amd->first[index]; i < amd->first[index + 1]; i++) {
        const struct wf_amd_node *node = &amd->nodes[i];
        if (gpu->slice_count == WF_GPU_SLICES_SEEN_MAX) {
            wf_gpu_unusable(gpu, "it has more partitions than the %d that are known to exist",
                            WF_GPU_SLICES_SEEN_MAX);
            return;
        }
        struct wf_gpu_slice *slice = &gpu->slices[gpu->slice_count];
        slice->instance = gpu->slice_count++;
        slice->number = node->number;
        slice->memory_bytes = node->memory_bytes;
        slice->compute_units = node->compute_units;
        snprintf(slice->profile, sizeof slice->profile, "%s %u",
                 gpu->partitioning[0] ? gpu->partitioning : "partition", slice->instance);
        name_uuid(amd, node, slice->uuid);
        snprintf(path, sizeof path, "/dev/dri/renderD%u", node->render_minor);
        wf_device_look(&amd->view->sysroot, &amd->view->identity, path, 4 | 2, &slice->files[0]);
        slice->file_count = 1;
        check_file(gpu, &slice->files[0]);
    }
}

static void describe_memory(const struct wf_amd *amd, uint32_t index, struct wf_gpu *gpu)
{
    char path[WF_SYSROOT_PATH_BYTES];
    wf_sysroot_path(&amd->view->sysroot, path, "/sys/bus/pci/devices/%s/mem_info_vram_total",
                    gpu->pci);
    if (!wf_file_number(path, &gpu->memory_bytes)) {
        for (uint32_t i = amd->first[index]; i < amd->first[index + 1]; i++) {
            gpu->memory_bytes += amd->nodes[i].memory_bytes;
        }
    }
    if (gpu->memory_bytes == 0) {
        wf_gpu_unusable(gpu, "it does not tell its memory");
    }
    wf_sysroot_path(&amd->view->sysroot, path, "/sys/bus/pci/devices/%s/ras/umc_err_count",
                    gpu->pci);
    gpu->ecc = access(path, F_OK) == 0 ? WF_ON : WF_UNKNOWN;
}

static void amd_describe(void *state, uint32_t index, struct wf_gpu *gpu)
{
    const struct wf_amd *amd = state;
    const struct wf_amd_node *node = &amd->nodes[amd->first[index]];
    char path[WF_SYSROOT_PATH_BYTES];
    gpu->vendor = WF_VENDOR_AMD;
    gpu->index = index;
    gpu->number = node->number;
    gpu->usable = true;
    wf_amd_pci(node, gpu->pci);
    gpu->numa_node = wf_pci_numa_node(&amd->view->sysroot, gpu->pci);
    describe_names(amd, node, gpu);
    wf_sysroot_path(&amd->view->sysroot, path, "/sys/bus/pci/devices/%s/current_compute_partition",
                    gpu->pci);
    (void)wf_file_line(path, gpu->partitioning, sizeof gpu->partitioning);
    wf_gpu_add_file(amd->view, gpu, "/dev/kfd");
    check_file(gpu, &gpu->files[0]);
    if (amd->first[index + 1] - amd->first[index] > 1) {
        if (node->unique_id) {
            snprintf(gpu->uuid, sizeof gpu->uuid, "GPU-%016llx",
                     (unsigned long long)node->unique_id);
        }
        describe_slices(amd, index, gpu);
    } else {
        name_uuid(amd, node, gpu->uuid);
        snprintf(path, sizeof path, "/dev/dri/renderD%u", node->render_minor);
        wf_gpu_add_file(amd->view, gpu, path);
        check_file(gpu, &gpu->files[1]);
    }
    describe_memory(amd, index, gpu);
    if (node->target == 0) {
        wf_gpu_unusable(gpu, "the compute driver does not know its architecture");
    }
    wf_gpu_enforcement(amd->view, gpu);
}

const struct wf_source wf_source_amd = {
    .name = "amd",
    .vendor = WF_VENDOR_AMD,
    .open = amd_open,
    .describe = amd_describe,
    .read = wf_amd_read,
    .close = amd_close,
};
