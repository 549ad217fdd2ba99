// SPDX-License-Identifier: Apache-2.0
// The smallest change after which a job of several tasks starts: branch and bound over the sets of
// kinds, fewest kinds first. Internal to core/explain/remedy.c.
//
// A job starts if the capacities of the nodes add up to its tasks (core/place/capacity.h), and
// capacity only grows with each step of each kind. So a set of kinds can help at all only if it
// helps when all its kinds go as far as they can. The steps of one kind after the other are then
// narrowed down by halves: a half is left out when it begins with what is as large as the best
// change known, or when its end, with all that the later kinds could add below that size, does not
// help.
#pragma once

#include "core/cluster.h"
#include "core/explain/change.h"

// Open nodes that are alike for this job.
struct wf_remedy_group {
    uint32_t node; // one of them
    uint32_t nodes;
    uint32_t next_in_bucket;
    uint32_t place_level; // at which they are inside the job's place
    uint64_t labels_missing;
};

struct wf_remedy_scratch {
    struct wf_remedy_group *groups;
    uint32_t *buckets;
    uint32_t nodes_max;
    uint32_t bucket_mask;
};

// Returns whether a change of the kinds offered lets all tasks start, and the smallest such change.
// *exact_out is false where the work was cut short: the change then is one that helps.
bool wf_remedy_search(const struct wf_cluster *cluster, const struct wf_job_spec *job,
                      uint32_t kinds_offered, struct wf_remedy_scratch *scratch,
                      struct wf_change *change_out, bool *exact_out);

// Returns the place level at which a pool's place is within the wanted one: 0 to
// WF_CHANGE_PLACE_LEVELS.
uint32_t wf_remedy_place_level(struct wf_place pool, struct wf_place wanted);
