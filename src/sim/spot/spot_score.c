// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_score.h"

#include "forecast/survival.h"

// Whether a zone does not change for so many ticks after one.
static bool goes_on(const struct wf_spot_trace *trace, uint32_t tick, uint32_t ticks)
{
    for (uint32_t i = 1; i <= ticks; i++) {
        if ((trace->counts[tick + i] > 0) != (trace->counts[tick] > 0)) {
            return false;
        }
    }
    return true;
}

// base: what was so in the first half.
static struct wf_spot_score close_score(const struct wf_brier *brier, double base)
{
    struct wf_spot_score score = {
        .samples = brier->samples,
        .happened = brier->samples ? brier->happened / (double)brier->samples : 0,
        .brier = wf_brier_score(brier),
        .skill = wf_brier_skill(brier, base),
        .calibration = wf_brier_calibration(brier),
    };
    for (uint32_t i = 0; i < WF_SPOT_SCORE_BINS; i++) {
        double within = brier->bins[i].count ? (double)brier->bins[i].count : 1;
        score.count[i] = brier->bins[i].count;
        score.said[i] = brier->bins[i].said / within;
        score.was[i] = brier->bins[i].was / within;
    }
    return score;
}

enum wf_status wf_spot_score_run(const struct wf_spot_score_config *config,
                                 struct wf_spot_score scores_out[2], struct wf_error *err)
{
    const struct wf_spot_set *set = config->set;
    uint32_t tick_s = set->traces[0].tick_s;
    uint32_t ahead = (config->within_s + tick_s - 1) / tick_s;
    uint32_t every = config->sample_s > tick_s ? config->sample_s / tick_s : 1;
    uint32_t half = set->ticks / 2;
    double seen[2] = {0, 0}, lasted[2] = {0, 0};
    struct wf_brier briers[2] = {{0}, {0}};
    struct wf_survival_model *model = NULL;
    if (ahead == 0 || half <= 2 * ahead) {
        return wf_fail(err, WF_INVALID, "the traces have %u ticks: too few to look %u ahead",
                       set->ticks, ahead);
    }
    enum wf_status status = wf_survival_create(set->count, &model, err);
    for (uint32_t tick = 0; tick + ahead < set->ticks && status == WF_OK; tick++) {
        uint32_t counts[WF_SURVIVAL_ZONES_MAX];
        for (uint32_t i = 0; i < set->count; i++) {
            counts[i] = set->traces[i].counts[tick];
        }
        wf_survival_observe(model, counts, (int64_t)tick * tick_s);
        for (uint32_t i = 0; i < set->count && tick % every == 0; i++) {
            bool up = counts[i] > 0;
            bool was = goes_on(&set->traces[i], tick, ahead);
            int64_t age_s = wf_survival_age_s(model, i);
            if (tick >= half) {
                wf_brier_note(&briers[up],
                              1 - wf_survival_change(model, i, up, age_s, config->within_s), was);
            } else if (tick + ahead < half) {
                seen[up]++;
                lasted[up] += was;
            }
        }
    }
    for (uint32_t up = 0; up < 2; up++) {
        scores_out[up] = close_score(&briers[up], seen[up] > 0 ? lasted[up] / seen[up] : 0.5);
    }
    wf_survival_destroy(model);
    return status;
}
