// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_run.h"

#include <stdlib.h>

#include "sim/spot/spot_outlook.h"

#define SECONDS_PER_HOUR 3600

enum wf_status wf_spot_ages_create(const struct wf_spot_set *set, uint32_t **ages_out,
                                   struct wf_error *err)
{
    uint32_t *ages = calloc((size_t)set->count * set->ticks, sizeof *ages);
    if (!ages) {
        return wf_fail(err, WF_NOMEM, "no memory for the ages of %u traces", set->count);
    }
    for (uint32_t zone = 0; zone < set->count; zone++) {
        const uint32_t *counts = set->traces[zone].counts;
        uint32_t *own = ages + (size_t)zone * set->ticks;
        for (uint32_t i = 1; i < set->ticks; i++) {
            own[i] = (counts[i] > 0) == (counts[i - 1] > 0) ? own[i - 1] + 1 : 0;
        }
    }
    *ages_out = ages;
    return WF_OK;
}

static int64_t tick_nanousd(const struct wf_spot_job *job, int64_t nanousd_per_hour)
{
    return nanousd_per_hour * job->tick_s / SECONDS_PER_HOUR;
}

// What can be seen of the zones in this tick.
static void look(const struct wf_spot_course *course, const uint32_t *ages,
                 const struct wf_spot_outlook *outlook, uint32_t tick, struct wf_spot_zone *zones)
{
    const struct wf_spot_set *set = course->set;
    for (uint32_t i = 0; i < course->zone_count; i++) {
        uint32_t zone = course->first_zone + i;
        uint32_t at = course->start + tick;
        uint32_t age_s = ages[(size_t)zone * set->ticks + at] * set->traces[zone].tick_s;
        zones[i] = (struct wf_spot_zone){
            .available = set->traces[zone].counts[at] > 0,
            .age_s = age_s,
            .spot_nanousd_per_hour = course->spot_nanousd_per_hour[zone],
            .life_s = outlook ? wf_spot_outlook_life_s(outlook, age_s) : 0,
        };
    }
}

static void pay(const struct wf_spot_view *view, struct wf_spot_action action,
                struct wf_spot_outcome *outcome)
{
    const struct wf_spot_job *job = view->job;
    if (action.mode == WF_SPOT_IDLE) {
        return;
    }
    bool spot = action.mode == WF_SPOT_HELD;
    outcome->spot_ticks += spot;
    outcome->on_demand_ticks += !spot;
    outcome->cost_nanousd += tick_nanousd(job, spot ? view->zones[action.zone].spot_nanousd_per_hour
                                                    : job->on_demand_nanousd_per_hour);
    if (wf_spot_starts(view, action)) {
        outcome->starts++;
        outcome->cost_nanousd += job->restart_nanousd;
        outcome->cost_nanousd +=
            spot && view->placed && action.zone != view->zone ? job->move_nanousd : 0;
    }
}

static void carry_out(struct wf_spot_view *view, struct wf_spot_action action)
{
    uint32_t residual_s = 0;
    view->done_s += wf_spot_tick_work(view, action, &residual_s);
    view->residual_s = residual_s;
    view->mode = action.mode;
    if (action.mode == WF_SPOT_HELD) {
        view->zone = action.zone;
        view->placed = true;
    }
}

void wf_spot_run(const struct wf_spot_job *job, const struct wf_spot_policy *policy,
                 const struct wf_spot_course *course, const uint32_t *ages,
                 const struct wf_spot_company *company, struct wf_spot_outcome *outcome_out)
{
    struct wf_spot_zone zones[WF_SPOT_ZONES_MAX];
    const struct wf_spot_outlook *outlook = policy->wants_table ? company->outlook : NULL;
    struct wf_spot_view view = {
        .job = job,
        .zones = zones,
        .zone_count = course->zone_count,
        .table = outlook ? wf_spot_outlook_table(outlook) : NULL,
        .plenty = outlook && wf_spot_outlook_plenty(outlook),
    };
    struct wf_spot_outcome outcome = {0};
    for (; view.tick < job->ticks && view.done_s < job->work_s; view.tick++) {
        look(course, ages, outlook, view.tick, zones);
        if (view.mode == WF_SPOT_HELD && !zones[view.zone].available) {
            view.mode = WF_SPOT_IDLE;
            view.residual_s = 0;
        }
        view.sold_out = view.tick >= course->sold_out_from && view.tick < course->sold_out_until;
        struct wf_spot_action action = wf_spot_decide(policy, &view);
        if (company->told) {
            const struct wf_spot_decision decision = {course->start, view.tick, action};
            company->told(company->context, &decision);
        }
        pay(&view, action, &outcome);
        carry_out(&view, action);
    }
    outcome.ticks = view.tick;
    outcome.met = view.done_s >= job->work_s;
    *outcome_out = outcome;
}

void wf_spot_run_alone(const struct wf_spot_job *job, const struct wf_spot_course *course,
                       struct wf_spot_outcome *outcome_out)
{
    const struct wf_spot_trace *trace = &course->set->traces[course->first_zone];
    struct wf_spot_outcome outcome = {0};
    int64_t price = tick_nanousd(job, course->spot_nanousd_per_hour[course->first_zone]);
    uint32_t done_s = 0, residual_s = 0;
    bool held = false;
    for (uint32_t at = course->start; at < trace->ticks && done_s < job->work_s; at++) {
        outcome.ticks++;
        if (trace->counts[at] == 0) {
            held = false;
            continue;
        }
        residual_s = held ? residual_s : job->changeover_s;
        outcome.starts += !held;
        held = true;
        done_s += residual_s < job->tick_s ? job->tick_s - residual_s : 0;
        residual_s = residual_s > job->tick_s ? residual_s - job->tick_s : 0;
        outcome.spot_ticks++;
        outcome.cost_nanousd += price;
    }
    outcome.met = done_s >= job->work_s;
    *outcome_out = outcome;
}

int64_t wf_spot_on_demand_nanousd(const struct wf_spot_job *job)
{
    int64_t ticks = ((int64_t)job->work_s + job->changeover_s + job->tick_s - 1) / job->tick_s;
    return ticks * tick_nanousd(job, job->on_demand_nanousd_per_hour) + job->restart_nanousd;
}
