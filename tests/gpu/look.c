// SPDX-License-Identifier: Apache-2.0
// Prints what telemetry finds on this machine, a fact a line, for tests/gpu/run. It needs a C
// compiler and nothing else, since a machine with a GPU often has no more.
//   look            machine and GPUs: "gpu 0 uuid GPU-..."
//   look SECONDS    also how the energy counter compares with the power over this time
//   look grant NODE GPU MILLI      what a job gets for a GPU of a node of the inventory
//   look self-test NAMES           whether this process sees what was granted; 1 and why not
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static int print_grant(const struct wf_machine *machine, char **argv)
{
    static struct wf_inventory inventory;
    static struct wf_grant grant;
    struct wf_error err;
    wf_telemetry_inventory(machine, NULL, &inventory);
    uint32_t node = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t gpus = 1u << strtoul(argv[3], NULL, 10);
    const struct wf_grant_want want = {.node = &inventory.nodes[node],
                                       .task_gpus = &gpus,
                                       .task_count = 1,
                                       .gpu_milli = (uint16_t)strtoul(argv[4], NULL, 10)};
    if (node >= inventory.node_count || wf_telemetry_grant(machine, &want, &grant, &err) != WF_OK) {
        fprintf(stderr, "%s\n", node < inventory.node_count ? err.text : "there is no such node");
        return 1;
    }
    printf("names %s\n", grant.tasks[0].names);
    for (uint32_t i = 0; i < grant.tasks[0].variable_count; i++) {
        printf("variable %s\n", grant.tasks[0].variables[i]);
    }
    for (uint32_t i = 0; i < grant.rule_count; i++) {
        printf("rule %s %d:%d\n", grant.rules[i].allow ? "allow" : "deny",
               grant.rules[i].major_number, grant.rules[i].minor_number);
    }
    printf("kept %s %s\n", wf_enforcement_text(grant.enforcement), grant.enforced_by);
    wf_grant_finish(&grant);
    return 0;
}

static int test_self(const struct wf_machine *machine, const char *names)
{
    struct wf_error err;
    int64_t start_us = now_us();
    enum wf_status status = wf_telemetry_self_test(machine, (const char *const *)(uintptr_t)environ,
                                                   names, false, &err);
    if (status != WF_OK) {
        printf("%s\n", err.text);
        return 1;
    }
    printf("time self_test_us %lld\n", (long long)(now_us() - start_us));
    return 0;
}

// How long readings take; false: not every GPU answered every time.
static bool time_readings(struct wf_telemetry *telemetry, uint32_t gpu_count)
{
    bool all = true;
    int64_t start_us = now_us();
    for (int i = 0; i < READINGS; i++) {
        all = wf_telemetry_read_all(telemetry, 5000) && all;
    }
    printf("time reading_us %lld\n", (long long)(now_us() - start_us) / READINGS);
    start_us = now_us();
    for (int i = 0; i < READINGS && gpu_count > 0; i++) {
        struct wf_gpu_reading reading;
        wf_telemetry_ask(telemetry);
        (void)wf_telemetry_read(telemetry, 0, &reading);
    }
    printf("time ask_and_read_us %lld\n", (long long)(now_us() - start_us) / READINGS);
    return all;
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
    if (argc == 5 && strcmp(argv[1], "grant") == 0) {
        return print_grant(machine, argv);
    }
    if (argc == 3 && strcmp(argv[1], "self-test") == 0) {
        return test_self(machine, argv[2]);
    }
    printf("machine kernel %s\nmachine gpus %u\n", machine->kernel, machine->gpu_count);
    for (uint32_t i = 0; i < machine->source_count; i++) {
        printf("source %s %s %s\n", machine->sources[i].name,
               machine->sources[i].state == WF_SOURCE_READY ? "ready" : machine->sources[i].why,
               machine->sources[i].file);
    }
    bool all = time_readings(telemetry, machine->gpu_count);
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
