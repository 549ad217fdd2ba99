// SPDX-License-Identifier: Apache-2.0
// Nodes that go. With a notice, a node is closed before it goes, and so is its pool for a while:
// where one was taken, others are likely to be. What ran there starts elsewhere at once if there is
// room, which the pass after the event finds out.
#include "core/schedule/schedule_parts.h"

static struct wf_ticket *ticket_of(struct wf_schedule *schedule, uint32_t job)
{
    return &schedule->backlog.tickets[job];
}

// Notes the tasks that a gang has on the node, in schedule->lifted. Returns how many; *other_out
// gets a node where it has more, or WF_NONE.
static uint32_t note_members(struct wf_schedule *schedule, uint32_t job, uint32_t node,
                             uint32_t *other_out)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    uint32_t count = 0;
    *other_out = WF_NONE;
    for (uint32_t slot = cluster->jobs[job].first_placement; slot != WF_NONE;
         slot = cluster->placements[slot].next_of_job) {
        if (cluster->placements[slot].node == node) {
            schedule->lifted[count++] = cluster->placements[slot];
        } else {
            *other_out = cluster->placements[slot].node;
        }
    }
    return count;
}

static void take_members_off(struct wf_schedule *schedule, uint32_t job, uint32_t node)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    uint32_t slot = cluster->jobs[job].first_placement;
    while (slot != WF_NONE) {
        uint32_t next = cluster->placements[slot].next_of_job;
        if (cluster->placements[slot].node == node) {
            wf_schedule_unplace(schedule, slot);
        }
        slot = next;
    }
}

static void put_members_back(struct wf_schedule *schedule, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_placement *placement = &schedule->lifted[i];
        struct wf_request served = wf_placement_taken(placement);
        wf_future_lift(schedule->future, placement->node);
        uint32_t slot = wf_placer_place_found(schedule->placer, placement->job, placement->task,
                                              &served, placement->node, placement->gpu_set);
        wf_future_add(schedule->future, slot, ticket_of(schedule, placement->job)->end_ms);
    }
}

// All of them find room, or none is placed.
static bool place_members(struct wf_schedule *schedule, uint32_t job, uint32_t count,
                          uint32_t scope)
{
    uint32_t placed = 0;
    wf_placer_before_decisions(schedule->placer);
    wf_schedule_hide_all(schedule, job, true);
    while (placed < count) {
        uint32_t slot = wf_schedule_place_task(schedule, job, schedule->lifted[placed].task, scope);
        if (slot == WF_NONE) {
            break;
        }
        schedule->placed[placed++] = slot;
        wf_schedule_hide(schedule, job, slot, true);
    }
    wf_schedule_hide_all(schedule, job, false);
    bool all = placed == count;
    while (!all && placed > 0) {
        wf_schedule_unplace(schedule, schedule->placed[--placed]);
    }
    return all;
}

// Starts the tasks that a running gang has on the node elsewhere, and leaves its others alone.
static bool replace_members(struct wf_schedule *schedule, uint32_t job, uint32_t node,
                            enum wf_decision_kind kind)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    struct wf_ticket *ticket = ticket_of(schedule, job);
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    uint32_t other;
    bool may = wait->replaceable && !schedule->watches;
    uint32_t count = may ? note_members(schedule, job, node, &other) : 0;
    if (count == 0 || other == WF_NONE) {
        return false;
    }
    uint32_t scope = wait->within != WF_WITHIN_ANY ? wf_scope_of(cluster, wait->within, other) : 0;
    take_members_off(schedule, job, node);
    if (!place_members(schedule, job, count, scope)) {
        put_members_back(schedule, count);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        wf_record_add(schedule->record, wf_schedule_decision(cluster, &schedule->lifted[i], kind));
        wf_record_add(schedule->record,
                      wf_schedule_decision(cluster, &cluster->placements[schedule->placed[i]],
                                           WF_DECISION_PLACE));
        wf_future_set_end(schedule->future, schedule->placed[i], ticket->end_ms);
    }
    wf_schedule_hold_more(schedule, job);
    wf_schedule_room_changed(schedule, wait->queue);
    schedule->changes++;
    schedule->moment++;
    return true;
}

void wf_schedule_clear_node(struct wf_schedule *schedule, wf_node_id id, int64_t now_ms,
                            enum wf_decision_kind kind)
{
    struct wf_cluster *cluster = &schedule->placer->cluster;
    wf_schedule_advance(schedule, now_ms);
    while (cluster->nodes[id.index].first_placement != WF_NONE) {
        uint32_t job = cluster->placements[cluster->nodes[id.index].first_placement].job;
        if (!replace_members(schedule, job, id.index, kind)) {
            wf_schedule_stop(schedule, job, kind);
            wf_schedule_requeue(schedule, job);
        }
        ticket_of(schedule, job)->preemptions += kind == WF_DECISION_PREEMPT;
    }
}

// Opens or closes a node that is up, if it is otherwise than it should be.
static void settle_node(struct wf_schedule *schedule, wf_node_id id)
{
    struct wf_cluster *cluster = &schedule->placer->cluster;
    const struct wf_node *node = &cluster->nodes[id.index];
    bool shut = wf_cluster_is_shut(cluster, id);
    if (node->up && node->closed != shut) {
        wf_schedule_node_changes(schedule, id);
        wf_placer_close_node(schedule->placer, id, shut);
        wf_schedule_node_changed(schedule, id);
    }
}

void wf_schedule_shun(struct wf_schedule *schedule)
{
    struct wf_cluster *cluster = &schedule->placer->cluster;
    schedule->shun_next_ms = INT64_MAX;
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        cluster->pools[i].shun_ms = 0;
    }
    // As long as the last of its nodes says, which may be gone meanwhile.
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        struct wf_node *node = &cluster->nodes[i];
        struct wf_pool *pool = &cluster->pools[node->pool.index];
        if (node->shun_ms <= schedule->now_ms) {
            node->shun_ms = 0;
        }
        pool->shun_ms = node->shun_ms > pool->shun_ms ? node->shun_ms : pool->shun_ms;
        if (node->shun_ms > 0 && node->shun_ms < schedule->shun_next_ms) {
            schedule->shun_next_ms = node->shun_ms;
        }
    }
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        settle_node(schedule, (wf_node_id){i});
    }
}

enum wf_status wf_schedule_notice(struct wf_schedule *schedule, const struct wf_event *event,
                                  struct wf_error *err)
{
    struct wf_cluster *cluster = &schedule->placer->cluster;
    wf_node_id id = event->node_notice.id;
    int64_t gone_ms = event->node_notice.gone_ms, shun_ms = event->node_notice.shun_ms;
    enum wf_status status = wf_cluster_find_node(cluster, id, err);
    if (status != WF_OK) {
        return status;
    }
    if (gone_ms < 0 || gone_ms > WF_TIME_MS_MAX || shun_ms < 0 || shun_ms > WF_TIME_MS_MAX) {
        return wf_fail(err, WF_INVALID,
                       "node %u: a notice of %lld ms, its pool shunned until %lld ms, is not "
                       "between 0 and %lld",
                       id.index, (long long)gone_ms, (long long)shun_ms, (long long)WF_TIME_MS_MAX);
    }
    if (gone_ms == 0 && shun_ms != 0) {
        return wf_fail(err, WF_INVALID, "node %u stays: there is no reason to shun its pool",
                       id.index);
    }
    wf_schedule_advance(schedule, event->time_ms);
    cluster->nodes[id.index].gone_ms = gone_ms;
    cluster->nodes[id.index].shun_ms = shun_ms;
    wf_schedule_shun(schedule);
    if (gone_ms > 0 && !schedule->watches) {
        wf_schedule_clear_node(schedule, id, event->time_ms, WF_DECISION_PREEMPT);
    }
    return WF_OK;
}
