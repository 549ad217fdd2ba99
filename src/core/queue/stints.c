// SPDX-License-Identifier: Apache-2.0
#include "core/queue/stints.h"

#include "base/assert.h"
#include "core/limits.h"
#include "core/queue/money.h"

enum wf_status wf_stints_init(struct wf_stints *stints, struct wf_region *region,
                              uint32_t stints_max, struct wf_error *err)
{
    *stints = (struct wf_stints){.first_free = WF_NONE};
    stints->slots = wf_region_take(region, stints_max, sizeof *stints->slots);
    stints->heap = wf_region_take(region, stints_max, sizeof *stints->heap);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for %u running jobs", stints_max);
    }
    for (uint32_t slot = stints_max; slot-- > 0;) {
        stints->slots[slot] =
            (struct wf_stint_slot){.heap_at = WF_NONE, .next_free = stints->first_free};
        stints->first_free = slot;
    }
    return WF_OK;
}

static void put(struct wf_stints *stints, uint32_t at, uint32_t slot)
{
    stints->heap[at] = slot;
    stints->slots[slot].heap_at = at;
}

static int64_t paid_ms(const struct wf_stints *stints, uint32_t at)
{
    return stints->slots[stints->heap[at]].paid_ms;
}

// Puts a slot where it belongs, from the free place at upwards.
static void rise(struct wf_stints *stints, uint32_t at, uint32_t slot)
{
    while (at > 0 && paid_ms(stints, (at - 1) / 2) > stints->slots[slot].paid_ms) {
        put(stints, at, stints->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(stints, at, slot);
}

static void leave_heap(struct wf_stints *stints, uint32_t slot)
{
    uint32_t at = stints->slots[slot].heap_at;
    stints->slots[slot].heap_at = WF_NONE;
    uint32_t count = --stints->heap_count;
    uint32_t last = stints->heap[count];
    if (last == slot) {
        return;
    }
    // The gap sinks to the bottom, then the last one rises from there.
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && paid_ms(stints, child + 1) < paid_ms(stints, child)) {
            child++;
        }
        put(stints, at, stints->heap[child]);
        at = child;
    }
    rise(stints, at, last);
}

// The first millisecond at which the stint has cost at least what was expected.
static int64_t find_paid_ms(const struct wf_stint *stint, int64_t start_ms)
{
    if (stint->nanousd_per_hour == 0) {
        return INT64_MAX;
    }
    wf_int128 rate = stint->nanousd_per_hour;
    wf_int128 after_ms = (wf_money_of(stint->cost_nanousd) + rate - 1) / rate;
    return start_ms + after_ms <= WF_TIME_MS_MAX ? start_ms + (int64_t)after_ms : INT64_MAX;
}

uint32_t wf_stints_add(struct wf_stints *stints, const struct wf_stint *stint, int64_t now_ms)
{
    uint32_t slot = stints->first_free;
    if (slot == WF_NONE) {
        return WF_NONE;
    }
    stints->first_free = stints->slots[slot].next_free;
    stints->slots[slot] = (struct wf_stint_slot){
        .stint = *stint,
        .start_ms = now_ms,
        .paid_ms = find_paid_ms(stint, now_ms),
        .heap_at = WF_NONE,
        .used = true,
    };
    if (stint->cost_nanousd > 0) {
        rise(stints, stints->heap_count++, slot);
    }
    return slot;
}

void wf_stints_remove(struct wf_stints *stints, uint32_t slot)
{
    WF_ASSERT(stints->slots[slot].used);
    if (stints->slots[slot].heap_at != WF_NONE) {
        leave_heap(stints, slot);
    }
    stints->slots[slot].used = false;
    stints->slots[slot].next_free = stints->first_free;
    stints->first_free = slot;
}

uint32_t wf_stints_take_paid(struct wf_stints *stints, int64_t now_ms)
{
    if (stints->heap_count == 0 || paid_ms(stints, 0) > now_ms) {
        return WF_NONE;
    }
    uint32_t slot = stints->heap[0];
    leave_heap(stints, slot);
    return slot;
}
