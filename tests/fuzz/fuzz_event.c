// SPDX-License-Identifier: Apache-2.0
// Any bytes as the line of an event: no crash, an error has its sentence, and what is understood
// is written and understood again as the same line.
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "core/event_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wf_event_lists lists;
    static char line[WF_EVENT_TEXT_BYTES], again[WF_EVENT_TEXT_BYTES];
    struct wf_event event;
    struct wf_error err = {0};
    enum wf_status status = wf_event_read((const char *)data, size, &lists, &event, &err);
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    if (status != WF_OK) {
        return 0;
    }
    size_t length = 0;
    WF_ASSERT(wf_event_write(&event, line, &length, &err) == WF_OK);
    WF_ASSERT(wf_event_read(line, length, &lists, &event, &err) == WF_OK);
    WF_ASSERT(wf_event_write(&event, again, &length, &err) == WF_OK);
    WF_ASSERT(strcmp(line, again) == 0);
    return 0;
}
