// SPDX-License-Identifier: Apache-2.0
// The jobs of a core with queues, and those that wait, in lanes: jobs of one lane ask for the same,
// in the same queue, with the same priority, and are expected to run about as long, so that they
// differ in nothing but who came first. Whether a lane's first job can start says it for all of
// them, which keeps a pass over a long backlog short. Internal to the core.
#pragma once

#include "base/region.h"
#include "core/types.h"

enum wf_phase {
    WF_PHASE_LATER,   // held, not begun, or other jobs come first
    WF_PHASE_WAITING, // in a lane
    WF_PHASE_RUNNING,
};

// All that is known of a job, by its slot in the cluster.
struct wf_ticket {
    struct wf_job_spec spec; // its list of dependencies is gone
    enum wf_phase phase;
    uint64_t sequence; // the order in which jobs came; kept when a job waits again
    int64_t submit_ms;
    int64_t ready_ms; // since when it could have started but for room, shares and budgets
    int64_t start_ms; // running: since when
    int64_t saved_ms; // running: what it did until then is saved
    int64_t end_ms;   // running: believed to last until then
    uint32_t lane, next, previous; // waiting; the last two also outside, aside and running
    uint32_t reservation;          // or WF_NONE
    int64_t look_ms;               // its kept start time is not looked at again before,
    uint64_t changes_seen;         // and not unless more came free than had by then
    uint32_t open_dependencies;    // core/schedule/dependency.h
    uint32_t preemptions;
    int64_t move_next_ms; // it has a start time kept: others are not moved for it before,
    uint64_t move_seen;   // and not unless more started or came free than had by then
    bool is_outside;      // ready to wait, but there is no lane left for it
    bool is_aside;        // likewise, but it could not start even if nothing else ran,
    bool is_too_much;     // and this is for a limit of its queues
    bool has_started;     // once, though it may wait again
    bool was_moved;       // once, for others
    bool is_doomed;       // what it waits for ended the wrong way
    uint32_t stint;       // running: its number with the queues
};

// Why a lane's first job does not start.
enum wf_block {
    WF_BLOCK_NONE,   // not tried since something changed
    WF_BLOCK_ROOM,   // no nodes with room for all its tasks
    WF_BLOCK_SHARE,  // its queue, or one above, is at its limit
    WF_BLOCK_BUDGET, // likewise: has spent its budget
    WF_BLOCK_ARRAY,  // as many of its array run as may
};

struct wf_lane {
    // What its jobs have in common.
    struct wf_request request;
    uint32_t tasks;
    enum wf_within within;
    wf_queue_id queue;
    int32_t priority;
    bool preemptible;
    uint32_t array; // only of arrays that may not run all at once
    uint8_t run_bucket, limit_bucket;
    int64_t deadline_ms; // 0: none

    uint32_t count, first, last; // jobs by sequence
    uint32_t first_unreserved;   // the first without a start time kept for it, or WF_NONE
    uint32_t ask;
    enum wf_block block;
    wf_queue_id blocked_at; // SHARE, BUDGET: the queue that says no; ARRAY: its own
    uint32_t next_blocked, previous_blocked; // of those blocked at the same queue
    uint64_t hopeless_at;    // no start time could be found for it when the schedule's count
                             // of changes was this
    uint32_t slots;          // how many such tasks one zone, pool or group would hold if nothing
                             // else ran, where they must stay within one,
    uint64_t counted_at;     // counted when the schedule's count of machines' changes was this
    int64_t preempt_next_ms; // preemption is not tried again before,
    uint64_t preempt_seen;   // and so many had started or ended when it was tried last
    uint32_t place_used;     // in the list of lanes in use
    uint32_t place_open;     // in the list of lanes to be tried, or WF_NONE
    uint32_t next_of_ask, previous_of_ask;
    uint32_t next_of_queue, previous_of_queue;
    uint32_t next_in_bucket; // hash, or free list
};

// What lanes ask for, whatever their queue: a node that came free is held against each ask once.
struct wf_ask {
    struct wf_request request;
    uint32_t first_lane;
    uint32_t lanes;
    uint32_t slots;      // at least so many tasks fit on the machines if nothing else runs,
    uint64_t counted_at; // as counted when the schedule's count of machines' changes was this
    uint32_t place_used;
    uint32_t next_in_bucket; // hash, or free list
};

struct wf_backlog {
    struct wf_ticket *tickets; // by job slot
    struct wf_lane *lanes;
    struct wf_ask *asks;
    uint32_t *lane_buckets, *ask_buckets;
    uint32_t bucket_mask;
    uint32_t lanes_max;
    uint32_t free_lane, free_ask;         // used before; else
    uint32_t fresh_lane, fresh_ask;       // the first never used
    uint32_t *used, used_count;           // lanes with jobs
    uint32_t deadline_lanes;              // of these, lanes of jobs with a deadline
    uint32_t *open, open_count;           // of these, lanes to be tried
    uint32_t *used_asks, used_asks_count; // asks with lanes
    uint32_t *first_of_queue;             // lane, or WF_NONE
    uint32_t *blocked; // by queue: first of the lanes that are blocked at it, or WF_NONE
    uint64_t sequence;
    uint32_t waiting;                     // jobs in lanes
    uint32_t first_outside, last_outside; // jobs for which there is no lane left, as they came
    uint32_t first_aside, last_aside;     // jobs that could not start even if nothing else ran
};

// Errors: WF_NOMEM.
enum wf_status wf_backlog_init(struct wf_backlog *backlog, struct wf_region *region,
                               const struct wf_limits *limits, struct wf_error *err) WF_MUST_USE;

// Puts a job into its lane, which is open then; or, when there is no lane left, on the list of
// those outside. take_in puts those into lanes that came free since, and returns whether it did.
void wf_backlog_add(struct wf_backlog *backlog, uint32_t job);
bool wf_backlog_take_in(struct wf_backlog *backlog);
// Puts a job that is in no lane with those that could not start whatever ends, where it is in
// nobody's way; tries to find lanes for all of these again.
void wf_backlog_set_aside(struct wf_backlog *backlog, uint32_t job);
void wf_backlog_take_back(struct wf_backlog *backlog);
// Takes a waiting job out of its lane; one that is outside or aside off that list, and leaves any
// other.
void wf_backlog_remove(struct wf_backlog *backlog, uint32_t job);
void wf_backlog_leave_outside(struct wf_backlog *backlog, uint32_t job);

// Says why the lane's first job cannot start and, for all but NONE and ROOM, at which queue; NONE:
// it is to be tried again.
void wf_backlog_block(struct wf_backlog *backlog, uint32_t lane, enum wf_block block,
                      wf_queue_id at);
// All lanes that are blocked at the queue are to be tried again.
void wf_backlog_unblock(struct wf_backlog *backlog, wf_queue_id queue);

// Tells that a start time is kept for the lane's first job without one, or no longer for this job.
void wf_backlog_reserved(struct wf_backlog *backlog, uint32_t job, uint32_t reservation);
void wf_backlog_unreserved(struct wf_backlog *backlog, uint32_t job);

// Returns how long the job may be expected to run, for its place among others; never below 1.
int64_t wf_ticket_run_ms(const struct wf_ticket *ticket);
// Returns the GPU share of all its tasks, in milli-GPU.
int64_t wf_job_gpu_milli(const struct wf_job_spec *spec);
