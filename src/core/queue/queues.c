// SPDX-License-Identifier: Apache-2.0
#include "core/queue/queues.h"

#include "core/queue/fade.h"
#include "core/queue/queue_tree.h"

static enum wf_status check_create(const struct wf_limits *limits, int64_t half_life_ms,
                                   struct wf_error *err)
{
    if (limits->queues < 1 || limits->queues > WF_QUEUES_MAX) {
        return wf_fail(err, WF_INVALID, "a limit of %u queues is not between 1 and %d",
                       limits->queues, WF_QUEUES_MAX);
    }
    if (half_life_ms < WF_HALF_LIFE_MS_MIN || half_life_ms > WF_HALF_LIFE_MS_MAX) {
        return wf_fail(err, WF_INVALID,
                       "a half life of %lld ms for fair share is not between a minute and 366 days",
                       (long long)half_life_ms);
    }
    return WF_OK;
}

// A running job has a placement, so there are never more of them than either.
static uint32_t stints_max(const struct wf_limits *limits)
{
    return limits->jobs < limits->placements ? limits->jobs : limits->placements;
}

enum wf_status wf_queues_create(struct wf_region *region, const struct wf_limits *limits,
                                int64_t half_life_ms, struct wf_queues **queues_out,
                                struct wf_error *err)
{
    enum wf_status status = check_create(limits, half_life_ms, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_queues *queues = wf_region_take(region, 1, sizeof *queues);
    if (!queues) {
        return wf_fail(err, WF_NOMEM, "no memory for queues");
    }
    queues->count = limits->queues;
    queues->clock.slice_ms = wf_fade_slice_ms(half_life_ms);
    status = wf_stints_init(&queues->stints, region, stints_max(limits), err);
    if (status == WF_OK) {
        queues->list = wf_region_take(region, queues->count, sizeof *queues->list);
        if (!wf_region_is_whole(region)) {
            status = wf_fail(err, WF_NOMEM, "no memory for %u queues", queues->count);
        }
    }
    if (status == WF_OK) {
        *queues_out = queues;
    }
    return status;
}

enum wf_status wf_queues_enter(struct wf_queues *queues, wf_queue_id id, struct wf_error *err)
{
    if (id.index >= queues->count || !queues->list[id.index].known) {
        return wf_fail(err, WF_NOTFOUND, "queue %u is not known", id.index);
    }
    struct wf_queue *queue = &queues->list[id.index];
    if (queue->children > 0) {
        return wf_fail(err, WF_INVALID, "queue %u has queues below it, and jobs go into those",
                       id.index);
    }
    queue->jobs++;
    return WF_OK;
}

void wf_queues_leave(struct wf_queues *queues, wf_queue_id id)
{
    struct wf_queue *queue = wf_queue_at(queues, id.index);
    WF_ASSERT(queue->jobs > 0);
    queue->jobs--;
}

// A running job without a commitment has no part in what is due.
static void change_due(struct wf_queues *queues, const struct wf_stint_slot *slot, int sign)
{
    wf_int128 rate = slot->stint.nanousd_per_hour;
    wf_int128 due = wf_money_of(slot->stint.cost_nanousd) + rate * slot->start_ms;
    struct wf_queue *at = wf_queue_at(queues, slot->stint.queue.index);
    for (; at; at = wf_queue_above(queues, at)) {
        at->usage.due += sign * due;
        at->usage.due_per_ms += sign * rate;
    }
}

void wf_queues_advance(struct wf_queues *queues, int64_t now_ms)
{
    WF_ASSERT(now_ms >= -WF_TIME_MS_MAX && now_ms <= WF_TIME_MS_MAX);
    WF_ASSERT(!queues->clock_set || now_ms >= queues->clock.now_ms);
    if (!queues->clock_set) {
        queues->clock_set = true;
        for (uint32_t i = 0; i < queues->count; i++) {
            queues->list[i].usage.at_ms = now_ms;
        }
    }
    wf_queue_clock_set(&queues->clock, now_ms);
    for (;;) {
        uint32_t paid = wf_stints_take_paid(&queues->stints, now_ms);
        if (paid == WF_NONE) {
            return;
        }
        change_due(queues, &queues->stints.slots[paid], -1);
    }
}

static void change_held(struct wf_queues *queues, const struct wf_stint *stint, int sign)
{
    struct wf_queue *at = wf_queue_at(queues, stint->queue.index);
    for (; at; at = wf_queue_above(queues, at)) {
        wf_queue_usage_advance(&at->usage, &queues->clock);
        at->usage.gpu_milli += sign * stint->gpu_milli;
        at->usage.nanousd_per_hour += sign * (wf_int128)stint->nanousd_per_hour;
    }
}

uint32_t wf_queues_start(struct wf_queues *queues, const struct wf_stint *stint)
{
    WF_ASSERT(queues->clock_set);
    WF_ASSERT(wf_queue_at(queues, stint->queue.index)->jobs > 0);
    WF_ASSERT(stint->gpu_milli >= 0 && stint->cost_nanousd >= 0);
    WF_ASSERT(stint->nanousd_per_hour >= 0 && stint->nanousd_per_hour <= WF_STINT_NANOUSD_MAX);
    uint32_t slot = wf_stints_add(&queues->stints, stint, queues->clock.now_ms);
    if (slot == WF_NONE) {
        return WF_NONE;
    }
    change_held(queues, stint, 1);
    if (wf_stint_is_committed(&queues->stints, slot)) {
        change_due(queues, &queues->stints.slots[slot], 1);
    }
    return slot;
}

wf_int128 wf_queues_stop(struct wf_queues *queues, uint32_t stint)
{
    wf_int128 money = wf_queues_stint_money(queues, stint);
    const struct wf_stint_slot *slot = &queues->stints.slots[stint];
    change_held(queues, &slot->stint, -1);
    if (wf_stint_is_committed(&queues->stints, stint)) {
        change_due(queues, slot, -1);
    }
    wf_stints_remove(&queues->stints, stint);
    return money;
}

wf_int128 wf_queues_stint_money(const struct wf_queues *queues, uint32_t stint)
{
    const struct wf_stint_slot *slot = &queues->stints.slots[stint];
    WF_ASSERT(slot->used);
    return (wf_int128)slot->stint.nanousd_per_hour * (queues->clock.now_ms - slot->start_ms);
}

int64_t wf_queues_window_end_ms(const struct wf_queues *queues, enum wf_budget_window window)
{
    return queues->clock.window_end_ms[window];
}

static bool is_over(const struct wf_queues *queues, const struct wf_queue *queue,
                    enum wf_budget_window window)
{
    int64_t limit_nanousd = queue->spec.budgets[window].limit_nanousd;
    return limit_nanousd > 0 &&
           queue->usage.spent[window] +
                   wf_queue_usage_committed_in(&queue->usage, &queues->clock, window) >
               wf_money_of(limit_nanousd);
}

bool wf_queues_view(const struct wf_queues *queues, wf_queue_id id, struct wf_queue_view *view_out)
{
    if (id.index >= queues->count || !queues->list[id.index].known) {
        return false;
    }
    struct wf_queue *queue = &queues->list[id.index];
    struct wf_queue_usage *usage = &queue->usage;
    wf_queue_usage_advance(usage, &queues->clock);
    *view_out = (struct wf_queue_view){
        .spec = queue->spec,
        .depth = queue->depth,
        .children = queue->children,
        .jobs = queue->jobs,
        .used_gpu_milli = usage->gpu_milli,
        .nanousd_per_hour = usage->nanousd_per_hour,
        .gpu_milli_ms = usage->gpu_milli_ms,
        .money = usage->money,
        .committed = wf_queue_usage_committed(usage, &queues->clock),
        .share_gpu_milli_ms = usage->share_gpu_milli_ms,
        .share_money = usage->share_money,
    };
    for (uint32_t window = 0; window < WF_WINDOWS; window++) {
        view_out->spent[window] = usage->spent[window];
        view_out->over[window] = is_over(queues, queue, (enum wf_budget_window)window);
    }
    return true;
}
