// SPDX-License-Identifier: Apache-2.0
#include "telemetry/facts.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/error.h"

static bool here(const struct wf_sysroot *sysroot)
{
    return sysroot->root[0] == '\0';
}

static bool is_there(const struct wf_sysroot *sysroot, const char *file)
{
    char path[WF_SYSROOT_PATH_BYTES];
    return access(wf_sysroot_path(sysroot, path, "%s", file), F_OK) == 0;
}

static void line_of(const struct wf_sysroot *sysroot, const char *file, char *field, size_t size)
{
    char path[WF_SYSROOT_PATH_BYTES];
    (void)wf_file_line(wf_sysroot_path(sysroot, path, "%s", file), field, size);
}

void wf_os_name_of(const char *text, char *name, size_t size)
{
    static const char key[] = "PRETTY_NAME=";
    name[0] = '\0';
    const char *line = text;
    while (line && strncmp(line, key, strlen(key)) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (!line) {
        return;
    }
    char value[128];
    line += strlen(key);
    line += *line == '"' || *line == '\'';
    snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\"'\n"), line);
    wf_text_copy(name, size, value);
}

static void find_parts(const struct wf_sysroot *sysroot, struct wf_machine *machine)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char text[4096];
    if (wf_file_line(wf_sysroot_path(sysroot, path, "/sys/devices/system/cpu/online"), text,
                     sizeof text)) {
        machine->cores = wf_text_cpu_count(text);
    }
    cpu_set_t allowed;
    if (here(sysroot) && sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        machine->cores = (uint32_t)CPU_COUNT(&allowed);
    }
    uint64_t kib = 0;
    if (wf_file_bytes(wf_sysroot_path(sysroot, path, "/proc/meminfo"), text, sizeof text) > 0) {
        const char *total = strstr(text, "MemTotal:");
        total = total ? total + strlen("MemTotal:") : "";
        (void)wf_text_number(total + strspn(total, " "), &kib);
    }
    machine->memory_bytes = kib << 10;
    if (wf_file_bytes(wf_sysroot_path(sysroot, path, "/etc/os-release"), text, sizeof text) > 0) {
        wf_os_name_of(text, machine->system, sizeof machine->system);
    }
}

uint32_t wf_controllers_of(const char *line)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } names[] = {
        {"cpu", WF_CONTROLLER_CPU},   {"memory", WF_CONTROLLER_MEMORY},
        {"pids", WF_CONTROLLER_PIDS}, {"cpuset", WF_CONTROLLER_CPUSET},
        {"io", WF_CONTROLLER_IO},     {"dmem", WF_CONTROLLER_DMEM},
    };
    uint32_t controllers = 0;
    for (const char *word = line; *word;) {
        size_t length = strcspn(word, " \n");
        for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
            bool same =
                strlen(names[i].name) == length && strncmp(word, names[i].name, length) == 0;
            controllers |= same ? names[i].bit : 0;
        }
        word += length;
        word += strspn(word, " \n");
    }
    return controllers;
}

bool wf_cgroup_path_of(const char *text, char *path, size_t size)
{
    const char *line = text;
    while (line && strncmp(line, "0::/", 4) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (!line) {
        path[0] = '\0';
        return false;
    }
    char value[256];
    snprintf(value, sizeof value, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
    wf_text_copy(path, size, value);
    return true;
}

static bool may_write(const struct wf_identity *identity, const char *path)
{
    struct stat status;
    if (identity->self) {
        return access(path, W_OK) == 0;
    }
    return stat(path, &status) == 0 && wf_mode_allows(identity, &status, 2);
}

static void find_cgroup(const struct wf_sysroot *sysroot, struct wf_machine *machine)
{
    struct wf_cgroup *cgroup = &machine->cgroup;
    char path[WF_SYSROOT_PATH_BYTES];
    char text[4096] = "";
    char line[256] = "";
    bool pure = is_there(sysroot, "/sys/fs/cgroup/cgroup.controllers");
    bool hybrid = is_there(sysroot, "/sys/fs/cgroup/unified/cgroup.controllers");
    bool old = is_there(sysroot, "/sys/fs/cgroup/memory");
    cgroup->version = pure     ? WF_CGROUP_V2
                      : hybrid ? WF_CGROUP_HYBRID
                      : old    ? WF_CGROUP_V1
                               : WF_CGROUP_NONE;
    if (!pure && !hybrid) {
        return;
    }
    const char *tree = pure ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
    // The process of another root is not ours: its tree is judged at its own root.
    (void)wf_file_bytes(wf_sysroot_path(sysroot, path, "/proc/self/cgroup"), text, sizeof text);
    if (!wf_cgroup_path_of(text, cgroup->path, sizeof cgroup->path)) {
        memcpy(cgroup->path, "/", 2);
    }
    if (wf_file_line(wf_sysroot_path(sysroot, path, "%s%s/cgroup.controllers", tree, cgroup->path),
                     line, sizeof line)) {
        cgroup->controllers = wf_controllers_of(line);
    }
    // Making a cgroup and moving processes into it takes all three.
    cgroup->delegated =
        may_write(&machine->identity, wf_sysroot_path(sysroot, path, "%s%s", tree, cgroup->path)) &&
        may_write(&machine->identity,
                  wf_sysroot_path(sysroot, path, "%s%s/cgroup.procs", tree, cgroup->path)) &&
        may_write(&machine->identity, wf_sysroot_path(sysroot, path, "%s%s/cgroup.subtree_control",
                                                      tree, cgroup->path));
}

static uint64_t hard_limit(int resource)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) {
        return 0;
    }
    return limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
}

// Attaching a device program to a cgroup wants CAP_SYS_ADMIN (21), or CAP_BPF (39) with
// CAP_NET_ADMIN (12).
static bool may_load_bpf(const struct wf_sysroot *sysroot)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char text[8192];
    if (wf_file_bytes(wf_sysroot_path(sysroot, path, "/proc/self/status"), text, sizeof text) <=
        0) {
        return false;
    }
    char map[128];
    // In a user namespace the capabilities are there and count for nothing.
    if (wf_file_line(wf_sysroot_path(sysroot, path, "/proc/self/uid_map"), map, sizeof map) &&
        !strstr(map, "4294967295")) {
        return false;
    }
    const char *effective = strstr(text, "CapEff:");
    uint64_t bits = effective ? strtoull(effective + strlen("CapEff:"), NULL, 16) : 0;
    bool loads = bits >> 39 & 1 && bits >> 12 & 1;
    return (bits >> 21 & 1) != 0 || loads;
}

static void find_limits(const struct wf_sysroot *sysroot, struct wf_machine *machine)
{
    struct wf_kernel_limits *limits = &machine->limits;
    char path[WF_SYSROOT_PATH_BYTES];
    (void)wf_file_number(wf_sysroot_path(sysroot, path, "/proc/sys/kernel/pid_max"),
                         &limits->pid_max);
    (void)wf_file_number(wf_sysroot_path(sysroot, path, "/proc/sys/vm/max_map_count"),
                         &limits->map_count);
    limits->may_load_bpf =
        machine->identity.self ? may_load_bpf(sysroot) : machine->identity.user == 0;
    // Those of this process say nothing of another user or another root.
    if (here(sysroot) && machine->identity.self) {
        limits->files_hard = hard_limit(RLIMIT_NOFILE);
        limits->locked_memory = hard_limit(RLIMIT_MEMLOCK);
        limits->processes_hard = hard_limit(RLIMIT_NPROC);
    }
}

static void find_clock(const struct wf_sysroot *sysroot, struct wf_machine *machine)
{
    if (is_there(sysroot, "/run/systemd/timesync/synchronized")) {
        machine->clock_synchronised = WF_ON;
        return;
    }
    // The kernel knows, whoever it is that sets the clock; asking changes nothing.
    struct timex clock = {0};
    if (here(sysroot) && adjtimex(&clock) >= 0) {
        machine->clock_synchronised = clock.status & STA_UNSYNC ? WF_OFF : WF_ON;
    }
}

// The folder may not be there yet: then what it would stand in counts.
static void find_disk(const struct wf_sysroot *sysroot, struct wf_machine *machine)
{
    char path[WF_SYSROOT_PATH_BYTES];
    struct statvfs disk;
    struct stat status;
    if (!machine->data_folder[0]) {
        return;
    }
    wf_sysroot_path(sysroot, path, "%s", machine->data_folder);
    while (stat(path, &status) != 0 && errno == ENOENT) {
        char *slash = strrchr(path, '/');
        if (!slash || slash == path) {
            memcpy(path, "/", 2);
            break;
        }
        *slash = '\0';
    }
    if (statvfs(path, &disk) == 0) {
        machine->data_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
        machine->data_access = may_write(&machine->identity, path) ? WF_FILE_OPEN : WF_FILE_DENIED;
    }
}

bool wf_mps_runs(const struct wf_sysroot *sysroot, const char *folder)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char name[32];
    uint64_t pid;
    // The kernel cuts a process' name after 15 characters.
    return wf_file_number(wf_sysroot_path(sysroot, path, "%s/nvidia-cuda-mps-control.pid", folder),
                          &pid) &&
           wf_file_line(wf_sysroot_path(sysroot, path, "/proc/%llu/comm", (unsigned long long)pid),
                        name, sizeof name) &&
           strncmp(name, "nvidia-cuda-mps", 15) == 0;
}

// Where its daemon is by default, and where NVIDIA's plugin for Kubernetes puts it.
static void find_mps(const struct wf_sysroot *sysroot, struct wf_machine *machine)
{
    static const char *const folders[] = {"/tmp/nvidia-mps", "/run/nvidia/mps"};
    for (uint32_t i = 0; i < WF_COUNT_OF(folders) && !machine->mps_folder[0]; i++) {
        if (wf_mps_runs(sysroot, folders[i])) {
            wf_text_copy(machine->mps_folder, sizeof machine->mps_folder, folders[i]);
        }
    }
}

void wf_machine_facts(const struct wf_sysroot *sysroot, const char *data_folder,
                      struct wf_machine *machine)
{
    line_of(sysroot, "/proc/sys/kernel/hostname", machine->hostname, sizeof machine->hostname);
    line_of(sysroot, "/proc/sys/kernel/osrelease", machine->kernel, sizeof machine->kernel);
    line_of(sysroot, "/proc/sys/kernel/random/boot_id", machine->boot_id, sizeof machine->boot_id);
    find_parts(sysroot, machine);
    find_cgroup(sysroot, machine);
    find_limits(sysroot, machine);
    find_clock(sysroot, machine);
    find_mps(sysroot, machine);
    machine->systemd = is_there(sysroot, "/run/systemd/system");
    wf_text_copy(machine->data_folder, sizeof machine->data_folder, data_folder);
    find_disk(sysroot, machine);
}
