// SPDX-License-Identifier: Apache-2.0
#include "sim/history/pod_object.h"

#include <string.h>

#include "sim/history/text.h"

const json_t *wf_pod_member(const json_t *object, const char *name, const char *inner)
{
    const json_t *member = json_object_get(object, name);
    return inner ? json_object_get(member, inner) : member;
}

const char *wf_pod_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

// A time that may lack. Returns false for what is no time.
static bool take_time(const json_t *object, const char *name, int64_t *ms_out)
{
    const char *text = wf_pod_text(object, name);
    *ms_out = WF_TIME_UNKNOWN;
    return text[0] == '\0' || wf_text_time(text, ms_out);
}

static const json_t *find_condition(const json_t *status, const char *type)
{
    size_t i;
    json_t *condition;
    json_array_foreach(wf_pod_member(status, "conditions", NULL), i, condition)
    {
        if (strcmp(wf_pod_text(condition, "type"), type) == 0 &&
            strcmp(wf_pod_text(condition, "status"), "True") == 0) {
            return condition;
        }
    }
    return NULL;
}

// First start and last end of a pod's containers; whether one ran out of memory.
struct containers {
    int64_t first_ms, last_ms;
    bool out_of_memory;
};

static bool take_containers(const json_t *status, struct containers *containers_out)
{
    struct containers found = {WF_TIME_UNKNOWN, WF_TIME_UNKNOWN, false};
    size_t i;
    json_t *container;
    json_array_foreach(wf_pod_member(status, "containerStatuses", NULL), i, container)
    {
        const json_t *ended = wf_pod_member(container, "state", "terminated");
        const json_t *runs = wf_pod_member(container, "state", "running");
        int64_t started_ms;
        int64_t ended_ms;
        if (!take_time(ended ? ended : runs, "startedAt", &started_ms) ||
            !take_time(ended, "finishedAt", &ended_ms)) {
            return false;
        }
        if (started_ms > 0 && (found.first_ms == WF_TIME_UNKNOWN || started_ms < found.first_ms)) {
            found.first_ms = started_ms;
        }
        found.last_ms = ended_ms > found.last_ms ? ended_ms : found.last_ms;
        found.out_of_memory |= strcmp(wf_pod_text(ended, "reason"), "OOMKilled") == 0;
    }
    *containers_out = found;
    return true;
}

// Whether the reason why a pod failed, of the pod or of its condition DisruptionTarget, is among
// these.
static bool has_reason(const json_t *status, const char *const *reasons, uint32_t count)
{
    const char *own = wf_pod_text(status, "reason");
    const char *disrupted = wf_pod_text(find_condition(status, "DisruptionTarget"), "reason");
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(own, reasons[i]) == 0 || strcmp(disrupted, reasons[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum wf_history_end find_failure(const json_t *status, bool out_of_memory)
{
    static const char *const preempted[] = {"Preempting", "Preempted", "PreemptionByScheduler",
                                            "Evicted", "EvictionByEvictionAPI"};
    static const char *const lost[] = {"NodeLost",   "NodeShutdown",           "Shutdown",
                                       "Terminated", "DeletionByTaintManager", "NodeAffinity"};
    static const char *const timeout[] = {"DeadlineExceeded"};
    if (has_reason(status, timeout, WF_COUNT_OF(timeout))) {
        return WF_ENDED_TIMEOUT;
    }
    if (has_reason(status, preempted, WF_COUNT_OF(preempted))) {
        return WF_ENDED_PREEMPTED;
    }
    if (has_reason(status, lost, WF_COUNT_OF(lost))) {
        return WF_ENDED_NODE_FAIL;
    }
    return out_of_memory ? WF_ENDED_OUT_OF_MEMORY : WF_ENDED_FAILED;
}

// Sets how and when the pod ended, if it did.
static void set_end(const json_t *status, const struct containers *containers, int64_t deleted_ms,
                    struct wf_history_job *job)
{
    const char *phase = wf_pod_text(status, "phase");
    bool succeeded = strcmp(phase, "Succeeded") == 0;
    job->end = WF_ENDED_NOT_YET;
    if (succeeded || strcmp(phase, "Failed") == 0) {
        job->end = succeeded ? WF_ENDED_WELL : find_failure(status, containers->out_of_memory);
        job->end_ms = containers->last_ms > 0 ? containers->last_ms : deleted_ms;
    } else if (deleted_ms != WF_TIME_UNKNOWN) {
        job->end = WF_ENDED_CANCELLED;
        job->end_ms = deleted_ms;
    }
}

// A pod takes up room from when it is bound to a node, which is before its containers start.
static enum wf_status take_times(const json_t *object, struct wf_history_job *job,
                                 struct wf_error *err)
{
    const json_t *meta = wf_pod_member(object, "metadata", NULL);
    const json_t *spec = wf_pod_member(object, "spec", NULL);
    const json_t *status = wf_pod_member(object, "status", NULL);
    int64_t deleted_ms;
    int64_t bound_ms;
    int64_t started_ms;
    struct containers containers;
    if (!take_time(meta, "creationTimestamp", &job->submit_ms) ||
        job->submit_ms == WF_TIME_UNKNOWN) {
        return wf_fail(err, WF_INVALID, "the pod has no creationTimestamp");
    }
    if (!take_time(meta, "deletionTimestamp", &deleted_ms) ||
        !take_time(find_condition(status, "PodScheduled"), "lastTransitionTime", &bound_ms) ||
        !take_time(status, "startTime", &started_ms) || !take_containers(status, &containers)) {
        return wf_fail(err, WF_INVALID, "a time of the pod is none");
    }
    job->eligible_ms = job->submit_ms;
    job->start_ms = bound_ms != WF_TIME_UNKNOWN     ? bound_ms
                    : started_ms != WF_TIME_UNKNOWN ? started_ms
                                                    : containers.first_ms;
    job->end_ms = WF_TIME_UNKNOWN;
    set_end(status, &containers, deleted_ms, job);
    int64_t limit_s = json_integer_value(wf_pod_member(spec, "activeDeadlineSeconds", NULL));
    if (limit_s > 0 && limit_s <= INT64_C(10000000000)) {
        job->limit_ms = limit_s * 1000;
    }
    return WF_OK;
}

// The first of these keys that an object has text for; "" when it has none.
static const char *first_text(const json_t *object, const char *const *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *text = wf_pod_text(object, keys[i]);
        if (text[0]) {
            return text;
        }
    }
    return "";
}

static const char *find_queue(const json_t *meta)
{
    static const char *const keys[] = {"kueue.x-k8s.io/queue-name", "kai.scheduler/queue",
                                       "volcano.sh/queue-name", "scheduling.volcano.sh/queue-name"};
    const char *label = first_text(wf_pod_member(meta, "labels", NULL), keys, WF_COUNT_OF(keys));
    return label[0] ? label
                    : first_text(wf_pod_member(meta, "annotations", NULL), keys, WF_COUNT_OF(keys));
}

static const char *find_group(const json_t *meta)
{
    static const char *const keys[] = {
        "scheduling.k8s.io/group-name",
        "scheduling.volcano.sh/group-name",
        "scheduling.x-k8s.io/pod-group",
        "pod-group.scheduling.sigs.k8s.io/name",
        "pod-group.scheduling.sigs.k8s.io",
        "kueue.x-k8s.io/pod-group-name",
        "pod-group-name",
    };
    const char *label = first_text(wf_pod_member(meta, "labels", NULL), keys, WF_COUNT_OF(keys));
    return label[0] ? label
                    : first_text(wf_pod_member(meta, "annotations", NULL), keys, WF_COUNT_OF(keys));
}

// The user is told by a label, or else by the service account, or else by the namespace.
static const char *find_user(const json_t *object, const char *name_space)
{
    static const char *const keys[] = {"user", "username", "owner", "hub.jupyter.org/username"};
    const char *label =
        first_text(wf_pod_member(object, "metadata", "labels"), keys, WF_COUNT_OF(keys));
    const char *account = wf_pod_text(wf_pod_member(object, "spec", NULL), "serviceAccountName");
    if (label[0]) {
        return label;
    }
    return account[0] && strcmp(account, "default") != 0 ? account : name_space;
}

// What made the pod has the name that repeated runs share.
static const char *find_name(const json_t *meta)
{
    static const char *const keys[] = {"batch.kubernetes.io/job-name", "job-name",
                                       "volcano.sh/job-name", "training.kubeflow.org/job-name"};
    const json_t *owner = json_array_get(wf_pod_member(meta, "ownerReferences", NULL), 0);
    const char *label = first_text(wf_pod_member(meta, "labels", NULL), keys, WF_COUNT_OF(keys));
    if (label[0]) {
        return label;
    }
    const char *name = wf_pod_text(owner, "name");
    if (!name[0]) {
        name = wf_pod_text(meta, "generateName");
    }
    return name[0] ? name : wf_pod_text(meta, "name");
}

static enum wf_status take_names(struct wf_history *history, const json_t *object,
                                 const struct wf_pod *pod, struct wf_history_job *job,
                                 struct wf_error *err)
{
    const json_t *meta = wf_pod_member(object, "metadata", NULL);
    const char *queue = find_queue(meta);
    const char *node = wf_pod_text(wf_pod_member(object, "spec", NULL), "nodeName");
    enum wf_status status =
        wf_history_name(history, find_user(object, pod->name_space), &job->user, err);
    if (status == WF_OK) {
        status = wf_history_stem(history, find_name(meta), &job->name, err);
    }
    if (status == WF_OK) {
        status = wf_history_name(history, queue[0] ? queue : pod->name_space, &job->queue, err);
    }
    return status == WF_OK ? wf_history_name(history, node, &job->nodes, err) : status;
}

// Pods that stand on every node, or that hold a GPU so that others may share it, are no work that
// somebody schedules.
static bool is_own_work(const json_t *meta, const char *name_space)
{
    const json_t *owner = json_array_get(wf_pod_member(meta, "ownerReferences", NULL), 0);
    const char *kind = wf_pod_text(owner, "kind");
    return strcmp(kind, "DaemonSet") != 0 && strcmp(kind, "Node") != 0 &&
           strcmp(name_space, "kai-resource-reservation") != 0 &&
           strcmp(name_space, "runai-reservation") != 0;
}

static enum wf_status identify(const json_t *object, struct wf_pod *pod, struct wf_error *err)
{
    const json_t *meta = wf_pod_member(object, "metadata", NULL);
    const char *kind = wf_pod_text(object, "kind");
    const char *name = wf_pod_text(meta, "name");
    const char *group = find_group(meta);
    if (kind[0] && strcmp(kind, "Pod") != 0) {
        char quoted[48];
        wf_lines_quote(kind, quoted, sizeof quoted);
        return wf_fail(err, WF_INVALID, "the object is a %s, not a Pod", quoted);
    }
    if (!name[0]) {
        return wf_fail(err, WF_INVALID, "the object has no metadata.name");
    }
    pod->name_space = wf_pod_text(meta, "namespace");
    if (!pod->name_space[0]) {
        pod->name_space = "default";
    }
    // Kubernetes allows 253 bytes for each of the parts.
    if (strlen(pod->name_space) > 253 || strlen(name) > 253 || strlen(group) > 253) {
        return wf_fail(err, WF_INVALID, "a name of the pod is longer than 253 bytes");
    }
    snprintf(pod->id, sizeof pod->id, "%s/%s", pod->name_space, name);
    snprintf(pod->group, sizeof pod->group, "%s%s%s", group[0] ? pod->name_space : "",
             group[0] ? "/" : "", group);
    pod->own_work = is_own_work(meta, pod->name_space);
    return WF_OK;
}

enum wf_status wf_pod_read(struct wf_history *history, const json_t *object, struct wf_pod *pod_out,
                           struct wf_history_job *job_out, struct wf_error *err)
{
    *job_out = (struct wf_history_job){.line = history->line, .tasks = 1};
    enum wf_status status = identify(object, pod_out, err);
    if (status != WF_OK || !pod_out->own_work) {
        return status;
    }
    json_int_t priority =
        json_integer_value(wf_pod_member(wf_pod_member(object, "spec", NULL), "priority", NULL));
    job_out->priority = (int32_t)(priority > INT32_MAX   ? INT32_MAX
                                  : priority < INT32_MIN ? INT32_MIN
                                                         : priority);
    status = take_times(object, job_out, err);
    status = status == WF_OK ? wf_pod_request(history, object, job_out, err) : status;
    return status == WF_OK ? take_names(history, object, pod_out, job_out, err) : status;
}
