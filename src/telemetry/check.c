// SPDX-License-Identifier: Apache-2.0
// What is wrong with the machine beside its GPUs.
#include "telemetry/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

// A journal of a million events takes about this much; below the second nothing new is taken on.
#define DISK_WARN_BYTES (2 * GIB)
#define DISK_STOP_BYTES (64 * MIB)
// One supervisor, its logs and sockets take about 8 files of the daemon for each running job.
#define FILES_WARN 4096
#define PROCESSES_WARN 4096
// The kernel's default for 20 years; large models in many pieces go beyond.
#define MAPS_WARN 65530
#define LOCKED_WARN_BYTES (64 * MIB)

const char *const *wf_finding_codes(void)
{
    static const char *const codes[] = {
        WF_CODE_MACHINE,
        WF_CODE_SYSTEMD,
        WF_CODE_CLOCK,
        WF_CODE_DISK,
        WF_CODE_CGROUP,
        WF_CODE_CGROUP_CONTROLLERS,
        WF_CODE_CGROUP_DELEGATION,
        WF_CODE_DEVICE_FILTER,
        WF_CODE_LIMIT_FILES,
        WF_CODE_LIMIT_PROCESSES,
        WF_CODE_LIMIT_LOCKED,
        WF_CODE_LIMIT_MAPS,
        WF_CODE_GPU_NONE,
        WF_CODE_GPU_SOURCE,
        WF_CODE_GPU,
        WF_CODE_GPU_DRIVER,
        WF_CODE_GPU_FILES,
        WF_CODE_GPU_UNUSABLE,
        WF_CODE_GPU_NAME,
        WF_CODE_GPU_SHARES,
        WF_CODE_GPU_COUNT,
        NULL,
    };
    return codes;
}

struct wf_finding *wf_findings_add(struct wf_findings *findings, enum wf_severity severity,
                                   const char *code, const char *format, ...)
{
    findings->count += findings->count < WF_FINDINGS_MAX;
    struct wf_finding *finding = &findings->list[findings->count - 1];
    *finding = (struct wf_finding){.severity = severity, .code = code};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    return finding;
}

void wf_finding_mend(struct wf_finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->mend, sizeof finding->mend, format, arguments);
    va_end(arguments);
}

static void check_parts(const struct wf_machine *machine, struct wf_findings *findings)
{
    char memory[WF_NUMBER_BYTES];
    wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_MACHINE,
                    "%s: %s, kernel %s, %u cores, %s GiB of memory; looked at for the user %s",
                    machine->hostname[0] ? machine->hostname : "this machine",
                    machine->system[0] ? machine->system : "an unknown system",
                    machine->kernel[0] ? machine->kernel : "unknown", machine->cores,
                    wf_number_count(memory, (int64_t)(machine->memory_bytes / GIB)),
                    machine->identity.name);
    if (machine->systemd) {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_SYSTEMD,
                        "systemd runs: WhaleFlux can be a service and is given cgroups of its own");
    } else {
        wf_findings_add(findings, WF_SEVERITY_NOTE, WF_CODE_SYSTEMD,
                        "systemd does not run here: start `whaleflux serve` by other means");
    }
}

static void check_clock(const struct wf_machine *machine, struct wf_findings *findings)
{
    if (machine->clock_synchronised == WF_ON) {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_CLOCK, "the clock is synchronised");
    } else if (machine->clock_synchronised == WF_OFF) {
        struct wf_finding *finding =
            wf_findings_add(findings, WF_SEVERITY_WARNING, WF_CODE_CLOCK,
                            "the clock is not synchronised: deadlines, prices by the hour and "
                            "certificates go by it");
        wf_finding_mend(finding, "install chrony or switch systemd-timesyncd on: "
                                 "`timedatectl set-ntp true`");
    } else {
        wf_findings_add(findings, WF_SEVERITY_NOTE, WF_CODE_CLOCK,
                        "whether the clock is synchronised cannot be told");
    }
}

static void check_disk(const struct wf_machine *machine, struct wf_findings *findings)
{
    char free_text[WF_NUMBER_BYTES];
    wf_number_count(free_text, (int64_t)(machine->data_free_bytes / MIB));
    if (!machine->data_folder[0]) {
        struct wf_finding *finding =
            wf_findings_add(findings, WF_SEVERITY_STOPS, WF_CODE_DISK,
                            "the user %s has no home folder to keep jobs and the journal in",
                            machine->identity.name);
        wf_finding_mend(finding, "name a folder with `--data-dir`");
    } else if (machine->data_access != WF_FILE_OPEN) {
        struct wf_finding *finding = wf_findings_add(findings, WF_SEVERITY_STOPS, WF_CODE_DISK,
                                                     "the user %s may not write %s",
                                                     machine->identity.name, machine->data_folder);
        wf_finding_mend(finding, "change its owner, or name another folder with `--data-dir`");
    } else if (machine->data_free_bytes < DISK_WARN_BYTES) {
        bool stops = machine->data_free_bytes < DISK_STOP_BYTES;
        struct wf_finding *finding =
            wf_findings_add(findings, stops ? WF_SEVERITY_STOPS : WF_SEVERITY_WARNING, WF_CODE_DISK,
                            "only %s MiB are free for %s%s", free_text, machine->data_folder,
                            stops ? ": nothing new is taken on" : "");
        wf_finding_mend(finding, "free some space, or name another folder with `--data-dir`");
    } else {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_DISK, "%s MiB are free for %s",
                        free_text, machine->data_folder);
    }
}

static const char *cgroup_text(enum wf_cgroup_version version)
{
    switch (version) {
    case WF_CGROUP_NONE:
        return "there are no cgroups";
    case WF_CGROUP_V1:
        return "cgroups are of version 1 only";
    case WF_CGROUP_HYBRID:
        return "cgroups are hybrid: version 1 holds the controllers";
    case WF_CGROUP_V2:
        return "cgroups are of version 2";
    }
    return "cgroups are unknown";
}

static void check_controllers(const struct wf_machine *machine, struct wf_findings *findings)
{
    static const struct {
        uint32_t bit;
        const char *lost;
    } wanted[] = {
        {WF_CONTROLLER_MEMORY, "memory (a job can take all of it)"},
        {WF_CONTROLLER_CPU, "cpu (shares of processors are not kept)"},
        {WF_CONTROLLER_PIDS, "pids (a job can start processes without end)"},
    };
    char missing[256] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < WF_COUNT_OF(wanted); i++) {
        if ((machine->cgroup.controllers & wanted[i].bit) == 0) {
            length += (size_t)snprintf(missing + length, sizeof missing - length, "%s%s",
                                       length ? ", " : "", wanted[i].lost);
        }
    }
    if (length == 0) {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_CGROUP_CONTROLLERS,
                        "memory, cpu and pids can be limited in %s%s", machine->cgroup.path,
                        machine->cgroup.controllers & WF_CONTROLLER_DMEM
                            ? ", and GPU memory where the driver counts it (dmem)"
                            : "");
        return;
    }
    struct wf_finding *finding =
        wf_findings_add(findings, WF_SEVERITY_WARNING, WF_CODE_CGROUP_CONTROLLERS,
                        "the cgroup %s lacks controllers: %s", machine->cgroup.path, missing);
    if (machine->cgroup.version == WF_CGROUP_HYBRID) {
        wf_finding_mend(finding, "boot with systemd.unified_cgroup_hierarchy=1, so that version 2 "
                                 "holds them");
    } else {
        wf_finding_mend(finding, "run WhaleFlux as a service with `Delegate=yes`");
    }
}

static void check_cgroups(const struct wf_machine *machine, struct wf_findings *findings)
{
    const struct wf_cgroup *cgroup = &machine->cgroup;
    bool pure = cgroup->version == WF_CGROUP_V2;
    struct wf_finding *finding =
        wf_findings_add(findings, pure ? WF_SEVERITY_FINE : WF_SEVERITY_WARNING, WF_CODE_CGROUP,
                        "%s%s", cgroup_text(cgroup->version),
                        pure ? "" : ": jobs are held by limits of their processes only");
    if (cgroup->version == WF_CGROUP_V1 || cgroup->version == WF_CGROUP_NONE) {
        wf_finding_mend(finding, "boot with systemd.unified_cgroup_hierarchy=1");
        return;
    }
    check_controllers(machine, findings);
    if (cgroup->delegated) {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_CGROUP_DELEGATION,
                        "the user %s may make cgroups below %s", machine->identity.name,
                        cgroup->path);
        return;
    }
    finding = wf_findings_add(findings, WF_SEVERITY_WARNING, WF_CODE_CGROUP_DELEGATION,
                              "the user %s may not make cgroups below %s: jobs are held by limits "
                              "of their processes only, and a process that leaves its job is not "
                              "found again",
                              machine->identity.name, cgroup->path);
    wf_finding_mend(finding, "run WhaleFlux as root or as a service with `Delegate=yes`, or try "
                             "`systemd-run --user --scope -p Delegate=yes whaleflux ...`");
}

static void check_filter(const struct wf_machine *machine, struct wf_findings *findings)
{
    if (machine->limits.may_load_bpf) {
        wf_findings_add(findings, WF_SEVERITY_FINE, WF_CODE_DEVICE_FILTER,
                        "the kernel can keep a job to the GPUs it was given");
        return;
    }
    struct wf_finding *finding = wf_findings_add(
        findings, WF_SEVERITY_WARNING, WF_CODE_DEVICE_FILTER,
        "jobs are told which GPUs are theirs, but nothing keeps them from the others: the user %s "
        "may not load device filters",
        machine->identity.name);
    wf_finding_mend(finding, "run WhaleFlux as root, or with CAP_BPF and CAP_NET_ADMIN");
}

static void check_limit(struct wf_findings *findings, const char *code, uint64_t limit,
                        uint64_t least, const char *what, const char *mend)
{
    char number[WF_NUMBER_BYTES];
    if (limit == 0 || limit >= least) {
        return; // not known, or enough
    }
    struct wf_finding *finding = wf_findings_add(findings, WF_SEVERITY_NOTE, code, "%s: %s", what,
                                                 wf_number_count(number, (int64_t)limit));
    wf_finding_mend(finding, "%s", mend);
}

static void check_limits(const struct wf_machine *machine, struct wf_findings *findings)
{
    const struct wf_kernel_limits *limits = &machine->limits;
    check_limit(findings, WF_CODE_LIMIT_FILES, limits->files_hard, FILES_WARN,
                "few open files are allowed to one process, which bounds how many jobs run at once",
                "raise LimitNOFILE of the service, or `ulimit -Hn`");
    check_limit(findings, WF_CODE_LIMIT_PROCESSES, limits->processes_hard, PROCESSES_WARN,
                "few processes are allowed to the user",
                "raise LimitNPROC of the service, or `ulimit -Hu`");
    check_limit(findings, WF_CODE_LIMIT_PROCESSES, limits->pid_max, PROCESSES_WARN,
                "few processes are allowed to the machine", "raise the sysctl kernel.pid_max");
    check_limit(findings, WF_CODE_LIMIT_LOCKED, limits->locked_memory, LOCKED_WARN_BYTES,
                "little memory may be locked (bytes), which RDMA and some pinned buffers need",
                "set LimitMEMLOCK=infinity for the service, or `ulimit -Hl unlimited`");
    check_limit(findings, WF_CODE_LIMIT_MAPS, limits->map_count, MAPS_WARN,
                "few memory maps are allowed to one process, which loading large models may exceed",
                "raise the sysctl vm.max_map_count");
}

void wf_machine_check(const struct wf_machine *machine, struct wf_findings *findings)
{
    findings->count = 0;
    check_parts(machine, findings);
    check_clock(machine, findings);
    check_disk(machine, findings);
    check_cgroups(machine, findings);
    check_filter(machine, findings);
    check_limits(machine, findings);
    wf_check_gpus(machine, findings);
}
