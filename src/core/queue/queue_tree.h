// SPDX-License-Identifier: Apache-2.0
// What the files of the queue tree share. Internal to the core: others see core/queue/queues.h.
#pragma once

#include "base/assert.h"
#include "core/queue/queue_usage.h"
#include "core/queue/queues.h"

struct wf_queue {
    struct wf_queue_spec spec; // its weight at least 1
    bool known;
    bool has_budgets;  // some that hold or lower
    uint32_t depth;    // 1: a root
    uint32_t children; // queues whose parent it is
    uint32_t jobs;     // in this leaf
    int64_t supposed_gpu_milli;
    struct wf_queue_usage usage;
};

// Queues are brought up to the clock when somebody looks, which changes nothing that can be seen:
// therefore through a const struct wf_queues, too.
struct wf_queues {
    struct wf_queue *list; // by id
    uint32_t count;        // ids are below this
    bool clock_set;
    struct wf_queue_clock clock;
    struct wf_stints stints;
};

// Returns the queue, which must be known.
static inline struct wf_queue *wf_queue_at(const struct wf_queues *queues, uint32_t index)
{
    WF_ASSERT(index < queues->count && queues->list[index].known);
    return &queues->list[index];
}

// Returns the queue above, or NULL from a root. A walk up:
//     for (struct wf_queue *at = leaf; at; at = wf_queue_above(queues, at))
static inline struct wf_queue *wf_queue_above(const struct wf_queues *queues,
                                              const struct wf_queue *queue)
{
    uint32_t parent = queue->spec.parent.index;
    return parent == WF_NONE ? NULL : &queues->list[parent];
}

static inline wf_queue_id wf_queue_id_of(const struct wf_queues *queues,
                                         const struct wf_queue *queue)
{
    return (wf_queue_id){(uint32_t)(queue - queues->list)};
}

// Returns what a queue holds now, with what is supposed.
static inline int64_t wf_queue_held_gpu_milli(const struct wf_queue *queue)
{
    return queue->usage.gpu_milli + queue->supposed_gpu_milli;
}
