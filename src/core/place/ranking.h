// SPDX-License-Identifier: Apache-2.0
// For each request class met so far, which node is best, without looking at every node again.
//
// A class is what decides scores: all of a request but its models and its place, which only shut
// out pools.
// Scores are kept per class and node, with the best of every 32 nodes and of every 1,024 on top. A
// node that changes is written to a log; a class catches up with the log when it is next asked, so
// a node is scored again only if it changed since, and once however often it changed. Nodes that
// look alike share one evaluation when a class is scored afresh. The choice is exactly that of the
// plain loop over all nodes: this is a cache and nothing else. Internal to the core.
#pragma once

#include "base/region.h"
#include "core/policy/policy.h"

struct wf_ranking;

// A node to put a task on. node is WF_NONE when none fits.
struct wf_choice {
    uint32_t node;
    int64_t score;
};

// cluster, outlook and policy are borrowed and must outlive the ranking.
enum wf_status wf_ranking_create(struct wf_region *region, const struct wf_cluster *cluster,
                                 const struct wf_outlook *outlook, const struct wf_policy *policy,
                                 struct wf_ranking **ranking_out, struct wf_error *err) WF_MUST_USE;

// The policy lies elsewhere than it did: the program was started anew (wf_core_adopt).
void wf_ranking_adopt(struct wf_ranking *ranking, const struct wf_policy *policy);

// Tells that a node came, or went, or that what is free on it changed.
void wf_ranking_add_node(struct wf_ranking *ranking, uint32_t node);
void wf_ranking_remove_node(struct wf_ranking *ranking, uint32_t node);
void wf_ranking_touch(struct wf_ranking *ranking, uint32_t node);

// Tells that the demand forecast changed: every kept score is void.
void wf_ranking_forget(struct wf_ranking *ranking);

// Returns the best node for one task of the request.
struct wf_choice wf_ranking_choose(struct wf_ranking *ranking, const struct wf_request *request);
