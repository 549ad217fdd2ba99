// SPDX-License-Identifier: Apache-2.0
// What `simulate placement` is asked to do and what came out: shared by the runs, the table, the
// JSON, the picture and the record of the last run.
#pragma once

#include <stdbool.h>

#include "sim/scenario.h"

struct wf_simulation_options {
    struct wf_scenario_config scenario;
    const char *policies; // as written
    uint64_t seed_first, seed_last;
    bool plain;
    bool json;
    const char *picture_path; // or NULL
};

struct wf_simulation {
    struct wf_simulation_options options;
    struct wf_scenario scenario;
    struct wf_contenders contenders;
    uint32_t seed_count;
    struct wf_placement_result *results; // [contender][seed]
};

// Mean and standard deviation (of the population) over the seeds.
struct wf_statistic {
    double mean, deviation;
};

// What a contender did at one load, over all seeds. seeds is 0 where no run came so far.
struct wf_load_summary {
    uint32_t seeds;
    struct wf_statistic allocated_pct, unserved_pct, fragmented_pct, stranded_usd_per_hour;
};

// What a contender did with tasks that leave, over all seeds.
struct wf_window_summary {
    struct wf_statistic offered_pct, allocated_pct, refused_pct, refused_tasks, fragmented_pct,
        stranded_usd_per_hour;
};

// What its moves came to, over all seeds.
struct wf_moves_summary {
    struct wf_statistic moves, usd;
};

// The loads, in percent, that are always reported, and the one of the headline.
#define WF_SIMULATION_LOAD_COUNT 3
extern const uint32_t wf_simulation_loads[WF_SIMULATION_LOAD_COUNT];

static inline const struct wf_placement_result *
wf_simulation_result(const struct wf_simulation *simulation, uint32_t contender, uint32_t seed)
{
    return &simulation->results[contender * simulation->seed_count + seed];
}

// Returns the load at which the table tells what is allocated: that of the last arrival.
uint32_t wf_simulation_headline(const struct wf_simulation *simulation);

struct wf_load_summary wf_simulation_at(const struct wf_simulation *simulation, uint32_t contender,
                                        uint32_t load);
struct wf_window_summary wf_simulation_window(const struct wf_simulation *simulation,
                                              uint32_t contender);
struct wf_moves_summary wf_simulation_moves(const struct wf_simulation *simulation,
                                            uint32_t contender);
struct wf_statistic wf_simulation_refused(const struct wf_simulation *simulation,
                                          uint32_t contender);
struct wf_statistic wf_simulation_decisions_per_s(const struct wf_simulation *simulation,
                                                  uint32_t contender);

// Prints the table for people, or the JSON for programs. Errors: WF_NOMEM.
void wf_simulation_print_table(const struct wf_simulation *simulation);
enum wf_status wf_simulation_print_json(const struct wf_simulation *simulation,
                                        struct wf_error *err) WF_MUST_USE;
