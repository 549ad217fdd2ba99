// SPDX-License-Identifier: Apache-2.0
// Any bytes as a trace of spot: no crash, no leak, an error has its sentence, and a trace has
// ticks.
#include <stdint.h>

#include "base/assert.h"
#include "sim/spot/spot_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wf_spot_trace trace;
    struct wf_error err = {0};
    // Of a few bytes a table of times can make millions of ticks: those are tried, but not many.
    enum wf_status status = wf_spot_trace_parse("trace", (const char *)data, size, &trace, &err);
    WF_ASSERT(status == WF_OK ? trace.ticks > 0 && trace.tick_s > 0 : err.text[0] != 0);
    for (uint32_t i = 0; i < trace.ticks; i++) {
        WF_ASSERT(trace.counts[i] <= trace.count_max);
    }
    wf_spot_trace_finish(&trace);
    return 0;
}
