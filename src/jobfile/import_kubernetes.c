// SPDX-License-Identifier: Apache-2.0
// A Kubernetes Job or Pod in YAML or JSON.
#include <stdio.h>
#include <string.h>

#include "jobfile/kubernetes.h"
#include "text/decimal.h"
#include "text/lines.h"

enum { SHOWN = 60 };

#define USED(name) {name, WF_KEY_USED, ""}
#define NAMED(name, why) {name, WF_KEY_NAMED, why}
#define REFUSED(name, why) {name, WF_KEY_REFUSED, why}

static const char selector[] = "pods are not selected; the job is its own";
static const char rights[] = "a job runs as who submits it, with their rights";
static const char network[] = "the job uses the machine's own network";
static const char scheduler[] = "WhaleFlux schedules";
static const char claims[] = "devices are asked for under resources.limits";

static const struct wf_import_key top_keys[] = {
    USED("apiVersion"),
    USED("kind"),
    USED("metadata"),
    USED("spec"),
    NAMED("status", "is what the cluster told"),
};

static const struct wf_import_key job_keys[] = {
    USED("template"),
    USED("parallelism"),
    USED("completions"),
    USED("completionMode"),
    USED("backoffLimit"),
    USED("activeDeadlineSeconds"),
    USED("suspend"),
    NAMED("backoffLimitPerIndex", "each job of an array has the attempts of backoffLimit"),
    NAMED("managedBy", scheduler),
    NAMED("manualSelector", selector),
    NAMED("maxFailedIndexes", "the jobs of an array fail on their own"),
    NAMED("podReplacementPolicy", "an attempt begins when the one before has ended"),
    NAMED("selector", selector),
    NAMED("ttlSecondsAfterFinished", "jobs that ended are kept as the site keeps them"),
    REFUSED("podFailurePolicy", "attempts are counted alike for each way to fail"),
    REFUSED("successPolicy", "a job of an array cannot decide for the others"),
};

static const struct wf_import_key pod_keys[] = {
    USED("activeDeadlineSeconds"),
    USED("affinity"),
    USED("containers"),
    USED("initContainers"),
    USED("nodeSelector"),
    USED("restartPolicy"),
    USED("terminationGracePeriodSeconds"),
    NAMED("automountServiceAccountToken", rights),
    NAMED("dnsConfig", network),
    NAMED("dnsPolicy", network),
    NAMED("enableServiceLinks", network),
    NAMED("hostAliases", network),
    NAMED("hostIPC", "the job is on the machine itself"),
    NAMED("hostNetwork", network),
    NAMED("hostPID", "the job is on the machine itself"),
    NAMED("hostUsers", rights),
    NAMED("hostname", network),
    NAMED("imagePullSecrets", "no image is started"),
    NAMED("nodeName", "names a node of the Kubernetes cluster; the job goes where it fits"),
    NAMED("os", "the job runs on the machine's own system"),
    NAMED("overhead", "there is no container that would need more"),
    NAMED("preemptionPolicy", scheduler),
    NAMED("priority", scheduler),
    NAMED("priorityClassName", "priorities have no names; give the job one in its document"),
    NAMED("runtimeClassName", "no container is started"),
    NAMED("schedulerName", scheduler),
    NAMED("schedulingGates", scheduler),
    NAMED("securityContext", rights),
    NAMED("serviceAccount", rights),
    NAMED("serviceAccountName", rights),
    NAMED("setHostnameAsFQDN", network),
    NAMED("shareProcessNamespace", "the job is on the machine itself"),
    NAMED("subdomain", network),
    NAMED("tolerations", "a node that takes no work takes none from anybody"),
    NAMED("topologySpreadConstraints", "the job is one run, it is not spread"),
    NAMED("volumes", "nothing is mounted: the job sees the machine's own files"),
    REFUSED("ephemeralContainers", "are added to a pod that runs, not told before"),
    REFUSED("readinessGates", "nobody would open them"),
    REFUSED("resourceClaims", claims),
    REFUSED("resources", "say what the container needs in its own resources"),
};

static enum wf_status read_number(struct wf_import *import, const char *where, const json_t *map,
                                  const char *key, int64_t *number_out)
{
    char buffer[32];
    const json_t *value = json_object_get(map, key);
    const char *text = wf_tree_text(value, buffer, sizeof buffer);
    if (!value || json_is_null(value)) {
        return WF_OK;
    }
    if (!text || wf_decimal_read(text, 0, INT32_MAX, number_out) != WF_DECIMAL_READ) {
        return wf_import_fail(import, "%s%s: must be a whole number", where, key);
    }
    return WF_OK;
}

// Labels and annotations with which the schedulers of a cluster are told of a pod.
static void take_labels(struct wf_kubernetes *kubernetes, const char *where, const json_t *map)
{
    static const char *const queues[] = {
        "kueue.x-k8s.io/queue-name",        "kai.scheduler/queue",   "runai/queue",
        "scheduling.volcano.sh/queue-name", "volcano.sh/queue-name", "queue"};
    struct wf_import *import = kubernetes->import;
    char place[160];
    for (size_t i = 0; i < WF_COUNT_OF(queues); i++) {
        const char *queue = json_string_value(json_object_get(map, queues[i]));
        if (queue) {
            snprintf(place, sizeof place, "%s.%s", where, queues[i]);
            wf_import_queue(import, place, queue);
            return;
        }
    }
}

static void take_metadata(struct wf_kubernetes *kubernetes, const char *where,
                          const json_t *metadata)
{
    char place[128];
    char buffer[32];
    const json_t *labels = json_object_get(metadata, "labels");
    const json_t *annotations = json_object_get(metadata, "annotations");
    const char *fraction =
        wf_tree_text(json_object_get(annotations, "gpu-fraction"), buffer, sizeof buffer);
    snprintf(place, sizeof place, "%s.labels", where);
    take_labels(kubernetes, place, labels);
    snprintf(place, sizeof place, "%s.annotations", where);
    take_labels(kubernetes, place, annotations);
    if (fraction) {
        snprintf(kubernetes->fraction, sizeof kubernetes->fraction, "%s", fraction);
    }
}

static void take_name(struct wf_import *import, const json_t *metadata)
{
    char text[WF_JOB_NAME_BYTES_MAX * 2];
    const char *name = json_string_value(json_object_get(metadata, "name"));
    const char *begins = json_string_value(json_object_get(metadata, "generateName"));
    if (json_object_get(metadata, "namespace")) {
        wf_import_note(import, "metadata.namespace: there are none; jobs are in queues");
    }
    snprintf(text, sizeof text, "%s", name ? name : begins ? begins : "");
    size_t length = strlen(text);
    if (!name && length > 1 && text[length - 1] == '-') {
        text[length - 1] = '\0';
    }
    if (text[0]) {
        wf_import_name(import, "metadata.name", text);
    }
}

// How often a pod that failed is tried again.
static enum wf_status take_restarts(struct wf_kubernetes *kubernetes, bool is_job,
                                    const json_t *job, const json_t *pod)
{
    struct wf_import *import = kubernetes->import;
    const char *policy = json_string_value(json_object_get(pod, "restartPolicy"));
    int64_t at_most = is_job ? 6 : WF_JOB_REQUEUE_MAX; // what Kubernetes takes where none is told
    enum wf_status status = read_number(import, "spec.", job, "backoffLimit", &at_most);
    if (status != WF_OK) {
        return status;
    }
    if (policy && strcmp(policy, "Always") == 0) {
        return wf_import_fail(import,
                              "%srestartPolicy: 'Always' makes a service, which has no end; "
                              "only jobs are run",
                              kubernetes->where);
    }
    bool failed = is_job || (policy && strcmp(policy, "OnFailure") == 0);
    if (!is_job && !policy) {
        wf_import_note(import,
                       "%srestartPolicy: is not told; Kubernetes would start the pod again "
                       "for ever, here it ends when its command ends",
                       kubernetes->where);
    }
    if (at_most > WF_JOB_REQUEUE_MAX) {
        wf_import_note(import, "spec.backoffLimit: %d attempts are made at most",
                       WF_JOB_REQUEUE_MAX);
        at_most = WF_JOB_REQUEUE_MAX;
    }
    failed = failed && at_most > 0;
    wf_import_set(
        import, "requeue",
        failed ? json_pack("{sbsbsI}", "lost", is_job, "failed", 1, "at_most", (json_int_t)at_most)
               : json_pack("{sb}", "lost", is_job));
    return WF_OK;
}

// completions and parallelism: an array, whose index is JOB_COMPLETION_INDEX.
static enum wf_status take_completions(struct wf_import *import, const json_t *job)
{
    int64_t completions = -1;
    int64_t parallelism = 1;
    char indices[32];
    enum wf_status status = read_number(import, "spec.", job, "completions", &completions);
    if (status == WF_OK) {
        status = read_number(import, "spec.", job, "parallelism", &parallelism);
    }
    if (status != WF_OK) {
        return status;
    }
    if (completions < 0 && parallelism > 1) {
        return wf_import_fail(import,
                              "spec.parallelism: without completions the pods share a queue "
                              "of work, and one that succeeds ends all; say how many "
                              "completions there are");
    }
    if (completions == 0 || parallelism == 0) {
        return wf_import_fail(import, "spec.%s: is 0, so there is nothing to run",
                              completions == 0 ? "completions" : "parallelism");
    }
    const char *mode = json_string_value(json_object_get(job, "completionMode"));
    if (completions > 1 || (completions == 1 && mode && strcmp(mode, "Indexed") == 0)) {
        snprintf(indices, sizeof indices, "0-%lld", (long long)completions - 1);
        json_t *array = json_pack("{ss}", "indices", indices);
        if (parallelism < completions) {
            json_object_set_new(array, "at_most", json_integer(parallelism));
        }
        wf_import_set(import, "array", array);
    }
    return WF_OK;
}

static enum wf_status take_pod_times(struct wf_kubernetes *kubernetes, const json_t *job,
                                     const json_t *pod)
{
    struct wf_import *import = kubernetes->import;
    int64_t limit = 0;
    int64_t pod_limit = 0;
    int64_t stop = -1;
    enum wf_status status = read_number(import, "spec.", job, "activeDeadlineSeconds", &limit);
    if (status == WF_OK) {
        status = read_number(import, kubernetes->where, pod, "activeDeadlineSeconds", &pod_limit);
    }
    if (status == WF_OK) {
        status =
            read_number(import, kubernetes->where, pod, "terminationGracePeriodSeconds", &stop);
    }
    if (limit > 0) {
        wf_import_note(import, "spec.activeDeadlineSeconds: is the limit of each attempt, not of "
                               "all together");
    }
    limit = pod_limit > 0 && (limit == 0 || pod_limit < limit) ? pod_limit : limit;
    if (status == WF_OK && limit > 0) {
        wf_import_set(import, "limit", json_integer(limit * 1000));
    }
    if (status == WF_OK && stop >= 0) {
        wf_import_set(import, "stop", json_integer(stop * 1000));
    }
    return status;
}

static enum wf_status take_pod(struct wf_kubernetes *kubernetes, const json_t *pod)
{
    struct wf_import *import = kubernetes->import;
    const json_t *containers = json_object_get(pod, "containers");
    enum wf_status status =
        wf_import_check_keys(import, kubernetes->where, pod, pod_keys, WF_COUNT_OF(pod_keys));
    if (status != WF_OK) {
        return status;
    }
    if (json_array_size(json_object_get(pod, "initContainers")) > 0) {
        return wf_import_fail(import,
                              "%sinitContainers: one command is run; put what they do "
                              "before it",
                              kubernetes->where);
    }
    if (json_array_size(containers) != 1) {
        return wf_import_fail(import, "%scontainers: there must be one, and there are %zu",
                              kubernetes->where, json_array_size(containers));
    }
    status = wf_kubernetes_node(kubernetes, pod);
    return status == WF_OK ? wf_kubernetes_container(kubernetes, json_array_get(containers, 0))
                           : status;
}

static enum wf_status take_job(struct wf_kubernetes *kubernetes, const json_t *object)
{
    struct wf_import *import = kubernetes->import;
    const json_t *spec = json_object_get(object, "spec");
    const json_t *template = json_object_get(spec, "template");
    enum wf_status status =
        wf_import_check_keys(import, "spec.", spec, job_keys, WF_COUNT_OF(job_keys));
    if (status != WF_OK) {
        return status;
    }
    if (wf_tree_flag(json_object_get(spec, "suspend"))) {
        const json_t *labels = json_object_get(json_object_get(object, "metadata"), "labels");
        // Kueue wants its jobs suspended and lets them go itself.
        if (json_object_get(labels, "kueue.x-k8s.io/queue-name")) {
            wf_import_note(import, "spec.suspend: is Kueue's way to wait; the job waits its turn");
        } else {
            wf_import_set(import, "hold", json_true());
        }
    }
    snprintf(kubernetes->where, sizeof kubernetes->where, "spec.template.spec.");
    take_metadata(kubernetes, "spec.template.metadata", json_object_get(template, "metadata"));
    const json_t *pod = json_object_get(template, "spec");
    status = take_completions(import, spec);
    if (status == WF_OK) {
        status = take_pod(kubernetes, pod);
    }
    if (status == WF_OK) {
        status = take_pod_times(kubernetes, spec, pod);
    }
    return status == WF_OK ? take_restarts(kubernetes, true, spec, pod) : status;
}

static enum wf_status take_object(struct wf_kubernetes *kubernetes, const json_t *object)
{
    struct wf_import *import = kubernetes->import;
    const json_t *metadata = json_object_get(object, "metadata");
    bool is_job = strcmp(json_string_value(json_object_get(object, "kind")), "Job") == 0;
    enum wf_status status =
        wf_import_check_keys(import, "", object, top_keys, WF_COUNT_OF(top_keys));
    if (status != WF_OK) {
        return status;
    }
    take_name(import, metadata);
    take_metadata(kubernetes, "metadata", metadata);
    wf_import_set_text(import, "dialect", "kubernetes");
    if (is_job) {
        return take_job(kubernetes, object);
    }
    const json_t *pod = json_object_get(object, "spec");
    snprintf(kubernetes->where, sizeof kubernetes->where, "spec.");
    status = take_pod(kubernetes, pod);
    if (status == WF_OK) {
        status = take_pod_times(kubernetes, NULL, pod);
    }
    return status == WF_OK ? take_restarts(kubernetes, false, NULL, pod) : status;
}

// The one Job or Pod of a file; what else is in it is named.
static enum wf_status find_object(struct wf_import *import, const json_t *list,
                                  const json_t **found)
{
    const json_t *object;
    size_t i;
    json_array_foreach(list, i, object)
    {
        const char *kind = json_string_value(json_object_get(object, "kind"));
        char shown[SHOWN];
        char name[SHOWN];
        const char *named =
            json_string_value(json_object_get(json_object_get(object, "metadata"), "name"));
        wf_lines_quote(kind ? kind : "", shown, sizeof shown);
        wf_lines_quote(named ? named : "", name, sizeof name);
        if (!kind) {
            return wf_import_fail(import, "kind: is missing: a Job or a Pod is understood");
        }
        if (strcmp(kind, "List") == 0) {
            enum wf_status status = find_object(import, json_object_get(object, "items"), found);
            if (status != WF_OK) {
                return status;
            }
        } else if (strcmp(kind, "Job") != 0 && strcmp(kind, "Pod") != 0) {
            wf_import_note(import, "%s %s: is not a Job or a Pod, nothing is made of it", shown,
                           name);
        } else if (*found) {
            return wf_import_fail(import, "there are several jobs in it: submit them one by one");
        } else {
            *found = object;
        }
    }
    return WF_OK;
}

static enum wf_status fail_none(struct wf_import *import, const json_t *all)
{
    char shown[SHOWN];
    const char *kind = json_string_value(json_object_get(json_array_get(all, 0), "kind"));
    wf_lines_quote(kind ? kind : "", shown, sizeof shown);
    return wf_import_fail(import, "kind: '%s' is not understood: a Job or a Pod is", shown);
}

enum wf_status wf_import_kubernetes(struct wf_import *import, const json_t *all)
{
    const json_t *object = NULL;
    enum wf_status status = find_object(import, all, &object);
    if (status == WF_OK && !object) {
        status = fail_none(import, all);
    }
    if (status != WF_OK) {
        return status;
    }
    struct wf_kubernetes kubernetes = {
        .import = import,
        .models = json_array(),
        .labels = json_array(),
        .variables = json_object(),
    };
    status = kubernetes.models && kubernetes.labels && kubernetes.variables
                 ? take_object(&kubernetes, object)
                 : wf_job_memory_fail(import->err);
    if (status == WF_OK && json_array_size(kubernetes.labels) > 0) {
        wf_import_set(import, "labels", json_incref(kubernetes.labels));
    }
    json_decref(kubernetes.models);
    json_decref(kubernetes.labels);
    json_decref(kubernetes.variables);
    return status;
}
