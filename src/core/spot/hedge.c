// SPDX-License-Identifier: Apache-2.0
// Our own for services: of all mixes of spot and on-demand the one whose price, plus what a tick
// without enough replicas costs times its chance, is least. Losses within a zone come together, so
// that more in one zone hedges little.
//
// What such a tick costs is learned by what happens: it rises when there are too few and falls
// while there are enough, at rates that balance where the target is just kept.
#include <string.h>

#include "core/spot/service.h"

enum { TALLY = WF_SERVICE_REPLICAS_MAX * 4 + 1, PERMILLE = 1000, STEEPNESS = 4 };
#define ONE (UINT32_C(1) << 24)

// What is left after a tick, of all zones up to now: chances by number, in 2^24ths.
struct left {
    uint32_t chance[TALLY];
    uint32_t most;
};

static void lose(struct left *left, uint32_t count, const struct wf_service_zone *zone)
{
    uint32_t whole = (uint32_t)((uint64_t)zone->loss_q24 * zone->whole_permille / PERMILLE);
    uint32_t half = zone->loss_q24 - whole;
    uint32_t next[TALLY];
    uint32_t most = left->most + count < TALLY ? left->most + count : TALLY - 1;
    memset(next, 0, (most + 1) * sizeof *next);
    for (uint32_t i = 0; i <= left->most; i++) {
        uint64_t chance = left->chance[i];
        uint32_t all = i + count < TALLY ? i + count : TALLY - 1;
        uint32_t some = i + count / 2 < TALLY ? i + count / 2 : TALLY - 1;
        next[all] += (uint32_t)(chance * (ONE - zone->loss_q24) >> 24);
        next[some] += (uint32_t)(chance * half >> 24);
        next[i] += (uint32_t)(chance * whole >> 24);
    }
    memcpy(left->chance, next, (most + 1) * sizeof *next);
    left->most = most;
}

uint32_t wf_service_short_q24(const struct wf_service_view *view,
                              const struct wf_service_plan *plan)
{
    struct left left = {.most = 0};
    left.chance[0] = ONE;
    for (uint32_t i = 0; i < view->zone_count; i++) {
        const struct wf_service_zone *zone = &view->zones[i];
        // What was refused a moment ago is not counted on.
        uint32_t count = zone->refused && plan->spot[i] > zone->ready ? zone->ready : plan->spot[i];
        if (count > 0) {
            lose(&left, count < TALLY ? count : TALLY - 1, zone);
        }
    }
    uint64_t enough = 0;
    for (uint32_t i = 0; i <= left.most; i++) {
        enough += i + plan->on_demand >= view->replicas ? left.chance[i] : 0;
    }
    return enough < ONE ? (uint32_t)(ONE - enough) : 0;
}

static int64_t price(const struct wf_service_view *view, const struct wf_service_plan *plan)
{
    int64_t sum = plan->on_demand * view->on_demand_nanousd_per_hour;
    for (uint32_t i = 0; i < view->zone_count; i++) {
        const struct wf_service_zone *zone = &view->zones[i];
        uint32_t count = zone->refused && plan->spot[i] > zone->ready ? zone->ready : plan->spot[i];
        sum += count * zone->spot_nanousd_per_hour;
    }
    return sum;
}

static void learn(const struct wf_service_view *view)
{
    struct wf_service_memory *memory = view->memory;
    int64_t least = view->on_demand_nanousd_per_hour;
    int64_t allowed = PERMILLE - view->target_permille;
    if (memory->short_nanousd == 0) {
        memory->short_nanousd = least * view->replicas * 16;
    } else if (view->short_now) {
        memory->short_nanousd += memory->short_nanousd / STEEPNESS;
    } else {
        memory->short_nanousd -= memory->short_nanousd / STEEPNESS / PERMILLE * allowed;
    }
    int64_t most = least * view->replicas * 4096;
    memory->short_nanousd = memory->short_nanousd < least  ? least
                            : memory->short_nanousd > most ? most
                                                           : memory->short_nanousd;
}

// Puts more (or, wrapping around, fewer) replicas into a zone, or (zone_count) on-demand.
static void put(struct wf_service_plan *plan, const struct wf_service_view *view, uint32_t where,
                uint32_t count)
{
    if (where < view->zone_count) {
        plan->spot[where] += count;
    } else {
        plan->on_demand += count;
    }
}

static int64_t worth(const struct wf_service_view *view, const struct wf_service_plan *plan)
{
    int64_t risk = wf_service_short_q24(view, plan);
    return price(view, plan) + (view->memory->short_nanousd >> 12) * risk / (ONE >> 12);
}

// The best single change of a plan: up to all replicas more or fewer in one place. Returns whether
// there is one that is worth it.
static bool improve(const struct wf_service_view *view, struct wf_service_plan *plan, int64_t *best)
{
    struct wf_service_plan found = *plan;
    int64_t least = *best;
    for (uint32_t where = 0; where <= view->zone_count; where++) {
        uint32_t has = where < view->zone_count ? plan->spot[where] : plan->on_demand;
        for (uint32_t count = 0; count <= view->replicas; count++) {
            struct wf_service_plan trial = *plan;
            put(&trial, view, where, count - has);
            int64_t value = count == has ? least : worth(view, &trial);
            if (value < least) {
                least = value;
                found = trial;
            }
        }
    }
    bool better = least < *best;
    *plan = found;
    *best = least;
    return better;
}

// Where a search begins, since one change at a time does not lead from every mix to the best: all
// on-demand, nothing, or all in one zone.
static void begin(const struct wf_service_view *view, uint32_t where, struct wf_service_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    if (where <= view->zone_count) {
        put(plan, view, where, view->replicas);
    }
}

static void plan(const struct wf_service_view *view, struct wf_service_plan *plan_out)
{
    enum { CHANGES_MAX = 16 };
    int64_t least = INT64_MAX;
    learn(view);
    for (uint32_t where = 0; where <= view->zone_count + 1; where++) {
        struct wf_service_plan trial;
        begin(view, where, &trial);
        int64_t value = worth(view, &trial);
        for (uint32_t i = 0; i < CHANGES_MAX && improve(view, &trial, &value); i++) {
        }
        if (value < least) {
            least = value;
            *plan_out = trial;
        }
    }
    // A zone that refused is asked again for its part: that costs nothing until it has some.
    for (uint32_t i = 0; i < view->zone_count; i++) {
        if (view->zones[i].refused && plan_out->spot[i] <= view->zones[i].ready) {
            plan_out->spot[i] = view->replicas;
        }
    }
}

const struct wf_service_policy wf_service_policy_hedge = {
    .name = "hedge",
    .summary = "weighs price against the chance of too few, losses in a zone together (ours)",
    .plan = plan,
};
