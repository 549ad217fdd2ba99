// SPDX-License-Identifier: Apache-2.0
// How long machines live here: the life of this one is written down while it goes on, and all that
// were are learned from. That one was taken nobody can write; the next daemon on the same data
// knows it by the kernel's id of another boot.
#include <string.h>

#include "daemon/desk/foreign_parts.h"
#include "daemon/desk/outlook.h"
#include "daemon/desk/spot_parts.h"

enum {
    LOOK_MS = 60000,
    NOTICE_MS = 10 * 60 * 1000, // how long after it was last seen a notice may still come true
};

static bool is_watched(const struct wf_desk *desk)
{
    return desk->config.spot && desk->config.boot && desk->config.boot[0];
}

static bool learn_life(void *context, const struct wf_life_row *row)
{
    struct wf_desk *desk = context;
    struct wf_lifetimes *lifetimes = desk->world.lifetimes;
    uint32_t pool = wf_directory_find(&desk->world.directory, WF_JOURNAL_POOL, row->pool);
    if (pool == WF_NONE) {
        return true;
    }
    wf_lifetimes_begin(lifetimes, pool, row->booted_ms, row->from_ms);
    if (is_watched(desk) && strcmp(row->boot, desk->config.boot) == 0) {
        wf_lifetimes_seen(lifetimes, row->seen_ms);
        desk->life.lives = true;
        desk->life.pool = pool;
        desk->life.booted_ms = row->booted_ms;
        desk->life.from_ms = row->from_ms;
        desk->life.gone_ms = row->gone_ms;
        desk->life.look_ms = 0;
        snprintf(desk->life.boot, sizeof desk->life.boot, "%s", row->boot);
        return true;
    }
    int64_t at_ms = row->gone_ms > row->seen_ms ? row->gone_ms : row->seen_ms;
    at_ms = at_ms < row->seen_ms + NOTICE_MS ? at_ms : row->seen_ms + NOTICE_MS;
    wf_lifetimes_end(lifetimes, at_ms, row->gone_ms > 0 || !row->left);
    return true;
}

enum wf_status wf_desk_learn_lives(struct wf_desk *desk, struct wf_error *err)
{
    desk->life.lives = false;
    // A cluster that others run has many pools, and none of its machines is this one.
    uint32_t kinds = wf_desk_is_foreign(desk) ? 1 : desk->core.limits.pools;
    enum wf_status status = wf_lifetimes_create(kinds, &desk->world.lifetimes, err);
    return status == WF_OK ? wf_database_lives(desk->config.db, learn_life, desk, err) : status;
}

// The machine may have nodes of several pools: it is one machine, and counts for the first.
static uint32_t pool_of_machine(const struct wf_desk *desk)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        if (cluster->nodes[i].up) {
            return cluster->nodes[i].pool.index;
        }
    }
    return WF_NONE;
}

static void begin(struct wf_desk *desk, int64_t now_ms)
{
    uint32_t pool = pool_of_machine(desk);
    if (pool == WF_NONE) {
        return;
    }
    int64_t booted_ms = desk->config.booted_ms;
    desk->life.lives = true;
    desk->life.pool = pool;
    desk->life.booted_ms = booted_ms > 0 && booted_ms < now_ms ? booted_ms : now_ms;
    desk->life.from_ms = now_ms;
    desk->life.gone_ms = desk->life.look_ms = 0;
    snprintf(desk->life.boot, sizeof desk->life.boot, "%s", desk->config.boot);
    wf_lifetimes_begin(desk->world.lifetimes, pool, desk->life.booted_ms, now_ms);
}

static void write_life(struct wf_desk *desk, int64_t now_ms, bool left)
{
    const char *pool = wf_directory_name(&desk->world.directory, WF_JOURNAL_POOL, desk->life.pool);
    // What the daemon before this one heard stands until somebody says otherwise.
    desk->life.gone_ms = desk->notice.known ? desk->notice.gone_ms : desk->life.gone_ms;
    wf_lifetimes_seen(desk->world.lifetimes, now_ms);
    wf_batch_life(desk->deeds.rows, &(struct wf_life_row){.boot = desk->life.boot,
                                                          .pool = pool ? pool : "",
                                                          .booted_ms = desk->life.booted_ms,
                                                          .from_ms = desk->life.from_ms,
                                                          .seen_ms = now_ms,
                                                          .gone_ms = desk->life.gone_ms,
                                                          .left = left});
}

void wf_desk_live_on(struct wf_desk *desk, int64_t now_ms)
{
    if (is_watched(desk) && !desk->life.lives) {
        begin(desk, now_ms);
    }
    if (desk->life.lives && now_ms >= desk->life.look_ms) {
        desk->life.look_ms = now_ms + LOOK_MS;
        write_life(desk, now_ms, false);
    }
}

int64_t wf_desk_life_wake_ms(const struct wf_desk *desk)
{
    return desk->life.lives ? desk->life.look_ms : INT64_MAX;
}

void wf_desk_leave(struct wf_desk *desk)
{
    if (desk->life.lives && !desk->is_stalled && !desk->is_broken) {
        write_life(desk, wf_desk_now_ms(desk), true);
    }
}

bool wf_desk_outlook(const struct wf_desk *desk, uint32_t pool, int64_t within_ms,
                     struct wf_desk_outlook *out)
{
    const struct wf_lifetimes *lifetimes = desk->world.lifetimes;
    int64_t now_ms = wf_desk_now_ms(desk);
    int64_t booted_ms = desk->life.lives ? desk->life.booted_ms : desk->config.booted_ms;
    *out = (struct wf_desk_outlook){.age_ms = 0};
    if (!desk->config.spot) {
        return false;
    }
    out->age_ms = booted_ms > 0 && now_ms > booted_ms ? now_ms - booted_ms : 0;
    out->chance = wf_lifetimes_chance(lifetimes, pool, out->age_ms, within_ms);
    out->hazard_per_hour = wf_lifetimes_hazard_per_hour(lifetimes, pool, out->age_ms);
    out->score = wf_lifetimes_score(lifetimes);
    wf_lifetimes_say(lifetimes, out->words, sizeof out->words);
    return true;
}
