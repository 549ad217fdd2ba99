// SPDX-License-Identifier: Apache-2.0
// A core that watches plans as any other does: nothing starts, so that whoever could has a start
// time kept that has come, and nothing is stopped. What others start and end, they tell.
#include "core/schedule/schedule_parts.h"

// Limits that were not kept meanwhile are kept again, and the other way round.
static void set_limits(struct wf_schedule *schedule)
{
    for (uint32_t leaf = 0; leaf < schedule->placer->config.limits.queues; leaf++) {
        uint32_t job = schedule->rooms[leaf].first_running;
        while (job != WF_NONE) {
            const struct wf_ticket *ticket = &schedule->backlog.tickets[job];
            int64_t latest_ms = wf_schedule_latest_ms(schedule, ticket);
            wf_timers_set(&schedule->timers, job,
                          ticket->end_ms < latest_ms ? ticket->end_ms : latest_ms);
            job = ticket->next;
        }
    }
}

void wf_schedule_watch(struct wf_schedule *schedule, bool watches, int64_t now_ms)
{
    const struct wf_cluster *cluster = &schedule->placer->cluster;
    wf_schedule_advance(schedule, now_ms);
    if (schedule->watches == watches) {
        return;
    }
    schedule->watches = watches;
    schedule->reclaim_next_ms = INT64_MAX;
    schedule->moves_next_ms = INT64_MAX;
    set_limits(schedule);
    // Whoever was kept from starting by nothing else is tried again.
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (cluster->nodes[node].up) {
            wf_schedule_freed(schedule, node);
        }
    }
    schedule->changes++;
}
