// SPDX-License-Identifier: Apache-2.0
// A source finds the GPUs of one kind and reads them. Adding one touches its own file, the list in
// sources.c, its test and docs/doctor.md.
#pragma once

#include "base/error.h"
#include "telemetry/sysroot.h"

// What a source may know of the world; lives as long as the source is open.
struct wf_source_view {
    struct wf_sysroot sysroot;
    char nvml_path[256]; // "": looked for
    struct wf_identity identity;
    uint32_t controllers; // of the cgroup, for what can be enforced
    bool mps;             // its daemon runs
};

// All calls may take as long as a driver takes. They come from threads: open and close are alone,
// describe and read come for several GPUs at once, but never twice at once for the same GPU.
struct wf_source {
    const char *name;
    enum wf_vendor vendor; // of a GPU that does not answer at all
    // Finds the GPUs. Nothing of its kind here: state absent. Whatever state it leaves in
    // *state_out is given back to close, also when the report says that it failed.
    void (*open)(const struct wf_source_view *view, void **state_out, uint32_t *count_out,
                 struct wf_source_report *report);
    // gpu comes zeroed but for numa_node (-1). What cannot be told stays so; the GPU is not usable
    // when it says why_not.
    void (*describe)(void *state, uint32_t index, struct wf_gpu *gpu);
    // reading comes zeroed.
    void (*read)(void *state, uint32_t index, struct wf_gpu_reading *reading);
    void (*close)(void *state);
};

extern const struct wf_source wf_source_nvidia;
extern const struct wf_source wf_source_amd;
extern const struct wf_source wf_source_pci;

// All of them, in the order in which their GPUs are listed; ends with NULL. pci comes last: it
// lists what is left.
extern const struct wf_source *const wf_sources[];

// Marks a GPU as not usable; the first reason stays.
void wf_gpu_unusable(struct wf_gpu *gpu, const char *format, ...) WF_PRINTF(2, 3);

// "H100" of "NVIDIA H100 80GB HBM3", "RTX 4080 SUPER" of "NVIDIA GeForce RTX 4080 SUPER".
void wf_model_short(char *model, size_t size, const char *name);

// The NUMA node of a PCI device, -1 where there is none.
int32_t wf_pci_numa_node(const struct wf_sysroot *sysroot, const char *pci);

// Adds a device file of a GPU and looks at it.
void wf_gpu_add_file(const struct wf_source_view *view, struct wf_gpu *gpu, const char *path);

// What keeps a share of the GPU's memory, once all else of it is known.
void wf_gpu_enforcement(const struct wf_source_view *view, struct wf_gpu *gpu);
