// SPDX-License-Identifier: Apache-2.0
// One job started again and again over a set of traces, under several policies: what each cost
// against on-demand and against the least possible.
#pragma once

#include "sim/spot/spot_run.h"

#define WF_SPOT_STARTS_MAX 100000
#define WF_SPOT_CONTENDERS_MAX 16

// Who is held against whom: a policy of core/spot, or one of two measures that no policy can be.
struct wf_spot_contender {
    const char *name;
    const struct wf_spot_policy *policy; // NULL: a measure
    bool optimum;                        // the least possible; else spot alone, without a deadline
};

struct wf_spot_study {
    const struct wf_spot_set *set;
    struct wf_spot_job job;
    int64_t *spot_nanousd_per_hour; // by zone
    bool together;                  // one job over all zones; else one after the other in each
    uint32_t history_ticks;         // watched before the first start
    const uint32_t *starts;         // ascending; NULL: start_count of them, spread evenly
    uint32_t start_count;
    uint32_t sold_out_from, sold_out_until; // ticks from each start
    struct wf_spot_contender contenders[WF_SPOT_CONTENDERS_MAX];
    uint32_t contender_count;
    void (*told)(void *context, const char *policy, uint32_t zone,
                 const struct wf_spot_decision *decision); // may be NULL
    void *context;
};

// Over all starts of one policy in one zone, or in all of them together.
struct wf_spot_tally {
    int64_t *costs_nanousd; // by start
    uint32_t count;         // starts; for spot alone those that ended within the trace
    uint32_t misses;
    uint64_t starts, spot_ticks, on_demand_ticks;
    bool known; // false: the optimum was too large a search
};

struct wf_spot_findings {
    struct wf_spot_tally *tallies; // by contender, then by course
    uint32_t courses;              // 1 or one for each zone
    uint32_t start_count;
    uint32_t *starts;
};

// Finds a contender by its name: a policy, "optimum" or "spot-only". Errors: WF_NOTFOUND.
enum wf_status wf_spot_contender_find(const char *name, struct wf_spot_contender *contender_out,
                                      struct wf_error *err) WF_MUST_USE;

// Runs it all. The survival model watches the whole set up to each start and nothing after it; a
// table is solved anew once a day of the trace has passed. The caller finishes *findings_out.
// Errors: WF_INVALID (the traces are too short), WF_NOMEM.
enum wf_status wf_spot_study_run(const struct wf_spot_study *study,
                                 struct wf_spot_findings *findings_out,
                                 struct wf_error *err) WF_MUST_USE;
void wf_spot_findings_finish(struct wf_spot_findings *findings, uint32_t contenders);
