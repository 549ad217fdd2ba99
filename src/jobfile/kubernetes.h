// SPDX-License-Identifier: Apache-2.0
// The parts of a Kubernetes Job or Pod.
#pragma once

#include "jobfile/import_build.h"

struct wf_kubernetes {
    struct wf_import *import;
    char where[96];    // the pod's spec: "spec.template.spec."
    json_t *models;    // GPU models that will do, from selectors; empty: any
    json_t *labels;    // of the node
    char fraction[24]; // of a GPU, from an annotation; "": none
    json_t *variables; // of the container so far: what $(NAME) means
};

// The node that a pod wants: nodeSelector and affinity.
enum wf_status wf_kubernetes_node(struct wf_kubernetes *kubernetes, const json_t *spec) WF_MUST_USE;

// The container: its command, variables and what it needs.
enum wf_status wf_kubernetes_container(struct wf_kubernetes *kubernetes,
                                       const json_t *container) WF_MUST_USE;

// GPUs, CPUs and memory; where is the container's place.
enum wf_status wf_kubernetes_resources(struct wf_kubernetes *kubernetes, const char *where,
                                       const json_t *resources) WF_MUST_USE;
