// SPDX-License-Identifier: Apache-2.0
// How the engine follows its runs: by the ends of their supervisors, never by asking in turn.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/local/local.h"
#include "engine/local/program.h"
#include "engine/local/supervisor.h"

#define RETRY_MS 50
#define ATTEMPTS_MAX 20

int wf_entry_open(const struct wf_engine *engine, const struct wf_entry *entry)
{
    return openat(engine->jobs, entry->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void set_timer(struct wf_engine *engine, int64_t at_ms)
{
    if (engine->timer_at_ms != 0 && engine->timer_at_ms <= at_ms) {
        return;
    }
    engine->timer_at_ms = at_ms;
    struct itimerspec when = {
        .it_value = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000}};
    (void)timerfd_settime(engine->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void wf_engine_look_in(struct wf_engine *engine, int64_t in_ms)
{
    set_timer(engine, wf_clock_ms() + in_ms);
}

void wf_engine_wake(struct wf_engine *engine)
{
    uint64_t one = 1;
    (void)!write(engine->wake, &one, sizeof one);
}

void wf_engine_quiet(struct wf_engine *engine)
{
    uint64_t times;
    if (!engine->first && engine->waits_due == 0) {
        (void)!read(engine->wake, &times, sizeof times);
    }
}

void wf_entry_retry(struct wf_engine *engine, struct wf_entry *entry, int64_t in_ms)
{
    entry->retry_at_ms = wf_clock_ms() + in_ms;
    set_timer(engine, entry->retry_at_ms);
}

static void queue(struct wf_engine *engine, struct wf_entry *entry)
{
    if (entry->queued) {
        return;
    }
    entry->queued = true;
    entry->next = NULL;
    if (engine->last) {
        engine->last->next = entry;
    } else {
        engine->first = entry;
    }
    engine->last = entry;
    wf_engine_wake(engine);
}

void wf_entry_note(struct wf_engine *engine, struct wf_entry *entry, const struct wf_run *run)
{
    entry->run = *run;
    memcpy(entry->run.id, entry->id, sizeof entry->id);
    // What lies between running and ended is for list(): the run still has its place.
    bool news = !entry->was_told ||
                (entry->told < WF_RUN_RUNNING && run->phase >= WF_RUN_RUNNING) ||
                (entry->told != WF_RUN_ENDED && run->phase == WF_RUN_ENDED);
    if (news && run->phase != WF_RUN_STARTING) {
        queue(engine, entry);
    }
    if (run->phase == WF_RUN_ENDED) {
        wf_entry_look(engine, entry); // its logs are complete
    }
}

static bool watch(struct wf_engine *engine, struct wf_entry *entry, int pidfd, pid_t pid)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &entry->end_source};
    if (epoll_ctl(engine->epoll, EPOLL_CTL_ADD, pidfd, &event) != 0) {
        close(pidfd);
        return false;
    }
    entry->end = pidfd;
    entry->supervisor = pid;
    return true;
}

static void close_source(struct wf_engine *engine, int *descriptor)
{
    if (*descriptor >= 0) {
        (void)epoll_ctl(engine->epoll, EPOLL_CTL_DEL, *descriptor, NULL);
        close(*descriptor);
        *descriptor = -1;
    }
}

void wf_entry_drop(struct wf_engine *engine, struct wf_entry *entry)
{
    close_source(engine, &entry->end);
    close_source(engine, &entry->ready);
    wf_entry_leave_waits(engine, entry);
    struct wf_entry *before = NULL;
    for (struct wf_entry *at = engine->first; at; before = at, at = at->next) {
        if (at == entry) {
            *(before ? &before->next : &engine->first) = at->next;
            engine->last = engine->last == at ? before : engine->last;
            break;
        }
    }
}

// In a session of its own and with every signal held back: until it listens, one that asks it to
// look at its request must not kill it.
static int spawn(const struct wf_engine *engine, const char *folder, int ready, pid_t *pid_out)
{
    char program[WF_PROGRAM_PATH_BYTES];
    char name[] = "whaleflux-supervisor";
    char verb[] = "supervise";
    char *arguments[] = {name,
                         verb,
                         (char *)(uintptr_t)folder,
                         (char *)(uintptr_t)engine->cgroup_parent,
                         (char *)(uintptr_t)engine->cgroup_reason,
                         NULL};
    char complaints[4096 + 32];
    snprintf(complaints, sizeof complaints, "%s/supervisor.log", folder);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all;
    sigfillset(&all);
    wf_program_path(engine->program, program);
    int why = posix_spawn_file_actions_init(&actions);
    if (why != 0) {
        return why;
    }
    why = posix_spawnattr_init(&attributes);
    if (why == 0) {
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
        (void)posix_spawnattr_setsigmask(&attributes, &all);
        (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        (void)posix_spawn_file_actions_addopen(&actions, 2, complaints,
                                               O_WRONLY | O_CREAT | O_APPEND, 0600);
        (void)posix_spawn_file_actions_adddup2(&actions, 2, 1);
        (void)posix_spawn_file_actions_adddup2(&actions, ready, WF_READY_DESCRIPTOR);
        why = posix_spawn(pid_out, program, &actions, &attributes, arguments, environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return why;
}

static bool make_lock(const struct wf_engine *engine, const struct wf_entry *entry)
{
    int folder = wf_entry_open(engine, entry);
    int file = folder >= 0 ? openat(folder, WF_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    int why = errno;
    if (folder >= 0) {
        close(folder);
    }
    if (file >= 0) {
        close(file);
    }
    errno = why;
    return file >= 0;
}

enum wf_status wf_entry_supervise(struct wf_engine *engine, struct wf_entry *entry,
                                  struct wf_error *err)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/%s", engine->jobs_path, entry->id);
    int ready[2];
    if (!make_lock(engine, entry)) {
        return wf_fail(err, WF_IO, "%s gets no lock: %s", folder, strerror(errno));
    }
    if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) != 0) {
        return wf_fail(err, WF_IO, "no pipe for a supervisor: %s", strerror(errno));
    }
    entry->retry_at_ms = 0;
    entry->refusal[0] = '\0';
    pid_t pid = 0;
    int why = spawn(engine, folder, ready[1], &pid);
    close(ready[1]);
    if (why != 0) {
        close(ready[0]);
        return wf_fail(err, WF_IO, "no supervisor can be started: %s", strerror(why));
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &entry->ready_source};
    entry->ready = ready[0];
    int pidfd = pidfd_open(pid, 0);
    if (epoll_ctl(engine->epoll, EPOLL_CTL_ADD, ready[0], &event) != 0 || pidfd < 0 ||
        !watch(engine, entry, pidfd, pid)) {
        // It runs all the same; it is found by its state.
        wf_entry_retry(engine, entry, RETRY_MS);
    }
    return WF_OK;
}

static void note_refusal(struct wf_engine *engine, struct wf_entry *entry, const char *sentence)
{
    struct wf_run run = entry->run;
    run.phase = WF_RUN_ENDED;
    run.end = WF_RUN_END_NOT_STARTED;
    run.exit_code = -1;
    run.ended_ms = wf_date_ms();
    snprintf(run.detail, sizeof run.detail, "%.250s", sentence);
    entry->wanted = false;
    wf_entry_note(engine, entry, &run);
}

// The first supervisor that ends too soon is followed by another at once, further ones after a
// while.
static void supervise_again(struct wf_engine *engine, struct wf_entry *entry, bool waited)
{
    bool later = entry->attempts++ > 0 && !waited;
    if (later || wf_entry_supervise(engine, entry, NULL) != WF_OK) {
        wf_entry_retry(engine, entry, RETRY_MS);
    }
}

// There is no state: no supervisor came so far.
static void settle_unbegun(struct wf_engine *engine, struct wf_entry *entry, bool waited)
{
    if (!entry->wanted) {
        if (!entry->was_told && !entry->queued) {
            struct wf_run run = {.phase = WF_RUN_INTENDED, .exit_code = -1};
            wf_entry_note(engine, entry, &run);
        }
    } else if (entry->refusal[0] != '\0') {
        note_refusal(engine, entry, entry->refusal);
    } else if (entry->attempts > ATTEMPTS_MAX) {
        note_refusal(engine, entry, "its supervisor ended again and again before it began");
    } else {
        supervise_again(engine, entry, waited);
    }
}

// The supervisor that the state names, when it is alive.
static bool watch_named(struct wf_engine *engine, struct wf_entry *entry,
                        const struct wf_run_state *state)
{
    char boot[WF_BOOT_BYTES];
    wf_boot_read(boot);
    int pidfd = strcmp(boot, state->boot) == 0 ? wf_process_open(&state->supervisor) : -1;
    if (pidfd < 0) {
        return false;
    }
    if (!watch(engine, entry, pidfd, state->supervisor.pid)) {
        wf_entry_retry(engine, entry, RETRY_MS);
    }
    return true;
}

// There is a state. A run whose state says that it ended, but whose supervisor is still there, ends
// with its supervisor.
static void settle_begun(struct wf_engine *engine, struct wf_entry *entry,
                         const struct wf_run_state *state, bool waited)
{
    bool alive = entry->end >= 0 || watch_named(engine, entry, state);
    if (state->run.phase == WF_RUN_ENDED && alive) {
        return;
    }
    wf_entry_note(engine, entry, &state->run);
    if (alive && state->run.phase == WF_RUN_STARTING) {
        wf_entry_retry(engine, entry, RETRY_MS);
    } else if (!alive && state->run.phase != WF_RUN_ENDED) {
        supervise_again(engine, entry, waited);
    }
}

void wf_entry_settle(struct wf_engine *engine, struct wf_entry *entry, bool waited)
{
    struct wf_run_state state = {0};
    struct wf_error err = {0};
    int folder = wf_entry_open(engine, entry);
    enum wf_status status =
        folder >= 0 ? wf_state_read(folder, &state, &err)
                    : wf_fail(&err, WF_IO, "its folder cannot be opened: %s", strerror(errno));
    if (folder >= 0) {
        close(folder);
    }
    if (status == WF_OK) {
        settle_begun(engine, entry, &state, waited);
    } else if (entry->end >= 0) {
        wf_entry_retry(engine, entry, RETRY_MS); // its supervisor is about to write
    } else if (status == WF_NOTFOUND) {
        settle_unbegun(engine, entry, waited);
    } else {
        note_refusal(engine, entry, err.text);
        entry->run.end = WF_RUN_END_UNKNOWN;
    }
}

static void take_ready(struct wf_engine *engine, struct wf_entry *entry)
{
    char text[600];
    ssize_t length = read(entry->ready, text, sizeof text - 1);
    if (length < 0 && errno == EAGAIN) {
        return;
    }
    close_source(engine, &entry->ready);
    if (length > 0 && text[0] == 'E') {
        text[length] = '\0';
        snprintf(entry->refusal, sizeof entry->refusal, "%.250s", text + 1);
    } else if (length > 0 && entry->run.phase < WF_RUN_RUNNING) {
        struct wf_run_state state = {0};
        int folder = wf_entry_open(engine, entry);
        // An end is told once its supervisor is gone too, with its cgroup.
        if (folder >= 0 && wf_state_read(folder, &state, NULL) == WF_OK &&
            state.run.phase != WF_RUN_ENDED) {
            wf_entry_note(engine, entry, &state.run);
        }
        if (folder >= 0) {
            close(folder);
        }
    }
}

static void take_end(struct wf_engine *engine, struct wf_entry *entry)
{
    if (entry->ready >= 0) {
        take_ready(engine, entry);
        close_source(engine, &entry->ready);
    }
    // Ours, or of a process before us: then somebody else waits for it.
    (void)waitpid(entry->supervisor, NULL, WNOHANG);
    close_source(engine, &entry->end);
    wf_entry_settle(engine, entry, false);
}

static void take_timer(struct wf_engine *engine)
{
    uint64_t times;
    (void)!read(engine->timer, &times, sizeof times);
    engine->timer_at_ms = 0;
    int64_t now = wf_clock_ms();
    struct wf_entry *entry = NULL;
    struct wf_entry *after = NULL;
    HASH_ITER(hh, engine->entries, entry, after)
    {
        if (entry->retry_at_ms > now) {
            set_timer(engine, entry->retry_at_ms);
        } else if (entry->retry_at_ms > 0) {
            entry->retry_at_ms = 0;
            wf_entry_settle(engine, entry, true);
        }
    }
    wf_waits_look(engine, false);
}

void wf_engine_follow(struct wf_engine *engine)
{
    struct epoll_event events[32];
    int count = epoll_wait(engine->epoll, events, WF_COUNT_OF(events), 0);
    for (int i = 0; i < count; i++) {
        struct wf_source *source = events[i].data.ptr;
        switch (source->kind) {
        case WF_SOURCE_WAKE:
            break;
        case WF_SOURCE_TIMER:
            take_timer(engine);
            break;
        case WF_SOURCE_READY:
            if (source->entry->ready >= 0) { // its end may have been taken just before
                take_ready(engine, source->entry);
            }
            break;
        case WF_SOURCE_END:
            take_end(engine, source->entry);
            break;
        case WF_SOURCE_LOGS:
            wf_waits_take(engine);
            break;
        }
    }
}
