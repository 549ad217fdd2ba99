// SPDX-License-Identifier: Apache-2.0
// Start times that are kept for waiting jobs, and what other work may still use meanwhile.
//
// A reservation is a start, a length, and a node with GPUs for each task; it holds room in the
// states of those nodes (core/future/timeline.h), so that a choice by state delays none. Work with
// a known end may be put into held room with wf_future_choose.
//
// Who changes the cluster tells so, in this order:
//   a task starts    wf_future_lift(node) if its place is from this header, wf_cluster_place, _add
//   a task ends      wf_future_remove, wf_cluster_unplace
//   a node changes   wf_future_lift(node), then wf_cluster_add_node, _close_node or _remove_node,
//   and
//                    the same of the ranking
// and calls wf_future_settle before a node is next chosen by state: it puts the holds back.
// A reservation becomes a running job by doing the first for each of its tasks, then
// wf_future_cancel. Internal to the core.
#pragma once

#include "core/future/gap.h"
#include "core/future/opening.h"
#include "core/place/ranking.h"

struct wf_future;

// What room is sought for.
struct wf_future_wish {
    uint32_t job; // any number of the caller's
    struct wf_request request;
    uint32_t tasks; // 1 to WF_JOB_TASKS_MAX, all start at once
    enum wf_within within;
    int64_t length_ms; // WF_NEVER: not known, the room is kept for good
    bool whole_nodes; // where it starts later, whatever else is free then on its nodes is kept, too
};

struct wf_future_task {
    uint32_t node;
    uint32_t gpu_set;
    uint32_t next; // task of the reservation, or WF_NONE
};

// What became of a reservation that was planned again. If not SAME or LOST, or if it was broken
// before, its tasks may be on other nodes.
enum wf_future_change {
    WF_FUTURE_SAME,
    WF_FUTURE_EARLIER,
    WF_FUTURE_LATER, // its start was not possible any more
    WF_FUTURE_LOST,  // likewise, and there is no other: it stays as it is, broken
};

// cluster and ranking (which may be NULL) are borrowed and must outlive the future; nothing may run
// in the cluster yet. limits.reservations of the cluster are the reservations that may stand at the
// same time; they may have 4 tasks each on average, and WF_JOB_TASKS_MAX more together, so that a
// job of any size finds its place beside small ones. Errors: WF_NOMEM.
enum wf_status wf_future_create(struct wf_region *region, struct wf_cluster *cluster,
                                struct wf_ranking *ranking, struct wf_future **future_out,
                                struct wf_error *err) WF_MUST_USE;

// It is that late now. All below plans from here on. An earlier time than the last is passed over.
void wf_future_advance(struct wf_future *future, int64_t now_ms);

// A placement, made just now, runs until end_ms at most (WF_NEVER: nobody knows); another end.
void wf_future_add(struct wf_future *future, uint32_t placement, int64_t end_ms);
void wf_future_set_end(struct wf_future *future, uint32_t placement, int64_t end_ms);
// A placement will be taken off its node.
void wf_future_remove(struct wf_future *future, uint32_t placement);

// The node is about to change: what is held on it goes back into its state until it is settled.
void wf_future_lift(struct wf_future *future, uint32_t node);
void wf_future_settle(struct wf_future *future);

// Books the earliest start at which all tasks have room from then on for the whole length, given
// all ends and reservations so far. Returns false when there is none with what is known, or when
// there are too many reservations.
bool wf_future_reserve(struct wf_future *future, const struct wf_future_wish *wish,
                       uint32_t *reservation_out);
// Finds the same start and books nothing.
bool wf_future_find(struct wf_future *future, const struct wf_future_wish *wish,
                    int64_t *start_ms_out);
// Plans the reservation again, all others given, and keeps what starts earlier. Those behind it are
// not asked to give way: after an overrun, cancel them first to keep the order.
enum wf_future_change wf_future_improve(struct wf_future *future, uint32_t reservation);
void wf_future_cancel(struct wf_future *future, uint32_t reservation);

// Through all reservations in the order of booking: first, then next until WF_NONE.
uint32_t wf_future_first(const struct wf_future *future);
uint32_t wf_future_next(const struct wf_future *future, uint32_t reservation);
uint32_t wf_future_count(const struct wf_future *future);

uint32_t wf_future_job(const struct wf_future *future, uint32_t reservation);
int64_t wf_future_start_ms(const struct wf_future *future, uint32_t reservation);
int64_t wf_future_end_ms(const struct wf_future *future, uint32_t reservation);
// Whether it cannot start in time as planned: the time has passed, a task runs longer than was
// thought, or a node is closed or gone or was gone.
bool wf_future_is_broken(const struct wf_future *future, uint32_t reservation);
// Its tasks in the order of their nodes: the first, then by wf_future_task.next.
uint32_t wf_future_first_task(const struct wf_future *future, uint32_t reservation);
struct wf_future_task wf_future_task(const struct wf_future *future, uint32_t task);

// Chooses a place in held room for a task with a known end (core/future/gap.h).
bool wf_future_choose(struct wf_future *future, const struct wf_gap_wish *wish,
                      struct wf_gap *gap_out);

// For tests: core/future/audit.h. The future must be settled.
enum wf_status wf_future_check(const struct wf_future *future, struct wf_error *err) WF_MUST_USE;
