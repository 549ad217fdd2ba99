// SPDX-License-Identifier: GPL-3.0-or-later
// What must be known of a job to carry a request out: taken from Slurm at each look, never kept
// beyond it, so that a decision needs one call and not two.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#include "slurm/compat.h"
#include "slurm/mark.h"

struct wf_facts {
    uint32_t id;
    uint32_t array, task; // 0, NO_VAL: none
    char *tasks;          // of a waiting array's record, as plain ranges; NULL: it is none
    uint64_t tasks_count;
    bool het, requeue;
    uint32_t state; // Slurm's, with its flags
    uint32_t reason;
    uint32_t priority, restarts;
    uint32_t nodes_min, nodes_max; // as they now are in Slurm
    int64_t begin;                 // not before this second; Slurm tells it as the eligible time
    char *partition, *required, *excluded, *comment; // "" where there are none
    struct wf_mark mark;
    uint64_t digest; // of what was told of it; 0: nothing was
    uint64_t round;
    UT_hash_handle hh;
};

struct wf_jobs {
    struct wf_facts *table;
    uint64_t round;
    uint32_t held_count; // waiting jobs that carry our mark, as of the last whole look
};

// Takes what Slurm says now, digest with it; makes the entry where there is none. Returns it.
struct wf_facts *wf_jobs_take(struct wf_jobs *jobs, const slurm_job_info_t *job, uint64_t digest);
struct wf_facts *wf_jobs_find(const struct wf_jobs *jobs, uint32_t id);
void wf_jobs_remove(struct wf_jobs *jobs, struct wf_facts *facts);
// Between the two every job that there is is taken, or seen again; gone is called for each of the
// others, which are then removed.
void wf_jobs_begin(struct wf_jobs *jobs);
void wf_jobs_end(struct wf_jobs *jobs, void (*gone)(void *context, uint32_t id), void *context);
void wf_jobs_untell(struct wf_jobs *jobs); // a new daemon was told of none
void wf_jobs_clear(struct wf_jobs *jobs);

bool wf_facts_is_pending(const struct wf_facts *facts); // and nothing of it runs any more
bool wf_facts_is_running(const struct wf_facts *facts); // or is suspended
bool wf_facts_is_held(const struct wf_facts *facts);
// It carries our mark, and somebody has changed what we set.
bool wf_facts_is_edited(const struct wf_facts *facts);
// Waits because of us alone: held under our mark, and nobody has touched it.
bool wf_facts_is_held_by_us(const struct wf_facts *facts);
// As asked for at submission, also where a pin has changed it.
const char *wf_facts_wanted(const struct wf_facts *facts);
uint32_t wf_facts_nodes_min(const struct wf_facts *facts);
uint32_t wf_facts_nodes_max(const struct wf_facts *facts);
