// SPDX-License-Identifier: Apache-2.0
#include "forecast/checkpoint.h"

#include <math.h>

#define HOUR_MS 3600000.0
#define LEAST_MS 60000

int64_t wf_checkpoint_interval_ms(int64_t save_ms, double hazard_per_hour)
{
    double save_hours = (double)(save_ms > 0 ? save_ms : 1) / HOUR_MS;
    int64_t most_ms = WF_CHECKPOINT_INTERVAL_MS_MAX;
    int64_t least_ms = 4 * save_ms > LEAST_MS ? 4 * save_ms : LEAST_MS;
    double best_hours = hazard_per_hour > 0 ? sqrt(2 * save_hours / hazard_per_hour) : INFINITY;
    int64_t best_ms =
        best_hours * HOUR_MS < (double)most_ms ? (int64_t)(best_hours * HOUR_MS) : most_ms;
    best_ms = best_ms > least_ms ? best_ms : least_ms;
    return best_ms < most_ms ? best_ms : most_ms;
}
