// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_study.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "sim/spot/spot_outlook.h"

enum { SOLVE_EVERY_S = 86400 };

enum wf_status wf_spot_contender_find(const char *name, struct wf_spot_contender *contender_out,
                                      struct wf_error *err)
{
    const char *names[WF_SPOT_CONTENDERS_MAX + 2] = {"optimum", "spot-only"};
    uint32_t count = 2;
    const struct wf_spot_policy *policy = wf_spot_policy_find(name);
    if (policy) {
        *contender_out = (struct wf_spot_contender){.name = policy->name, .policy = policy};
        return WF_OK;
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (strcmp(name, names[i]) == 0) {
            *contender_out = (struct wf_spot_contender){.name = names[i], .optimum = i == 0};
            return WF_OK;
        }
    }
    for (uint32_t i = 0; wf_spot_policies[i]; i++) {
        names[count++] = wf_spot_policies[i]->name;
    }
    uint32_t near = wf_nearest_name(name, names, count);
    return wf_fail(err, WF_NOTFOUND, "there is no spot policy '%.40s'%s%s%s", name,
                   near == UINT32_MAX ? "" : " (did you mean '",
                   near == UINT32_MAX ? "" : names[near], near == UINT32_MAX ? "" : "'?)");
}

// One course while its starts are gone through.
struct pass {
    const struct wf_spot_study *study;
    const struct wf_spot_findings *findings;
    const uint32_t *ages;
    struct wf_spot_course course;
    uint32_t index; // of the course
    struct wf_survival_model *model;
    struct wf_spot_outlook *outlook;
    uint32_t watched;   // ticks that the model has seen
    int64_t solved_at;  // tick; below 0: never
    const char *policy; // that decides just now
};

static bool wants_outlook(const struct wf_spot_study *study)
{
    for (uint32_t i = 0; i < study->contender_count; i++) {
        if (study->contenders[i].policy && study->contenders[i].policy->wants_table) {
            return true;
        }
    }
    return false;
}

// The tick of the start itself is not seen yet: its state is a matter of the first decision.
static void watch_until(struct pass *pass, uint32_t start)
{
    const struct wf_spot_study *study = pass->study;
    const struct wf_spot_set *set = study->set;
    uint32_t tick_s = study->job.tick_s;
    for (; pass->watched < start; pass->watched++) {
        uint32_t counts[WF_SURVIVAL_ZONES_MAX];
        for (uint32_t i = 0; i < set->count; i++) {
            counts[i] = set->traces[i].counts[pass->watched];
        }
        wf_survival_observe(pass->model, counts, (int64_t)pass->watched * tick_s);
    }
    if (pass->solved_at < 0 || (int64_t)(start - pass->solved_at) * tick_s >= SOLVE_EVERY_S) {
        wf_spot_outlook_learn(pass->outlook, &study->job, pass->model,
                              study->spot_nanousd_per_hour);
        pass->solved_at = start;
    }
}

static void tell(void *context, const struct wf_spot_decision *decision)
{
    const struct pass *pass = context;
    const struct wf_spot_study *study = pass->study;
    study->told(study->context, pass->policy, pass->course.first_zone, decision);
}

static void note(struct wf_spot_tally *tally, const struct wf_spot_outcome *outcome)
{
    tally->costs_nanousd[tally->count++] = outcome->cost_nanousd;
    tally->misses += !outcome->met;
    tally->starts += outcome->starts;
    tally->spot_ticks += outcome->spot_ticks;
    tally->on_demand_ticks += outcome->on_demand_ticks;
}

static enum wf_status run_contender(struct pass *pass, uint32_t index, struct wf_error *err)
{
    const struct wf_spot_study *study = pass->study;
    const struct wf_spot_contender *contender = &study->contenders[index];
    struct wf_spot_tally *tally =
        &pass->findings->tallies[(size_t)index * pass->findings->courses + pass->index];
    struct wf_spot_outcome outcome = {.met = true};
    if (contender->policy) {
        const struct wf_spot_company company = {pass->outlook, study->told ? tell : NULL, pass};
        pass->policy = contender->name;
        wf_spot_run(&study->job, contender->policy, &pass->course, pass->ages, &company, &outcome);
    } else if (contender->optimum) {
        struct wf_error why;
        enum wf_status status =
            wf_spot_optimum(&study->job, &pass->course, &outcome.cost_nanousd, &why);
        if (status == WF_LIMIT) {
            tally->known = false;
            return WF_OK;
        }
        if (status != WF_OK) {
            return wf_fail(err, status, "%s", why.text);
        }
    } else {
        wf_spot_run_alone(&study->job, &pass->course, &outcome);
        if (!outcome.met) {
            tally->misses++;
            return WF_OK;
        }
        outcome.met = outcome.ticks <= study->job.ticks;
    }
    note(tally, &outcome);
    return WF_OK;
}

static enum wf_status run_course(const struct wf_spot_study *study,
                                 const struct wf_spot_findings *findings, const uint32_t *ages,
                                 uint32_t index, struct wf_error *err)
{
    struct pass pass = {
        .study = study,
        .findings = findings,
        .ages = ages,
        .course = {.set = study->set,
                   .spot_nanousd_per_hour = study->spot_nanousd_per_hour,
                   .first_zone = study->together ? 0 : index,
                   .zone_count = study->together ? study->set->count : 1,
                   .sold_out_from = study->sold_out_from,
                   .sold_out_until = study->sold_out_until},
        .index = index,
        .solved_at = -1,
    };
    enum wf_status status = WF_OK;
    if (wants_outlook(study)) {
        status = wf_survival_create(study->set->count, &pass.model, err);
        status = status == WF_OK
                     ? wf_spot_outlook_create(&study->job, pass.course.first_zone,
                                              pass.course.zone_count, &pass.outlook, err)
                     : status;
    }
    for (uint32_t i = 0; i < findings->start_count && status == WF_OK; i++) {
        pass.course.start = findings->starts[i];
        if (pass.model) {
            watch_until(&pass, pass.course.start);
        }
        for (uint32_t j = 0; j < study->contender_count && status == WF_OK; j++) {
            status = run_contender(&pass, j, err);
        }
    }
    wf_spot_outlook_destroy(pass.outlook);
    wf_survival_destroy(pass.model);
    return status;
}

// start_k = h + floor(k * (n - T - 1 - h) / K): the same as in the published protocol.
static enum wf_status choose_starts(const struct wf_spot_study *study,
                                    struct wf_spot_findings *findings, struct wf_error *err)
{
    int64_t room = (int64_t)study->set->ticks - study->job.ticks - 1 - study->history_ticks;
    if (room < 0) {
        return wf_fail(err, WF_INVALID,
                       "the traces have %u ticks: too few for a history of %u and a deadline of %u",
                       study->set->ticks, study->history_ticks, study->job.ticks);
    }
    for (uint32_t i = 0; i < findings->start_count; i++) {
        uint32_t start = study->history_ticks + (uint32_t)(room * i / findings->start_count);
        if (study->starts) {
            start = study->starts[i];
            if ((int64_t)start + study->job.ticks > study->set->ticks) {
                return wf_fail(err, WF_INVALID, "a start at tick %u does not end in the trace",
                               start);
            }
        }
        findings->starts[i] = start;
    }
    return WF_OK;
}

enum wf_status wf_spot_study_run(const struct wf_spot_study *study,
                                 struct wf_spot_findings *findings_out, struct wf_error *err)
{
    uint32_t courses = study->together ? 1 : study->set->count;
    size_t tallies = (size_t)courses * study->contender_count;
    uint32_t *ages = NULL;
    *findings_out = (struct wf_spot_findings){
        .tallies = calloc(tallies, sizeof *findings_out->tallies),
        .courses = courses,
        .start_count = study->start_count,
        .starts = calloc(study->start_count, sizeof *findings_out->starts),
    };
    enum wf_status status = findings_out->tallies && findings_out->starts
                                ? WF_OK
                                : wf_fail(err, WF_NOMEM, "no memory for the study");
    if (!findings_out->tallies || !findings_out->starts) {
        free(findings_out->tallies);
        free(findings_out->starts);
        return status;
    }
    for (size_t i = 0; i < tallies && status == WF_OK; i++) {
        struct wf_spot_tally *tally = &findings_out->tallies[i];
        tally->known = true;
        tally->costs_nanousd = calloc(study->start_count, sizeof *tally->costs_nanousd);
        if (!tally->costs_nanousd) {
            status = wf_fail(err, WF_NOMEM, "no memory for %u costs", study->start_count);
        }
    }
    status = status == WF_OK ? choose_starts(study, findings_out, err) : status;
    status = status == WF_OK ? wf_spot_ages_create(study->set, &ages, err) : status;
    for (uint32_t i = 0; i < courses && status == WF_OK; i++) {
        status = run_course(study, findings_out, ages, i, err);
    }
    free(ages);
    if (status != WF_OK) {
        wf_spot_findings_finish(findings_out, study->contender_count);
    }
    return status;
}

void wf_spot_findings_finish(struct wf_spot_findings *findings, uint32_t contenders)
{
    for (size_t i = 0; findings->tallies && i < (size_t)contenders * findings->courses; i++) {
        free(findings->tallies[i].costs_nanousd);
    }
    free(findings->tallies);
    free(findings->starts);
    *findings = (struct wf_spot_findings){0};
}
