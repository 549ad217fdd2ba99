// SPDX-License-Identifier: Apache-2.0
#include "daemon/desk/deeds.h"

#include <stdlib.h>

#include "base/assert.h"

enum wf_status wf_deeds_init(struct wf_deeds *deeds, struct wf_error *err)
{
    *deeds = (struct wf_deeds){.rows = wf_batch_create()};
    return deeds->rows ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for a batch");
}

void wf_deeds_finish(struct wf_deeds *deeds)
{
    wf_deeds_clear(deeds);
    wf_batch_destroy(deeds->rows);
    free(deeds->list);
    *deeds = (struct wf_deeds){0};
}

struct wf_deed *wf_deeds_add(struct wf_deeds *deeds, enum wf_deed_kind kind)
{
    if (deeds->count == deeds->capacity) {
        uint32_t capacity = deeds->capacity > 0 ? 2 * deeds->capacity : 64;
        struct wf_deed *list = realloc(deeds->list, capacity * sizeof *list);
        WF_ASSERT(list); // what was promised could not be kept
        deeds->list = list;
        deeds->capacity = capacity;
    }
    struct wf_deed *deed = &deeds->list[deeds->count++];
    *deed = (struct wf_deed){.kind = kind};
    return deed;
}

void wf_deeds_clear(struct wf_deeds *deeds)
{
    for (uint32_t i = 0; i < deeds->count; i++) {
        if (deeds->list[i].kind == WF_DEED_FEED) {
            free(deeds->list[i].feed.data);
        }
    }
    deeds->count = 0;
    if (deeds->rows) {
        wf_batch_clear(deeds->rows);
    }
}
