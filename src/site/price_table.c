// SPDX-License-Identifier: Apache-2.0
#include "site/price_table.h"

#include <string.h>

#include "base/compat.h"

// Origin of the prices: two public price catalogues, read on the commits named in each row.
#define CATALOGUE "anycloud-sh/catalog@62ff0a9" // Azure and Google Cloud
#define CATALOGUE_AWS "tsaol/aws-gpu@77fcd9f"
#define NANOUSD INT64_C(1000000000)

// The lowest price keeps what is said about wasted money on the safe side: nobody pays less on
// demand at that cloud. One cloud first, because shares of cost between models matter more than
// any one price, and clouds differ more than models do.
const char wf_price_rule[] =
    "lowest on-demand list price per whole GPU, host included, over regions and machine types, at "
    "Azure; at Google Cloud for models that Azure does not list, at AWS for models that neither does";

const struct wf_price_fact wf_price_facts[] = {
    {"A10", 1100 * NANOUSD / 1000, "2026-05-20",
     "Azure Standard_NC8ads_A10_v4 in westus3, " CATALOGUE, false},
    {"A100", 3399625 * NANOUSD / 1000000, "2026-05-20",
     "Azure Standard_ND96asr_v4 in eastus, " CATALOGUE, false},
    {"A100-80GB", 3673 * NANOUSD / 1000, "2026-05-20",
     "Azure Standard_NC24ads_A100_v4 in eastus, " CATALOGUE, false},
    {"A10G", 1006 * NANOUSD / 1000, "2026-01-21", "AWS g5.xlarge in us-east-1, " CATALOGUE_AWS,
     false},
    {"B200", 8055 * NANOUSD / 1000, "2026-05-20",
     "Google Cloud a4-highgpu-8g in asia-northeast1, " CATALOGUE, false},
    {"B300", 17802 * NANOUSD / 1000, "2026-01-21",
     "AWS p6-b300.48xlarge in us-west-2, " CATALOGUE_AWS, false},
    // Nobody says what G2 and G3 are. Their hosts have 8 GPUs with 96 and 128 cores; of the kinds
    // of hosts in the same list whose GPUs have names, the 8 x V100M32 hosts with 96 cores are
    // nearest to both.
    {"G2", 2754 * NANOUSD / 1000, "2026-05-20",
     "assumed: an anonymised model, priced like V100M32 because its hosts (8 GPUs, 96 cores) are "
     "most like those",
     true},
    {"G3", 2754 * NANOUSD / 1000, "2026-05-20",
     "assumed: an anonymised model, priced like V100M32 because its hosts (8 GPUs, 128 cores) are "
     "most like those",
     true},
    {"H100", 6980 * NANOUSD / 1000, "2026-05-20",
     "Azure Standard_NC40ads_H100_v5 in eastus, " CATALOGUE, false},
    {"H200", 10600 * NANOUSD / 1000, "2026-05-20",
     "Azure Standard_ND96isr_H200_v5 in eastus2, " CATALOGUE, false},
    {"L4", 850830 * NANOUSD / 1000000, "2026-05-20",
     "Google Cloud g2-standard-8 in us-east4, " CATALOGUE, false},
    {"L40S", 1861 * NANOUSD / 1000, "2026-01-21", "AWS g6e.xlarge in us-east-1, " CATALOGUE_AWS,
     false},
    {"MI300X", 6000 * NANOUSD / 1000, "2026-05-20",
     "Azure Standard_ND96isr_MI300X_v5 in eastus2, " CATALOGUE, false},
    {"P100", 1933210 * NANOUSD / 1000000, "2026-05-20",
     "Google Cloud n1-highmem-16 with 2 P100 in us-central1, " CATALOGUE, false},
    {"T4", 526 * NANOUSD / 1000, "2026-05-20", "Azure Standard_NC4as_T4_v3 in eastus, " CATALOGUE,
     false},
    {"V100M16", 3060 * NANOUSD / 1000, "2026-05-20",
     "Azure Standard_NC12s_v3 in eastus, " CATALOGUE, false},
    {"V100M32", 2754 * NANOUSD / 1000, "2026-05-20",
     "Azure Standard_ND40rs_v2 in eastus, " CATALOGUE, false},
};
const unsigned wf_price_fact_count = WF_COUNT_OF(wf_price_facts);

const struct wf_price_fact *wf_price_fact_find(const char *model)
{
    for (unsigned i = 0; i < wf_price_fact_count; i++) {
        if (strcmp(wf_price_facts[i].model, model) == 0) {
            return &wf_price_facts[i];
        }
    }
    return NULL;
}
