// SPDX-License-Identifier: Apache-2.0
// Money as it accrues: a wf_int128 of nano-dollars per hour times milliseconds, of which 3,600,000
// are one nano-dollar. Prices times times are exact in it, so a sum equals its rows to the last
// digit; it is rounded only to be shown.
#pragma once

#include <stdint.h>

#include "base/compat.h"

#define WF_MONEY_PER_NANOUSD 3600000

static inline wf_int128 wf_money_of(int64_t nanousd)
{
    return (wf_int128)nanousd * WF_MONEY_PER_NANOUSD;
}

// Returns the nearest number of nano-dollars, the larger of two, and INT64_MAX where it would not
// fit. Never for less than nothing: money must be 0 or more.
static inline int64_t wf_money_nanousd(wf_int128 money)
{
    wf_int128 nanousd = (money + WF_MONEY_PER_NANOUSD / 2) / WF_MONEY_PER_NANOUSD;
    return nanousd < INT64_MAX ? (int64_t)nanousd : INT64_MAX;
}
