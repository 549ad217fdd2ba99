// SPDX-License-Identifier: Apache-2.0
// A SkyPilot task in YAML. Each of its nodes becomes a task of the job.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobfile/import_build.h"
#include "text/decimal.h"
#include "text/lines.h"

enum { SHOWN = 60, TEXT_BYTES = 128 };

// Kinds of GPU that will do, gathered from accelerators, any_of and ordered.
struct kinds {
    json_t *list; // of texts
    struct wf_gpu_part first;
    bool any;
    bool told;
};

static const char clouds[] = "the job runs on the machines that there are";
static const char disks[] = "disks are what the machine has";
static const struct wf_import_key task_keys[] = {
    {"name", WF_KEY_USED, ""},
    {"workdir", WF_KEY_USED, ""},
    {"num_nodes", WF_KEY_USED, ""},
    {"resources", WF_KEY_USED, ""},
    {"envs", WF_KEY_USED, ""},
    {"secrets", WF_KEY_USED, ""},
    {"setup", WF_KEY_USED, ""},
    {"run", WF_KEY_USED, ""},
    {"file_mounts", WF_KEY_USED, ""},
    {"event_callback", WF_KEY_NAMED, "nothing is called; `whaleflux events` tells what happens"},
    {"config", WF_KEY_NAMED, "settings of SkyPilot itself"},
    {"experimental", WF_KEY_NAMED, "settings of SkyPilot itself"},
    {"inputs", WF_KEY_NAMED, "guides the choice of a cloud"},
    {"outputs", WF_KEY_NAMED, "guides the choice of a cloud"},
    {"estimated_outputs", WF_KEY_NAMED, "guides the choice of a cloud"},
    {"volumes", WF_KEY_REFUSED,
     "volumes are not mounted: make the files be there, and take this out"},
    {"storage_mounts", WF_KEY_REFUSED,
     "nothing is mounted: make the files be there, and take this out"},
    {"service", WF_KEY_REFUSED, "a service has no end; only jobs are run"},
    {"pool", WF_KEY_REFUSED, "a pool of workers is no job"},
};

static const struct wf_import_key resource_keys[] = {
    {"accelerators", WF_KEY_USED, ""},
    {"any_of", WF_KEY_USED, ""},
    {"ordered", WF_KEY_USED, ""},
    {"cpus", WF_KEY_USED, ""},
    {"memory", WF_KEY_USED, ""},
    {"use_spot", WF_KEY_USED, ""},
    {"job_recovery", WF_KEY_USED, ""},
    {"priority", WF_KEY_USED, ""},
    {"spot_recovery", WF_KEY_NAMED,
     "a job that was stopped or lost starts again where there is room"},
    {"accelerator_args", WF_KEY_NAMED, "there are no TPUs"},
    {"autostop", WF_KEY_NAMED, "machines are not started or stopped for a job"},
    {"cloud", WF_KEY_NAMED, clouds},
    {"region", WF_KEY_NAMED, clouds},
    {"zone", WF_KEY_NAMED, clouds},
    {"infra", WF_KEY_NAMED, clouds},
    {"instance_type", WF_KEY_NAMED, clouds},
    {"disk_size", WF_KEY_NAMED, disks},
    {"disk_tier", WF_KEY_NAMED, disks},
    {"local_disk", WF_KEY_NAMED, disks},
    {"image_id", WF_KEY_NAMED, "no image is started: the job sees the machine's own programs"},
    {"network_tier", WF_KEY_NAMED, "networks are not chosen"},
    {"labels", WF_KEY_NAMED, "labels of cloud machines"},
    {"ports", WF_KEY_NAMED, "ports are not opened; the job may listen on any"},
    {"volumes", WF_KEY_REFUSED,
     "volumes are not mounted: make the files be there, and take this out"},
};

static enum wf_status add_kind(struct wf_import *import, struct kinds *kinds, const char *name,
                               const char *count)
{
    char text[TEXT_BYTES];
    char shown[SHOWN];
    struct wf_gpu_part part;
    struct wf_error err = {.status = WF_OK};
    int length = snprintf(text, sizeof text, "%s%s%s", name, count ? ":" : "", count ? count : "");
    wf_lines_quote(text, shown, sizeof shown);
    if (strncmp(name, "tpu", 3) == 0) {
        return wf_import_fail(import,
                              "resources.accelerators: '%s' is a TPU; only GPUs are handed "
                              "out",
                              shown);
    }
    if (length >= (int)sizeof text || wf_gpu_part_read(text, &part, &err) != WF_OK) {
        return wf_import_fail(import, "resources.accelerators: %s",
                              err.text[0] ? err.text : "a name is too long");
    }
    if (kinds->told &&
        (part.gpus != kinds->first.gpus || part.gpu_milli != kinds->first.gpu_milli)) {
        wf_import_note(import,
                       "resources.accelerators: '%s' is left out: all choices of a job ask for one "
                       "number of GPUs, the first tells which",
                       shown);
        return WF_OK;
    }
    kinds->first = part;
    kinds->told = true;
    import->no_memory =
        json_array_append_new(kinds->list, json_string(text)) != 0 || import->no_memory;
    return WF_OK;
}

// "H100:8", {H100: 8, A100: 8}, ["H100:8", "A100:8"].
static enum wf_status add_accelerators(struct wf_import *import, struct kinds *kinds,
                                       const json_t *value)
{
    const char *name;
    json_t *item;
    size_t i;
    char number[32];
    enum wf_status status = WF_OK;
    if (json_is_string(value)) {
        return add_kind(import, kinds, json_string_value(value), NULL);
    }
    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            if (!json_is_string(item)) {
                return wf_import_fail(import, "resources.accelerators: a choice must be a text");
            }
            status = status == WF_OK ? add_accelerators(import, kinds, item) : status;
        }
        return status;
    }
    if (!json_is_object(value)) {
        return wf_import_fail(import, "resources.accelerators: must be a text, a map or a list");
    }
    json_object_foreach((json_t *)value, name, item)
    {
        // {H100:8, A100:8} without blanks is a set of texts.
        if (status == WF_OK) {
            status = add_kind(import, kinds, name, wf_tree_text(item, number, sizeof number));
        }
    }
    return status;
}

static enum wf_status add_choices(struct wf_import *import, struct kinds *kinds,
                                  const json_t *resources, const char *key)
{
    const json_t *list = json_object_get(resources, key);
    const json_t *item;
    size_t i;
    if (list && !json_is_array(list)) {
        return wf_import_fail(import, "resources.%s: must be a list of resources", key);
    }
    json_array_foreach(list, i, item)
    {
        char where[48];
        snprintf(where, sizeof where, "resources.%s[%zu].", key, i);
        const json_t *accelerators = json_object_get(item, "accelerators");
        enum wf_status status =
            wf_import_check_keys(import, where, item, resource_keys, WF_COUNT_OF(resource_keys));
        if (status == WF_OK && accelerators) {
            status = add_accelerators(import, kinds, accelerators);
        } else if (status == WF_OK && !json_object_get(resources, "accelerators")) {
            kinds->any = true; // a choice without a GPU
        }
        for (const char *const *each = (const char *const[]){"cpus", "memory", "use_spot",
                                                             "job_recovery", "priority", NULL};
             *each && status == WF_OK; each++) {
            if (json_object_get(item, *each)) {
                wf_import_note(import,
                               "%s%s: all choices of a job ask for the same; what stands in "
                               "resources itself is taken",
                               where, *each);
            }
        }
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static enum wf_status take_gpus(struct wf_import *import, const json_t *resources)
{
    struct kinds kinds = {.list = json_array()};
    const json_t *accelerators = json_object_get(resources, "accelerators");
    enum wf_status status = kinds.list ? WF_OK : wf_job_memory_fail(import->err);
    if (status == WF_OK && accelerators && !json_is_null(accelerators)) {
        status = add_accelerators(import, &kinds, accelerators);
    }
    if (status == WF_OK) {
        status = add_choices(import, &kinds, resources, "any_of");
    }
    if (status == WF_OK) {
        status = add_choices(import, &kinds, resources, "ordered");
    }
    if (status == WF_OK && kinds.told && kinds.any) {
        status = wf_import_fail(import, "resources: some choices have GPUs and some have none; "
                                        "write the one that is wanted");
    }
    if (status == WF_OK && kinds.told) {
        wf_import_set(import, "gpus", json_incref(kinds.list));
        if (json_object_get(resources, "ordered")) {
            wf_import_note(import, "resources.ordered: any of the choices will do; which comes "
                                   "first is decided by what each costs");
        }
    }
    json_decref(kinds.list);
    return status;
}

// "8", "8+": at least so many, which is what a job asks for anyway.
static enum wf_status read_amount(struct wf_import *import, const char *key, const json_t *value,
                                  int64_t *milli_out)
{
    char buffer[32];
    char text[32];
    const char *told = wf_tree_text(value, buffer, sizeof buffer);
    snprintf(text, sizeof text, "%s", told ? told : "");
    size_t length = strlen(text);
    if (length > 2 && strcmp(text + length - 2, "GB") == 0 && strcmp(key, "memory") == 0) {
        text[length - 2] = '\0';
    } else if (length > 0 && text[length - 1] == '+') {
        text[length - 1] = '\0';
    } else if (length > 0 && text[length - 1] == 'x') {
        return wf_import_fail(import, "resources.%s: '%s' is a proportion; say how much", key,
                              text);
    }
    if (wf_decimal_read(text, 3, INT64_C(1) << 50, milli_out) != WF_DECIMAL_READ ||
        *milli_out == 0) {
        return wf_import_fail(import, "resources.%s: must be a number such as 8 or '8+'", key);
    }
    return WF_OK;
}

static enum wf_status take_amounts(struct wf_import *import, const json_t *resources)
{
    const json_t *cpus = json_object_get(resources, "cpus");
    const json_t *memory = json_object_get(resources, "memory");
    int64_t milli = 0;
    enum wf_status status = WF_OK;
    char text[48];
    if (cpus && !json_is_null(cpus)) {
        status = read_amount(import, "cpus", cpus, &milli);
        snprintf(text, sizeof text, "%lld.%03lld", (long long)milli / 1000,
                 (long long)milli % 1000);
        wf_import_set_text(import, "cpus", text);
    }
    if (status == WF_OK && memory && !json_is_null(memory)) {
        status = read_amount(import, "memory", memory, &milli);
        snprintf(text, sizeof text, "%lldMiB", (long long)(milli * 1024 + 999) / 1000);
        wf_import_set_text(import, "memory", text);
    }
    return status;
}

static enum wf_status take_recovery(struct wf_import *import, const json_t *resources)
{
    const json_t *recovery = json_object_get(resources, "job_recovery");
    const json_t *restarts = json_object_get(recovery, "max_restarts_on_errors");
    if (recovery && !json_is_null(recovery)) {
        wf_import_note(import,
                       "resources.job_recovery: a job that was stopped or lost starts again "
                       "where there is room; there is no other strategy");
    }
    if (json_integer_value(restarts) > 0) {
        wf_import_set(import, "requeue",
                      json_pack("{sbsI}", "failed", 1, "at_most", json_integer_value(restarts)));
    }
    if (wf_tree_flag(json_object_get(resources, "use_spot"))) {
        wf_import_set(import, "preemptible", json_true());
        wf_import_note(import, "resources.use_spot: no cloud machine is rented; the job may be "
                               "stopped for others, as on a spot machine");
    }
    const json_t *priority = json_object_get(resources, "priority");
    if (json_is_integer(priority)) {
        wf_import_set(import, "priority", json_incref((json_t *)priority));
    }
    return WF_OK;
}

static enum wf_status take_resources(struct wf_import *import, const json_t *root)
{
    const json_t *resources = json_object_get(root, "resources");
    if (!resources || json_is_null(resources)) {
        return WF_OK;
    }
    if (!json_is_object(resources)) {
        return wf_import_fail(import, "resources: must be a map");
    }
    enum wf_status status = wf_import_check_keys(import, "resources.", resources, resource_keys,
                                                 WF_COUNT_OF(resource_keys));
    if (status == WF_OK) {
        status = take_gpus(import, resources);
    }
    if (status == WF_OK) {
        status = take_amounts(import, resources);
    }
    return status == WF_OK ? take_recovery(import, resources) : status;
}

// A variable without a value must be told by the submitter, as `sky launch --env` asks for it.
static enum wf_status take_variable(struct wf_import *import, const char *key, const char *name,
                                    const json_t *value)
{
    char number[32];
    char shown[SHOWN];
    const char *text = wf_tree_text(value, number, sizeof number);
    wf_job_texts environment = import->config->environment;
    size_t length = strlen(name);
    for (uint32_t i = 0; !text && environment && environment[i]; i++) {
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
            text = environment[i] + length + 1;
        }
    }
    if (!text) {
        wf_lines_quote(name, shown, sizeof shown);
        return wf_import_fail(import, "%s.%s: has no value; set the variable before submitting",
                              key, shown);
    }
    wf_import_variable(import, name, text);
    return WF_OK;
}

static enum wf_status take_environment(struct wf_import *import, const json_t *root,
                                       const char *key)
{
    json_t *map = json_object_get(root, key);
    const char *name;
    json_t *value;
    if (map && !json_is_null(map) && !json_is_object(map)) {
        return wf_import_fail(import, "%s: must be a map of names and values", key);
    }
    json_object_foreach(map, name, value)
    {
        enum wf_status status = take_variable(import, key, name, value);
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static enum wf_status take_folder(struct wf_import *import, const json_t *root)
{
    const json_t *folder = json_object_get(root, "workdir");
    json_t *mounts = json_object_get(root, "file_mounts");
    const char *name;
    json_t *value;
    if (json_is_object(folder)) {
        return wf_import_fail(import, "workdir: a repository is not fetched; name a folder");
    }
    if (json_is_string(folder)) {
        const char *path = wf_import_path(import, json_string_value(folder));
        if (!path) {
            return wf_import_fail(import, "workdir: there is no home that '~' could mean");
        }
        wf_import_note(import, "workdir: is not copied; the job runs in the folder itself");
        wf_import_set_text(import, "folder", path);
    }
    json_object_foreach(mounts, name, value)
    {
        const char *source = json_string_value(value);
        if (!source || strcmp(source, name) != 0) {
            char shown[SHOWN];
            wf_lines_quote(name, shown, sizeof shown);
            return wf_import_fail(import,
                                  "file_mounts.%s: nothing is copied or mounted: make the files be "
                                  "there, and take this out",
                                  shown);
        }
        wf_import_note(import, "file_mounts.%s: is there already", name);
    }
    return WF_OK;
}

// setup and run are two scripts, the second only where the first went well; what the first sets for
// its shell is gone in the second, as on SkyPilot.
static enum wf_status take_commands(struct wf_import *import, const json_t *root)
{
    const char *setup = json_string_value(json_object_get(root, "setup"));
    const char *run = json_string_value(json_object_get(root, "run"));
    struct wf_job_memory *memory = import->out->memory;
    if (!run || run[strspn(run, " \t\r\n")] == '\0') {
        return wf_import_fail(import, "run: is missing, so there is nothing to run");
    }
    const char *script = wf_job_memory_print(memory, "#!/bin/bash\n%s", run);
    if (setup && setup[strspn(setup, " \t\r\n")]) {
        script = wf_job_memory_print(memory,
                                     "#!/bin/bash\n"
                                     "(\n"
                                     "%s\n"
                                     ")\n"
                                     "status=$?\n"
                                     "[ \"$status\" -eq 0 ] || exit \"$status\"\n"
                                     "%s",
                                     setup, run);
        wf_import_note(import, "setup: runs each time before run, on the machine itself");
    }
    wf_import_set_text(import, "script", script ? script : "");
    return WF_OK;
}

// Without a name of its own a task is called after its file: "train" of "tasks/train.yaml".
static void take_name(struct wf_import *import, const char *name)
{
    const char *shown = import->config->shown;
    const char *slash = strrchr(shown, '/');
    const char *file = slash ? slash + 1 : shown;
    const char *point = strrchr(file, '.');
    size_t length = point && point > file ? (size_t)(point - file) : strlen(file);
    const char *text = wf_job_memory_print(import->out->memory, "%.*s", (int)length, file);
    wf_import_name(import, name ? "name" : "the file's name", name ? name : text ? text : "job");
}

enum wf_status wf_import_skypilot(struct wf_import *import, const json_t *root)
{
    const json_t *nodes = json_object_get(root, "num_nodes");
    char number[32];
    const char *name = wf_tree_text(json_object_get(root, "name"), number, sizeof number);
    enum wf_status status =
        wf_import_check_keys(import, "", root, task_keys, WF_COUNT_OF(task_keys));
    if (status == WF_OK && nodes && !json_is_null(nodes)) {
        wf_import_set(import, "tasks", json_incref((json_t *)nodes));
    }
    static enum wf_status (*const takers[])(struct wf_import *, const json_t *) = {
        take_resources, take_folder, take_commands};
    for (size_t i = 0; i < WF_COUNT_OF(takers) && status == WF_OK; i++) {
        status = takers[i](import, root);
    }
    if (status == WF_OK) {
        status = take_environment(import, root, "envs");
    }
    if (status == WF_OK && json_object_size(json_object_get(root, "secrets")) > 0) {
        wf_import_note(import, "secrets: are kept in the job's document like other variables");
        status = take_environment(import, root, "secrets");
    }
    if (status == WF_OK) {
        take_name(import, name);
    }
    wf_import_set_text(import, "dialect", "skypilot");
    return status;
}
