// SPDX-License-Identifier: Apache-2.0
#include "forecast/start_time.h"

#include <math.h>
#include <stdlib.h>

enum {
    SAMPLES_MAX = 1000000,
    BINS = 520,
};

#define MINUTE_MS 60000.0
// Logarithms of ratios in bins.
#define BIN_WIDTH 0.05
#define BIN_LOW (-13.0)
// Before anything is learned a wait may be anything from a fiftieth to four times the estimate.
#define PRIOR_POINTS 12
#define PRIOR_LOW (-4.0)
#define PRIOR_HIGH 1.4
#define PRIOR_WEIGHT 2.0 // all its points together, in samples that are wholly alike
// How far apart two questions are, before the weight of one for the other falls to 0.6.
#define ESTIMATE_APART 0.5 // logarithms
#define WAITED_APART 0.7
#define SIZE_APART 1.0
#define KEPT_PENALTY 2.0
#define KEEP_SAMPLES 1500.0 // a sample this many samples old weighs 1 / e
#define UNLIKE_WEIGHT 0.002 // what any sample weighs, so that there is something to go by
#define LEARNING 0.005
#define HARDLY_ANY 0.6
#define KNOWN_PART 0.03 // so small a part of all samples tells nothing about those who wait longest

struct sample {
    uint64_t number; // WF_START_TIME_NONE: none
    int64_t asked_ms, over_ms;
    bool is_open, has_started;
    bool was_counted_late; // it passed the end of its range while it waited
    double estimate, waited, size;
    bool is_kept;
    int64_t low_ms, high_ms; // the range that was stated
};

struct wf_start_time_model {
    struct sample *samples; // the sample of number n is in place n % max
    uint32_t max;
    uint64_t next;
    double low_level, high_level; // of the distribution, where the ends of the range are
};

enum wf_status wf_start_time_create(uint32_t samples_max, struct wf_start_time_model **model_out,
                                    struct wf_error *err)
{
    if (samples_max == 0 || samples_max > SAMPLES_MAX) {
        return wf_fail(err, WF_INVALID, "start times of %u jobs: 1 to %d can be kept", samples_max,
                       SAMPLES_MAX);
    }
    struct wf_start_time_model *model = calloc(1, sizeof *model);
    struct sample *samples = calloc(samples_max, sizeof *samples);
    if (!model || !samples) {
        free(model);
        free(samples);
        return wf_fail(err, WF_NOMEM, "no memory for %u start times", samples_max);
    }
    *model = (struct wf_start_time_model){
        .samples = samples, .max = samples_max, .low_level = 0.1, .high_level = 0.9};
    for (uint32_t i = 0; i < samples_max; i++) {
        samples[i].number = WF_START_TIME_NONE;
    }
    *model_out = model;
    return WF_OK;
}

void wf_start_time_destroy(struct wf_start_time_model *model)
{
    if (model) {
        free(model->samples);
        free(model);
    }
}

static double log_of_wait(int64_t wait_ms)
{
    return log((double)(wait_ms > 0 ? wait_ms : 0) + MINUTE_MS);
}

static struct sample sample_of(const struct wf_start_time_question *question)
{
    return (struct sample){
        .estimate = log_of_wait(question->estimate_ms),
        .waited = log_of_wait(question->waited_ms),
        .size = log(1.0 + (double)question->gpu_milli / 1000),
        .is_kept = question->is_kept,
    };
}

static double square(double value)
{
    return value * value;
}

static double weight_of(const struct sample *sample, const struct sample *asked, uint64_t age)
{
    double apart = square((sample->estimate - asked->estimate) / ESTIMATE_APART) +
                   square((sample->waited - asked->waited) / WAITED_APART) +
                   square((sample->size - asked->size) / SIZE_APART) +
                   (sample->is_kept != asked->is_kept ? square(KEPT_PENALTY) : 0);
    return exp(-(double)age / KEEP_SAMPLES) * (exp(-apart / 2) + UNLIKE_WEIGHT);
}

// Weights by bin of the ratio: of jobs that started then, and that waited at least so long.
struct spread {
    double started[BINS], left[BINS];
    double samples;
};

static uint32_t bin_of(double ratio)
{
    double bin = (ratio - BIN_LOW) / BIN_WIDTH;
    return bin <= 0 ? 0 : bin >= BINS - 1 ? BINS - 1 : (uint32_t)bin;
}

static void fill_spread(const struct wf_start_time_model *model, const struct sample *asked,
                        int64_t now_ms, struct spread *spread)
{
    *spread = (struct spread){.samples = 0};
    for (uint32_t i = 0; i < PRIOR_POINTS; i++) {
        double ratio = PRIOR_LOW + (PRIOR_HIGH - PRIOR_LOW) * i / (PRIOR_POINTS - 1);
        spread->started[bin_of(ratio)] += PRIOR_WEIGHT / PRIOR_POINTS;
    }
    for (uint32_t i = 0; i < model->max; i++) {
        const struct sample *sample = &model->samples[i];
        if (sample->number == WF_START_TIME_NONE) {
            continue;
        }
        double weight = weight_of(sample, asked, model->next - sample->number);
        int64_t over_ms = sample->is_open ? now_ms : sample->over_ms;
        double ratio = log_of_wait(over_ms - sample->asked_ms) - sample->estimate;
        (sample->has_started ? spread->started : spread->left)[bin_of(ratio)] += weight;
        spread->samples += weight;
    }
}

// Follows the jobs until too few that are alike waited longer. Returns the part that still waited,
// *ratio_out gets when that was; or, if level is reached before, when it was, and 0.
static double follow(const struct spread *spread, double level, double *ratio_out)
{
    double all = 0;
    for (uint32_t i = 0; i < BINS; i++) {
        all += spread->started[i] + spread->left[i];
    }
    double at_risk = all;
    double waiting = 1;
    uint32_t bin = 0;
    for (; bin < BINS && at_risk > KNOWN_PART * all; bin++) {
        if (spread->started[bin] > 0) {
            double part = spread->started[bin] / at_risk;
            double before = waiting;
            waiting *= part < 1 ? 1 - part : 0;
            if (1 - waiting >= level) {
                double inside = (level - (1 - before)) / (before - waiting);
                *ratio_out = BIN_LOW + BIN_WIDTH * (bin + inside);
                return 0;
            }
        }
        at_risk -= spread->started[bin] + spread->left[bin];
    }
    *ratio_out = BIN_LOW + BIN_WIDTH * bin;
    return waiting;
}

// Returns the ratio within which that part of all jobs start. What is not known goes on as waits
// without a scale do: of those left, half wait as long again. And where hardly any have started,
// what is known tells nothing: a wait that is met at any time is as likely near its end as near its
// beginning.
static double ratio_at(const struct spread *spread, double level)
{
    double ratio;
    double waiting = follow(spread, 1, &ratio);
    if (waiting > HARDLY_ANY) {
        return ratio + log(level / (1 - level));
    }
    waiting = follow(spread, level, &ratio);
    return waiting > 0 ? ratio + log(waiting / (1 - level)) : ratio;
}

static int64_t wait_at(const struct spread *spread, const struct sample *asked, double level)
{
    double wait = exp(asked->estimate + ratio_at(spread, level)) - MINUTE_MS;
    return wait <= 0 ? 0 : wait >= 1e15 ? (int64_t)1e15 : (int64_t)wait;
}

void wf_start_time_predict(const struct wf_start_time_model *model,
                           const struct wf_start_time_question *question, int64_t now_ms,
                           struct wf_start_time_points *points_out)
{
    struct sample asked = sample_of(question);
    struct spread spread;
    fill_spread(model, &asked, now_ms, &spread);
    *points_out = (struct wf_start_time_points){
        .low_ms = wait_at(&spread, &asked, model->low_level),
        .middle_ms = wait_at(&spread, &asked, 0.5),
        .high_ms = wait_at(&spread, &asked, model->high_level),
        .samples = spread.samples,
    };
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

// Moves the ends of the range so that in the long run a tenth of all starts is before and a tenth
// after it.
static void learn_low(struct wf_start_time_model *model, bool was_before)
{
    model->low_level =
        clamp(model->low_level + LEARNING * (0.1 - (was_before ? 1 : 0)), 0.005, 0.4);
}

static void learn_high(struct wf_start_time_model *model, bool was_after)
{
    model->high_level =
        clamp(model->high_level - LEARNING * (0.1 - (was_after ? 1 : 0)), 0.6, 0.995);
}

static struct sample *find(const struct wf_start_time_model *model, uint64_t number)
{
    struct sample *sample = &model->samples[number % model->max];
    return number != WF_START_TIME_NONE && sample->number == number && sample->is_open ? sample
                                                                                       : NULL;
}

// Those that wait past the end of their range are known to be late before they start.
static void count_late(struct wf_start_time_model *model, int64_t now_ms)
{
    for (uint32_t i = 0; i < model->max; i++) {
        struct sample *sample = &model->samples[i];
        if (sample->number != WF_START_TIME_NONE && sample->is_open && !sample->was_counted_late &&
            now_ms - sample->asked_ms > sample->high_ms) {
            sample->was_counted_late = true;
            learn_high(model, true);
            learn_low(model, false);
        }
    }
}

uint64_t wf_start_time_ask(struct wf_start_time_model *model,
                           const struct wf_start_time_question *question, int64_t now_ms)
{
    count_late(model, now_ms);
    struct wf_start_time_points points;
    wf_start_time_predict(model, question, now_ms, &points);
    struct sample sample = sample_of(question);
    sample.number = model->next++;
    sample.asked_ms = now_ms;
    sample.is_open = true;
    sample.low_ms = points.low_ms;
    sample.high_ms = points.high_ms;
    model->samples[sample.number % model->max] = sample;
    return sample.number;
}

void wf_start_time_started(struct wf_start_time_model *model, uint64_t sample, int64_t now_ms)
{
    struct sample *over = find(model, sample);
    if (!over) {
        return;
    }
    over->is_open = false;
    over->has_started = true;
    over->over_ms = now_ms;
    int64_t wait_ms = now_ms - over->asked_ms;
    if (!over->was_counted_late) {
        learn_low(model, wait_ms < over->low_ms);
        learn_high(model, wait_ms > over->high_ms);
    }
}

void wf_start_time_left(struct wf_start_time_model *model, uint64_t sample, int64_t now_ms)
{
    struct sample *over = find(model, sample);
    if (over) {
        over->is_open = false;
        over->over_ms = now_ms;
    }
}
