// SPDX-License-Identifier: Apache-2.0
// One reading of an AMD GPU, from small files. A partitioned GPU tells power, heat and activity as
// a whole only; memory is told for the whole, and for processes by partition. Never tried on a real
// GPU.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "telemetry/amd.h"

// A path of the GPU's PCI device.
struct device {
    const struct wf_sysroot *sysroot;
    char pci[WF_PCI_BYTES];
    char hwmon[64]; // "hwmon/hwmon3", or ""
};

static bool read_number(const struct device *device, const char *folder, const char *name,
                        uint64_t *number_out)
{
    char path[WF_SYSROOT_PATH_BYTES];
    return wf_file_number(wf_sysroot_path(device->sysroot, path, "/sys/bus/pci/devices/%s/%s/%s",
                                          device->pci, folder, name),
                          number_out);
}

static void find_hwmon(struct device *device)
{
    char path[WF_SYSROOT_PATH_BYTES];
    DIR *folder = opendir(
        wf_sysroot_path(device->sysroot, path, "/sys/bus/pci/devices/%s/hwmon", device->pci));
    if (!folder) {
        return;
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (strncmp(entry->d_name, "hwmon", 5) == 0 && strlen(entry->d_name) < 16) {
            snprintf(device->hwmon, sizeof device->hwmon, "hwmon/%.15s", entry->d_name);
            break;
        }
    }
    closedir(folder);
}

static void read_temperatures(const struct device *device, struct wf_gpu_reading *reading)
{
    bool edge = false;
    for (int i = 1; i <= 8; i++) {
        char path[WF_SYSROOT_PATH_BYTES];
        char name[32];
        char label[32];
        uint64_t millidegrees;
        snprintf(name, sizeof name, "temp%d_input", i);
        wf_sysroot_path(device->sysroot, path, "/sys/bus/pci/devices/%s/%s/temp%d_label",
                        device->pci, device->hwmon, i);
        if (!wf_file_line(path, label, sizeof label) ||
            !read_number(device, device->hwmon, name, &millidegrees) || millidegrees > 1000000) {
            continue;
        }
        int32_t celsius = (int32_t)(millidegrees / 1000);
        if (strcmp(label, "mem") == 0) {
            reading->memory_temperature_c = celsius;
            reading->known |= WF_READ_MEMORY_TEMPERATURE;
        } else if (strcmp(label, "edge") == 0 || (strcmp(label, "junction") == 0 && !edge)) {
            // MI300 tells no edge; where both are told, the edge is what other tools call the
            // temperature.
            edge = strcmp(label, "edge") == 0;
            reading->temperature_c = celsius;
            reading->known |= WF_READ_TEMPERATURE;
        }
    }
}

static void read_power(const struct device *device, struct wf_gpu_reading *reading)
{
    uint64_t microwatts;
    if (read_number(device, device->hwmon, "power1_average", &microwatts) ||
        read_number(device, device->hwmon, "power1_input", &microwatts)) {
        reading->power_mw = (uint32_t)(microwatts / 1000);
        reading->known |= WF_READ_POWER;
    }
    if (read_number(device, device->hwmon, "power1_cap", &microwatts)) {
        reading->power_limit_mw = (uint32_t)(microwatts / 1000);
        reading->known |= WF_READ_POWER_LIMIT;
    }
}

static void read_metrics(const struct device *device, struct wf_gpu_reading *reading)
{
    char path[WF_SYSROOT_PATH_BYTES];
    uint8_t table[4096];
    struct wf_amd_metrics metrics;
    long length = wf_file_bytes(
        wf_sysroot_path(device->sysroot, path, "/sys/bus/pci/devices/%s/gpu_metrics", device->pci),
        table, sizeof table);
    if (length <= 0 || !wf_amd_metrics_parse(table, (size_t)length, &metrics)) {
        return;
    }
    if (metrics.has_energy) {
        reading->energy_mj = metrics.energy_mj;
        reading->known |= WF_READ_ENERGY;
    }
    if (metrics.has_throttle) {
        reading->throttle = metrics.throttle;
        reading->known |= WF_READ_THROTTLE;
    }
}

static void read_errors(const struct device *device, struct wf_gpu_reading *reading)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char text[256];
    if (wf_file_bytes(wf_sysroot_path(device->sysroot, path,
                                      "/sys/bus/pci/devices/%s/ras/umc_err_count", device->pci),
                      text, sizeof text) > 0 &&
        wf_text_property(text, "ue:", &reading->memory_errors)) {
        reading->known |= WF_READ_ERRORS;
    }
}

static void add_process(struct wf_gpu_reading *reading, uint32_t pid, uint32_t instance,
                        uint64_t memory)
{
    reading->process_total++;
    if (reading->process_count < WF_GPU_PROCESSES_MAX) {
        reading->processes[reading->process_count++] =
            (struct wf_gpu_process){pid, instance, memory};
    }
}

// /sys/class/kfd/kfd/proc/PID/vram_GPUID. A process has a file for each GPU that it opened, whether
// it uses it or not; nothing in its memory means that it does not.
static void read_processes(const struct wf_amd *amd, uint32_t index, struct wf_gpu_reading *reading)
{
    char path[WF_SYSROOT_PATH_BYTES];
    DIR *folder = opendir(wf_sysroot_path(&amd->view->sysroot, path, "/sys/class/kfd/kfd/proc"));
    if (!folder) {
        return;
    }
    reading->known |= WF_READ_PROCESSES;
    uint32_t first = amd->first[index];
    uint32_t count = amd->first[index + 1] - first;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        uint64_t pid;
        if (!wf_text_number(entry->d_name, &pid) || pid > INT32_MAX) {
            continue;
        }
        for (uint32_t i = 0; i < count; i++) {
            uint64_t memory;
            wf_sysroot_path(&amd->view->sysroot, path, "/sys/class/kfd/kfd/proc/%llu/vram_%u",
                            (unsigned long long)pid, amd->nodes[first + i].gpu_id);
            if (wf_file_number(path, &memory) && memory > 0) {
                add_process(reading, (uint32_t)pid, count > 1 ? i : UINT32_MAX, memory);
            }
        }
    }
    closedir(folder);
}

void wf_amd_read(void *state, uint32_t index, struct wf_gpu_reading *reading)
{
    const struct wf_amd *amd = state;
    struct device device = {.sysroot = &amd->view->sysroot};
    char path[WF_SYSROOT_PATH_BYTES];
    uint64_t number;
    wf_amd_pci(&amd->nodes[amd->first[index]], device.pci);
    if (read_number(&device, ".", "gpu_busy_percent", &number) && number <= 100) {
        reading->busy_percent = (uint32_t)number;
        reading->known |= WF_READ_BUSY;
    }
    wf_sysroot_path(device.sysroot, path, "/sys/bus/pci/devices/%s/mem_info_vram_used", device.pci);
    errno = 0;
    if (wf_file_number(path, &reading->memory_used_bytes)) {
        reading->known |= WF_READ_MEMORY;
    } else {
        // A GPU that the driver gave up answers nothing at all; sysfs then says why.
        snprintf(reading->trouble, sizeof reading->trouble, "memory: %s",
                 errno ? strerror(errno) : "the driver does not tell");
    }
    find_hwmon(&device);
    if (device.hwmon[0]) {
        read_temperatures(&device, reading);
        read_power(&device, reading);
    }
    read_metrics(&device, reading);
    read_errors(&device, reading);
    read_processes(amd, index, reading);
}
