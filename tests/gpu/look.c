// SPDX-License-Identifier: Apache-2.0
// Prints what telemetry finds on this machine, a fact a line, for tests/gpu/run. It needs a C
// compiler and nothing else, since a machine with a GPU often has no more.
//   look            machine and GPUs: "gpu 0 uuid GPU-..."
//   look SECONDS    also how the energy counter compares with the power over this time
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "telemetry/telemetry.h"

enum { READINGS = 50 };

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void print_gpu(uint32_t i, const struct wf_gpu *gpu)
{
    static const char *const switches[] = {"[N/A]", "Disabled", "Enabled"};
    static const char *const modes[] = {"Default", "Exclusive_Process", "Prohibited"};
    printf("gpu %u vendor %s\n", i, wf_vendor_text(gpu->vendor));
    printf("gpu %u usable %s%s%s\n", i, gpu->usable ? "yes" : "no", gpu->usable ? "" : ": ",
           gpu->why_not);
    printf("gpu %u name %s\n", i, gpu->name);
    printf("gpu %u model %s\n", i, gpu->model);
    printf("gpu %u architecture %s\n", i, gpu->architecture);
    printf("gpu %u uuid %s\n", i, gpu->uuid);
    printf("gpu %u pci %s\n", i, gpu->pci);
    printf("gpu %u driver %s\n", i, gpu->driver);
    printf("gpu %u memory_mib %llu\n", i, (unsigned long long)(gpu->memory_bytes >> 20));
    printf("gpu %u compute_mode %s\n", i, modes[gpu->compute_mode]);
    printf("gpu %u ecc %s\n", i, switches[gpu->ecc]);
    printf("gpu %u mig %s\n", i, switches[gpu->mig]);
    printf("gpu %u numa %d\n", i, gpu->numa_node);
    printf("gpu %u shares %s (%s)\n", i, wf_enforcement_text(gpu->enforcement), gpu->enforced_by);
    for (uint32_t j = 0; j < gpu->slice_count; j++) {
        printf("gpu %u slice %s %s\n", i, gpu->slices[j].uuid, gpu->slices[j].profile);
    }
    for (uint32_t j = 0; j < gpu->file_count; j++) {
        const struct wf_device_file *file = &gpu->files[j];
        printf("gpu %u file %s %u:%u %s\n", i, file->path, file->major_number, file->minor_number,
               file->access == WF_FILE_OPEN     ? "open"
               : file->access == WF_FILE_DENIED ? "denied"
                                                : "missing");
    }
}

static void print_reading(struct wf_telemetry *telemetry, uint32_t i)
{
    char throttle[WF_THROTTLE_TEXT_BYTES];
    struct wf_gpu_reading reading;
    (void)wf_telemetry_read(telemetry, i, &reading);
    printf("gpu %u known 0x%x\n", i, reading.known);
    printf("gpu %u trouble %s\n", i, reading.trouble[0] ? reading.trouble : "none");
    printf("gpu %u busy_percent %u\n", i, reading.busy_percent);
    printf("gpu %u used_mib %llu\n", i, (unsigned long long)(reading.memory_used_bytes >> 20));
    printf("gpu %u power_w %u\n", i, reading.power_mw / 1000);
    printf("gpu %u power_limit_w %u\n", i, reading.power_limit_mw / 1000);
    printf("gpu %u celsius %d\n", i, reading.temperature_c);
    printf("gpu %u memory_celsius %d\n", i, reading.memory_temperature_c);
    printf("gpu %u throttle %s\n", i, wf_throttle_text(throttle, reading.throttle));
    for (uint32_t j = 0; j < reading.process_count; j++) {
        printf("gpu %u process %u %llu\n", i, reading.processes[j].pid,
               (unsigned long long)(reading.processes[j].memory_bytes >> 20));
    }
}

// The counter against the sum of power samples: two ways to the same number.
static void print_energy(struct wf_telemetry *telemetry, long seconds)
{
    struct wf_gpu_reading reading;
    const struct timespec pause = {0, 100000000};
    double sampled_j = 0;
    uint64_t first_mj = 0;
    int64_t last_us = 0;
    int64_t end_us = now_us() + seconds * 1000000;
    while (now_us() < end_us && wf_telemetry_read_all(telemetry, 5000)) {
        (void)wf_telemetry_read(telemetry, 0, &reading);
        int64_t taken_us = now_us();
        if (last_us) {
            sampled_j += reading.power_mw / 1e3 * (double)(taken_us - last_us) / 1e6;
        } else {
            first_mj = reading.energy_mj;
        }
        last_us = taken_us;
        nanosleep(&pause, NULL);
    }
    printf("energy counter_j %.1f\n", (double)(reading.energy_mj - first_mj) / 1e3);
    printf("energy sampled_j %.1f\n", sampled_j);
}

int main(int argc, char **argv)
{
    const struct wf_telemetry_config config = {0};
    struct wf_telemetry *telemetry;
    struct wf_error err;
    int64_t start_us = now_us();
    if (wf_telemetry_open(&config, &telemetry, &err) != WF_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("time open_us %lld\n", (long long)(now_us() - start_us));
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    printf("machine kernel %s\nmachine gpus %u\n", machine->kernel, machine->gpu_count);
    for (uint32_t i = 0; i < machine->source_count; i++) {
        printf("source %s %s %s\n", machine->sources[i].name,
               machine->sources[i].state == WF_SOURCE_READY ? "ready" : machine->sources[i].why,
               machine->sources[i].file);
    }
    bool all = true;
    start_us = now_us();
    for (int i = 0; i < READINGS; i++) {
        all = wf_telemetry_read_all(telemetry, 5000) && all;
    }
    printf("time reading_us %lld\n", (long long)(now_us() - start_us) / READINGS);
    start_us = now_us();
    for (int i = 0; i < READINGS && machine->gpu_count > 0; i++) {
        struct wf_gpu_reading reading;
        wf_telemetry_ask(telemetry);
        (void)wf_telemetry_read(telemetry, 0, &reading);
    }
    printf("time ask_and_read_us %lld\n", (long long)(now_us() - start_us) / READINGS);
    (void)wf_telemetry_read_all(telemetry, 5000);
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        print_gpu(i, &machine->gpus[i]);
        print_reading(telemetry, i);
    }
    if (argc > 1 && machine->gpu_count > 0) {
        print_energy(telemetry, strtol(argv[1], NULL, 10));
    }
    static struct wf_findings findings;
    wf_machine_check(machine, &findings);
    for (uint32_t i = 0; i < findings.count; i++) {
        printf("finding %s %s %s\n", wf_severity_text(findings.list[i].severity),
               findings.list[i].code, findings.list[i].text);
    }
    wf_telemetry_close(telemetry);
    return all ? 0 : 1;
}
