// SPDX-License-Identifier: Apache-2.0
// The few functions of NVIDIA's management library that telemetry calls, found at run time: nothing
// of NVIDIA is linked or included. Names, numbers and layouts are those of the published API
// (docs.nvidia.com/deploy/nvml-api); a function that this driver's library lacks stays NULL and
// counts as "not supported".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// What the calls return, as far as telemetry tells it apart.
enum {
    WF_NVML_SUCCESS = 0,
    WF_NVML_NOT_SUPPORTED = 3,
    WF_NVML_NO_PERMISSION = 4,
    WF_NVML_NOT_FOUND = 6,
    WF_NVML_INSUFFICIENT_SIZE = 7,
    WF_NVML_DRIVER_NOT_LOADED = 9,
    WF_NVML_FUNCTION_NOT_FOUND = 13,
    WF_NVML_GPU_IS_LOST = 15,
    WF_NVML_RESET_REQUIRED = 16,
    WF_NVML_VERSION_MISMATCH = 18,
};

enum {
    WF_NVML_TEMPERATURE_GPU = 0,
    WF_NVML_ERRORS_UNCORRECTED = 1,
    WF_NVML_ERRORS_AGGREGATE = 1, // over the GPU's life
    WF_NVML_FIELD_MEMORY_TEMPERATURE = 82,
};

typedef struct wf_nvml_opaque *wf_nvml_device;

struct wf_nvml_memory {
    uint64_t total;
    uint64_t free;
    uint64_t used;
};

// Version 2 tells what the driver keeps for itself apart from what is used.
struct wf_nvml_memory_new {
    uint32_t version;
    uint64_t total;
    uint64_t reserved;
    uint64_t free;
    uint64_t used;
};

struct wf_nvml_utilization {
    uint32_t gpu;
    uint32_t memory;
};

// Only what stands at the same place in every version is read of it; the rest is room.
struct wf_nvml_pci {
    char bus_id_legacy[16];
    uint32_t domain;
    uint32_t bus;
    uint32_t device;
    uint32_t rest[10];
};

// Of version 2 and 3 of the call; version 1 has another layout and is not used.
struct wf_nvml_process {
    uint32_t pid;
    uint64_t memory;
    uint32_t gpu_instance;
    uint32_t compute_instance;
};

struct wf_nvml_attributes {
    uint32_t multiprocessors;
    uint32_t engines[5];
    uint32_t gpu_instance_slices;
    uint32_t compute_instance_slices;
    uint64_t memory_mib;
};

struct wf_nvml_temperature {
    uint32_t version;
    uint32_t sensor;
    int32_t celsius;
};

struct wf_nvml_field {
    uint32_t field;
    uint32_t scope;
    int64_t time;
    int64_t latency;
    uint32_t type;
    int status;
    union {
        uint32_t whole;
        uint64_t wide;
    } value;
};

// Which symbol each function is, nvml.c tells.
struct wf_nvml {
    void *library;
    char path[256]; // the file it came from
    int (*init)(void);
    int (*shutdown)(void);
    int (*driver_version)(char *, uint32_t);
    int (*count)(uint32_t *);
    int (*by_index)(uint32_t, wf_nvml_device *);
    int (*name)(wf_nvml_device, char *, uint32_t);
    int (*uuid)(wf_nvml_device, char *, uint32_t);
    int (*minor)(wf_nvml_device, uint32_t *);
    int (*pci)(wf_nvml_device, struct wf_nvml_pci *);
    int (*capability)(wf_nvml_device, int *, int *);
    int (*compute_mode)(wf_nvml_device, uint32_t *);
    int (*ecc)(wf_nvml_device, uint32_t *, uint32_t *);
    int (*memory)(wf_nvml_device, struct wf_nvml_memory *);
    int (*memory_new)(wf_nvml_device, struct wf_nvml_memory_new *);
    int (*mig_mode)(wf_nvml_device, uint32_t *, uint32_t *);
    int (*mig_max)(wf_nvml_device, uint32_t *);
    int (*mig_by_index)(wf_nvml_device, uint32_t, wf_nvml_device *);
    int (*gpu_instance)(wf_nvml_device, uint32_t *);
    int (*compute_instance)(wf_nvml_device, uint32_t *);
    int (*attributes)(wf_nvml_device, struct wf_nvml_attributes *);
    int (*utilization)(wf_nvml_device, struct wf_nvml_utilization *);
    int (*power)(wf_nvml_device, uint32_t *);
    int (*power_limit)(wf_nvml_device, uint32_t *);
    int (*energy)(wf_nvml_device, uint64_t *);
    int (*temperature)(wf_nvml_device, uint32_t, uint32_t *);
    int (*temperature_new)(wf_nvml_device, struct wf_nvml_temperature *);
    int (*fields)(wf_nvml_device, int, struct wf_nvml_field *);
    int (*throttle)(wf_nvml_device, uint64_t *);
    int (*errors)(wf_nvml_device, uint32_t, uint32_t, uint64_t *);
    int (*processes)(wf_nvml_device, uint32_t *, struct wf_nvml_process *);
};

// Loads the library at path, or, where path is "", looks for it: by its name, then in the known
// folders. Errors: WF_NOTFOUND (there is none), WF_INVALID (it is none, or lacks what nothing can
// go without).
enum wf_status wf_nvml_load(struct wf_nvml *nvml, const char *path,
                            struct wf_error *err) WF_MUST_USE;

// NULL library is fine.
void wf_nvml_unload(struct wf_nvml *nvml);

// Memory by the newest call that the library has.
int wf_nvml_memory(const struct wf_nvml *nvml, wf_nvml_device device,
                   struct wf_nvml_memory *memory);

// For a sentence: "the GPU is lost".
const char *wf_nvml_text(int code);
