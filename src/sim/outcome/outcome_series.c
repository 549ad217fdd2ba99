// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/outcome_series.h"

#include <string.h>

#include "base/assert.h"

#define MS_PER_HOUR 3600000.0

void wf_outcome_series_init(struct wf_outcome_series *series, int64_t begin_ms)
{
    memset(series, 0, sizeof *series);
    series->begin_ms = begin_ms;
    series->width_ms = WF_OUTCOME_BUCKET_MS;
}

static void add_bucket(struct wf_outcome_bucket *to, const struct wf_outcome_bucket *more)
{
    to->gpu_hours += more->gpu_hours;
    to->used_gpu_hours += more->used_gpu_hours;
    to->blocked_gpu_hours += more->blocked_gpu_hours;
    to->waiting_gpu_hours += more->waiting_gpu_hours;
}

static void double_width(struct wf_outcome_series *series)
{
    static const struct wf_outcome_bucket empty;
    for (uint32_t i = 0; i < WF_OUTCOME_BUCKETS; i++) {
        struct wf_outcome_bucket one = series->buckets[i];
        series->buckets[i] = empty;
        add_bucket(&series->buckets[i / 2], &one);
    }
    series->width_ms *= 2;
    series->count = (series->count + 1) / 2;
}

void wf_outcome_series_add(struct wf_outcome_series *series, int64_t from_ms, int64_t until_ms,
                           const struct wf_outcome_moment *moment)
{
    WF_ASSERT(from_ms >= series->begin_ms && series->width_ms > 0);
    while (until_ms - series->begin_ms > series->width_ms * WF_OUTCOME_BUCKETS) {
        double_width(series);
    }
    while (from_ms < until_ms) {
        int64_t index = (from_ms - series->begin_ms) / series->width_ms;
        int64_t end_ms = series->begin_ms + (index + 1) * series->width_ms;
        end_ms = end_ms < until_ms ? end_ms : until_ms;
        double hours = (double)(end_ms - from_ms) / MS_PER_HOUR;
        const struct wf_outcome_bucket more = {
            .gpu_hours = moment->gpus * hours,
            .used_gpu_hours = moment->used * hours,
            .blocked_gpu_hours = moment->blocked * hours,
            .waiting_gpu_hours = moment->waiting * hours,
        };
        add_bucket(&series->buckets[index], &more);
        series->count = (uint32_t)index + 1 > series->count ? (uint32_t)index + 1 : series->count;
        from_ms = end_ms;
    }
}
