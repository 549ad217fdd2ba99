// SPDX-License-Identifier: Apache-2.0
// A change that makes a job easier to place, and the one order of how small changes are
// (docs/reasons.md): first the number of kinds changed, then the size, then the set of kinds as a
// number, so that kinds that stand early in the table are preferred.
//
// What is asked for in amounts (CPU, memory, GPUs, tasks) has a size in parts per million of the
// amount asked for, rounded up. The others have a fixed size for each step. The size of a change
// is the sum over its kinds.
#pragma once

#include "core/types.h"

// X(code, name, what the job does)
#define WF_CHANGE_KINDS(X)                                                                         \
    X(CPU, "cpu", "asks for less CPU in each task")                                                \
    X(MEMORY, "memory", "asks for less memory in each task")                                       \
    X(MODELS, "models", "accepts further GPU models")                                              \
    X(PLACE, "place", "may run in a wider place")                                                  \
    X(LABELS, "labels", "asks for fewer labels")                                                   \
    X(TASKS, "tasks", "has fewer tasks")                                                           \
    X(GPUS, "gpus", "asks for fewer GPUs, or a smaller share of one, in each task")

enum wf_change_kind {
#define WF_CHANGE_ENUM(code, name, text) WF_CHANGE_##code,
    WF_CHANGE_KINDS(WF_CHANGE_ENUM)
#undef WF_CHANGE_ENUM
};

#define WF_CHANGE_RANK(code, name, text) WF_CHANGE_##code##_RANK,
enum { WF_CHANGE_KINDS(WF_CHANGE_RANK) WF_CHANGE_COUNT };
#undef WF_CHANGE_RANK
#define WF_CHANGE_BIT(code) (UINT32_C(1) << WF_CHANGE_##code)
#define WF_CHANGE_ALL ((UINT32_C(1) << WF_CHANGE_COUNT) - 1)

#define WF_PPM 1000000
#define WF_CHANGE_MODEL_PPM 100000 // for each GPU model accepted
#define WF_CHANGE_PLACE_PPM 100000 // for each level: 1 zone, 2 region, 3 site no longer named
#define WF_CHANGE_LABEL_PPM 250000 // for each label no longer asked for
#define WF_CHANGE_PLACE_LEVELS 3

// How far each kind goes; 0: not at all. CPU: milli-CPU less, MEMORY: MiB less (a task keeps at
// least 1 of each that it asked for), MODELS: models more, PLACE: the level, LABELS: labels fewer,
// TASKS: tasks fewer (at least 1 stays), GPUS: rungs down the ladder of wf_change_gpu_milli.
struct wf_change {
    uint32_t steps[WF_CHANGE_COUNT];
    uint64_t models_added;
    uint64_t labels_dropped;
};

// Never NULL.
const char *wf_change_name(enum wf_change_kind kind);
const char *wf_change_text(enum wf_change_kind kind);

// Returns the GPU share one task asks for after that many rungs down: 4000 of four GPUs, 3000,
// 2000, 1000, then 999 of one GPU, 998 and so on to 1.
uint32_t wf_change_gpu_milli(const struct wf_request *request, uint32_t rungs);

// Returns the most steps that a kind can go for this job.
uint32_t wf_change_steps_max(const struct wf_job_spec *job, enum wf_change_kind kind);

// Returns the size of one kind's steps, and the most steps with at most that size.
uint64_t wf_change_step_ppm(const struct wf_job_spec *job, enum wf_change_kind kind,
                            uint32_t steps);
uint32_t wf_change_steps_within(const struct wf_job_spec *job, enum wf_change_kind kind,
                                uint64_t size_ppm);

// Returns the set of kinds that change, and the size of it all.
uint32_t wf_change_kinds(const struct wf_change *change);
uint64_t wf_change_ppm(const struct wf_job_spec *job, const struct wf_change *change);

// Returns whether a is smaller than b in the order above.
bool wf_change_is_smaller(const struct wf_job_spec *job, const struct wf_change *a,
                          const struct wf_change *b);

// Returns the job with the change made: valid, to be submitted as it is.
struct wf_job_spec wf_change_apply(const struct wf_job_spec *job, const struct wf_change *change);

// One kind of a change for people: what was asked for and what is asked for then, in milli-CPU,
// MiB, sets of models, levels of the place no longer named, sets of labels, tasks, milli-GPU.
struct wf_change_part {
    enum wf_change_kind kind;
    uint64_t from, to;
    uint64_t size_ppm;
};

// Fills parts_out with the kinds that change, in the order of the table, and returns their number.
uint32_t wf_change_parts(const struct wf_job_spec *job, const struct wf_change *change,
                         struct wf_change_part parts_out[WF_CHANGE_COUNT]);
