// SPDX-License-Identifier: Apache-2.0
// A desk with a real database and a played cluster, whose own scheduler takes jobs in, runs them,
// and starts those by itself that it does not leave to the desk. It picks the GPUs by itself,
// always, and the highest first, so that the core is mostly wrong about them. What the desk asks
// of it is done later, or lost when the daemon is killed before.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "daemon/desk/foreign.h"

enum {
    CLUSTER_NODES = 4,
    CLUSTER_GPUS = 4,
    CLUSTER_JOBS_MAX = 400,
    CLUSTER_REQUESTS_MAX = 256,
    CLUSTER_TASKS_MAX = 8,
};

struct cluster_place {
    uint32_t node, gpu_set, tasks;
};

struct cluster_job {
    char key[16];
    enum wf_foreign_state state;
    bool is_there;  // else it was forgotten
    bool is_news;   // the desk was not told since it changed
    bool by_others; // the cluster starts it by itself
    bool held;
    uint32_t tasks, gpus, gpu_milli, cpus, priority;
    bool apart, preemptible;
    char start[WF_RUN_ID_MAX + 1];    // decision that it is pinned by; "": none
    uint32_t pins[CLUSTER_TASKS_MAX]; // its nodes
    uint32_t restarts, starts;
    int64_t submitted_ms, started_ms, ended_ms;
    struct cluster_place places[CLUSTER_NODES];
    uint32_t place_count;
    struct wf_run end;
    bool was_cancelled; // the desk was asked to
};

struct cluster_request {
    bool is_start;
    uint32_t job;
    char id[WF_RUN_ID_MAX + 1];
    uint32_t pins[CLUSTER_TASKS_MAX];
    enum wf_run_stop why;
};

struct wf_engine {
    struct cluster_job jobs[CLUSTER_JOBS_MAX];
    uint32_t count;
    struct cluster_request requests[CLUSTER_REQUESTS_MAX]; // on their way
    uint32_t request_count;
    uint32_t ends_fail, starts_fail;
    uint32_t started, ended; // by the desk's word
    struct cluster *cluster;
};

struct cluster {
    struct wf_desk *desk;
    struct wf_database *db;
    struct wf_engine *engine;
    struct wf_site *site;
    char folder[64], path[128], snapshot[128];
    int64_t now_ms;
    bool watches, disk_full;
    uint32_t drained; // by its scheduler, a bit a node
    struct wf_desk_granter granter;
    struct wf_random random;
    uint32_t save_every, batches;
    uint32_t shuffled; // looks in any order, some jobs told twice
};

void cluster_make(struct cluster *cluster, bool watches, uint64_t seed);
void cluster_open(struct cluster *cluster);
// As the daemon is killed: what it has not written, and not asked of the cluster yet, is lost.
void cluster_close(struct cluster *cluster);
void cluster_clear(struct cluster *cluster);

bool cluster_write(struct cluster *cluster);
// Writes until nothing is left to be written.
void cluster_flush(struct cluster *cluster);

struct cluster_job *cluster_submit(struct cluster *cluster, uint32_t gpus, uint32_t tasks);
uint64_t cluster_id(const struct cluster *cluster, const struct cluster_job *job); // 0: not live
const char *cluster_state(struct cluster *cluster, uint64_t id);

// What the cluster does: carries out what it was asked, starts whom it may, ends one, has one wait
// again.
void cluster_obey(struct cluster *cluster);
void cluster_schedule(struct cluster *cluster);
bool cluster_run_on(struct cluster *cluster, struct cluster_job *job, const uint32_t *nodes);
void cluster_end(struct cluster *cluster, struct cluster_job *job, enum wf_run_end end,
                 int32_t exit_code);
void cluster_requeue(struct cluster *cluster, struct cluster_job *job, bool held);

// Tells the desk what is new, or everything.
void cluster_look(struct cluster *cluster);
// All of it, one after the other, until nothing more happens by itself.
void cluster_settle(struct cluster *cluster);

// The core's books are as the cluster is, and so are the rows.
void cluster_check_books(struct cluster *cluster);
void cluster_check_journal(struct cluster *cluster);
struct wf_desk_ask cluster_ask(const char *user, bool all);
