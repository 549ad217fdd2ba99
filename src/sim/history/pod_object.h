// SPDX-License-Identifier: Apache-2.0
// One Kubernetes pod object as a job of one task: what it says itself, without regard to others.
#pragma once

#include <jansson.h>

#include "sim/history/reader.h"

enum { WF_POD_NAME_BYTES = 512 }; // two names of at most 253 bytes, and a slash

// What a pod is besides a job.
struct wf_pod {
    char id[WF_POD_NAME_BYTES];    // namespace/name
    char group[WF_POD_NAME_BYTES]; // namespace/group of the gang that it belongs to; "": none
    const char *name_space;        // borrowed from the object
    bool own_work;                 // false: of a daemon set, of a node, or holds a GPU for others
};

// Fills both but for the job's id. Errors: WF_INVALID (no pod, or one that cannot be understood),
// WF_NOMEM.
enum wf_status wf_pod_read(struct wf_history *history, const json_t *object, struct wf_pod *pod_out,
                           struct wf_history_job *job_out, struct wf_error *err) WF_MUST_USE;

// Fills what the pod asks for, and the makers and models of its GPUs. Errors: WF_INVALID, WF_NOMEM.
enum wf_status wf_pod_request(struct wf_history *history, const json_t *object,
                              struct wf_history_job *job, struct wf_error *err) WF_MUST_USE;

// Members of an object that may lack: NULL, or "" for text.
const json_t *wf_pod_member(const json_t *object, const char *name, const char *inner);
const char *wf_pod_text(const json_t *object, const char *name);

// A Kubernetes quantity ("500m", "1.5", "64Gi", "128974848", "129e6", "1k") in thousandths, rounded
// up. Returns false for what is none, negative or more than 10^18 thousandths.
bool wf_pod_quantity(const json_t *value, int64_t *milli_out);
