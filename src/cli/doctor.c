// SPDX-License-Identifier: Apache-2.0
// The verb doctor: looks at this machine and says what it found, what is missing and how to mend
// it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/doctor_slurm.h"
#include "cli/json.h"
#include "telemetry/telemetry.h"

static const struct wf_option options[] = {
    {"user", "USER", "looks at what this user may do (the user who asks)"},
    {"data-dir", "DIR", "where the daemon would keep its state (~/.whaleflux)"},
    {"sysroot", "DIR", "looks at sys, proc, dev and etc below this folder"},
    {"nvml", "FILE", "takes this file for NVIDIA's library"},
    {"timeout", "SECONDS", "how long a driver may take to answer (10)"},
    {"slurm-rest", "URL",
     "of `doctor slurm`: asks slurmrestd there (unix:/PATH, http://HOST:PORT)"},
    {"slurm-conf", "FILE", "of `doctor slurm`: the cluster's slurm.conf (where Slurm looks)"},
    {"json", NULL, "prints JSON instead of sentences"},
    {NULL, NULL, NULL},
};

struct examination {
    struct wf_telemetry_config config;
    const char *slurm_conf, *slurm_rest;
    bool json;
    struct wf_telemetry *telemetry;
    const struct wf_machine *machine;
    struct wf_findings findings;
    uint32_t counts[WF_SEVERITY_STOPS + 1];
    uint32_t silent_ms[WF_MACHINE_GPUS_MAX];
    struct wf_gpu_reading readings[WF_MACHINE_GPUS_MAX];
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct examination *examination = context;
    struct wf_telemetry_config *config = &examination->config;
    if (strcmp(name, "timeout") == 0) {
        uint64_t seconds;
        enum wf_status status = wf_option_number("--timeout", value, 1, 600, &seconds, err);
        config->timeout_ms = status == WF_OK ? (uint32_t)seconds * 1000 : 0;
        return status;
    }
    if (strcmp(name, "user") == 0) {
        config->user = value;
    } else if (strcmp(name, "data-dir") == 0) {
        config->data_folder = value;
    } else if (strcmp(name, "sysroot") == 0) {
        config->sysroot = value;
    } else if (strcmp(name, "nvml") == 0) {
        config->nvml_path = value;
    } else if (strcmp(name, "slurm-rest") == 0) {
        examination->slurm_rest = value;
    } else if (strcmp(name, "slurm-conf") == 0) {
        examination->slurm_conf = value;
    } else {
        examination->json = true;
    }
    return WF_OK;
}

// Words for people, one finding a line, with what to do below it.
static void print_text(const struct examination *examination)
{
    static const char *const marks[] = {"  ok ", "note ", "WARN ", "STOP "};
    for (uint32_t i = 0; i < examination->findings.count; i++) {
        const struct wf_finding *finding = &examination->findings.list[i];
        printf("%s %s [%s]\n", marks[finding->severity], finding->text, finding->code);
        if (finding->mend[0]) {
            printf("        -> %s\n", finding->mend);
        }
    }
    const uint32_t *counts = examination->counts;
    printf("\n%u fine, %u notes, %u warnings, %u that stop work\n", counts[WF_SEVERITY_FINE],
           counts[WF_SEVERITY_NOTE], counts[WF_SEVERITY_WARNING], counts[WF_SEVERITY_STOPS]);
}

// An empty text means that nobody told.
static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static json_t *switch_json(enum wf_tristate state)
{
    return state == WF_UNKNOWN ? json_null() : json_boolean(state == WF_ON);
}

static json_t *files_json(struct wf_json *json, const struct wf_device_file *files, uint32_t count)
{
    static const char *const words[] = {"missing", "denied", "open"};
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *file = json_object();
        wf_json_set(json, file, "path", json_string(files[i].path));
        wf_json_set(json, file, "access", json_string(words[files[i].access]));
        if (files[i].device) {
            wf_json_set(json, file, "major", json_integer(files[i].major_number));
            wf_json_set(json, file, "minor", json_integer(files[i].minor_number));
        }
        wf_json_append(json, array, file);
    }
    return array;
}

static json_t *slices_json(struct wf_json *json, const struct wf_gpu *gpu)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < gpu->slice_count; i++) {
        const struct wf_gpu_slice *slice = &gpu->slices[i];
        json_t *object = json_object();
        wf_json_set(json, object, "uuid", text_or_null(slice->uuid));
        wf_json_set(json, object, "profile", text_or_null(slice->profile));
        wf_json_set(json, object, "memory_bytes", json_integer((json_int_t)slice->memory_bytes));
        wf_json_set(json, object, "compute_units", json_integer(slice->compute_units));
        wf_json_set(json, object, "number", json_integer(slice->number));
        wf_json_set(json, object, "files", files_json(json, slice->files, slice->file_count));
        wf_json_append(json, array, object);
    }
    return array;
}

static json_t *processes_json(struct wf_json *json, const struct wf_gpu_reading *reading)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < reading->process_count; i++) {
        const struct wf_gpu_process *process = &reading->processes[i];
        json_t *object = json_object();
        wf_json_set(json, object, "pid", json_integer(process->pid));
        wf_json_set(json, object, "memory_bytes",
                    process->memory_bytes == UINT64_MAX
                        ? json_null()
                        : json_integer((json_int_t)process->memory_bytes));
        wf_json_append(json, array, object);
    }
    return array;
}

static json_t *reading_json(struct wf_json *json, const struct wf_gpu_reading *reading,
                            uint32_t silent_ms)
{
    const struct {
        uint32_t bit;
        const char *name;
        json_int_t value;
    } values[] = {
        {WF_READ_BUSY, "busy_percent", reading->busy_percent},
        {WF_READ_MEMORY, "memory_used_bytes", (json_int_t)reading->memory_used_bytes},
        {WF_READ_POWER, "power_mw", reading->power_mw},
        {WF_READ_POWER_LIMIT, "power_limit_mw", reading->power_limit_mw},
        {WF_READ_ENERGY, "energy_mj", (json_int_t)reading->energy_mj},
        {WF_READ_TEMPERATURE, "temperature_c", reading->temperature_c},
        {WF_READ_MEMORY_TEMPERATURE, "memory_temperature_c", reading->memory_temperature_c},
        {WF_READ_ERRORS, "memory_errors", (json_int_t)reading->memory_errors},
        {WF_READ_PROCESSES, "process_total", reading->process_total},
    };
    char throttle[WF_THROTTLE_TEXT_BYTES];
    json_t *object = json_object();
    for (uint32_t i = 0; i < WF_COUNT_OF(values); i++) {
        wf_json_set(json, object, values[i].name,
                    reading->known & values[i].bit ? json_integer(values[i].value) : json_null());
    }
    wf_json_set(json, object, "throttle",
                reading->known & WF_READ_THROTTLE
                    ? json_string(wf_throttle_text(throttle, reading->throttle))
                    : json_null());
    wf_json_set(json, object, "processes", processes_json(json, reading));
    wf_json_set(json, object, "trouble", text_or_null(reading->trouble));
    wf_json_set(json, object, "silent_ms", json_integer(silent_ms));
    return object;
}

static json_t *gpu_json(struct wf_json *json, const struct examination *examination, uint32_t index)
{
    static const char *const modes[] = {"shared", "exclusive", "prohibited"};
    const struct wf_gpu *gpu = &examination->machine->gpus[index];
    json_t *object = json_object();
    wf_json_set(json, object, "vendor", json_string(wf_vendor_text(gpu->vendor)));
    wf_json_set(json, object, "index", json_integer(gpu->index));
    wf_json_set(json, object, "usable", json_boolean(gpu->usable));
    wf_json_set(json, object, "why_not", text_or_null(gpu->why_not));
    wf_json_set(json, object, "model", text_or_null(gpu->model));
    wf_json_set(json, object, "name", text_or_null(gpu->name));
    wf_json_set(json, object, "architecture", text_or_null(gpu->architecture));
    wf_json_set(json, object, "uuid", text_or_null(gpu->uuid));
    wf_json_set(json, object, "pci", text_or_null(gpu->pci));
    wf_json_set(json, object, "driver", text_or_null(gpu->driver));
    wf_json_set(json, object, "memory_bytes", json_integer((json_int_t)gpu->memory_bytes));
    wf_json_set(json, object, "numa_node",
                gpu->numa_node < 0 ? json_null() : json_integer(gpu->numa_node));
    wf_json_set(json, object, "compute_mode", json_string(modes[gpu->compute_mode]));
    wf_json_set(json, object, "ecc", switch_json(gpu->ecc));
    wf_json_set(json, object, "mig", switch_json(gpu->mig));
    wf_json_set(json, object, "partitioning", text_or_null(gpu->partitioning));
    wf_json_set(json, object, "slices", slices_json(json, gpu));
    wf_json_set(json, object, "files", files_json(json, gpu->files, gpu->file_count));
    wf_json_set(json, object, "enforcement", json_string(wf_enforcement_text(gpu->enforcement)));
    wf_json_set(json, object, "enforced_by", text_or_null(gpu->enforced_by));
    wf_json_set(json, object, "reading",
                reading_json(json, &examination->readings[index], examination->silent_ms[index]));
    return object;
}

static json_t *machine_json(struct wf_json *json, const struct wf_machine *machine)
{
    static const char *const versions[] = {"none", "v1", "hybrid", "v2"};
    json_t *object = json_object();
    wf_json_set(json, object, "hostname", text_or_null(machine->hostname));
    wf_json_set(json, object, "system", text_or_null(machine->system));
    wf_json_set(json, object, "kernel", text_or_null(machine->kernel));
    wf_json_set(json, object, "boot_id", text_or_null(machine->boot_id));
    wf_json_set(json, object, "cores", json_integer(machine->cores));
    wf_json_set(json, object, "memory_bytes", json_integer((json_int_t)machine->memory_bytes));
    wf_json_set(json, object, "user", json_string(machine->identity.name));
    wf_json_set(json, object, "user_id", json_integer(machine->identity.user));
    wf_json_set(json, object, "cgroups", json_string(versions[machine->cgroup.version]));
    wf_json_set(json, object, "cgroup", text_or_null(machine->cgroup.path));
    wf_json_set(json, object, "cgroup_delegated", json_boolean(machine->cgroup.delegated));
    wf_json_set(json, object, "device_filter", json_boolean(machine->limits.may_load_bpf));
    wf_json_set(json, object, "systemd", json_boolean(machine->systemd));
    wf_json_set(json, object, "clock_synchronised", switch_json(machine->clock_synchronised));
    wf_json_set(json, object, "data_folder", text_or_null(machine->data_folder));
    wf_json_set(json, object, "data_free_bytes",
                json_integer((json_int_t)machine->data_free_bytes));
    return object;
}

static enum wf_status print_json(const struct examination *examination, struct wf_error *err)
{
    struct wf_json json = {0};
    json_t *root = json_object();
    json_t *gpus = json_array();
    json_t *findings = json_array();
    for (uint32_t i = 0; i < examination->machine->gpu_count; i++) {
        wf_json_append(&json, gpus, gpu_json(&json, examination, i));
    }
    for (uint32_t i = 0; i < examination->findings.count; i++) {
        const struct wf_finding *finding = &examination->findings.list[i];
        json_t *object = json_object();
        wf_json_set(&json, object, "severity", json_string(wf_severity_text(finding->severity)));
        wf_json_set(&json, object, "code", json_string(finding->code));
        wf_json_set(&json, object, "text", json_string(finding->text));
        wf_json_set(&json, object, "mend", text_or_null(finding->mend));
        wf_json_append(&json, findings, object);
    }
    wf_json_set(&json, root, "machine", machine_json(&json, examination->machine));
    wf_json_set(&json, root, "gpus", gpus);
    wf_json_set(&json, root, "findings", findings);
    wf_json_set(&json, root, "fit", json_boolean(examination->counts[WF_SEVERITY_STOPS] == 0));
    return wf_json_print(&json, root, err);
}

static enum wf_status examine(struct examination *examination, struct wf_error *err)
{
    enum wf_status status = wf_telemetry_open(&examination->config, &examination->telemetry, err);
    if (status != WF_OK) {
        return status;
    }
    examination->machine = wf_telemetry_machine(examination->telemetry);
    wf_machine_check(examination->machine, &examination->findings);
    for (uint32_t i = 0; i < examination->findings.count; i++) {
        examination->counts[examination->findings.list[i].severity]++;
    }
    if (examination->json) {
        uint32_t timeout_ms = examination->config.timeout_ms;
        (void)wf_telemetry_read_all(examination->telemetry,
                                    timeout_ms ? timeout_ms : WF_TELEMETRY_TIMEOUT_MS);
        for (uint32_t i = 0; i < examination->machine->gpu_count; i++) {
            examination->silent_ms[i] =
                wf_telemetry_read(examination->telemetry, i, &examination->readings[i]);
        }
        status = print_json(examination, err);
    } else {
        print_text(examination);
    }
    uint32_t stops = examination->counts[WF_SEVERITY_STOPS];
    if (status == WF_OK && stops > 0) {
        status = wf_fail(err, WF_UNFIT, "%u finding%s that stop%s work", stops,
                         stops == 1 ? "" : "s", stops == 1 ? "s" : "");
    }
    wf_telemetry_close(examination->telemetry);
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct examination *examination = calloc(1, sizeof *examination);
    if (!examination) {
        return wf_fail(err, WF_NOMEM, "no memory to look at the machine");
    }
    const struct wf_option_reader reader = {options, take, examination};
    int words = 0;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    bool slurm = status == WF_OK && words + 1 == argc && strcmp(argv[words], "slurm") == 0;
    if (status == WF_OK && words < argc && !slurm) {
        status = wf_fail(err, WF_INVALID, "'%.60s' is one word too many", argv[words]);
    }
    if (status == WF_OK && (examination->slurm_conf || examination->slurm_rest) && !slurm) {
        status =
            wf_fail(err, WF_INVALID, "--slurm-conf and --slurm-rest are options of `doctor slurm`");
    }
    if (status == WF_OK) {
        status = slurm ? wf_doctor_slurm(examination->slurm_conf, examination->slurm_rest,
                                         examination->json, err)
                       : examine(examination, err);
    }
    free(examination);
    return status;
}

const struct wf_command wf_command_doctor = {
    .name = "doctor",
    .usage = "[slurm] [--user USER] [--json]",
    .summary = "looks at this machine and says what is missing and how to mend it",
    .options = options,
    .more = "Exit status 0: work can run here. 1: something is missing that stops work.\n"
            "`doctor slurm` looks at a Slurm cluster's settings instead (docs/slurm.md).\n"
            "Example: whaleflux doctor --user alice\n",
    .run = run,
};
