// SPDX-License-Identifier: Apache-2.0
// The GPUs that a task asks for, in any of the spellings people know, as one normal form:
//
//   H100:8  h100:8  gpu:h100:8  gres/gpu:h100:8  nvidia:H100:80GB:8  24GB..80GB:1  80GB..:2
//   H100:0.5  any:1  amd:any:4  2  a100_1g.5gb:1  H100:8|MI300X:8  ["H100:8", "MI300X:8"] (any of)
//
// A part of a GPU (1g.5gb) is a share of it: 1 of 7 units are 142 thousandths.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "core/types.h"
#include "gpu/gpu_name.h"
#include "jobfile/job_limits.h"

struct wf_job_memory;

// One kind of GPU that will do.
struct wf_gpu_choice {
    char model[WF_GPU_NAME_BYTES]; // short name (gpu/gpu_name.h); "": any
    bool vendor_told;              // false: of either vendor
    enum wf_vendor vendor;
    uint32_t memory_mib_min; // of one GPU as it is sold (80GB: 81920); 0: any
    uint32_t memory_mib_max; // 0: any
};

struct wf_gpu_ask {
    uint32_t gpus;      // of each task; 0: none
    uint32_t gpu_milli; // share of each: 1000, or less where gpus is 1; 0 where it is 0
    const struct wf_gpu_choice *choices; // any of them will do; none: every GPU will do
    uint32_t choice_count;
};

// Reads what stands in the field "gpus": a text, a number, or a list of texts. Lists live in
// memory. Errors (the sentence does not name the field): WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_gpu_ask_read(const json_t *value, struct wf_job_memory *memory,
                               struct wf_gpu_ask *ask_out, struct wf_error *err) WF_MUST_USE;

// Restricts an ask to the GPUs of a vendor. Errors: WF_INVALID (none is left), WF_NOMEM.
enum wf_status wf_gpu_ask_restrict(struct wf_gpu_ask *ask, enum wf_vendor vendor,
                                   struct wf_job_memory *memory, struct wf_error *err) WF_MUST_USE;

// Whether GPUs of the vendor may be what is asked for.
bool wf_gpu_ask_vendor(const struct wf_gpu_ask *ask, enum wf_vendor vendor);

// One kind and how many of it.
struct wf_gpu_part {
    struct wf_gpu_choice choice;
    uint32_t gpus;
    uint32_t gpu_milli;
};

// Reads one choice and its number: "nvidia:H100:80GB:8".
enum wf_status wf_gpu_part_read(const char *text, struct wf_gpu_part *part_out,
                                struct wf_error *err) WF_MUST_USE;

// Writes the normal form: a text, a list of texts, or NULL without memory.
json_t *wf_gpu_ask_write(const struct wf_gpu_ask *ask);

// GPUs that there are somewhere.
struct wf_gpu_kind {
    const char *model; // in any spelling
    enum wf_vendor vendor;
    uint64_t memory_mib; // of one, as its driver tells: some percent less than it is sold as; 0:
                         // not known, then any will do
};

// Returns which of up to WF_MODELS_MAX kinds will do, as a set: of those that may be what a choice
// names, the one of that very name, or else all.
uint64_t wf_gpu_ask_kinds(const struct wf_gpu_ask *ask, const struct wf_gpu_kind *kinds,
                          uint32_t count);
