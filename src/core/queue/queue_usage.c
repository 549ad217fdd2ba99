// SPDX-License-Identifier: Apache-2.0
#include "core/queue/queue_usage.h"

#include "core/queue/calendar.h"
#include "core/queue/fade.h"

void wf_queue_clock_set(struct wf_queue_clock *clock, int64_t now_ms)
{
    clock->now_ms = now_ms;
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        if (now_ms < clock->window_start_ms[i] || now_ms >= clock->window_end_ms[i]) {
            enum wf_budget_window window = (enum wf_budget_window)i;
            clock->window_start_ms[i] = wf_calendar_start_ms(window, now_ms);
            clock->window_end_ms[i] = wf_calendar_end_ms(window, now_ms);
        }
    }
}

void wf_queue_usage_advance(struct wf_queue_usage *usage, const struct wf_queue_clock *clock)
{
    int64_t from_ms = usage->at_ms;
    int64_t to_ms = clock->now_ms;
    if (from_ms == to_ms) {
        return;
    }
    wf_int128 money = usage->nanousd_per_hour * (to_ms - from_ms);
    usage->money += money;
    usage->gpu_milli_ms += (wf_int128)usage->gpu_milli * (to_ms - from_ms);
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        int64_t start_ms = clock->window_start_ms[i];
        usage->spent[i] = from_ms < start_ms ? usage->nanousd_per_hour * (to_ms - start_ms)
                                             : usage->spent[i] + money;
    }
    usage->share_money =
        wf_fade(usage->share_money, usage->nanousd_per_hour, from_ms, to_ms, clock->slice_ms);
    usage->share_gpu_milli_ms =
        wf_fade(usage->share_gpu_milli_ms, usage->gpu_milli, from_ms, to_ms, clock->slice_ms);
    usage->at_ms = to_ms;
}

void wf_queue_usage_add(struct wf_queue_usage *usage, const struct wf_queue_usage *below)
{
    usage->gpu_milli += below->gpu_milli;
    usage->nanousd_per_hour += below->nanousd_per_hour;
    usage->gpu_milli_ms += below->gpu_milli_ms;
    usage->money += below->money;
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        usage->spent[i] += below->spent[i];
    }
    usage->share_gpu_milli_ms += below->share_gpu_milli_ms;
    usage->share_money += below->share_money;
    usage->due += below->due;
    usage->due_per_ms += below->due_per_ms;
}

// What fades is rounded down, once for the sum and once for each part, so the parts never add up to
// more than the sum and nothing falls below 0 here.
void wf_queue_usage_subtract(struct wf_queue_usage *usage, const struct wf_queue_usage *below)
{
    usage->gpu_milli -= below->gpu_milli;
    usage->nanousd_per_hour -= below->nanousd_per_hour;
    usage->gpu_milli_ms -= below->gpu_milli_ms;
    usage->money -= below->money;
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        usage->spent[i] -= below->spent[i];
    }
    usage->share_gpu_milli_ms -= below->share_gpu_milli_ms;
    usage->share_money -= below->share_money;
    usage->due -= below->due;
    usage->due_per_ms -= below->due_per_ms;
}
