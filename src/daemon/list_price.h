// SPDX-License-Identifier: Apache-2.0
// What a GPU of a model costs: as a description of the site says, or the program's own table.
// Internal to the daemon.
#pragma once

#include "site/price.h"
#include "site/site.h"

struct wf_list_prices {
    struct wf_site described;    // by the file; empty without one
    struct wf_site_prices table; // the program's own
};

// path NULL: no file. The caller finishes it, also after a failure. Errors: what wf_site_read says.
enum wf_status wf_list_prices_init(struct wf_list_prices *prices, const char *path,
                                   struct wf_error *err) WF_MUST_USE;
void wf_list_prices_finish(struct wf_list_prices *prices);

// In nano-dollars by the hour; 0: nobody knows. source_out is borrowed, never NULL.
int64_t wf_list_price(const struct wf_list_prices *prices, const char *model,
                      const char **source_out);
