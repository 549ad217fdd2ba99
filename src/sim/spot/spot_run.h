// SPDX-License-Identifier: Apache-2.0
// One job through a trace, tick by tick, under a policy of core/spot: at each tick the policy gets
// what can be seen then, and what it decides is paid for.
#pragma once

#include "core/spot/spot.h"
#include "sim/spot/spot_trace.h"

// Where and when: the zones from first_zone on, from a tick of the set on.
struct wf_spot_course {
    const struct wf_spot_set *set;
    const int64_t *spot_nanousd_per_hour; // by zone of the set
    uint32_t first_zone, zone_count;
    uint32_t start;
    uint32_t sold_out_from, sold_out_until; // ticks from the start, without new on-demand machines
};

struct wf_spot_decision {
    uint32_t start, tick;
    struct wf_spot_action action;
};

// What a run needs beside the course: forecasts, for a policy that wants them, and who is told each
// decision (may be NULL).
struct wf_spot_outlook;
struct wf_spot_company {
    const struct wf_spot_outlook *outlook;
    void (*told)(void *context, const struct wf_spot_decision *decision);
    void *context;
};

struct wf_spot_outcome {
    int64_t cost_nanousd;
    uint32_t ticks; // used until the work was done or the time was over
    uint32_t starts;
    uint32_t spot_ticks, on_demand_ticks;
    bool met; // the deadline
};

// How long a zone's state at a tick has lasted by then, in ticks, as far as the trace goes back.
// The caller frees ages (ticks of the set for each zone). Errors: WF_NOMEM.
enum wf_status wf_spot_ages_create(const struct wf_spot_set *set, uint32_t **ages_out,
                                   struct wf_error *err) WF_MUST_USE;

// The course must not leave the set: start + job->ticks is at most its ticks.
void wf_spot_run(const struct wf_spot_job *job, const struct wf_spot_policy *policy,
                 const struct wf_spot_course *course, const uint32_t *ages,
                 const struct wf_spot_company *company, struct wf_spot_outcome *outcome_out);

// Spot in the first zone whenever there is some, without a deadline, to the end of the trace. met
// says that the work was done by then.
void wf_spot_run_alone(const struct wf_spot_job *job, const struct wf_spot_course *course,
                       struct wf_spot_outcome *outcome_out);

// On-demand from start to end.
int64_t wf_spot_on_demand_nanousd(const struct wf_spot_job *job);

// The least that any policy could have paid, knowing the whole future; what egress costs is left
// out, so that it stays a bound. Errors: WF_LIMIT (the search would be too large), WF_NOMEM.
enum wf_status wf_spot_optimum(const struct wf_spot_job *job, const struct wf_spot_course *course,
                               int64_t *cost_nanousd_out, struct wf_error *err) WF_MUST_USE;
