// SPDX-License-Identifier: Apache-2.0
#include "daemon/desk/diary.h"

#include <stdlib.h>
#include <string.h>

// The usual one falls through between its cases, which clang tells again and again.
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#include "core/cluster.h"
#include "core/schedule/schedule.h"
#include "core/schedule/wait_explain.h"

enum {
    LOOK_MS = 1000,  // between two looks at reasons, where few wait,
    JOBS_PER_MS = 4, // and a millisecond more for so many pages: never more than a little work
};

struct page {
    uint64_t job;
    struct wf_diary_page told;
    bool waits; // as far as its steps go
    UT_hash_handle hh;
};

struct wf_diary {
    struct page *pages; // uthash by job
    int64_t look_ms;    // no look before
};

enum wf_status wf_diary_create(struct wf_diary **diary_out, struct wf_error *err)
{
    *diary_out = calloc(1, sizeof **diary_out);
    return *diary_out ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for a diary");
}

static void remove_page(struct wf_diary *diary, struct page *page)
{
    HASH_DEL(diary->pages, page);
    free(page);
}

void wf_diary_destroy(struct wf_diary *diary)
{
    struct page *page = diary ? diary->pages : NULL;
    if (page) {
        HASH_CLEAR(hh, diary->pages); // frees the table; the pages are a list still
    }
    while (page) {
        struct page *next = page->hh.next;
        free(page);
        page = next;
    }
    free(diary);
}

static struct page *find(const struct wf_diary *diary, uint64_t job)
{
    struct page *page = NULL;
    HASH_FIND(hh, diary->pages, &job, sizeof job, page);
    return page;
}

void wf_diary_open(struct wf_diary *diary, uint64_t job)
{
    struct page *page = find(diary, job) ? NULL : calloc(1, sizeof *page);
    if (page) {
        page->job = job;
        HASH_ADD(hh, diary->pages, job, sizeof job, page);
    }
}

void wf_diary_close(struct wf_diary *diary, uint64_t job)
{
    struct page *page = find(diary, job);
    if (page) {
        remove_page(diary, page);
    }
}

static bool is_same_wait(const struct wf_diary_step *a, const struct wf_diary_step *b)
{
    return a->kind == WF_DIARY_WAITS && b->kind == WF_DIARY_WAITS && a->reason == b->reason &&
           (a->kept_start_ms > 0) == (b->kept_start_ms > 0);
}

static void add_step(struct wf_diary_page *page, const struct wf_diary_step *step)
{
    struct wf_diary_step *last = page->shown > 0 ? &page->steps[page->shown - 1] : NULL;
    if (last && is_same_wait(last, step)) {
        last->kept_start_ms = step->kept_start_ms; // as it is believed now
        return;
    }
    page->all++;
    if (page->shown == WF_DIARY_STEPS) {
        memmove(&page->steps[1], &page->steps[2], (WF_DIARY_STEPS - 2) * sizeof page->steps[0]);
        page->shown--;
    }
    page->steps[page->shown++] = *step;
}

static void look_at(struct page *page, const struct wf_core *core, int64_t now_ms)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){page->job});
    if (slot == WF_NONE || schedule->backlog.tickets[slot].phase == WF_PHASE_RUNNING) {
        return;
    }
    const struct wf_ticket *ticket = &schedule->backlog.tickets[slot];
    struct wf_diary_step step = {
        .at_ms = now_ms,
        .kind = WF_DIARY_WAITS,
        .reason = (uint32_t)wf_wait_reason_now(core, slot),
        .kept_start_ms = ticket->reservation != WF_NONE
                             ? wf_future_start_ms(schedule->future, ticket->reservation)
                             : 0,
    };
    add_step(&page->told, &step);
}

static void look_at_all(struct wf_diary *diary, const struct wf_core *core, int64_t now_ms)
{
    for (struct page *page = diary->pages; page; page = page->hh.next) {
        if (page->waits) {
            look_at(page, core, now_ms);
        }
    }
    diary->look_ms = now_ms + LOOK_MS + HASH_COUNT(diary->pages) / JOBS_PER_MS;
}

static bool has_just_given_way(const struct wf_diary_page *page, int64_t now_ms)
{
    const struct wf_diary_step *last = page->shown > 0 ? &page->steps[page->shown - 1] : NULL;
    return last && last->kind == WF_DIARY_GAVE_WAY && last->at_ms == now_ms;
}

static void note_decision(struct wf_diary *diary, const struct wf_core *core,
                          const struct wf_event *event, const struct wf_decision *decision)
{
    struct page *page = decision->task == 0 ? find(diary, decision->job.number) : NULL;
    struct wf_diary_step step = {.at_ms = event->time_ms, .node = decision->node};
    if (!page) {
        return;
    }
    switch (decision->kind) {
    case WF_DECISION_PLACE:
        step.kind = WF_DIARY_PLACED;
        if (has_just_given_way(&page->told, step.at_ms)) {
            page->told.steps[page->told.shown - 1].kind = WF_DIARY_MOVED;
            page->told.steps[page->told.shown - 1].node = step.node;
        } else {
            add_step(&page->told, &step);
        }
        page->waits = false;
        break;
    case WF_DECISION_PREEMPT:
    case WF_DECISION_LOST:
        step.kind = event->kind == WF_EVENT_NODE_NOTICE || event->kind == WF_EVENT_NODE_DOWN
                        ? WF_DIARY_LEFT
                        : WF_DIARY_GAVE_WAY;
        add_step(&page->told, &step);
        break;
    case WF_DECISION_WAIT:
        page->waits = true;
        // As long as more is to be heard of this moment, nobody has been tried yet.
        if (!event->more) {
            look_at(page, core, event->time_ms);
        }
        break;
    case WF_DECISION_REFUSE:
    case WF_DECISION_END:
    case WF_DECISION_MOVE:
    case WF_DECISION_REJECT:
    case WF_DECISION_TIMEOUT:
        break;
    }
}

void wf_diary_note(struct wf_diary *diary, const struct wf_core *core, const struct wf_event *event,
                   const struct wf_decisions *decisions)
{
    struct page *again = event->kind == WF_EVENT_JOB_END && event->job_end.again
                             ? find(diary, event->job_end.id.number)
                             : NULL;
    if (again) {
        struct wf_diary_step step = {.at_ms = event->time_ms, .kind = WF_DIARY_AGAIN};
        add_step(&again->told, &step);
    }
    for (uint32_t i = 0; i < decisions->count; i++) {
        note_decision(diary, core, event, &decisions->list[i]);
    }
    if (!event->more && event->time_ms >= diary->look_ms) {
        look_at_all(diary, core, event->time_ms);
    }
}

const struct wf_diary_page *wf_diary_read(const struct wf_diary *diary, uint64_t job)
{
    const struct page *page = find(diary, job);
    return page ? &page->told : NULL;
}

const char *wf_diary_kind_name(enum wf_diary_kind kind)
{
    static const char *const names[] = {
        [WF_DIARY_WAITS] = "waits", [WF_DIARY_PLACED] = "placed", [WF_DIARY_GAVE_WAY] = "gave-way",
        [WF_DIARY_MOVED] = "moved", [WF_DIARY_LEFT] = "left",     [WF_DIARY_AGAIN] = "again",
    };
    return names[kind];
}
