// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"
#include "daemon/desk/spot_parts.h"

enum {
    JOBS_USUAL = 16384,
    TASKS_MAX = 4096, // that run at the same time on one machine
    NODES_MAX = 32,   // GPUs of one machine that are alike are a node
    POOLS_MAX = 16,
    QUEUES_MAX = 256,
    CLASSES_MAX = 128,
    LANES_MAX = 2048,
    RESERVATIONS_MAX = 64,
    FEED_TRIM_EVERY = 1024,
    // Of a cluster:
    CLUSTER_TASKS_MAX = 65536,
    CLUSTER_NODES_MAX = 4096,
    CLUSTER_POOLS_MAX = 256,
};

static uint32_t or_usual(const struct wf_desk *desk, uint32_t wanted, uint32_t cluster,
                         uint32_t machine)
{
    uint32_t usual = wf_desk_is_foreign(desk) ? cluster : machine;
    return wanted > 0 ? wanted : usual;
}

static enum wf_status choose_core(struct wf_desk *desk, struct wf_error *err)
{
    const struct wf_desk_config *config = &desk->config;
    desk->core = (struct wf_core_config){
        .limits = {.models = WF_MODELS_MAX,
                   .pools = or_usual(desk, config->pools_max, CLUSTER_POOLS_MAX, POOLS_MAX),
                   .nodes = or_usual(desk, config->nodes_max, CLUSTER_NODES_MAX, NODES_MAX),
                   .jobs = config->jobs_max > 0 ? config->jobs_max : JOBS_USUAL,
                   .placements = or_usual(desk, config->tasks_max, CLUSTER_TASKS_MAX, TASKS_MAX),
                   .classes = CLASSES_MAX,
                   .queues = QUEUES_MAX,
                   .lanes = LANES_MAX,
                   .reservations = RESERVATIONS_MAX},
        .discipline = wf_discipline_find(desk->discipline),
    };
    if (!desk->core.discipline) {
        return wf_fail(err, WF_NOTFOUND, "there is no discipline '%s'", desk->discipline);
    }
    const char *policy = desk->policy[0] ? desk->policy : desk->core.discipline->placement;
    desk->core.policy = wf_policy_find(policy);
    return desk->core.policy ? WF_OK : wf_fail(err, WF_NOTFOUND, "there is no policy '%s'", policy);
}

static enum wf_status open_parts(struct wf_desk *desk, struct wf_error *err)
{
    enum wf_status status = wf_deeds_init(&desk->deeds, err);
    status = status == WF_OK ? wf_deeds_init(&desk->writing, err) : status;
    status = status == WF_OK ? choose_core(desk, err) : status;
    desk->price_sources = calloc(WF_POOLS_MAX, sizeof *desk->price_sources);
    if (status == WF_OK && !desk->price_sources) {
        status = wf_fail(err, WF_NOMEM, "no memory for the desk");
    }
    status = status == WF_OK ? wf_world_read(desk, err) : status;
    desk->lines_handed = desk->world.lines;
    if (status == WF_OK && desk->world.lines == 0) {
        status = wf_desk_begin_journal(desk, err);
    }
    return status;
}

// Tells the core whether it may move work, where it knows otherwise.
static enum wf_status settle_moves(struct wf_desk *desk, struct wf_error *err)
{
    const struct wf_schedule *schedule = wf_core_schedule(desk->world.core);
    struct wf_event event = {.kind = WF_EVENT_MOVES,
                             .moves = {.allowed = desk->config.moves ? UINT32_MAX : 0,
                                       .cost_max_nanousd = desk->config.move_cost_max_nanousd}};
    bool known = schedule->moves_left == event.moves.allowed &&
                 schedule->move_cost_max_nanousd == event.moves.cost_max_nanousd;
    return known ? WF_OK : wf_desk_step(desk, &event, err);
}

enum wf_status wf_desk_open(const struct wf_desk_config *config, struct wf_desk **desk_out,
                            struct wf_error *err)
{
    struct wf_desk *desk = calloc(1, sizeof *desk);
    if (!desk) {
        return wf_fail(err, WF_NOMEM, "no memory for the desk");
    }
    desk->config = *config;
    desk->config.site = NULL;
    if (config->model_memory_mib) {
        memcpy(desk->model_memory_mib, config->model_memory_mib, sizeof desk->model_memory_mib);
    }
    snprintf(desk->policy, sizeof desk->policy, "%s", config->policy ? config->policy : "");
    snprintf(desk->discipline, sizeof desk->discipline, "%s",
             config->discipline ? config->discipline : "foresight");
    enum wf_status status = open_parts(desk, err);
    if (status == WF_OK) {
        wf_desk_reconcile(desk);
        status = config->site ? wf_desk_site(desk, config->site, err) : WF_OK;
        status = status == WF_OK ? settle_moves(desk, err) : status;
    }
    if (status == WF_OK) {
        wf_desk_settle_notice(desk);
        wf_desk_live_on(desk, wf_desk_now_ms(desk));
    }
    if (status != WF_OK) {
        wf_desk_close(desk);
        return status;
    }
    *desk_out = desk;
    return WF_OK;
}

static void answer(const struct wf_deed *deed, enum wf_status status, const char *why)
{
    struct wf_desk_answer told = deed->answer.answer;
    told.status = status;
    told.why = why;
    if (deed->answer.done) {
        deed->answer.done(deed->answer.context, &told);
    }
}

// Everything that waits for a batch is told that it did not get to the disk.
static void fail_deeds(struct wf_deeds *deeds, const char *why)
{
    for (uint32_t i = 0; i < deeds->count; i++) {
        if (deeds->list[i].kind == WF_DEED_ANSWER) {
            answer(&deeds->list[i], WF_IO, why);
        }
    }
    wf_deeds_clear(deeds);
}

void wf_desk_close(struct wf_desk *desk)
{
    if (!desk) {
        return;
    }
    fail_deeds(&desk->writing, "the daemon ends");
    fail_deeds(&desk->deeds, "the daemon ends");
    wf_deeds_finish(&desk->writing);
    wf_deeds_finish(&desk->deeds);
    wf_world_finish(&desk->world);
    wf_desk_foreign_dropped(desk);
    wf_desk_foreign_forget_notices(desk);
    for (uint32_t i = 0; desk->price_sources && i < WF_POOLS_MAX; i++) {
        free(desk->price_sources[i]);
    }
    free(desk->price_sources);
    free(desk);
}

int64_t wf_desk_now_ms(const struct wf_desk *desk)
{
    int64_t now_ms = desk->config.now_ms(desk->config.context);
    now_ms = desk->foreign.at_ms > 0 ? desk->foreign.at_ms : now_ms;
    return now_ms > desk->world.time_ms ? now_ms : desk->world.time_ms;
}

enum wf_status wf_desk_step(struct wf_desk *desk, struct wf_event *event, struct wf_error *err)
{
    struct wf_world *world = &desk->world;
    struct wf_decisions decisions;
    event->time_ms = wf_desk_now_ms(desk);
    event->more = event->more || desk->foreign.is_looking;
    enum wf_status status = wf_core_step(world->core, event, &decisions, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_error why;
    if (wf_batch_event(desk->deeds.rows, &world->lines, event, &why) != WF_OK) {
        // The core knows what no journal will: it is made anew from what the journal has.
        desk->is_broken = true;
        desk->stall = why;
    }
    world->events++;
    world->hash = decisions.hash;
    world->time_ms = event->time_ms;
    world->wake_ms = decisions.wake_ms;
    if (event->kind == WF_EVENT_JOB_SUBMIT) {
        wf_diary_open(world->diary, event->job_submit.id.number);
    }
    wf_start_watch_note(world->starts, world->core, event, &decisions);
    wf_diary_note(world->diary, world->core, event, &decisions);
    for (uint32_t i = 0; i < decisions.count; i++) {
        wf_desk_take(desk, &decisions.list[i]);
    }
    return WF_OK;
}

enum wf_status wf_desk_name_it(struct wf_desk *desk, enum wf_journal_named what, uint32_t number,
                               const char *name, struct wf_error *err)
{
    enum wf_status status =
        wf_batch_name(desk->deeds.rows, &desk->world.lines, what, number, name, err);
    return status == WF_OK ? wf_directory_add(&desk->world.directory, what, number, name, err)
                           : status;
}

// The feed is for those who watch; who comes back after days reads the jobs themselves.
static void trim_feed(struct wf_desk *desk)
{
    uint64_t feed = desk->world.feed;
    if (feed > WF_DESK_FEED_KEPT && feed / FEED_TRIM_EVERY != desk->trimmed / FEED_TRIM_EVERY) {
        wf_batch_forget_feed(desk->deeds.rows, feed - WF_DESK_FEED_KEPT);
    }
    desk->trimmed = feed;
}

const struct wf_batch *wf_desk_batch(struct wf_desk *desk)
{
    struct wf_world *world = &desk->world;
    if (desk->is_writing) {
        return NULL;
    }
    if (desk->is_broken || desk->is_stalled) {
        if (desk->is_stalled && desk->config.now_ms(desk->config.context) < desk->retry_ms) {
            return NULL;
        }
        // Nothing of what was collected since is written: only whether there is room again.
        fail_deeds(&desk->deeds, desk->stall.text);
        wf_batch_meta(desk->deeds.rows, "probe", "");
    } else {
        wf_desk_write_dirty(desk);
        if (world->events > world->hashed) {
            wf_batch_hash(desk->deeds.rows, &world->lines, world->hash, world->events);
            world->hashed = world->events;
            world->hash_line = world->lines;
        }
        trim_feed(desk);
    }
    if (wf_batch_is_empty(desk->deeds.rows) && desk->deeds.count == 0) {
        return NULL;
    }
    desk->deeds.lines = world->lines > desk->lines_handed ? world->lines : 0;
    desk->lines_handed = world->lines;
    struct wf_deeds collected = desk->deeds;
    desk->deeds = desk->writing;
    desk->writing = collected;
    desk->is_writing = true;
    wf_desk_foreign_handed(desk);
    return desk->writing.rows;
}

bool wf_desk_probes(const struct wf_desk *desk)
{
    return desk->is_stalled;
}

static void tell_feed(struct wf_desk *desk, const struct wf_deed *deed)
{
    if (desk->watch) {
        desk->watch(desk->watch_context, &(struct wf_feed_row){.seq = deed->feed.seq,
                                                               .time_ms = deed->feed.time_ms,
                                                               .job = deed->feed.job,
                                                               .kind = deed->feed.kind,
                                                               .data = deed->feed.data});
    }
}

static void start_or_stop(struct wf_desk *desk, const struct wf_deed *deed)
{
    if (deed->kind == WF_DEED_START) {
        wf_desk_make_ready(desk, deed->run.job, deed->run.attempt);
    } else if (deed->kind == WF_DEED_STOP) {
        struct wf_book_job *job = wf_book_find(&desk->world.book, deed->run.job);
        struct wf_book_run *run = job && job->run ? job->run : NULL;
        run = run && run->attempt == deed->run.attempt ? run : (job ? job->old : NULL);
        if (run && run->attempt == deed->run.attempt) {
            wf_desk_tell_stop(desk, run);
        }
    } else if (deed->kind == WF_DEED_END) {
        struct wf_book_job *job = wf_book_find(&desk->world.book, deed->run.job);
        if (job) {
            wf_desk_foreign_end(desk, job);
        }
    }
}

static void do_deeds(struct wf_desk *desk)
{
    // Runs first: somebody may be waiting for his GPUs, and answers take their time.
    for (uint32_t i = 0; i < desk->writing.count; i++) {
        start_or_stop(desk, &desk->writing.list[i]);
    }
    wf_desk_foreign_written(desk);
    wf_desk_start_ready(desk);
    for (uint32_t i = 0; i < desk->writing.count; i++) {
        const struct wf_deed *deed = &desk->writing.list[i];
        if (deed->kind == WF_DEED_ANSWER) {
            answer(deed, WF_OK, "");
        } else if (deed->kind == WF_DEED_KEEP) {
            wf_desk_keep_run(desk, deed->run.job, deed->run.attempt);
        } else if (deed->kind == WF_DEED_FEED) {
            tell_feed(desk, deed);
        }
    }
    wf_deeds_clear(&desk->writing);
}

// Back to what the database has. A batch that got there although its writing was said to have
// failed is told as done.
static enum wf_status go_back(struct wf_desk *desk, struct wf_error *err)
{
    uint64_t lines = desk->writing.lines;
    wf_desk_foreign_dropped(desk);
    enum wf_status status = wf_world_read(desk, err);
    if (status != WF_OK) {
        return status;
    }
    if (desk->world.lines == 0) {
        return wf_fail(err, WF_IO, "the journal cannot be begun: %s", desk->stall.text);
    }
    desk->lines_handed = desk->world.lines;
    if (desk->world.lines >= lines && lines > 0) {
        for (uint32_t i = 0; i < desk->writing.count; i++) {
            if (desk->writing.list[i].kind == WF_DEED_ANSWER) {
                answer(&desk->writing.list[i], WF_OK, "");
            }
        }
        wf_deeds_clear(&desk->writing);
    }
    fail_deeds(&desk->writing, desk->stall.text);
    fail_deeds(&desk->deeds, desk->stall.text);
    return WF_OK;
}

enum wf_status wf_desk_written(struct wf_desk *desk, enum wf_status status,
                               const struct wf_error *why, struct wf_error *err)
{
    WF_ASSERT(desk->is_writing);
    desk->is_writing = false;
    if (status == WF_OK && !desk->is_stalled && !desk->is_broken) {
        desk->counts.batches++;
        do_deeds(desk);
        return WF_OK;
    }
    if (status == WF_OK && desk->is_broken && !desk->is_stalled) {
        do_deeds(desk);
    }
    if (status == WF_OK) {
        // There is room again. The engine is the truth about what ran meanwhile.
        enum wf_status read = go_back(desk, err);
        if (read == WF_OK) {
            desk->is_stalled = desk->is_broken = false;
            wf_desk_reconcile(desk);
        }
        return read;
    }
    bool first = !desk->is_stalled;
    desk->stall = *why;
    desk->counts.batches_failed++;
    desk->is_stalled = true;
    desk->retry_ms = desk->config.now_ms(desk->config.context) + WF_DESK_RETRY_MS;
    if (first) {
        return go_back(desk, err);
    }
    wf_deeds_clear(&desk->writing);
    return WF_OK;
}

enum wf_status wf_desk_refuse_stalled(const struct wf_desk *desk, struct wf_error *err)
{
    if (desk->is_stalled || desk->is_broken) {
        return wf_fail(err, WF_IO, "nothing can be written down, so nothing new is taken: %s",
                       desk->stall.text);
    }
    if (wf_batch_is_full(desk->deeds.rows)) {
        return wf_fail(err, WF_LIMIT, "more is being asked than the disk can take; try again");
    }
    return WF_OK;
}

bool wf_desk_accepts(const struct wf_desk *desk, struct wf_error *why_out)
{
    return wf_desk_refuse_stalled(desk, why_out) == WF_OK;
}

void wf_desk_run(struct wf_desk *desk, const struct wf_run *fact)
{
    struct wf_book_run *run = wf_book_find_run(&desk->world.book, fact->id);
    if (desk->is_stalled || desk->is_broken || !run || run->phase != WF_BOOK_STARTED) {
        return; // when the disk has room again, the engine is asked
    }
    if (fact->phase == WF_RUN_ENDED) {
        wf_desk_run_ended(desk, run, fact);
        wf_desk_start_ready(desk);
    } else if (fact->phase == WF_RUN_RUNNING || fact->phase == WF_RUN_FINISHING) {
        wf_desk_run_started(desk, run, fact);
    }
}

// Runs that have been placed for long and find no room, as whoever has it takes his time to end:
// the core may know a better place by now.
static void place_blocked_anew(struct wf_desk *desk, int64_t now_ms)
{
    struct wf_book_run *run = desk->world.book.runs;
    bool may = !wf_desk_is_foreign(desk) || desk->foreign.is_whole;
    while (run && may) {
        struct wf_book_run *next = run->next;
        if (run->phase == WF_BOOK_READY && now_ms - run->granted_ms > WF_DESK_BLOCKED_MS) {
            struct wf_book_job *job = run->job;
            struct wf_event event = {.kind = WF_EVENT_JOB_END,
                                     .job_end = {.id = {job->id}, .again = true}};
            wf_desk_drop_run(desk, run, WF_RUN_END_PREEMPTED);
            // The core has it running, so it takes this.
            enum wf_status status = wf_desk_step(desk, &event, NULL);
            WF_ASSERT(status == WF_OK);
            next = desk->world.book.runs; // others may have gone, too
            now_ms = INT64_MIN / 2;       // one in a tick is enough
        }
        run = next;
    }
}

void wf_desk_tick(struct wf_desk *desk)
{
    if (desk->is_stalled || desk->is_broken) {
        return;
    }
    int64_t now_ms = desk->config.now_ms(desk->config.context);
    if (now_ms >= desk->world.wake_ms) {
        struct wf_event event = {.kind = WF_EVENT_TIME};
        enum wf_status status = wf_desk_step(desk, &event, NULL);
        WF_ASSERT(status == WF_OK);
    }
    wf_desk_settle_notice(desk);
    enum wf_status allowed = settle_moves(desk, NULL);
    WF_ASSERT(allowed == WF_OK); // it was when the desk was opened
    wf_desk_live_on(desk, now_ms);
    wf_desk_look_at_checkpoints(desk, now_ms);
    place_blocked_anew(desk, now_ms);
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if (run->stop_failed && now_ms >= run->retry_ms) {
            wf_desk_tell_stop(desk, run);
        }
    }
    wf_desk_foreign_tick(desk, now_ms);
    desk->has_room = true;
    wf_desk_start_ready(desk);
}

int64_t wf_desk_wake_ms(const struct wf_desk *desk)
{
    if (desk->is_stalled || desk->is_broken) {
        return desk->is_broken ? 0 : desk->retry_ms;
    }
    int64_t wake_ms = desk->world.wake_ms;
    int64_t look_ms = wf_desk_look_wake_ms(desk), notice_ms = wf_desk_notice_wake_ms(desk);
    wake_ms = look_ms < wake_ms ? look_ms : wake_ms;
    int64_t life_ms = wf_desk_life_wake_ms(desk);
    wake_ms = notice_ms < wake_ms ? notice_ms : wake_ms;
    int64_t foreign_ms = wf_desk_foreign_wake_ms(desk);
    wake_ms = foreign_ms < wake_ms ? foreign_ms : wake_ms;
    bool may = !wf_desk_is_foreign(desk) || desk->foreign.is_whole;
    wake_ms = life_ms < wake_ms ? life_ms : wake_ms;
    for (const struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if ((run->phase == WF_BOOK_READY && may) || run->stop_failed) {
            int64_t at_ms =
                run->retry_ms > 0 ? run->retry_ms : run->granted_ms + WF_DESK_BLOCKED_MS + 1;
            wake_ms = at_ms < wake_ms ? at_ms : wake_ms;
        }
    }
    return wake_ms;
}
