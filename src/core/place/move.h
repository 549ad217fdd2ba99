// SPDX-License-Identifier: Apache-2.0
// One move of a running task, so that a task that no node has room for starts after all.
//
// A move takes a task declared movable off its node, which the refused task then gets, and puts it
// where the policy would put it if it arrived now: on another node, or on other GPUs of the same.
// It is worth making when the refused task's GPUs, at the value of refused work over the expected
// run, bring more than the move costs. Of all moves that are, the core makes the cheapest; of
// equally cheap ones the one with the best sum of the policy's scores (the refused task's and the
// moved task's new places, less the place given up), then by the ids of node, job and task.
//
// Tasks of a gang stay where they are, since all of them would have to stop; a gang of several
// tasks that finds no room gets none made, and a job moves none of its own tasks. A policy that
// places at random moves nothing.
//
// The search is bounded. It looks at WF_MOVE_WORK_MAX running tasks, fewer where more of them make
// room, from the node on where the last search stopped, and asks for a place for the kinds of
// requests it met (WF_MOVE_KINDS_MAX), the most promising first, until the asking may have scored
// WF_MOVE_SCORES_MAX nodes, though at least for two. Within these bounds, in which any cluster of
// some thousand nodes is, it is exact. Internal to the core.
#pragma once

#include "core/place/ranking.h"

#define WF_MOVE_WORK_MAX 65536    // tasks looked at; one that would make room counts for five
#define WF_MOVE_KINDS_MAX 256     // distinct requests of tasks that would make room
#define WF_MOVE_SCORES_MAX 262144 // nodes scored in search of places

struct wf_mover;

// For whom room is sought.
struct wf_move_wish {
    const struct wf_request *request;
    uint32_t job;             // slot of its job, whose tasks stay
    int64_t cost_max_nanousd; // the move may cost that much
};

struct wf_move {
    uint32_t placement; // the task that moves; it leaves its node to the task of the wish
    uint32_t target;    // node where it goes
};

// All are borrowed and must outlive the mover; ranking may be NULL. During a search the cluster's
// state is changed and put back. NULL: the region has no room.
struct wf_mover *wf_mover_create(struct wf_region *region, struct wf_cluster *cluster,
                                 const struct wf_outlook *outlook, const struct wf_policy *policy,
                                 struct wf_ranking *ranking);

// The policy lies elsewhere than it did (wf_core_adopt).
void wf_mover_adopt(struct wf_mover *mover, const struct wf_policy *policy);

// Finds the move that makes room. Returns whether there is one.
bool wf_mover_find(struct wf_mover *mover, const struct wf_move_wish *wish,
                   struct wf_move *move_out);

// Returns what a task brings: its GPU share over its expected run (0 minutes: one hour) at the
// value of a GPU-hour, in nano-dollars.
int64_t wf_move_win_nanousd(const struct wf_request *request, uint32_t run_minutes,
                            int64_t value_nanousd_per_gpu_hour);
