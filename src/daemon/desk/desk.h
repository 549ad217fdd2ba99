// SPDX-License-Identifier: Apache-2.0
// The heart of the daemon: takes in what people ask and what the engine tells, has the core decide,
// and carries the decisions out once what led to them is on the disk. It knows nothing of HTTP, of
// threads or of the loop that drives it, so a test can drive it, too.
//
//     request, fact ─► desk ─► core ─► batch ─► [driver writes it] ─► wf_desk_written
//                                                      answers, starts and stops of runs, feed
//
// Whoever drives it does, after each call into it:
//
//     if ((batch = wf_desk_batch(desk)))      one at a time; the next collects meanwhile
//         status = wf_database_write(db, batch, &err)     in any thread
//     wf_desk_written(desk, status, &err)     back in the desk's thread
//
// and calls wf_desk_tick when wf_desk_wake_ms has come, wf_desk_run for what the engine's next()
// tells. All calls are from one thread; none may be made from within a callback of the desk, but
// for the views.
#pragma once

#include "core/core.h"
#include "daemon/desk/ask.h"
#include "engine/engine.h"
#include "jobfile/document.h"
#include "site/site.h"
#include "store/store.h"

struct wf_desk;

struct wf_desk_config {
    struct wf_database *db;            // borrowed, like all of this
    const char *database;              // its path: the journal is read from there
    const struct wf_engine_kind *kind; // how runs are carried out,
    struct wf_engine *engine;          // by whom
    const struct wf_site *site;        // machines, prices, queues; only looked at in wf_desk_open.
                                       // NULL: what the journal has, until wf_desk_site
    const uint64_t *model_memory_mib;  // of one GPU, WF_MODELS_MAX of them by the site's models; 0:
                                       // not known. NULL: none is
    const struct wf_desk_granter *granter; // NULL: GPUs are granted by number alone
    const char *program;                   // its version, for the journal
    const char *data;                      // folder: scripts of runs are kept below it
    const char *policy, *discipline;       // NULL: cost-first, foresight
    int64_t core_price_nanousd_per_hour;   // of a CPU core; 0: none is set
    const char *snapshot; // path of the copy of the core that a restart goes on from; NULL: none
    void (*say)(void *context, const char *line); // a sentence for the log; NULL: nobody listens
    uint32_t jobs_max;                            // jobs that are not over, 0: 16,384
    // Of a journal that is begun; 0: as many as one machine needs, or, where others ask for the
    // work (foreign.h), as a cluster does.
    uint32_t nodes_max, pools_max, tasks_max;
    // Work that runs may be moved together for work that waits, as core/schedule/schedule_move.c
    // has it, and for one that waits at no higher cost than this (0: any).
    bool moves;
    int64_t move_cost_max_nanousd;
    bool watches;                     // others decide about their work, too: nothing is done
    bool users;                       // runs are started as the user whose work they are
    int64_t (*now_ms)(void *context); // the wall clock
    bool spot;                        // the machine may be taken away,
    int64_t booted_ms;                // and is there since then; 0: not known
    const char *boot;                 // the kernel's id of that; NULL, "": not known
    void *context;
};

// Reads the journal and steps it again from the snapshot on, compares its hashes, takes up what the
// engine runs, and tells the core what changed in the site. Errors: what wf_database_* say;
// WF_INVALID (the journal does not fit the rows, or its decisions are not ours); WF_NOMEM.
enum wf_status wf_desk_open(const struct wf_desk_config *config, struct wf_desk **desk_out,
                            struct wf_error *err) WF_MUST_USE;
// What is not written is dropped, waiters are told WF_IO; runs go on.
void wf_desk_close(struct wf_desk *desk);

// What is to be written now; NULL: nothing, or the last one is still being written. Borrowed until
// wf_desk_written.
const struct wf_batch *wf_desk_batch(struct wf_desk *desk);
// It is on the disk, or it is not (status, err). In the second case the desk goes back to what is
// in the database, refuses new work with WF_IO, and tries again from time to time by itself.
// Errors: the database cannot even be read; the desk is good for nothing but wf_desk_close then.
enum wf_status wf_desk_written(struct wf_desk *desk, enum wf_status status,
                               const struct wf_error *why, struct wf_error *err) WF_MUST_USE;
// Whether the database has to be probed (wf_database_probe) before the batch is written.
bool wf_desk_probes(const struct wf_desk *desk);
// Whether new work is taken; else why_out (or NULL) gets a sentence, of the disk or a full queue.
bool wf_desk_accepts(const struct wf_desk *desk, struct wf_error *why_out);

// How many lines of the journal a restart would have to step, if a snapshot could be made just now:
// whatever was decided is in batches that were handed out. Else 0.
uint64_t wf_desk_unsaved(const struct wf_desk *desk);
// Writes a snapshot, which becomes the desk's with wf_desk_keep_snapshot: to be called once all
// that was handed out is on the disk. save may be called in a copy of the process. lines: how far
// the snapshot goes in the journal. Errors: what wf_snapshot_* say.
enum wf_status wf_desk_save(const struct wf_desk *desk, struct wf_error *err) WF_MUST_USE;
uint64_t wf_desk_lines(const struct wf_desk *desk);
enum wf_status wf_desk_keep_snapshot(struct wf_desk *desk, uint64_t lines,
                                     struct wf_error *err) WF_MUST_USE;

// A fact from the engine's next().
void wf_desk_run(struct wf_desk *desk, const struct wf_run *run);
// Lets time pass. wake_ms: when it wants to be called; INT64_MAX: no need.
void wf_desk_tick(struct wf_desk *desk);
int64_t wf_desk_wake_ms(const struct wf_desk *desk);
// This machine is to be taken away at that time, which may be over, or stays after all (0). Told
// again, or with another time, it is the newest word that counts. What runs is told to save its
// work and waits again; nothing is placed here while the notice stands. Advice changes nothing: it
// is told to those who watch.
struct wf_desk_notice {
    int64_t gone_ms;
    const char *source, *what; // "aws", "terminate"
};
void wf_desk_notice(struct wf_desk *desk, const struct wf_desk_notice *notice);
void wf_desk_advice(struct wf_desk *desk, const char *source, const char *what);
// The daemon was told to end: what becomes of the machine after that it will not know.
void wf_desk_leave(struct wf_desk *desk);
// Machines, prices or queues are others now (SIGHUP). What changed is told to the core, the rest
// stays. Errors: WF_INVALID, WF_LIMIT (the sentence names it): nothing is changed then.
enum wf_status wf_desk_site(struct wf_desk *desk, const struct wf_site *site,
                            struct wf_error *err) WF_MUST_USE;

// What people ask (ask.h). WF_OK: ask->done will be called exactly once, when it is on the disk or
// cannot be; never from within the call. Any other status: refused at once, done is not called, and
// ask->field may name the field. WF_NOTFOUND, WF_INVALID, WF_LIMIT; WF_EXISTS: its state forbids it
// (409); WF_IO: see wf_desk_accepts. Whether the actor may is asked here for jobs of others alone
// (WF_NOTFOUND where he may not see it; ask->denied with WF_INVALID where he may not change it).
// With ask->dry_run all is checked and done is called, within the call, with nothing changed.
enum wf_status wf_desk_submit(struct wf_desk *desk, const struct wf_job_document *document,
                              struct wf_desk_ask *ask, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_desk_cancel(struct wf_desk *desk, uint64_t job, struct wf_desk_ask *ask,
                              struct wf_error *err) WF_MUST_USE;
enum wf_status wf_desk_hold(struct wf_desk *desk, uint64_t job, bool held, struct wf_desk_ask *ask,
                            struct wf_error *err) WF_MUST_USE;
enum wf_status wf_desk_drain(struct wf_desk *desk, const char *node, bool closed,
                             struct wf_desk_ask *ask, struct wf_error *err) WF_MUST_USE;
// Writes a token; id 0: a new one, the answer has its id. What it may is the caller's business.
enum wf_status wf_desk_token(struct wf_desk *desk, const struct wf_token_row *row,
                             struct wf_desk_ask *ask, struct wf_error *err) WF_MUST_USE;
// Writes an audit row for what was refused elsewhere; object and detail are borrowed for the call.
void wf_desk_audit(struct wf_desk *desk, const struct wf_asker *actor, const char *action,
                   const char *object, const char *outcome, const char *detail);

#include "daemon/desk/view.h"
