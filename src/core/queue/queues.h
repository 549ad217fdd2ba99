// SPDX-License-Identifier: Apache-2.0
// The tree of queues: who holds GPUs, who may have more, whose turn it is, from whom they may be
// taken back, and what all of it has cost. Jobs are in leaves; what a leaf uses counts in every
// queue above it. It knows nothing of nodes and places nothing.
//
// Time comes from wf_queues_advance alone, and what a queue has used by then does not depend on
// who looked when. A queue that idles costs nothing while it idles.
#pragma once

#include "base/region.h"
#include "core/limits.h"
#include "core/queue/money.h"
#include "core/queue/stints.h"
#include "core/queue_spec.h"

struct wf_queues;

// Takes the memory for limits->queues queues and as many running jobs as limits->jobs and
// limits->placements allow. Use counts in fair share for half as much after half_life_ms. The
// caller owns *queues_out. Errors: WF_INVALID, WF_NOMEM.
enum wf_status wf_queues_create(struct wf_region *region, const struct wf_limits *limits,
                                int64_t half_life_ms, struct wf_queues **queues_out,
                                struct wf_error *err) WF_MUST_USE;

// Makes a queue, or changes one. Given another parent, a queue takes along all that it uses and
// has used, so that a parent is always the sum of its children and of what it used as a leaf
// itself. Errors: WF_LIMIT, WF_NOTFOUND, WF_INVALID, with nothing changed; check tells them
// beforehand.
enum wf_status wf_queues_set(struct wf_queues *queues, wf_queue_id id,
                             const struct wf_queue_spec *spec, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_queues_check(const struct wf_queues *queues, wf_queue_id id,
                               const struct wf_queue_spec *spec, struct wf_error *err) WF_MUST_USE;

bool wf_queues_is_known(const struct wf_queues *queues, wf_queue_id id);
// Returns the queue above, index WF_NONE above a root. The queue must be known.
wf_queue_id wf_queues_parent(const struct wf_queues *queues, wf_queue_id id);

// Returns the queue's own limit, 0: none.
int64_t wf_queues_limit_gpu_milli(const struct wf_queues *queues, wf_queue_id id);

// Returns how much more the queue may use under its own limit, below 0 when it is past it;
// INT64_MAX: it has none.
int64_t wf_queues_left_gpu_milli(const struct wf_queues *queues, wf_queue_id id);

// A job, waiting or running, comes into a leaf, which is no parent as long as it has jobs; a job
// leaves for good. Errors: WF_NOTFOUND, WF_INVALID for a queue that has others below it.
enum wf_status wf_queues_enter(struct wf_queues *queues, wf_queue_id id,
                               struct wf_error *err) WF_MUST_USE;
void wf_queues_leave(struct wf_queues *queues, wf_queue_id id);

// Sets the clock; the first call may set it anywhere. now_ms must not be before what it was, nor
// further from 1970 than WF_TIME_MS_MAX.
void wf_queues_advance(struct wf_queues *queues, int64_t now_ms);

// A job that is in its leaf begins to hold GPUs. Returns the number by which the stint is ended, or
// WF_NONE when as many jobs run as memory was taken for. The clock must have been set.
uint32_t wf_queues_start(struct wf_queues *queues, const struct wf_stint *stint);

// The job holds them no more. Returns the money that the stint has cost.
wf_int128 wf_queues_stop(struct wf_queues *queues, uint32_t stint);

// Returns what a running stint has cost so far.
wf_int128 wf_queues_stint_money(const struct wf_queues *queues, uint32_t stint);

// Counts so much more (if negative: less) as held by a leaf in all answers below about GPUs, until
// told the same with the opposite sign: to ask what would be, for instance with victims gone. No
// time accrues on it.
void wf_queues_suppose(struct wf_queues *queues, wf_queue_id leaf, int64_t gpu_milli);

enum wf_queue_answer {
    WF_QUEUE_MAY,
    WF_QUEUE_OVER_LIMIT,
    WF_QUEUE_OVER_BUDGET_HOLD,  // wait until the window is over
    WF_QUEUE_OVER_BUDGET_LOWER, // start only where nobody else wants to
};

struct wf_queue_verdict {
    enum wf_queue_answer answer;
    wf_queue_id at;               // the queue that says no, index WF_NONE with MAY
    enum wf_budget_window window; // of the budget
};

// What a job would take; no money: whether the queues are past their budgets without it.
struct wf_queue_bid {
    int64_t gpu_milli;
    int64_t nanousd_per_hour; // what that would cost
    int64_t run_ms;           // how long it is expected to run
};

// Returns whether a job may start in the leaf. A budget is passed when what was spent in its
// window, what the running jobs are committed to and what this job costs are more than it; of both
// counts what accrues in so long a time as the window lasts, so that an hour's budget does not ask
// for a week's work at once. A job that even an empty window could not hold passes no budget where
// nothing is spent in the window and nothing committed. Of several refusals a limit or a held
// budget counts before a lowered one, then the queue nearest to the leaf, there the limit before
// the budgets, and of those the longest window.
struct wf_queue_verdict wf_queues_may_start(const struct wf_queues *queues, wf_queue_id leaf,
                                            struct wf_queue_bid bid);

// How one budget of a queue stands, in money that accrues in so long a time as its window lasts.
struct wf_queue_budget_view {
    wf_int128 taken, cost; // spent and committed; by the job
    bool is_passed;        // with the job; false where the queue has no such budget
};
struct wf_queue_budget_view wf_queues_budget(const struct wf_queues *queues, wf_queue_id id,
                                             enum wf_budget_window window, struct wf_queue_bid bid);

// Returns when the window that the clock is in is over.
int64_t wf_queues_window_end_ms(const struct wf_queues *queues, enum wf_budget_window window);

// Returns how far up so much more would have to be borrowed from: 0, it is within the leaf's own
// guarantee; 1, within its parent's; ...; the leaf's depth, within none. Who asks for no GPU
// borrows none: 0.
uint32_t wf_queues_borrow_level(const struct wf_queues *queues, wf_queue_id leaf,
                                int64_t gpu_milli);

// Fair share: returns less than 0 when leaf a goes before leaf b, more than 0 when after, 0 only
// for a leaf and itself. Compares the two queues that hold them below the lowest queue above both
// (roots are siblings of each other): first goes the one with less faded money for its weight, then
// less faded GPU time, then less GPUs held now, then the lower id.
int wf_queues_compare(const struct wf_queues *queues, wf_queue_id a, wf_queue_id b);

// Returns whether a leaf may have so much back from a job of another leaf: below the lowest queue
// above both, the claimant's side stays within its guarantee with it, and on the victim's side
// every queue still has its guarantee without it. So a queue that is below its guarantee, or would
// be, gives nothing. False for a leaf and itself: there priorities decide.
bool wf_queues_may_reclaim(const struct wf_queues *queues, wf_queue_id claimant,
                           int64_t claimant_gpu_milli, wf_queue_id victim,
                           int64_t victim_gpu_milli);

// A queue as of now, for explanations and reports. Money as in core/queue/money.h.
struct wf_queue_view {
    struct wf_queue_spec spec;
    uint32_t depth;    // 1: a root
    uint32_t children; // 0: a leaf
    uint32_t jobs;     // in the leaf, waiting and running
    int64_t used_gpu_milli;
    wf_int128 nanousd_per_hour;  // what that costs
    wf_int128 gpu_milli_ms;      // GPU time, ever
    wf_int128 money;             // ever
    wf_int128 spent[WF_WINDOWS]; // in each window
    wf_int128 committed;         // what running jobs are still expected to cost
    bool over[WF_WINDOWS];       // more spent, and committed in so long a time, than the
                                 // window's budget, if it has one
    wf_int128 share_gpu_milli_ms;
    wf_int128 share_money;
};

// Returns false, and fills nothing, for a queue that is not known.
bool wf_queues_view(const struct wf_queues *queues, wf_queue_id id, struct wf_queue_view *view_out);
