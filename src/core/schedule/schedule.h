// SPDX-License-Identifier: Apache-2.0
// What a core with queues does with jobs: takes them in, starts them when their discipline says so,
// and stops them at their limits. All tasks of a job start at once or none does.
//
// After each event one pass goes over the backlog. It first starts those whose start time is kept,
// if they can start already; then keeps a start time for the foremost of those that wait, as many
// as the discipline wants; then fills what is free with others, in the discipline's order. Room
// that is kept is taken off the nodes (core/reservation.h), so that nothing which starts later can
// delay it: a start time, once kept, moves for machines that go and for work that overruns what was
// believed of it, and for nothing else. Nobody starves, since whoever is foremost by arrival gets a
// start time in the end and no later job can take it away. Internal to the core.
#pragma once

#include "core/discipline/discipline.h"
#include "core/event.h"
#include "core/future/future.h"
#include "core/place/placer.h"
#include "core/preempt/preempt.h"
#include "core/queue/queues.h"
#include "core/record.h"
#include "core/schedule/array.h"
#include "core/schedule/backlog.h"
#include "core/schedule/dependency.h"
#include "core/schedule/scope.h"
#include "core/schedule/timers.h"

// In one pass so many lanes have others stopped for them, each at most as many tasks as a job may
// have, whose jobs wait again; and others are moved for so many.
#define WF_SCHEDULE_RECLAIMS_MAX 4
#define WF_SCHEDULE_MOVES_MAX 2
#define WF_SCHEDULE_RECLAIM_DECISIONS_MAX                                                          \
    ((WF_SCHEDULE_RECLAIMS_MAX * 3 + WF_SCHEDULE_MOVES_MAX * 4) * WF_JOB_TASKS_MAX)

// A lane among those that are to be tried, with what decides who goes first.
struct wf_turn {
    uint32_t lane;
    uint32_t queue_level;
    int32_t priority;
    int64_t rank;
    bool urgent; // its deadline moves it forward
    uint64_t sequence;
};

// Where a queue stands among others, as worked out at one moment.
struct wf_queue_standing {
    uint64_t moment;
    uint32_t level;
};

// A job that room under a queue's limit is kept for (core/schedule/schedule_limits.c).
struct wf_claim {
    uint32_t job; // or WF_NONE
    struct wf_turn turn;
    bool is_reckoned;        // the two below are known
    int64_t until_ms;        // it starts no sooner; WF_NEVER: nobody knows
    int64_t spare_gpu_milli; // what the limit leaves beside it then
};

struct wf_queue_room {
    uint32_t first_child, next_child;     // of the tree of queues
    uint32_t first_running, last_running; // in a leaf, in the order of their starts
    uint64_t known_at;                    // what follows was worked out at this of the times
    struct wf_claim kept, waiting;        // the first with a start time kept; of those without
    int64_t kept_gpu_milli;               // what all with a start time kept ask for
};

struct wf_schedule {
    struct wf_placer *placer; // borrowed, like the record
    struct wf_record *record;
    const struct wf_discipline *discipline;
    struct wf_backlog backlog;
    struct wf_dependencies dependencies;
    struct wf_arrays arrays;
    struct wf_timers timers;
    struct wf_scopes scopes;
    struct wf_queues *queues;
    struct wf_future *future;
    struct wf_preempt *preempt; // NULL: the discipline stops nobody
    bool watches;               // others start and stop work
    int64_t now_ms;
    int64_t next_cycle_ms;
    int64_t budgets_next_ms; // when a budget's window is over that keeps somebody waiting
    uint64_t changes;        // times that room came free, or machines changed
    uint64_t machines;       // times that machines or queues changed, from 1
    uint64_t sorted_at;      // as many had when all jobs were asked whether they can start at all
    uint64_t starts;         // of jobs
    int64_t reclaim_next_ms; // when a queue that is owed something is to try again
    int64_t moves_next_ms;   // when others are to be moved for somebody, if they can be
    // The allowance for moves (WF_EVENT_MOVES).
    uint32_t moves_left;
    int64_t move_cost_max_nanousd, waiting_value_nanousd;
    int64_t deadlines_next_ms; // when a deadline begins or ceases to move a job forward
    int64_t shun_next_ms;      // when a pool takes new work again after one of its nodes went
    uint32_t *freed;           // nodes where room came free since the last pass
    uint8_t *is_freed;
    uint32_t freed_count;
    uint32_t *reserved; // jobs with a start time kept, in the order in which they got it
    uint32_t reserved_count;
    uint32_t reserved_max, reserved_max_urgent; // for anybody; for those whose deadline is near
    struct wf_turn *heap;                       // lanes to be tried
    uint32_t heap_count;
    uint32_t *turns;                     // by queue, for disciplines with cycles: 0 between passes
    struct wf_queue_standing *standings; // by queue
    struct wf_queue_room *rooms;         // by queue
    bool has_limits;                     // some queue
    bool tree_is_old;                    // queues were made or moved since it was read into rooms
    uint64_t times;                      // times that time passed, from 1
    uint64_t moment; // counts starts, stops and steps: what was worked out before is void
    uint32_t placed[WF_JOB_TASKS_MAX];             // placements of the job that is being started
    uint32_t kept[WF_JOB_TASKS_MAX];               // nodes on which a start time was kept
    struct wf_future_task there[WF_JOB_TASKS_MAX]; // where one begins that is to start at once
    struct wf_placement lifted[WF_JOB_TASKS_MAX];  // tasks of those that may be preempted for it
};

// All but schedule_out are borrowed and must outlive it. Errors: WF_NOMEM.
enum wf_status wf_schedule_create(struct wf_region *region, struct wf_placer *placer,
                                  struct wf_record *record, struct wf_schedule **schedule_out,
                                  struct wf_error *err) WF_MUST_USE;

// Takes in what is said of jobs and queues. Errors: as wf_core_step, nothing is changed then.
enum wf_status wf_schedule_take(struct wf_schedule *schedule, const struct wf_event *event,
                                struct wf_error *err) WF_MUST_USE;

// Whether a task may be one of a job that was submitted.
enum wf_status wf_schedule_check_found(const struct wf_schedule *schedule, wf_job_id id,
                                       uint32_t task, struct wf_error *err) WF_MUST_USE;
// It was found running, and placed: the job runs from now on, whatever it waited for.
void wf_schedule_found(struct wf_schedule *schedule, uint32_t placement,
                       const struct wf_event *event);

// A closed node goes: what runs on it is lost or, with a notice, preempted, and waits again, but
// for gangs whose tasks may be replaced one by one and find room elsewhere at once.
void wf_schedule_clear_node(struct wf_schedule *schedule, wf_node_id id, int64_t now_ms,
                            enum wf_decision_kind kind);
// A node is about to come, go, open or close; it did; a pool is of another model or elsewhere.
void wf_schedule_node_changes(struct wf_schedule *schedule, wf_node_id id);
void wf_schedule_node_changed(struct wf_schedule *schedule, wf_node_id id);
void wf_schedule_pool_changed(struct wf_schedule *schedule, wf_pool_id id);

// Stops what has reached its limit, and goes over the backlog. Returns when it wants to be asked
// again, or INT64_MAX.
int64_t wf_schedule_run(struct wf_schedule *schedule, int64_t now_ms);

// Returns how many tasks of the request the machines would hold if nothing else ran; counts no
// further once there is room for enough.
uint32_t wf_schedule_slots(const struct wf_cluster *cluster, const struct wf_request *request,
                           uint32_t enough);
