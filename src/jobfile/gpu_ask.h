// SPDX-License-Identifier: Apache-2.0
// The GPUs that a task asks for, in any of the spellings people know, as one normal form:
//
//   H100:8  h100:8  gpu:h100:8  gres/gpu:h100:8  nvidia:H100:80GB:8  24GB..80GB:1  80GB..:2
//   H100:0.5  any:1  amd:any:4  2  a100_1g.5gb:1  ["H100:8", "MI300X:8"] (any of)
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "core/types.h"
#include "gpu/gpu_name.h"
#include "jobfile/limits.h"

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

// Reads one choice and its number: "nvidia:H100:80GB:8".
enum wf_status wf_gpu_choice_read(const char *text, struct wf_gpu_choice *choice_out,
                                  uint32_t *gpus_out, uint32_t *gpu_milli_out,
                                  struct wf_error *err) WF_MUST_USE;

// Writes the normal form: a text, a list of texts, or NULL without memory.
json_t *wf_gpu_ask_write(const struct wf_gpu_ask *ask);

// Whether a machine's GPUs of this model, vendor and memory will do. memory_mib is what the driver
// tells, some percent less than what is on the box; 0: not known, then any will do.
bool wf_gpu_ask_takes(const struct wf_gpu_ask *ask, const char *model, enum wf_vendor vendor,
                      uint64_t memory_mib);
