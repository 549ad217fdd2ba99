// SPDX-License-Identifier: Apache-2.0
// Who starts when: the order of those that wait, whether those behind one that cannot start may go
// first, and for whom a start time is kept. A discipline adds one file, one line in disciplines.c,
// one test and one line in the docs; the pass over the backlog (core/schedule/schedule.h) is the
// same for all of them.
#pragma once

#include "core/schedule/backlog.h"

// A waiting job as a discipline sees it.
struct wf_standing {
    const struct wf_ticket *ticket;
    int64_t now_ms;
    int64_t run_ms; // how long it is believed to run, never below 1
};

static inline struct wf_standing wf_standing_of(const struct wf_ticket *ticket, int64_t now_ms)
{
    return (struct wf_standing){ticket, now_ms, wf_ticket_run_ms(ticket)};
}

// When a job's deadline moves it forward: from the one time until just before the other.
struct wf_urgency {
    int64_t from_ms, until_ms;
};

#define WF_BELIEVE_LIMIT UINT32_MAX

struct wf_discipline {
    const char *name;
    const char *summary;   // one line for lists and help
    const char *placement; // the policy that chooses nodes, where the user names none

    // Of the jobs that cannot start, so many foremost have a start time kept for them, which no
    // other job may delay. 0: none.
    uint32_t reservations;
    uint32_t urgent_reservations; // so many more for those whose deadline moves them forward
    bool keeps_limits; // what a queue's limit leaves is for the foremost below it: those behind it
                       // start only if that does not delay it (schedule_limits.c)
    bool jumps;        // those behind one that cannot start may start
    bool shares;       // queues within their guarantee go first, then those with less past use
    bool preempts;     // may stop work, where a queue wants its guarantee back
    bool whole_nodes;  // a kept start time keeps all of its nodes that is free then
    bool forgets;      // plans anew at every change, as if no start time had been kept before
    bool steadfast;    // among many nodes a kept start time is looked at again only now and then,
                       // not at every change
    bool learns;       // wants to be told how long jobs are expected to run
    uint32_t
        believe; // which point of a job's expected run counts as its end in plans (0 to
                 // WF_RUN_TIME_POINTS - 1), or WF_BELIEVE_LIMIT: the limit it asked for or, without
    // one, the last of these points
    int64_t cycle_ms; // one job of each queue is tried every so often; 0: all, at every change

    // The lower goes first, after guarantees, priorities and shares have had their say; who came
    // first among equals. rank tells who gets a start time kept, fill_rank who starts beside them.
    // NULL: who came first.
    int64_t (*rank)(const struct wf_standing *standing);
    int64_t (*fill_rank)(const struct wf_standing *standing);
    // Of a job with a deadline. NULL: deadlines change nothing.
    struct wf_urgency (*urgency)(const struct wf_standing *standing);
};

// The list, in the order in which tables show it; it ends with NULL.
extern const struct wf_discipline *const wf_disciplines[];

// Returns the discipline of that name, or NULL.
const struct wf_discipline *wf_discipline_find(const char *name);

// When the job's deadline moves it forward; both INT64_MAX: never.
struct wf_urgency wf_discipline_urgency(const struct wf_discipline *discipline,
                                        const struct wf_standing *standing);

// Whether it does now.
bool wf_discipline_urges(const struct wf_discipline *discipline,
                         const struct wf_standing *standing);

// Returns the next time at which it does so or ceases to, or INT64_MAX.
int64_t wf_discipline_turn_ms(const struct wf_discipline *discipline,
                              const struct wf_standing *standing);

extern const struct wf_discipline wf_discipline_fifo;
extern const struct wf_discipline wf_discipline_easy;
extern const struct wf_discipline wf_discipline_conservative;
extern const struct wf_discipline wf_discipline_slurm_like;
extern const struct wf_discipline wf_discipline_kubernetes_like;
extern const struct wf_discipline wf_discipline_kueue_like;
extern const struct wf_discipline wf_discipline_foresight;
