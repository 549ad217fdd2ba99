// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_outlook.h"

#include <stdlib.h>

// Ages are told apart finely while they are young, in steps of a table; after that a phase lasts as
// long as it is wide on average.
static const uint32_t phase_end_steps[] = {1,  2,  3,  4,  5,  6,  8,   10,        12,
                                           18, 24, 36, 48, 72, 96, 144, UINT32_MAX};
enum {
    PHASES = sizeof phase_end_steps / sizeof *phase_end_steps,
    LAST_PHASE_STEPS = 96,
    LIFE_S_MAX = 86400,
};

struct wf_spot_outlook {
    struct wf_spot_grid grid;
    uint32_t first_zone, zone_count;
    struct wf_spot_table *table;
    bool plenty;
    uint32_t life_s[PHASES];
};

enum wf_status wf_spot_outlook_create(const struct wf_spot_job *job, uint32_t first_zone,
                                      uint32_t zone_count, struct wf_spot_outlook **outlook_out,
                                      struct wf_error *err)
{
    struct wf_spot_outlook *outlook = calloc(1, sizeof *outlook);
    if (!outlook) {
        return wf_fail(err, WF_NOMEM, "no memory for an outlook");
    }
    outlook->first_zone = first_zone;
    outlook->zone_count = zone_count;
    wf_spot_grid_choose(job, &outlook->grid);
    enum wf_status status = wf_spot_table_create(&outlook->grid, &outlook->table, err);
    if (status != WF_OK) {
        wf_spot_outlook_destroy(outlook);
        return status;
    }
    *outlook_out = outlook;
    return WF_OK;
}

void wf_spot_outlook_destroy(struct wf_spot_outlook *outlook)
{
    if (outlook) {
        wf_spot_table_destroy(outlook->table);
    }
    free(outlook);
}

static int64_t middle_s(const struct wf_spot_outlook *outlook, uint32_t phase)
{
    uint32_t low = phase ? phase_end_steps[phase - 1] : 0;
    uint32_t high = phase_end_steps[phase];
    high = high == UINT32_MAX ? low + LAST_PHASE_STEPS : high;
    return (int64_t)outlook->grid.step_s * (low + high) / 2;
}

// A step around the middle of the phase. Where there are several zones, spot is lost zone by zone,
// old spot mostly in the zones that are good, but gone only when all have lost it.
static uint32_t flip_q24(const struct wf_spot_outlook *outlook,
                         const struct wf_survival_model *model, bool available, uint32_t phase)
{
    int64_t step_s = outlook->grid.step_s;
    uint32_t zone = outlook->zone_count == 1 ? outlook->first_zone
                    : available              ? WF_SURVIVAL_TYPICAL
                                             : WF_SURVIVAL_ANY;
    return wf_survival_change_q24(model, zone, available, middle_s(outlook, phase) - step_s / 2,
                                  step_s);
}

static uint32_t phase_at(const struct wf_spot_outlook *outlook, int64_t age_s)
{
    uint32_t phase = 0;
    while (phase + 1 < PHASES && age_s >= (int64_t)phase_end_steps[phase] * outlook->grid.step_s) {
        phase++;
    }
    return phase;
}

static void fill_chain(const struct wf_spot_outlook *outlook, const struct wf_survival_model *model,
                       struct wf_spot_chain *chain)
{
    chain->up_count = PHASES;
    chain->count = 2 * PHASES;
    for (uint32_t i = 0; i < chain->count; i++) {
        uint32_t phase = i % PHASES;
        uint32_t width = phase_end_steps[phase] - (phase ? phase_end_steps[phase - 1] : 0);
        bool last = phase + 1 == PHASES;
        chain->flip_q24[i] = flip_q24(outlook, model, i < PHASES, phase);
        chain->older_q24[i] = last ? 0 : ((UINT32_C(1) << 24) - chain->flip_q24[i]) / width;
        chain->age_s_end[i] = last ? UINT32_MAX : phase_end_steps[phase] * outlook->grid.step_s;
    }
    chain->elsewhere_q24 = outlook->zone_count > 1 ? wf_survival_elsewhere_q24(model) : 0;
    chain->elsewhere_phase = phase_at(outlook, wf_survival_elsewhere_age_s(model));
}

void wf_spot_outlook_learn(struct wf_spot_outlook *outlook, const struct wf_spot_job *job,
                           const struct wf_survival_model *model,
                           const int64_t *spot_nanousd_per_hour)
{
    struct wf_spot_chain chain = {.spot_nanousd_per_hour = INT64_MAX};
    fill_chain(outlook, model, &chain);
    for (uint32_t i = 0; i < outlook->zone_count; i++) {
        uint32_t zone = outlook->first_zone + i;
        int64_t price = spot_nanousd_per_hour[zone];
        chain.spot_nanousd_per_hour =
            price < chain.spot_nanousd_per_hour ? price : chain.spot_nanousd_per_hour;
    }
    // By age alone: what zones are like drifts too much to choose by it.
    for (uint32_t phase = 0; phase < PHASES; phase++) {
        outlook->life_s[phase] = (uint32_t)wf_survival_rest_s(model, WF_SURVIVAL_TYPICAL, true,
                                                              middle_s(outlook, phase), LIFE_S_MAX);
    }
    wf_spot_table_solve(outlook->table, job, &chain);
    outlook->plenty =
        (uint64_t)wf_survival_available_permille(model, WF_SURVIVAL_ANY) * job->deadline_s >
        (uint64_t)job->work_s * 1000;
}

const struct wf_spot_table *wf_spot_outlook_table(const struct wf_spot_outlook *outlook)
{
    return outlook->table;
}

bool wf_spot_outlook_plenty(const struct wf_spot_outlook *outlook)
{
    return outlook->plenty;
}

uint32_t wf_spot_outlook_life_s(const struct wf_spot_outlook *outlook, uint32_t age_s)
{
    return outlook->life_s[phase_at(outlook, age_s)];
}
