// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/simulation.h"

#include <math.h>

const uint32_t wf_simulation_loads[WF_SIMULATION_LOAD_COUNT] = {90, 100, 130};

// Values are added one by one; finish turns the sums into mean and deviation.
static void add(struct wf_statistic *statistic, double value)
{
    statistic->mean += value;
    statistic->deviation += value * value;
}

static void finish(struct wf_statistic *statistic, uint32_t count)
{
    if (count > 0) {
        statistic->mean /= count;
        double variance = statistic->deviation / count - statistic->mean * statistic->mean;
        statistic->deviation = variance > 0 ? sqrt(variance) : 0;
    }
}

uint32_t wf_simulation_gpus(const struct wf_simulation *simulation)
{
    const struct wf_trace *trace = &simulation->scenario.trace;
    uint32_t gpus = 0;
    for (uint32_t i = 0; i < trace->node_count; i++) {
        gpus += trace->nodes[i].gpus;
    }
    return gpus * simulation->options.scenario.copies;
}

uint32_t wf_simulation_headline(const struct wf_simulation *simulation)
{
    uint32_t load = WF_PLACEMENT_LOADS - 1;
    while (load > 0 && simulation->results[0].at[load].arrivals == 0) {
        load--;
    }
    return load;
}

struct wf_load_summary wf_simulation_at(const struct wf_simulation *simulation, uint32_t contender,
                                        uint32_t load)
{
    struct wf_load_summary summary = {0};
    for (uint32_t seed = 0; seed < simulation->seed_count; seed++) {
        struct wf_placement_point point =
            wf_placement_at(wf_simulation_result(simulation, contender, seed), load);
        if (point.arrivals == 0) {
            continue;
        }
        summary.seeds++;
        add(&summary.allocated_pct, point.allocated_pct);
        add(&summary.unserved_pct, wf_placement_unserved_pct(&point, load));
        add(&summary.fragmented_pct, point.fragmented_pct);
        add(&summary.stranded_usd_per_hour, point.stranded_usd_per_hour);
        add(&summary.used_usd_per_hour, point.used_usd_per_hour);
    }
    finish(&summary.allocated_pct, summary.seeds);
    finish(&summary.unserved_pct, summary.seeds);
    finish(&summary.fragmented_pct, summary.seeds);
    finish(&summary.stranded_usd_per_hour, summary.seeds);
    finish(&summary.used_usd_per_hour, summary.seeds);
    return summary;
}

struct wf_window_summary wf_simulation_window(const struct wf_simulation *simulation,
                                              uint32_t contender)
{
    struct wf_window_summary summary = {0};
    uint32_t seeds = simulation->seed_count;
    for (uint32_t seed = 0; seed < seeds; seed++) {
        const struct wf_placement_window *window =
            &wf_simulation_result(simulation, contender, seed)->window;
        add(&summary.offered_pct, window->offered_pct);
        add(&summary.allocated_pct, window->allocated_pct);
        add(&summary.refused_pct, wf_placement_refused_pct(window));
        add(&summary.refused_tasks, window->refused);
        add(&summary.fragmented_pct, window->fragmented_pct);
        add(&summary.stranded_usd_per_hour, window->stranded_usd_per_hour);
        add(&summary.used_usd_per_hour, window->used_usd_per_hour);
    }
    finish(&summary.offered_pct, seeds);
    finish(&summary.allocated_pct, seeds);
    finish(&summary.refused_pct, seeds);
    finish(&summary.refused_tasks, seeds);
    finish(&summary.fragmented_pct, seeds);
    finish(&summary.stranded_usd_per_hour, seeds);
    finish(&summary.used_usd_per_hour, seeds);
    return summary;
}

struct wf_moves_summary wf_simulation_moves(const struct wf_simulation *simulation,
                                            uint32_t contender)
{
    struct wf_moves_summary summary = {0};
    for (uint32_t seed = 0; seed < simulation->seed_count; seed++) {
        const struct wf_placement_result *result =
            wf_simulation_result(simulation, contender, seed);
        add(&summary.moves, result->moves);
        add(&summary.usd, result->moves_usd);
    }
    finish(&summary.moves, simulation->seed_count);
    finish(&summary.usd, simulation->seed_count);
    return summary;
}

struct wf_statistic wf_simulation_refused(const struct wf_simulation *simulation,
                                          uint32_t contender)
{
    struct wf_statistic statistic = {0};
    for (uint32_t seed = 0; seed < simulation->seed_count; seed++) {
        add(&statistic, wf_simulation_result(simulation, contender, seed)->refused);
    }
    finish(&statistic, simulation->seed_count);
    return statistic;
}

struct wf_statistic wf_simulation_decisions_per_s(const struct wf_simulation *simulation,
                                                  uint32_t contender)
{
    struct wf_statistic statistic = {0};
    for (uint32_t seed = 0; seed < simulation->seed_count; seed++) {
        const struct wf_placement_result *result =
            wf_simulation_result(simulation, contender, seed);
        add(&statistic, result->seconds > 0 ? result->decisions / result->seconds : 0);
    }
    finish(&statistic, simulation->seed_count);
    return statistic;
}
