// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_score.h"

#include <math.h>
#include <string.h>

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

static void note(struct wf_spot_score *score, double said, bool was)
{
    uint32_t bin = (uint32_t)(said * WF_SPOT_SCORE_BINS);
    bin = bin < WF_SPOT_SCORE_BINS ? bin : WF_SPOT_SCORE_BINS - 1;
    score->samples++;
    score->happened += was;
    score->brier += (said - was) * (said - was);
    score->count[bin]++;
    score->said[bin] += said;
    score->was[bin] += was;
}

// base: what was so in the first half.
static void close_score(struct wf_spot_score *score, double base)
{
    double count = score->samples ? (double)score->samples : 1;
    double plain = score->happened * (1 - base) * (1 - base) +
                   ((double)score->samples - score->happened) * base * base;
    score->skill = plain > 0 ? 1 - score->brier / plain : 0;
    score->brier /= count;
    score->happened /= count;
    for (uint32_t i = 0; i < WF_SPOT_SCORE_BINS; i++) {
        score->calibration += fabs(score->said[i] - score->was[i]) / count;
        double within = score->count[i] ? (double)score->count[i] : 1;
        score->said[i] /= within;
        score->was[i] /= within;
    }
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
    struct wf_survival_model *model = NULL;
    memset(scores_out, 0, 2 * sizeof *scores_out);
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
                note(&scores_out[up], 1 - wf_survival_change(model, i, up, age_s, config->within_s),
                     was);
            } else if (tick + ahead < half) {
                seen[up]++;
                lasted[up] += was;
            }
        }
    }
    for (uint32_t up = 0; up < 2; up++) {
        close_score(&scores_out[up], seen[up] > 0 ? lasted[up] / seen[up] : 0.5);
    }
    wf_survival_destroy(model);
    return status;
}
