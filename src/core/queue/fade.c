// SPDX-License-Identifier: Apache-2.0
#include "core/queue/fade.h"

#include "base/divide.h"

// 2^(-1/64) * 2^32 = 4248701964.955...
#define FACTOR INT64_C(4248701965)

enum { FACTOR_BITS = 32 };

int64_t wf_fade_slice_ms(int64_t half_life_ms)
{
    return half_life_ms / WF_FADE_SLICES;
}

// sum * FACTOR / 2^32, rounded down, in two halves so that no sum is too large for it.
static wf_int128 end_slice(wf_int128 sum)
{
    wf_int128 high = sum >> FACTOR_BITS;
    wf_int128 low = sum & UINT32_MAX;
    return high * FACTOR + (low * FACTOR >> FACTOR_BITS);
}

wf_int128 wf_fade(wf_int128 sum, wf_int128 per_ms, int64_t from_ms, int64_t to_ms, int64_t slice_ms)
{
    int64_t slice = wf_divide_down(from_ms, slice_ms);
    int64_t last = wf_divide_down(to_ms, slice_ms);
    if (slice == last) {
        return sum + per_ms * (to_ms - from_ms);
    }
    sum = end_slice(sum + per_ms * ((slice + 1) * slice_ms - from_ms));
    for (slice++; slice < last; slice++) {
        // A step keeps the order of two sums, so the sums only rise or only fall, and where one
        // stays as it is so do all that follow.
        wf_int128 next = end_slice(sum + per_ms * slice_ms);
        if (next == sum) {
            break;
        }
        sum = next;
    }
    return sum + per_ms * (to_ms - last * slice_ms);
}
