// SPDX-License-Identifier: Apache-2.0
// What a search for victims keeps, shared by its parts: preempt.c looks at every node and leaves
// only minimal answers, preempt_node.c knows the jobs of one node, preempt_gang.c chooses among the
// nodes for a gang. Internal to core/preempt/preempt.h.
#pragma once

#include "core/preempt/preempt_node.h"

// A job that runs, as far as the search has met it.
struct wf_preempt_job {
    int64_t loss_nanousd; // negative: it stays
    uint32_t search;      // the search in which the rest was set
    uint32_t gain_round;  // the domain, counted from 1, for which the gain was counted
    uint32_t gain;        // tasks that can start there when this job alone leaves
    bool leaving;
};

// A node that may serve the wish.
struct wf_preempt_node {
    uint32_t domain;    // WF_NONE: it may not
    uint32_t next;      // in its domain
    uint32_t room;      // tasks that can start now that those who are leaving have left
    uint32_t room_most; // if everybody left who may
    // In preempt_gang.c:
    uint32_t place;       // in the heap, or WF_NONE
    bool is_left;         // by the last victims, and not looked at since
    int64_t loss_nanousd; // for each task, of the best that can leave here
};

// Nodes on which the tasks of the wish may be together.
struct wf_preempt_domain {
    uint64_t key;
    uint32_t first, last; // its nodes, by number
    uint64_t room, room_most;
};

struct wf_preempt_answer {
    uint32_t *jobs;
    uint32_t count;
    int64_t loss_nanousd;
};

struct wf_preempt {
    const struct wf_cluster *cluster;
    const struct wf_preempt_wish *wish;
    uint32_t search, round;
    uint32_t looks_left;
    uint32_t tasks_left;           // that may still be looked at to count the room of gangs
    struct wf_preempt_job *jobs;   // by slot
    struct wf_preempt_node *nodes; // by number, as all below
    struct wf_state *states;       // now that those who are leaving have left
    struct wf_preempt_domain *domains;
    uint32_t domain_count, domains_with_room; // that have room for the wish
    uint32_t *buckets;                        // of domains by key; a power of two of them
    uint32_t bucket_mask;
    uint32_t *heap;
    uint32_t heap_count;
    struct wf_preempt_answer now, best;
    struct wf_preempt_answer lone; // some of one node's leavers, who make all the room needed
    uint32_t lone_jobs[WF_PREEMPT_NODE_JOBS_MAX];
    struct wf_leavers leavers;
};

// Returns whether the job may still be stopped.
bool wf_preempt_may_leave(struct wf_preempt *search, uint32_t job);

// Lets a booked job leave the copies of the nodes' states, or come back to them.
void wf_preempt_leave(struct wf_preempt *search, uint32_t job);
void wf_preempt_return(struct wf_preempt *search, uint32_t job);

// Lists in search->leavers who may leave the node to make room for one more task there. Returns
// what the node lacks.
struct wf_lack wf_preempt_gather(struct wf_preempt *search, uint32_t node);

// Finds the cheapest set of search->leavers for that. As wf_leavers_search().
bool wf_preempt_search_node(struct wf_preempt *search, uint32_t node, const struct wf_lack *lack,
                            struct wf_leaving *best);

// Lets a set of search->leavers leave for good: books it, and puts it into search->now.
void wf_preempt_settle(struct wf_preempt *search, uint64_t set);

// Makes room for all tasks of the wish in a domain, if that can be: search->now has the victims.
// Whether it could or not, search->lone has the cheapest others it met who would do, if any: a
// choice that is the best for each task can end dearer than one that is the best for all.
bool wf_preempt_gang(struct wf_preempt *search, uint32_t domain);
