// SPDX-License-Identifier: Apache-2.0
#include "core/future/gap.h"

#include "core/future/opening.h"

// How well a node is used once the task is there: the less is left, the better.
struct fit {
    int64_t gpu_left_milli;
    int64_t cpu_left_milli;
    uint32_t node;
};

static struct fit fit_on(const struct wf_timeline *timeline, uint32_t node,
                         const struct wf_request *request)
{
    const struct wf_cluster *cluster = timeline->cluster;
    struct wf_request served =
        wf_pool_request(&cluster->pools[cluster->nodes[node].pool.index], request);
    struct wf_room free = wf_room_of(&cluster->states[node], &timeline->agendas[node].held);
    struct fit fit = {
        .gpu_left_milli = -(int64_t)served.gpus * served.gpu_milli,
        .cpu_left_milli = free.cpu_milli - served.cpu_milli,
        .node = node,
    };
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        fit.gpu_left_milli += free.gpu_milli[i];
    }
    return fit;
}

static bool is_tighter(const struct fit *a, const struct fit *b)
{
    if (a->gpu_left_milli != b->gpu_left_milli) {
        return a->gpu_left_milli < b->gpu_left_milli;
    }
    if (a->cpu_left_milli != b->cpu_left_milli) {
        return a->cpu_left_milli < b->cpu_left_milli;
    }
    return a->node < b->node;
}

// Whether the task fits on the node until its end, and on which GPUs.
static bool find_gpus(const struct wf_timeline *timeline, uint32_t node,
                      const struct wf_gap_wish *wish, uint32_t *gpu_set_out)
{
    struct wf_request served;
    if (!wf_node_may_serve(timeline->cluster, node, &wish->request, &served)) {
        return false;
    }
    struct wf_cursor cursor = wf_cursor_open(timeline, node);
    if (wf_room_capacity(&cursor.room, &served) == 0) {
        return false;
    }
    struct wf_room room = wf_cursor_lowest(&cursor, wish->end_ms);
    if (wf_room_capacity(&room, &served) == 0) {
        return false;
    }
    *gpu_set_out = wf_room_use(&room, NULL, &served).gpu_set;
    return true;
}

bool wf_gap_choose(const struct wf_timeline *timeline, const struct wf_gap_wish *wish,
                   struct wf_gap *gap_out)
{
    const struct wf_cluster *cluster = timeline->cluster;
    struct fit best = {.node = WF_NONE}, last = {.node = WF_NONE};
    if (wish->after != WF_NONE) {
        last = fit_on(timeline, wish->after, &wish->request);
    }
    for (uint32_t node = timeline->first_agenda; node != WF_NONE;
         node = timeline->agendas[node].next) {
        struct fit fit = fit_on(timeline, node, &wish->request);
        uint32_t gpu_set;
        if ((last.node == WF_NONE || is_tighter(&last, &fit)) &&
            (best.node == WF_NONE || is_tighter(&fit, &best)) &&
            (wish->near == WF_NONE ||
             wf_nodes_are_within(cluster, wish->within, wish->near, node)) &&
            find_gpus(timeline, node, wish, &gpu_set)) {
            best = fit;
            *gap_out = (struct wf_gap){.node = node, .gpu_set = gpu_set};
        }
    }
    return best.node != WF_NONE;
}
