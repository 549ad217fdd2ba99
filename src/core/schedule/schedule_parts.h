// SPDX-License-Identifier: Apache-2.0
// What the files of the schedule share. Internal to the core: others see core/schedule/schedule.h.
#pragma once

#include "core/schedule/schedule.h"

enum wf_keep {
    WF_KEEP_NONE, // there is no start time
    WF_KEEP_KEPT,
    WF_KEEP_STARTED,
};

// Lets time pass for shares, budgets and kept start times.
void wf_schedule_advance(struct wf_schedule *schedule, int64_t now_ms);

// Returns what keeps a job from starting but for room, or NONE; *at_out gets the queue that says
// no, or its own.
enum wf_block wf_schedule_may_start(struct wf_schedule *schedule, uint32_t job,
                                    wf_queue_id *at_out);

// Tries to start a waiting job that has no start time kept. Returns why it cannot, or NONE: it
// runs. *at_out gets the queue that says no, or its own.
enum wf_block wf_schedule_start(struct wf_schedule *schedule, uint32_t job, wf_queue_id *at_out);

// A decision about a placed task.
struct wf_decision wf_schedule_decision(const struct wf_cluster *cluster,
                                        const struct wf_placement *placement,
                                        enum wf_decision_kind kind);

// A node is to go, or stays after all; opens pools whose time of being shunned is over.
enum wf_status wf_schedule_notice(struct wf_schedule *schedule, const struct wf_event *event,
                                  struct wf_error *err) WF_MUST_USE;
void wf_schedule_shun(struct wf_schedule *schedule);

// Takes a running job off its nodes; kind says what becomes of its tasks.
void wf_schedule_stop(struct wf_schedule *schedule, uint32_t job, enum wf_decision_kind kind);

// The same for a job whose tasks have left their nodes already, without any decision.
void wf_schedule_release(struct wf_schedule *schedule, uint32_t job);

// A running job is not over when that was believed: believes in a later end.
void wf_schedule_overrun(struct wf_schedule *schedule, uint32_t job);

// Until when a running job runs at the very most; WF_NEVER: nobody here stops it.
int64_t wf_schedule_latest_ms(const struct wf_schedule *schedule, const struct wf_ticket *ticket);

// Others decide from now on, or this core does (schedule_watch.c).
void wf_schedule_watch(struct wf_schedule *schedule, bool watches, int64_t now_ms);

// Room came free on a node.
void wf_schedule_freed(struct wf_schedule *schedule, uint32_t node);

// Puts a stopped job back into the queue.
void wf_schedule_requeue(struct wf_schedule *schedule, uint32_t job);

// A job is over, or will never start: whoever waits for it is told, and it is forgotten.
void wf_schedule_forget(struct wf_schedule *schedule, uint32_t job, bool failed);

// Puts a job into its lane when nothing keeps it out.
void wf_schedule_admit(struct wf_schedule *schedule, uint32_t job);

// A waiting job's turn, by that rank of the discipline or by none; whether one goes before the
// other.
struct wf_turn wf_schedule_turn(const struct wf_schedule *schedule, uint32_t lane,
                                int64_t (*rank)(const struct wf_standing *));
bool wf_schedule_goes_before(const struct wf_schedule *schedule, const struct wf_turn *a,
                             const struct wf_turn *b);

// Returns the job, or WF_NONE, to which the lane's first job without a start time must leave the
// room under the limit of a queue, which *at_out gets: if it starts at once, or at any later time.
uint32_t wf_schedule_yields(const struct wf_schedule *schedule, uint32_t lane, bool at_once,
                            wf_queue_id *at_out);
// Queues were made, or are elsewhere in their tree.
void wf_schedule_read_tree(struct wf_schedule *schedule);
// A job that waited does so no more, or for somebody's word: who left room to it is tried again.
void wf_schedule_goes(struct wf_schedule *schedule, uint32_t job);
// A job runs, or does no more; start times or ends below a queue are others.
void wf_schedule_runs(struct wf_schedule *schedule, uint32_t job);
void wf_schedule_runs_no_more(struct wf_schedule *schedule, uint32_t job);
void wf_schedule_room_changed(struct wf_schedule *schedule, wf_queue_id queue);

// Gives up the start time that is kept for a job, if one is; keeps one, if there is one, or starts
// the job when its time has come already.
void wf_schedule_give_up(struct wf_schedule *schedule, uint32_t job);
enum wf_keep wf_schedule_keep(struct wf_schedule *schedule, uint32_t job);

// Places all tasks of a job or none, without booking anything else; what the tasks hold stands in
// schedule->placed.
bool wf_schedule_place(struct wf_schedule *schedule, uint32_t job);
// The same on the nodes and GPUs of a reservation, which is gone then.
bool wf_schedule_place_kept(struct wf_schedule *schedule, uint32_t job, uint32_t reservation);
void wf_schedule_unplace(struct wf_schedule *schedule, uint32_t placement);
// While tasks of a job are placed that must be apart: hides the node of one that is, or of all,
// from the search. Of other jobs nothing.
void wf_schedule_hide(struct wf_schedule *schedule, uint32_t job, uint32_t placement, bool hidden);
void wf_schedule_hide_all(struct wf_schedule *schedule, uint32_t job, bool hidden);
// Finds a node for one task of a job, in the scope of its gang where that must stay together.
// Returns its placement or WF_NONE.
uint32_t wf_schedule_place_task(struct wf_schedule *schedule, uint32_t job, uint32_t task,
                                uint32_t scope);
// Books the start of a waiting job that was placed; the second is the part of it that holds for a
// job which was found running, too.
void wf_schedule_book(struct wf_schedule *schedule, uint32_t job);
void wf_schedule_hold_gpus(struct wf_schedule *schedule, uint32_t job, int64_t started_ms);
// A further task of a running job was found.
void wf_schedule_hold_more(struct wf_schedule *schedule, uint32_t job);

// Sets aside who could not start even if nothing else ran, so that others get the lanes.
void wf_schedule_sort_out(struct wf_schedule *schedule);

// The pass itself, and its last parts: queues take back what is guaranteed to them, and small work
// moves together for large work.
void wf_schedule_pass(struct wf_schedule *schedule);
void wf_schedule_reclaim(struct wf_schedule *schedule);
void wf_schedule_move(struct wf_schedule *schedule);

// Whether one task of the request would fit on the node now.
bool wf_schedule_may_take(const struct wf_schedule *schedule, uint32_t node,
                          const struct wf_request *request);

// What a running job did since it last saved its work, at what its GPUs cost; negative: it must not
// be stopped.
int64_t wf_schedule_loss_nanousd(const struct wf_schedule *schedule, uint32_t job);
// Shows a search for victims the room that is kept for the job itself, as if it were free.
void wf_schedule_lift_kept(struct wf_schedule *schedule, uint32_t job);
// Takes the victims' tasks off their nodes for a trial. Returns how many, which stand in
// schedule->lifted, or 0 when they are too many to be put back.
uint32_t wf_schedule_lift(struct wf_schedule *schedule, const uint32_t *victims, uint32_t count);
void wf_schedule_put_back(struct wf_schedule *schedule, uint32_t lifted);
// Says that these were stopped for others, in earnest.
void wf_schedule_tell_lifted(struct wf_schedule *schedule, uint32_t lifted);
// Says that a job waits again.
void wf_schedule_tell_waits(struct wf_schedule *schedule, uint32_t job);
