// SPDX-License-Identifier: Apache-2.0
// After the database was read: the engine is asked what runs. What should run and is unknown to it
// never began, and is started; what it runs and nobody knows is stopped; what ended has ended.
#include <stdlib.h>
#include <string.h>

#include "daemon/desk/foreign_parts.h"

// All runs of the engine, and which of them the book knows.
struct inventory {
    struct wf_desk *desk;
    struct wf_run *runs;
    uint32_t count, capacity;
    bool full; // there was no memory for one
};

static void note(void *context, const struct wf_run *run)
{
    struct inventory *inventory = context;
    if (inventory->count == inventory->capacity) {
        uint32_t capacity = inventory->capacity > 0 ? 2 * inventory->capacity : 64;
        struct wf_run *runs = realloc(inventory->runs, capacity * sizeof *runs);
        if (!runs) {
            inventory->full = true;
            return;
        }
        inventory->runs = runs;
        inventory->capacity = capacity;
    }
    inventory->runs[inventory->count++] = *run;
}

static int compare_ended(const void *a, const void *b)
{
    const struct wf_run *left = a, *right = b;
    return left->ended_ms < right->ended_ms ? -1 : left->ended_ms > right->ended_ms;
}

// What the engine has of a run in the book; NULL: it does not know it.
static const struct wf_run *find(const struct inventory *inventory, const struct wf_book_run *run)
{
    char id[WF_RUN_ID_MAX + 1];
    wf_desk_run_id(run->job->id, run->attempt, id);
    for (uint32_t i = 0; i < inventory->count; i++) {
        if (strcmp(inventory->runs[i].id, id) == 0) {
            return &inventory->runs[i];
        }
    }
    return NULL;
}

// Nobody has it any more: it ended as it was told to, or nobody knows how.
static struct wf_run vanished(const struct wf_desk *desk, const struct wf_book_run *run)
{
    struct wf_run fact = {.phase = WF_RUN_ENDED,
                          .end = WF_RUN_END_UNKNOWN,
                          .exit_code = -1,
                          .ended_ms = wf_desk_now_ms(desk)};
    wf_desk_run_id(run->job->id, run->attempt, fact.id);
    if (run->stop_wanted) {
        fact.end =
            run->stop_why == WF_RUN_STOP_CANCELLED ? WF_RUN_END_CANCELLED : WF_RUN_END_PREEMPTED;
    }
    return fact;
}

// Whether the engine has it and it has not ended.
static bool is_alive(const struct wf_run *fact)
{
    return fact && fact->phase != WF_RUN_INTENDED && fact->phase != WF_RUN_ENDED;
}

// First of all runs it is said whether they ever got to the engine: what ends or runs must not be
// taken for one that never began, whatever the core decides meanwhile. What runs takes its room
// before anything is started.
static void adopt(struct inventory *inventory)
{
    for (struct wf_book_run *run = inventory->desk->world.book.runs; run; run = run->next) {
        const struct wf_run *fact = find(inventory, run);
        bool begun = fact && fact->phase != WF_RUN_INTENDED;
        bool gone = !begun && (run->started_ms > 0 || run->stop_wanted);
        run->phase = begun || gone ? WF_BOOK_STARTED : WF_BOOK_READY;
        if (is_alive(fact)) {
            run->has_room = true;
            wf_desk_run_started(inventory->desk, run, fact);
        }
    }
}

static bool end_one(struct inventory *inventory)
{
    struct wf_desk *desk = inventory->desk;
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        const struct wf_run *fact = find(inventory, run);
        if (run->phase == WF_BOOK_STARTED && !is_alive(fact)) {
            struct wf_run gone = vanished(desk, run);
            wf_desk_run_ended(desk, run, fact && fact->phase == WF_RUN_ENDED ? fact : &gone);
            return true; // others may have gone or come with it
        }
    }
    return false;
}

static void stop_again(struct wf_desk *desk)
{
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if (run->phase == WF_BOOK_STARTED && run->stop_wanted) {
            wf_desk_tell_stop(desk, run);
        }
    }
}

// Runs that nobody knows: what has ended is kept for its logs if it is ours, all else goes.
static void clear_strangers(struct inventory *inventory)
{
    struct wf_desk *desk = inventory->desk;
    const struct wf_engine_kind *kind = desk->config.kind;
    desk->kept.count = 0;
    for (uint32_t i = 0; i < inventory->count; i++) {
        const struct wf_run *run = &inventory->runs[i];
        uint64_t job;
        uint32_t attempt;
        bool ours = wf_book_parse_id(run->id, &job, &attempt) && job < desk->world.next_job;
        if (wf_book_find_run(&desk->world.book, run->id)) {
            continue;
        }
        if (run->phase != WF_RUN_ENDED && run->phase != WF_RUN_INTENDED) {
            (void)kind->stop(desk->config.engine, run->id, WF_RUN_STOP_CANCELLED, 0, NULL);
        } else if (ours && run->phase == WF_RUN_ENDED) {
            wf_desk_keep_run(desk, job, attempt);
        } else {
            (void)kind->forget(desk->config.engine, run->id, NULL);
        }
    }
}

// Of work that others asked for nothing is known before it is told.
static void await_picture(struct wf_desk *desk)
{
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        bool was_there = run->started_ms > 0 || run->stop_wanted;
        run->phase = was_there ? WF_BOOK_STARTED : WF_BOOK_READY;
        run->has_room = was_there;
    }
    desk->kept.count = 0;
    wf_desk_foreign_forget(desk);
}

void wf_desk_reconcile(struct wf_desk *desk)
{
    if (wf_desk_is_foreign(desk)) {
        await_picture(desk);
        return;
    }
    struct inventory inventory = {.desk = desk};
    desk->config.kind->list(desk->config.engine, note, &inventory);
    if (inventory.count > 0) {
        qsort(inventory.runs, inventory.count, sizeof *inventory.runs, compare_ended);
    }
    adopt(&inventory);
    stop_again(desk); // before the core decides anything that is not on the disk
    if (!inventory.full) {
        // Before runs are ended that the book knows: what is left of those is needed until their
        // end is on the disk.
        clear_strangers(&inventory);
    }
    while (end_one(&inventory)) {
    }
    free(inventory.runs);
    desk->has_room = true;
    wf_desk_start_ready(desk);
}
