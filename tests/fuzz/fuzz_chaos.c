// SPDX-License-Identifier: Apache-2.0
// Any bytes as a script of chaos: no crash, and steps within their limits.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "chaos/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wf_script script;
    char *text = malloc(size + 1);
    WF_ASSERT(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (wf_script_read(text, &script, NULL) == WF_OK) {
        WF_ASSERT(script.count > 0 && script.count <= WF_SCRIPT_STEPS_MAX);
        for (uint32_t i = 0; i < script.count; i++) {
            WF_ASSERT(script.steps[i].wait_ms >= 0 && script.steps[i].ms >= 0);
            WF_ASSERT(wf_script_word(script.steps[i].action)[0] != '\0');
        }
    }
    free(text);
    return 0;
}
