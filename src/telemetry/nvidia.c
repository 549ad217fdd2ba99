// SPDX-License-Identifier: Apache-2.0
// NVIDIA's GPUs by their management library, and by /proc and /sys where the library does not tell.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "telemetry/nvidia.h"

// nvidiactl and the two of unified memory are shared by all GPUs; every job needs the first two.
static const char *const shared_files[] = {"/dev/nvidiactl", "/dev/nvidia-uvm",
                                           "/dev/nvidia-uvm-tools"};

static void absent_or_broken(const struct wf_source_view *view, struct wf_source_report *report,
                             const char *why)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char line[160];
    bool module = wf_file_line(wf_sysroot_path(&view->sysroot, path, "/proc/driver/nvidia/version"),
                               line, sizeof line);
    report->state = module || view->nvml_path[0] ? WF_SOURCE_FAILED : WF_SOURCE_ABSENT;
    snprintf(report->why, sizeof report->why, "%s%.200s",
             module ? "the kernel driver is loaded, but " : "", why);
}

static void nvidia_open(const struct wf_source_view *view, void **state_out, uint32_t *count_out,
                        struct wf_source_report *report)
{
    if (view->sysroot.root[0] && !view->nvml_path[0]) {
        absent_or_broken(view, report, "the library of another root is not loaded unasked");
        return;
    }
    struct wf_nvidia *nvidia = calloc(1, sizeof *nvidia);
    *state_out = nvidia;
    if (!nvidia) {
        report->state = WF_SOURCE_FAILED;
        snprintf(report->why, sizeof report->why, "no memory");
        return;
    }
    nvidia->view = view;
    struct wf_error err = {0};
    if (wf_nvml_load(&nvidia->nvml, view->nvml_path, &err) != WF_OK) {
        absent_or_broken(view, report, err.text);
        return;
    }
    wf_text_copy(report->file, sizeof report->file, nvidia->nvml.path);
    int code = nvidia->nvml.init();
    nvidia->started = code == WF_NVML_SUCCESS;
    if (nvidia->started) {
        code = nvidia->nvml.count(count_out);
    }
    // A library without a driver is a machine whose GPUs went away, or an image made for many.
    bool nothing = code == WF_NVML_DRIVER_NOT_LOADED || code == WF_NVML_NOT_FOUND;
    if (code != WF_NVML_SUCCESS) {
        report->state = nothing && !view->nvml_path[0] ? WF_SOURCE_ABSENT : WF_SOURCE_FAILED;
        snprintf(report->why, sizeof report->why, "NVIDIA's library does not start: %s (code %d)",
                 wf_nvml_text(code), code);
        *count_out = 0;
        return;
    }
    report->state = *count_out > 0 ? WF_SOURCE_READY : WF_SOURCE_ABSENT;
}

static void nvidia_close(void *state)
{
    struct wf_nvidia *nvidia = state;
    if (nvidia && nvidia->started) {
        (void)nvidia->nvml.shutdown();
    }
    if (nvidia) {
        wf_nvml_unload(&nvidia->nvml);
    }
    free(nvidia);
}

static void describe_files(const struct wf_nvidia *nvidia, wf_nvml_device device,
                           struct wf_gpu *gpu)
{
    uint32_t minor = 0;
    char path[64];
    if (!nvidia->nvml.minor || nvidia->nvml.minor(device, &minor) != WF_NVML_SUCCESS) {
        return;
    }
    snprintf(path, sizeof path, "/dev/nvidia%u", minor);
    wf_gpu_add_file(nvidia->view, gpu, path);
    for (uint32_t i = 0; i < WF_COUNT_OF(shared_files); i++) {
        wf_gpu_add_file(nvidia->view, gpu, shared_files[i]);
    }
    const struct wf_device_file *own = &gpu->files[0];
    if (own->access != WF_FILE_OPEN) {
        wf_gpu_unusable(gpu, "%s %s", own->path,
                        own->access == WF_FILE_MISSING ? "is not there" : "may not be opened");
    }
}

static void describe_place(const struct wf_nvidia *nvidia, wf_nvml_device device,
                           struct wf_gpu *gpu)
{
    struct wf_nvml_pci pci = {0};
    if (nvidia->nvml.pci && nvidia->nvml.pci(device, &pci) == WF_NVML_SUCCESS) {
        // Function 0 always: a GPU's other functions are its sound and USB.
        snprintf(gpu->pci, sizeof gpu->pci, "%04x:%02x:%02x.0", pci.domain & 0xffff, pci.bus & 0xff,
                 pci.device & 0x1f);
        gpu->numa_node = wf_pci_numa_node(&nvidia->view->sysroot, gpu->pci);
    }
}

static void describe_modes(const struct wf_nvml *nvml, wf_nvml_device device, struct wf_gpu *gpu)
{
    uint32_t now = 0;
    uint32_t later = 0;
    if (nvml->ecc && nvml->ecc(device, &now, &later) == WF_NVML_SUCCESS) {
        gpu->ecc = now ? WF_ON : WF_OFF;
    }
    if (nvml->mig_mode && nvml->mig_mode(device, &now, &later) == WF_NVML_SUCCESS) {
        gpu->mig = now ? WF_ON : WF_OFF;
    }
    if (nvml->compute_mode && nvml->compute_mode(device, &now) == WF_NVML_SUCCESS) {
        // 0 default, 1 one thread (retired), 2 prohibited, 3 one process
        gpu->compute_mode = now == 0   ? WF_COMPUTE_SHARED
                            : now == 2 ? WF_COMPUTE_PROHIBITED
                                       : WF_COMPUTE_EXCLUSIVE;
        if (now == 2) {
            wf_gpu_unusable(gpu, "its compute mode is 'prohibited'");
        }
    }
}

// Texts come with their size, and libraries differ in whether they end them.
static void text_of(int (*ask)(wf_nvml_device, char *, uint32_t), wf_nvml_device device,
                    char *field, size_t size)
{
    char text[97] = {0};
    if (ask && ask(device, text, sizeof text - 1) == WF_NVML_SUCCESS) {
        wf_text_copy(field, size, text);
    }
}

static void nvidia_describe(void *state, uint32_t index, struct wf_gpu *gpu)
{
    struct wf_nvidia *nvidia = state;
    const struct wf_nvml *nvml = &nvidia->nvml;
    wf_nvml_device device = NULL;
    gpu->vendor = WF_VENDOR_NVIDIA;
    gpu->index = index;
    gpu->usable = true;
    int code = nvml->by_index(index, &device);
    if (code != WF_NVML_SUCCESS) {
        wf_gpu_unusable(gpu, "the driver lists it but does not open it: %s (code %d)",
                        wf_nvml_text(code), code);
        return;
    }
    text_of(nvml->name, device, gpu->name, sizeof gpu->name);
    text_of(nvml->uuid, device, gpu->uuid, sizeof gpu->uuid);
    wf_model_short(gpu->model, sizeof gpu->model, gpu->name);
    if (nvml->driver_version) {
        (void)nvml->driver_version(gpu->driver, sizeof gpu->driver - 1);
    }
    int parts[2] = {0};
    if (nvml->capability && nvml->capability(device, &parts[0], &parts[1]) == WF_NVML_SUCCESS) {
        snprintf(gpu->architecture, sizeof gpu->architecture, "sm_%d%d", parts[0], parts[1]);
    }
    describe_place(nvidia, device, gpu);
    struct wf_nvml_memory memory;
    code = wf_nvml_memory(nvml, device, &memory);
    gpu->memory_bytes = memory.total;
    if (code != WF_NVML_SUCCESS) {
        wf_gpu_unusable(gpu, "it does not tell its memory: %s (code %d)", wf_nvml_text(code), code);
    }
    if (!gpu->uuid[0]) {
        wf_gpu_unusable(gpu, "it does not tell its UUID, by which jobs are given it");
    }
    describe_files(nvidia, device, gpu);
    describe_modes(nvml, device, gpu);
    wf_nvidia_describe_slices(nvidia, device, gpu);
    wf_gpu_enforcement(nvidia->view, gpu);
}

const struct wf_source wf_source_nvidia = {
    .name = "nvidia",
    .vendor = WF_VENDOR_NVIDIA,
    .open = nvidia_open,
    .describe = nvidia_describe,
    .read = wf_nvidia_read,
    .close = nvidia_close,
};
