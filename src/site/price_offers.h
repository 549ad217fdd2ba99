// SPDX-License-Identifier: Apache-2.0
// A price of each model from many offers: the median over clouds of each cloud's median, so that a
// cloud with many regions counts once.
#pragma once

#include "site/price.h"

enum { WF_OFFER_CLOUD_BYTES = 32, WF_OFFER_DATE_BYTES = 11 };

struct wf_site_offer {
    struct wf_gpu_name gpu;
    char cloud[WF_OFFER_CLOUD_BYTES];
    char date[WF_OFFER_DATE_BYTES]; // YYYY-MM-DD; "": not told
    int64_t nanousd_per_gpu;
};

struct wf_site_offers {
    struct wf_site_offer *rows;
    uint32_t count, capacity;
};

// Copies the offer. Returns false when there is no memory.
bool wf_site_offers_add(struct wf_site_offers *offers,
                        const struct wf_site_offer *offer) WF_MUST_USE;
void wf_site_offers_finish(struct wf_site_offers *offers);

// Adds a price for each model; sorts the offers. shown: where they are from. Errors: WF_NOMEM.
enum wf_status wf_site_offers_price(struct wf_site_offers *offers, const char *shown,
                                    struct wf_site_prices *prices,
                                    struct wf_error *err) WF_MUST_USE;
