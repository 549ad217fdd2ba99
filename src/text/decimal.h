// SPDX-License-Identifier: Apache-2.0
// Decimal numbers as exact integers: "2.49" dollars are 2,490,000,000 nano-dollars.
#pragma once

#include <stdint.h>

#include "base/compat.h"

enum wf_decimal {
    WF_DECIMAL_READ,
    WF_DECIMAL_WRONG,     // no number: digits, and a point with digits behind it, are one
    WF_DECIMAL_NEGATIVE,  // a number, but below zero
    WF_DECIMAL_TOO_LARGE, // more than max
};

// Reads the whole text in units of a tenth to the power of places (0 to 9), at most max, which is
// below INT64_MAX. Digits behind the last place are cut off; with places 0 a point is refused.
enum wf_decimal wf_decimal_read(const char *text, unsigned places, int64_t max,
                                int64_t *number_out) WF_MUST_USE;
