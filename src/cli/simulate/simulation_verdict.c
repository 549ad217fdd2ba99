// SPDX-License-Identifier: Apache-2.0
// What a comparison comes to: our own policy, which counts in dollars, against the best of the
// published ones.
#include <math.h>

#include "cli/simulate/simulation.h"
#include "site/price_table.h"

enum { LOAD = 100 }; // percent; where policies differ most

// Means over the seeds of what is at work.
struct used {
    double pct, usd_per_hour;
};

static struct used used_by(const struct wf_simulation *simulation, uint32_t contender,
                           uint32_t load)
{
    if (simulation->options.scenario.departures) {
        struct wf_window_summary window = wf_simulation_window(simulation, contender);
        return (struct used){window.allocated_pct.mean, window.used_usd_per_hour.mean};
    }
    struct wf_load_summary at = wf_simulation_at(simulation, contender, load);
    return (struct used){at.allocated_pct.mean, at.used_usd_per_hour.mean};
}

static double used_pct(const struct wf_simulation *simulation, uint32_t contender, uint32_t load)
{
    return used_by(simulation, contender, load).pct;
}

static uint32_t load_of(const struct wf_simulation *simulation)
{
    const struct wf_scenario_config *scenario = &simulation->options.scenario;
    if (scenario->departures) {
        return (scenario->load_milli + 5) / 10;
    }
    uint32_t headline = wf_simulation_headline(simulation);
    return headline < LOAD ? headline : LOAD;
}

enum group { OURS, OURS_LEARNED, PUBLISHED };

static enum group group_of(const struct wf_contender *contender)
{
    bool ours = contender->policy->weights != NULL;
    return !ours ? PUBLISHED : contender->learned ? OURS_LEARNED : OURS;
}

// Returns the contender of that group that is named first, or WF_NONE.
static uint32_t first_of(const struct wf_simulation *simulation, enum group group)
{
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        if (group_of(&simulation->contenders.list[i]) == group) {
            return i;
        }
    }
    return WF_NONE;
}

// Returns the published policy with most GPUs at work, the first named of equal ones, or WF_NONE.
static uint32_t best_published(const struct wf_simulation *simulation, uint32_t load,
                               uint32_t left_out)
{
    uint32_t best = WF_NONE;
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        bool better =
            best == WF_NONE || used_pct(simulation, i, load) > used_pct(simulation, best, load);
        if (better && i != left_out && group_of(&simulation->contenders.list[i]) == PUBLISHED) {
            best = i;
        }
    }
    return best;
}

static struct wf_difference tell(const struct wf_simulation *simulation, uint32_t load,
                                 uint32_t policy, uint32_t against)
{
    struct used left = used_by(simulation, policy, load);
    struct used right = used_by(simulation, against, load);
    const struct wf_trace *trace = &simulation->scenario.trace;
    double gpus = wf_simulation_gpus(simulation);
    struct wf_difference difference = {
        .policy = simulation->contenders.list[policy].name,
        .against = simulation->contenders.list[against].name,
        .more_gpu_milli = llround((left.pct - right.pct) / 100 * gpus * 1000),
        .more_nanousd_per_hour = llround((left.usd_per_hour - right.usd_per_hour) * 1e9),
    };
    for (uint32_t i = 0; i < trace->model_count; i++) {
        difference.unpriced |= !wf_price_fact_find(trace->models[i]);
    }
    return difference;
}

struct wf_simulation_verdict wf_simulation_verdict(const struct wf_simulation *simulation)
{
    struct wf_simulation_verdict verdict = {.load = load_of(simulation)};
    uint32_t ours = first_of(simulation, OURS);
    uint32_t learned = first_of(simulation, OURS_LEARNED);
    uint32_t published = best_published(simulation, verdict.load, WF_NONE);
    if (ours == WF_NONE && learned == WF_NONE && published != WF_NONE) {
        ours = published;
        published = best_published(simulation, verdict.load, ours);
    }
    if (published == WF_NONE) {
        return verdict;
    }
    if (ours != WF_NONE) {
        verdict.list[verdict.count++] = tell(simulation, verdict.load, ours, published);
    }
    if (learned != WF_NONE) {
        verdict.list[verdict.count++] = tell(simulation, verdict.load, learned, published);
    }
    return verdict;
}
