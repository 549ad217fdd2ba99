// SPDX-License-Identifier: Apache-2.0
#include "forecast/checkpoint.h"

#include <math.h>

#define HOUR_MS 3600000.0
#define LEAST_MS 60000
#define MOST_MS (6 * INT64_C(3600000))

double wf_spot_hazard_per_hour(int64_t age_ms)
{
    double hours = (double)age_ms / HOUR_MS;
    if (hours < 1) {
        return 1.15;
    }
    return hours < 4 ? 0.34 : 0.09;
}

int64_t wf_checkpoint_interval_ms(int64_t save_ms, int64_t age_ms)
{
    double save_hours = (double)(save_ms > 0 ? save_ms : 1) / HOUR_MS;
    int64_t best_ms = (int64_t)(sqrt(2 * save_hours / wf_spot_hazard_per_hour(age_ms)) * HOUR_MS);
    int64_t least_ms = 4 * save_ms > LEAST_MS ? 4 * save_ms : LEAST_MS;
    best_ms = best_ms > least_ms ? best_ms : least_ms;
    return best_ms < MOST_MS ? best_ms : MOST_MS;
}
