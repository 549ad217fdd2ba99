// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/wait_explain.h"

#include "core/core.h"
#include "core/schedule/schedule_parts.h"

static void explain_queues(const struct wf_schedule *schedule, struct wf_wait_explanation *out)
{
    wf_queue_id at = out->ticket->spec.wait.queue;
    struct wf_queue_view view;
    for (; at.index != WF_NONE && wf_queues_view(schedule->queues, at, &view);
         at = view.spec.parent) {
        int64_t limit = view.spec.limit_gpu_milli;
        if (limit > 0 && out->gpu_milli > 0 && view.used_gpu_milli + out->gpu_milli > limit) {
            out->blockers |= WF_WAIT_BIT(QUEUE_LIMIT);
            out->limits[out->limit_count++] =
                (struct wf_wait_limit){at, view.used_gpu_milli, limit};
        }
        for (uint32_t window = 0; window < WF_WINDOWS; window++) {
            const struct wf_budget *budget = &view.spec.budgets[window];
            struct wf_queue_budget_view stands =
                wf_queues_budget(schedule->queues, at, (enum wf_budget_window)window, out->bid);
            if (budget->action == WF_BUDGET_ADMIT || !stands.is_passed) {
                continue;
            }
            out->blockers |=
                budget->action == WF_BUDGET_HOLD ? WF_WAIT_BIT(BUDGET) : WF_WAIT_BIT(LOWERED);
            out->budgets[out->budget_count++] = (struct wf_wait_budget){
                .queue = at,
                .window = (enum wf_budget_window)window,
                .action = budget->action,
                .limit_nanousd = budget->limit_nanousd,
                .gone_nanousd = wf_money_nanousd(stands.taken > 0 ? stands.taken : 0),
                .cost_nanousd = wf_money_nanousd(stands.cost),
                .ends_ms = wf_queues_window_end_ms(schedule->queues, (enum wf_budget_window)window),
            };
        }
    }
}

static struct wf_wait_other other_of(const struct wf_schedule *schedule, uint32_t job)
{
    const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    return (struct wf_wait_other){
        .job = ticket->spec.id,
        .gpu_milli = wf_job_gpu_milli(&ticket->spec),
        .start_ms = ticket->reservation == WF_NONE
                        ? WF_NEVER
                        : wf_future_start_ms(schedule->future, ticket->reservation),
        .rule = WF_AHEAD_KEPT,
    };
}

// Room under a limit that is left to a job before it.
static void explain_limit_kept(const struct wf_schedule *schedule, struct wf_wait_explanation *out)
{
    const struct wf_ticket *ticket = out->ticket;
    if (ticket->phase != WF_PHASE_WAITING || ticket->reservation != WF_NONE) {
        return;
    }
    uint32_t other = wf_schedule_yields(schedule, ticket->lane, true, &out->limit_kept_at);
    if (other != WF_NONE) {
        out->blockers |= WF_WAIT_BIT(LIMIT_KEPT);
        out->limit_kept = other_of(schedule, other);
    }
}

static void explain_kept(const struct wf_schedule *schedule, struct wf_wait_kept *out)
{
    const struct wf_future *future = schedule->future;
    for (uint32_t i = wf_future_first(future); i != WF_NONE; i = wf_future_next(future, i)) {
        struct wf_wait_other other = other_of(schedule, wf_future_job(future, i));
        out->jobs++;
        out->gpu_milli += other.gpu_milli;
        uint32_t at = out->shown;
        for (; at > 0 && other.start_ms < out->first[at - 1].start_ms; at--) {
            if (at < WF_WAIT_SHOWN) {
                out->first[at] = out->first[at - 1];
            }
        }
        if (at < WF_WAIT_SHOWN) {
            out->first[at] = other;
            out->shown += out->shown < WF_WAIT_SHOWN;
        }
    }
}

// Looks at the nodes with and without the room that is kept.
static enum wf_status explain_nodes(const struct wf_core *core, struct wf_wait_explanation *out,
                                    struct wf_error *err)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_job_spec *spec = &out->ticket->spec;
    struct wf_explanation unkept;
    wf_future_settle(schedule->future);
    enum wf_status status = wf_explain(core, spec, &out->nodes, err);
    uint32_t nodes_end = wf_core_cluster(core)->nodes_end;
    for (uint32_t node = 0; node < nodes_end; node++) {
        wf_future_lift(schedule->future, node);
    }
    status = status == WF_OK ? wf_explain(core, spec, &unkept, err) : status;
    wf_future_settle(schedule->future);
    if (status != WF_OK) {
        return status;
    }
    out->tasks_unkept = unkept.tasks_now;
    if (out->ticket->reservation != WF_NONE) {
        out->nodes = unkept;
    }
    return WF_OK;
}

// What the job lacks when nobody and no queue keeps it from starting.
static void explain_room(const struct wf_schedule *schedule, struct wf_wait_explanation *out)
{
    const struct wf_job_spec *spec = &out->ticket->spec;
    const struct wf_discipline *discipline = schedule->discipline;
    bool unkept_room = out->tasks_unkept == spec->tasks && spec->wait.within == WF_WITHIN_ANY;
    if (out->nodes.tasks_now < spec->tasks || out->ticket->reservation != WF_NONE) {
        out->blockers |= unkept_room ? 0 : WF_WAIT_BIT(ROOM);
        out->blockers |=
            out->kept.jobs > 0 && (unkept_room || out->tasks_unkept > out->nodes.tasks_now)
                ? WF_WAIT_BIT(KEPT)
                : 0;
    } else if (spec->wait.within != WF_WITHIN_ANY) {
        out->blockers |= WF_WAIT_BIT(ROOM);
    }
    if (out->ticket->is_outside || (!discipline->jumps && out->ahead.jobs_all > 0)) {
        out->blockers |= WF_WAIT_BIT(AHEAD);
    }
    if (discipline->cycle_ms > 0 && (out->blockers & ~WF_WAIT_BIT(LOWERED)) == 0) {
        out->blockers |= WF_WAIT_BIT(TURN);
    }
}

// Whose start time has come, or who would start at once, is for others to start.
static void explain_watch(const struct wf_schedule *schedule, struct wf_wait_explanation *out)
{
    bool has_come = out->ticket->reservation != WF_NONE && out->kept_start_ms <= out->now_ms;
    if (schedule->watches && (out->blockers == 0 || has_come)) {
        out->blockers &= ~(WF_WAIT_BIT(ROOM) | WF_WAIT_BIT(KEPT));
        out->blockers |= WF_WAIT_BIT(WATCHED);
    }
}

static void explain_itself(const struct wf_schedule *schedule, struct wf_wait_explanation *out)
{
    const struct wf_ticket *ticket = out->ticket;
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    out->blockers |= wait->held ? WF_WAIT_BIT(HELD) : 0;
    out->blockers |= ticket->open_dependencies > 0 ? WF_WAIT_BIT(DEPENDENCY) : 0;
    out->blockers |= wait->begin_ms > schedule->now_ms ? WF_WAIT_BIT(BEGIN) : 0;
    out->tasks_slots =
        wf_schedule_slots(&schedule->placer->cluster, &ticket->spec.request, ticket->spec.tasks);
    out->blockers |= out->tasks_slots < ticket->spec.tasks ? WF_WAIT_BIT(NEVER) : 0;
    if (wait->array_max > 0) {
        out->array_running = wf_arrays_running(&schedule->arrays, wait->array);
        out->blockers |= out->array_running >= wait->array_max ? WF_WAIT_BIT(ARRAY) : 0;
    }
}

static void explain_deadline(const struct wf_schedule *schedule, struct wf_wait_explanation *out)
{
    struct wf_standing standing = wf_standing_of(out->ticket, schedule->now_ms);
    struct wf_urgency urgency = wf_discipline_urgency(schedule->discipline, &standing);
    bool some = urgency.from_ms < urgency.until_ms;
    out->forward_ms = some ? urgency.from_ms : WF_NEVER;
    out->latest_ms = some ? urgency.until_ms - 1 : WF_NEVER;
}

// As when a start is tried: at the mean price of the fleet.
static struct wf_queue_bid bid_of(const struct wf_schedule *schedule,
                                  const struct wf_ticket *ticket, int64_t gpu_milli)
{
    wf_int128 hourly =
        (wf_int128)schedule->placer->outlook.fleet_price_nanousd * gpu_milli / WF_GPU_MILLI;
    return (struct wf_queue_bid){
        .gpu_milli = gpu_milli,
        .nanousd_per_hour = (int64_t)hourly,
        .run_ms = wf_ticket_run_ms(ticket),
    };
}

enum wf_status wf_wait_explain(const struct wf_core *core, wf_job_id job,
                               struct wf_wait_explanation *out, struct wf_error *err)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    unsigned long long number = job.number;
    if (!schedule) {
        return wf_fail(err, WF_INVALID, "this core was made without queues, nothing waits in it");
    }
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), job);
    if (slot == WF_NONE) {
        return wf_fail(err, WF_NOTFOUND, "there is no job %llu", number);
    }
    const struct wf_ticket *ticket = &schedule->backlog.tickets[slot];
    if (ticket->phase == WF_PHASE_RUNNING) {
        return wf_fail(err, WF_INVALID, "job %llu runs", number);
    }
    *out = (struct wf_wait_explanation){
        .ticket = ticket,
        .now_ms = schedule->now_ms,
        .gpu_milli = wf_job_gpu_milli(&ticket->spec),
        .kept_start_ms = WF_NEVER,
    };
    out->bid = bid_of(schedule, ticket, out->gpu_milli);
    if (ticket->reservation != WF_NONE) {
        out->kept_start_ms = wf_future_start_ms(schedule->future, ticket->reservation);
    }
    explain_deadline(schedule, out);
    explain_itself(schedule, out);
    explain_queues(schedule, out);
    explain_limit_kept(schedule, out);
    explain_kept(schedule, &out->kept);
    wf_wait_ahead(core, slot, &out->ahead);
    enum wf_status status = explain_nodes(core, out, err);
    if (status == WF_OK) {
        explain_room(schedule, out);
        explain_watch(schedule, out);
    }
    return status;
}

static enum wf_wait_reason reason_before_line(const struct wf_ticket *ticket)
{
    if (ticket->spec.wait.held) {
        return WF_WAIT_HELD;
    }
    return ticket->open_dependencies > 0 ? WF_WAIT_DEPENDENCY : WF_WAIT_BEGIN;
}

enum wf_wait_reason wf_wait_reason_now(const struct wf_core *core, uint32_t job)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
    if (ticket->is_aside) {
        return ticket->is_too_much ? WF_WAIT_QUEUE_LIMIT : WF_WAIT_NEVER;
    }
    if (ticket->is_outside) {
        return WF_WAIT_AHEAD;
    }
    if (ticket->phase != WF_PHASE_WAITING) {
        return reason_before_line(ticket);
    }
    if (schedule->watches && ticket->reservation != WF_NONE &&
        wf_future_start_ms(schedule->future, ticket->reservation) <= schedule->now_ms) {
        return WF_WAIT_WATCHED;
    }
    const struct wf_lane *lane = &schedule->backlog.lanes[ticket->lane];
    switch (lane->block) {
    case WF_BLOCK_SHARE:
        return wf_job_gpu_milli(&ticket->spec) >
                       wf_queues_left_gpu_milli(schedule->queues, lane->blocked_at)
                   ? WF_WAIT_QUEUE_LIMIT
                   : WF_WAIT_LIMIT_KEPT;
    case WF_BLOCK_BUDGET:
        return WF_WAIT_BUDGET;
    case WF_BLOCK_ARRAY:
        return WF_WAIT_ARRAY;
    case WF_BLOCK_ROOM:
        return WF_WAIT_ROOM;
    case WF_BLOCK_NONE:
        break;
    }
    if (ticket->reservation != WF_NONE) {
        return WF_WAIT_ROOM;
    }
    return schedule->discipline->cycle_ms > 0 ? WF_WAIT_TURN : WF_WAIT_AHEAD;
}
