// SPDX-License-Identifier: Apache-2.0
#include "forecast/brier.h"

#include <math.h>

void wf_brier_note(struct wf_brier *brier, double said, bool was)
{
    uint32_t bin = (uint32_t)(said * WF_BRIER_BINS);
    bin = bin < WF_BRIER_BINS ? bin : WF_BRIER_BINS - 1;
    brier->samples++;
    brier->happened += was;
    brier->squares += (said - was) * (said - was);
    brier->bins[bin].count++;
    brier->bins[bin].said += said;
    brier->bins[bin].was += was;
}

double wf_brier_score(const struct wf_brier *brier)
{
    return brier->samples > 0 ? brier->squares / (double)brier->samples : 0;
}

double wf_brier_skill(const struct wf_brier *brier, double base)
{
    double plain = brier->happened * (1 - base) * (1 - base) +
                   ((double)brier->samples - brier->happened) * base * base;
    return plain > 0 ? 1 - brier->squares / plain : 0;
}

double wf_brier_calibration(const struct wf_brier *brier)
{
    double sum = 0;
    for (uint32_t i = 0; i < WF_BRIER_BINS; i++) {
        sum += fabs(brier->bins[i].said - brier->bins[i].was);
    }
    return brier->samples > 0 ? sum / (double)brier->samples : 0;
}
