// SPDX-License-Identifier: Apache-2.0
// The demand forecast: which requests are expected, and how often. It answers one question fast:
// how much of the free GPU share on a node will the expected requests be able to use?
//
// usable(state) = sum over the classes m of count(m) * usable(state, m), where usable(state, m) is
// 0 if one task of class m does not fit on the node, and otherwise the free share of all GPUs with
// room for it. What is free but not usable is the expected fragment of Weng et al. (USENIX ATC
// 2023), F = free * total - usable, here as an exact integer: milli-GPU times counts.
// Memory is not part of a class: in the field it never decides what a GPU can be used for.
#pragma once

#include "base/region.h"
#include "core/state.h"

struct wf_mix {
    struct wf_mix_class classes[WF_MIX_CLASSES_MAX];
    uint32_t count;
    int64_t total; // sum of the counts, CPU-only classes included; 0: nothing known
    uint32_t models;

    // Tables made from the classes. A CPU bucket is the number of distinct CPU requests that still
    // fit; a share bucket the number of distinct GPU shares that do.
    uint32_t cpu_steps[WF_MIX_CLASSES_MAX];
    uint32_t cpu_count;
    uint16_t share_bucket[WF_GPU_MILLI + 1];
    uint32_t share_count;
    uint32_t *share_mass; // [model][CPU bucket][share bucket]: tasks for a share that fit
    uint32_t *whole_mass; // [model][CPU bucket][whole GPUs]: tasks for whole GPUs that fit
};

// Takes the memory for models GPU models. Returns WF_NOMEM or WF_OK.
enum wf_status wf_mix_init(struct wf_mix *mix, struct wf_region *region, uint32_t models,
                           struct wf_error *err) WF_MUST_USE;

// Replaces the forecast. At most WF_MIX_CLASSES_MAX classes, with counts of at most
// WF_MIX_TOTAL_MAX in all. Classes without a count are left out.
void wf_mix_set(struct wf_mix *mix, const struct wf_mix_class *classes, uint32_t count);

// Returns usable(state) on a node of that model, by the tables.
int64_t wf_mix_usable(const struct wf_mix *mix, uint32_t model, const struct wf_state *state);

// What placing one task changes: usable(state) before, and after for each way to place it. A share
// may be taken from any GPU i with room for it, that is way i, else -1; anything else has one way.
struct wf_effect {
    int64_t usable_before;
    int64_t usable_after[WF_NODE_GPUS_MAX];
    uint32_t ways;
};

// Fills the effect of a request that fits, by the tables.
void wf_mix_effect(const struct wf_mix *mix, uint32_t model, const struct wf_state *state,
                   const struct wf_request *request, struct wf_effect *effect);

// The same by the definition, class by class and state by state: the measure of the tables, and
// what --plain uses.
int64_t wf_mix_usable_plain(const struct wf_mix *mix, uint32_t model, const struct wf_state *state);
void wf_mix_effect_plain(const struct wf_mix *mix, uint32_t model, const struct wf_state *state,
                         const struct wf_request *request, struct wf_effect *effect);

// Returns F of the state: milli-GPU times counts.
int64_t wf_mix_fragment(const struct wf_mix *mix, uint32_t model, const struct wf_state *state);
