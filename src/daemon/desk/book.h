// SPDX-License-Identifier: Apache-2.0
// The live jobs and their runs, as the desk knows them: what the core has no use for, and what is
// physically there. A job has at most one run with the engine at a time. While a run that was told
// to give way still ends, the core may have placed its job again: then there are two, and the new
// one is not started before the old one has ended. Internal to the desk.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/types.h"
#include "daemon/desk/work.h"
#include "engine/engine.h"
#include "store/store.h"

enum wf_book_phase {
    WF_BOOK_PLANNED, // the core placed it; that is not on the disk yet
    WF_BOOK_READY,   // it is: to be started as soon as its room is really free
    WF_BOOK_STARTED, // the engine has it
};

struct wf_book_job;

struct wf_book_run {
    struct wf_book_job *job;
    uint32_t attempt;
    enum wf_book_phase phase;
    bool has_room;    // its room is taken off what is really free
    bool is_whole;    // where each task's GPUs are is known no more: all of them count as taken
    bool stop_wanted; // the row says so, or will with the next batch
    bool stop_failed; // the engine was told, and could not: it is told again
    bool is_dirty;    // its row is to be written
    enum wf_run_stop stop_why;
    uint32_t node;
    uint32_t gpu_set; // of all tasks
    uint16_t gpu_milli;
    uint32_t *task_gpus; // by task
    char *warnings;      // of its grant, or NULL
    // Of work that others asked for: where it is, or is to be.
    uint32_t *task_nodes; // by task, where it was decided
    struct wf_book_place *places;
    uint32_t place_count;
    char *nodes;     // their names with commas between them, or NULL
    bool is_told;    // where it is was told, not decided
    bool is_crooked; // the core does not have it as it is
    bool is_fresh;   // likewise, and the core was not told since that was heard
    bool is_said;    // that it is crooked was told to those who watch
    int64_t granted_ms;
    int64_t started_ms; // 0: not yet
    int64_t retry_ms;   // starting or stopping it failed: not again before
    int64_t price_nanousd_per_gpu_hour;
    int64_t saved_ms;        // when it last said that its work is saved; 0: never
    int64_t known_ms;        // when the core was told so, somewhat later
    int64_t told_ms;         // when it was told to stop; 0: not yet
    int64_t told_touched_ns; // and when its file had been touched by then
    int64_t look_ms;         // when to look again whether it saved
    int64_t advised_ms;      // what it was advised, and that the machine goes then
    int64_t advised_gone_ms;
    int64_t prompted_ms;             // when it was told to save its work and run on; 0: not yet
    bool acknowledged;               // it saved after it was told to stop
    bool leaves;                     // it was told so because the machine goes
    struct wf_book_run *prev, *next; // all runs, as they were granted
};

struct wf_book_job {
    uint64_t id;
    uint64_t array; // id of its array's first job; 0: in none
    uint32_t name, user, queue;
    uint32_t uid, gid;
    enum wf_job_state state;
    bool in_core;   // else it is over for the core, and only its run has to end
    bool cancelled; // somebody wants it to end
    bool timed_out; // the core stopped it
    bool is_dirty;
    bool requeue_lost, requeue_failed;
    uint32_t requeue_at_most, requeues;
    uint32_t attempts;
    uint32_t tasks;
    struct wf_request request;
    uint64_t shape; // hash of what it asks for
    uint32_t stop_ms;
    bool saves;              // it can save its work: one of the next two is told
    bool saves_when_it_pays; // as often as Young and Daly say, and not each checkpoint_every_ms
    bool prompts;            // it is told by its signal when to
    uint32_t checkpoint_signal;
    int64_t checkpoint_every_ms;
    uint32_t checkpoint_ms; // how long that may take
    int64_t limit_ms;
    int64_t submitted_ms, started_ms;
    int64_t cost_nanousd; // of runs that ended, like the next three
    uint64_t gpu_ms, cpu_ms, memory_peak_bytes;
    struct wf_book_run *run;   // the attempt that the core has placed
    struct wf_book_run *old;   // one before it, which still ends
    struct wf_book_work *work; // NULL: somebody submitted it here
    struct wf_book_job *next_dirty;
    UT_hash_handle hh;
};

struct wf_book {
    struct wf_book_job *jobs; // uthash by id, in the order in which they came
    struct wf_book_run *runs; // utlist
    struct wf_book_job *dirty;
    struct wf_book_work *works; // uthash by key
    uint64_t states[WF_JOB_STATE_COUNT];
};

struct wf_book_job *wf_book_find(const struct wf_book *book, uint64_t id);
// NULL: no memory.
struct wf_book_job *wf_book_add(struct wf_book *book, uint64_t id);
void wf_book_set_state(struct wf_book *book, struct wf_book_job *job, enum wf_job_state state);
// Its row is to be written with the next batch.
void wf_book_touch(struct wf_book *book, struct wf_book_job *job);
struct wf_book_job *wf_book_take_dirty(struct wf_book *book); // NULL: none
// Its runs must be gone.
void wf_book_remove(struct wf_book *book, struct wf_book_job *job);

// The job is work that others asked for, by that key. NULL: no memory.
struct wf_book_work *wf_book_add_work(struct wf_book *book, struct wf_book_job *job,
                                      const char *key);
struct wf_book_work *wf_book_find_work(const struct wf_book *book, const char *key);

// A new attempt at the job, which becomes its run. NULL: no memory.
struct wf_book_run *wf_book_add_run(struct wf_book *book, struct wf_book_job *job,
                                    uint32_t attempt);
void wf_book_remove_run(struct wf_book *book, struct wf_book_run *run);

// The live run of that id with the engine; NULL: none.
struct wf_book_run *wf_book_find_run(const struct wf_book *book, const char *id);

// Takes "j17-2" apart. False: no id of ours.
bool wf_book_parse_id(const char *id, uint64_t *job_out, uint32_t *attempt_out);

void wf_book_finish(struct wf_book *book);
