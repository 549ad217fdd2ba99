// SPDX-License-Identifier: Apache-2.0
#include "core/quote/quote.h"

#include "base/words.h"
#include "core/core.h"
#include "core/explain/explain.h"
#include "core/explain/sight.h"
#include "core/place/capacity.h"
#include "core/schedule/schedule.h"

#define HOUR_MS INT64_C(3600000)

WF_WORDS_OF(quote_why, enum wf_quote_why, WF_QUOTE_WHYS);

// Notes what keeps a node from taking a task, if it is nearer to taking one than those before:
// with fewer reasons, or with the same first one and less missing.
static void note_reasons(uint32_t reasons, uint32_t missing, uint32_t *reasons_out,
                         uint32_t *missing_out)
{
    int fewer = __builtin_popcount(*reasons_out) - __builtin_popcount(reasons);
    bool same =
        reasons != 0 && *reasons_out != 0 && __builtin_ctz(reasons) == __builtin_ctz(*reasons_out);
    if (fewer > 0 || (fewer == 0 && same && missing < *missing_out)) {
        *reasons_out = reasons;
        *missing_out = missing;
    }
}

static uint32_t missing_of(uint32_t reasons, const struct wf_pool *pool, const struct wf_node *node,
                           const struct wf_state *state, const struct wf_request *request)
{
    return reasons == 0 ? 0
                        : wf_reason_shortage((enum wf_reason)__builtin_ctz(reasons), pool, node,
                                             state, request);
}

static void note_best(const struct wf_sight *sight, uint32_t node, const struct wf_state *state,
                      const struct wf_request *served, struct wf_quote_best *best)
{
    const struct wf_cluster *cluster = sight->outlook.cluster;
    const struct wf_pool *pool = &cluster->pools[cluster->nodes[node].pool.index];
    int64_t score = wf_sight_score(sight, pool, state, served);
    if (best->node == WF_NONE || score > best->score) {
        best->node = node;
        best->score = score;
        wf_sight_terms(sight, pool, state, served, score, &best->terms);
    }
}

static void look_at(const struct wf_sight *sight, uint32_t number, const struct wf_request *request,
                    const struct wf_request *served, struct wf_quote_row *row)
{
    const struct wf_cluster *cluster = sight->outlook.cluster;
    const struct wf_node *node = &cluster->nodes[number];
    const struct wf_pool *pool = &cluster->pools[node->pool.index];
    const struct wf_state *state = &cluster->states[number];
    struct wf_state empty;
    wf_state_init(&empty, &node->spec);
    row->nodes++;
    row->nodes_open += !node->closed;
    uint32_t now = wf_reasons_of(pool, node, state, request);
    uint32_t ever = wf_reasons_of(pool, node, &empty, request) & ~WF_REASON_BIT(CLOSED);
    note_reasons(now, missing_of(now, pool, node, state, request), &row->reasons_now,
                 &row->missing_now);
    note_reasons(ever, missing_of(ever, pool, node, &empty, request), &row->reasons_empty,
                 &row->missing_empty);
    if (now == 0) {
        row->tasks_now += wf_state_capacity(state, served);
        note_best(sight, number, state, served, &row->now);
    }
    if (ever == 0) {
        row->tasks_empty += wf_state_capacity(&empty, served);
        note_best(sight, number, &empty, served, &row->empty);
    }
}

static int64_t within_64(wf_int128 number)
{
    return number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

static enum wf_quote_run run_of(const struct wf_wait_spec *wait)
{
    if (wait->run.ms[WF_RUN_TIME_POINTS / 2] > 0) {
        return WF_QUOTE_RUN_EXPECTED;
    }
    return wait->limit_ms > 0 ? WF_QUOTE_RUN_LIMIT : WF_QUOTE_RUN_UNKNOWN;
}

// Returns how long the job runs on GPUs of that speed; 0: not known.
static int64_t run_ms_of(const struct wf_wait_spec *wait, enum wf_quote_point point,
                         uint32_t speed_permille)
{
    static const uint8_t points[WF_QUOTE_POINTS] = {0, WF_RUN_TIME_POINTS / 2,
                                                    WF_RUN_TIME_POINTS - 1};
    if (run_of(wait) != WF_QUOTE_RUN_EXPECTED) {
        return wait->limit_ms;
    }
    wf_int128 run = (wf_int128)wait->run.ms[points[point]] * 1000 / speed_permille;
    return wait->limit_ms > 0 && run > wait->limit_ms ? wait->limit_ms : within_64(run);
}

static void price_row(const struct wf_pool *pool, const struct wf_job_spec *job,
                      const struct wf_request *served, struct wf_quote_row *row)
{
    wf_int128 hourly = (wf_int128)pool->spec.price_nanousd_per_gpu_hour * served->gpus *
                       served->gpu_milli * job->tasks / WF_GPU_MILLI;
    row->price.nanousd_per_hour = within_64(hourly);
    for (enum wf_quote_point point = 0; point < WF_QUOTE_POINTS; point++) {
        int64_t run_ms = run_ms_of(&job->wait, point, wf_pool_speed_permille(pool));
        row->run_ms[point] = run_ms;
        row->price.nanousd[point] = run_ms > 0 ? within_64(hourly * run_ms / HOUR_MS) : -1;
    }
}

static void make_rows(const struct wf_core *core, const struct wf_job_spec *job,
                      struct wf_quote *out)
{
    const struct wf_cluster *cluster = wf_core_cluster(core);
    struct wf_sight sight = wf_sight_make(core, &job->request);
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        out->rows[i] = (struct wf_quote_row){
            .pool = {i},
            .now = {.node = WF_NONE},
            .empty = {.node = WF_NONE},
            .reasons_now = UINT32_MAX,
            .reasons_empty = UINT32_MAX,
        };
    }
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (cluster->nodes[node].up) {
            uint32_t pool = cluster->nodes[node].pool.index;
            struct wf_request served = wf_pool_request(&cluster->pools[pool], &job->request);
            look_at(&sight, node, &job->request, &served, &out->rows[pool]);
        }
    }
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        const struct wf_pool *pool = &cluster->pools[i];
        if (!pool->known) {
            continue;
        }
        struct wf_quote_row *row = &out->rows[out->row_count++];
        *row = out->rows[i];
        struct wf_request served = wf_pool_request(pool, &job->request);
        price_row(pool, job, &served, row);
        row->reasons_now = row->nodes > 0 ? row->reasons_now : 0;
        row->reasons_empty = row->nodes > 0 ? row->reasons_empty : 0;
    }
}

static void add_budgets(const struct wf_queues *queues, wf_queue_id queue,
                        const struct wf_queue_view *view, struct wf_queue_bid bid,
                        struct wf_quote *out)
{
    for (enum wf_budget_window window = 0; window < WF_WINDOWS; window++) {
        const struct wf_budget *budget = &view->spec.budgets[window];
        if (budget->limit_nanousd == 0) {
            continue;
        }
        struct wf_queue_budget_view stands = wf_queues_budget(queues, queue, window, bid);
        out->budgets[out->budget_count++] = (struct wf_quote_budget){
            .queue = queue,
            .window = window,
            .action = budget->action,
            .limit_nanousd = budget->limit_nanousd,
            .gone_nanousd = wf_money_nanousd(stands.taken > 0 ? stands.taken : 0),
            .cost_nanousd = wf_money_nanousd(stands.cost),
            .is_passed = stands.is_passed,
            .ends_ms = wf_queues_window_end_ms(queues, window),
        };
    }
}

// Asks the job's queue and those above it, with the bid that a start would make.
static enum wf_status ask_queues(const struct wf_core *core, const struct wf_job_spec *job,
                                 struct wf_quote *out, struct wf_error *err)
{
    const struct wf_queues *queues = wf_core_schedule(core)->queues;
    const struct wf_ticket ticket = {.spec = *job};
    wf_queue_id queue = job->wait.queue;
    struct wf_queue_view view;
    if (!wf_queues_view(queues, queue, &view)) {
        return wf_fail(err, WF_NOTFOUND, "there is no queue %u", queue.index);
    }
    if (view.children > 0) {
        return wf_fail(err, WF_INVALID, "queue %u has others below it, jobs are in leaves",
                       queue.index);
    }
    int64_t fleet_nanousd = wf_core_outlook(core).fleet_price_nanousd;
    const struct wf_queue_bid bid = {
        .gpu_milli = out->gpu_milli,
        .nanousd_per_hour = within_64((wf_int128)fleet_nanousd * out->gpu_milli / WF_GPU_MILLI),
        .run_ms = wf_ticket_run_ms(&ticket),
    };
    out->has_queues = true;
    out->verdict = wf_queues_may_start(queues, queue, bid);
    for (; queue.index != WF_NONE && wf_queues_view(queues, queue, &view);
         queue = view.spec.parent) {
        add_budgets(queues, queue, &view, bid, out);
    }
    return WF_OK;
}

enum wf_status wf_quote_make(const struct wf_core *core, const struct wf_job_spec *job,
                             struct wf_quote_row *rows, struct wf_quote *out, struct wf_error *err)
{
    *out = (struct wf_quote){
        .rows = rows,
        .gpu_milli = wf_job_gpu_milli(job),
        .run = run_of(&job->wait),
        .verdict = {.answer = WF_QUEUE_MAY, .at = {WF_NONE}},
    };
    enum wf_status status = wf_explain_check(job, err);
    if (status == WF_OK && wf_core_schedule(core)) {
        status = ask_queues(core, job, out, err);
    }
    if (status == WF_OK) {
        make_rows(core, job, out);
    }
    return status;
}
