// SPDX-License-Identifier: Apache-2.0
// The engine's side: the runs it knows, who supervises each, and what is yet to be told.
#pragma once

// The default falls through a switch without saying so, which clang does not accept.
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#include "engine/engine.h"
#include "engine/local/cgroup.h"

enum wf_source_kind {
    WF_SOURCE_WAKE,  // there is something to tell
    WF_SOURCE_TIMER, // something is to be tried again
    WF_SOURCE_READY, // a supervisor says that the state is worth reading
    WF_SOURCE_END,   // a supervisor has ended
    WF_SOURCE_LOGS,  // a folder has changed in which a log is followed
};

// What an event of epoll points to.
struct wf_source {
    enum wf_source_kind kind;
    struct wf_entry *entry; // of ready and end
};

struct wf_entry {
    UT_hash_handle hh;
    char id[WF_RUN_ID_MAX + 1];
    struct wf_run run;      // as last read
    enum wf_run_phase told; // the phase that was told last
    bool was_told;          // anything was
    bool queued;            // is to be told
    struct wf_entry *next;  // of those that are to be told
    bool wanted;            // start was called: a supervisor may be started for it
    uint32_t attempts;      // supervisors that ended without leaving a state
    int64_t retry_at_ms;    // 0: not to be looked at again
    char refusal[sizeof(((struct wf_run *)0)->detail)]; // what the last supervisor gave up for
    pid_t supervisor;                                   // the one that end is about
    int end;                                            // its pidfd; -1: none
    int ready;     // the pipe it says 'R' or 'E' into; -1: none
    int log_watch; // inotify's number for its folder; -1: none
    struct wf_source end_source;
    struct wf_source ready_source;
};

// Somebody who wants to be told when a log grows.
struct wf_log_wait {
    struct wf_log_wait *next;
    char id[WF_RUN_ID_MAX + 1];
    struct wf_entry *entry; // NULL: forgotten meanwhile
    uint32_t task;
    uint64_t offset;
    bool due; // is to be told
};

struct wf_engine {
    char *jobs_path; // DATA/jobs, absolute
    int jobs;        // the same, open
    int program;     // what supervisors are executed from
    int lock;        // one engine for one folder
    int epoll;
    int wake;  // eventfd
    int timer; // timerfd
    int64_t timer_at_ms;
    int logs; // inotify; -1: none can be had
    struct wf_source logs_source;
    struct wf_log_wait *waits;
    uint32_t waits_due;
    struct wf_source wake_source;
    struct wf_source timer_source;
    struct wf_entry *entries; // by id
    struct wf_entry *first;   // to be told
    struct wf_entry *last;
    char cgroup_parent[WF_CGROUP_BYTES]; // "": none
    char cgroup_reason[256];
};

// Opens the folder of a run, or returns -1.
int wf_entry_open(const struct wf_engine *engine, const struct wf_entry *entry);

// Starts a supervisor, which finds out by itself what is to be done.
enum wf_status wf_entry_supervise(struct wf_engine *engine, struct wf_entry *entry,
                                  struct wf_error *err);

// Reads how a run stands when nobody is known to supervise it, and has it supervised if need be.
// waited: that was put off once already.
void wf_entry_settle(struct wf_engine *engine, struct wf_entry *entry, bool waited);

// Takes over what a run's folder says of it, and has the change told.
void wf_entry_note(struct wf_engine *engine, struct wf_entry *entry, const struct wf_run *run);

// Looks at the run again later.
void wf_entry_retry(struct wf_engine *engine, struct wf_entry *entry, int64_t in_ms);

// Ends to follow a run: closes, and tells no more.
void wf_entry_drop(struct wf_engine *engine, struct wf_entry *entry);

// Makes the engine's descriptor readable, until there is nothing more to tell.
void wf_engine_wake(struct wf_engine *engine);
void wf_engine_quiet(struct wf_engine *engine);

// Looks at what is to be looked at again, in so many milliseconds.
void wf_engine_look_in(struct wf_engine *engine, int64_t in_ms);

// wait.c: who follows a log.
bool wf_waits_open(struct wf_engine *engine);
void wf_waits_close(struct wf_engine *engine);
void wf_waits_take(struct wf_engine *engine);           // inotify has something to say
void wf_waits_look(struct wf_engine *engine, bool all); // or those of which it says nothing
bool wf_waits_next(struct wf_engine *engine, char id_out[WF_RUN_ID_MAX + 1], uint32_t *task_out);
enum wf_status wf_entry_await_log(struct wf_engine *engine, struct wf_entry *entry, uint32_t task,
                                  uint64_t offset, struct wf_error *err);
void wf_entry_look(struct wf_engine *engine, struct wf_entry *entry); // its logs may have grown
void wf_entry_leave_waits(struct wf_engine *engine, struct wf_entry *entry); // it goes

// Takes all that has happened; never waits.
void wf_engine_follow(struct wf_engine *engine);
