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

// Its scheduler may have the node back before we hear of it, and start the work there all the same:
// such a start is as good as one elsewhere.
bool wf_desk_foreign_lost_node(const struct wf_desk *desk, const struct wf_book_run *run)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    bool lost = false;
    for (uint32_t i = 0; i < run->place_count && run->started_ms == 0; i++) {
        uint32_t node = run->places[i].node;
        lost = lost || (node < cluster->nodes_end && !cluster->nodes[node].up);
    }
    return lost;
}

// Whether somebody began to run on a node that goes who may leave it: it was on its way there when
// the notice came.
static bool has_one_to_leave(const struct wf_desk *desk, uint32_t node)
{
    for (const struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        const struct wf_book_job *job = run->job;
        bool may = job->run == run && !job->old && run->started_ms > 0 && !run->stop_wanted &&
                   job->work->wanted.wait.preemptible && !job->cancelled;
        for (uint32_t i = 0; i < run->place_count && may; i++) {
            if (run->places[i].node == node && wf_desk_foreign_runs_in_core(desk, job)) {
                return true;
            }
        }
    }
    return false;
}

// Of the node whose notice that is; WF_NONE: it is none of ours, or it is too early to say.
static uint32_t find_node(const struct wf_desk *desk, const char *node)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t id = wf_directory_find(&desk->world.directory, WF_JOURNAL_NODE, node);
    bool early = wf_core_schedule(desk->world.core)->watches && !wf_desk_only_watches(desk);
    bool may = !desk->is_stalled && !desk->is_broken && !early;
    return may && id < cluster->nodes_end && cluster->nodes[id].up ? id : WF_NONE;
}

static void tell(struct wf_desk *desk, uint32_t id, const char *node, int64_t gone_ms,
                 const char *what)
{
    if (gone_ms == 0) {
        wf_desk_tell_node_why(desk, node, "node-notice-withdrawn", "it stays");
        return;
    }
    say(desk, id, gone_ms, what);
    const struct wf_node_notice *notice = find(desk, id);
    desk->counts.notices++;
    wf_desk_tell_node_why(desk, node, "node-notice", notice ? notice->text : "it goes");
}

void wf_desk_foreign_notice(struct wf_desk *desk, const char *node, int64_t gone_ms,
                            const char *what)
{
    uint32_t id = find_node(desk, node);
    gone_ms = gone_ms < WF_TIME_MS_MAX ? gone_ms : WF_TIME_MS_MAX;
    bool news = id != WF_NONE && wf_core_cluster(desk->world.core)->nodes[id].gone_ms != gone_ms;
    bool again = id != WF_NONE && gone_ms > 0 && has_one_to_leave(desk, id);
    if (!news && !again) {
        return;
    }
    WF_ASSERT(desk->foreign.is_looking && gone_ms >= 0);
    struct wf_event event = {.kind = WF_EVENT_NODE_NOTICE,
                             .node_notice = {.id = {id}, .gone_ms = gone_ms}};
    if (news) {
        tell(desk, id, node, gone_ms, what);
    }
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
