// SPDX-License-Identifier: Apache-2.0
#include "sim/history/index.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 256 };

uint32_t wf_index_find(const struct wf_index *index, uint32_t name)
{
    // 0, which no place has, becomes UINT32_MAX.
    return name < index->capacity ? index->places[name] - 1 : UINT32_MAX;
}

enum wf_status wf_index_set(struct wf_index *index, uint32_t name, uint32_t job,
                            struct wf_error *err)
{
    if (name >= index->capacity) {
        size_t capacity = (size_t)name / 2 * 3 + FIRST_PLACES;
        capacity = capacity < UINT32_MAX ? capacity : UINT32_MAX;
        uint32_t *places = realloc(index->places, capacity * sizeof *places);
        if (!places) {
            return wf_fail(err, WF_NOMEM, "no memory to find jobs by name");
        }
        memset(places + index->capacity, 0, (capacity - index->capacity) * sizeof *places);
        index->places = places;
        index->capacity = (uint32_t)capacity;
    }
    index->places[name] = job + 1;
    return WF_OK;
}

void wf_index_finish(struct wf_index *index)
{
    free(index->places);
    *index = (struct wf_index){0};
}
