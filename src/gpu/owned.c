// SPDX-License-Identifier: Apache-2.0
#include "gpu/owned.h"

#include "base/assert.h"
#include "base/compat.h"

#define HOURS_PER_YEAR 8766

int64_t wf_owned_price(const struct wf_owned_node *owned, uint32_t gpus)
{
    WF_ASSERT(owned->years_milli > 0 && gpus > 0);
    // All terms in nano-dollars by the node and year; the division comes last.
    wf_int128 yearly = (wf_int128)owned->nanousd_per_node * 1000 / owned->years_milli;
    yearly += (wf_int128)owned->watts_per_node * HOURS_PER_YEAR * owned->nanousd_per_kwh / 1000;
    yearly += owned->nanousd_per_year;
    wf_int128 hourly = yearly / HOURS_PER_YEAR / gpus;
    return hourly > INT64_MAX ? INT64_MAX : (int64_t)hourly;
}
