// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/array.h"

#include "base/assert.h"
#include "base/hash.h"

enum wf_status wf_arrays_init(struct wf_arrays *arrays, struct wf_region *region, uint32_t jobs,
                              struct wf_error *err)
{
    uint32_t size = 2;
    while (size < 2 * (uint64_t)jobs && size < UINT32_C(1) << 31) {
        size *= 2;
    }
    *arrays = (struct wf_arrays){.mask = size - 1};
    arrays->counts = wf_region_take(region, size, sizeof *arrays->counts);
    return arrays->counts ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for %u arrays", jobs);
}

static uint32_t home(const struct wf_arrays *arrays, uint32_t array)
{
    return (uint32_t)wf_hash_mix(array) & arrays->mask;
}

// Returns where the array's count is, or would be.
static uint32_t find(const struct wf_arrays *arrays, uint32_t array)
{
    uint32_t at = home(arrays, array);
    while (arrays->counts[at].array != 0 && arrays->counts[at].array != array) {
        at = (at + 1) & arrays->mask;
    }
    return at;
}

uint32_t wf_arrays_running(const struct wf_arrays *arrays, uint32_t array)
{
    return arrays->counts[find(arrays, array)].running;
}

void wf_arrays_start(struct wf_arrays *arrays, uint32_t array)
{
    struct wf_array_count *count = &arrays->counts[find(arrays, array)];
    count->array = array;
    count->running++;
}

// Closes the gap, so that every count is found from its home without crossing a free place.
static void remove_at(struct wf_arrays *arrays, uint32_t hole)
{
    for (uint32_t at = (hole + 1) & arrays->mask; arrays->counts[at].array != 0;
         at = (at + 1) & arrays->mask) {
        uint32_t reach = (at - home(arrays, arrays->counts[at].array)) & arrays->mask;
        if (reach >= ((at - hole) & arrays->mask)) {
            arrays->counts[hole] = arrays->counts[at];
            hole = at;
        }
    }
    arrays->counts[hole] = (struct wf_array_count){0};
}

void wf_arrays_stop(struct wf_arrays *arrays, uint32_t array)
{
    uint32_t at = find(arrays, array);
    WF_ASSERT(arrays->counts[at].running > 0);
    if (--arrays->counts[at].running == 0) {
        remove_at(arrays, at);
    }
}
