// SPDX-License-Identifier: Apache-2.0
// What a queue is told when it is made, and what a job tells a queue, as plain values.
#pragma once

#include <stdbool.h>

#include "core/ids.h"

// How long a job is expected to run: what 10, 30, 50, 70 and 90 % of jobs like it stay within,
// ascending. All 0: nothing is known.
#define WF_RUN_TIME_POINTS 5
struct wf_run_time {
    int64_t ms[WF_RUN_TIME_POINTS];
};

// How close together the tasks of a gang must run.
enum wf_within {
    WF_WITHIN_ANY,
    WF_WITHIN_ZONE,
    WF_WITHIN_POOL,
    WF_WITHIN_GROUP, // nodes with the same group number (wf_node_spec.group)
};

// What must have become of another job before this one may start.
enum wf_after {
    WF_AFTER_END,     // it ended, however
    WF_AFTER_SUCCESS, // it ended well
    WF_AFTER_FAILURE, // it ended otherwise
    WF_AFTER_START,   // it started
};

struct wf_dependency {
    wf_job_id job; // one that is not known any more counts as met
    enum wf_after after;
};

// What a job tells a core with queues besides what it asks for. All 0 is a plain job of queue 0.
struct wf_wait_spec {
    wf_queue_id queue;
    uint32_t user;    // a number given out at the door
    int32_t priority; // higher goes first, within its queue
    bool held;        // waits until it is released
    bool preemptible; // may be stopped and put back for others
    bool replaceable; // of a gang: when a node goes, only its tasks there are started elsewhere
    bool overruns;    // its time limit is planned with, and somebody else keeps it
    enum wf_within within;
    uint32_t array;        // jobs with the same number (not 0) are one array ...
    uint32_t array_max;    // ... of which so many may run at once; 0: all
    int64_t begin_ms;      // not before
    int64_t deadline_ms;   // should have ended by then; 0: none
    int64_t limit_ms;      // is stopped after running so long; 0: never
    int64_t checkpoint_ms; // saves its work so often; 0: never
    struct wf_run_time run;
    const struct wf_dependency *after; // borrowed for the step
    uint32_t after_count;
};

// What one budget does when it is spent.
enum wf_budget_action {
    WF_BUDGET_ADMIT, // nothing: it is only told
    WF_BUDGET_HOLD,  // jobs wait until the window is over
    WF_BUDGET_LOWER, // jobs start only where nobody else wants to
};

enum wf_budget_window {
    WF_WINDOW_HOUR,
    WF_WINDOW_DAY,   // of UTC
    WF_WINDOW_MONTH, // likewise
};
#define WF_WINDOWS 3

struct wf_budget {
    int64_t limit_nanousd; // 0: no budget
    enum wf_budget_action action;
};

// A queue: jobs are submitted to leaves, shares and limits hold for all below.
struct wf_queue_spec {
    wf_queue_id parent;          // index WF_NONE: a root
    uint32_t weight;             // its fair share against its siblings'; 0 is taken as 1
    int64_t guarantee_gpu_milli; // it gets so much whenever it asks for it
    int64_t limit_gpu_milli;     // never more, what it borrows from siblings included; 0: no limit
    struct wf_budget budgets[WF_WINDOWS]; // by wf_budget_window
};
