// SPDX-License-Identifier: Apache-2.0
// Random histories for a core with queues, from a seed: a site, a tree of queues, jobs of every
// kind, and nodes that go and return. Jobs run as long as the history knows and nobody else does;
// what a job says of it is sometimes wrong. After a while nothing new comes, all nodes are back and
// all jobs are released: then everything must come to an end.
#pragma once

#include "base/random.h"
#include "core/core.h"
#include "core/discipline/discipline.h"

enum {
    HISTORY_POOLS = 4,
    HISTORY_NODES = 10,
    HISTORY_QUEUES = 7,
    HISTORY_JOBS = 90,
    HISTORY_AFTER = 3,
};

struct history_job {
    struct wf_job_spec spec;
    struct wf_dependency after[HISTORY_AFTER];
    int64_t run_ms; // what it really takes
    bool fails;
    bool submitted, over, running;
    int64_t end_ms; // running: when it ends
};

struct history {
    struct wf_random random;
    uint64_t seed;
    struct wf_core_config config;
    int64_t now_ms, wake_ms;
    uint32_t setup; // events of the site told so far
    struct wf_pool_spec pools[HISTORY_POOLS];
    struct wf_node_spec nodes[HISTORY_NODES];
    bool node_up[HISTORY_NODES], node_closed[HISTORY_NODES];
    int64_t node_gone_ms[HISTORY_NODES]; // as its notice says; 0: it has none
    int64_t node_shun_ms[HISTORY_NODES]; // until then its pool takes nothing
    struct wf_queue_spec queues[HISTORY_QUEUES];
    uint32_t pool_count, node_count, queue_count, job_count;
    bool has_budgets;
    struct history_job jobs[HISTORY_JOBS]; // job ids are one more than their places
    uint32_t submitted;
    uint32_t moves_left; // as allowed and not made yet
    int64_t next_ms;     // when the next thing happens by chance
    int64_t quiet_ms;    // from then on nothing does
};

void history_init(struct history *history, uint64_t seed);

// Fills the next event, of a time that is never after the core's wake. Returns false when there is
// nothing more to come. What the event points to is valid until the next call.
bool history_next(struct history *history, struct wf_event *event);

// Tells that the core took the event, and what it decided on it, so that jobs end when they have
// run.
void history_take(struct history *history, const struct wf_event *event,
                  const struct wf_decisions *decisions);

// Whether a node must take no new work, as it was told so far.
bool history_is_shut(const struct history *history, uint32_t node);

struct history_job *history_job(struct history *history, wf_job_id id);
