// SPDX-License-Identifier: Apache-2.0
#include "engine/local/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/local/file.h"
#include "engine/local/process.h"

static const char *const controllers[] = {"+memory", "+cpu", "+pids", "+dmem"};

// Each alone: one that is missing must not keep the others away. A failure shows when a limit is
// set.
static void enable_controllers(const char *path)
{
    char file[WF_CGROUP_BYTES + 32];
    snprintf(file, sizeof file, "%s/cgroup.subtree_control", path);
    for (uint32_t i = 0; i < WF_COUNT_OF(controllers); i++) {
        (void)!wf_line_write(AT_FDCWD, file, controllers[i]);
    }
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

// Makes the parent of all runs with every controller that can be had in it.
static bool make_parent(const char *path)
{
    char above[WF_CGROUP_BYTES];
    snprintf(above, sizeof above, "%s", path);
    char *slash = strrchr(above, '/');
    if (slash && slash != above) {
        *slash = '\0';
        enable_controllers(above);
    }
    if (!make_folder(path)) {
        return false;
    }
    enable_controllers(path);
    return true;
}

void wf_cgroup_make(const char *parent, const char *id, struct wf_cgroup *cgroup_out,
                    struct wf_run *run)
{
    *cgroup_out = (struct wf_cgroup){.folder = -1};
    int length = snprintf(cgroup_out->path, sizeof cgroup_out->path, "%s/%s", parent, id);
    if (length < 0 || (size_t)length >= sizeof cgroup_out->path) {
        cgroup_out->path[0] = '\0';
        wf_run_warn(run, "no cgroup: its path is too long");
        return;
    }
    // The parent may be removed in between by an engine that has no more runs.
    for (int attempt = 0; attempt < 3 && cgroup_out->folder < 0; attempt++) {
        if (make_parent(parent) && make_folder(cgroup_out->path)) {
            cgroup_out->folder = open(cgroup_out->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
    }
    if (cgroup_out->folder < 0) {
        wf_run_warn(run, "no cgroup: %s", strerror(errno));
        cgroup_out->path[0] = '\0';
    }
}

bool wf_cgroup_open(const char *path, struct wf_cgroup *cgroup_out)
{
    *cgroup_out = (struct wf_cgroup){.folder = -1};
    snprintf(cgroup_out->path, sizeof cgroup_out->path, "%s", path);
    if (path[0] != '\0') {
        cgroup_out->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return cgroup_out->folder >= 0;
}

void wf_cgroup_close(struct wf_cgroup *cgroup)
{
    if (cgroup->folder >= 0) {
        close(cgroup->folder);
        cgroup->folder = -1;
    }
}

static bool limit(const struct wf_cgroup *cgroup, struct wf_run *run, const char *file,
                  const char *value, const char *what)
{
    bool good = cgroup->folder >= 0 && wf_line_write(cgroup->folder, file, value);
    if (!good) {
        bool missing = cgroup->folder < 0 || errno == ENOENT;
        wf_run_warn(run, "%s not enforced by a cgroup: %s", what,
                    cgroup->folder < 0 ? "there is none"
                    : missing          ? "this machine's cgroups lack the controller"
                                       : strerror(errno));
    }
    return good;
}

struct wf_cgroup_kept wf_cgroup_limit(const struct wf_cgroup *cgroup,
                                      const struct wf_run_spec *spec, struct wf_run *run)
{
    char value[64];
    struct wf_cgroup_kept kept = {0};
    if (spec->memory_bytes > 0) {
        snprintf(value, sizeof value, "%" PRIu64, spec->memory_bytes);
        kept.memory = limit(cgroup, run, "memory.max", value, "memory limit");
        if (kept.memory) {
            (void)!wf_line_write(cgroup->folder, "memory.swap.max", "0");
            // A run is one thing: better all of it gone, with a reason, than a part.
            (void)!wf_line_write(cgroup->folder, "memory.oom.group", "1");
        }
    }
    if (spec->cpu_milli > 0) {
        snprintf(value, sizeof value, "%" PRIu64 " 100000", (uint64_t)spec->cpu_milli * 100);
        (void)!limit(cgroup, run, "cpu.max", value, "CPU limit");
    }
    if (spec->cpu_weight > 0) {
        snprintf(value, sizeof value, "%" PRIu32, spec->cpu_weight);
        (void)!limit(cgroup, run, "cpu.weight", value, "CPU weight");
    }
    if (spec->processes > 0) {
        snprintf(value, sizeof value, "%" PRIu32, spec->processes);
        kept.processes = limit(cgroup, run, "pids.max", value, "limit of processes");
    }
    for (uint32_t i = 0; i < spec->gpu_memory_count; i++) {
        // One region in one write, as the kernel takes them.
        char line[256];
        snprintf(line, sizeof line, "%s %" PRIu64, spec->gpu_memory[i].region,
                 spec->gpu_memory[i].bytes);
        (void)!limit(cgroup, run, "dmem.max", line, "limit of GPU memory");
    }
    return kept;
}

bool wf_cgroup_kill(const struct wf_cgroup *cgroup)
{
    return cgroup->folder >= 0 && wf_line_write(cgroup->folder, "cgroup.kill", "1");
}

bool wf_cgroup_freeze(const struct wf_cgroup *cgroup, bool frozen)
{
    return cgroup->folder >= 0 &&
           wf_line_write(cgroup->folder, "cgroup.freeze", frozen ? "1" : "0");
}

// The number behind "name " at the start of a line; 0 when there is no such line.
static uint64_t number_of(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            return strtoull(line + length, NULL, 10);
        }
    }
    return 0;
}

static uint64_t ask(const struct wf_cgroup *cgroup, const char *file, const char *name)
{
    char text[4096];
    return cgroup->folder >= 0 && wf_line_read(cgroup->folder, file, text, sizeof text) > 0
               ? number_of(text, name)
               : 0;
}

bool wf_cgroup_is_populated(const struct wf_cgroup *cgroup)
{
    return ask(cgroup, "cgroup.events", "populated") != 0;
}

bool wf_cgroup_ran_out_of_memory(const struct wf_cgroup *cgroup)
{
    return ask(cgroup, "memory.events", "oom_kill") != 0;
}

uint64_t wf_cgroup_memory(const struct wf_cgroup *cgroup)
{
    char text[16384];
    uint64_t bytes = 0;
    if (cgroup->folder >= 0 &&
        wf_line_read(cgroup->folder, "cgroup.procs", text, sizeof text) > 0) {
        char *end = text;
        for (char *at = text;; at = end) {
            long pid = strtol(at, &end, 10);
            if (end == at) {
                break;
            }
            bytes += wf_process_memory((pid_t)pid);
        }
    }
    return bytes;
}

void wf_cgroup_usage(const struct wf_cgroup *cgroup, struct wf_run *run)
{
    uint64_t cpu_ms = ask(cgroup, "cpu.stat", "usage_usec") / 1000;
    run->cpu_ms = cpu_ms > run->cpu_ms ? cpu_ms : run->cpu_ms;
    char text[64];
    if (cgroup->folder >= 0 && wf_line_read(cgroup->folder, "memory.peak", text, sizeof text) > 0) {
        run->memory_peak_bytes = strtoull(text, NULL, 10);
    }
}

// A run of root's may have made groups below its own, however deep.
static bool remove_below(int folder, const char *name, int depth)
{
    int here = depth < 64 ? openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *listing = here >= 0 ? fdopendir(here) : NULL;
    if (!listing) {
        if (here >= 0) {
            close(here);
        }
        return errno == ENOENT;
    }
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
            (void)!remove_below(here, entry->d_name, depth + 1);
        }
    }
    closedir(listing);
    return unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

bool wf_cgroup_remove(const char *path)
{
    return path[0] == '\0' || remove_below(AT_FDCWD, path, 0);
}
