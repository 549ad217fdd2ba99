// SPDX-License-Identifier: Apache-2.0
// Division that rounds down, where C rounds towards zero: what lies before 1970 falls into the same
// even pieces of time as what lies after.
#pragma once

#include <stdint.h>

// by must be above 0.
static inline int64_t wf_divide_down(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}
