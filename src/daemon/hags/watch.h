// SPDX-License-Identifier: Apache-2.0
// Windows hosts that are looked at on a schedule, in the daemon's loop. A look is a program of its
// own, `whaleflux hags status --json`, one at a time: whatever it waits for, the loop does not.
// What it printed is taken by a worker. Nothing that goes wrong here ends the daemon; it is told as
// a sentence, here and in the log.
#pragma once

#include <stdint.h>

#include "daemon/hags/hosts.h"
#include "daemon/hags/plan.h"

typedef struct uv_loop_s uv_loop_t;
struct wf_hags_watch;

struct wf_hags_watch_config {
    const char *plan;    // the file of orders; NULL: nothing is watched. Borrowed, like the rest
    const char *data;    // what is known is kept in its folder hags/
    const char *program; // whaleflux itself
    uv_loop_t *loop;
    int64_t (*now_ms)(void *context);
    void (*log)(void *context, const char *line);
    void *context;
};

// *watch_out is NULL where nothing is watched. Errors: WF_NOMEM, WF_IO (no timer).
enum wf_status wf_hags_watch_open(const struct wf_hags_watch_config *config,
                                  struct wf_hags_watch **watch_out,
                                  struct wf_error *err) WF_MUST_USE;
// NULL is allowed in all that follow.
void wf_hags_watch_renew(struct wf_hags_watch *watch); // reads the file of orders again
void wf_hags_watch_close(struct wf_hags_watch *watch); // done when the loop has run on
void wf_hags_watch_destroy(struct wf_hags_watch *watch);

// One order and what came of it; borrowed until the loop runs on.
struct wf_hags_view {
    const struct wf_hags_order *order;
    const struct wf_hags_hosts *hosts; // of the last look that came to something; never NULL
    int64_t started_ms;                // of the look under way; 0: there is none
    int64_t next_ms;                   // when the next one is due
    const char *trouble;               // why the last look came to nothing; "": it did not
};
uint32_t wf_hags_watch_count(const struct wf_hags_watch *watch);
struct wf_hags_view wf_hags_watch_view(const struct wf_hags_watch *watch, uint32_t index);
// What is wrong with the file of orders, those before it still holding; "": nothing.
const char *wf_hags_watch_trouble(const struct wf_hags_watch *watch);
