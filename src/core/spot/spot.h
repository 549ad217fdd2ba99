// SPDX-License-Identifier: Apache-2.0
// A job with a deadline on machines that may be taken away: each tick a policy says whether to hold
// a spot machine (and in which zone), an on-demand one, or none. A policy sees the present and what
// was learned, and no more: what comes later is not in its view.
//
// Starting, and each change of machine, first costs the changeover: time that is paid and in which
// no work is done. What is taken away loses no work beyond that.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WF_SPOT_ZONES_MAX 64
#define WF_SPOT_TICKS_MAX 1000000
#define WF_SPOT_SECONDS_MAX 31622400 // of work, deadline and tick: 366 days

enum wf_spot_mode {
    WF_SPOT_IDLE,
    WF_SPOT_HELD,
    WF_SPOT_ON_DEMAND,
};

struct wf_spot_job {
    uint32_t tick_s;
    uint32_t ticks;  // whole ticks until the deadline
    uint32_t work_s; // on a machine, without changeovers
    uint32_t deadline_s;
    uint32_t changeover_s;
    uint32_t reserve_s; // how long on-demand may be sold out; the safety net keeps that much free
    int64_t on_demand_nanousd_per_hour;
    int64_t restart_nanousd; // of each start beside its changeover
    int64_t move_nanousd;    // of each start in another zone than the last: egress
};

struct wf_spot_zone {
    bool available;
    uint32_t age_s; // how long it has been so, as far as was seen
    int64_t spot_nanousd_per_hour;
    uint32_t life_s; // expected before a machine there is taken; 0: not known
};

struct wf_spot_table;

struct wf_spot_view {
    const struct wf_spot_job *job;
    uint32_t tick; // from 0
    enum wf_spot_mode mode;
    uint32_t zone;       // that of the machine that is held, or of the last one
    bool placed;         // some machine was held before: zone has a meaning
    uint32_t residual_s; // of the changeover that goes on
    uint32_t done_s;
    bool sold_out; // no new on-demand machine can be had now
    const struct wf_spot_zone *zones;
    uint32_t zone_count;
    const struct wf_spot_table *table; // for policies that want one
    bool
        plenty; // the zones together have had spot for a larger part of the time than the job needs
};

struct wf_spot_action {
    enum wf_spot_mode mode;
    uint32_t zone; // where mode is WF_SPOT_HELD
};

struct wf_spot_policy {
    const char *name;
    const char *summary;
    bool wants_table;
    // Says what it would like; wf_spot_decide holds that against the safety net.
    struct wf_spot_action (*choose)(const struct wf_spot_view *view);
};

// The list, in the order in which tables show it; it ends with NULL.
extern const struct wf_spot_policy *const wf_spot_policies[];
// Returns the policy of that name, or NULL.
const struct wf_spot_policy *wf_spot_policy_find(const char *name);

extern const struct wf_spot_policy wf_spot_policy_on_demand;
extern const struct wf_spot_policy wf_spot_policy_greedy;
extern const struct wf_spot_policy wf_spot_policy_time_sliced;
extern const struct wf_spot_policy wf_spot_policy_uniform_progress;
extern const struct wf_spot_policy wf_spot_policy_foresight;

// Returns what to hold in this tick: the policy's wish if on-demand could still finish in time
// after it, whatever is taken away; else on-demand. The deadline is then met unless on-demand is
// sold out for longer than the reserve, provided that the first decision had work + changeover +
// reserve left. The wish must be for a zone that is available.
struct wf_spot_action wf_spot_decide(const struct wf_spot_policy *policy,
                                     const struct wf_spot_view *view);

// Whether the safety net lets an action pass.
bool wf_spot_is_safe(const struct wf_spot_view *view, struct wf_spot_action action);

// Returns how much of a tick is work if the action is taken; *residual_out is what is left of the
// changeover after it.
uint32_t wf_spot_tick_work(const struct wf_spot_view *view, struct wf_spot_action action,
                           uint32_t *residual_out);

// Whether the action starts a machine.
bool wf_spot_starts(const struct wf_spot_view *view, struct wf_spot_action action);

// Returns the available zone where a useful hour is expected to cost least, with starting priced;
// UINT32_MAX if none is available. The zone of a spot machine that is held stays unless another one
// is worth the move.
uint32_t wf_spot_best_zone(const struct wf_spot_view *view);
