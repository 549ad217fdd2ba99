// SPDX-License-Identifier: Apache-2.0
// What a simulation is about, put together from what a person names: a trace, from files or made
// from the in-tree facts, its published forecast, and a workload for each seed.
#pragma once

#include "sim/placement/placement.h"

struct wf_scenario_config {
    const char *nodes_path; // both, or neither
    const char *pods_path;
    const char *facts;       // else the name of a trace made from facts (sim/placement/facts.h)
    const char *orders_path; // exact orders; NULL: our own random numbers
    uint32_t load_milli;     // as in struct wf_workload_config; not used with exact orders
    uint32_t copies;
    bool departures;             // tasks leave (wf_workload_make_timed)
    uint32_t moves_per_thousand; // as in struct wf_replay_config, and the next
    int64_t move_cost_nanousd;
};

struct wf_scenario {
    struct wf_scenario_config config;
    struct wf_trace trace;
    struct wf_published_mix published;
};

// Reads or makes the trace. What config points to is borrowed; the caller closes the scenario.
enum wf_status wf_scenario_open(const struct wf_scenario_config *config,
                                struct wf_scenario *scenario_out, struct wf_error *err) WF_MUST_USE;
void wf_scenario_close(struct wf_scenario *scenario);

// Makes the workload of a seed, for the caller to finish.
enum wf_status wf_scenario_workload(const struct wf_scenario *scenario, uint64_t seed,
                                    struct wf_workload *workload_out,
                                    struct wf_error *err) WF_MUST_USE;

// How a contender meets a workload; borrows all three.
struct wf_replay_config wf_scenario_replay(const struct wf_scenario *scenario,
                                           const struct wf_workload *workload,
                                           const struct wf_contender *contender, uint64_t seed);
