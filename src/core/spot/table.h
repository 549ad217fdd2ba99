// SPDX-License-Identifier: Apache-2.0
// What holding spot, on-demand or nothing is worth from every situation on, by backward induction
// over the time left, the slack, the machine that is held and how long spot has been there or gone.
// Solved once for a job and now and then anew, when more was learned; a decision is then one look.
//
// The slack is the time left less the work left. Only waiting and changeovers use it up, so that it
// says as much as the work done and takes few values where time is short.
#pragma once

#include "base/error.h"
#include "core/spot/spot.h"

#define WF_SPOT_PHASES_MAX 48
#define WF_SPOT_STEPS_MAX 2048

// Spot as a chain of phases by age: in each step it may change (there, gone), grow into the next
// phase, or stay as it is. Phases below up_count have spot. Chances are in 2^24ths.
struct wf_spot_chain {
    uint32_t up_count, count;
    uint32_t age_s_end[WF_SPOT_PHASES_MAX]; // where a phase ends; UINT32_MAX: the last of its kind
    uint32_t flip_q24[WF_SPOT_PHASES_MAX];
    uint32_t older_q24[WF_SPOT_PHASES_MAX];
    uint32_t elsewhere_q24;   // when spot is lost, another zone has some at once
    uint32_t elsewhere_phase; // how old it then is
    int64_t spot_nanousd_per_hour;
};

// The steps and units in which a table counts; the same for all tables of one job.
struct wf_spot_grid {
    uint32_t step_ticks, step_s;
    uint32_t steps;
    uint32_t slack_units; // the most there is; a step has WF_SPOT_STEP_UNITS of them
    uint32_t changeover_units;
    uint32_t reserve_units;
};

#define WF_SPOT_STEP_UNITS 5

// Chooses steps of about ten minutes, longer ones where the table would be too large.
void wf_spot_grid_choose(const struct wf_spot_job *job, struct wf_spot_grid *grid_out);

// Takes all its memory. The caller owns *table_out. Errors: WF_INVALID (no such grid), WF_NOMEM.
enum wf_status wf_spot_table_create(const struct wf_spot_grid *grid,
                                    struct wf_spot_table **table_out,
                                    struct wf_error *err) WF_MUST_USE;
void wf_spot_table_destroy(struct wf_spot_table *table);

// Fills the table for a job whose grid it has.
void wf_spot_table_solve(struct wf_spot_table *table, const struct wf_spot_job *job,
                         const struct wf_spot_chain *chain);

// Returns what to do now; age_s is of the zone that would be used, or of how long all were gone.
enum wf_spot_mode wf_spot_table_look(const struct wf_spot_table *table,
                                     const struct wf_spot_view *view, bool available,
                                     uint32_t age_s);
