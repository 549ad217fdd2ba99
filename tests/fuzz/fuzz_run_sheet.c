// SPDX-License-Identifier: Apache-2.0
// Any bytes as a run's spec, state or request: no crash, no leak, an error has its sentence, and a
// spec that is taken is written again as it was. The first byte chooses. The sum at the end is made
// right first, or nothing would ever get past it.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "engine/local/spec.h"
#include "engine/local/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = {"whaleflux-spec-1", "whaleflux-state-1", "whaleflux-request-1"};

// The lines as they are, with a head before and a right sum behind them.
static struct wf_sheet seal(const char *kind, const uint8_t *data, size_t size)
{
    struct wf_sheet sheet;
    wf_sheet_init(&sheet, kind);
    WF_ASSERT(sheet.text != NULL);
    char *text = malloc(sheet.length + size + 64);
    WF_ASSERT(text != NULL);
    memcpy(text, sheet.text, sheet.length);
    memcpy(text + sheet.length, data, size);
    free(sheet.text);
    sheet.text = text;
    sheet.length += size;
    sheet.capacity = sheet.length + 64;
    struct wf_error err = {0};
    WF_ASSERT(wf_sheet_seal(&sheet, &err) == WF_OK);
    return sheet;
}

static enum wf_status read_spec(char *text, size_t length, struct wf_error *err)
{
    struct wf_spec_store store;
    enum wf_status status = wf_spec_read(&store, text, length, err);
    if (status == WF_OK) {
        struct wf_sheet again;
        struct wf_spec_store twice;
        WF_ASSERT(wf_spec_write(&store.spec, &again, err) == WF_OK);
        WF_ASSERT(wf_spec_read(&twice, again.text, again.length, err) == WF_OK);
        WF_ASSERT(strcmp(twice.spec.id, store.spec.id) == 0);
        wf_spec_finish(&twice);
        wf_spec_finish(&store);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    int kind = data[0] % 3;
    struct wf_sheet sheet = seal(kinds[kind], data + 1, size - 1);
    struct wf_error err = {0};
    enum wf_status status;
    if (kind == 0) {
        status = read_spec(sheet.text, sheet.length, &err); // takes the text over
    } else {
        struct wf_run_state state;
        struct wf_run_request request;
        status = kind == 1 ? wf_state_parse(sheet.text, sheet.length, &state, &err)
                           : wf_run_request_parse(sheet.text, sheet.length, &request, &err);
        wf_sheet_finish(&sheet);
    }
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    return 0;
}
