// SPDX-License-Identifier: Apache-2.0
// What the engine tells of work that others asked for (foreign.h): each word is how a job is, and
// what follows from it is found out here.
#include "daemon/desk/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"

struct wf_over_work {
    int64_t submitted_ms, ended_ms;
    UT_hash_handle hh;
    char key[]; // as long as it is
};

bool wf_desk_is_foreign(const struct wf_desk *desk)
{
    return desk->config.kind->end_work != NULL;
}

bool wf_desk_only_watches(const struct wf_desk *desk)
{
    return wf_desk_is_foreign(desk) && desk->config.watches;
}

static void watch(struct wf_desk *desk, bool watches)
{
    struct wf_event event = {.kind = WF_EVENT_WATCH, .watch = {watches}};
    enum wf_status status = wf_desk_step(desk, &event, NULL);
    WF_ASSERT(status == WF_OK);
}

void wf_desk_foreign_forget(struct wf_desk *desk)
{
    desk->foreign.is_whole = false;
    desk->foreign.is_looking = false;
    desk->foreign.at_ms = 0;
    desk->foreign.round++;
    if (!wf_core_schedule(desk->world.core)->watches) {
        watch(desk, true);
    }
}

void wf_desk_foreign_blind(struct wf_desk *desk)
{
    if (!desk->is_stalled && !desk->is_broken) {
        wf_desk_foreign_forget(desk);
    }
}

bool wf_desk_foreign_wants_all(const struct wf_desk *desk)
{
    return !desk->foreign.is_whole;
}

void wf_desk_foreign_open_look(struct wf_desk *desk)
{
    WF_ASSERT(!desk->foreign.is_looking);
    desk->foreign.at_ms = wf_desk_now_ms(desk);
    desk->foreign.events = desk->world.events;
    desk->foreign.is_looking = true;
}

void wf_desk_foreign_close_look(struct wf_desk *desk)
{
    struct wf_event event = {.kind = WF_EVENT_TIME};
    wf_desk_foreign_straighten(desk);
    desk->foreign.is_looking = false;
    bool decides = desk->foreign.is_whole && !desk->config.watches;
    if (decides == wf_core_schedule(desk->world.core)->watches) {
        watch(desk, !decides);
    } else if (desk->world.events > desk->foreign.events) {
        enum wf_status status = wf_desk_step(desk, &event, NULL);
        WF_ASSERT(status == WF_OK);
    }
    desk->foreign.at_ms = 0;
}

void wf_desk_foreign_look(struct wf_desk *desk)
{
    if (!desk->is_stalled && !desk->is_broken) {
        desk->foreign.round += desk->foreign.is_whole;
        wf_desk_foreign_open_look(desk);
    }
}

// Work that is over has left the book, and its row may not be written yet.

static void note_over(struct wf_desk *desk, const struct wf_book_job *job)
{
    size_t length = strlen(job->work->key);
    struct wf_over_work *over = calloc(1, sizeof *over + length + 1);
    if (over) {
        memcpy(over->key, job->work->key, length + 1);
        over->submitted_ms = job->submitted_ms;
        over->ended_ms = wf_desk_now_ms(desk);
        HASH_ADD_KEYPTR(hh, desk->foreign.over, over->key, length, over);
    }
}

static void forget_over(struct wf_over_work **list)
{
    struct wf_over_work *over = *list;
    HASH_CLEAR(hh, *list); // the table, not what was in it
    while (over) {
        struct wf_over_work *next = over->hh.next;
        free(over);
        over = next;
    }
}

void wf_desk_foreign_handed(struct wf_desk *desk)
{
    forget_over(&desk->foreign.over_writing);
    desk->foreign.over_writing = desk->foreign.over;
    desk->foreign.over = NULL;
}

void wf_desk_foreign_dropped(struct wf_desk *desk)
{
    forget_over(&desk->foreign.over);
    forget_over(&desk->foreign.over_writing);
}

struct over_row {
    const struct wf_foreign_job *told;
    bool found;
};

// The same key is the same work where it was submitted before that was over: work that waits again
// may be told with the time when it came to that. Where no time is told, too. Its scheduler's clock
// may be ahead of ours, so that it seems to be over before it was submitted.
static bool is_same(const struct wf_foreign_job *told, int64_t submitted_ms, int64_t ended_ms)
{
    return told->submitted_ms == 0 || told->submitted_ms == submitted_ms ||
           (told->submitted_ms >= submitted_ms && told->submitted_ms <= ended_ms);
}

static bool note_row(void *context, const struct wf_job_row *row)
{
    struct over_row *over = context;
    over->found = over->found || is_same(over->told, row->submitted_ms, row->ended_ms);
    return !over->found;
}

static bool is_over(const struct wf_desk *desk, const struct wf_foreign_job *told)
{
    struct wf_over_work *over = NULL;
    struct over_row row = {.told = told};
    HASH_FIND_STR(desk->foreign.over, told->key, over);
    if (!over) {
        HASH_FIND_STR(desk->foreign.over_writing, told->key, over);
    }
    if (over && is_same(told, over->submitted_ms, over->ended_ms)) {
        return true;
    }
    struct wf_job_query query = {.key = told->key, .newest_first = true, .limit = 16};
    // A disk that cannot be read says so soon enough; twice is better than never.
    (void)!wf_database_jobs(desk->config.db, &query, note_row, &row, NULL);
    return row.found;
}

// How a job is.

static void set_state(struct wf_desk *desk, struct wf_book_job *job, enum wf_job_state state,
                      const char *kind)
{
    if (job->state != state && job->state != WF_JOB_STATE_ENDING) {
        wf_book_set_state(&desk->world.book, job, state);
        desk->foreign.told++;
        if (kind) {
            wf_desk_tell_job(desk, job, kind, job->work->why);
        }
    }
}

// Whether a run that is in the book is not, or no more, where the job waits.
static bool is_gone(const struct wf_desk *desk, const struct wf_book_run *run,
                    const struct wf_foreign_job *told)
{
    char id[WF_RUN_ID_MAX + 1];
    wf_desk_run_id(run->job->id, run->attempt, id);
    bool may_come = told->start && strcmp(told->start, id) == 0;
    if (run->started_ms > 0) {
        return true;
    }
    if (run->phase == WF_BOOK_STARTED) {
        return !may_come;
    }
    return !may_come && (told->held || wf_desk_only_watches(desk));
}

// Runs that are over, or never came, where the job waits.
static void end_gone_runs(struct wf_desk *desk, struct wf_book_job *job,
                          const struct wf_foreign_job *told)
{
    char id[WF_RUN_ID_MAX + 1];
    if (job->old && is_gone(desk, job->old, told)) {
        wf_desk_foreign_end_run(desk, job->old, WF_RUN_END_PREEMPTED, told);
    }
    if (job->run && !job->old && is_gone(desk, job->run, told)) {
        bool ran = job->run->started_ms > 0;
        wf_desk_foreign_end_run(desk, job->run, ran ? WF_RUN_END_UNKNOWN : WF_RUN_END_NOT_STARTED,
                                told);
    } else if (job->run && told->start) {
        wf_desk_run_id(job->id, job->run->attempt, id);
        job->run->phase = strcmp(told->start, id) == 0 ? WF_BOOK_STARTED : job->run->phase;
        job->run->has_room = job->run->has_room || job->run->phase == WF_BOOK_STARTED;
    }
}

static void wait(struct wf_desk *desk, struct wf_book_job *job, const struct wf_foreign_job *told)
{
    struct wf_book_work *work = job->work;
    if (!work->is_odd) {
        snprintf(work->why, sizeof work->why, "%.*s", (int)sizeof work->why - 1,
                 told->why ? told->why : "");
    }
    work->held = told->held;
    end_gone_runs(desk, job, told);
    wf_desk_foreign_settle_wish(desk, job);
    wf_desk_foreign_settle_hold(desk, job);
    if (!job->run) {
        bool held = work->held || work->held_here || work->is_odd;
        set_state(desk, job, held ? WF_JOB_STATE_HELD : WF_JOB_STATE_WAITING,
                  held ? "held" : "released");
    }
}

static void run(struct wf_desk *desk, struct wf_book_job *job, const struct wf_foreign_job *told)
{
    struct wf_book_run *run = wf_desk_foreign_find_run(desk, job, told);
    struct wf_run fact = {.phase = WF_RUN_RUNNING, .started_ms = told->started_ms};
    if (fact.started_ms <= 0) {
        fact.started_ms = wf_desk_now_ms(desk);
    }
    job->work->failures = 0;
    job->work->not_before_ms = 0;
    job->work->held = told->held;
    desk->foreign.told += run->started_ms == 0;
    wf_desk_run_started(desk, run, &fact);
    wf_desk_foreign_take_places(desk, run, told);
    if (job->run == run) {
        set_state(desk, job, WF_JOB_STATE_RUNNING, NULL);
    }
}

static enum wf_job_state state_of(const struct wf_run *end, bool ran, bool cancelled)
{
    if (!end) {
        return ran && !cancelled ? WF_JOB_STATE_LOST : WF_JOB_STATE_CANCELLED;
    }
    switch (end->end) {
    case WF_RUN_END_EXIT:
        return end->exit_code == 0 ? WF_JOB_STATE_DONE : WF_JOB_STATE_FAILED;
    case WF_RUN_END_SIGNAL:
    case WF_RUN_END_OUT_OF_MEMORY:
    case WF_RUN_END_TIME_LIMIT:
    case WF_RUN_END_NOT_STARTED:
        return WF_JOB_STATE_FAILED;
    case WF_RUN_END_PREEMPTED:
    case WF_RUN_END_CANCELLED:
        return WF_JOB_STATE_CANCELLED;
    case WF_RUN_END_NONE:
    case WF_RUN_END_RESTARTED:
    case WF_RUN_END_UNKNOWN:
        break;
    }
    return WF_JOB_STATE_LOST;
}

static void say_end(const struct wf_foreign_job *told, char *text, size_t size)
{
    const struct wf_run *end = told->end;
    if (!end) {
        snprintf(text, size, "it is gone, and nobody says how it ended");
    } else if (end->detail[0] != '\0') {
        snprintf(text, size, "%s", end->detail);
    } else if (end->end == WF_RUN_END_EXIT) {
        snprintf(text, size, "exit status %d", end->exit_code);
    } else {
        snprintf(text, size, "%s", wf_run_end_text(end->end));
    }
}

// Which of its runs ended with it: the others never were.
static struct wf_book_run *last_run(struct wf_desk *desk, struct wf_book_job *job,
                                    const struct wf_foreign_job *told)
{
    if (told->started_ms > 0) {
        struct wf_book_run *last = wf_desk_foreign_find_run(desk, job, told);
        struct wf_run fact = {.phase = WF_RUN_RUNNING, .started_ms = told->started_ms};
        wf_desk_run_started(desk, last, &fact);
        wf_desk_foreign_take_places(desk, last, told);
        return last;
    }
    return job->old ? job->old : job->run;
}

void wf_desk_foreign_over(struct wf_desk *desk, struct wf_book_job *job,
                          const struct wf_foreign_job *told)
{
    char why[256];
    struct wf_book_run *last = last_run(desk, job, told);
    bool ran = last && last->started_ms > 0;
    enum wf_job_state state = state_of(told->end, ran, job->cancelled);
    say_end(told, why, sizeof why);
    if (last) {
        wf_desk_foreign_end_run(desk, last,
                                job->cancelled ? WF_RUN_END_CANCELLED : WF_RUN_END_UNKNOWN, told);
    }
    if (job->run) {
        struct wf_book_run *rest = job->run;
        rest->phase = WF_BOOK_READY; // it never began
        wf_desk_drop_run(desk, rest, WF_RUN_END_CANCELLED);
    }
    note_over(desk, job);
    wf_desk_end_in_core(desk, job, state != WF_JOB_STATE_DONE);
    desk->foreign.told++;
    wf_desk_finish_job(desk, job, state, told->end ? wf_desk_end_code(told->end->end) : "gone",
                       why);
}

// A scheduler that was killed may have lost a job and give its number to the next one. One that
// waits again may count from then, too, but it was restarted.
static bool is_another(const struct wf_book_job *job, const struct wf_foreign_job *told)
{
    return told->state == WF_FOREIGN_WAITS && told->document && told->restarts == 0 &&
           told->submitted_ms > job->submitted_ms;
}

enum wf_status wf_desk_foreign_tell(struct wf_desk *desk, const struct wf_foreign_job *told,
                                    struct wf_error *err)
{
    enum wf_status status = wf_desk_refuse_stalled(desk, err);
    struct wf_book_work *work = wf_book_find_work(&desk->world.book, told->key);
    struct wf_book_job *job = work ? work->job : NULL;
    if (status != WF_OK) {
        return status;
    }
    WF_ASSERT(desk->foreign.is_looking);
    if (job && is_another(job, told)) {
        const struct wf_foreign_job lost = {.state = WF_FOREIGN_OVER};
        wf_desk_foreign_over(desk, job, &lost);
        job = NULL;
    }
    if (!job && told->state == WF_FOREIGN_OVER && is_over(desk, told)) {
        return WF_OK;
    }
    if (!job) {
        status = wf_desk_foreign_take_in(desk, told, &job, err);
        desk->foreign.told += status == WF_OK;
    } else if (told->document) {
        status = wf_desk_foreign_take_facts(desk, job, told, err);
    }
    if (status != WF_OK) {
        return status;
    }
    job->work->round = desk->foreign.round;
    if (told->state == WF_FOREIGN_OVER) {
        wf_desk_foreign_over(desk, job, told);
        return WF_OK;
    }
    (told->state == WF_FOREIGN_RUNS ? run : wait)(desk, job, told);
    return job->work->is_odd ? wf_fail(err, WF_INVALID, "%s", job->work->why) : WF_OK;
}

// Who was not told is gone.
static void end_those_untold(struct wf_desk *desk)
{
    const struct wf_foreign_job gone = {.state = WF_FOREIGN_OVER};
    for (struct wf_book_work *work = desk->world.book.works, *next; work; work = next) {
        next = work->hh.next;
        if (work->round != desk->foreign.round) {
            wf_desk_foreign_over(desk, work->job, &gone);
        }
    }
}

void wf_desk_foreign_seen(struct wf_desk *desk, bool whole)
{
    if (!desk->foreign.is_looking) {
        return; // the disk failed
    }
    if (whole) {
        end_those_untold(desk);
        desk->foreign.is_to_resume = desk->foreign.is_to_resume || !desk->foreign.is_whole;
        desk->foreign.is_whole = true;
    }
    wf_desk_foreign_close_look(desk);
    desk->has_room = true;
    wf_desk_start_ready(desk);
}

// What the engine is told to end.

void wf_desk_foreign_end(struct wf_desk *desk, struct wf_book_job *job)
{
    if (!desk->foreign.is_whole || wf_desk_only_watches(desk)) {
        return; // when all was told, or by a daemon that decides
    }
    enum wf_status status = desk->config.kind->end_work(desk->config.engine, job->work->key,
                                                        WF_RUN_STOP_CANCELLED, job->stop_ms, NULL);
    job->work->end_failed = status != WF_OK && status != WF_NOTFOUND;
    job->work->retry_ms = desk->config.now_ms(desk->config.context) + WF_DESK_RETRY_MS;
}

void wf_desk_foreign_written(struct wf_desk *desk)
{
    forget_over(&desk->foreign.over_writing);
    if (!desk->foreign.is_to_resume || !desk->foreign.is_whole) {
        return;
    }
    desk->foreign.is_to_resume = false;
    for (struct wf_book_run *stopped = desk->world.book.runs; stopped; stopped = stopped->next) {
        if (stopped->stop_wanted && stopped->told_ms == 0) {
            wf_desk_tell_stop(desk, stopped);
        }
    }
    for (struct wf_book_work *work = desk->world.book.works; work; work = work->hh.next) {
        if (work->job->cancelled) {
            wf_desk_foreign_end(desk, work->job);
        }
    }
}

void wf_desk_foreign_tick(struct wf_desk *desk, int64_t now_ms)
{
    for (struct wf_book_work *work = desk->world.book.works; work; work = work->hh.next) {
        if (work->end_failed && now_ms >= work->retry_ms) {
            wf_desk_foreign_end(desk, work->job);
        }
    }
}

int64_t wf_desk_foreign_wake_ms(const struct wf_desk *desk)
{
    int64_t wake_ms = INT64_MAX;
    for (const struct wf_book_work *work = desk->world.book.works; work; work = work->hh.next) {
        wake_ms = work->end_failed && work->retry_ms < wake_ms ? work->retry_ms : wake_ms;
    }
    return wake_ms;
}

uint64_t wf_desk_foreign_find(const struct wf_desk *desk, const char *key)
{
    const struct wf_book_work *work = wf_book_find_work(&desk->world.book, key);
    return work ? work->job->id : 0;
}

const char *wf_desk_foreign_key(const struct wf_desk *desk, uint64_t job)
{
    const struct wf_book_job *found = wf_book_find(&desk->world.book, job);
    return found && found->work ? found->work->key : NULL;
}

struct wf_foreign_counts wf_desk_foreign_count(const struct wf_desk *desk)
{
    struct wf_foreign_counts counts = {.jobs = HASH_COUNT(desk->world.book.works),
                                       .told = desk->foreign.told,
                                       .found = desk->foreign.found,
                                       .elsewhere = desk->foreign.elsewhere,
                                       .lost_starts = desk->foreign.lost_starts};
    for (const struct wf_book_run *found = desk->world.book.runs; found; found = found->next) {
        counts.crooked += found->is_crooked && found->job->run == found;
    }
    return counts;
}
