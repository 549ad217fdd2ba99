// SPDX-License-Identifier: Apache-2.0
// A library that answers like NVIDIA's, for tests on machines without a GPU. What it plays stands
// in WHALEFLUX_STUB_NVML, words divided by commas:
//   profile=h100      which GPU (the table below); gpus=8 how many
//   mig=I             GPU I has MIG on, with three devices; alike=1: of one profile
//   processes=N       run on every GPU
//   init=CODE         nvmlInit fails
//   handle=I:CODE     GPU I cannot be opened
//   held=I            opening GPU I, which comes before all else that is asked of it, does not end
//                     before a file has appeared, whose name stands in WHALEFLUX_STUB_RELEASE
//   held=init         the same of nvmlInit
//   refuse=WHAT:CODE  a call fails on every GPU: uuid memory power energy temperature ...
// STUB_OLD leaves out what libraries before about 2020 lack.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

// Facts of NVIDIA/k8s-test-infra, deployments/nvml-mock profiles, commit 3b2b865d (Apache-2.0); the
// memory of the H100 is that of a real one (nvidia-smi, driver 580.159.04).
struct profile {
    const char *key;
    const char *name;
    const char *driver;
    int capability[2];
    uint64_t memory;
    uint64_t reserved;
    uint32_t limit_mw;
    uint32_t idle_mw;
    uint32_t celsius;
    uint32_t memory_celsius;
    uint32_t buses[8];
    int mig; // whether it can
};

static const struct profile profiles[] = {
    {"h100",
     "NVIDIA H100 80GB HBM3",
     "580.159.04",
     {9, 0},
     UINT64_C(81559) << 20,
     UINT64_C(480) << 20,
     700000,
     95000,
     34,
     37,
     {0x1a, 0x1b, 0x4a, 0x4b, 0x8a, 0x8b, 0xca, 0xcb},
     1},
    {"a100",
     "NVIDIA A100-SXM4-40GB",
     "550.163.01",
     {8, 0},
     UINT64_C(42949672960),
     611319808,
     400000,
     72000,
     33,
     31,
     {0x07, 0x0f, 0x47, 0x4e, 0x87, 0x90, 0xb7, 0xbd},
     1},
    {"b200",
     "NVIDIA B200",
     "560.35.03",
     {10, 0},
     UINT64_C(206158430208),
     1073741824,
     1000000,
     130000,
     35,
     33,
     {0x1a, 0x1b, 0x4a, 0x4b, 0x8a, 0x8b, 0xca, 0xcb},
     1},
    {"l40s",
     "NVIDIA L40S",
     "550.163.01",
     {8, 9},
     UINT64_C(51539607552),
     536870912,
     350000,
     45000,
     32,
     0,
     {0x17, 0x31, 0xb1, 0xca, 0x18, 0x32, 0xb2, 0xcb},
     0},
    {"t4",
     "NVIDIA T4",
     "550.163.01",
     {7, 5},
     UINT64_C(17179869184),
     314572800,
     70000,
     12000,
     30,
     0,
     {0x3b, 0x86, 0xaf, 0xd8, 0x3c, 0x87, 0xb0, 0xd9},
     0},
};

// MIG devices as on a real H100 (nvidia-smi mig -lgip: SMs and memory of the profiles).
static const struct {
    const char *profile;
    uint32_t slices, multiprocessors, instance;
    uint64_t memory_mib;
} mig_devices[] = {
    {"3g.40gb", 3, 60, 2, 40448},
    {"2g.20gb", 2, 32, 5, 20096},
    {"1g.10gb", 1, 16, 9, 9984},
};

struct device {
    uint32_t index;
    int mig_device; // -1: the GPU itself
};

// The calls hand these out; a handle is an address.
static struct device devices[64][4];

static const char *find(const char *word)
{
    const char *text = getenv("WHALEFLUX_STUB_NVML");
    size_t length = strlen(word);
    while (text && *text) {
        if (strncmp(text, word, length) == 0 && text[length] == '=') {
            return text + length + 1;
        }
        text = strchr(text, ',');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

static long number(const char *word, long otherwise)
{
    const char *value = find(word);
    return value ? strtol(value, NULL, 10) : otherwise;
}

static const struct profile *chosen(void)
{
    const char *key = find("profile");
    for (size_t i = 0; key && i < sizeof profiles / sizeof *profiles; i++) {
        if (strncmp(key, profiles[i].key, strlen(profiles[i].key)) == 0) {
            return &profiles[i];
        }
    }
    return &profiles[0];
}

// Which row of mig_devices says what a MIG device is; which instance it is, its own row says.
static int profile_of(int mig_device)
{
    return number("alike", 0) ? 2 : mig_device;
}

static void wait_for_release(void)
{
    const struct timespec pause = {0, 2000000};
    const char *file = getenv("WHALEFLUX_STUB_RELEASE");
    while (!file || access(file, F_OK) != 0) {
        nanosleep(&pause, NULL);
    }
}

// What stands after "I:" when the word is about this GPU, else otherwise.
static long about(const char *word, uint32_t index, long otherwise)
{
    const char *value = find(word);
    char *colon;
    if (!value || strtoul(value, &colon, 10) != index || *colon != ':') {
        return otherwise;
    }
    return strtol(colon + 1, NULL, 10);
}

// Whether a call is refused.
static int refused(const struct device *device, const char *what)
{
    const char *value = device ? find("refuse") : NULL;
    size_t length = strlen(what);
    if (value && strncmp(value, what, length) == 0 && value[length] == ':') {
        return (int)strtol(value + length + 1, NULL, 10);
    }
    return 0;
}

EXPORT int nvmlInit_v2(void);
EXPORT int nvmlInit_v2(void)
{
    for (uint32_t i = 0; i < 64; i++) {
        for (int j = 0; j < 4; j++) {
            devices[i][j] = (struct device){i, j - 1};
        }
    }
    const char *held = find("held");
    if (held && strncmp(held, "init", 4) == 0) {
        wait_for_release();
    }
    return (int)number("init", 0);
}

EXPORT int nvmlShutdown(void);
EXPORT int nvmlShutdown(void)
{
    return 0;
}

EXPORT int nvmlSystemGetDriverVersion(char *text, uint32_t size);
EXPORT int nvmlSystemGetDriverVersion(char *text, uint32_t size)
{
    snprintf(text, size, "%s", chosen()->driver);
    return 0;
}

EXPORT int nvmlDeviceGetCount_v2(uint32_t *count);
EXPORT int nvmlDeviceGetCount_v2(uint32_t *count)
{
    *count = (uint32_t)number("gpus", 1);
    return 0;
}

EXPORT int nvmlDeviceGetHandleByIndex_v2(uint32_t index, struct device **device);
EXPORT int nvmlDeviceGetHandleByIndex_v2(uint32_t index, struct device **device)
{
    if (index >= (uint32_t)number("gpus", 1) || index >= 64) {
        return 2;
    }
    char *end;
    const char *held = find("held");
    if (held && strtoul(held, &end, 10) == index && end != held) {
        wait_for_release();
    }
    *device = &devices[index][0];
    return (int)about("handle", index, 0);
}

EXPORT int nvmlDeviceGetName(struct device *device, char *text, uint32_t size);
EXPORT int nvmlDeviceGetName(struct device *device, char *text, uint32_t size)
{
    int code = refused(device, "name");
    bool mig = device->mig_device >= 0;
    snprintf(text, size, "%s%s%s", chosen()->name, mig ? " MIG " : "",
             mig ? mig_devices[profile_of(device->mig_device)].profile : "");
    return code;
}

EXPORT int nvmlDeviceGetUUID(struct device *device, char *text, uint32_t size);
EXPORT int nvmlDeviceGetUUID(struct device *device, char *text, uint32_t size)
{
    snprintf(text, size, "%s-01000100-0000-0000-000%d-%012u",
             device->mig_device < 0 ? "GPU" : "MIG", device->mig_device + 1, device->index);
    return refused(device, "uuid");
}

EXPORT int nvmlDeviceGetMinorNumber(struct device *device, uint32_t *minor);
EXPORT int nvmlDeviceGetMinorNumber(struct device *device, uint32_t *minor)
{
    *minor = device->index;
    return refused(device, "minor");
}

struct pci {
    char bus_id_legacy[16];
    uint32_t domain, bus, device, device_id, subsystem_id;
};

#ifdef STUB_OLD
EXPORT int nvmlDeviceGetPciInfo_v2(struct device *device, struct pci *pci);
EXPORT int nvmlDeviceGetPciInfo_v2(struct device *device, struct pci *pci)
#else
EXPORT int nvmlDeviceGetPciInfo_v3(struct device *device, struct pci *pci);
EXPORT int nvmlDeviceGetPciInfo_v3(struct device *device, struct pci *pci)
#endif
{
    *pci = (struct pci){.bus = chosen()->buses[device->index % 8] + (device->index / 8)};
    return refused(device, "pci");
}

EXPORT int nvmlDeviceGetCudaComputeCapability(struct device *device, int *major, int *minor);
EXPORT int nvmlDeviceGetCudaComputeCapability(struct device *device, int *major, int *minor)
{
    *major = chosen()->capability[0];
    *minor = chosen()->capability[1];
    return refused(device, "capability");
}

EXPORT int nvmlDeviceGetComputeMode(struct device *device, uint32_t *mode);
EXPORT int nvmlDeviceGetComputeMode(struct device *device, uint32_t *mode)
{
    *mode = (uint32_t)number("compute-mode", 0);
    return refused(device, "compute-mode");
}

EXPORT int nvmlDeviceGetEccMode(struct device *device, uint32_t *now, uint32_t *later);
EXPORT int nvmlDeviceGetEccMode(struct device *device, uint32_t *now, uint32_t *later)
{
    *now = *later = 1;
    return refused(device, "ecc");
}

EXPORT int nvmlDeviceGetMemoryInfo(struct device *device, uint64_t memory[3]);
EXPORT int nvmlDeviceGetMemoryInfo(struct device *device, uint64_t memory[3])
{
    const struct profile *profile = chosen();
    memory[0] = profile->memory;
    memory[1] = profile->memory - profile->reserved;
    memory[2] = profile->reserved; // version 1 counts it as used
    return refused(device, "memory");
}

EXPORT int nvmlDeviceGetUtilizationRates(struct device *device, uint32_t rates[2]);
EXPORT int nvmlDeviceGetUtilizationRates(struct device *device, uint32_t rates[2])
{
    rates[0] = 10 + device->index;
    rates[1] = 5;
    // As real ones do where MIG is on.
    return number("mig", -1) == (long)device->index ? 3 : refused(device, "utilization");
}

EXPORT int nvmlDeviceGetPowerUsage(struct device *device, uint32_t *milliwatts);
EXPORT int nvmlDeviceGetPowerUsage(struct device *device, uint32_t *milliwatts)
{
    *milliwatts = chosen()->idle_mw;
    return refused(device, "power");
}

EXPORT int nvmlDeviceGetEnforcedPowerLimit(struct device *device, uint32_t *milliwatts);
EXPORT int nvmlDeviceGetEnforcedPowerLimit(struct device *device, uint32_t *milliwatts)
{
    *milliwatts = chosen()->limit_mw;
    return refused(device, "power-limit");
}

EXPORT int nvmlDeviceGetTemperature(struct device *device, uint32_t sensor, uint32_t *celsius);
EXPORT int nvmlDeviceGetTemperature(struct device *device, uint32_t sensor, uint32_t *celsius)
{
    *celsius = chosen()->celsius;
    return sensor != 0 ? 2 : refused(device, "temperature");
}

EXPORT int nvmlDeviceGetTotalEccErrors(struct device *device, uint32_t kind, uint32_t counter,
                                       uint64_t *errors);
EXPORT int nvmlDeviceGetTotalEccErrors(struct device *device, uint32_t kind, uint32_t counter,
                                       uint64_t *errors)
{
    *errors = kind == 1 && counter == 1 ? 4 : 77;
    return refused(device, "errors");
}

struct process {
    uint32_t pid;
    uint64_t memory;
    uint32_t gpu_instance, compute_instance;
};

#ifdef STUB_OLD
EXPORT int nvmlDeviceGetComputeRunningProcesses_v2(struct device *, uint32_t *, struct process *);
EXPORT int nvmlDeviceGetComputeRunningProcesses_v2(struct device *device, uint32_t *count,
                                                   struct process *found)
#else
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(struct device *, uint32_t *, struct process *);
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(struct device *device, uint32_t *count,
                                                   struct process *found)
#endif
{
    uint32_t room = *count;
    int code = refused(device, "processes");
    *count = (uint32_t)number("processes", 0);
    if (code == 0 && *count > room) {
        return 7;
    }
    for (uint32_t i = 0; i < *count && code == 0; i++) {
        found[i] = (struct process){4000 + i, UINT64_C(1) << 30, UINT32_MAX, UINT32_MAX};
    }
    return code;
}

#ifdef STUB_OLD
EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(struct device *device, uint64_t *reasons);
EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(struct device *device, uint64_t *reasons)
#else
EXPORT int nvmlDeviceGetCurrentClocksEventReasons(struct device *device, uint64_t *reasons);
EXPORT int nvmlDeviceGetCurrentClocksEventReasons(struct device *device, uint64_t *reasons)
#endif
{
    *reasons = (uint64_t)number("reasons", 1);
    return refused(device, "throttle");
}

#ifndef STUB_OLD
struct memory_new {
    uint32_t version;
    uint64_t total, reserved, free, used;
};
EXPORT int nvmlDeviceGetMemoryInfo_v2(struct device *device, struct memory_new *memory);
EXPORT int nvmlDeviceGetMemoryInfo_v2(struct device *device, struct memory_new *memory)
{
    const struct profile *profile = chosen();
    if (memory->version != (sizeof *memory | 2u << 24)) {
        return 25; // argument version mismatch
    }
    memory->total = profile->memory;
    memory->reserved = profile->reserved;
    memory->used = (uint64_t)number("processes", 0) << 30;
    memory->free = profile->memory - profile->reserved - memory->used;
    return refused(device, "memory");
}

EXPORT int nvmlDeviceGetTotalEnergyConsumption(struct device *device, uint64_t *millijoules);
EXPORT int nvmlDeviceGetTotalEnergyConsumption(struct device *device, uint64_t *millijoules)
{
    *millijoules = 600000;
    return refused(device, "energy");
}

struct field {
    uint32_t field, scope;
    int64_t time, latency;
    uint32_t type;
    int status;
    uint64_t value;
};
EXPORT int nvmlDeviceGetFieldValues(struct device *device, int count, struct field *fields);
EXPORT int nvmlDeviceGetFieldValues(struct device *device, int count, struct field *fields)
{
    for (int i = 0; i < count; i++) {
        fields[i].status = fields[i].field == 82 ? 0 : 3;
        fields[i].value = chosen()->memory_celsius;
    }
    return refused(device, "fields");
}

EXPORT int nvmlDeviceGetMigMode(struct device *device, uint32_t *now, uint32_t *later);
EXPORT int nvmlDeviceGetMigMode(struct device *device, uint32_t *now, uint32_t *later)
{
    *now = *later = number("mig", -1) == (long)device->index;
    return chosen()->mig ? refused(device, "mig-mode") : 3;
}

EXPORT int nvmlDeviceGetMaxMigDeviceCount(struct device *device, uint32_t *count);
EXPORT int nvmlDeviceGetMaxMigDeviceCount(struct device *device, uint32_t *count)
{
    *count = 7;
    return refused(device, "mig-max");
}

EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(struct device *, uint32_t, struct device **);
EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(struct device *device, uint32_t index,
                                               struct device **mig)
{
    // The places 0, 2 and 3: holes are usual after one device was given back.
    static const int places[] = {1, 0, 2, 3, 0, 0, 0};
    if (index >= 7 || places[index] == 0) {
        return 6;
    }
    *mig = &devices[device->index][places[index]];
    return refused(device, "mig");
}

EXPORT int nvmlDeviceGetGpuInstanceId(struct device *device, uint32_t *instance);
EXPORT int nvmlDeviceGetGpuInstanceId(struct device *device, uint32_t *instance)
{
    *instance = device->mig_device < 0 ? 0 : mig_devices[device->mig_device].instance;
    return refused(device, "instance");
}

EXPORT int nvmlDeviceGetComputeInstanceId(struct device *device, uint32_t *instance);
EXPORT int nvmlDeviceGetComputeInstanceId(struct device *device, uint32_t *instance)
{
    *instance = 0;
    return refused(device, "instance");
}

struct attributes {
    uint32_t multiprocessors, engines[5], gpu_slices, compute_slices;
    uint64_t memory_mib;
};
EXPORT int nvmlDeviceGetAttributes_v2(struct device *device, struct attributes *attributes);
EXPORT int nvmlDeviceGetAttributes_v2(struct device *device, struct attributes *attributes)
{
    if (device->mig_device < 0) {
        return 3;
    }
    int row = profile_of(device->mig_device);
    *attributes = (struct attributes){
        .multiprocessors = mig_devices[row].multiprocessors,
        .gpu_slices = mig_devices[row].slices,
        .compute_slices = mig_devices[row].slices,
        .memory_mib = mig_devices[row].memory_mib,
    };
    return refused(device, "attributes");
}
#endif
