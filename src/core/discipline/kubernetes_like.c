// SPDX-License-Identifier: Apache-2.0
// What Kubernetes does with its scheduler's MostAllocated scoring and a plug-in for gangs: by
// priority, then by arrival; what fits starts, and nothing is kept for what does not.
#include "core/discipline/discipline.h"

const struct wf_discipline wf_discipline_kubernetes_like = {
    .name = "kubernetes-like",
    .summary = "by priority, whatever fits starts, nothing is kept for what does not",
    .placement = "gpu-packing",
    .jumps = true,
    .believe = WF_BELIEVE_LIMIT,
};
