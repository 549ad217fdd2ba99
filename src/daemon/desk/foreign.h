// SPDX-License-Identifier: Apache-2.0
// Work that others asked for: jobs of a cluster whose own scheduler takes them in, and which that
// scheduler runs. The engine tells how each job is; the desk gives it a number, a row, a place in
// the core's plans, and, unless it only watches, says when and where it is to start.
//
// A desk has such jobs, and no others, when its engine's kind can end work by its key
// (engine/engine.h, end_work). Nobody submits to it by wf_desk_submit. Its runs have no scripts, no
// grants and no cgroups: the spec that start() gets has key and nodes, and nothing else to run.
//
// The engine is the truth. It tells how a job is, never what changed, so that it may tell
// everything again, twice, in any order, and after any restart of anybody; the desk finds out what
// is new. What it tells in one look is one moment for the core, which decides when the look is
// over:
//
//     wf_desk_foreign_look(desk)
//     wf_desk_foreign_tell(desk, &job, &err)     for each job that may be otherwise
//     wf_desk_foreign_seen(desk, whole)          whole: every job there is was told in this look
//
// Nodes come by wf_desk_site, before the look that has jobs on them. No other call to the desk may
// be made in the midst of a look. Until the first whole look after wf_desk_open, and after
// wf_desk_foreign_blind, the core only watches and nothing is started or stopped; who was not told
// in a whole look is gone.
#pragma once

#include "daemon/desk/desk.h"

enum wf_foreign_state {
    WF_FOREIGN_WAITS,
    WF_FOREIGN_RUNS, // or holds its nodes for another reason: comes up, is suspended, is ending
    WF_FOREIGN_OVER, // for good
};

// What a job has on one node.
struct wf_foreign_place {
    const char *node; // as the site calls it
    uint32_t gpu_set; // numbers of its GPUs on that node; fewer than gpus where they are not known
    uint16_t gpu_milli; // share of each
    uint8_t gpus;
    uint32_t cpu_milli;
    uint32_t memory_mib;
};

// All of it is borrowed for the call.
struct wf_foreign_job {
    const char *key; // what the engine calls it ("4711"); of live jobs each has its own
    enum wf_foreign_state state;

    // What was asked for; NULL: what was told last. A document has a command, and here it is only
    // for people; hold, array and after are not looked at: see the next members and held.
    const struct wf_job_document *document;
    const char *user; // who asked: NULL or not, like the document
    uint32_t uid, gid;
    int64_t submitted_ms;
    uint32_t array;         // the same number for all of an array, 0: none;
    uint32_t array_at_most; // of which so many may run at once; 0: all

    // WAITS:
    bool held;         // is not ours to start: somebody holds it, or the engine leaves it to others
    const char *why;   // what keeps it, or what came of the start that was asked for; NULL: nothing
    const char *start; // id of the run whose start was asked for and may still come; NULL: none may

    // RUNS, and OVER where it ran:
    int64_t started_ms;
    uint32_t restarts;                     // another number than before: it is another run of it
    const struct wf_foreign_place *places; // one for each node
    uint32_t place_count;

    // OVER, and WAITS where a run of it ended: how, without id and phase; NULL: nobody knows.
    const struct wf_run *end;
};

void wf_desk_foreign_look(struct wf_desk *desk);
// WF_OK also where nothing is new. WF_INVALID: it is in the books all the same, with a sentence why
// the core cannot decide about it (a kind of GPU that is not here, a label): it is held, and the
// engine may leave it to its own scheduler. Nothing was taken: WF_NOTFOUND (an unknown key without
// a document); WF_LIMIT (no room for more jobs, or the batch is full: end the look as not whole,
// and go on with another one once the batch is written); WF_IO (as wf_desk_submit), WF_NOMEM.
enum wf_status wf_desk_foreign_tell(struct wf_desk *desk, const struct wf_foreign_job *job,
                                    struct wf_error *err) WF_MUST_USE;
void wf_desk_foreign_seen(struct wf_desk *desk, bool whole);

// A node is to go then, or goes now where that is over; 0: it stays after all. what: in whose
// words. In the midst of a look. What may be started anew is told to save its work and waits again,
// and starts elsewhere at once where there is room; what may not runs on to its end. A node that
// goes takes no new work. Nothing until the desk decides: tell it with every look.
void wf_desk_foreign_notice(struct wf_desk *desk, const char *node, int64_t gone_ms,
                            const char *what);

// Tells those who watch what is done with a node, and why.
void wf_desk_foreign_node(struct wf_desk *desk, const char *node, const char *kind,
                          const char *why);

// What was told is not to be relied on any more: nobody hears of the cluster.
void wf_desk_foreign_blind(struct wf_desk *desk);
// Whether a whole look is wanted, which may have several parts: what is told between here and a
// seen(whole) counts as told. True after wf_desk_open, after blind, and after the disk failed.
bool wf_desk_foreign_wants_all(const struct wf_desk *desk);

// The number of the live job with that key; 0: there is none. The key of a live job; NULL: no such.
uint64_t wf_desk_foreign_find(const struct wf_desk *desk, const char *key);
const char *wf_desk_foreign_key(const struct wf_desk *desk, uint64_t job);

struct wf_foreign_counts {
    uint64_t jobs;        // live ones
    uint64_t told;        // since the daemon started: times that something was new
    uint64_t found;       // runs that others started,
    uint64_t elsewhere;   // that run where the core had not put them
    uint64_t crooked;     // running now that the core does not have as they are: their nodes are
                          // unknown, or fuller than they can be
    uint64_t lost_starts; // starts that were asked for and did not come
};
struct wf_foreign_counts wf_desk_foreign_count(const struct wf_desk *desk);
