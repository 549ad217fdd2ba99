// SPDX-License-Identifier: Apache-2.0
#include "telemetry/nvml.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// By its name first: the loader's cache knows drivers in folders that nobody would guess.
static const char *const places[] = {
    "libnvidia-ml.so.1",
    "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
    "/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1",
    "/usr/local/nvidia/lib64/libnvidia-ml.so.1",
    "/run/nvidia/driver/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
    "/run/opengl-driver/lib/libnvidia-ml.so.1",
    "/usr/lib/wsl/lib/libnvidia-ml.so.1",
};

// Where each function's place is in struct wf_nvml, its symbol, and the older one, of the same
// layout, for libraries that lack it.
static const struct {
    size_t place;
    const char *symbol;
    const char *older;
} symbols[] = {
    {offsetof(struct wf_nvml, init), "nvmlInit_v2", "nvmlInit"},
    {offsetof(struct wf_nvml, shutdown), "nvmlShutdown", NULL},
    {offsetof(struct wf_nvml, driver_version), "nvmlSystemGetDriverVersion", NULL},
    {offsetof(struct wf_nvml, count), "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"},
    {offsetof(struct wf_nvml, by_index), "nvmlDeviceGetHandleByIndex_v2",
     "nvmlDeviceGetHandleByIndex"},
    {offsetof(struct wf_nvml, name), "nvmlDeviceGetName", NULL},
    {offsetof(struct wf_nvml, uuid), "nvmlDeviceGetUUID", NULL},
    {offsetof(struct wf_nvml, minor), "nvmlDeviceGetMinorNumber", NULL},
    {offsetof(struct wf_nvml, pci), "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2"},
    {offsetof(struct wf_nvml, capability), "nvmlDeviceGetCudaComputeCapability", NULL},
    {offsetof(struct wf_nvml, compute_mode), "nvmlDeviceGetComputeMode", NULL},
    {offsetof(struct wf_nvml, ecc), "nvmlDeviceGetEccMode", NULL},
    {offsetof(struct wf_nvml, memory), "nvmlDeviceGetMemoryInfo", NULL},
    {offsetof(struct wf_nvml, memory_new), "nvmlDeviceGetMemoryInfo_v2", NULL},
    {offsetof(struct wf_nvml, mig_mode), "nvmlDeviceGetMigMode", NULL},
    {offsetof(struct wf_nvml, mig_max), "nvmlDeviceGetMaxMigDeviceCount", NULL},
    {offsetof(struct wf_nvml, mig_by_index), "nvmlDeviceGetMigDeviceHandleByIndex", NULL},
    {offsetof(struct wf_nvml, gpu_instance), "nvmlDeviceGetGpuInstanceId", NULL},
    {offsetof(struct wf_nvml, compute_instance), "nvmlDeviceGetComputeInstanceId", NULL},
    {offsetof(struct wf_nvml, attributes), "nvmlDeviceGetAttributes_v2", "nvmlDeviceGetAttributes"},
    {offsetof(struct wf_nvml, utilization), "nvmlDeviceGetUtilizationRates", NULL},
    {offsetof(struct wf_nvml, power), "nvmlDeviceGetPowerUsage", NULL},
    {offsetof(struct wf_nvml, power_limit), "nvmlDeviceGetEnforcedPowerLimit", NULL},
    {offsetof(struct wf_nvml, energy), "nvmlDeviceGetTotalEnergyConsumption", NULL},
    {offsetof(struct wf_nvml, temperature), "nvmlDeviceGetTemperature", NULL},
    {offsetof(struct wf_nvml, temperature_new), "nvmlDeviceGetTemperatureV", NULL},
    {offsetof(struct wf_nvml, fields), "nvmlDeviceGetFieldValues", NULL},
    {offsetof(struct wf_nvml, throttle), "nvmlDeviceGetCurrentClocksEventReasons",
     "nvmlDeviceGetCurrentClocksThrottleReasons"},
    {offsetof(struct wf_nvml, errors), "nvmlDeviceGetTotalEccErrors", NULL},
    {offsetof(struct wf_nvml, processes), "nvmlDeviceGetComputeRunningProcesses_v3",
     "nvmlDeviceGetComputeRunningProcesses_v2"},
};

static void resolve(struct wf_nvml *nvml)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(symbols); i++) {
        void *found = dlsym(nvml->library, symbols[i].symbol);
        if (!found && symbols[i].older) {
            found = dlsym(nvml->library, symbols[i].older);
        }
        // ISO C has no way from an object's address to a function's; POSIX says that the bytes are
        // alike.
        memcpy((char *)nvml + symbols[i].place, &found, sizeof found);
    }
}

static void remember_path(struct wf_nvml *nvml, const char *asked)
{
    Dl_info info;
    void *address;
    memcpy(&address, &nvml->init, sizeof address);
    bool known = address && dladdr(address, &info) != 0 && info.dli_fname;
    snprintf(nvml->path, sizeof nvml->path, "%s", known ? info.dli_fname : asked);
}

static enum wf_status open_library(struct wf_nvml *nvml, const char *path, struct wf_error *err)
{
    // RTLD_NOW: a library that misses a symbol of its own is refused here, not in the middle of
    // work.
    if (path[0]) {
        nvml->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!nvml->library) {
            return wf_fail(err, access(path, F_OK) == 0 ? WF_INVALID : WF_NOTFOUND,
                           "NVIDIA's library cannot be loaded: %s", dlerror());
        }
        return WF_OK;
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(places) && !nvml->library; i++) {
        nvml->library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (!nvml->library) {
        return wf_fail(err, WF_NOTFOUND, "NVIDIA's library (libnvidia-ml.so.1) is not there");
    }
    return WF_OK;
}

enum wf_status wf_nvml_load(struct wf_nvml *nvml, const char *path, struct wf_error *err)
{
    *nvml = (struct wf_nvml){0};
    enum wf_status status = open_library(nvml, path, err);
    if (status != WF_OK) {
        return status;
    }
    resolve(nvml);
    remember_path(nvml, path);
    if (!nvml->init || !nvml->shutdown || !nvml->count || !nvml->by_index) {
        status = wf_fail(err, WF_INVALID, "%s is no NVIDIA library that can list GPUs", nvml->path);
        wf_nvml_unload(nvml);
    }
    return status;
}

void wf_nvml_unload(struct wf_nvml *nvml)
{
    if (nvml->library) {
        dlclose(nvml->library);
        nvml->library = NULL;
    }
}

int wf_nvml_memory(const struct wf_nvml *nvml, wf_nvml_device device, struct wf_nvml_memory *memory)
{
    struct wf_nvml_memory_new told = {.version = (uint32_t)sizeof told | 2u << 24};
    *memory = (struct wf_nvml_memory){0};
    int code = nvml->memory_new ? nvml->memory_new(device, &told) : WF_NVML_NOT_SUPPORTED;
    if (code == WF_NVML_SUCCESS) {
        *memory = (struct wf_nvml_memory){told.total, told.free, told.used};
        return code;
    }
    // Libraries that have the call may know no such version of it.
    return nvml->memory ? nvml->memory(device, memory) : code;
}

const char *wf_nvml_text(int code)
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {
        {WF_NVML_NOT_SUPPORTED, "the driver does not support it"},
        {WF_NVML_NO_PERMISSION, "this user may not ask it"},
        {WF_NVML_NOT_FOUND, "the driver does not find it"},
        {WF_NVML_DRIVER_NOT_LOADED, "the kernel driver is not loaded"},
        {WF_NVML_FUNCTION_NOT_FOUND, "the driver is too old"},
        {WF_NVML_GPU_IS_LOST, "the GPU is lost: it fell off the bus or must be reset"},
        {WF_NVML_RESET_REQUIRED, "the GPU must be reset"},
        {WF_NVML_VERSION_MISMATCH,
         "library and kernel driver have different versions, as after an update without a reboot"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        if (texts[i].code == code) {
            return texts[i].text;
        }
    }
    return "the driver reports an error";
}
