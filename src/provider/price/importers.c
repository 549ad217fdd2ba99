// SPDX-License-Identifier: Apache-2.0
#include "provider/price/importer.h"

// The order matters where a text could be two of them.
const struct wf_price_importer *const wf_price_importers[] = {
    &wf_price_skypilot, &wf_price_offers_csv, &wf_price_aws_products,
    &wf_price_aws_spot, &wf_price_aws_risk,   &wf_price_azure,
    &wf_price_gcp_skus, &wf_price_own,        NULL,
};

bool wf_price_format(unsigned number, const char **name_out, const char **from_out)
{
    if (number + 1 >= WF_COUNT_OF(wf_price_importers)) {
        return false;
    }
    *name_out = wf_price_importers[number]->name;
    *from_out = wf_price_importers[number]->from;
    return true;
}
