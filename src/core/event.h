// SPDX-License-Identifier: Apache-2.0
// A fact, as it reaches the core. Everything the core knows came in one of these, so a list of
// events (a journal, a trace) is enough to have every decision again.
#pragma once

#include "core/types.h"

enum wf_event_kind {
    WF_EVENT_POOL,       // a pool exists, or its price or place changed
    WF_EVENT_NODE_UP,    // a node came, or its labels changed
    WF_EVENT_NODE_DOWN,  // a node went; what ran on it is lost
    WF_EVENT_NODE_DRAIN, // a node takes no new work (closed) or takes it again
    WF_EVENT_JOB_SUBMIT, // somebody asks for a job
    WF_EVENT_JOB_END,    // a job ended: its tasks leave their nodes
    WF_EVENT_TASK_FOUND, // a task already runs on a node: a restart, or somebody else's start
    WF_EVENT_MIX,        // the demand forecast is given; a mix without classes gives it back to
                         // what the core learns from arrivals
    WF_EVENT_MOVES,      // how many running tasks may be moved from now on (core/place/move.h; with
                         // queues: core/schedule/schedule_move.c)
    WF_EVENT_TIME,       // nothing but time passed, as asked for in wf_decisions.wake_ms
    WF_EVENT_QUEUE,      // a queue exists, or its share or limits changed
    WF_EVENT_JOB_HOLD,   // a waiting job is held, or released
    WF_EVENT_JOB_SAVED,  // a running job saved its work: no more than what follows can be lost
    WF_EVENT_JOB_CHANGE, // a waiting job asks for something else, and keeps its place in line
    WF_EVENT_NODE_NOTICE, // a node is to go at a stated time, or stays after all
    WF_EVENT_WATCH,       // others decide from now on, or this core does
};

struct wf_event {
    int64_t time_ms; // never before the last event's
    enum wf_event_kind kind;
    // More is told of this very time: a core with queues starts nothing before it has heard all, so
    // that the order in which events of one time are told gives nobody an advantage. The next event
    // must be of the same time, as wake_ms says; WF_EVENT_TIME will do.
    bool more;
    union {
        struct {
            wf_pool_id id;
            struct wf_pool_spec spec;
        } pool;
        struct {
            wf_node_id id; // the id is the order of preference between equal nodes: lowest first
            // Of a node that is up: all of it but the labels as it was, and what runs there stays.
            struct wf_node_spec spec;
        } node_up;
        struct {
            wf_node_id id;
        } node_down;
        struct {
            wf_node_id id;
            bool closed;
        } node_drain;
        struct {
            wf_node_id id;   // takes no new work; what runs there waits again, and starts elsewhere
            int64_t gone_ms; // when it goes, which may be over; 0: the notice is withdrawn, and the
                             // node takes work as before
            int64_t shun_ms; // until then no node of its pool takes new work; 0: the others do
        } node_notice;
        struct wf_job_spec job_submit;
        struct {
            wf_job_id id; // of a job that waits: it was cancelled
            bool failed;  // what jobs that wait for it may want to know
            bool again; // only its run ended: a running job waits again, at its old place in line,
                        // and nobody who waits for it is told; failed means nothing then
        } job_end;
        struct {
            wf_job_id job; // several tasks of a job are found one by one
            uint32_t task;
            wf_node_id node;
            uint32_t gpus; // set of GPU numbers on that node
            struct wf_request request;
            int64_t started_ms; // since when it runs, of a job's first task; 0: since now
            // Whoever tells knows what runs, whatever seems to be free: the task is there with as
            // much of what it uses as is left, GPUs that are named first, others where too few are.
            bool anyway;
        } task_found;
        struct {
            const struct wf_mix_class *classes; // borrowed for the step
            uint32_t count;
        } mix;
        struct {
            // In place of what was left of the last allowance; 0: none; UINT32_MAX: no end of them.
            uint32_t allowed;
            int64_t cost_max_nanousd; // no single move may cost more; 0: any that is worth it
            // Of work that would be refused, or waits; 0: the mean price of the fleet's GPUs.
            int64_t value_nanousd_per_gpu_hour;
        } moves;
        struct {
            wf_queue_id id;
            struct wf_queue_spec spec;
        } queue;
        struct {
            wf_job_id id;
            bool held;
        } job_hold;
        struct {
            wf_job_id id;
        } job_saved;
        struct wf_job_spec job_change; // all of it but the jobs it waits for, which stay
        struct {
            // True: work starts and stops by others' word alone, and is told by TASK_FOUND and
            // JOB_END. The core goes on planning: it keeps start times and knows reasons, but
            // starts, preempts and times out nothing.
            bool watches;
        } watch;
    };
};
