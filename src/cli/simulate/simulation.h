// SPDX-License-Identifier: Apache-2.0
// What `simulate placement` is asked to do and what came out: shared by the runs, the table, the
// JSON, the picture and the record of the last run.
#pragma once

#include <stdbool.h>

#include "cli/simulate/difference.h"
#include "sim/placement/scenario.h"

struct wf_simulation_options {
    struct wf_scenario_config scenario;
    const char *policies; // as written
    uint64_t seed_first, seed_last;
    bool plain;
    bool json;
    const char *picture_path;     // or NULL
    const char *picture_policies; // as written; NULL: the first and the last of the policies
    uint32_t picture_load;        // in percent
};

struct wf_simulation {
    struct wf_simulation_options options;
    struct wf_scenario scenario;
    struct wf_contenders contenders;
    struct wf_contenders pictured; // one or two
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
    struct wf_statistic allocated_pct, unserved_pct, fragmented_pct;
    struct wf_statistic stranded_usd_per_hour, used_usd_per_hour;
};

// What a contender did with tasks that leave, over all seeds.
struct wf_window_summary {
    struct wf_statistic offered_pct, allocated_pct, refused_pct, refused_tasks, fragmented_pct;
    struct wf_statistic stranded_usd_per_hour, used_usd_per_hour;
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

// Returns how many GPUs the cluster has, all copies together.
uint32_t wf_simulation_gpus(const struct wf_simulation *simulation);

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

// What the comparison comes to, at full load if the run gets there (where tasks leave: over the
// window, at the load that was asked for): the first named of our own
// policies against the best of the published ones, and behind it the first that lives from what it
// learns; of published ones alone, the best against the next.
struct wf_simulation_verdict {
    struct wf_difference list[2];
    uint32_t count; // 0: nothing to compare
    uint32_t load;  // in percent
};

struct wf_simulation_verdict wf_simulation_verdict(const struct wf_simulation *simulation);

// Prints the table for people, or the JSON for programs. Errors: WF_NOMEM.
void wf_simulation_print_table(const struct wf_simulation *simulation);
enum wf_status wf_simulation_print_json(const struct wf_simulation *simulation,
                                        struct wf_error *err) WF_MUST_USE;
