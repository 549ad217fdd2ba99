// SPDX-License-Identifier: Apache-2.0
// Any bytes as a stream of events: no crash, and the same events however the bytes come in pieces.
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "client/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool note(void *context, const struct whaleflux_event *event)
{
    uint64_t *sum = context;
    *sum = *sum * 31 + event->number;
    for (const char *text = event->kind; *text; text++) {
        *sum = *sum * 31 + (unsigned char)*text;
    }
    for (const char *text = event->json; *text; text++) {
        *sum = *sum * 37 + (unsigned char)*text;
    }
    return true;
}

static uint64_t sum_of(const char *bytes, size_t size, size_t piece)
{
    uint64_t sum = 0;
    struct wf_sse sse;
    wf_sse_init(&sse, note, &sum);
    for (size_t at = 0; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        if (!wf_sse_take(&sse, bytes + at, length)) {
            WF_ASSERT(sse.too_long);
            break;
        }
    }
    wf_sse_restart(&sse);
    wf_sse_finish(&sse);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    size_t piece = size > 0 ? data[0] % 16 + 1u : 1;
    uint64_t sum = sum_of(bytes, size, size + 1);
    WF_ASSERT(sum_of(bytes, size, 1) == sum);
    WF_ASSERT(sum_of(bytes, size, piece) == sum);
    return 0;
}
