// SPDX-License-Identifier: Apache-2.0
#include "site/price.h"

#include <stdlib.h>

#include "base/assert.h"
#include "site/builder.h"
#include "site/price_table.h"

enum wf_status wf_site_prices_add(struct wf_site_prices *prices, const struct wf_gpu_name *gpu,
                                  int64_t nanousd_per_gpu_hour, const char *source,
                                  struct wf_error *err)
{
    void *rows = prices->rows;
    bool room = wf_site_make_room(&rows, sizeof *prices->rows, prices->count, &prices->capacity);
    prices->rows = rows;
    char *copy = room ? wf_site_copy(source) : NULL;
    if (!copy) {
        return wf_fail(err, WF_NOMEM, "no memory for another price");
    }
    prices->rows[prices->count++] = (struct wf_site_price){*gpu, nanousd_per_gpu_hour, copy};
    return WF_OK;
}

void wf_site_prices_finish(struct wf_site_prices *prices)
{
    if (prices) {
        for (uint32_t i = 0; i < prices->count; i++) {
            free(prices->rows[i].source);
        }
        free(prices->rows);
        *prices = (struct wf_site_prices){0};
    }
}

const struct wf_site_price *wf_site_prices_find(const struct wf_site_prices *prices,
                                                const struct wf_gpu_name *gpu)
{
    const struct wf_site_price *best = NULL;
    for (uint32_t i = 0; i < prices->count; i++) {
        const struct wf_site_price *row = &prices->rows[i];
        enum wf_gpu_match match = wf_gpu_name_match(gpu, &row->gpu);
        if (match == WF_GPU_IS) {
            return row;
        }
        if (match == WF_GPU_MAY_BE &&
            (!best || row->nanousd_per_gpu_hour < best->nanousd_per_gpu_hour)) {
            best = row;
        }
    }
    return best;
}

enum wf_status wf_site_prices_of_table(struct wf_site_prices *prices, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (unsigned i = 0; i < wf_price_fact_count && status == WF_OK; i++) {
        const struct wf_price_fact *fact = &wf_price_facts[i];
        struct wf_gpu_name gpu;
        char source[256];
        bool read = wf_gpu_name_read(fact->model, &gpu);
        WF_ASSERT(read);
        snprintf(source, sizeof source, "%s, as of %s", fact->source, fact->date);
        status = wf_site_prices_add(prices, &gpu, fact->price_nanousd_per_gpu_hour, source, err);
    }
    return status;
}
