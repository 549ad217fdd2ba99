// SPDX-License-Identifier: Apache-2.0
// What GPUs that are granted mean here. Where GPUs are cut into slices, a share takes slices of its
// own: which a run has is kept in DATA/slices, one file for each, so that the next daemon knows.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host_parts.h"

enum { NAMES_BYTES_MAX = 65536 };

static const struct wf_inventory_node *find_node(const struct wf_host *host, const char *name)
{
    for (uint32_t i = 0; i < host->nodes.inventory.node_count; i++) {
        if (strcmp(host->nodes.names[i], name) == 0) {
            return &host->nodes.inventory.nodes[i];
        }
    }
    return NULL;
}

// Whether device files that were not granted are closed to a run. Those of another root are no
// devices.
static bool is_filtered(const struct wf_host *host)
{
    return !host->config.sysroot && !host->config.open &&
           wf_machine_filters(wf_telemetry_machine(host->telemetry));
}

// Whether the engine's cgroups can limit the memory of GPUs.
static bool keeps_memory(const struct wf_host *host)
{
    const struct wf_cgroup *cgroup = &wf_telemetry_machine(host->telemetry)->cgroup;
    return !host->config.open && cgroup->delegated &&
           (cgroup->controllers & WF_CONTROLLER_DMEM) != 0;
}

static bool slices_path(const struct wf_host *host, const char *id, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/slices%s%s", host->config.data, id[0] ? "/" : "", id);
    return length > 0 && (size_t)length < size;
}

static void mark(const struct wf_host *host, const struct wf_inventory_node *node, const char *path,
                 uint32_t taken[WF_NODE_GPUS_MAX])
{
    char *names = calloc(1, NAMES_BYTES_MAX);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = names && file >= 0 ? read(file, names, NAMES_BYTES_MAX - 1) : -1;
    if (length > 0) {
        wf_grant_taken(wf_telemetry_machine(host->telemetry), node, names, taken);
    }
    if (file >= 0) {
        (void)close(file);
    }
    free(names);
}

// Which slices other runs have.
static void find_taken(const struct wf_host *host, const struct wf_inventory_node *node,
                       const char *id, uint32_t taken[WF_NODE_GPUS_MAX])
{
    char path[4352];
    DIR *folder = slices_path(host, "", path, sizeof path) ? opendir(path) : NULL;
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, id) != 0 &&
            slices_path(host, entry->d_name, path, sizeof path)) {
            mark(host, node, path, taken);
        }
    }
    if (folder) {
        (void)closedir(folder);
    }
}

// Before the run starts, so that nobody is given the same.
static enum wf_status keep_slices(const struct wf_host *host, const char *id,
                                  const struct wf_grant *grant, struct wf_error *err)
{
    char path[4352];
    if (slices_path(host, "", path, sizeof path) && mkdir(path, 0700) != 0 && errno != EEXIST) {
        return wf_fail(err, WF_IO, "%s cannot be made: %s", path, strerror(errno));
    }
    bool good = slices_path(host, id, path, sizeof path);
    int file = good ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    good = file >= 0;
    for (uint32_t i = 0; i < grant->task_count && good; i++) {
        good = dprintf(file, "%s%s", i > 0 ? "," : "", grant->tasks[i].names) > 0;
    }
    if (file >= 0) {
        good = close(file) == 0 && good;
    }
    return good ? WF_OK : wf_fail(err, WF_IO, "%s cannot be written: %s", path, strerror(errno));
}

static void release(void *context, const char *id)
{
    char path[4352];
    if (slices_path(context, id, path, sizeof path)) {
        (void)unlink(path);
    }
}

// "A=1" of this task, and what its command is tested against.
static bool add_variables(const struct wf_grant_task *task, uint32_t number,
                          struct wf_desk_made *made)
{
    for (uint32_t i = 0; i <= task->variable_count; i++) {
        char *text = NULL;
        if (i < task->variable_count) {
            text = strdup(task->variables[i]);
        } else if (asprintf(&text, "WHALEFLUX_GRANT=%s", task->names) < 0) {
            text = NULL;
        }
        if (!text) {
            return false;
        }
        made->variables[made->variable_count++] = (struct wf_run_variable){number, text};
    }
    return true;
}

static enum wf_status translate(const struct wf_host *host, const struct wf_grant *grant,
                                struct wf_desk_made *made, struct wf_error *err)
{
    made->variables =
        calloc((size_t)grant->task_count * (WF_GRANT_VARIABLES_MAX + 1), sizeof *made->variables);
    bool good = made->variables;
    for (uint32_t i = 0; i < grant->task_count && good; i++) {
        good = add_variables(&grant->tasks[i], i, made);
    }
    for (uint32_t i = 0; i < grant->rule_count && i < WF_DESK_DEVICES_MAX; i++) {
        made->devices[made->device_count++] = (struct wf_device_rule){
            .major = grant->rules[i].major_number,
            .minor = grant->rules[i].minor_number,
            .type = 'c',
            .allow = grant->rules[i].allow,
        };
    }
    for (uint32_t i = 0; i < grant->memory_count; i++) {
        char *region = made->regions[made->gpu_memory_count];
        snprintf(region, WF_DESK_REGION_BYTES, "%s", grant->memory[i].region);
        made->gpu_memory[made->gpu_memory_count++] =
            (struct wf_gpu_memory){region, grant->memory[i].bytes};
    }
    made->prefix = host->prefix;
    made->warnings = grant->warnings[0] ? strdup(grant->warnings) : NULL;
    return good ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for a grant");
}

static enum wf_status grant(void *context, const struct wf_desk_want *want,
                            struct wf_desk_made *made_out, struct wf_error *err)
{
    struct wf_host *host = context;
    const struct wf_inventory_node *node = find_node(host, want->node);
    if (host->nodes.inventory.node_count == 0) {
        return WF_OK; // no GPUs: nothing to choose and nothing to hide
    }
    if (!node) {
        return wf_fail(err, WF_NOTFOUND, "there is no node %s any more", want->node);
    }
    const struct wf_machine *machine = wf_telemetry_machine(host->telemetry);
    uint32_t taken[WF_NODE_GPUS_MAX] = {0};
    struct wf_grant made = {0};
    struct wf_grant_want asked = {
        .node = node,
        .task_gpus = want->task_gpus,
        .task_count = want->tasks,
        .gpu_milli = want->gpu_milli,
        .taken = node->slices > 0 ? taken : NULL,
        .filtered = is_filtered(host),
        .dmem = keeps_memory(host),
    };
    if (node->slices > 0) {
        find_taken(host, node, want->id, taken);
    }
    enum wf_status status = wf_telemetry_grant(machine, &asked, &made, err);
    status = status == WF_OK ? translate(host, &made, made_out, err) : status;
    if (status == WF_OK && node->slices > 0) {
        status = keep_slices(host, want->id, &made, err);
    }
    wf_grant_finish(&made);
    return status;
}

// The weakest of its GPUs, as a share may come to lie on any of them.
static bool sharing(void *context, const char *name, struct wf_desk_sharing *out)
{
    const struct wf_host *host = context;
    const struct wf_inventory_node *node = find_node(host, name);
    const struct wf_machine *machine = wf_telemetry_machine(host->telemetry);
    bool found = false;
    for (uint32_t i = 0; node && i < node->gpu_count; i++) {
        if (node->gpus[i].gpu >= machine->gpu_count) {
            continue;
        }
        const struct wf_gpu *gpu = &machine->gpus[node->gpus[i].gpu];
        enum wf_enforcement level = gpu->enforcement;
        const char *by = gpu->enforced_by;
        if (gpu->dmem_region[0] && node->slices == 0 && !keeps_memory(host)) {
            level = WF_ENFORCE_NONE; // the kernel could, and our cgroups cannot
            by = "nothing";
        }
        if (!found || (int)level < (int)out->level) {
            out->level = (enum wf_desk_sharing_level)level;
            snprintf(out->by, sizeof out->by, "%s", by);
        }
        found = true;
    }
    return found;
}

static enum wf_desk_wish wish(void *context, const char *name, char *why, size_t size)
{
    const struct wf_host_nodes *nodes = &((const struct wf_host *)context)->nodes;
    for (uint32_t i = 0; i < nodes->inventory.node_count; i++) {
        if (strcmp(nodes->names[i], name) == 0) {
            snprintf(why, size, "%s", nodes->closed[i]);
            return nodes->closed[i][0]    ? WF_DESK_WISH_CLOSED
                   : nodes->was_closed[i] ? WF_DESK_WISH_OPEN
                                          : WF_DESK_WISH_NOTHING;
        }
    }
    why[0] = '\0';
    return WF_DESK_WISH_NOTHING;
}

void wf_host_set_granter(struct wf_host *host)
{
    uint32_t words = 0;
    host->granter = (struct wf_desk_granter){
        .grant = grant, .release = release, .sharing = sharing, .wish = wish, .context = host};
    host->prefix[words++] = host->config.program;
    host->prefix[words++] = "self-test";
    if (is_filtered(host)) {
        host->prefix[words++] = "--filtered";
    }
    if (host->config.sysroot) {
        host->prefix[words++] = "--sysroot";
        host->prefix[words++] = host->config.sysroot;
    }
    if (host->config.nvml_path) {
        host->prefix[words++] = "--nvml";
        host->prefix[words++] = host->config.nvml_path;
    }
    host->prefix[words++] = "--";
    host->prefix[words] = NULL;
}
