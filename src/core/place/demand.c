// SPDX-License-Identifier: Apache-2.0
#include "core/place/demand.h"

#include <string.h>

#include "base/hash.h"

enum {
    TABLE_MASK = WF_DEMAND_CLASSES_MAX * 2 - 1,
    SHARE_KEPT_PERCENT = 95,
};

void wf_demand_init(struct wf_demand *demand)
{
    memset(demand, 0, sizeof *demand); // not from a literal, which -O0 would put on the stack
    demand->refresh_at = WF_DEMAND_FIRST;
}

static uint32_t first_slot(uint32_t cpu_milli, uint32_t gpus, uint32_t gpu_milli, uint64_t models)
{
    uint64_t hash = wf_hash_add(0, (uint64_t)cpu_milli << 32 | gpus << 16 | gpu_milli);
    return (uint32_t)wf_hash_add(hash, models) & TABLE_MASK;
}

// Returns the table slot of the class, or the empty slot where it belongs.
static uint32_t find_slot(const struct wf_demand *demand, const struct wf_mix_class *wanted)
{
    uint32_t slot = first_slot(wanted->cpu_milli, wanted->gpus, wanted->gpu_milli, wanted->models);
    while (demand->table[slot] != 0) {
        const struct wf_mix_class *class = &demand->classes[demand->table[slot] - 1];
        if (class->cpu_milli == wanted->cpu_milli && class->gpus == wanted->gpus &&
            class->gpu_milli == wanted->gpu_milli && class->models == wanted->models) {
            break;
        }
        slot = (slot + 1) & TABLE_MASK;
    }
    return slot;
}

static void rebuild_table(struct wf_demand *demand)
{
    memset(demand->table, 0, sizeof demand->table);
    for (uint32_t i = 0; i < demand->count; i++) {
        demand->table[find_slot(demand, &demand->classes[i])] = (uint16_t)(i + 1);
    }
}

// The order of the forecast: by count, ties by what is asked for, so that it is the same anywhere.
static bool before(const struct wf_mix_class *a, const struct wf_mix_class *b)
{
    if (a->count != b->count) {
        return a->count > b->count;
    }
    if (a->cpu_milli != b->cpu_milli) {
        return a->cpu_milli > b->cpu_milli;
    }
    if (a->gpu_milli != b->gpu_milli) {
        return a->gpu_milli > b->gpu_milli;
    }
    return a->gpus != b->gpus ? a->gpus > b->gpus : a->models > b->models;
}

// By insertion, since the order changes little from one forecast to the next.
static void sort(struct wf_demand *demand)
{
    for (uint32_t i = 1; i < demand->count; i++) {
        struct wf_mix_class class = demand->classes[i];
        uint32_t at = i;
        for (; at > 0 && before(&class, &demand->classes[at - 1]); at--) {
            demand->classes[at] = demand->classes[at - 1];
        }
        demand->classes[at] = class;
    }
}

static void halve(struct wf_demand *demand)
{
    uint32_t kept = 0;
    demand->total = 0;
    for (uint32_t i = 0; i < demand->count; i++) {
        struct wf_mix_class class = demand->classes[i];
        class.count /= 2;
        if (class.count > 0) {
            demand->classes[kept++] = class;
            demand->total += class.count;
        }
    }
    demand->count = kept;
    rebuild_table(demand);
}

// Makes room for one more class by dropping the rarest; the newcomer inherits its count, so that
// a class is never counted too low.
static uint32_t drop_rarest(struct wf_demand *demand)
{
    sort(demand);
    uint32_t inherited = demand->classes[--demand->count].count;
    rebuild_table(demand);
    return inherited;
}

bool wf_demand_count(struct wf_demand *demand, const struct wf_request *request)
{
    struct wf_mix_class class = {
        .cpu_milli = request->cpu_milli,
        .gpus = request->gpus,
        .gpu_milli = request->gpu_milli,
        .models = request->gpus > 0 ? request->models : WF_ANY_MODEL,
    };
    uint32_t slot = find_slot(demand, &class);
    if (demand->table[slot] == 0) {
        if (demand->count == WF_DEMAND_CLASSES_MAX) {
            class.count = drop_rarest(demand);
            slot = find_slot(demand, &class);
        }
        demand->classes[demand->count++] = class;
        demand->table[slot] = (uint16_t)demand->count;
    }
    demand->classes[demand->table[slot] - 1].count += WF_DEMAND_UNIT;
    demand->total += WF_DEMAND_UNIT;
    demand->arrivals++;
    if (demand->arrivals % WF_DEMAND_HALF_LIFE == 0) {
        halve(demand);
    }
    return demand->arrivals >= demand->refresh_at;
}

void wf_demand_forecast(struct wf_demand *demand, struct wf_mix *mix)
{
    sort(demand);
    rebuild_table(demand);
    int64_t kept = 0;
    uint32_t count = 0;
    while (count < demand->count && count < WF_MIX_CLASSES_MAX &&
           kept * 100 < demand->total * SHARE_KEPT_PERCENT) {
        kept += demand->classes[count++].count;
    }
    wf_mix_set(mix, demand->classes, count);
    uint64_t gap = demand->arrivals / 2 + 1;
    demand->refresh_at = demand->arrivals + (gap < WF_DEMAND_GAP_MAX ? gap : WF_DEMAND_GAP_MAX);
}

int64_t wf_demand_arrivals(const struct wf_demand *demand)
{
    return demand->total / WF_DEMAND_UNIT;
}
