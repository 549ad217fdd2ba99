// SPDX-License-Identifier: Apache-2.0
// What the book knows, as rows of the database.
#include <stdio.h>
#include <string.h>

#include "daemon/desk/foreign_parts.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *user_of(const struct wf_desk *desk, const struct wf_book_job *job)
{
    return or_empty(wf_directory_name(&desk->world.directory, WF_JOURNAL_USER, job->user));
}

static const char *queue_of(const struct wf_desk *desk, const struct wf_book_job *job)
{
    return or_empty(wf_directory_name(&desk->world.directory, WF_JOURNAL_QUEUE, job->queue));
}

void wf_desk_write_job(struct wf_desk *desk, const struct wf_book_job *job, const char *document,
                       const char *code, const char *reason)
{
    bool over = job->state >= WF_JOB_STATE_DONE;
    wf_batch_job(desk->deeds.rows, &(struct wf_job_row){
                                       .id = job->id,
                                       .array = job->array,
                                       .name = wf_names_text(desk->world.names, job->name),
                                       .user = user_of(desk, job),
                                       .queue = queue_of(desk, job),
                                       .uid = job->uid,
                                       .gid = job->gid,
                                       .document = document,
                                       .state = job->state,
                                       .reason_code = code,
                                       .reason = reason,
                                       .submitted_ms = job->submitted_ms,
                                       .started_ms = job->started_ms,
                                       .ended_ms = over ? wf_desk_now_ms(desk) : 0,
                                       .attempts = job->attempts,
                                       .requeues = job->requeues,
                                       .cost_nanousd = job->cost_nanousd,
                                       .gpu_ms = job->gpu_ms,
                                       .cpu_ms = job->cpu_ms,
                                       .memory_peak_bytes = job->memory_peak_bytes,
                                   });
}

// What its grant and the engine warn of.
static const char *warnings_of(const struct wf_book_run *run, const struct wf_run *fact, char *text,
                               size_t size)
{
    const char *of_grant = or_empty(run->warnings), *of_engine = fact->warnings;
    bool both = of_grant[0] && of_engine[0] && !strstr(of_grant, of_engine);
    if (!both) {
        return of_grant[0] ? of_grant : of_engine;
    }
    snprintf(text, size, "%s; %s", of_grant, of_engine);
    return text;
}

void wf_desk_write_run(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact)
{
    static const struct wf_run nothing = {.exit_code = -1};
    fact = fact ? fact : &nothing;
    bool over = fact->phase == WF_RUN_ENDED;
    struct wf_charge charge =
        over ? wf_desk_charge(desk, run, fact->ended_ms) : (struct wf_charge){0};
    const char *node = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, run->node);
    char warnings[2 * sizeof fact->warnings];
    run->is_dirty = false;
    wf_batch_run(desk->deeds.rows,
                 &(struct wf_run_row){
                     .job = run->job->id,
                     .attempt = run->attempt,
                     .granted_ms = run->granted_ms,
                     .started_ms = run->started_ms,
                     .ended_ms = over ? fact->ended_ms : 0,
                     .node = run->nodes ? run->nodes : or_empty(node),
                     .gpu_set = run->gpu_set,
                     .gpu_milli = run->gpu_milli,
                     .end = over ? wf_run_end_text(fact->end) : "",
                     .exit_code = over ? fact->exit_code : -1,
                     .signal = over ? fact->signal : 0,
                     .detail = fact->detail,
                     .warnings = warnings_of(run, fact, warnings, sizeof warnings),
                     .cpu_ms = fact->cpu_ms,
                     .memory_peak_bytes = fact->memory_peak_bytes,
                     .gpu_ms = charge.gpu_ms,
                     .cost_nanousd = charge.cost_nanousd,
                 });
}

void wf_desk_write_dirty(struct wf_desk *desk)
{
    struct wf_book_job *job;
    while ((job = wf_book_take_dirty(&desk->world.book))) {
        const char *code = "";
        if (job->state == WF_JOB_STATE_ENDING) {
            code = job->timed_out ? "time-limit" : "cancelled";
        } else if (job->work && job->work->held_here) {
            code = WF_DESK_HELD_HERE;
        }
        wf_desk_write_job(desk, job, NULL, code, "");
        if (job->run && job->run->is_dirty) {
            wf_desk_write_run(desk, job->run, NULL);
        }
        if (job->old && job->old->is_dirty) {
            wf_desk_write_run(desk, job->old, NULL);
        }
    }
}

struct wf_charge wf_desk_charge(const struct wf_desk *desk, const struct wf_book_run *run,
                                int64_t until_ms)
{
    return wf_desk_charge_between(desk, run, run->started_ms, until_ms);
}

struct wf_charge wf_desk_charge_between(const struct wf_desk *desk, const struct wf_book_run *run,
                                        int64_t from_ms, int64_t until_ms)
{
    const struct wf_book_job *job = run->job;
    if (run->started_ms <= 0 || until_ms <= from_ms) {
        return (struct wf_charge){0};
    }
    wf_int128 ms = until_ms - from_ms;
    wf_int128 gpu_milli = (wf_int128)job->request.gpus * run->gpu_milli * job->tasks;
    wf_int128 cpu_milli = (wf_int128)job->request.cpu_milli * job->tasks;
    if (run->places) {
        wf_desk_foreign_sum(run, &gpu_milli, &cpu_milli);
    }
    wf_int128 hour = (wf_int128)1000 * 3600 * 1000;
    return (struct wf_charge){
        .gpu_ms = (uint64_t)(gpu_milli * ms / 1000),
        .core_ms = (uint64_t)(cpu_milli * ms / 1000),
        .cost_nanousd = (int64_t)(gpu_milli * ms * run->price_nanousd_per_gpu_hour / hour +
                                  cpu_milli * ms * desk->config.core_price_nanousd_per_hour / hour),
    };
}

void wf_desk_write_ledger(struct wf_desk *desk, const struct wf_book_run *run, int64_t ended_ms,
                          struct wf_charge charge)
{
    if (run->started_ms <= 0 || ended_ms <= run->started_ms || run->node == WF_NONE) {
        return;
    }
    uint32_t pool = wf_core_cluster(desk->world.core)->nodes[run->node].pool.index;
    wf_batch_ledger(
        desk->deeds.rows,
        &(struct wf_ledger_row){
            .job = run->job->id,
            .attempt = run->attempt,
            .from_ms = run->started_ms,
            .to_ms = ended_ms,
            .user = user_of(desk, run->job),
            .queue = queue_of(desk, run->job),
            .pool = or_empty(wf_directory_name(&desk->world.directory, WF_JOURNAL_POOL, pool)),
            .gpu_ms = charge.gpu_ms,
            .core_ms = charge.core_ms,
            .cost_nanousd = charge.cost_nanousd,
            .price_source = or_empty(desk->price_sources[pool]),
        });
}
