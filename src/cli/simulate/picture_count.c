// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/picture_count.h"

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
        count.used_nanousd_per_hour += (1000 - gpu->free_milli) * (price_nanousd / 1000);
        count.stranded_nanousd_per_hour += gpu->stranded_milli * (price_nanousd / 1000);
        count.assumed |= gpu->stranded_milli > 0 && of->assumed;
        count.unpriced |= gpu->stranded_milli > 0 && price_nanousd == 0;
    }
    return count;
}

uint32_t wf_picture_stranded_gpus(const struct wf_picture_count *count)
{
    return (uint32_t)((count->stranded_milli + 500) / 1000);
}
