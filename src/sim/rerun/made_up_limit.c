// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/made_up_limit.h"

#include "base/compat.h"
#include "base/hash.h"

#define MINUTE_MS (INT64_C(60) * 1000)
#define HOUR_MS (INT64_C(60) * MINUTE_MS)
#define WEEK_MS (INT64_C(7 * 24) * HOUR_MS)
#define FRACTION_BITS 60

// 10^(1/2), 10^(1/4), ... 10^(1/65536), with 60 bits after the point.
static const uint64_t roots_of_ten[] = {
    UINT64_C(0x3298b075b4b6a524), UINT64_C(0x1c73d51c54470e30), UINT64_C(0x15561a91ba81443d),
    UINT64_C(0x1279fcaca404e5ac), UINT64_C(0x113197fa6aa6776b), UINT64_C(0x10960c68d98bc2bf),
    UINT64_C(0x104a5975b254b8ae), UINT64_C(0x102501ee61ca6267), UINT64_C(0x101276506106747a),
    UINT64_C(0x1009388004be7e55), UINT64_C(0x10049b96285bc0a7), UINT64_C(0x10024da0a3c92c8c),
    UINT64_C(0x100126c5b68ed631), UINT64_C(0x10009360348a6725), UINT64_C(0x100049af7098ffff),
    UINT64_C(0x100024d78de1d4c6),
};

static const int64_t steps_ms[] = {
    15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS, 48 * HOUR_MS, WEEK_MS,
};

int64_t wf_made_up_limit_ms(uint64_t seed, uint64_t job, int64_t run_ms)
{
    int64_t run = run_ms < 0 ? 0 : run_ms;
    run = run > WF_MADE_UP_RUN_MS_MAX ? WF_MADE_UP_RUN_MS_MAX : run;
    // The leading bits of U; each that is set puts its root of ten into the product.
    uint64_t draw = wf_hash_add(wf_hash_add(0, seed), job);
    wf_int128 asked = run;
    for (unsigned bit = 0; bit < WF_COUNT_OF(roots_of_ten); bit++) {
        if (draw >> (63 - bit) & 1) {
            asked = asked * roots_of_ten[bit] >> FRACTION_BITS;
        }
    }
    int64_t asked_ms = (int64_t)asked < run ? run : (int64_t)asked;
    for (unsigned i = 0; i < WF_COUNT_OF(steps_ms); i++) {
        if (asked_ms <= steps_ms[i]) {
            return steps_ms[i];
        }
    }
    return (asked_ms + WEEK_MS - 1) / WEEK_MS * WEEK_MS;
}
