// SPDX-License-Identifier: Apache-2.0
// What a job would cost and where it would run, told before anybody submits it: one row for each
// pool. The choice is the core's own: the job is submitted to a core that may be spoiled, a copy of
// the live one, and what that decides is what is told. All else is read off the core as it is.
//
//   wf_quote_make    prices, capacities, budgets: changes nothing
//   wf_quote_try     what the core does with the job, in a copy of it
//   wf_quote_choose  ticks the rows that were chosen, and says of each other one why not
#pragma once

#include "base/error.h"
#include "core/explain/reason.h"
#include "core/place/term.h"
#include "core/queue/queues.h"

struct wf_core;

// Of the time that a job runs, and so of its price: what 10, 50 and 90 % of such jobs stay within.
enum wf_quote_point { WF_QUOTE_LOW, WF_QUOTE_MIDDLE, WF_QUOTE_HIGH, WF_QUOTE_POINTS };

enum wf_quote_run {
    WF_QUOTE_RUN_EXPECTED, // as the job tells (wf_wait_spec.run), within its limit
    WF_QUOTE_RUN_LIMIT,    // nothing is known but its limit: the most that it may cost
    WF_QUOTE_RUN_UNKNOWN,  // neither: there is a price by the hour, and none of the whole job
};

enum wf_quote_start {
    WF_QUOTE_STARTS, // now
    WF_QUOTE_KEPT,   // it waits, and room is kept for it at a known time
    WF_QUOTE_WAITS,  // it waits, and where it runs then is where it would with nothing else running
    WF_QUOTE_NEVER,  // the machines can never run it
};

// X(code, name, what the pool is or has)
#define WF_QUOTE_WHYS(X)                                                                           \
    X(CHOSEN, "chosen", "is where the job goes")                                                   \
    X(CANNOT, "cannot", "cannot run a task of it, even with nothing else running")                 \
    X(SMALL, "small", "cannot hold all of its tasks, even with nothing else running")              \
    X(FULL, "full", "has no room for all of its tasks now")                                        \
    X(DEARER, "dearer", "costs more for the whole job")                                            \
    X(PASSED, "passed-over", "costs no more, but the policy likes another better")

enum wf_quote_why {
#define WF_QUOTE_WHY_ENUM(code, name, text) WF_QUOTE_##code,
    WF_QUOTE_WHYS(WF_QUOTE_WHY_ENUM)
#undef WF_QUOTE_WHY_ENUM
};

// Money by the hour, and for the whole job by wf_quote_point. -1: not known.
struct wf_quote_price {
    int64_t nanousd_per_hour;
    int64_t nanousd[WF_QUOTE_POINTS];
};

// The node of a pool on which a task of the job would do best, and how well in the policy's terms.
struct wf_quote_best {
    uint32_t node; // WF_NONE: there is none
    int64_t score;
    struct wf_terms terms;
};

struct wf_quote_row {
    wf_pool_id pool;
    uint32_t nodes, nodes_open;
    uint64_t tasks_now, tasks_empty; // such tasks that the pool holds
    struct wf_quote_price price;     // if all tasks ran here
    int64_t run_ms[WF_QUOTE_POINTS]; // here: a pool of twice the speed takes half as long
    struct wf_quote_best now, empty; // as the pool is now, and with nothing on it
    // Of the node that is nearest to taking a task: what it lacks now, and what even when empty.
    uint32_t reasons_now, reasons_empty;
    uint32_t missing_now, missing_empty; // of the first of these reasons

    // Filled by wf_quote_choose.
    uint32_t tasks; // of the job that go here
    enum wf_quote_why why;
};

// One budget of the job's queue or one above.
struct wf_quote_budget {
    wf_queue_id queue;
    enum wf_budget_window window;
    enum wf_budget_action action;
    int64_t limit_nanousd;
    int64_t gone_nanousd; // spent, and committed to running jobs
    int64_t cost_nanousd; // that the job counts with, at the fleet's mean price, within the window
    bool is_passed;       // with the job
    int64_t ends_ms;      // the window
};

struct wf_quote {
    struct wf_quote_row *rows; // the caller's
    uint32_t row_count;
    int64_t gpu_milli; // of all tasks
    enum wf_quote_run run;
    bool has_queues;
    struct wf_queue_verdict verdict; // whether its queue lets it start, apart from room
    struct wf_quote_budget budgets[WF_QUEUE_DEPTH_MAX * WF_WINDOWS];
    uint32_t budget_count;

    // Filled by wf_quote_choose.
    enum wf_quote_start start;
    int64_t start_ms;             // KEPT
    uint32_t blockers;            // KEPT, WAITS: set of enum wf_wait_reason; 0: not asked
    uint32_t stopped;             // tasks of others that would be stopped for it
    struct wf_quote_price chosen; // of all tasks, where they go; -1: nowhere
};

// What a core does with the job. All 0 but for start: nobody tried.
struct wf_quote_trial {
    enum wf_quote_start start;
    int64_t start_ms;
    uint32_t blockers, stopped;
    uint32_t tasks[WF_POOLS_MAX]; // by pool; none where it waits and no room is kept
};

// Fills a row for each known pool; rows has room for as many as the core may have pools
// (wf_limits.pools). Errors: as wf_explain_check; WF_NOTFOUND for a queue that is not known.
enum wf_status wf_quote_make(const struct wf_core *core, const struct wf_job_spec *job,
                             struct wf_quote_row *rows, struct wf_quote *out,
                             struct wf_error *err) WF_MUST_USE;

// Submits the job to a core that is not needed any more, or to one in a copy of the process. Its
// id must be new there, and now_ms not before its last event. Errors: what wf_core_step refuses.
enum wf_status wf_quote_try(struct wf_core *core, const struct wf_job_spec *job, int64_t now_ms,
                            struct wf_quote_trial *out, struct wf_error *err) WF_MUST_USE;

// Without a trial (NULL) the pool that the policy likes best for one task stands for all of them,
// and whether the job would have to wait for others is not known.
void wf_quote_choose(const struct wf_job_spec *job, const struct wf_quote_trial *trial,
                     struct wf_quote *quote);

// Returns the node by which a row of a quote is compared with others: as it is now where the job
// starts now, else as it is when empty.
const struct wf_quote_best *wf_quote_best(const struct wf_quote *quote,
                                          const struct wf_quote_row *row);

// Never NULL.
const char *wf_quote_why_name(enum wf_quote_why why);
const char *wf_quote_why_text(enum wf_quote_why why);
