// SPDX-License-Identifier: Apache-2.0
// Inside the verb top: what the screen shows, and drawing it.
#pragma once

#include <jansson.h>
#include <pthread.h>

#include "cli/live/live.h"

enum { WF_TOP_EVENTS = 32, WF_TOP_EVENT_BYTES = 200 };

// The last events, written by a thread that follows them.
struct wf_top_events {
    pthread_mutex_t lock;
    char ring[WF_TOP_EVENTS][WF_TOP_EVENT_BYTES];
    uint32_t count; // ever
};

struct wf_top {
    struct wf_live live;
    json_t *nodes, *jobs, *spent;                     // as answered last; NULL: not yet
    char trouble[sizeof((struct wf_error *)0)->text]; // why it is not newer; ""
    int64_t asked_ms;
    struct wf_top_events events;
};

// Draws everything on ncurses' screen, as much as fits.
void wf_top_draw(struct wf_top *top);
