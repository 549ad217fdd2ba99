// SPDX-License-Identifier: Apache-2.0
#include "forecast/lifetimes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "forecast/survival.h"

enum {
    HOUR_S = 3600,
    SAMPLE_MS = 15 * 60 * 1000,
    OPEN_MAX = HOUR_S * 1000 / SAMPLE_MS + 1,
};
#define WITHIN_MS (INT64_C(1000) * HOUR_S)

// A forecast whose hour is not over.
struct open_sample {
    int64_t at_ms;
    double said;
};

struct wf_lifetimes {
    struct wf_survival_model *model;
    uint32_t kinds;
    bool lives; // one does
    uint32_t kind;
    int64_t booted_ms, last_ms, sample_ms; // the last that was seen, and when the next one is due
    struct open_sample open[OPEN_MAX];     // the oldest first
    uint32_t open_count;
    uint64_t count, taken;
    struct wf_brier brier;
};

enum wf_status wf_lifetimes_create(uint32_t kinds, struct wf_lifetimes **out, struct wf_error *err)
{
    struct wf_lifetimes *lifetimes = calloc(1, sizeof *lifetimes);
    *out = NULL;
    if (!lifetimes) {
        return wf_fail(err, WF_NOMEM, "no memory for the lives of machines");
    }
    enum wf_status status = wf_survival_create(kinds, &lifetimes->model, err);
    if (status != WF_OK) {
        free(lifetimes);
        return status;
    }
    lifetimes->kinds = kinds;
    *out = lifetimes;
    return WF_OK;
}

void wf_lifetimes_destroy(struct wf_lifetimes *lifetimes)
{
    if (lifetimes) {
        wf_survival_destroy(lifetimes->model);
        free(lifetimes);
    }
}

static int64_t seconds(int64_t ms)
{
    return ms > 0 ? ms / 1000 : 0;
}

void wf_lifetimes_begin(struct wf_lifetimes *lifetimes, uint32_t kind, int64_t booted_ms,
                        int64_t from_ms)
{
    WF_ASSERT(kind < lifetimes->kinds);
    if (lifetimes->lives) {
        wf_lifetimes_end(lifetimes, lifetimes->last_ms, false);
    }
    lifetimes->lives = true;
    lifetimes->kind = kind;
    lifetimes->booted_ms = booted_ms;
    lifetimes->last_ms = lifetimes->sample_ms = from_ms > booted_ms ? from_ms : booted_ms;
    lifetimes->count++;
}

// Lets the life go on until then.
static void go_on(struct wf_lifetimes *lifetimes, int64_t until_ms, bool taken)
{
    struct wf_survival_stretch stretch = {
        .available = true,
        .from_s = seconds(lifetimes->last_ms - lifetimes->booted_ms),
        .to_s = seconds(until_ms - lifetimes->booted_ms),
        .changed = taken,
    };
    wf_survival_note(lifetimes->model, lifetimes->kind, &stretch);
    lifetimes->last_ms = until_ms;
}

static void close_samples(struct wf_lifetimes *lifetimes)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < lifetimes->open_count; i++) {
        if (lifetimes->open[i].at_ms + WITHIN_MS <= lifetimes->last_ms) {
            wf_brier_note(&lifetimes->brier, lifetimes->open[i].said, false);
        } else {
            lifetimes->open[kept++] = lifetimes->open[i];
        }
    }
    lifetimes->open_count = kept;
}

static void sample(struct wf_lifetimes *lifetimes)
{
    int64_t age_ms = lifetimes->last_ms - lifetimes->booted_ms;
    WF_ASSERT(lifetimes->open_count < OPEN_MAX);
    lifetimes->open[lifetimes->open_count++] = (struct open_sample){
        .at_ms = lifetimes->last_ms,
        .said = wf_lifetimes_chance(lifetimes, lifetimes->kind, age_ms, WITHIN_MS),
    };
    lifetimes->sample_ms += SAMPLE_MS;
}

void wf_lifetimes_seen(struct wf_lifetimes *lifetimes, int64_t now_ms)
{
    while (lifetimes->lives && lifetimes->sample_ms <= now_ms) {
        go_on(lifetimes, lifetimes->sample_ms, false);
        close_samples(lifetimes);
        sample(lifetimes);
    }
    if (lifetimes->lives && now_ms > lifetimes->last_ms) {
        go_on(lifetimes, now_ms, false);
        close_samples(lifetimes);
    }
}

void wf_lifetimes_end(struct wf_lifetimes *lifetimes, int64_t at_ms, bool taken)
{
    if (!lifetimes->lives) {
        return;
    }
    wf_lifetimes_seen(lifetimes, at_ms);
    if (taken) {
        go_on(lifetimes, lifetimes->last_ms, true);
        lifetimes->taken++;
    }
    for (uint32_t i = 0; i < lifetimes->open_count && taken; i++) {
        wf_brier_note(&lifetimes->brier, lifetimes->open[i].said, true);
    }
    lifetimes->open_count = 0;
    lifetimes->lives = false;
}

double wf_lifetimes_chance(const struct wf_lifetimes *lifetimes, uint32_t kind, int64_t age_ms,
                           int64_t within_ms)
{
    return wf_survival_change(lifetimes->model,
                              kind < lifetimes->kinds ? kind : WF_SURVIVAL_TYPICAL, true,
                              seconds(age_ms), seconds(within_ms));
}

double wf_lifetimes_hazard_per_hour(const struct wf_lifetimes *lifetimes, uint32_t kind,
                                    int64_t age_ms)
{
    return -log1p(-wf_lifetimes_chance(lifetimes, kind, age_ms, WITHIN_MS));
}

struct wf_lifetimes_score wf_lifetimes_score(const struct wf_lifetimes *lifetimes)
{
    const struct wf_brier *brier = &lifetimes->brier;
    struct wf_lifetimes_score score = {
        .lives = lifetimes->count, .taken = lifetimes->taken, .samples = brier->samples};
    score.is_scored =
        score.taken >= WF_LIFETIMES_TAKEN_MIN && score.samples >= WF_LIFETIMES_SAMPLES_MIN;
    if (score.is_scored) {
        score.brier = wf_brier_score(brier);
        score.skill = wf_brier_skill(brier, brier->happened / (double)brier->samples);
        score.calibration = wf_brier_calibration(brier);
    }
    return score;
}

void wf_lifetimes_say(const struct wf_lifetimes *lifetimes, char *text, uint32_t size)
{
    struct wf_lifetimes_score score = wf_lifetimes_score(lifetimes);
    if (score.is_scored) {
        snprintf(text, size, "Brier skill %.2f, calibration error %.2f, over %llu forecasts",
                 score.skill, score.calibration, (unsigned long long)score.samples);
    } else {
        snprintf(text, size,
                 "not yet scored: %llu of %d machines were taken, %llu of %d forecasts could be "
                 "checked",
                 (unsigned long long)score.taken, WF_LIFETIMES_TAKEN_MIN,
                 (unsigned long long)score.samples, WF_LIFETIMES_SAMPLES_MIN);
    }
}
