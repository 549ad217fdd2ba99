// SPDX-License-Identifier: Apache-2.0
// This machine is to be taken away: every node of it closes, what runs is told to save its work and
// waits again, and nothing is placed in the pool for a while.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "daemon/desk/foreign_parts.h"
#include "daemon/desk/spot_parts.h"

// Where one machine is taken, others of the pool are, for the most part within minutes.
#define SHUN_MS (INT64_C(10) * 60 * 1000)

static void say_when(int64_t gone_ms, char *text, size_t size)
{
    time_t seconds = (time_t)(gone_ms / 1000);
    struct tm parts;
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &parts);
}

void wf_desk_say_notice(const struct wf_desk *desk, char *text, size_t size)
{
    char when[40];
    int64_t left_ms = desk->notice.gone_ms - wf_desk_now_ms(desk);
    say_when(desk->notice.gone_ms, when, sizeof when);
    snprintf(text, size, "%s said '%s': this machine goes at %s, %s %.0f s", desk->notice.source,
             desk->notice.what, when, left_ms >= 0 ? "in" : "which is over since",
             (double)(left_ms >= 0 ? left_ms : -left_ms) / 1000);
}

// Whether the core has another notice for the node than stands.
static bool differs(const struct wf_desk *desk, const struct wf_node *node)
{
    if (!node->up || wf_desk_is_foreign(desk)) {
        return false; // of nodes of a cluster others tell: foreign_notice.c
    }
    if (!desk->notice.known) {
        // Nobody says anything here, so a notice from before is over when its time is: we are
        // still there.
        return node->gone_ms > 0 && node->gone_ms <= wf_desk_now_ms(desk);
    }
    return node->gone_ms != desk->notice.gone_ms;
}

static void tell_node(struct wf_desk *desk, uint32_t node, bool more)
{
    bool goes = desk->notice.known && desk->notice.gone_ms > 0;
    struct wf_event event = {.kind = WF_EVENT_NODE_NOTICE,
                             .more = more,
                             .node_notice = {.id = {node},
                                             .gone_ms = goes ? desk->notice.gone_ms : 0,
                                             .shun_ms = goes ? desk->notice.gone_ms + SHUN_MS : 0}};
    const char *name = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, node);
    char reason[WF_DESK_NOTICE_BYTES] = "it stays";
    if (goes) {
        wf_desk_say_notice(desk, reason, sizeof reason);
    }
    wf_desk_tell_node_why(desk, name ? name : "", goes ? "node-notice" : "node-notice-withdrawn",
                          reason);
    enum wf_status status = wf_desk_step(desk, &event, NULL);
    WF_ASSERT(status == WF_OK); // the node is up, and times were checked
}

void wf_desk_settle_notice(struct wf_desk *desk)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t left = 0;
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        left += differs(desk, &cluster->nodes[i]);
    }
    for (uint32_t i = 0; i < cluster->nodes_end && left > 0; i++) {
        if (differs(desk, &cluster->nodes[i])) {
            tell_node(desk, i, --left > 0);
        }
    }
}

int64_t wf_desk_notice_wake_ms(const struct wf_desk *desk)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    int64_t wake_ms = INT64_MAX;
    bool here = !desk->notice.known && !wf_desk_is_foreign(desk);
    for (uint32_t i = 0; i < cluster->nodes_end && here; i++) {
        const struct wf_node *node = &cluster->nodes[i];
        if (node->up && node->gone_ms > 0 && node->gone_ms < wake_ms) {
            wake_ms = node->gone_ms;
        }
    }
    return wake_ms;
}

void wf_desk_notice(struct wf_desk *desk, const struct wf_desk_notice *notice)
{
    int64_t gone_ms = notice->gone_ms > 0 ? notice->gone_ms : 0;
    int64_t most_ms = WF_TIME_MS_MAX - SHUN_MS;
    gone_ms = gone_ms < most_ms ? gone_ms : most_ms;
    char when[40];
    say_when(gone_ms, when, sizeof when);
    desk->counts.notices += gone_ms > 0;
    snprintf(
        desk->notice.reason, sizeof desk->notice.reason,
        "%.31s said '%.63s': this machine goes at %s, takes no new work, and there is no other",
        notice->source, notice->what, when);
    desk->notice.known = true;
    desk->life.look_ms = 0;
    desk->notice.gone_ms = gone_ms;
    snprintf(desk->notice.source, sizeof desk->notice.source, "%s", notice->source);
    snprintf(desk->notice.what, sizeof desk->notice.what, "%s", notice->what);
    if (desk->is_stalled || desk->is_broken) {
        return; // with the first tick after it
    }
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if (run->phase == WF_BOOK_STARTED && run->job->saves) {
            wf_desk_write_advice(desk, run);
        }
    }
    wf_desk_settle_notice(desk);
}

void wf_desk_advice(struct wf_desk *desk, const char *source, const char *what)
{
    char reason[WF_DESK_NOTICE_BYTES];
    snprintf(reason, sizeof reason, "%.40s says '%.60s': more likely than usual to be taken",
             source, what);
    for (uint32_t i = 0; i < wf_core_cluster(desk->world.core)->nodes_end; i++) {
        const char *name = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, i);
        if (wf_core_cluster(desk->world.core)->nodes[i].up && !desk->is_stalled &&
            !desk->is_broken) {
            wf_desk_tell_node_why(desk, name ? name : "", "node-advice", reason);
        }
    }
}
