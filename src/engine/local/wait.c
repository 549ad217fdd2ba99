// SPDX-License-Identifier: Apache-2.0
// Whoever follows a log is told when there is more: the kernel tells of each change in the folders
// of those runs (inotify), and of no others.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "engine/local/local.h"
#include "engine/local/log.h"

// How often it is looked at where the kernel does not tell.
#define LOOK_MS 200

bool wf_waits_open(struct wf_engine *engine)
{
    engine->logs = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    engine->logs_source.kind = WF_SOURCE_LOGS;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &engine->logs_source};
    return engine->logs < 0 || epoll_ctl(engine->epoll, EPOLL_CTL_ADD, engine->logs, &event) == 0;
}

static bool has_more(const struct wf_engine *engine, const struct wf_log_wait *wait)
{
    if (!wait->entry || wait->entry->run.phase == WF_RUN_ENDED) {
        return true; // that there will be no more is news too
    }
    int folder = wf_entry_open(engine, wait->entry);
    struct wf_log_piece piece = {.task = wait->task, .offset = wait->offset};
    bool more =
        folder < 0 || wf_log_read(folder, &piece, NULL) != WF_OK || piece.end > wait->offset;
    if (folder >= 0) {
        close(folder);
    }
    return more;
}

static void look(struct wf_engine *engine, struct wf_log_wait *wait)
{
    if (!wait->due && has_more(engine, wait)) {
        wait->due = true;
        engine->waits_due++;
        wf_engine_wake(engine);
    }
}

static void unwatch(struct wf_engine *engine, struct wf_entry *entry)
{
    if (entry->log_watch >= 0) {
        (void)inotify_rm_watch(engine->logs, entry->log_watch);
        entry->log_watch = -1;
    }
}

void wf_entry_look(struct wf_engine *engine, struct wf_entry *entry)
{
    bool more = false;
    for (struct wf_log_wait *wait = engine->waits; wait; wait = wait->next) {
        if (wait->entry == entry) {
            look(engine, wait);
            more = more || !wait->due;
        }
    }
    // A folder in which nobody waits any more need not be watched.
    if (!more) {
        unwatch(engine, entry);
    }
}

void wf_waits_look(struct wf_engine *engine, bool all)
{
    bool again = false;
    for (struct wf_log_wait *wait = engine->waits; wait; wait = wait->next) {
        if (wait->entry && !wait->due && (all || wait->entry->log_watch < 0)) {
            look(engine, wait);
            again = again || (!wait->due && wait->entry->log_watch < 0);
        }
    }
    if (again) {
        wf_engine_look_in(engine, LOOK_MS);
    }
}

void wf_waits_take(struct wf_engine *engine)
{
    _Alignas(struct inotify_event) char events[4096];
    ssize_t got;
    while ((got = read(engine->logs, events, sizeof events)) > 0) {
        for (const char *at = events; at < events + got;) {
            struct inotify_event event;
            memcpy(&event, at, sizeof event);
            at += sizeof event + event.len;
            if (event.mask & IN_Q_OVERFLOW) {
                wf_waits_look(engine, true);
            }
            for (struct wf_log_wait *wait = engine->waits; wait; wait = wait->next) {
                if (wait->entry && !wait->due && wait->entry->log_watch == event.wd) {
                    wf_entry_look(engine, wait->entry);
                    break;
                }
            }
        }
    }
}

static struct wf_log_wait *find_wait(struct wf_engine *engine, const char *id, uint32_t task)
{
    struct wf_log_wait *wait = engine->waits;
    while (wait && (wait->task != task || strcmp(wait->id, id) != 0)) {
        wait = wait->next;
    }
    return wait;
}

static struct wf_log_wait *add_wait(struct wf_engine *engine, struct wf_entry *entry, uint32_t task)
{
    struct wf_log_wait *wait = calloc(1, sizeof *wait);
    if (wait) {
        memcpy(wait->id, entry->id, sizeof wait->id);
        wait->task = task;
        wait->next = engine->waits;
        engine->waits = wait;
    }
    return wait;
}

static void watch(struct wf_engine *engine, struct wf_entry *entry)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", engine->jobs_path, entry->id);
    if (entry->log_watch < 0 && engine->logs >= 0) {
        entry->log_watch = inotify_add_watch(engine->logs, path, IN_MODIFY | IN_CREATE);
    }
    if (entry->log_watch < 0) {
        wf_engine_look_in(engine, LOOK_MS);
    }
}

enum wf_status wf_entry_await_log(struct wf_engine *engine, struct wf_entry *entry, uint32_t task,
                                  uint64_t offset, struct wf_error *err)
{
    struct wf_log_wait *wait = find_wait(engine, entry->id, task);
    wait = wait ? wait : add_wait(engine, entry, task);
    if (!wait) {
        return wf_fail(err, WF_NOMEM, "no memory to follow the log of run %s", entry->id);
    }
    engine->waits_due -= wait->due;
    wait->due = false;
    wait->entry = entry;
    wait->offset = offset;
    // Watched first, then looked at: what comes in between is seen.
    watch(engine, entry);
    wf_entry_look(engine, entry);
    return WF_OK;
}

bool wf_waits_next(struct wf_engine *engine, char id_out[WF_RUN_ID_MAX + 1], uint32_t *task_out)
{
    for (struct wf_log_wait **at = &engine->waits; *at; at = &(*at)->next) {
        struct wf_log_wait *wait = *at;
        if (wait->due) {
            memcpy(id_out, wait->id, sizeof wait->id);
            *task_out = wait->task;
            *at = wait->next;
            engine->waits_due--;
            free(wait);
            return true;
        }
    }
    return false;
}

void wf_entry_leave_waits(struct wf_engine *engine, struct wf_entry *entry)
{
    for (struct wf_log_wait *wait = engine->waits; wait; wait = wait->next) {
        if (wait->entry == entry) {
            wait->entry = NULL;
            look(engine, wait);
        }
    }
    unwatch(engine, entry);
}

void wf_waits_close(struct wf_engine *engine)
{
    while (engine->waits) {
        struct wf_log_wait *wait = engine->waits;
        engine->waits = wait->next;
        free(wait);
    }
    if (engine->logs >= 0) {
        close(engine->logs);
    }
}
