// SPDX-License-Identifier: Apache-2.0
// What will be free on each node, and when: running tasks give back what they took at their known
// ends, tasks that reservations keep room for take it from a start to an end.
//
// A running task whose end has passed is taken to end any moment, a millisecond from now. One
// without a known end never gives back anything.
//
// Holds: what reservations will need on a node, and running tasks will not have given back by then,
// is set aside: it is taken from the node's state in the cluster, so that every choice of a node by
// state passes it over. A hold is what is free now less the least that will be free at any time
// from now on, for CPU, memory and each GPU alone. A task that fits in what is left delays no
// reservation however long it runs; one that ends in time may fit in more (core/future/future.h).
//
// The sums of a pool (gpu_free_milli, gpu_open_milli, cpu_open_milli) count placements and not
// holds: what is held is still free, and policies that price a pool by what is taken of it must not
// see a price for room that short work may have. Since closing and opening a node adds its state
// to those sums, its hold must be lifted meanwhile. Internal to the core.
#pragma once

#include "core/cluster.h"
#include "core/future/room.h"

#define WF_NEVER INT64_MAX // a time that does not come

// Something is taken or given back: an element of a list in the order of time.
struct wf_moment {
    int64_t at_ms;
    struct wf_use use;
    uint32_t next, previous;
    bool listed;
};

struct wf_moments {
    uint32_t first, last;
};

// A task for which room is kept.
struct wf_booking {
    uint32_t node;
    uint32_t reservation;
    uint32_t next_of_reservation; // or of the free bookings
    bool broken;                  // the node will not have the room after all
};

// What is to come on one node.
struct wf_agenda {
    struct wf_moments running, starts, ends; // of running tasks their ends, of bookings both
    uint32_t next, previous;                 // in the list of nodes with bookings
    bool lifted;                             // its hold is not in its state
    bool holds;                              // held is not 0
    struct wf_room held;                     // 0 when lifted
};

struct wf_timeline {
    struct wf_cluster *cluster;
    int64_t now_ms;
    struct wf_agenda *agendas;   // by node
    struct wf_moment *running;   // by placement
    struct wf_moment *starts;    // by booking
    struct wf_moment *ends;      // by booking
    struct wf_booking *bookings; // the rest of each booking
    uint32_t bookings_max;
    uint32_t first_agenda; // list of the nodes with bookings
};

// A way through the future of one node, from now on. A plain value: a copy goes on by itself.
struct wf_cursor {
    const struct wf_timeline *timeline;
    struct wf_room room; // what is free, holds included
    uint32_t running, starting, ending;
};

// cluster is borrowed; nothing runs in it. Errors: WF_NOMEM.
enum wf_status wf_timeline_init(struct wf_timeline *timeline, struct wf_region *region,
                                struct wf_cluster *cluster, uint32_t bookings_max,
                                struct wf_error *err) WF_MUST_USE;

// A placement runs until end_ms at most; forget: it is gone.
void wf_timeline_run(struct wf_timeline *timeline, uint32_t placement, int64_t end_ms);
void wf_timeline_forget(struct wf_timeline *timeline, uint32_t placement);

// Puts a free booking on its node. The node's hold stays as it is.
void wf_timeline_book(struct wf_timeline *timeline, uint32_t booking, uint32_t node,
                      const struct wf_use *use, int64_t start_ms, int64_t end_ms);
void wf_timeline_unbook(struct wf_timeline *timeline, uint32_t booking);

// Puts what is held on the node back into its state.
void wf_timeline_lift(struct wf_timeline *timeline, uint32_t node);
// Holds what is to be held as things stand now; nothing on a node that takes no new work. Returns
// whether what the state has free may have changed.
bool wf_timeline_hold(struct wf_timeline *timeline, uint32_t node);

static inline bool wf_agenda_has_bookings(const struct wf_agenda *agenda)
{
    return agenda->starts.first != WF_NONE;
}

// Returns whether the node has no bookings and its state shows all that is free.
static inline bool wf_agenda_is_plain(const struct wf_agenda *agenda)
{
    return !wf_agenda_has_bookings(agenda) && !agenda->holds;
}

// Starts at the node as it is now. The node must be up.
struct wf_cursor wf_cursor_open(const struct wf_timeline *timeline, uint32_t node);
// Returns when the next change is, WF_NEVER after the last.
int64_t wf_cursor_next_ms(const struct wf_cursor *cursor);
// Goes to the next change, of which there must be one.
void wf_cursor_step(struct wf_cursor *cursor);
// Returns the least that is free at any time from where the cursor stands to before until_ms.
struct wf_room wf_cursor_lowest(const struct wf_cursor *cursor, int64_t until_ms);

// Returns the later time, WF_NEVER if that is past what is counted.
static inline int64_t wf_time_after(int64_t from_ms, int64_t length_ms)
{
    return length_ms > WF_NEVER - from_ms ? WF_NEVER : from_ms + length_ms;
}
