// SPDX-License-Identifier: Apache-2.0
// The earliest time at which all tasks of a waiting job have room, on named nodes and GPUs, from
// then until the job's length is over, given what is known of the future (core/future/timeline.h).
//
// How many tasks a node takes from a time on changes at few times, which each node tells. On a node
// without bookings it only grows, and such a node is left as soon as it tells of a time that is too
// late to matter. What a node with bookings will take for good is counted in the same way; what it
// takes only until a booking needs the room is counted apart, and both are added up in the order of
// time. Of all openings at the earliest time it is that on the nodes with the lowest ids; of all
// zones, pools or groups with that time, the one that has the lowest node. Internal to the core.
#pragma once

#include "core/future/timeline.h"

struct wf_opening_finder;

struct wf_opening_wish {
    const struct wf_request *request;
    uint32_t tasks; // 1 to WF_JOB_TASKS_MAX
    enum wf_within within;
    int64_t length_ms; // WF_NEVER: it may run for good
    int64_t before_ms; // only earlier starts are of use; WF_NEVER: any
};

struct wf_opening_task {
    uint32_t node;
    struct wf_use use;
};

struct wf_opening {
    int64_t start_ms;
    const struct wf_opening_task *tasks; // valid until the next search
};

// timeline is borrowed and must outlive the finder. Errors: WF_NOMEM.
enum wf_status wf_opening_finder_create(struct wf_region *region,
                                        const struct wf_timeline *timeline,
                                        struct wf_opening_finder **finder_out,
                                        struct wf_error *err) WF_MUST_USE;

// Returns whether there is an opening with what is known.
bool wf_opening_find(struct wf_opening_finder *finder, const struct wf_opening_wish *wish,
                     struct wf_opening *opening_out);

// Returns whether two nodes that are up are together as tasks of such a gang must be.
bool wf_nodes_are_within(const struct wf_cluster *cluster, enum wf_within within, uint32_t a,
                         uint32_t b);

// Returns whether the node takes new work and may ever take a task of the request, and the request
// as its pool serves it.
bool wf_node_may_serve(const struct wf_cluster *cluster, uint32_t node,
                       const struct wf_request *request, struct wf_request *served_out);
