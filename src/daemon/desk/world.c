// SPDX-License-Identifier: Apache-2.0
// Everything from the database: the journal is stepped again, which gives the core, and the rows
// of jobs that are not over give the book. The two were written together, so they must agree.
#include <stdlib.h>
#include <string.h>

#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"
#include "daemon/desk/spot_parts.h"

enum {
    RUN_TIME_KINDS = 8192,
    LEARN_JOBS = 10000,                 // of those that are over, the newest
    LEARN_STARTS_MS = 24 * 3600 * 1000, // how far back waits are learned from
};

void wf_world_finish(struct wf_world *world)
{
    wf_core_destroy(world->core);
    wf_directory_finish(&world->directory);
    wf_book_finish(&world->book);
    wf_run_time_destroy(world->run_times);
    wf_names_destroy(world->names);
    wf_start_watch_destroy(world->starts);
    wf_lifetimes_destroy(world->lifetimes);
    wf_diary_destroy(world->diary);
    *world = (struct wf_world){0};
}

static enum wf_status read_config(struct wf_desk *desk, const struct wf_journal_maker *maker,
                                  struct wf_error *err)
{
    struct wf_core_config config;
    enum wf_status status = wf_journal_core_config(maker, &config, err);
    if (status != WF_OK) {
        return status;
    }
    bool same = config.discipline == desk->core.discipline && config.policy == desk->core.policy;
    if (!same && (desk->policy[0] || desk->config.discipline)) {
        return wf_fail(err, WF_INVALID,
                       "the journal was begun with discipline %s and policy %s, and goes on so; "
                       "another needs another data folder",
                       maker->discipline, maker->policy);
    }
    desk->core = config;
    return WF_OK;
}

static enum wf_status take_event(struct wf_desk *desk, const struct wf_event *event,
                                 struct wf_error *err)
{
    struct wf_world *world = &desk->world;
    struct wf_decisions decisions;
    enum wf_status status = wf_core_step(world->core, event, &decisions, err);
    if (status != WF_OK) {
        return wf_error_prefix(err, status, "the core refuses an event it took before: ");
    }
    world->events++;
    world->time_ms = event->time_ms;
    world->hash = decisions.hash;
    world->wake_ms = decisions.wake_ms;
    if (event->time_ms >= desk->config.now_ms(desk->config.context) - LEARN_STARTS_MS) {
        wf_start_watch_note(world->starts, world->core, event, &decisions);
    }
    wf_diary_note(world->diary, world->core, event, &decisions);
    return WF_OK;
}

static enum wf_status take_record(struct wf_desk *desk, const struct wf_journal_record *record,
                                  struct wf_error *err)
{
    struct wf_world *world = &desk->world;
    switch (record->kind) {
    case WF_JOURNAL_HEAD:
        break;
    case WF_JOURNAL_NAME:
        return record->name.what == WF_JOURNAL_JOB
                   ? WF_OK
                   : wf_directory_add(&world->directory, record->name.what,
                                      (uint32_t)record->name.number, record->name.text, err);
    case WF_JOURNAL_EVENT:
        return take_event(desk, &record->event, err);
    case WF_JOURNAL_HASH:
        world->hashed = record->hash.events;
        world->hash_line = record->line;
        if (record->hash.events != world->events || record->hash.hash != world->hash) {
            return wf_fail(err, WF_INVALID,
                           "this program decides otherwise than the one that made the journal: "
                           "after %llu events the hash is %016llx, not %016llx",
                           (unsigned long long)world->events, (unsigned long long)world->hash,
                           (unsigned long long)record->hash.hash);
        }
        break;
    }
    return WF_OK;
}

static enum wf_status read_records(struct wf_desk *desk, struct wf_journal_reader *reader,
                                   struct wf_error *err)
{
    enum wf_status status = WF_OK;
    bool more = true;
    while (more) {
        struct wf_journal_record record;
        status = wf_journal_next(reader, &record, &more, err);
        if (status == WF_OK && more) {
            status = take_record(desk, &record, err);
        }
        if (status != WF_OK) {
            return wf_error_prefix(err, WF_INVALID, "line %llu of the journal: ",
                                   (unsigned long long)wf_journal_reader_line(reader));
        }
    }
    return status;
}

static enum wf_status read_journal(struct wf_desk *desk, struct wf_error *err)
{
    struct wf_journal_reader *reader = NULL;
    enum wf_status status = wf_journal_open(desk->config.database, false, &reader, err);
    if (status != WF_OK) {
        return status;
    }
    status = read_config(desk, wf_journal_reader_maker(reader), err);
    struct wf_error why;
    if (status == WF_OK && wf_world_restore(desk, reader)) {
        if (read_records(desk, reader, &why) == WF_OK) {
            wf_journal_reader_close(reader);
            return WF_OK;
        }
        // The journal is the truth.
        wf_desk_say(desk, why.text);
        wf_desk_say(desk, "the snapshot of the core does not lead there: the whole journal is "
                          "stepped");
        wf_world_unrestore(&desk->world);
        status = wf_journal_go_to(reader, WF_JOURNAL_HEAD_LINES + 1, err);
    }
    status = status == WF_OK ? wf_core_create(&desk->core, &desk->world.core, err) : status;
    status = status == WF_OK ? read_records(desk, reader, err) : status;
    wf_journal_reader_close(reader);
    return status;
}

// What the readers of rows share, as their functions cannot fail.
struct reading {
    struct wf_desk *desk;
    enum wf_status status;
    struct wf_error *err;
    struct wf_job_document document; // of the array that is being read
    uint64_t document_of;
};

// The document of a row; elements of an array share theirs.
static const struct wf_job_document *document_of(struct reading *reading,
                                                 const struct wf_job_row *row)
{
    uint64_t of = row->array > 0 ? row->array : row->id;
    if (reading->document_of != of) {
        wf_job_document_finish(&reading->document);
        reading->document_of = 0;
        reading->status = wf_job_document_parse(row->document, strlen(row->document),
                                                &reading->document, reading->err);
        if (reading->status != WF_OK) {
            reading->status = wf_error_prefix(reading->err, WF_INVALID,
                                              "job %llu: ", (unsigned long long)row->id);
            return NULL;
        }
        reading->document_of = of;
    }
    return &reading->document;
}

static uint32_t number_of(const struct wf_directory *directory, enum wf_journal_named what,
                          const char *name)
{
    uint32_t number = wf_directory_find(directory, what, name);
    return number == WF_NONE ? 0 : number;
}

static uint32_t job_name(struct wf_world *world, const char *name)
{
    uint32_t number = 0;
    (void)!wf_names_add(world->names, name, strlen(name), &number, NULL);
    return number;
}

// Work that others asked for: what of it is no more than told is told again.
static enum wf_status add_work(struct reading *reading, struct wf_book_job *job,
                               const struct wf_job_row *row, const struct wf_job_spec *spec)
{
    struct wf_desk *desk = reading->desk;
    const char *name = desk->config.kind->name;
    bool is_ours = wf_desk_is_foreign(desk) ? strcmp(row->engine, name) == 0 : !row->key[0];
    if (!is_ours) {
        return wf_fail(reading->err, WF_INVALID,
                       "job %llu is run by %s, and this daemon is for %s; another needs another "
                       "data folder",
                       (unsigned long long)row->id, row->key[0] ? row->engine : "this machine",
                       name);
    }
    if (!row->key[0]) {
        return WF_OK;
    }
    struct wf_book_work *work = wf_book_add_work(&desk->world.book, job, row->key);
    if (!work) {
        return wf_fail(reading->err, WF_NOMEM, "no memory for jobs");
    }
    work->wanted = *spec;
    work->facts = wf_desk_foreign_hash(row->document);
    work->held_here = strcmp(row->reason_code, WF_DESK_HELD_HERE) == 0;
    work->held = row->state == WF_JOB_STATE_HELD && !work->held_here;
    job->saves = false;
    return WF_OK;
}

// A run of a job in the book that has not ended, as its row has it.
static struct wf_book_run *add_run(struct wf_desk *desk, struct wf_book_job *job,
                                   const struct wf_run_row *row)
{
    struct wf_book_run *kept = job->run;
    job->run = NULL; // which of the two it is, the caller says
    struct wf_book_run *run = wf_book_add_run(&desk->world.book, job, row->attempt);
    if (run) {
        run->node = wf_directory_find(&desk->world.directory, WF_JOURNAL_NODE, row->node);
        run->gpu_set = (uint32_t)row->gpu_set;
        run->gpu_milli = (uint16_t)row->gpu_milli;
        run->granted_ms = row->granted_ms;
        run->started_ms = row->started_ms;
        run->warnings = row->warnings[0] ? strdup(row->warnings) : NULL;
        run->is_whole = true;
        run->phase = WF_BOOK_READY;
        const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
        if (run->node != WF_NONE) {
            uint32_t pool = cluster->nodes[run->node].pool.index;
            run->price_nanousd_per_gpu_hour = cluster->pools[pool].spec.price_nanousd_per_gpu_hour;
        }
    }
    job->run = kept;
    return run;
}

// Where each task of a run is that the core has.
static void read_tasks(const struct wf_cluster *cluster, uint32_t slot, struct wf_book_run *run)
{
    for (uint32_t at = cluster->jobs[slot].first_placement; at != WF_NONE;
         at = cluster->placements[at].next_of_job) {
        const struct wf_placement *placement = &cluster->placements[at];
        run->task_gpus[placement->task] = placement->gpu_set;
    }
    run->is_whole = false;
}

static enum wf_status fail_row(uint64_t job, const char *what, struct wf_error *err)
{
    return wf_fail(err, WF_INVALID, "job %llu: its row does not fit the journal: %s",
                   (unsigned long long)job, what);
}

static bool read_live(void *context, const struct wf_job_row *row)
{
    struct reading *reading = context;
    struct wf_desk *desk = reading->desk;
    struct wf_world *world = &desk->world;
    const struct wf_job_document *document = document_of(reading, row);
    struct wf_book_job *job = document ? wf_book_add(&world->book, row->id) : NULL;
    if (!job) {
        reading->status =
            document ? wf_fail(reading->err, WF_NOMEM, "no memory for jobs") : reading->status;
        return false;
    }
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(world->core), (wf_job_id){row->id});
    struct wf_job_spec spec = {.tasks = document->tasks};
    if (slot != WF_NONE) {
        spec = wf_core_schedule(world->core)->backlog.tickets[slot].spec;
    } else {
        // Over for the core; only its run has to end. What it takes is as it was then.
        if (wf_desk_is_foreign(desk)) {
            (void)wf_desk_read_foreign(desk, document, &spec, NULL);
        } else {
            (void)!wf_desk_read_document(desk, document, NULL, &spec, NULL);
        }
        spec.wait.user = number_of(&world->directory, WF_JOURNAL_USER, row->user);
        spec.wait.queue.index = number_of(&world->directory, WF_JOURNAL_QUEUE, row->queue);
    }
    wf_desk_fill_job(job, document, &spec);
    reading->status = add_work(reading, job, row, &spec);
    if (reading->status != WF_OK) {
        return false;
    }
    job->array = row->array;
    job->name = job_name(world, row->name);
    job->uid = row->uid;
    job->gid = row->gid;
    job->in_core = slot != WF_NONE;
    job->cancelled =
        row->state == WF_JOB_STATE_ENDING && strcmp(row->reason_code, "cancelled") == 0;
    job->timed_out = row->state == WF_JOB_STATE_ENDING && !job->cancelled;
    job->requeues = row->requeues;
    job->attempts = row->attempts;
    job->submitted_ms = row->submitted_ms;
    job->started_ms = row->started_ms;
    job->cost_nanousd = row->cost_nanousd;
    job->gpu_ms = row->gpu_ms;
    job->cpu_ms = row->cpu_ms;
    job->memory_peak_bytes = row->memory_peak_bytes;
    wf_book_set_state(&world->book, job, row->state);
    return true;
}

struct run_reading {
    struct wf_desk *desk;
    struct wf_book_job *job;
    bool runs; // in the core
    enum wf_status status;
};

static bool read_run(void *context, const struct wf_run_row *row)
{
    struct run_reading *reading = context;
    struct wf_book_job *job = reading->job;
    if (row->ended_ms > 0) {
        return true;
    }
    struct wf_book_run *run = add_run(reading->desk, job, row);
    if (!run) {
        reading->status = WF_NOMEM;
        return false;
    }
    // One that runs, and that the core has no place for, is waited with there.
    bool apart = job->work && job->state == WF_JOB_STATE_RUNNING;
    bool is_current = row->attempt == job->attempts && (reading->runs || !job->in_core || apart);
    if (!is_current) {
        job->old = run;
        run->stop_wanted = true;
        bool begun = !job->work || run->started_ms > 0;
        run->stop_why = begun ? WF_RUN_STOP_PREEMPTED : WF_RUN_STOP_WITHDRAWN;
    } else {
        job->run = run;
        run->stop_wanted = job->cancelled || job->timed_out;
        run->stop_why = WF_RUN_STOP_CANCELLED;
    }
    if (job->work) {
        wf_desk_foreign_restore_run(reading->desk, run, row->node);
    }
    return true;
}

// Whether the runs of a job are those that the core has of it.
static enum wf_status check_runs(const struct wf_book_job *job, bool runs, struct wf_error *err)
{
    bool apart = job->work && !runs && job->state == WF_JOB_STATE_RUNNING;
    if (runs != (job->in_core && job->run) && !apart) {
        return fail_row(job->id, runs ? "its run is missing" : "it has a run too many", err);
    }
    if (!job->in_core && !job->run && !job->old && !job->work) {
        return fail_row(job->id, "it is over", err);
    }
    return WF_OK;
}

static enum wf_status read_runs(struct wf_desk *desk, struct wf_book_job *job, struct wf_error *err)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t slot = wf_cluster_find_job(cluster, (wf_job_id){job->id});
    struct run_reading reading = {.desk = desk, .job = job, .status = WF_OK};
    reading.runs = slot != WF_NONE && cluster->jobs[slot].first_placement != WF_NONE;
    enum wf_status status = WF_OK;
    if (job->attempts > 0) {
        status = wf_database_runs(desk->config.db, job->id, read_run, &reading, err);
    }
    if (status == WF_OK && reading.status != WF_OK) {
        status = wf_fail(err, WF_NOMEM, "no memory for runs");
    }
    status = status == WF_OK ? check_runs(job, reading.runs, err) : status;
    if (status == WF_OK && reading.runs) {
        const struct wf_ticket *ticket = &wf_core_schedule(desk->world.core)->backlog.tickets[slot];
        read_tasks(cluster, slot, job->run);
        job->run->known_ms = ticket->saved_ms > ticket->start_ms ? ticket->saved_ms : 0;
    }
    return status;
}

// Every job of the core has its place in the book.
static enum wf_status check_core(const struct wf_desk *desk, struct wf_error *err)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    for (uint32_t bucket = 0; bucket <= cluster->job_bucket_mask; bucket++) {
        for (uint32_t slot = cluster->job_buckets[bucket]; slot != WF_NONE;
             slot = cluster->jobs[slot].next) {
            uint64_t id = cluster->jobs[slot].id.number;
            if (!wf_book_find(&desk->world.book, id)) {
                return fail_row(id, "it is not over for the core", err);
            }
        }
    }
    return WF_OK;
}

static enum wf_status read_jobs(struct wf_desk *desk, struct wf_error *err)
{
    struct reading reading = {.desk = desk, .status = WF_OK, .err = err};
    struct wf_job_query query = {.states = WF_JOB_STATES_LIVE, .limit = UINT32_MAX};
    enum wf_status status = wf_database_jobs(desk->config.db, &query, read_live, &reading, err);
    wf_job_document_finish(&reading.document);
    status = status == WF_OK ? reading.status : status;
    struct wf_book *book = &desk->world.book;
    for (struct wf_book_job *job = book->jobs; job && status == WF_OK; job = job->hh.next) {
        status = read_runs(desk, job, err);
    }
    while (wf_book_take_dirty(book)) { // all of it is as the rows have it
    }
    return status == WF_OK ? check_core(desk, err) : status;
}

// Before the journal is stepped: how it came about is wanted of jobs that are not over, and of no
// others.
static bool open_page(void *context, const struct wf_job_row *row)
{
    wf_diary_open(context, row->id);
    return true;
}

static enum wf_status open_pages(struct wf_desk *desk, struct wf_error *err)
{
    struct wf_job_query query = {.states = WF_JOB_STATES_LIVE, .limit = UINT32_MAX};
    return wf_database_jobs(desk->config.db, &query, open_page, desk->world.diary, err);
}

struct lesson {
    struct wf_run_time_key key;
    int64_t limit_ms, ran_ms;
    bool cut;
};

struct lessons {
    struct reading reading;
    struct lesson *list;
    uint32_t count;
};

static bool note_lesson(void *context, const struct wf_job_row *row)
{
    struct lessons *lessons = context;
    const struct wf_job_document *document = document_of(&lessons->reading, row);
    int64_t ran_ms = row->run.ended_ms - row->run.started_ms;
    if (!document) {
        lessons->reading.status = WF_OK; // one that cannot be read teaches nothing
        return true;
    }
    if (row->run.started_ms <= 0 || ran_ms <= 0) {
        return true;
    }
    struct wf_job_spec spec;
    struct wf_world *world = &lessons->reading.desk->world;
    if (wf_desk_read_document(lessons->reading.desk, document, NULL, &spec, NULL) != WF_OK) {
        return true;
    }
    lessons->list[lessons->count++] = (struct lesson){
        .key = {.user = number_of(&world->directory, WF_JOURNAL_USER, row->user) + 1,
                .name = job_name(world, row->name),
                .queue = number_of(&world->directory, WF_JOURNAL_QUEUE, row->queue) + 1,
                .shape = wf_desk_shape(&spec.request, spec.tasks)},
        .limit_ms = document->limit_ms,
        .ran_ms = ran_ms,
        .cut = strcmp(row->reason_code, "time-limit") == 0,
    };
    return true;
}

static enum wf_status learn(struct wf_desk *desk, struct wf_error *err)
{
    struct lessons lessons = {.reading = {.desk = desk, .err = NULL},
                              .list = calloc(LEARN_JOBS, sizeof *lessons.list)};
    if (!lessons.list) {
        return wf_fail(err, WF_NOMEM, "no memory for run times");
    }
    struct wf_job_query query = {.states = WF_JOB_STATE_BIT(WF_JOB_STATE_DONE) |
                                           WF_JOB_STATE_BIT(WF_JOB_STATE_FAILED),
                                 .newest_first = true,
                                 .limit = LEARN_JOBS};
    enum wf_status status = wf_database_jobs(desk->config.db, &query, note_lesson, &lessons, err);
    for (uint32_t i = lessons.count; i > 0; i--) {
        const struct lesson *lesson = &lessons.list[i - 1];
        wf_run_time_learn(desk->world.run_times, &lesson->key, lesson->limit_ms, lesson->ran_ms,
                          lesson->cut);
    }
    wf_job_document_finish(&lessons.reading.document);
    free(lessons.list);
    return status;
}

enum wf_status wf_world_read(struct wf_desk *desk, struct wf_error *err)
{
    struct wf_world *world = &desk->world;
    struct wf_database_last last;
    wf_world_finish(world);
    world->wake_ms = INT64_MAX;
    enum wf_status status = wf_database_last(desk->config.db, &last, err);
    status = status == WF_OK ? wf_names_create(&world->names, err) : status;
    status = status == WF_OK ? wf_run_time_create(RUN_TIME_KINDS, &world->run_times, err) : status;
    if (status == WF_OK) {
        world->lines = last.journal_lines;
        world->next_job = last.job + 1;
        world->next_token = last.token + 1;
        world->feed = last.feed;
    }
    status =
        status == WF_OK ? wf_start_watch_create(WF_DESK_WATCH_MS, &world->starts, err) : status;
    status = status == WF_OK ? wf_diary_create(&world->diary, err) : status;
    if (status == WF_OK && last.journal_lines > 0) {
        status = open_pages(desk, err);
        status = status == WF_OK ? read_journal(desk, err) : status;
        status = status == WF_OK ? read_jobs(desk, err) : status;
        status = status == WF_OK ? learn(desk, err) : status;
    }
    return status == WF_OK ? wf_desk_learn_lives(desk, err) : status;
}
