// SPDX-License-Identifier: Apache-2.0
// The offline optimum: the cheapest way through all ticks, over what is held, what is left of its
// changeover, and the work done, in units that divide tick, work and changeover.
#include <stdlib.h>

#include "base/assert.h"
#include "sim/spot/spot_run.h"

enum { RESIDUES_MAX = 64 };
#define NEVER (INT64_MAX / 4)
#define STEPS_MAX INT64_C(20000000000)

struct search {
    const struct wf_spot_job *job;
    const struct wf_spot_course *course;
    uint32_t unit_s, width; // width: units of work
    uint32_t residues;      // whole ticks and less of a changeover; the first is none
    uint32_t residue[RESIDUES_MAX];
    uint32_t holds;      // zones and on-demand, which is the last
    int64_t *now, *next; // by what is held and residue, work done; the first row: idle
    int64_t *cheapest;   // over all rows, by work done
    int64_t best;
};

static uint32_t common(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int64_t *row_of(const struct search *search, int64_t *rows, uint32_t hold, uint32_t residue)
{
    return rows + (size_t)(1 + hold * search->residues + residue) * search->width;
}

// From one row to another: less work than the whole is kept, the whole ends the search there.
static void go(struct search *search, const int64_t *from, int64_t *to, uint32_t work_s,
               int64_t cost)
{
    uint32_t units = work_s / search->unit_s;
    uint32_t width = search->width;
    uint32_t kept = units < width ? width - units : 0;
    for (uint32_t i = 0; i < kept; i++) {
        int64_t sum = from[i] + cost;
        to[i + units] = sum < to[i + units] ? sum : to[i + units];
    }
    for (uint32_t i = kept; i < width; i++) {
        int64_t sum = from[i] + cost;
        search->best = sum < search->best ? sum : search->best;
    }
}

static uint32_t residue_after(const struct search *search, uint32_t residual_s)
{
    uint32_t tick_s = search->job->tick_s;
    for (uint32_t i = 1; i < search->residues && residual_s > tick_s; i++) {
        if (search->residue[i] == residual_s - tick_s) {
            return i;
        }
    }
    return 0;
}

static void hold_through(struct search *search, uint32_t hold, int64_t cost)
{
    uint32_t tick_s = search->job->tick_s;
    for (uint32_t i = 0; i <= search->residues; i++) {
        // The last one is a fresh start, from whatever is cheapest.
        bool starts = i == search->residues;
        uint32_t left_s = starts ? search->job->changeover_s : search->residue[i];
        const int64_t *from = starts ? search->cheapest : row_of(search, search->now, hold, i);
        int64_t *to = row_of(search, search->next, hold, residue_after(search, left_s));
        go(search, from, to, left_s < tick_s ? tick_s - left_s : 0,
           cost + (starts ? search->job->restart_nanousd : 0));
    }
}

static void tick_through(struct search *search, uint32_t tick)
{
    const struct wf_spot_course *course = search->course;
    size_t rows = 1 + (size_t)search->holds * search->residues;
    for (size_t i = 0; i < search->width; i++) {
        int64_t least = NEVER;
        for (size_t j = 0; j < rows; j++) {
            int64_t cost = search->now[j * search->width + i];
            least = cost < least ? cost : least;
        }
        search->cheapest[i] = least;
        search->next[i] = least; // idle
    }
    for (size_t i = search->width; i < rows * search->width; i++) {
        search->next[i] = NEVER;
    }
    for (uint32_t hold = 0; hold < search->holds; hold++) {
        bool spot = hold + 1 < search->holds;
        uint32_t zone = course->first_zone + hold;
        if (spot && course->set->traces[zone].counts[course->start + tick] == 0) {
            continue;
        }
        if (!spot && tick >= course->sold_out_from && tick < course->sold_out_until) {
            continue;
        }
        int64_t price =
            spot ? course->spot_nanousd_per_hour[zone] : search->job->on_demand_nanousd_per_hour;
        hold_through(search, hold, price * search->job->tick_s / 3600);
    }
    int64_t *swap = search->now;
    search->now = search->next;
    search->next = swap;
}

static enum wf_status prepare(struct search *search, struct wf_error *err)
{
    const struct wf_spot_job *job = search->job;
    search->unit_s = common(common(job->tick_s, job->changeover_s), job->work_s);
    search->width = job->work_s / search->unit_s;
    WF_ASSERT(search->width > 0);
    search->residues = 1;
    for (int64_t left = (int64_t)job->changeover_s - job->tick_s; left > 0; left -= job->tick_s) {
        if (search->residues == RESIDUES_MAX) {
            return wf_fail(err, WF_LIMIT, "the changeover takes more than %d ticks", RESIDUES_MAX);
        }
        search->residue[search->residues++] = (uint32_t)left;
    }
    search->holds = search->course->zone_count + 1;
    size_t cells = (1 + (size_t)search->holds * search->residues) * search->width;
    if ((int64_t)cells * job->ticks > STEPS_MAX) {
        return wf_fail(err, WF_LIMIT, "the optimum over %u ticks has more than %lld steps",
                       job->ticks, (long long)STEPS_MAX);
    }
    search->now = calloc(cells, sizeof *search->now);
    search->next = calloc(cells, sizeof *search->next);
    search->cheapest = malloc(search->width * sizeof *search->cheapest);
    if (!search->now || !search->next || !search->cheapest) {
        return wf_fail(err, WF_NOMEM, "no memory for the search of the optimum");
    }
    for (size_t i = 0; i < cells; i++) {
        search->now[i] = NEVER;
    }
    search->now[0] = 0;
    return WF_OK;
}

enum wf_status wf_spot_optimum(const struct wf_spot_job *job, const struct wf_spot_course *course,
                               int64_t *cost_nanousd_out, struct wf_error *err)
{
    struct search search = {.job = job, .course = course, .best = NEVER};
    enum wf_status status = prepare(&search, err);
    for (uint32_t tick = 0; tick < job->ticks && status == WF_OK; tick++) {
        WF_ASSERT(search.now && search.next && search.cheapest);
        tick_through(&search, tick);
    }
    *cost_nanousd_out = search.best;
    free(search.now);
    free(search.next);
    free(search.cheapest);
    return status;
}
