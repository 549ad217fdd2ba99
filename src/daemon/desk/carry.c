// SPDX-License-Identifier: Apache-2.0
// Carries decisions out: into the book when they are made, to the engine when they are on the disk
// and there is room. The core counts the room of whoever has to give way as free at once; here it
// is free when his last process is gone.
#include "base/assert.h"
#include "daemon/desk/foreign_parts.h"
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

// The same on one of the nodes of work that others asked for.
static void take_places(struct room *room, const struct wf_book_run *run, uint32_t node)
{
    for (uint32_t i = 0; i < run->place_count; i++) {
        const struct wf_book_place *place = &run->places[i];
        bool here = place->node == node;
        room->cpu_milli -= here ? place->cpu_milli : 0;
        room->memory_mib -= here ? place->memory_mib : 0;
        for (uint32_t rest = here ? place->gpu_set : 0; rest; rest &= rest - 1) {
            room->gpu_milli[__builtin_ctz(rest)] -= place->gpu_milli;
        }
    }
}

static bool fits(const struct room *room)
{
    bool fits = room->cpu_milli >= 0 && room->memory_mib >= 0;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        fits = fits && room->gpu_milli[i] >= 0;
    }
    return fits;
}

// Whether nobody who still ends has what the run is to get on a node.
static bool fits_on(const struct wf_desk *desk, const struct wf_book_run *run, uint32_t node)
{
    const struct wf_node_spec *spec = &wf_core_cluster(desk->world.core)->nodes[node].spec;
    struct room room = {.cpu_milli = spec->cpu_milli, .memory_mib = spec->memory_mib};
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        room.gpu_milli[i] = i < spec->gpus ? WF_GPU_MILLI : 0;
    }
    for (const struct wf_book_run *other = desk->world.book.runs; other; other = other->next) {
        if (other->has_room) {
            take_places(&room, other, node);
        }
    }
    take_places(&room, run, node);
    return fits(&room);
}

static bool find_places(const struct wf_desk *desk, struct wf_book_run *run)
{
    bool found = !run->job->old;
    for (uint32_t i = 0; i < run->place_count && found; i++) {
        found = fits_on(desk, run, run->places[i].node);
    }
    run->has_room = found;
    return found;
}

// Takes the run's room if all of it is free.
static bool find_room(struct wf_desk *desk, struct wf_book_run *run)
{
    if (run->job->work) {
        return find_places(desk, run);
    }
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
    if (run->job->work) {
        struct wf_foreign_job told = {.why = why->text};
        run->phase = WF_BOOK_STARTED;
        wf_desk_foreign_end_run(desk, run, WF_RUN_END_NOT_STARTED, &told);
        return;
    }
    struct wf_run fact = {
        .phase = WF_RUN_ENDED, .end = WF_RUN_END_NOT_STARTED, .exit_code = -1, .ended_ms = now_ms};
    wf_desk_run_id(run->job->id, run->attempt, fact.id);
    snprintf(fact.detail, sizeof fact.detail, "%.*s", (int)sizeof fact.detail - 1, why->text);
    wf_desk_run_ended(desk, run, &fact);
}

static void start(struct wf_desk *desk, struct wf_book_run *run)
{
    struct wf_error why;
    enum wf_status status = run->job->work ? wf_desk_foreign_start(desk, run, &why)
                                           : wf_desk_start_run(desk, run, &why);
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
    if (wf_desk_is_foreign(desk) && !desk->foreign.is_whole) {
        return; // it may have started already
    }
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
    const struct wf_engine_kind *kind = desk->config.kind;
    const struct wf_book_job *job = run->job;
    bool waits = job->work && (!desk->foreign.is_whole || wf_desk_only_watches(desk));
    if (run->phase != WF_BOOK_STARTED || waits) {
        return;
    }
    wf_desk_run_id(job->id, run->attempt, id);
    if (run->told_ms == 0) {
        wf_desk_mark_checkpoint(desk, run); // it may answer before we return
    }
    enum wf_status status =
        job->work
            ? kind->end_work(desk->config.engine, job->work->key, run->stop_why, job->stop_ms, NULL)
            : kind->stop(desk->config.engine, id, run->stop_why, job->stop_ms, NULL);
    // One that the engine does not know has ended, and it says so.
    run->stop_failed = status != WF_OK && status != WF_NOTFOUND;
    if (run->told_ms == 0 && !run->stop_failed) {
        run->told_ms = run->look_ms = desk->config.now_ms(desk->config.context);
    }
    run->retry_ms = desk->config.now_ms(desk->config.context) + WF_DESK_RETRY_MS;
}

void wf_desk_stop_run(struct wf_desk *desk, struct wf_book_run *run, enum wf_run_stop why)
{
    bool weaker = run->stop_wanted && run->stop_why != WF_RUN_STOP_WITHDRAWN;
    run->stop_why = weaker && why != WF_RUN_STOP_CANCELLED ? run->stop_why : why;
    run->stop_wanted = true;
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
    if (job->work) {
        WF_ASSERT(decision->task < job->tasks);
        run->task_nodes[decision->task] = decision->node.index;
        struct wf_book_place more = {.gpu_set = decision->gpus,
                                     .gpu_milli = decision->gpu_milli,
                                     .gpus = job->request.gpus,
                                     .cpu_milli = job->request.cpu_milli,
                                     .memory_mib = job->request.memory_mib};
        wf_desk_foreign_place(desk, run, decision->node.index, &more);
        return;
    }
    // All tasks of a job are in one group, which is one node of one machine.
    WF_ASSERT(decision->node.index == run->node && decision->task < job->tasks);
    run->task_gpus[decision->task] = decision->gpus;
    run->gpu_set |= decision->gpus;
}

// Whether it is stopped since its machine goes.
static bool leaves_node(const struct wf_desk *desk, const struct wf_book_run *run, char *why,
                        size_t size)
{
    if (run->job->work) {
        return wf_desk_foreign_goes(desk, run, why, size);
    }
    if (desk->notice.gone_ms > 0) {
        wf_desk_say_notice(desk, why, size);
    }
    return desk->notice.gone_ms > 0;
}

// The core wants its run away, and the job to wait again.
static void give_way(struct wf_desk *desk, struct wf_book_job *job)
{
    struct wf_book_run *run = job->run;
    if (!run) {
        return; // told of another task already
    }
    char why[WF_DESK_NOTICE_BYTES] = "gives way to others";
    bool leaves = leaves_node(desk, run, why, sizeof why);
    if (leaves && job->work && run->started_ms > 0 && !job->work->wanted.wait.preemptible) {
        run->is_crooked = run->is_fresh = true; // it may not start anew, and stays to the end
        return;
    }
    desk->counts.preemptions++;
    wf_desk_tell_job(desk, job, "preempted", why);
    if (run->phase != WF_BOOK_STARTED) {
        wf_desk_drop_run(desk, run, WF_RUN_END_PREEMPTED);
        return;
    }
    WF_ASSERT(!job->old);
    run->leaves = leaves;
    job->old = run;
    job->run = NULL;
    bool lost = job->work && !leaves && wf_desk_foreign_lost_node(desk, run);
    wf_desk_stop_run(desk, run, lost ? WF_RUN_STOP_WITHDRAWN : WF_RUN_STOP_PREEMPTED);
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
    if (job->work && job->run) {
        return; // it runs, and the core is told again where
    }
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
    case WF_DECISION_LOST:
        if (job->work && job->run && job->run->started_ms > 0) {
            // For the core its node went; whether it still runs there its engine tells.
            job->run->is_crooked = job->run->is_fresh = true;
            break;
        }
        give_way(desk, job);
        break;
    case WF_DECISION_PREEMPT:
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
