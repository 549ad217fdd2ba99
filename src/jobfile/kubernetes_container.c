// SPDX-License-Identifier: Apache-2.0
// A container: its command, its variables, what it needs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/gpu_name.h"
#include "jobfile/kubernetes.h"
#include "text/decimal.h"
#include "text/lines.h"
#include "text/quantity.h"

enum { SHOWN = 60, WHERE_BYTES = 128, PLACE_BYTES = 192 };

#define USED(name) {name, WF_KEY_USED, ""}
#define NAMED(name, why) {name, WF_KEY_NAMED, why}
#define REFUSED(name, why) {name, WF_KEY_REFUSED, why}

static const char probes[] = "a job is not probed; its exit status tells how it went";

static const struct wf_import_key container_keys[] = {
    USED("name"),
    USED("command"),
    USED("args"),
    USED("env"),
    USED("resources"),
    USED("workingDir"),
    NAMED("image", "no image is started: the command is the machine's own"),
    NAMED("imagePullPolicy", "no image is started"),
    NAMED("livenessProbe", probes),
    NAMED("ports", "ports are not opened; the job may listen on any"),
    NAMED("readinessProbe", probes),
    NAMED("resizePolicy", "what a job has does not change while it runs"),
    NAMED("securityContext", "a job runs as who submits it, with their rights"),
    NAMED("startupProbe", probes),
    NAMED("stdin", "a job's input is empty"),
    NAMED("stdinOnce", "a job's input is empty"),
    NAMED("terminationMessagePath", "what a job writes is kept: `whaleflux logs`"),
    NAMED("terminationMessagePolicy", "what a job writes is kept: `whaleflux logs`"),
    NAMED("tty", "a job has no terminal"),
    NAMED("volumeMounts", "nothing is mounted: the job sees the machine's own files"),
    REFUSED("envFrom", "variables of config maps and secrets are not known here: write them "
                       "in env"),
    REFUSED("lifecycle", "no other commands are run beside the job's"),
    REFUSED("restartPolicy", "the pod's restartPolicy says how often it is tried again"),
    REFUSED("volumeDevices", "disks are not handed out"),
};

// Puts the value of each $(NAME) into a text, as Kubernetes does; what is not known stays as it is.
static json_t *expand(const struct wf_kubernetes *kubernetes, const char *text)
{
    json_t *out = NULL;
    size_t bytes = 0;
    char *buffer = NULL;
    FILE *stream = open_memstream(&buffer, &bytes);
    for (const char *at = text; stream && *at;) {
        char name[256];
        const char *end = at[0] == '$' && at[1] == '(' ? strchr(at, ')') : NULL;
        size_t length = end ? (size_t)(end - at - 2) : 0;
        const char *value = NULL;
        if (end && length < sizeof name) {
            memcpy(name, at + 2, length);
            name[length] = '\0';
            value = json_string_value(json_object_get(kubernetes->variables, name));
        }
        if (value) {
            fputs(value, stream);
            at = end + 1;
        } else {
            at += at[0] == '$' && at[1] == '$'; // "$$(NAME)" is "$(NAME)"
            fputc(*at++, stream);
        }
        if (ftell(stream) > WF_JOB_VARIABLES_BYTES_MAX) {
            break; // of a value that doubles itself; what is refused anyway
        }
    }
    if (stream && fclose(stream) == 0) {
        out = json_stringn(buffer, bytes);
    }
    free(buffer);
    return out;
}

static enum wf_status take_variable(struct wf_kubernetes *kubernetes, const char *place,
                                    const json_t *item)
{
    struct wf_import *import = kubernetes->import;
    char buffer[32];
    const char *name = json_string_value(json_object_get(item, "name"));
    const char *text = wf_tree_text(json_object_get(item, "value"), buffer, sizeof buffer);
    if (!name) {
        return wf_import_fail(import, "%s: needs a name", place);
    }
    if (json_object_get(item, "valueFrom")) {
        char shown[SHOWN];
        wf_lines_quote(name, shown, sizeof shown);
        return wf_import_fail(import,
                              "%s.valueFrom: where '%s' would come from is not known here: "
                              "give it a value",
                              place, shown);
    }
    json_t *value = expand(kubernetes, text ? text : "");
    if (!value) {
        return wf_job_memory_fail(import->err);
    }
    wf_import_variable(import, name, json_string_value(value));
    import->no_memory =
        json_object_set_new(kubernetes->variables, name, value) != 0 || import->no_memory;
    return WF_OK;
}

static enum wf_status take_environment(struct wf_kubernetes *kubernetes, const char *where,
                                       const json_t *list)
{
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        char place[PLACE_BYTES];
        snprintf(place, sizeof place, "%senv[%zu]", where, i);
        enum wf_status status = take_variable(kubernetes, place, item);
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static enum wf_status add_words(struct wf_kubernetes *kubernetes, const char *where,
                                const json_t *list, json_t *command)
{
    const json_t *item;
    size_t i;
    if (list && !json_is_null(list) && !json_is_array(list)) {
        return wf_import_fail(kubernetes->import, "%s: must be a list of texts", where);
    }
    json_array_foreach(list, i, item)
    {
        char buffer[32];
        const char *text = wf_tree_text(item, buffer, sizeof buffer);
        if (!text) {
            return wf_import_fail(kubernetes->import, "%s[%zu]: must be a text", where, i);
        }
        if (json_array_append_new(command, expand(kubernetes, text)) != 0) {
            return wf_job_memory_fail(kubernetes->import->err);
        }
    }
    return WF_OK;
}

static enum wf_status take_command(struct wf_kubernetes *kubernetes, const char *where,
                                   const json_t *container)
{
    struct wf_import *import = kubernetes->import;
    char place[PLACE_BYTES];
    json_t *command = json_array();
    if (json_array_size(json_object_get(container, "command")) == 0) {
        json_decref(command);
        return wf_import_fail(import,
                              "%scommand: is missing; what the image would run is not known "
                              "here",
                              where);
    }
    snprintf(place, sizeof place, "%scommand", where);
    enum wf_status status =
        add_words(kubernetes, place, json_object_get(container, "command"), command);
    if (status == WF_OK) {
        snprintf(place, sizeof place, "%sargs", where);
        status = add_words(kubernetes, place, json_object_get(container, "args"), command);
    }
    if (status != WF_OK) {
        json_decref(command);
        return status;
    }
    wf_import_set(import, "command", command);
    return WF_OK;
}

enum wf_status wf_kubernetes_container(struct wf_kubernetes *kubernetes, const json_t *container)
{
    struct wf_import *import = kubernetes->import;
    char where[WHERE_BYTES];
    snprintf(where, sizeof where, "%scontainers[0].", kubernetes->where);
    enum wf_status status =
        wf_import_check_keys(import, where, container, container_keys, WF_COUNT_OF(container_keys));
    if (status == WF_OK) {
        status = take_environment(kubernetes, where, json_object_get(container, "env"));
    }
    if (status == WF_OK) {
        status = take_command(kubernetes, where, container);
    }
    const char *folder = json_string_value(json_object_get(container, "workingDir"));
    if (status == WF_OK && folder) {
        wf_import_set_text(import, "folder", folder);
    }
    return status == WF_OK
               ? wf_kubernetes_resources(kubernetes, where, json_object_get(container, "resources"))
               : status;
}
