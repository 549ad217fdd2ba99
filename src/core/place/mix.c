// SPDX-License-Identifier: Apache-2.0
#include "core/place/mix.h"

#include <string.h>

#include "base/assert.h"

enum {
    CPU_BUCKETS_MAX = WF_MIX_CLASSES_MAX + 1,
    SHARE_BUCKETS_MAX = WF_MIX_CLASSES_MAX + 1,
    WHOLE_BUCKETS = WF_NODE_GPUS_MAX + 1,
};

enum wf_status wf_mix_init(struct wf_mix *mix, struct wf_region *region, uint32_t models,
                           struct wf_error *err)
{
    *mix = (struct wf_mix){.models = models};
    mix->share_mass = wf_region_take(region, (size_t)models * CPU_BUCKETS_MAX * SHARE_BUCKETS_MAX,
                                     sizeof *mix->share_mass);
    mix->whole_mass = wf_region_take(region, (size_t)models * CPU_BUCKETS_MAX * WHOLE_BUCKETS,
                                     sizeof *mix->whole_mass);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for the demand forecast of %u GPU models", models);
    }
    return WF_OK;
}

static bool is_share(const struct wf_mix_class *class)
{
    return class->gpus == 1 && class->gpu_milli < WF_GPU_MILLI;
}

static bool runs_on(const struct wf_mix_class *class, uint32_t model)
{
    return class->gpus > 0 && (class->models & WF_MODEL_BIT(model)) != 0;
}

static uint32_t *share_row(const struct wf_mix *mix, uint32_t model, uint32_t cpu_bucket)
{
    return mix->share_mass +
           ((size_t)model * (mix->cpu_count + 1) + cpu_bucket) * (mix->share_count + 1);
}

static uint32_t *whole_row(const struct wf_mix *mix, uint32_t model, uint32_t cpu_bucket)
{
    return mix->whole_mass + ((size_t)model * (mix->cpu_count + 1) + cpu_bucket) * WHOLE_BUCKETS;
}

// The number of CPU steps that are at most cpu_milli: binary search without branches to mispredict.
static uint32_t cpu_bucket(const struct wf_mix *mix, uint32_t cpu_milli)
{
    const uint32_t *base = mix->cpu_steps;
    uint32_t length = mix->cpu_count;
    if (length == 0) {
        return 0;
    }
    while (length > 1) {
        uint32_t half = length / 2;
        base += base[half - 1] <= cpu_milli ? half : 0;
        length -= half;
    }
    return (uint32_t)(base - mix->cpu_steps) + (*base <= cpu_milli);
}

static void insert_step(uint32_t *steps, uint32_t *count, uint32_t value)
{
    uint32_t at = *count;
    while (at > 0 && steps[at - 1] >= value) {
        if (steps[at - 1] == value) {
            return;
        }
        at--;
    }
    memmove(steps + at + 1, steps + at, (*count - at) * sizeof *steps);
    steps[at] = value;
    (*count)++;
}

static void make_buckets(struct wf_mix *mix)
{
    uint32_t shares[WF_MIX_CLASSES_MAX];
    mix->cpu_count = 0;
    mix->share_count = 0;
    for (uint32_t i = 0; i < mix->count; i++) {
        const struct wf_mix_class *class = &mix->classes[i];
        if (class->gpus == 0) {
            continue;
        }
        insert_step(mix->cpu_steps, &mix->cpu_count, class->cpu_milli);
        if (is_share(class)) {
            insert_step(shares, &mix->share_count, class->gpu_milli);
        }
    }
    uint32_t bucket = 0;
    for (uint32_t milli = 0; milli <= WF_GPU_MILLI; milli++) {
        while (bucket < mix->share_count && shares[bucket] <= milli) {
            bucket++;
        }
        mix->share_bucket[milli] = (uint16_t)bucket;
    }
}

// Adds up each table along both its axes, so that a cell counts every class that fits there.
static void accumulate(uint32_t *table, uint32_t rows, uint32_t columns)
{
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t *cell = table + (size_t)row * columns;
        for (uint32_t column = 1; column < columns; column++) {
            cell[column] += cell[column - 1];
        }
        for (uint32_t column = 0; row > 0 && column < columns; column++) {
            cell[column] += *(cell - columns + column);
        }
    }
}

static void make_tables(struct wf_mix *mix)
{
    uint32_t cpu_buckets = mix->cpu_count + 1;
    uint32_t share_buckets = mix->share_count + 1;
    memset(mix->share_mass, 0,
           (size_t)mix->models * cpu_buckets * share_buckets * sizeof *mix->share_mass);
    memset(mix->whole_mass, 0,
           (size_t)mix->models * cpu_buckets * WHOLE_BUCKETS * sizeof *mix->whole_mass);
    for (uint32_t model = 0; model < mix->models; model++) {
        for (uint32_t i = 0; i < mix->count; i++) {
            const struct wf_mix_class *class = &mix->classes[i];
            if (!runs_on(class, model)) {
                continue;
            }
            uint32_t bucket = cpu_bucket(mix, class->cpu_milli);
            if (is_share(class)) {
                share_row(mix, model, bucket)[mix->share_bucket[class->gpu_milli]] += class->count;
            } else {
                whole_row(mix, model, bucket)[class->gpus] += class->count;
            }
        }
        accumulate(share_row(mix, model, 0), cpu_buckets, share_buckets);
        accumulate(whole_row(mix, model, 0), cpu_buckets, WHOLE_BUCKETS);
    }
}

void wf_mix_set(struct wf_mix *mix, const struct wf_mix_class *classes, uint32_t count)
{
    WF_ASSERT(count <= WF_MIX_CLASSES_MAX);
    mix->count = 0;
    mix->total = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (classes[i].count > 0) {
            mix->classes[mix->count++] = classes[i];
            mix->total += classes[i].count;
        }
    }
    WF_ASSERT(mix->total <= WF_MIX_TOTAL_MAX);
    make_buckets(mix);
    make_tables(mix);
}

// What the free share of one GPU is worth to expected requests for a share.
static int64_t share_value(const struct wf_mix *mix, const uint32_t *shares, uint32_t free_milli)
{
    return (int64_t)free_milli * shares[mix->share_bucket[free_milli]];
}

static int64_t whole_value(const uint32_t *wholes, uint32_t gpus_whole)
{
    return (int64_t)gpus_whole * WF_GPU_MILLI * wholes[gpus_whole];
}

static int64_t share_values(const struct wf_mix *mix, const uint32_t *shares,
                            const struct wf_state *state)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < state->gpus; i++) {
        sum += share_value(mix, shares, state->gpu_free_milli[i]);
    }
    return sum;
}

int64_t wf_mix_usable(const struct wf_mix *mix, uint32_t model, const struct wf_state *state)
{
    uint32_t bucket = cpu_bucket(mix, state->cpu_free_milli);
    return share_values(mix, share_row(mix, model, bucket), state) +
           whole_value(whole_row(mix, model, bucket), state->gpus_whole);
}

void wf_mix_effect(const struct wf_mix *mix, uint32_t model, const struct wf_state *state,
                   const struct wf_request *request, struct wf_effect *effect)
{
    effect->usable_before = wf_mix_usable(mix, model, state);
    uint32_t bucket = cpu_bucket(mix, state->cpu_free_milli - request->cpu_milli);
    const uint32_t *shares = share_row(mix, model, bucket);
    const uint32_t *wholes = whole_row(mix, model, bucket);
    int64_t sum = share_values(mix, shares, state);
    if (!wf_request_is_share(request)) {
        effect->ways = 1;
        effect->usable_after[0] = sum - request->gpus * share_value(mix, shares, WF_GPU_MILLI) +
                                  whole_value(wholes, state->gpus_whole - request->gpus);
        return;
    }
    effect->ways = state->gpus;
    for (uint32_t i = 0; i < state->gpus; i++) {
        uint32_t free_milli = state->gpu_free_milli[i];
        if (free_milli < request->gpu_milli) {
            effect->usable_after[i] = -1;
            continue;
        }
        effect->usable_after[i] =
            sum - share_value(mix, shares, free_milli) +
            share_value(mix, shares, free_milli - request->gpu_milli) +
            whole_value(wholes,
                        free_milli == WF_GPU_MILLI ? state->gpus_whole - 1u : state->gpus_whole);
    }
}

int64_t wf_mix_usable_plain(const struct wf_mix *mix, uint32_t model, const struct wf_state *state)
{
    int64_t usable = 0;
    for (uint32_t i = 0; i < mix->count; i++) {
        const struct wf_mix_class *class = &mix->classes[i];
        if (!runs_on(class, model) || state->cpu_free_milli < class->cpu_milli) {
            continue;
        }
        uint32_t fitting = 0;
        int64_t milli = 0;
        for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
            if (state->gpu_free_milli[gpu] >= class->gpu_milli) {
                fitting++;
                milli += state->gpu_free_milli[gpu];
            }
        }
        if (fitting >= class->gpus) {
            usable += milli * class->count;
        }
    }
    return usable;
}

void wf_mix_effect_plain(const struct wf_mix *mix, uint32_t model, const struct wf_state *state,
                         const struct wf_request *request, struct wf_effect *effect)
{
    bool share = wf_request_is_share(request);
    effect->usable_before = wf_mix_usable_plain(mix, model, state);
    effect->ways = share ? state->gpus : 1;
    for (uint32_t way = 0; way < effect->ways; way++) {
        effect->usable_after[way] = -1;
        if (!share || state->gpu_free_milli[way] >= request->gpu_milli) {
            struct wf_state after = *state;
            wf_state_take(&after, request, wf_state_gpu_set(state, request, way));
            effect->usable_after[way] = wf_mix_usable_plain(mix, model, &after);
        }
    }
}

int64_t wf_mix_fragment(const struct wf_mix *mix, uint32_t model, const struct wf_state *state)
{
    return wf_state_gpu_total_milli(state) * mix->total - wf_mix_usable(mix, model, state);
}
