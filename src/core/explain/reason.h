// SPDX-License-Identifier: Apache-2.0
// Why a node cannot start a task: the one table of reasons (docs/reasons.md shows it) and the test
// of one node against one request. A node starts the task if and only if no reason is left.
#pragma once

#include "core/cluster.h"

// X(code, name, what the node is or has). SIZE reasons hold even when the node is empty; a FREE
// reason is only given where the node is large enough. Amounts are for one task.
#define WF_REASONS(X)                                                                              \
    X(MODEL, "model", "has GPUs of a model that the job does not accept")                          \
    X(PLACE, "place", "stands outside of the place that the job names")                            \
    X(LABELS, "labels", "lacks a label that the job asks for")                                     \
    X(CLOSED, "closed", "takes no new work")                                                       \
    X(CPU_SIZE, "cpu-size", "has less CPU than one task asks for, even when empty")                \
    X(CPU_FREE, "cpu-free", "has too little CPU free")                                             \
    X(MEMORY_SIZE, "memory-size", "has less memory than one task asks for, even when empty")       \
    X(MEMORY_FREE, "memory-free", "has too little memory free")                                    \
    X(GPUS_SIZE, "gpus-size", "has fewer GPUs than one task asks for, even when empty")            \
    X(GPUS_FREE, "gpus-free", "has too few GPUs that are completely free")                         \
    X(SHARE_FREE, "share-free", "has no GPU with so large a share free")

enum wf_reason {
#define WF_REASON_ENUM(code, name, text) WF_REASON_##code,
    WF_REASONS(WF_REASON_ENUM)
#undef WF_REASON_ENUM
};

#define WF_REASON_RANK(code, name, text) WF_REASON_##code##_RANK,
enum { WF_REASONS(WF_REASON_RANK) WF_REASON_COUNT };
#undef WF_REASON_RANK
#define WF_REASON_BIT(code) (UINT32_C(1) << WF_REASON_##code)

// Never NULL.
const char *wf_reason_name(enum wf_reason reason);
const char *wf_reason_text(enum wf_reason reason);

// Returns whether a job with this request is one the core takes at all: no GPU with a share of 0,
// one with a share of 1 to 999, or some whole ones.
bool wf_request_is_valid(const struct wf_request *request);

// Returns the set of reasons for which a node that is up cannot start one task of the request
// now; 0: it can. The request is as the job asks, not as the pool serves it.
uint32_t wf_reasons_of(const struct wf_pool *pool, const struct wf_node *node,
                       const struct wf_state *state, const struct wf_request *request);

// Returns by how much the node falls short for this reason, which is one of its reasons:
// milli-CPU, MiB, GPUs or milli-GPU; 0 for reasons without an amount.
uint32_t wf_reason_shortage(enum wf_reason reason, const struct wf_pool *pool,
                            const struct wf_node *node, const struct wf_state *state,
                            const struct wf_request *request);
