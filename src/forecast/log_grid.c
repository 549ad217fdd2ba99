// SPDX-License-Identifier: Apache-2.0
#include "forecast/log_grid.h"

#include "base/assert.h"

#define SECOND_BITS 10 // bucket 1 begins at 2^10 ms
#define FRACTION_BITS 32

// 2^(0/8), 2^(1/8), ... 2^(7/8), with 32 bits after the point.
static const uint64_t roots_of_two[WF_LOG_GRID_PER_OCTAVE] = {
    UINT64_C(0x100000000), UINT64_C(0x1172b83c7), UINT64_C(0x1306fe0a3), UINT64_C(0x14bfdad53),
    UINT64_C(0x16a09e667), UINT64_C(0x18ace5422), UINT64_C(0x1ae89f995), UINT64_C(0x1d5818dcf),
};

int64_t wf_log_grid_edge(uint32_t bucket)
{
    WF_ASSERT(bucket <= WF_LOG_GRID_BUCKETS);
    if (bucket == 0) {
        return 0;
    }
    uint32_t octave = (bucket - 1) / WF_LOG_GRID_PER_OCTAVE;
    uint64_t root = roots_of_two[(bucket - 1) % WF_LOG_GRID_PER_OCTAVE];
    return (int64_t)(root << octave >> (FRACTION_BITS - SECOND_BITS));
}

uint32_t wf_log_grid_bucket(int64_t ms)
{
    if (ms < INT64_C(1) << SECOND_BITS) {
        return 0;
    }
    uint32_t octave = 63 - (uint32_t)__builtin_clzll((uint64_t)ms) - SECOND_BITS;
    uint32_t bucket = 1 + octave * WF_LOG_GRID_PER_OCTAVE;
    if (bucket >= WF_LOG_GRID_BUCKETS) {
        return WF_LOG_GRID_BUCKETS - 1;
    }
    for (uint32_t step = 4; step > 0; step /= 2) {
        if (ms >= wf_log_grid_edge(bucket + step)) {
            bucket += step;
        }
    }
    return bucket < WF_LOG_GRID_BUCKETS ? bucket : WF_LOG_GRID_BUCKETS - 1;
}
