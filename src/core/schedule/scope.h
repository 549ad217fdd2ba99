// SPDX-License-Identifier: Apache-2.0
// Where a gang that must stay close together can start: the zone, pool or node group with the least
// room that is enough, so that larger rooms stay for larger gangs. Internal to the core.
#pragma once

#include "core/cluster.h"
#include "core/place/place.h"

// Room by zone, pool or group: a number for each.
struct wf_scopes {
    uint32_t *slots; // by scope: how many tasks fit
    uint32_t max;
};

enum wf_status wf_scopes_init(struct wf_scopes *scopes, struct wf_region *region,
                              const struct wf_limits *limits, struct wf_error *err) WF_MUST_USE;

// Returns the scope of a node. A zone goes by the number of the first pool in it.
uint32_t wf_scope_of(const struct wf_cluster *cluster, enum wf_within within, uint32_t node);

// Returns the tightest scope in which so many tasks of the request fit now, the lowest among
// equals, or WF_NONE.
uint32_t wf_scopes_tightest(struct wf_scopes *scopes, const struct wf_cluster *cluster,
                            enum wf_within within, const struct wf_request *request,
                            uint32_t tasks);

// Returns how many tasks of the request the roomiest scope would hold if nothing else ran; counts
// no further once there is room for enough. Nodes that take no new work hold none.
uint32_t wf_scopes_most(struct wf_scopes *scopes, const struct wf_cluster *cluster,
                        enum wf_within within, const struct wf_request *request, uint32_t enough);

// Returns the best node of that scope for one task, as wf_place_plain over all nodes.
struct wf_choice wf_scope_choose(const struct wf_outlook *outlook, const struct wf_policy *policy,
                                 enum wf_within within, uint32_t scope,
                                 const struct wf_request *request);
