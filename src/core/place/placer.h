// SPDX-License-Identifier: Apache-2.0
// Puts tasks on nodes and takes them off again: the cluster, what its policy looks at (the forecast
// of demand, prices) and what finds nodes fast. Knows nothing of who waits. Internal to the core.
#pragma once

#include "core/core.h"
#include "core/place/demand.h"
#include "core/place/place.h"

struct wf_placer {
    struct wf_core_config config;
    struct wf_cluster cluster;
    struct wf_mix mix;
    bool mix_given; // else it is learned from arrivals
    struct wf_demand demand;
    struct wf_scarcity *scarcity;
    bool prices_matter; // the policy counts in money, or moves are priced
    bool stale;         // machines or forecast changed since prices were made
    uint32_t decisions_since_look;
    struct wf_outlook outlook;
    struct wf_ranking *ranking; // NULL when every node is looked at each time
    struct wf_random random;
    uint32_t placements_free;
};

// Takes all memory. Errors: WF_NOMEM.
enum wf_status wf_placer_init(struct wf_placer *placer, struct wf_region *region,
                              const struct wf_core_config *config,
                              struct wf_error *err) WF_MUST_USE;

// The policy lies elsewhere than it did; config is equal to what it was (wf_core_adopt).
void wf_placer_adopt(struct wf_placer *placer, const struct wf_core_config *config);

// Facts about machines and demand; errors are those of the cluster, nothing is changed then.
enum wf_status wf_placer_set_pool(struct wf_placer *placer, wf_pool_id id,
                                  const struct wf_pool_spec *spec,
                                  struct wf_error *err) WF_MUST_USE;
enum wf_status wf_placer_add_node(struct wf_placer *placer, wf_node_id id,
                                  const struct wf_node_spec *spec,
                                  struct wf_error *err) WF_MUST_USE;
// The node must be up; to be removed, it must be empty.
void wf_placer_remove_node(struct wf_placer *placer, wf_node_id id);
void wf_placer_close_node(struct wf_placer *placer, wf_node_id id, bool closed);
void wf_placer_label_node(struct wf_placer *placer, wf_node_id id, uint64_t labels);
// Passes a node over while the other tasks of a job are placed that must be apart.
void wf_placer_hide_node(struct wf_placer *placer, wf_node_id id, bool hidden);
enum wf_status wf_placer_set_mix(struct wf_placer *placer, const struct wf_mix_class *classes,
                                 uint32_t count, struct wf_error *err) WF_MUST_USE;

// Call before a job's tasks are placed, and after each attempt to place one: prices are made anew
// when they are due.
void wf_placer_before_decisions(struct wf_placer *placer);
void wf_placer_after_decision(struct wf_placer *placer);

// Counts what was asked for, after it was decided on: a decision is made with the forecast that an
// explanation before it would have used.
void wf_placer_learn(struct wf_placer *placer, const struct wf_request *request, uint32_t tasks);

// Returns the best node for one task.
struct wf_choice wf_placer_choose(struct wf_placer *placer, const struct wf_request *request);

// Places one task on a node where it fits; returns its placement. There must be one free.
uint32_t wf_placer_place_on(struct wf_placer *placer, uint32_t job, uint32_t task,
                            const struct wf_request *request, uint32_t node);

// Places one task if it fits anywhere; returns its placement or WF_NONE.
uint32_t wf_placer_place(struct wf_placer *placer, uint32_t job, uint32_t task,
                         const struct wf_request *request);

// The same for a task whose node and GPUs are known; the request is as the pool serves it.
uint32_t wf_placer_place_found(struct wf_placer *placer, uint32_t job, uint32_t task,
                               const struct wf_request *served, uint32_t node, uint32_t gpu_set);

// Takes a placed task off its node.
void wf_placer_unplace(struct wf_placer *placer, uint32_t placement);

// What the next decision would look at: prices that are due are made, but not kept.
struct wf_outlook wf_placer_outlook(const struct wf_placer *placer);
