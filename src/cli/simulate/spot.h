// SPDX-License-Identifier: Apache-2.0
// `simulate spot`: its options, its table and its JSON.
#pragma once

#include "cli/commands.h"
#include "sim/spot/spot_study.h"

extern const struct wf_option wf_simulate_spot_options[];

// Gets what follows "spot", which is argv[0]. Errors: as a verb.
enum wf_status wf_simulate_spot(int argc, char **argv, struct wf_error *err) WF_MUST_USE;

// Prints the table, or the JSON. Errors: WF_NOMEM.
void wf_simulate_spot_print(const struct wf_spot_study *study,
                            const struct wf_spot_findings *findings);
enum wf_status wf_simulate_spot_print_json(const struct wf_spot_study *study,
                                           const struct wf_spot_findings *findings, bool each,
                                           struct wf_error *err) WF_MUST_USE;

// Means over all courses of one contender (course UINT32_MAX), or over one of them.
struct wf_spot_summary {
    double mean_usd, p90_usd, p99_usd, of_on_demand, restarts, spot_share;
    uint64_t count, misses;
    bool known;
};
struct wf_spot_summary wf_spot_summarize(const struct wf_spot_study *study,
                                         const struct wf_spot_findings *findings,
                                         uint32_t contender, uint32_t course);
