// SPDX-License-Identifier: Apache-2.0
// What is wrong with the machine's GPUs.
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "telemetry/check.h"

// "GPU 3 of NVIDIA (H100 at 0000:1a:00.0)"
static const char *name_of(const struct wf_gpu *gpu, char name[96])
{
    snprintf(name, 96, "%s GPU %u (%s%s%s)", wf_vendor_text(gpu->vendor), gpu->index,
             gpu->model[0] ? gpu->model : "unknown", gpu->pci[0] ? " at " : "", gpu->pci);
    return name;
}

static bool any_usable(const struct wf_machine *machine)
{
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        if (machine->gpus[i].usable) {
            return true;
        }
    }
    return false;
}

static const struct wf_device_file *denied_file(const struct wf_gpu *gpu,
                                                enum wf_file_access access)
{
    for (uint32_t i = 0; i < gpu->file_count; i++) {
        if (gpu->files[i].access == access) {
            return &gpu->files[i];
        }
    }
    for (uint32_t i = 0; i < gpu->slice_count; i++) {
        for (uint32_t j = 0; j < gpu->slices[i].file_count; j++) {
            if (gpu->slices[i].files[j].access == access) {
                return &gpu->slices[i].files[j];
            }
        }
    }
    return NULL;
}

// Files come first: they are what most often is wrong and what everybody can mend.
static bool check_files(const struct wf_machine *machine, const struct wf_gpu *gpu,
                        enum wf_severity severity, struct wf_findings *findings)
{
    char name[96];
    const struct wf_device_file *file = denied_file(gpu, WF_FILE_DENIED);
    if (file) {
        struct wf_finding *finding = wf_findings_add(
            findings, severity, WF_CODE_GPU_FILES, "%s: the user %s may not open %s",
            name_of(gpu, name), machine->identity.name, file->path);
        if (gpu->vendor == WF_VENDOR_AMD) {
            wf_finding_mend(finding,
                            "add the user to the group that owns it (number %u): `usermod -aG "
                            "render,video %s`, then sign in anew",
                            file->group, machine->identity.name);
        } else {
            wf_finding_mend(finding,
                            "its mode should be 0666 (`ls -l %s`); in a container, pass "
                            "the GPU on",
                            file->path);
        }
        return true;
    }
    // Unified memory's files appear when the first program asks for them.
    file = denied_file(gpu, WF_FILE_MISSING);
    if (!file || strncmp(file->path, "/dev/nvidia-uvm", 15) == 0) {
        return false;
    }
    struct wf_finding *finding =
        wf_findings_add(findings, severity, WF_CODE_GPU_FILES, "%s: %s is not there",
                        name_of(gpu, name), file->path);
    wf_finding_mend(
        finding, "%s",
        gpu->vendor == WF_VENDOR_AMD
            ? "load the kernel driver (`modprobe amdgpu`); in a container, pass /dev/kfd "
              "and /dev/dri on"
            : "make the files (`nvidia-modprobe -u -c 0`); in a container, pass the GPU "
              "on");
    return true;
}

// A GPU that no compute driver has; seen on the bus only, so that it has no files.
static bool check_driver(const struct wf_gpu *gpu, enum wf_severity severity,
                         struct wf_findings *findings)
{
    char name[96];
    if (gpu->file_count > 0 || strcmp(gpu->model, "unknown") != 0) {
        return false;
    }
    bool none = gpu->driver[0] == '\0';
    struct wf_finding *finding =
        wf_findings_add(findings, none ? severity : WF_SEVERITY_NOTE, WF_CODE_GPU_DRIVER, "%s: %s",
                        name_of(gpu, name), gpu->why_not);
    if (strcmp(gpu->driver, "nvidia") == 0) {
        wf_finding_mend(finding, "see whether `nvidia-smi` lists it; in a container, pass it on");
    } else if (strcmp(gpu->driver, "vfio-pci") != 0) {
        wf_finding_mend(finding, "%s",
                        gpu->vendor == WF_VENDOR_AMD
                            ? "use a kernel with amdgpu and its compute part (KFD), or AMD's driver"
                            : "install NVIDIA's driver (on Debian: the package nvidia-driver) and "
                              "restart");
    }
    return true;
}

static void check_shares(const struct wf_gpu *gpu, struct wf_findings *findings)
{
    char name[96];
    if (gpu->enforcement == WF_ENFORCE_HARD) {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_GPU_SHARES,
                        "%s: shares of it are kept (%s)", name_of(gpu, name), gpu->enforced_by);
    } else if (gpu->enforcement == WF_ENFORCE_SOFT) {
        wf_findings_add(findings, WF_SEVERITY_NOTE, WF_CODE_GPU_SHARES,
                        "%s: shares of its memory are kept by a library (%s), which a job can get "
                        "around",
                        name_of(gpu, name), gpu->enforced_by);
    } else {
        struct wf_finding *finding =
            wf_findings_add(findings, WF_SEVERITY_NOTE, WF_CODE_GPU_SHARES,
                            "%s: nothing here keeps jobs that share it to their part of its memory",
                            name_of(gpu, name));
        wf_finding_mend(finding, "%s",
                        gpu->vendor == WF_VENDOR_AMD
                            ? "use a kernel with the dmem controller (6.14 or later), or cut the "
                              "GPU into partitions where it can"
                            : "start MPS (`nvidia-cuda-mps-control -d`), or cut the GPU with MIG "
                              "where it can");
    }
}

static void check_usable(const struct wf_machine *machine, const struct wf_gpu *gpu,
                         struct wf_findings *findings)
{
    char name[96];
    char memory[WF_NUMBER_BYTES];
    char slices[64] = "";
    if (gpu->slice_count > 0) {
        snprintf(slices, sizeof slices, ", cut into %u slices", gpu->slice_count);
    }
    wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_GPU, "%s: %s GiB, driver %s%s",
                    name_of(gpu, name),
                    wf_number_count(memory, (int64_t)((gpu->memory_bytes + (1 << 29)) >> 30)),
                    gpu->driver[0] ? gpu->driver : "unknown", slices);
    (void)check_files(machine, gpu, WF_SEVERITY_WARNING, findings);
    if (!gpu->uuid[0]) {
        wf_findings_add(findings, WF_SEVERITY_NOTE, WF_CODE_GPU_NAME,
                        "%s: it has no unique id, so that jobs are given it by its number, which "
                        "may change when the machine restarts",
                        name_of(gpu, name));
    }
    check_shares(gpu, findings);
}

static void check_sources(const struct wf_machine *machine, enum wf_severity severity,
                          struct wf_findings *findings)
{
    for (uint32_t i = 0; i < machine->source_count; i++) {
        const struct wf_source_report *report = &machine->sources[i];
        if (report->state == WF_SOURCE_FAILED) {
            struct wf_finding *finding = wf_findings_add(findings, severity, WF_CODE_GPU_SOURCE,
                                                         "%s: %s", report->name, report->why);
            wf_finding_mend(finding, "%s",
                            strcmp(report->name, "nvidia") == 0
                                ? "see whether `nvidia-smi` works; after an update of the driver, "
                                  "restart the machine"
                                : "see `dmesg` for what the driver says");
        }
    }
}

void wf_check_gpus(const struct wf_machine *machine, struct wf_findings *findings)
{
    // Some GPUs that work are worth going on with; none that does is not what its owner wants.
    enum wf_severity severity = any_usable(machine) ? WF_SEVERITY_WARNING : WF_SEVERITY_STOPS;
    uint32_t before = findings->count;
    check_sources(machine, severity, findings);
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        char name[96];
        if (gpu->usable) {
            check_usable(machine, gpu, findings);
        } else if (!check_driver(gpu, severity, findings) &&
                   !check_files(machine, gpu, severity, findings)) {
            wf_findings_add(findings, severity, WF_CODE_GPU_UNUSABLE, "%s cannot be used: %s",
                            name_of(gpu, name), gpu->why_not);
        }
    }
    if (machine->gpus_left_out > 0) {
        wf_findings_add(findings, WF_SEVERITY_WARNING, WF_CODE_GPU_COUNT,
                        "%u GPUs are left out: at most %d of a machine are looked at",
                        machine->gpus_left_out, WF_MACHINE_GPUS_MAX);
    }
    if (machine->gpu_count > WF_NODE_GPUS_MAX) {
        wf_findings_add(findings, WF_SEVERITY_WARNING, WF_CODE_GPU_COUNT,
                        "there are %u GPUs, and at most %d of one machine are given work",
                        machine->gpu_count, WF_NODE_GPUS_MAX);
    }
    if (findings->count == before) {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_GPU_NONE,
                        "no GPU is here: jobs that need none run on this machine");
    }
}
