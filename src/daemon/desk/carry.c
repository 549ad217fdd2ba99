// SPDX-License-Identifier: Apache-2.0
// Carries decisions out: into the book when they are made, to the engine when they are on the disk
// and there is room. The core counts the room of whoever has to give way as free at once; here it
// is free when his last process is gone.
#include "base/assert.h"
#include "daemon/desk/run_parts.h"
#include "daemon/desk/spot_parts.h"

// What is really free on a node: below 0 where more runs than should.
struct room {
    int64_t cpu_milli, memory_mib;
    int32_t gpu_milli[WF_NODE_GPUS_MAX];
};

static void take(struct room *room, const struct wf_book_run *run)
{
    const struct wf_book_job *job = run->job;
    room->cpu_milli -= (int64_t)job->request.cpu_milli * job->tasks;
    room->memory_mib -= (int64_t)job->request.memory_mib * job->tasks;
    for (uint32_t task = 0; task < job->tasks && !run->is_whole; task++) {
        for (uint32_t rest = run->task_gpus[task]; rest; rest &= rest - 1) {
            room->gpu_milli[__builtin_ctz(rest)] -= run->gpu_milli;
        }
    }
    for (uint32_t rest = run->is_whole ? run->gpu_set : 0; rest; rest &= rest - 1) {
        room->gpu_milli[__builtin_ctz(rest)] -= WF_GPU_MILLI;
    }
}

// Takes the run's room if all of it is free.
static bool find_room(struct wf_desk *desk, struct wf_book_run *run)
{
    const struct wf_node_spec *spec = &wf_core_cluster(desk->world.core)->nodes[run->node].spec;
    struct room room = {.cpu_milli = spec->cpu_milli, .memory_mib = spec->memory_mib};
    for (uint32_t i = 0; i < spec->gpus; i++) {
        room.gpu_milli[i] = WF_GPU_MILLI;
    }
    for (const struct wf_book_run *other = desk->world.book.runs; other; other = other->next) {
        if (other->has_room && other->node == run->node) {
            take(&room, other);
        }
    }
    take(&room, run);
    bool fits = room.cpu_milli >= 0 && room.memory_mib >= 0;
    for (uint32_t rest = run->gpu_set; fits && rest; rest &= rest - 1) {
        fits = room.gpu_milli[__builtin_ctz(rest)] >= 0;
    }
    run->has_room = fits && !run->job->old; // never two runs of one job
    return run->has_room;
}

static void give_room(struct wf_desk *desk, struct wf_book_run *run)
{
    desk->has_room = desk->has_room || run->has_room;
    run->has_room = false;
}

// Starting it failed for good: it ends as it would if the engine said so.
static void fail_start(struct wf_desk *desk, struct wf_book_run *run, const struct wf_error *why)
{
    int64_t now_ms = wf_desk_now_ms(desk);
    struct wf_run fact = {
        .phase = WF_RUN_ENDED, .end = WF_RUN_END_NOT_STARTED, .exit_code = -1, .ended_ms = now_ms};
    wf_desk_run_id(run->job->id, run->attempt, fact.id);
    snprintf(fact.detail, sizeof fact.detail, "%.*s", (int)sizeof fact.detail - 1, why->text);
    wf_desk_run_ended(desk, run, &fact);
}

static void start(struct wf_desk *desk, struct wf_book_run *run)
{
    struct wf_error why;
    enum wf_status status = wf_desk_start_run(desk, run, &why);
    if (status == WF_OK) {
        run->phase = WF_BOOK_STARTED;
        run->retry_ms = 0;
        desk->counts.runs_started++;
    } else if (status == WF_IO || status == WF_NOMEM) {
        // The disk is full, or so: it is as if there was no room yet.
        give_room(desk, run);
        run->retry_ms = desk->config.now_ms(desk->config.context) + WF_DESK_RETRY_MS;
    } else {
        fail_start(desk, run, &why);
    }
}

void wf_desk_start_ready(struct wf_desk *desk)
{
    int64_t now_ms = desk->config.now_ms(desk->config.context);
    // What fails to start may have others placed: the list is gone over until nothing changes.
    while (desk->has_room) {
        desk->has_room = false;
        struct wf_book_run *run = desk->world.book.runs;
        while (run) {
            struct wf_book_run *next = run->next;
            if (run->phase == WF_BOOK_READY && now_ms >= run->retry_ms) {
                run->retry_ms = 0;
                if (find_room(desk, run)) {
                    start(desk, run);
                    next = desk->has_room ? NULL : next;
                }
            }
            run = next;
        }
    }
}

void wf_desk_make_ready(struct wf_desk *desk, uint64_t job, uint32_t attempt)
{
    struct wf_book_job *known = wf_book_find(&desk->world.book, job);
    if (known && known->run && known->run->attempt == attempt &&
        known->run->phase == WF_BOOK_PLANNED) {
        known->run->phase = WF_BOOK_READY;
        desk->has_room = true;
    }
}

void wf_desk_tell_stop(struct wf_desk *desk, struct wf_book_run *run)
{
    char id[WF_RUN_ID_MAX + 1];
    if (run->phase != WF_BOOK_STARTED) {
        return;
    }
    wf_desk_run_id(run->job->id, run->attempt, id);
    if (run->told_ms == 0) {
        wf_desk_mark_checkpoint(desk, run); // it may answer before we return
    }
    enum wf_status status =
        desk->config.kind->stop(desk->config.engine, id, run->stop_why, run->job->stop_ms, NULL);
    // One that the engine does not know has ended, and it says so.
    run->stop_failed = status != WF_OK && status != WF_NOTFOUND;
    if (run->told_ms == 0 && !run->stop_failed) {
        run->told_ms = run->look_ms = desk->config.now_ms(desk->config.context);
    }
    run->retry_ms = desk->config.now_ms(desk->config.context) + WF_DESK_RETRY_MS;
}

void wf_desk_stop_run(struct wf_desk *desk, struct wf_book_run *run, enum wf_run_stop why)
{
    run->stop_wanted = true;
    run->stop_why = why > run->stop_why ? why : run->stop_why;
    struct wf_deed *deed = wf_deeds_add(&desk->deeds, WF_DEED_STOP);
    deed->run.job = run->job->id;
    deed->run.attempt = run->attempt;
}

void wf_desk_drop_run(struct wf_desk *desk, struct wf_book_run *run, enum wf_run_end why)
{
    struct wf_run fact = {
        .phase = WF_RUN_ENDED, .end = why, .exit_code = -1, .ended_ms = wf_desk_now_ms(desk)};
    WF_ASSERT(run->phase != WF_BOOK_STARTED);
    wf_desk_write_run(desk, run, &fact);
    give_room(desk, run);
    wf_book_touch(&desk->world.book, run->job);
    wf_book_remove_run(&desk->world.book, run);
}

static void place(struct wf_desk *desk, struct wf_book_job *job, const struct wf_decision *decision)
{
    struct wf_book_run *run = job->run;
    if (!run) {
        run = wf_book_add_run(&desk->world.book, job, ++job->attempts);
        WF_ASSERT(run); // the core has it running: there is no way back
        const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
        const struct wf_pool *pool =
            &cluster->pools[cluster->nodes[decision->node.index].pool.index];
        run->node = decision->node.index;
        run->gpu_milli = decision->gpu_milli;
        run->granted_ms = desk->world.time_ms;
        run->price_nanousd_per_gpu_hour = pool->spec.price_nanousd_per_gpu_hour;
        run->is_dirty = true;
        struct wf_deed *deed = wf_deeds_add(&desk->deeds, WF_DEED_START);
        deed->run.job = job->id;
        deed->run.attempt = run->attempt;
        wf_book_set_state(&desk->world.book, job, WF_JOB_STATE_RUNNING);
    }
    // All tasks of a job are in one group, which is one node of one machine.
    WF_ASSERT(decision->node.index == run->node && decision->task < job->tasks);
    run->task_gpus[decision->task] = decision->gpus;
    run->gpu_set |= decision->gpus;
}

// The core wants its run away, and the job to wait again.
static void give_way(struct wf_desk *desk, struct wf_book_job *job)
{
    struct wf_book_run *run = job->run;
    if (!run) {
        return; // told of another task already
    }
    desk->counts.preemptions++;
    char why[WF_DESK_NOTICE_BYTES] = "gives way to others";
    if (desk->notice.gone_ms > 0) {
        wf_desk_say_notice(desk, why, sizeof why);
    }
    wf_desk_tell_job(desk, job, "preempted", why);
    if (run->phase != WF_BOOK_STARTED) {
        wf_desk_drop_run(desk, run, WF_RUN_END_PREEMPTED);
        return;
    }
    WF_ASSERT(!job->old);
    run->leaves = desk->notice.gone_ms > 0;
    job->old = run;
    job->run = NULL;
    wf_desk_stop_run(desk, run, WF_RUN_STOP_PREEMPTED);
}

// The core's limit is the engine's and something more: whoever gets here is late.
static void time_out(struct wf_desk *desk, struct wf_book_job *job)
{
    if (!job->in_core) {
        return;
    }
    job->in_core = false;
    job->timed_out = true;
    wf_book_set_state(&desk->world.book, job, WF_JOB_STATE_ENDING);
    if (job->run && job->run->phase == WF_BOOK_STARTED) {
        wf_desk_stop_run(desk, job->run, WF_RUN_STOP_CANCELLED);
        return;
    }
    if (job->run) {
        wf_desk_drop_run(desk, job->run, WF_RUN_END_TIME_LIMIT);
    }
    if (!job->old) {
        wf_desk_finish_job(desk, job, WF_JOB_STATE_FAILED, "time-limit",
                           "its time was over before its room was free");
    }
}

static void wait(struct wf_desk *desk, struct wf_book_job *job)
{
    enum wf_job_state state =
        job->state == WF_JOB_STATE_HELD ? WF_JOB_STATE_HELD : WF_JOB_STATE_WAITING;
    wf_book_set_state(&desk->world.book, job, state);
}

void wf_desk_take(struct wf_desk *desk, const struct wf_decision *decision)
{
    struct wf_book_job *job = wf_book_find(&desk->world.book, decision->job.number);
    if (!job) {
        return; // it ended with this very event
    }
    switch (decision->kind) {
    case WF_DECISION_WAIT:
        wait(desk, job);
        break;
    case WF_DECISION_PLACE:
        place(desk, job, decision);
        break;
    case WF_DECISION_PREEMPT:
    case WF_DECISION_LOST:
        give_way(desk, job);
        break;
    case WF_DECISION_TIMEOUT:
        time_out(desk, job);
        break;
    case WF_DECISION_REJECT:
        job->in_core = false;
        wf_desk_finish_job(desk, job, WF_JOB_STATE_CANCELLED, "dependency",
                           "what it waited for ended otherwise than it asked for");
        break;
    case WF_DECISION_END: // of whom it is told, knows it
        break;
    case WF_DECISION_REFUSE:
    case WF_DECISION_MOVE:
        WF_ASSERT(false); // no decisions of a core with queues
        break;
    }
}
