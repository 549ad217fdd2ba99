// SPDX-License-Identifier: Apache-2.0
// What a GPU of a model costs by the hour, from whoever says so: a file of prices or the program's
// own table (site/price_table.h).
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "gpu/gpu_name.h"

struct wf_site_price {
    struct wf_gpu_name gpu;
    int64_t nanousd_per_gpu_hour;
    char *source; // who says so and as of when
};

struct wf_site_prices {
    struct wf_site_price *rows;
    uint32_t count, capacity;
};

// Copies the words about the source. Errors: WF_NOMEM.
enum wf_status wf_site_prices_add(struct wf_site_prices *prices, const struct wf_gpu_name *gpu,
                                  int64_t nanousd_per_gpu_hour, const char *source,
                                  struct wf_error *err) WF_MUST_USE;
void wf_site_prices_finish(struct wf_site_prices *prices);

// The price of that very model, or else the lowest of those that may be it, as the lowest keeps
// what is said about wasted money on the safe side; NULL: there is none.
const struct wf_site_price *wf_site_prices_find(const struct wf_site_prices *prices,
                                                const struct wf_gpu_name *gpu);

// The program's own table.
enum wf_status wf_site_prices_of_table(struct wf_site_prices *prices,
                                       struct wf_error *err) WF_MUST_USE;

// Reads a file of prices: YAML, or a table of offers with the columns cloud, gpu_model, gpu_count,
// ondemand_usd_h and, if they are there, gpu_mem_gib and date. Of a table the price of a model is
// the median over the clouds of each cloud's median over its offers of whole GPUs on demand, by the
// GPU, so that a cloud with many regions counts once; offers dated more than a year before the
// newest are left out. Errors: WF_IO, WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_site_prices_read(const char *path, struct wf_site_prices *prices,
                                   struct wf_error *err) WF_MUST_USE;
enum wf_status wf_site_prices_read_csv(const char *path, const char *shown,
                                       struct wf_site_prices *prices,
                                       struct wf_error *err) WF_MUST_USE;
