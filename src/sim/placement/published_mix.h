// SPDX-License-Identifier: Apache-2.0
// The demand forecast of the published fragmentation benchmark (Weng et al., USENIX ATC 2023): the
// request classes that make up 95 % of the tasks in the list, each with how often it is there.
//
// A class is a distinct (CPU, number of GPUs, share, list of models as written); memory is ignored
// and CPU-only tasks count. Classes are sorted by count, then by larger CPU, larger share, more
// GPUs, and the greater list of models as a string; the shortest prefix that reaches 95 % is kept.
#pragma once

#include "trace/trace.h"

struct wf_published_mix {
    struct wf_mix_class classes[WF_MIX_CLASSES_MAX];
    uint32_t count;    // classes kept; at most the WF_MIX_CLASSES_MAX most frequent ones
    uint32_t distinct; // classes in all
};

// Counts of more than WF_MIX_TOTAL_MAX tasks in all are scaled down. Errors: WF_NOMEM.
enum wf_status wf_published_mix_make(const struct wf_trace *trace, struct wf_published_mix *mix_out,
                                     struct wf_error *err) WF_MUST_USE;
