// SPDX-License-Identifier: Apache-2.0
#include "core/quote/quote.h"

#include "base/assert.h"

#define HOUR_MS INT64_C(3600000)

const struct wf_quote_best *wf_quote_best(const struct wf_quote *quote,
                                          const struct wf_quote_row *row)
{
    return quote->start == WF_QUOTE_STARTS ? &row->now : &row->empty;
}

static enum wf_quote_start start_by_room(const struct wf_quote *quote,
                                         const struct wf_job_spec *job)
{
    uint64_t now = 0, empty = 0;
    for (uint32_t i = 0; i < quote->row_count; i++) {
        now += quote->rows[i].tasks_now;
        empty += quote->rows[i].tasks_empty;
    }
    if (now >= job->tasks) {
        return WF_QUOTE_STARTS;
    }
    return empty >= job->tasks ? WF_QUOTE_WAITS : WF_QUOTE_NEVER;
}

// Returns whether a row is better than the best so far: with room for all tasks, then as the policy
// likes it, then, as when it places, by the lowest id.
static bool is_better(const struct wf_quote *quote, const struct wf_quote_row *row,
                      const struct wf_quote_row *best, uint32_t tasks)
{
    const struct wf_quote_best *ours = wf_quote_best(quote, row);
    if (ours->node == WF_NONE || !best) {
        return ours->node != WF_NONE;
    }
    const struct wf_quote_best *theirs = wf_quote_best(quote, best);
    bool now = quote->start == WF_QUOTE_STARTS;
    bool we_hold = (now ? row->tasks_now : row->tasks_empty) >= tasks;
    bool they_hold = (now ? best->tasks_now : best->tasks_empty) >= tasks;
    if (we_hold != they_hold) {
        return we_hold;
    }
    return ours->score > theirs->score ||
           (ours->score == theirs->score && ours->node < theirs->node);
}

// Nobody tried: all tasks go where the policy likes the first of them best.
static void choose_best(struct wf_quote *quote, const struct wf_job_spec *job)
{
    struct wf_quote_row *best = NULL;
    for (uint32_t i = 0; i < quote->row_count; i++) {
        if (is_better(quote, &quote->rows[i], best, job->tasks)) {
            best = &quote->rows[i];
        }
    }
    if (best) {
        best->tasks = job->tasks;
    }
}

// All GPUs are held until the slowest task is done.
static struct wf_quote_price price_of_chosen(const struct wf_quote *quote,
                                             const struct wf_job_spec *job)
{
    struct wf_quote_price price = {.nanousd_per_hour = -1, .nanousd = {-1, -1, -1}};
    wf_int128 hourly = 0;
    int64_t run_ms[WF_QUOTE_POINTS] = {0};
    uint32_t tasks = 0;
    for (uint32_t i = 0; i < quote->row_count; i++) {
        const struct wf_quote_row *row = &quote->rows[i];
        if (row->tasks == 0) {
            continue;
        }
        tasks += row->tasks;
        hourly += (wf_int128)row->price.nanousd_per_hour * row->tasks;
        for (enum wf_quote_point point = 0; point < WF_QUOTE_POINTS; point++) {
            run_ms[point] = row->run_ms[point] > run_ms[point] ? row->run_ms[point] : run_ms[point];
        }
    }
    if (tasks == 0) {
        return price;
    }
    WF_ASSERT(job->tasks > 0);
    hourly /= job->tasks;
    price.nanousd_per_hour = (int64_t)hourly;
    for (enum wf_quote_point point = 0; point < WF_QUOTE_POINTS; point++) {
        wf_int128 nanousd = hourly * run_ms[point] / HOUR_MS;
        price.nanousd[point] =
            run_ms[point] == 0 ? -1 : (int64_t)(nanousd < INT64_MAX ? nanousd : INT64_MAX);
    }
    return price;
}

static bool is_dearer(const struct wf_quote_price *price, const struct wf_quote_price *chosen)
{
    if (chosen->nanousd[WF_QUOTE_MIDDLE] >= 0) {
        return price->nanousd[WF_QUOTE_MIDDLE] > chosen->nanousd[WF_QUOTE_MIDDLE];
    }
    return price->nanousd_per_hour > chosen->nanousd_per_hour;
}

static enum wf_quote_why why_of(const struct wf_quote *quote, const struct wf_quote_row *row,
                                const struct wf_job_spec *job)
{
    if (row->tasks > 0) {
        return WF_QUOTE_CHOSEN;
    }
    if (row->tasks_empty == 0) {
        return WF_QUOTE_CANNOT;
    }
    if (row->tasks_empty < job->tasks) {
        return WF_QUOTE_SMALL;
    }
    if (quote->start == WF_QUOTE_STARTS && row->tasks_now < job->tasks) {
        return WF_QUOTE_FULL;
    }
    return is_dearer(&row->price, &quote->chosen) ? WF_QUOTE_DEARER : WF_QUOTE_PASSED;
}

void wf_quote_choose(const struct wf_job_spec *job, const struct wf_quote_trial *trial,
                     struct wf_quote *quote)
{
    quote->start = trial ? trial->start : start_by_room(quote, job);
    quote->start_ms = trial ? trial->start_ms : 0;
    quote->blockers = trial ? trial->blockers : 0;
    quote->stopped = trial ? trial->stopped : 0;
    uint32_t tasks = 0;
    for (uint32_t i = 0; i < quote->row_count; i++) {
        struct wf_quote_row *row = &quote->rows[i];
        row->tasks = trial ? trial->tasks[row->pool.index] : 0;
        tasks += row->tasks;
    }
    if (tasks == 0 && quote->start != WF_QUOTE_NEVER) {
        choose_best(quote, job);
    }
    quote->chosen = price_of_chosen(quote, job);
    for (uint32_t i = 0; i < quote->row_count; i++) {
        quote->rows[i].why = why_of(quote, &quote->rows[i], job);
    }
}
