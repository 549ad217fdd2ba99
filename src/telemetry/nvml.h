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
        double number;
        uint32_t whole;
        uint64_t wide;
        int64_t wide_signed;
    } value;
};

// X(member, parameters, symbol, older symbol or NULL): the older one has the same layout.
#define WF_NVML_FUNCTIONS(X)                                                                       \
    X(init, (void), "nvmlInit_v2", "nvmlInit")                                                     \
    X(shutdown, (void), "nvmlShutdown", NULL)                                                      \
    X(driver_version, (char *, uint32_t), "nvmlSystemGetDriverVersion", NULL)                      \
    X(count, (uint32_t *), "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount")                          \
    X(by_index, (uint32_t, wf_nvml_device *), "nvmlDeviceGetHandleByIndex_v2",                     \
      "nvmlDeviceGetHandleByIndex")                                                                \
    X(name, (wf_nvml_device, char *, uint32_t), "nvmlDeviceGetName", NULL)                         \
    X(uuid, (wf_nvml_device, char *, uint32_t), "nvmlDeviceGetUUID", NULL)                         \
    X(minor, (wf_nvml_device, uint32_t *), "nvmlDeviceGetMinorNumber", NULL)                       \
    X(pci, (wf_nvml_device, struct wf_nvml_pci *), "nvmlDeviceGetPciInfo_v3",                      \
      "nvmlDeviceGetPciInfo_v2")                                                                   \
    X(capability, (wf_nvml_device, int *, int *), "nvmlDeviceGetCudaComputeCapability", NULL)      \
    X(compute_mode, (wf_nvml_device, uint32_t *), "nvmlDeviceGetComputeMode", NULL)                \
    X(ecc, (wf_nvml_device, uint32_t *, uint32_t *), "nvmlDeviceGetEccMode", NULL)                 \
    X(memory, (wf_nvml_device, struct wf_nvml_memory *), "nvmlDeviceGetMemoryInfo", NULL)          \
    X(mig_mode, (wf_nvml_device, uint32_t *, uint32_t *), "nvmlDeviceGetMigMode", NULL)            \
    X(mig_max, (wf_nvml_device, uint32_t *), "nvmlDeviceGetMaxMigDeviceCount", NULL)               \
    X(mig_by_index, (wf_nvml_device, uint32_t, wf_nvml_device *),                                  \
      "nvmlDeviceGetMigDeviceHandleByIndex", NULL)                                                 \
    X(gpu_instance, (wf_nvml_device, uint32_t *), "nvmlDeviceGetGpuInstanceId", NULL)              \
    X(compute_instance, (wf_nvml_device, uint32_t *), "nvmlDeviceGetComputeInstanceId", NULL)      \
    X(attributes, (wf_nvml_device, struct wf_nvml_attributes *), "nvmlDeviceGetAttributes_v2",     \
      "nvmlDeviceGetAttributes")                                                                   \
    X(utilization, (wf_nvml_device, struct wf_nvml_utilization *),                                 \
      "nvmlDeviceGetUtilizationRates", NULL)                                                       \
    X(power, (wf_nvml_device, uint32_t *), "nvmlDeviceGetPowerUsage", NULL)                        \
    X(power_limit, (wf_nvml_device, uint32_t *), "nvmlDeviceGetEnforcedPowerLimit", NULL)          \
    X(energy, (wf_nvml_device, uint64_t *), "nvmlDeviceGetTotalEnergyConsumption", NULL)           \
    X(temperature, (wf_nvml_device, uint32_t, uint32_t *), "nvmlDeviceGetTemperature", NULL)       \
    X(temperature_new, (wf_nvml_device, struct wf_nvml_temperature *),                             \
      "nvmlDeviceGetTemperatureV", NULL)                                                           \
    X(fields, (wf_nvml_device, int, struct wf_nvml_field *), "nvmlDeviceGetFieldValues", NULL)     \
    X(throttle, (wf_nvml_device, uint64_t *), "nvmlDeviceGetCurrentClocksEventReasons",            \
      "nvmlDeviceGetCurrentClocksThrottleReasons")                                                 \
    X(errors, (wf_nvml_device, uint32_t, uint32_t, uint64_t *), "nvmlDeviceGetTotalEccErrors",     \
      NULL)                                                                                        \
    X(processes, (wf_nvml_device, uint32_t *, struct wf_nvml_process *),                           \
      "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2")

struct wf_nvml {
    void *library;
    char path[256]; // the file it came from
#define WF_NVML_MEMBER(member, parameters, symbol, older) int(*member) parameters;
    WF_NVML_FUNCTIONS(WF_NVML_MEMBER)
#undef WF_NVML_MEMBER
};

// Loads the library at path, or, where path is "", looks for it: by its name, then in the known
// folders. Errors: WF_NOTFOUND (there is none), WF_INVALID (it is none, or lacks what nothing can
// go without).
enum wf_status wf_nvml_load(struct wf_nvml *nvml, const char *path,
                            struct wf_error *err) WF_MUST_USE;

// NULL library is fine.
void wf_nvml_unload(struct wf_nvml *nvml);

// What a return code means, for a sentence: "the GPU is lost".
const char *wf_nvml_text(int code);
