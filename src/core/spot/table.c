// SPDX-License-Identifier: Apache-2.0
#include "core/spot/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum {
    STEP_S = 600,     // about; a whole number of ticks
    RESIDUES_MAX = 8, // of a changeover, in whole steps
    MODES_MAX = 1 + 2 * RESIDUES_MAX,
    UNITS = WF_SPOT_STEP_UNITS,
};

#define STEP_VALUE (UINT32_C(1) << 18) // what a step of on-demand costs
#define MISSED (UINT32_C(1) << 29)     // more than all steps: the deadline is missed
#define CELLS_MAX (UINT64_C(1) << 26)  // steps x slack x phases

struct wf_spot_table {
    struct wf_spot_grid grid;
    struct wf_spot_chain chain;
    uint32_t width; // slack_units + 1
    uint32_t residues;
    uint32_t residue[RESIDUES_MAX]; // units left of a changeover; the first is none
    uint32_t modes;                 // idle, spot with each residue, on-demand with each
    uint32_t spot_value, start_value;
    uint32_t *now, *later, *expected; // by mode, phase, slack
    uint8_t *actions; // by step, phase, slack: two bits each for idle, spot, on-demand and
                      // on-demand whose changeover goes on
};

static uint32_t units_of(uint32_t seconds, uint32_t step_s)
{
    return (uint32_t)(((uint64_t)seconds * UNITS + step_s - 1) / step_s);
}

void wf_spot_grid_choose(const struct wf_spot_job *job, struct wf_spot_grid *grid_out)
{
    uint32_t ticks = (STEP_S + job->tick_s / 2) / job->tick_s;
    ticks = ticks ? ticks : 1;
    for (;; ticks *= 2) {
        struct wf_spot_grid grid = {.step_ticks = ticks, .step_s = ticks * job->tick_s};
        int64_t slack_s = (int64_t)job->ticks * job->tick_s - job->work_s;
        slack_s = slack_s > 0 ? slack_s : 0;
        grid.steps = (job->ticks + ticks - 1) / ticks;
        grid.slack_units = (uint32_t)(slack_s * UNITS / grid.step_s);
        grid.changeover_units = units_of(job->changeover_s, grid.step_s);
        grid.reserve_units = units_of(job->reserve_s, grid.step_s);
        uint64_t cells = (uint64_t)grid.steps * (grid.slack_units + 1) * WF_SPOT_PHASES_MAX;
        if (grid.steps <= WF_SPOT_STEPS_MAX && cells <= CELLS_MAX &&
            grid.changeover_units <= RESIDUES_MAX * UNITS) {
            *grid_out = grid;
            return;
        }
    }
}

static void set_residues(struct wf_spot_table *table)
{
    uint32_t left = table->grid.changeover_units;
    table->residues = 1;
    while (left > UNITS && table->residues < RESIDUES_MAX) {
        left -= UNITS;
        table->residue[table->residues++] = left;
    }
    table->modes = 1 + 2 * table->residues;
}

enum wf_status wf_spot_table_create(const struct wf_spot_grid *grid,
                                    struct wf_spot_table **table_out, struct wf_error *err)
{
    if (grid->steps == 0 || grid->steps > WF_SPOT_STEPS_MAX || grid->step_s == 0 ||
        grid->changeover_units > RESIDUES_MAX * UNITS) {
        return wf_fail(err, WF_INVALID, "a spot table of %u steps of %u s is out of range",
                       grid->steps, grid->step_s);
    }
    struct wf_spot_table *table = calloc(1, sizeof *table);
    if (!table) {
        return wf_fail(err, WF_NOMEM, "no memory for a spot table");
    }
    table->grid = *grid;
    table->width = grid->slack_units + 1;
    set_residues(table);
    size_t layer = (size_t)table->modes * WF_SPOT_PHASES_MAX * table->width;
    table->now = calloc(layer, sizeof *table->now);
    table->later = calloc(layer, sizeof *table->later);
    table->expected = calloc(layer, sizeof *table->expected);
    table->actions = calloc((size_t)grid->steps * WF_SPOT_PHASES_MAX * table->width, 1);
    if (!table->now || !table->later || !table->expected || !table->actions) {
        wf_spot_table_destroy(table);
        return wf_fail(err, WF_NOMEM, "no memory for a spot table of %u steps", grid->steps);
    }
    *table_out = table;
    return WF_OK;
}

void wf_spot_table_destroy(struct wf_spot_table *table)
{
    if (!table) {
        return;
    }
    free(table->now);
    free(table->later);
    free(table->expected);
    free(table->actions);
    free(table);
}

static uint32_t *row(const struct wf_spot_table *table, uint32_t *layer, uint32_t mode,
                     uint32_t phase)
{
    return layer + ((size_t)mode * table->chain.count + phase) * table->width;
}

static bool is_spot(const struct wf_spot_table *table, uint32_t mode)
{
    return mode >= 1 && mode <= table->residues;
}

// What the next step is worth on average, for a machine of that mode held in that phase. A spot
// machine whose phase changes is lost.
static void expect(struct wf_spot_table *table, uint32_t mode, uint32_t phase)
{
    const struct wf_spot_chain *chain = &table->chain;
    bool up = phase < chain->up_count;
    uint32_t lost = is_spot(table, mode) ? 0 : mode;
    uint64_t flip = chain->flip_q24[phase];
    uint64_t elsewhere = up ? flip * chain->elsewhere_q24 >> 24 : 0;
    uint64_t older = chain->older_q24[phase];
    uint64_t stay = (UINT64_C(1) << 24) - flip - older;
    flip -= elsewhere;
    const uint32_t *same = row(table, table->later, mode, phase);
    const uint32_t *next = older ? row(table, table->later, mode, phase + 1) : same;
    const uint32_t *other = row(table, table->later, lost, up ? chain->up_count : 0);
    const uint32_t *zone = row(table, table->later, lost, chain->elsewhere_phase);
    uint32_t *out = row(table, table->expected, mode, phase);
    for (uint32_t slack = 0; slack < table->width; slack++) {
        uint64_t sum = stay * same[slack] + older * next[slack] + flip * other[slack];
        out[slack] = (uint32_t)((sum + elsewhere * zone[slack]) >> 24);
    }
}

// One way to go on from a mode: what it costs now, how much of the step the changeover takes, and
// what comes after.
struct way {
    uint32_t cost, taken;
    const uint32_t *after;
};

static struct way way_of(struct wf_spot_table *table, uint32_t mode, uint32_t phase, bool spot)
{
    bool same = mode > 0 && is_spot(table, mode) == spot;
    uint32_t left =
        same ? table->residue[(mode - 1) % table->residues] : table->grid.changeover_units;
    uint32_t after = 0;
    for (uint32_t i = 1; i < table->residues; i++) {
        after = left > UNITS && table->residue[i] == left - UNITS ? i : after;
    }
    uint32_t next = 1 + after + (spot ? 0 : table->residues);
    return (struct way){
        .cost = (spot ? table->spot_value : STEP_VALUE) + (same ? 0 : table->start_value),
        .taken = left < UNITS ? left : UNITS,
        .after = row(table, table->expected, next, phase),
    };
}

static uint32_t go_on(const struct way *way, uint32_t slack, uint32_t work, uint32_t keep)
{
    if (work <= UNITS - way->taken) {
        return way->cost;
    }
    return slack < way->taken + keep ? MISSED : way->cost + way->after[slack - way->taken];
}

// Fills the values of one mode and phase, and the two bits of its actions at shift (8: none).
static void settle(struct wf_spot_table *table, uint32_t step, uint32_t mode, uint32_t phase,
                   uint32_t shift)
{
    bool up = phase < table->chain.up_count;
    uint32_t keep = table->grid.changeover_units + table->grid.reserve_units;
    struct way demand = way_of(table, mode, phase, false);
    struct way spot = way_of(table, mode, phase, true);
    const uint32_t *wait = row(table, table->expected, 0, phase);
    uint32_t *out = row(table, table->now, mode, phase);
    uint8_t *actions =
        table->actions + ((size_t)(step - 1) * table->chain.count + phase) * table->width;
    for (uint32_t slack = 0; slack < table->width; slack++) {
        if (slack >= step * UNITS) {
            out[slack] = 0;
            continue;
        }
        uint32_t work = step * UNITS - slack;
        uint32_t best = go_on(&demand, slack, work, 0);
        uint32_t action = WF_SPOT_ON_DEMAND;
        uint32_t value = up ? go_on(&spot, slack, work, keep) : MISSED;
        if (value < best) {
            best = value;
            action = WF_SPOT_HELD;
        }
        if (slack >= UNITS + keep && wait[slack - UNITS] < best) {
            best = wait[slack - UNITS];
            action = WF_SPOT_IDLE;
        }
        out[slack] = best;
        if (shift < 8) {
            actions[slack] = (uint8_t)(actions[slack] | action << shift);
        }
    }
}

static uint32_t shift_of(const struct wf_spot_table *table, uint32_t mode)
{
    uint32_t residues = table->residues;
    return mode == 0 ? 0 : mode == 1 ? 2 : mode == 1 + residues ? 4 : mode == 2 + residues ? 6 : 8;
}

static void solve_step(struct wf_spot_table *table, uint32_t step)
{
    uint32_t phases = table->chain.count;
    for (uint32_t i = 0; i < table->modes * phases; i++) {
        uint32_t mode = i / phases;
        if (!is_spot(table, mode) || i % phases < table->chain.up_count) {
            expect(table, mode, i % phases);
        }
    }
    for (uint32_t i = 0; i < table->modes * phases; i++) {
        uint32_t mode = i / phases;
        if (!is_spot(table, mode) || i % phases < table->chain.up_count) {
            settle(table, step, mode, i % phases, shift_of(table, mode));
        }
    }
    uint32_t *swap = table->now;
    table->now = table->later;
    table->later = swap;
}

// A part of what a step of on-demand costs, kept within what the table can count.
static uint32_t value_of(int64_t nanousd, int64_t step_nanousd)
{
    int64_t most = (int64_t)STEP_VALUE * 64;
    if (step_nanousd <= 0 || nanousd / step_nanousd >= 64) {
        return nanousd > 0 ? (uint32_t)most : 0;
    }
    return (uint32_t)(nanousd * (STEP_VALUE >> 4) / step_nanousd) << 4;
}

void wf_spot_table_solve(struct wf_spot_table *table, const struct wf_spot_job *job,
                         const struct wf_spot_chain *chain)
{
    WF_ASSERT(chain->count <= WF_SPOT_PHASES_MAX && chain->up_count < chain->count);
    int64_t step_nanousd = job->on_demand_nanousd_per_hour / 3600 * table->grid.step_s;
    table->chain = *chain;
    table->spot_value =
        value_of(chain->spot_nanousd_per_hour / 3600 * table->grid.step_s, step_nanousd);
    table->start_value = value_of(job->restart_nanousd, step_nanousd);
    size_t layer = (size_t)table->modes * WF_SPOT_PHASES_MAX * table->width;
    memset(table->now, 0, layer * sizeof *table->now);
    memset(table->later, 0, layer * sizeof *table->later);
    memset(table->actions, 0, (size_t)table->grid.steps * WF_SPOT_PHASES_MAX * table->width);
    for (uint32_t step = 1; step <= table->grid.steps; step++) {
        solve_step(table, step);
    }
}

static uint32_t phase_of(const struct wf_spot_chain *chain, bool available, uint32_t age_s)
{
    uint32_t phase = available ? 0 : chain->up_count;
    while (age_s >= chain->age_s_end[phase] && chain->age_s_end[phase] != UINT32_MAX) {
        phase++;
    }
    return phase;
}

enum wf_spot_mode wf_spot_table_look(const struct wf_spot_table *table,
                                     const struct wf_spot_view *view, bool available,
                                     uint32_t age_s)
{
    const struct wf_spot_job *job = view->job;
    const struct wf_spot_grid *grid = &table->grid;
    uint32_t ticks = job->ticks - view->tick;
    uint32_t step = (ticks + grid->step_ticks - 1) / grid->step_ticks;
    step = step < grid->steps ? step : grid->steps;
    int64_t slack_s = (int64_t)ticks * job->tick_s - ((int64_t)job->work_s - view->done_s);
    int64_t units = slack_s > 0 ? slack_s * UNITS / grid->step_s : 0;
    uint32_t slack = units < table->width ? (uint32_t)units : table->width - 1;
    uint32_t phase = phase_of(&table->chain, available, age_s);
    uint32_t shift = (uint32_t)view->mode * 2;
    if (view->mode == WF_SPOT_ON_DEMAND && view->residual_s > 0 && table->residues > 1) {
        shift = 6;
    }
    if (step == 0) {
        return WF_SPOT_ON_DEMAND;
    }
    size_t at = ((size_t)(step - 1) * table->chain.count + phase) * table->width + slack;
    return (enum wf_spot_mode)(table->actions[at] >> shift & 3);
}
