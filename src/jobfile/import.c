// SPDX-License-Identifier: Apache-2.0
#include "jobfile/import.h"

#include <string.h>

#include "jobfile/import_build.h"
#include "jobfile/yaml_tree.h"

const char *wf_job_format_text(enum wf_job_format format)
{
#define WF_JOB_FORMAT_TEXT(name, text) text,
    static const char *const texts[] = {WF_JOB_FORMATS(WF_JOB_FORMAT_TEXT)};
#undef WF_JOB_FORMAT_TEXT
    return texts[format];
}

static bool has_one_of(const json_t *map, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (json_object_get(map, keys[i])) {
            return true;
        }
    }
    return false;
}

// Job documents and SkyPilot tasks are told apart by what only one of them has.
static enum wf_status import_map(struct wf_import *import, const json_t *all)
{
    static const char *const own[] = {"command", "script", "variants", "gpus"};
    static const char *const sky[] = {"run",     "resources",   "setup",   "num_nodes", "envs",
                                      "workdir", "file_mounts", "service", "pool"};
    const json_t *root = json_array_get(all, 0);
    if (json_object_get(root, "apiVersion") || json_object_get(root, "kind")) {
        import->out->format = WF_JOB_FORMAT_KUBERNETES;
        return wf_import_kubernetes(import, all);
    }
    if (json_array_size(all) == 0) {
        return wf_import_fail(import, "it is empty");
    }
    if (json_array_size(all) != 1) {
        return wf_import_fail(import, "there are %zu documents in it: submit them one by one",
                              json_array_size(all));
    }
    if (!json_is_object(root)) {
        return wf_import_fail(import, "this is neither a script (its first line would begin with "
                                      "'#!') nor a map of fields");
    }
    if (!has_one_of(root, own, WF_COUNT_OF(own)) && has_one_of(root, sky, WF_COUNT_OF(sky))) {
        import->out->format = WF_JOB_FORMAT_SKYPILOT;
        return wf_import_skypilot(import, root);
    }
    import->out->format = WF_JOB_FORMAT_DOCUMENT;
    return json_object_update(import->tree, (json_t *)root) == 0 ? WF_OK
                                                                 : wf_job_memory_fail(import->err);
}

// JSON first where it may be it: its sentences say more than YAML's about the same text.
static enum wf_status import_trees(struct wf_import *import, const char *text, size_t length)
{
    json_t *all = NULL;
    json_error_t problem;
    if (text[strspn(text, " \t\r\n")] == '{') {
        json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
        all = root ? json_pack("[o]", root) : NULL;
    }
    enum wf_status status = WF_OK;
    if (!all) {
        status = wf_yaml_trees(text, length, &all, import->err);
    }
    if (status == WF_OK) {
        status = import_map(import, all);
    }
    json_decref(all);
    return status;
}

static bool is_script(const char *text)
{
    return strncmp(text, "#!", 2) == 0 || strncmp(text, "#SBATCH", 7) == 0 ||
           strstr(text, "\n#SBATCH") != NULL;
}

// Where the file tells no folder, the job runs where the file is.
static enum wf_status finish_tree(struct wf_import *import)
{
    if (json_object_size(import->environment) > 0) {
        wf_import_set(import, "environment", json_incref(import->environment));
    }
    if (!json_object_get(import->tree, "folder")) {
        wf_import_set_text(import, "folder", import->config->folder);
    }
    if (import->no_memory) {
        return wf_job_memory_fail(import->err);
    }
    return wf_job_document_read(import->tree, &import->out->document, import->err);
}

static enum wf_status import_text(struct wf_import *import, const char *text, size_t length)
{
    if (length > WF_JOB_TEXT_BYTES_MAX) {
        return wf_fail(import->err, WF_LIMIT,
                       "it is %zu bytes long, more than %d, the limit WF_JOB_TEXT_BYTES_MAX",
                       length, WF_JOB_TEXT_BYTES_MAX);
    }
    if (memchr(text, '\0', length)) {
        return wf_import_fail(import, "there is a zero byte in it, this is no text");
    }
    // The scanners want a zero at the end.
    const char *copy = wf_job_memory_copy(import->out->memory, text, length);
    import->tree = json_object();
    import->environment = json_object();
    if (!copy || !import->tree || !import->environment) {
        return wf_job_memory_fail(import->err);
    }
    enum wf_status status =
        is_script(copy) ? wf_import_script(import, copy) : import_trees(import, copy, length);
    return status == WF_OK ? finish_tree(import) : status;
}

enum wf_status wf_job_import(const char *text, size_t length,
                             const struct wf_job_import_config *config,
                             struct wf_job_import *import_out, struct wf_error *err)
{
    struct wf_import import = {.config = config, .out = import_out, .err = err};
    *import_out = (struct wf_job_import){.format = WF_JOB_FORMAT_DOCUMENT};
    enum wf_status status = wf_job_memory_create(&import_out->memory, err);
    if (status == WF_OK) {
        status = import_text(&import, text, length);
    }
    json_decref(import.tree);
    json_decref(import.environment);
    return status == WF_OK ? WF_OK : wf_error_prefix(err, status, "%s: ", config->shown);
}

void wf_job_import_finish(struct wf_job_import *import)
{
    if (import) {
        wf_job_document_finish(&import->document);
        wf_job_memory_destroy(import->memory);
        *import = (struct wf_job_import){.memory = NULL};
    }
}
