// SPDX-License-Identifier: Apache-2.0
// What a container needs, and which nodes have it.
#include <stdio.h>
#include <string.h>

#include "gpu/gpu_name.h"
#include "jobfile/kubernetes.h"
#include "text/decimal.h"
#include "text/lines.h"
#include "text/quantity.h"

enum { SHOWN = 60, TEXT_BYTES = 160 };

// GPUs as resources tell them.
struct gpus {
    const char *vendor; // NULL: none
    char count[32];
    char part[48]; // of a GPU: "1g.10gb"; "": whole ones
};

static const char *quantity_text(const json_t *resources, const char *kind, const char *name,
                                 char *buffer, size_t size)
{
    return wf_tree_text(json_object_get(json_object_get(resources, kind), name), buffer, size);
}

// Extended resources that a machine has or has not; jobs do not compete for them here.
static bool is_named(const char *name)
{
    return strcmp(name, "ephemeral-storage") == 0 || strncmp(name, "hugepages-", 10) == 0 ||
           strncmp(name, "rdma/", 5) == 0 || strstr(name, "rdma") || strstr(name, "/efa") ||
           strstr(name, "/ib") || strstr(name, "roce");
}

static enum wf_status take_gpu(struct wf_kubernetes *kubernetes, const char *place,
                               const char *name, const json_t *value, struct gpus *gpus)
{
    struct wf_import *import = kubernetes->import;
    char buffer[32];
    int64_t number = 0;
    const char *text = wf_tree_text(value, buffer, sizeof buffer);
    bool amd = strncmp(name, "amd.com/", 8) == 0;
    const char *vendor = amd ? "amd" : "nvidia";
    if (!text || wf_decimal_read(text, 0, INT32_MAX, &number) != WF_DECIMAL_READ) {
        return wf_import_fail(import, "%s: must be a whole number", place);
    }
    if (number == 0) {
        return WF_OK;
    }
    if (gpus->vendor && (strcmp(gpus->vendor, vendor) != 0 || strcmp(gpus->count, text) != 0)) {
        return wf_import_fail(import, "%s: GPUs are asked for in two ways", place);
    }
    gpus->vendor = vendor;
    snprintf(gpus->count, sizeof gpus->count, "%s", text);
    if (strncmp(name, "nvidia.com/mig-", 15) == 0) {
        snprintf(gpus->part, sizeof gpus->part, "%s", name + 15);
    }
    return WF_OK;
}

static enum wf_status take_kind(struct wf_kubernetes *kubernetes, const char *where,
                                const json_t *resources, const char *kind, struct gpus *gpus)
{
    const char *name;
    json_t *value;
    enum wf_status status = WF_OK;
    json_object_foreach(json_object_get(resources, kind), name, value)
    {
        char place[TEXT_BYTES + SHOWN];
        char shown[SHOWN];
        wf_lines_quote(name, shown, sizeof shown);
        snprintf(place, sizeof place, "%sresources.%s.%s", where, kind, shown);
        if (strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0) {
            continue;
        }
        if (strcmp(name, "nvidia.com/gpu") == 0 || strcmp(name, "amd.com/gpu") == 0 ||
            strncmp(name, "nvidia.com/mig-", 15) == 0) {
            status = take_gpu(kubernetes, place, name, value, gpus);
        } else if (is_named(name)) {
            wf_import_note(kubernetes->import,
                           "%s: is not handed out; the job has what the "
                           "machine has",
                           place);
        } else {
            status = wf_import_fail(kubernetes->import, "%s: is not handed out here", place);
        }
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static void set_gpus(struct wf_kubernetes *kubernetes, const char *where, const struct gpus *gpus)
{
    struct wf_import *import = kubernetes->import;
    bool fraction = kubernetes->fraction[0] != '\0';
    const char *count = fraction ? kubernetes->fraction : gpus->count;
    size_t models = json_array_size(kubernetes->models);
    if (!gpus->vendor && !fraction) {
        for (size_t i = 0; i < models; i++) {
            wf_import_note(import, "%sresources: the node's GPU is chosen, and none is asked for",
                           where);
        }
        return;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < (models > 0 ? models : 1); i++) {
        char text[TEXT_BYTES];
        const char *model =
            models > 0 ? json_string_value(json_array_get(kubernetes->models, i)) : "any";
        const char *vendor = gpus->vendor ? gpus->vendor : "";
        if (gpus->part[0]) {
            snprintf(text, sizeof text, "%s:%s%s%s:%s", vendor, models > 0 ? model : "",
                     models > 0 ? "_" : "", gpus->part, count);
        } else {
            snprintf(text, sizeof text, "%s%s%s:%s", vendor, gpus->vendor ? ":" : "", model, count);
        }
        import->no_memory =
            json_array_append_new(list, json_string(text)) != 0 || import->no_memory;
    }
    wf_import_set(import, "gpus", list);
}

// What is asked for before what is allowed, or the other way round.
static enum wf_status read_amount(struct wf_kubernetes *kubernetes, const char *where,
                                  const json_t *resources, const char *name, bool limit_first,
                                  int64_t *milli_out)
{
    char first_buffer[32];
    char second_buffer[32];
    const char *kinds[2] = {limit_first ? "limits" : "requests",
                            limit_first ? "requests" : "limits"};
    const char *first = quantity_text(resources, kinds[0], name, first_buffer, sizeof first_buffer);
    const char *second =
        quantity_text(resources, kinds[1], name, second_buffer, sizeof second_buffer);
    const char *text = first ? first : second;
    *milli_out = 0;
    if (text && (!wf_quantity_read(text, milli_out) || *milli_out == 0)) {
        char shown[SHOWN];
        wf_lines_quote(text, shown, sizeof shown);
        return wf_import_fail(kubernetes->import, "%sresources.%s.%s: '%s' is no quantity", where,
                              first ? kinds[0] : kinds[1], name, shown);
    }
    if (first && second && strcmp(first, second) != 0) {
        wf_import_note(kubernetes->import,
                       "%sresources.%s.%s: a job has what it asks for, no more "
                       "and no less; %s are taken",
                       where, kinds[1], name, kinds[0]);
    }
    return WF_OK;
}

enum wf_status wf_kubernetes_resources(struct wf_kubernetes *kubernetes, const char *where,
                                       const json_t *resources)
{
    static const struct wf_import_key keys[] = {
        {"limits", WF_KEY_USED, ""},
        {"requests", WF_KEY_USED, ""},
        {"claims", WF_KEY_REFUSED, "devices are asked for under limits"},
    };
    struct wf_import *import = kubernetes->import;
    struct gpus gpus = {.vendor = NULL};
    char place[TEXT_BYTES];
    char text[32];
    int64_t cpu = 0;
    int64_t memory = 0;
    enum wf_status status = WF_OK;
    if (resources && !json_is_null(resources)) {
        snprintf(place, sizeof place, "%sresources.", where);
        status = wf_import_check_keys(import, place, resources, keys, WF_COUNT_OF(keys));
    }
    if (status == WF_OK) {
        status = take_kind(kubernetes, where, resources, "limits", &gpus);
    }
    if (status == WF_OK) {
        status = take_kind(kubernetes, where, resources, "requests", &gpus);
    }
    if (status == WF_OK) {
        status = read_amount(kubernetes, where, resources, "cpu", false, &cpu);
    }
    if (status == WF_OK) {
        status = read_amount(kubernetes, where, resources, "memory", true, &memory);
    }
    if (status != WF_OK) {
        return status;
    }
    set_gpus(kubernetes, where, &gpus);
    if (cpu > 0) {
        snprintf(text, sizeof text, "%lld.%03lld", (long long)cpu / 1000, (long long)cpu % 1000);
        wf_import_set_text(import, "cpus", text);
    }
    if (memory > 0) {
        wf_import_set(import, "memory", json_integer((memory + 999) / 1000));
    }
    return WF_OK;
}

static bool names_model(const char *key)
{
    static const char *const keys[] = {
        "nvidia.com/gpu.product",
        "amd.com/gpu.product-name",
        "gpu.nvidia.com/model",
        "cloud.google.com/gke-accelerator",
        "gpu.nvidia.com/class",
        "amd.com/gpu.product",
        "karpenter.k8s.aws/instance-gpu-name",
    };
    for (size_t i = 0; i < WF_COUNT_OF(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool says_nothing(const char *key)
{
    static const char *const keys[] = {
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "kubernetes.io/hostname",
        "beta.kubernetes.io/arch",
        "karpenter.sh/capacity-type",
        "nvidia.com/gpu.present",
        "cloud.google.com/gke-spot",
        "cloud.google.com/gke-nodepool",
        "node.kubernetes.io/instance-type",
        "eks.amazonaws.com/capacityType",
    };
    for (size_t i = 0; i < WF_COUNT_OF(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

// One label that the node must have, with its value.
static enum wf_status take_label(struct wf_kubernetes *kubernetes, const char *place,
                                 const char *key, const char *value)
{
    struct wf_import *import = kubernetes->import;
    struct wf_gpu_name name;
    char shown[SHOWN];
    wf_lines_quote(key, shown, sizeof shown);
    if (says_nothing(key)) {
        wf_import_note(import,
                       "%s.%s: tells machines of the Kubernetes cluster apart; the job "
                       "goes where it fits",
                       place, shown);
        return WF_OK;
    }
    if (names_model(key)) {
        if (!wf_gpu_name_read(value, &name)) {
            return wf_import_fail(import, "%s.%s: is no GPU model", place, shown);
        }
        json_array_append_new(kubernetes->models, json_string(name.text));
        return WF_OK;
    }
    const char *text = wf_job_memory_print(import->out->memory, "%s=%s", key, value);
    json_array_append_new(kubernetes->labels, text ? json_string(text) : NULL);
    return WF_OK;
}

static enum wf_status take_selector(struct wf_kubernetes *kubernetes, const json_t *selector)
{
    const char *key;
    json_t *value;
    char place[TEXT_BYTES];
    snprintf(place, sizeof place, "%snodeSelector", kubernetes->where);
    json_object_foreach((json_t *)selector, key, value)
    {
        char buffer[32];
        const char *text = wf_tree_text(value, buffer, sizeof buffer);
        enum wf_status status =
            text ? take_label(kubernetes, place, key, text)
                 : wf_import_fail(kubernetes->import, "%s: a value must be a text", place);
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

// "key In [values]": of a GPU's model any, of other labels one.
static enum wf_status take_expression(struct wf_kubernetes *kubernetes, const char *place,
                                      const json_t *expression)
{
    const char *key = json_string_value(json_object_get(expression, "key"));
    const char *relation = json_string_value(json_object_get(expression, "operator"));
    const json_t *values = json_object_get(expression, "values");
    const json_t *value;
    size_t i;
    bool in = key && relation && strcmp(relation, "In") == 0;
    if (!in || (json_array_size(values) != 1 && !names_model(key) && !says_nothing(key))) {
        return wf_import_fail(kubernetes->import,
                              "%s: only 'In' is understood, with GPU models or with one value",
                              place);
    }
    json_array_foreach(values, i, value)
    {
        char buffer[32];
        const char *text = wf_tree_text(value, buffer, sizeof buffer);
        enum wf_status status = take_label(kubernetes, place, key, text ? text : "");
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static enum wf_status take_affinity(struct wf_kubernetes *kubernetes, const json_t *affinity)
{
    static const char required[] = "requiredDuringSchedulingIgnoredDuringExecution";
    static const char preferred[] = "preferredDuringSchedulingIgnoredDuringExecution";
    static const char *const kinds[] = {"podAffinity", "podAntiAffinity", "nodeAffinity"};
    struct wf_import *import = kubernetes->import;
    for (size_t i = 0; i < WF_COUNT_OF(kinds); i++) {
        const json_t *kind = json_object_get(affinity, kinds[i]);
        if (json_object_get(kind, preferred)) {
            wf_import_note(import, "%saffinity.%s.%s: wishes are not kept, only what a job needs",
                           kubernetes->where, kinds[i], preferred);
        }
        if (i < 2 && json_object_get(kind, required)) {
            return wf_import_fail(import, "%saffinity.%s.%s: jobs are not placed by each other",
                                  kubernetes->where, kinds[i], required);
        }
    }
    const json_t *terms = json_object_get(
        json_object_get(json_object_get(affinity, "nodeAffinity"), required), "nodeSelectorTerms");
    const json_t *term = json_array_get(terms, 0);
    const json_t *expression;
    size_t i;
    if (json_array_size(terms) > 1 || json_object_get(term, "matchFields")) {
        return wf_import_fail(import,
                              "%saffinity.nodeAffinity: one term of matchExpressions is "
                              "understood",
                              kubernetes->where);
    }
    json_array_foreach(json_object_get(term, "matchExpressions"), i, expression)
    {
        char place[TEXT_BYTES];
        snprintf(place, sizeof place, "%saffinity.nodeAffinity.matchExpressions[%zu]",
                 kubernetes->where, i);
        enum wf_status status = take_expression(kubernetes, place, expression);
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

enum wf_status wf_kubernetes_node(struct wf_kubernetes *kubernetes, const json_t *spec)
{
    enum wf_status status = take_selector(kubernetes, json_object_get(spec, "nodeSelector"));
    return status == WF_OK ? take_affinity(kubernetes, json_object_get(spec, "affinity")) : status;
}
