// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/follow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/slurm/follow_parts.h"

void wf_follow_say(struct wf_follow *follow, const char *format, ...)
{
    char line[600];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (strcmp(line, follow->said) != 0) { // what comes again and again is said once
        memcpy(follow->said, line, sizeof line);
        follow->config.say(follow->config.context, line);
    }
}

// Numbers of labels are given out for good.
static bool label_fits(void *context, const char *label)
{
    const struct wf_follow *follow = context;
    return wf_desk_number(follow->desk, WF_JOURNAL_LABEL, label) != WF_NONE ||
           wf_desk_name_count(follow->desk, WF_JOURNAL_LABEL) + follow->cluster.site.label_count <
               WF_LABELS_MAX;
}

struct wf_slurm_view wf_follow_view(struct wf_follow *follow)
{
    return (struct wf_slurm_view){.picture = wf_slurm_picture_of(follow->config.engine),
                                  .partitions = follow->config.slurm->partitions,
                                  .prices = &follow->prices,
                                  .accounts = (const char *const *)follow->accounts,
                                  .sets = &follow->sets,
                                  .now_ms = follow->config.now_ms(follow->config.context),
                                  .label_fits = label_fits,
                                  .context = follow};
}

// A node that Slurm drains takes nothing new; one that an operator closed here stays closed.
static enum wf_desk_wish wish(void *context, const char *node, char *why, size_t size)
{
    const struct wf_follow *follow = context;
    const struct wf_site_node *found = wf_slurm_find_node(&follow->cluster, node);
    if (!found) {
        return WF_DESK_WISH_NOTHING;
    }
    struct wf_slurm_door *door = &follow->cluster.doors[found - follow->cluster.site.nodes];
    snprintf(why, size, "%s", door->why);
    if (!door->closed && door->was_closed) {
        door->was_closed = false;
        return WF_DESK_WISH_OPEN;
    }
    door->was_closed = door->was_closed || door->closed;
    return door->closed ? WF_DESK_WISH_CLOSED : WF_DESK_WISH_NOTHING;
}

enum wf_status wf_follow_open(const struct wf_follow_config *config, struct wf_follow **follow_out,
                              struct wf_error *err)
{
    struct wf_follow *follow = calloc(1, sizeof *follow);
    if (!follow) {
        return wf_fail(err, WF_NOMEM, "no memory to follow Slurm");
    }
    follow->config = *config;
    follow->sets.turn_ms = INT64_MAX;
    follow->granter = (struct wf_desk_granter){.wish = wish, .context = follow};
    enum wf_status status = wf_list_prices_init(&follow->prices, config->site, err);
    if (status != WF_OK) {
        wf_follow_close(follow);
        return status;
    }
    *follow_out = follow;
    return WF_OK;
}

void wf_follow_close(struct wf_follow *follow)
{
    if (!follow) {
        return;
    }
    wf_slurm_cluster_finish(&follow->cluster);
    wf_slurm_sets_finish(&follow->sets);
    wf_list_prices_finish(&follow->prices);
    wf_follow_forget_records(follow);
    wf_follow_forget_advice(follow);
    wf_follow_forget_power(follow);
    for (uint32_t i = 0; i < follow->account_count; i++) {
        free(follow->accounts[i]);
    }
    free(follow);
}

void wf_follow_set_desk(struct wf_follow *follow, struct wf_desk *desk)
{
    follow->desk = desk;
}

const struct wf_desk_granter *wf_follow_granter(const struct wf_follow *follow)
{
    return &follow->granter;
}

static void note_account(void *context, const struct wf_slurm_job *job)
{
    struct wf_follow *follow = context;
    if (job->account[0] == '\0' || follow->account_count == WF_SLURM_ACCOUNTS_MAX ||
        wf_slurm_is_over(job->state)) {
        return;
    }
    for (uint32_t i = 0; i < follow->account_count; i++) {
        if (strcmp(follow->accounts[i], job->account) == 0) {
            return;
        }
    }
    follow->accounts[follow->account_count] = strdup(job->account);
    follow->account_count += follow->accounts[follow->account_count] != NULL;
}

// Doors that were closed before stay known, so that they are opened again.
static void keep_doors(struct wf_slurm_cluster *cluster, const struct wf_slurm_cluster *before)
{
    for (uint32_t i = 0; i < cluster->site.node_count; i++) {
        const struct wf_site_node *old = wf_slurm_find_node(before, cluster->site.nodes[i].name);
        cluster->doors[i].was_closed = old && before->doors[old - before->site.nodes].was_closed;
    }
}

// The cluster as the desk's site, where it is not what it was.
static enum wf_status renew_site(struct wf_follow *follow, struct wf_error *err)
{
    struct wf_slurm_view view = wf_follow_view(follow);
    wf_slurm_picture_jobs(view.picture, note_account, follow);
    follow->tells_all = follow->tells_all || view.now_ms >= follow->sets.turn_ms;
    wf_slurm_sets_look(&follow->sets, &view);
    if (follow->has_cluster && follow->cluster.signature == wf_slurm_signature(&view)) {
        return WF_OK;
    }
    struct wf_slurm_cluster before = follow->cluster;
    follow->cluster = (struct wf_slurm_cluster){0};
    enum wf_status status = wf_slurm_cluster_init(&follow->cluster, &view, err);
    if (status == WF_OK) {
        keep_doors(&follow->cluster, &before);
        status = wf_desk_site(follow->desk, &follow->cluster.site, err);
    }
    if (status != WF_OK) {
        wf_slurm_cluster_finish(&follow->cluster);
        follow->cluster = before;
        return status;
    }
    if (follow->cluster.note[0]) {
        wf_follow_say(follow, "%s", follow->cluster.note);
    }
    wf_slurm_cluster_finish(&before);
    follow->has_cluster = follow->tells_all = true;
    return WF_OK;
}

static void tell(void *context, const struct wf_slurm_job *job)
{
    wf_follow_tell(context, job, false);
}

static void tell_changed(void *context, const struct wf_slurm_job *job, bool gone)
{
    ((struct wf_follow *)context)->changes++;
    wf_follow_tell(context, job, gone);
}

// Nodes that Slurm says are to be taken away, and those that stay after all.
static void tell_notice(void *context, const struct wf_slurm_node *node)
{
    const struct wf_follow *follow = context;
    wf_desk_foreign_notice(follow->desk, node->name, wf_slurm_gone_ms(node), node->reason);
}

static void look(struct wf_follow *follow)
{
    struct wf_slurm_picture *picture = wf_slurm_picture_of(follow->config.engine);
    struct wf_error err;
    if (renew_site(follow, &err) != WF_OK) {
        wf_follow_say(follow, "%s", err.text);
        follow->again_ms =
            follow->config.now_ms(follow->config.context) + INT64_C(5) * WF_FOLLOW_AGAIN_MS;
        return;
    }
    bool all = follow->tells_all || wf_desk_foreign_wants_all(follow->desk);
    follow->is_full = false;
    wf_desk_foreign_look(follow->desk);
    wf_slurm_picture_nodes(picture, tell_notice, follow);
    follow->changes = 0;
    wf_follow_grant(follow);
    wf_slurm_picture_changed(picture, tell_changed, follow);
    if (follow->changes > 0 && !all) {
        wf_follow_tell_waiting(follow);
    }
    if (all && !follow->is_full) {
        wf_slurm_picture_jobs(picture, tell, follow);
    }
    wf_desk_foreign_seen(follow->desk, all && !follow->is_full);
    follow->tells_all = follow->is_full;
    follow->again_ms = follow->sets.turn_ms;
    if (follow->is_full) {
        follow->again_ms = follow->config.now_ms(follow->config.context) + WF_FOLLOW_AGAIN_MS;
    }
}

void wf_follow_work(struct wf_follow *follow)
{
    int64_t now_ms = follow->config.now_ms(follow->config.context);
    wf_slurm_tick(follow->config.engine);
    bool seen = wf_slurm_is_seen(follow->config.engine);
    bool fresh = wf_slurm_is_fresh(follow->config.engine);
    if (!seen && !follow->is_blind) {
        follow->is_blind = true;
        wf_desk_foreign_blind(follow->desk);
    }
    bool due = fresh || now_ms >= follow->again_ms ||
               (follow->is_blind || wf_desk_foreign_wants_all(follow->desk));
    if (!seen || !due) {
        return;
    }
    if (!wf_desk_accepts(follow->desk, NULL)) { // the disk is full, or slow
        follow->tells_all = true;
        follow->again_ms = now_ms + WF_FOLLOW_AGAIN_MS;
        return;
    }
    follow->is_blind = false;
    look(follow);
    if (now_ms >= follow->power_ms) {
        follow->power_ms = now_ms + WF_FOLLOW_POWER_MS;
        wf_follow_power(follow);
    }
    if (follow->config.slurm->mode == WF_SLURM_ADVISE && now_ms >= follow->advice_ms) {
        follow->advice_ms = now_ms + WF_FOLLOW_ADVICE_MS;
        wf_follow_advise(follow);
    }
}

int64_t wf_follow_due_ms(const struct wf_follow *follow)
{
    if (!wf_slurm_is_seen(follow->config.engine)) {
        return INT64_MAX;
    }
    int64_t wait_ms = wf_slurm_wait_ms(follow->config.engine);
    int64_t now_ms = follow->config.now_ms(follow->config.context);
    return wait_ms < follow->again_ms - now_ms ? now_ms + wait_ms : follow->again_ms;
}

enum wf_status wf_follow_renew(struct wf_follow *follow, struct wf_error *err)
{
    struct wf_list_prices prices;
    enum wf_status status = wf_list_prices_init(&prices, follow->config.site, err);
    if (status != WF_OK) {
        wf_list_prices_finish(&prices);
        return status;
    }
    wf_list_prices_finish(&follow->prices);
    follow->prices = prices;
    follow->cluster.signature = 0; // another one, whatever there is
    follow->again_ms = 0;
    return WF_OK;
}
