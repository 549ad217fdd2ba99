// SPDX-License-Identifier: Apache-2.0
// Machines of a cluster that are taken away, one by one: unlike this machine (notice.c), there are
// others, and what runs there may start on them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"
#include "daemon/desk/spot_parts.h"

// The sentence; that a node goes, and when, the core knows.
struct wf_node_notice {
    uint32_t node;
    char text[WF_DESK_NOTICE_BYTES];
    UT_hash_handle hh;
};

void wf_desk_foreign_forget_notices(struct wf_desk *desk)
{
    struct wf_node_notice *notice, *next;
    HASH_ITER(hh, desk->foreign.notices, notice, next)
    {
        HASH_DEL(desk->foreign.notices, notice); // NOLINT(clang-analyzer-unix.Malloc): uthash's own
        free(notice);
    }
}

static struct wf_node_notice *find(const struct wf_desk *desk, uint32_t node)
{
    struct wf_node_notice *notice = NULL;
    HASH_FIND(hh, desk->foreign.notices, &node, sizeof node, notice);
    return notice;
}

// People write reasons in any letters, and cut ones are none.
static void make_plain(char *text)
{
    for (; *text; text++) {
        *text = (char)((unsigned char)*text < 0x80 ? *text : '?');
    }
}

static void say(struct wf_desk *desk, uint32_t node, int64_t gone_ms, const char *what)
{
    struct wf_node_notice *notice = find(desk, node);
    const char *name = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, node);
    int64_t left_ms = gone_ms - wf_desk_now_ms(desk);
    char when[40];
    time_t seconds = (time_t)(gone_ms / 1000);
    struct tm parts;
    if (!notice) {
        notice = calloc(1, sizeof *notice);
        if (!notice) {
            return; // it goes without a sentence
        }
        notice->node = node;
        HASH_ADD(hh, desk->foreign.notices, node, sizeof notice->node, notice);
    }
    char words[81];
    snprintf(words, sizeof words, "%.80s", what);
    make_plain(words);
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &parts);
    if (left_ms > 0) {
        snprintf(notice->text, sizeof notice->text, "'%s': %.60s goes at %s, in %.0f s", words,
                 name ? name : "its node", when, (double)left_ms / 1000);
    } else {
        snprintf(notice->text, sizeof notice->text, "'%s': %.60s goes now", words,
                 name ? name : "its node");
    }
}

bool wf_desk_foreign_goes(const struct wf_desk *desk, const struct wf_book_run *run, char *why,
                          size_t size)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    for (uint32_t i = 0; i < run->place_count; i++) {
        uint32_t node = run->places[i].node;
        if (node < cluster->nodes_end && cluster->nodes[node].gone_ms > 0) {
            const struct wf_node_notice *notice = find(desk, node);
            snprintf(why, size, "%s", notice ? notice->text : "a node of it goes");
            return true;
        }
    }
    return false;
}

void wf_desk_foreign_notice(struct wf_desk *desk, const char *node, int64_t gone_ms,
                            const char *what)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t id = wf_directory_find(&desk->world.directory, WF_JOURNAL_NODE, node);
    bool early = wf_core_schedule(desk->world.core)->watches && !wf_desk_only_watches(desk);
    gone_ms = gone_ms < WF_TIME_MS_MAX ? gone_ms : WF_TIME_MS_MAX;
    if (desk->is_stalled || desk->is_broken || early || id >= cluster->nodes_end ||
        !cluster->nodes[id].up || cluster->nodes[id].gone_ms == gone_ms) {
        return;
    }
    WF_ASSERT(desk->foreign.is_looking && gone_ms >= 0);
    struct wf_event event = {.kind = WF_EVENT_NODE_NOTICE,
                             .node_notice = {.id = {id}, .gone_ms = gone_ms}};
    if (gone_ms > 0) {
        say(desk, id, gone_ms, what);
    }
    const struct wf_node_notice *notice = gone_ms > 0 ? find(desk, id) : NULL;
    desk->counts.notices += gone_ms > 0;
    wf_desk_tell_node_why(desk, node, gone_ms > 0 ? "node-notice" : "node-notice-withdrawn",
                          notice        ? notice->text
                          : gone_ms > 0 ? "it goes"
                                        : "it stays");
    enum wf_status status = wf_desk_step(desk, &event, NULL);
    WF_ASSERT(status == WF_OK); // the node is up, and the time was checked
}

void wf_desk_foreign_node(struct wf_desk *desk, const char *node, const char *kind, const char *why)
{
    char words[WF_DESK_NOTICE_BYTES];
    snprintf(words, sizeof words, "%.250s", why);
    make_plain(words);
    if (!desk->is_stalled && !desk->is_broken) {
        wf_desk_tell_node_why(desk, node, kind, words);
    }
}
