// SPDX-License-Identifier: Apache-2.0
#include "cli/picture_count.h"

#include <inttypes.h>
#include <stdio.h>

#define NANOUSD_PER_CENT INT64_C(10000000)

struct wf_picture_count wf_picture_count(const struct wf_picture *picture, uint32_t panel,
                                         uint32_t pool)
{
    struct wf_picture_count count = {0};
    for (uint32_t i = 0; i < picture->panels[panel].gpu_count; i++) {
        const struct wf_picture_gpu *gpu = &picture->panels[panel].gpus[i];
        if (pool != WF_PICTURE_POOLS_MAX && gpu->pool != pool) {
            continue;
        }
        const struct wf_picture_pool *of = &picture->pools[gpu->pool];
        int64_t price_nanousd = of->price_nanousd_per_gpu_hour;
        count.gpus++;
        count.used_milli += 1000 - gpu->free_milli;
        count.stranded_milli += gpu->stranded_milli;
        count.stranded_nanousd_per_hour += gpu->stranded_milli * (price_nanousd / 1000);
        count.assumed |= gpu->stranded_milli > 0 && of->assumed;
        count.unpriced |= gpu->stranded_milli > 0 && price_nanousd == 0;
    }
    return count;
}

const char *wf_picture_number(char *text, int64_t number)
{
    if (number < 1000) {
        snprintf(text, WF_PICTURE_TEXT_BYTES, "%" PRId64, number);
    } else if (number < 1000000) {
        snprintf(text, WF_PICTURE_TEXT_BYTES, "%" PRId64 ",%03" PRId64, number / 1000,
                 number % 1000);
    } else {
        snprintf(text, WF_PICTURE_TEXT_BYTES, "%" PRId64 ",%03" PRId64 ",%03" PRId64,
                 number / 1000000, number / 1000 % 1000, number % 1000);
    }
    return text;
}

const char *wf_picture_percent(char *text, int64_t parts, int64_t whole)
{
    int64_t tenths = whole ? (parts * 1000 + whole / 2) / whole : 0;
    snprintf(text, WF_PICTURE_TEXT_BYTES, "%" PRId64 ".%" PRId64 " %%", tenths / 10, tenths % 10);
    return text;
}

const char *wf_picture_dollars(char *text, int64_t nanousd)
{
    int64_t cents = (nanousd + NANOUSD_PER_CENT / 2) / NANOUSD_PER_CENT;
    if (cents < 1000) {
        snprintf(text, WF_PICTURE_TEXT_BYTES, "$%" PRId64 ".%02" PRId64, cents / 100, cents % 100);
        return text;
    }
    char dollars[WF_PICTURE_TEXT_BYTES - 1];
    snprintf(text, WF_PICTURE_TEXT_BYTES, "$%.60s", wf_picture_number(dollars, (cents + 50) / 100));
    return text;
}
