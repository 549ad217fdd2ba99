// SPDX-License-Identifier: Apache-2.0
// Follows a Slurm cluster for the desk: its nodes become the desk's site, its jobs are told, those
// that are ours to decide are held, and those that are not are left. Internal to the daemon.
#pragma once

#include "daemon/desk/foreign.h"
#include "daemon/slurm/cluster.h"

struct wf_follow_config {
    struct wf_engine *engine;            // of kind wf_engine_slurm; borrowed, like all of this
    const struct wf_slurm_config *slurm; // what it was opened with
    const char *site;                    // a description of prices and queues; NULL: none
    int64_t (*now_ms)(void *context);    // the wall clock
    void (*say)(void *context, const char *line);
    void *context;
};

struct wf_follow;

// Errors: what wf_site_read says of the description.
enum wf_status wf_follow_open(const struct wf_follow_config *config, struct wf_follow **follow_out,
                              struct wf_error *err) WF_MUST_USE;
void wf_follow_close(struct wf_follow *follow);
void wf_follow_set_desk(struct wf_follow *follow, struct wf_desk *desk);

// For struct wf_desk_config: closes nodes that Slurm drains.
const struct wf_desk_granter *wf_follow_granter(const struct wf_follow *follow);

// After the engine's next(), and when it is due: tells the desk what is new.
void wf_follow_work(struct wf_follow *follow);
int64_t wf_follow_due_ms(const struct wf_follow *follow); // INT64_MAX: when the engine has news
// Reads the description again (SIGHUP). Errors: as of open; all stays as it was then.
enum wf_status wf_follow_renew(struct wf_follow *follow, struct wf_error *err) WF_MUST_USE;
