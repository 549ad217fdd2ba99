// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/savings.h"

#include <math.h>

#include "base/assert.h"

static const struct {
    const char *text, *key;
    bool more_is_better;
} kinds[WF_SAVING_KINDS] = {
    {"mean wait", "wait_mean_ms", false},
    {"wait of 95 % of the jobs", "wait_p95_ms", false},
    {"GPUs used", "used_pct", true},
    {"time until all is done", "makespan_ms", false},
    {"dollars for all machines", "usd", false},
    {"dollars for unused GPU time", "unused_usd", false},
    {"dollars for each useful GPU-hour", "usd_per_useful_gpu_hour", false},
};

const char *wf_saving_text(enum wf_saving_kind kind)
{
    WF_ASSERT(kind < WF_SAVING_KINDS);
    return kinds[kind].text;
}

const char *wf_saving_key(enum wf_saving_kind kind)
{
    WF_ASSERT(kind < WF_SAVING_KINDS);
    return kinds[kind].key;
}

double wf_saving_value(const struct wf_measures *measures, enum wf_saving_kind kind)
{
    const double values[WF_SAVING_KINDS] = {
        [WF_SAVING_WAIT_MEAN] = measures->waits.mean_ms,
        [WF_SAVING_WAIT_P95] = (double)measures->waits.p95_ms,
        [WF_SAVING_USED_PCT] = measures->used_pct,
        [WF_SAVING_MAKESPAN] = measures->makespan_ms,
        [WF_SAVING_USD] = measures->usd,
        [WF_SAVING_UNUSED_USD] = measures->unused_usd,
        [WF_SAVING_USD_PER_USEFUL_GPU_HOUR] = measures->usd_per_useful_gpu_hour,
    };
    WF_ASSERT(kind < WF_SAVING_KINDS);
    return values[kind];
}

// How after differs from before; false where before is nothing and after is not.
static bool change_between(double before, double after, double *change_out)
{
    bool known = before > 0 || after <= 0;
    *change_out = known && before > 0 ? (after - before) / before : 0;
    return known;
}

struct wf_saving wf_saving_make(enum wf_saving_kind kind, const struct wf_measures *happened,
                                const struct wf_measures *baseline,
                                const struct wf_measures *policy)
{
    struct wf_saving saving = {
        .before = wf_saving_value(baseline, kind),
        .after = wf_saving_value(policy, kind),
    };
    bool more;
    saving.change_known = change_between(saving.before, saving.after, &saving.change);
    if (happened) {
        saving.error_known =
            change_between(wf_saving_value(happened, kind), saving.before, &saving.error);
    }
    more = saving.after > saving.before;
    if (more || saving.after < saving.before) {
        saving.better = more == kinds[kind].more_is_better;
        saving.worse = !saving.better;
    }
    saving.distinguishable =
        saving.change_known && saving.error_known && fabs(saving.change) > fabs(saving.error);
    return saving;
}
