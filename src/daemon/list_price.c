// SPDX-License-Identifier: Apache-2.0
#include "daemon/list_price.h"

enum wf_status wf_list_prices_init(struct wf_list_prices *prices, const char *path,
                                   struct wf_error *err)
{
    *prices = (struct wf_list_prices){0};
    enum wf_status status = wf_site_prices_of_table(&prices->table, err);
    if (status == WF_OK && path) {
        struct wf_site_config description = {.path = path};
        status = wf_site_read(&description, &prices->described, err);
    }
    return status;
}

void wf_list_prices_finish(struct wf_list_prices *prices)
{
    wf_site_finish(&prices->described);
    wf_site_prices_finish(&prices->table);
}

int64_t wf_list_price(const struct wf_list_prices *prices, const char *model,
                      const char **source_out)
{
    const struct wf_site *described = &prices->described;
    struct wf_gpu_name name, other;
    bool good = wf_gpu_name_read(model, &name);
    for (uint32_t i = 0; i < described->pool_count && good; i++) {
        uint8_t number = described->pools[i].spec.model;
        if (number < described->model_count &&
            wf_gpu_name_read(described->models[number], &other) &&
            wf_gpu_name_match(&name, &other) != WF_GPU_DIFFERS) {
            *source_out = described->pools[i].price_source;
            return described->pools[i].spec.price_nanousd_per_gpu_hour;
        }
    }
    const struct wf_site_price *price = good ? wf_site_prices_find(&prices->table, &name) : NULL;
    *source_out = price ? price->source : "no price is known";
    return price ? price->nanousd_per_gpu_hour : 0;
}
