// SPDX-License-Identifier: Apache-2.0
// Memory for tests of the core's parts: one region for each test program, which it keeps.
#pragma once

#include "base/assert.h"
#include "base/region.h"

static inline struct wf_region *small_region(void)
{
    static struct wf_region *region;
    if (!region) {
        enum wf_status status = wf_region_create(&region, NULL);
        WF_ASSERT(status == WF_OK);
    }
    return region;
}
