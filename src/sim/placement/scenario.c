// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/scenario.h"

#include "sim/placement/facts.h"
#include "trace/trace_file.h"

enum wf_status wf_scenario_open(const struct wf_scenario_config *config,
                                struct wf_scenario *scenario_out, struct wf_error *err)
{
    *scenario_out = (struct wf_scenario){.config = *config};
    enum wf_status status =
        config->facts
            ? wf_facts_generate(config->facts, &scenario_out->trace, err)
            : wf_trace_read(config->nodes_path, config->pods_path, &scenario_out->trace, err);
    if (status == WF_OK) {
        status = wf_published_mix_make(&scenario_out->trace, &scenario_out->published, err);
    }
    if (status != WF_OK) {
        wf_scenario_close(scenario_out);
    }
    return status;
}

void wf_scenario_close(struct wf_scenario *scenario)
{
    if (scenario) {
        wf_trace_finish(&scenario->trace);
        *scenario = (struct wf_scenario){0};
    }
}

enum wf_status wf_scenario_workload(const struct wf_scenario *scenario, uint64_t seed,
                                    struct wf_workload *workload_out, struct wf_error *err)
{
    const struct wf_scenario_config *config = &scenario->config;
    if (config->orders_path) {
        return wf_workload_read(&scenario->trace, config->orders_path, config->pods_path, seed,
                                workload_out, err);
    }
    struct wf_workload_config workload = {
        .seed = seed,
        .load_milli = config->load_milli,
        .copies = config->copies,
    };
    return (config->departures ? wf_workload_make_timed
                               : wf_workload_make)(&scenario->trace, &workload, workload_out, err);
}

struct wf_replay_config wf_scenario_replay(const struct wf_scenario *scenario,
                                           const struct wf_workload *workload,
                                           const struct wf_contender *contender, uint64_t seed)
{
    bool given = contender->policy->uses_mix && !contender->learned;
    return (struct wf_replay_config){
        .trace = &scenario->trace,
        .workload = workload,
        .mix = given ? scenario->published.classes : NULL,
        .mix_count = given ? scenario->published.count : 0,
        .policy = contender->policy,
        .seed = seed,
        .moves_per_thousand = scenario->config.moves_per_thousand,
        .move_cost_nanousd = scenario->config.move_cost_nanousd,
    };
}
