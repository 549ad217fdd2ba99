// SPDX-License-Identifier: Apache-2.0
#include "core/explain/change.h"

#include "base/assert.h"
#include "base/words.h"

WF_WORDS_OF(change, enum wf_change_kind, WF_CHANGE_KINDS);

static uint32_t smaller(uint64_t a, uint32_t b)
{
    return a < b ? (uint32_t)a : b;
}

// The rungs that take whole GPUs away.
static uint32_t whole_rungs(const struct wf_request *request)
{
    return request->gpus > 1 ? (uint32_t)request->gpus - 1 : 0;
}

static uint32_t gpu_milli_asked(const struct wf_request *request)
{
    return (uint32_t)request->gpus * request->gpu_milli;
}

uint32_t wf_change_gpu_milli(const struct wf_request *request, uint32_t rungs)
{
    uint32_t whole = whole_rungs(request);
    uint32_t asked = gpu_milli_asked(request);
    return rungs <= whole ? asked - rungs * WF_GPU_MILLI
                          : asked - whole * WF_GPU_MILLI - (rungs - whole);
}

static uint32_t count_of(uint64_t set)
{
    return (uint32_t)__builtin_popcountll(set);
}

// Which parts of the place a level no longer names, coarsest last.
static uint32_t place_steps_max(struct wf_place place)
{
    if (place.site != WF_ANYWHERE) {
        return 3;
    }
    return place.region != WF_ANYWHERE ? 2 : place.zone != WF_ANYWHERE;
}

uint32_t wf_change_steps_max(const struct wf_job_spec *job, enum wf_change_kind kind)
{
    const struct wf_request *request = &job->request;
    switch (kind) {
    case WF_CHANGE_CPU:
        return request->cpu_milli > 0 ? request->cpu_milli - 1 : 0;
    case WF_CHANGE_MEMORY:
        return request->memory_mib > 0 ? request->memory_mib - 1 : 0;
    case WF_CHANGE_MODELS:
        return request->gpus > 0 ? count_of(~request->models) : 0;
    case WF_CHANGE_PLACE:
        return place_steps_max(request->place);
    case WF_CHANGE_LABELS:
        return count_of(request->labels);
    case WF_CHANGE_TASKS:
        return job->tasks - 1;
    case WF_CHANGE_GPUS:
        return request->gpus > 0 ? whole_rungs(request) + request->gpu_milli - 1 : 0;
    }
    return 0;
}

// What a kind's steps are counted in parts of; 0 for kinds with a fixed size for each step.
static uint32_t amount_asked(const struct wf_job_spec *job, enum wf_change_kind kind)
{
    switch (kind) {
    case WF_CHANGE_CPU:
        return job->request.cpu_milli;
    case WF_CHANGE_MEMORY:
        return job->request.memory_mib;
    case WF_CHANGE_TASKS:
        return job->tasks;
    case WF_CHANGE_GPUS:
        return gpu_milli_asked(&job->request);
    case WF_CHANGE_MODELS:
    case WF_CHANGE_PLACE:
    case WF_CHANGE_LABELS:
        return 0;
    }
    return 0;
}

static uint32_t fixed_ppm(enum wf_change_kind kind)
{
    if (kind == WF_CHANGE_MODELS) {
        return WF_CHANGE_MODEL_PPM;
    }
    return kind == WF_CHANGE_PLACE ? WF_CHANGE_PLACE_PPM : WF_CHANGE_LABEL_PPM;
}

uint64_t wf_change_step_ppm(const struct wf_job_spec *job, enum wf_change_kind kind, uint32_t steps)
{
    uint64_t asked = amount_asked(job, kind);
    if (asked == 0) {
        return (uint64_t)steps * fixed_ppm(kind);
    }
    uint64_t less =
        kind == WF_CHANGE_GPUS ? asked - wf_change_gpu_milli(&job->request, steps) : steps;
    return (less * WF_PPM + asked - 1) / asked;
}

uint32_t wf_change_steps_within(const struct wf_job_spec *job, enum wf_change_kind kind,
                                uint64_t size_ppm)
{
    uint32_t steps_max = wf_change_steps_max(job, kind);
    uint64_t asked = amount_asked(job, kind);
    if (asked == 0) {
        return smaller(size_ppm / fixed_ppm(kind), steps_max);
    }
    if (size_ppm >= WF_PPM) {
        return steps_max;
    }
    uint64_t less = size_ppm * asked / WF_PPM;
    if (kind == WF_CHANGE_GPUS) {
        uint64_t whole = whole_rungs(&job->request);
        less =
            less < whole * WF_GPU_MILLI ? less / WF_GPU_MILLI : whole + less - whole * WF_GPU_MILLI;
    }
    return smaller(less, steps_max);
}

uint32_t wf_change_kinds(const struct wf_change *change)
{
    uint32_t set = 0;
    for (uint32_t kind = 0; kind < WF_CHANGE_COUNT; kind++) {
        set |= (uint32_t)(change->steps[kind] > 0) << kind;
    }
    return set;
}

uint64_t wf_change_ppm(const struct wf_job_spec *job, const struct wf_change *change)
{
    uint64_t sum = 0;
    for (uint32_t kind = 0; kind < WF_CHANGE_COUNT; kind++) {
        if (change->steps[kind] > 0) {
            sum += wf_change_step_ppm(job, (enum wf_change_kind)kind, change->steps[kind]);
        }
    }
    return sum;
}

bool wf_change_is_smaller(const struct wf_job_spec *job, const struct wf_change *a,
                          const struct wf_change *b)
{
    uint32_t kinds_a = wf_change_kinds(a);
    uint32_t kinds_b = wf_change_kinds(b);
    uint32_t count_a = count_of(kinds_a);
    uint32_t count_b = count_of(kinds_b);
    if (count_a != count_b) {
        return count_a < count_b;
    }
    uint64_t ppm_a = wf_change_ppm(job, a);
    uint64_t ppm_b = wf_change_ppm(job, b);
    return ppm_a != ppm_b ? ppm_a < ppm_b : kinds_a < kinds_b;
}

struct wf_job_spec wf_change_apply(const struct wf_job_spec *job, const struct wf_change *change)
{
    struct wf_job_spec changed = *job;
    struct wf_request *request = &changed.request;
    const uint32_t *steps = change->steps;
    request->cpu_milli -= steps[WF_CHANGE_CPU];
    request->memory_mib -= steps[WF_CHANGE_MEMORY];
    request->models |= change->models_added;
    request->labels &= ~change->labels_dropped;
    changed.tasks -= steps[WF_CHANGE_TASKS];
    if (steps[WF_CHANGE_PLACE] >= 1) {
        request->place.zone = WF_ANYWHERE;
    }
    if (steps[WF_CHANGE_PLACE] >= 2) {
        request->place.region = WF_ANYWHERE;
    }
    if (steps[WF_CHANGE_PLACE] >= 3) {
        request->place.site = WF_ANYWHERE;
    }
    if (steps[WF_CHANGE_GPUS] > 0) {
        uint32_t milli = wf_change_gpu_milli(&job->request, steps[WF_CHANGE_GPUS]);
        WF_ASSERT(milli > 0);
        request->gpus = (uint8_t)(milli >= WF_GPU_MILLI ? milli / WF_GPU_MILLI : 1);
        request->gpu_milli = (uint16_t)(milli >= WF_GPU_MILLI ? WF_GPU_MILLI : milli);
    }
    return changed;
}

static uint64_t value_of(const struct wf_job_spec *job, enum wf_change_kind kind)
{
    switch (kind) {
    case WF_CHANGE_MODELS:
        return job->request.models;
    case WF_CHANGE_LABELS:
        return job->request.labels;
    case WF_CHANGE_PLACE:
        return 0;
    case WF_CHANGE_CPU:
    case WF_CHANGE_MEMORY:
    case WF_CHANGE_TASKS:
    case WF_CHANGE_GPUS:
        return amount_asked(job, kind);
    }
    return 0;
}

uint32_t wf_change_parts(const struct wf_job_spec *job, const struct wf_change *change,
                         struct wf_change_part parts_out[WF_CHANGE_COUNT])
{
    struct wf_job_spec changed = wf_change_apply(job, change);
    uint32_t count = 0;
    for (uint32_t i = 0; i < WF_CHANGE_COUNT; i++) {
        enum wf_change_kind kind = (enum wf_change_kind)i;
        if (change->steps[i] == 0) {
            continue;
        }
        parts_out[count++] = (struct wf_change_part){
            .kind = kind,
            .from = value_of(job, kind),
            .to = kind == WF_CHANGE_PLACE ? change->steps[i] : value_of(&changed, kind),
            .size_ppm = wf_change_step_ppm(job, kind, change->steps[i]),
        };
    }
    return count;
}
